"""What a run of somebody else's would do here: whom it asks, with which key, what it starts, imports and reads."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simrun.config.menus import backends, options
from simrun.config.options import Config
from simrun.plan.arms import Arm

Named = tuple[str, Any]
"""(key as it is written on the command line, value)"""


def classes(config: Config) -> tuple[str, ...]:
    """Every `package.module:Class` that a config names, and what for."""
    named = {
        "scenario": [config.scenario.get("name")],
        "backend": [config.backend.get("name"), *(role.backend for role in config.roles.values())],
        "judge": config.judge.get("names", ()),
        "metric": config.metrics or (),
    }
    return tuple(dict.fromkeys(f"{each} ({what})" for what, own in named.items() for each in own if ":" in str(each)))


def references(config: Config, arms: tuple[Arm, ...]) -> frozenset[str]:
    """Every word of a config and its arms that has the form of a `package.module:Class`."""
    told = [*_flat("", config.model_dump(mode="json")), *(("arm", arm.options()) for arm in arms)]
    return frozenset(word for _, value in told for word in words(value) if ":" in word)


def reached(config: Config) -> tuple[str, ...]:
    """What it comes to, a phrase each: in a program without being played, in a refusal before it is."""
    told = [*_flat("scenario", config.scenario), *_flat("judge", config.judge), *_flat("vary", config.vary or {})]
    told += [each for name, given in _engines(config).items() for each in _flat(name, given)]
    if by := config.launch.get("name"):
        told += _flat("launch", {key: value for key, value in config.launch.items() if key != "name"})
    launched = [f"has {config.workers} processes started (launch={by})"] if by else []
    imports = [f"imports {each}" for each in classes(config)]
    phrases = [*imports, *launched, *(each for one in told for each in _phrases(*one))]
    return tuple(dict.fromkeys(phrases))


def _engines(config: Config) -> dict[str, Mapping[str, Any]]:
    """The options of each backend, with the defaults of those that are ours."""
    given = {"backend": config.backend}
    for role, own in config.roles.items():
        given[f"roles.{role}"] = {**own.engine, **({"name": own.backend} if own.backend else {})}
    known = backends()
    return {
        at: {**(options(known[str(own["name"])]) if own.get("name") in known else {}), **own}
        for at, own in given.items()
    }


def _flat(above: str, value: Any) -> Iterator[Named]:
    if isinstance(value, Mapping):
        if above.endswith(".engine") or above.endswith(".extra"):
            yield above, dict(value)
        for key, inner in value.items():
            yield from _flat(f"{above}.{key}".strip("."), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _flat(above, inner)
    else:
        yield above, value


def words(value: Any) -> Iterator[str]:
    """Every text in a value."""
    return (word for _, word in _flat("", value) if isinstance(word, str))


def _phrases(key: str, value: Any) -> Iterator[str]:
    last = key.rpartition(".")[2]
    if isinstance(value, Mapping):
        yield from [f"gives an engine {key}={dict(value)}"] if value else []
    elif last == "launch" and str(value).lower() == "true":
        yield f"starts servers with the program {sys.executable} where no other is named ({key})"
    elif not isinstance(value, str) or not value.strip():
        return
    elif last == "url" or "://" in value:
        for each in value.split(","):
            yield f"asks {_host(each)} ({key})"
    elif last == "key_env":
        yield f"sends the environment variable {value} there as a key ({key})"
    elif last == "python":
        yield f"starts the program {value} ({key})"
    elif last == "model":
        yield f"loads or asks for the model {value} ({key})"
    elif _is_path(value):
        yield f"reads {value} ({key})"


def _host(url: str) -> str:
    url = url.strip()
    try:
        return urlsplit(url if "://" in url else f"//{url}").netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def _is_path(value: str) -> bool:
    if value.startswith(("/", "~", "./", "../")):
        return True
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False
