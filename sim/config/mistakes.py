"""What Hydra says of what was typed, said again in one line: the thing, the closest name, the way out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import backends, options, playable, scenarios
from simrun.config.options import Config

FAULTS = (HydraException, OmegaConfBaseException, yaml.YAMLError)
"""What composing a config raises when it cannot be as it was asked for."""
_KEY = re.compile(r"Could not override '([^']+)'")
_SEVERAL = re.compile(r"Ambiguous value for argument '([^=]+)=(.*)'$", re.MULTILINE)
_THERE = re.compile(r"An item is already at '([^']+)'")
_ABSENT = re.compile(r"Could not delete from config\. '([^']+)'")
_LAUNCHERS = re.compile(r"\bhydra\.launcher\.\w+")
_SIGNS = "+~"
PLUGINS = {"joblib": "hydra-joblib-launcher", "submitit_local": "hydra-submitit-launcher"}
PLUGINS |= {"submitit_slurm": PLUGINS["submitit_local"]}
"""Launchers of sweeps that come with the extra `sweep`, and what has them."""
_OPENED = {"[": "]", "{": "}", "(": ")"}


def mistaken(error: Exception) -> ConfigError:
    """The same in a line."""
    text = str(error)
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group == "hydra/launcher" and name in PLUGINS:
            return ConfigError(f"hydra/launcher={name} needs {PLUGINS[name]}: pip install 'simrun[sweep]'")
        return unknown(group, name, sorted(error.options))
    if isinstance(error, OverrideParseException):
        return ConfigError(_unparsed(error.override.lstrip(_SIGNS)))
    if found := _LAUNCHERS.search(text):
        return ConfigError(f"{found[0]}: the launcher has no such option; hydra/launcher=NAME chooses another")
    if found := _KEY.search(text) or _ABSENT.search(text):
        return _no_key(found[1].lstrip(_SIGNS))
    if found := _SEVERAL.search(text):
        key, value = found[1].lstrip(_SIGNS), found[2]
        return ConfigError(
            f"{key}={value} is several values: a list is {key}=[{value}], a run of each is simrun -m ..., "
            f"words with a comma are \"{key}='{value}'\""
        )
    if found := _THERE.search(text):
        return ConfigError(f"+{found[1]}: there is {found[1]} already; write {found[1]}=VALUE")
    return ConfigError(" ".join(text.split()))


def _unparsed(typed: str) -> str:
    key, sign, value = typed.partition("=")
    if not sign:
        return f"{typed!r} has no value; write {typed}=VALUE"
    for opened, closed in _OPENED.items():
        if value.count(opened) > value.count(closed):
            return f"{typed}: {opened!r} is not closed; end the value with {closed!r}, and quote it for the shell"
        if value.count(opened) < value.count(closed):
            return f"{typed}: {closed!r} closes nothing; begin with {opened!r}, or leave it out"
    if value.count("'") % 2 or value.count('"') % 2:
        return f"{typed}: a quotation mark is not closed"
    return f"{typed}: this value cannot be read; quote it as a whole: \"{key}='{_bare(value)}'\""


def _bare(value: str) -> str:
    return value.strip("'\"").replace("'", "\\'")


def _no_key(key: str) -> ConfigError:
    """A key that no option has: where the first of its parts is that is wrong, and what there is in its place."""
    known: Any = {**options(Config), "experiment": None, "suite": None, "url": None, "model": None}
    parts = key.split(".")
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        inner = _inner(known)
        if inner is None:
            return ConfigError(f"{key}: {above} takes its value whole; write {above}={{{part}: VALUE}}")
        if part not in inner:
            elsewhere = [] if depth else list(_elsewhere(part))
            if elsewhere:
                return ConfigError(f"no option {part!r}; did you mean {' or '.join(elsewhere[:3])}?")
            return unknown(f"option of {above}" if above else "option", part, list(inner))
        known = inner[part]
    return ConfigError(f"{key}: there is no such option")


def _inner(known: Any) -> Mapping[str, Any] | None:
    """What there is below an option; None where it takes its value whole."""
    if hasattr(type(known), "model_fields"):
        return {name: getattr(known, name) for name in type(known).model_fields}
    return known if isinstance(known, Mapping) else None


def _elsewhere(name: str) -> Iterator[str]:
    """The whole keys of options that are called so in a group."""
    kinds = [each for kind in scenarios().values() for each in playable(kind)]
    if any(name in options(kind) for kind in kinds):
        yield f"scenario.{name}"
    if any(name in options(kind) for kind in backends().values()):
        yield f"backend.{name}"
    yield from (f"{group}.{name}" for group in ("design", "render") if name in (_inner(options(Config)[group]) or {}))


def check_typed(typed: Sequence[str], flags: Sequence[str]) -> None:
    """ConfigError for what Hydra would answer with a page of its own: a flag that it has not, a value without a key."""
    before = ""
    for each in typed:
        name = each.partition("=")[0]
        if each.startswith("-") and name not in flags and not before.startswith("-"):
            raise unknown("flag", name, flags)
        if each.startswith("="):
            raise ConfigError(f"{each!r} has no key; write KEY{each}")
        before = each
