"""Whether a run is this user's own, and what is asked before anything that its manifest names is done."""

import hashlib
import re
from collections.abc import Collection
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from simrun.config.errors import ConfigError
from simrun.config.gate import Gate
from simrun.config.options import Config
from simrun.log import begun
from simrun.log.reach import reached, references, words
from simrun.log.store.address import told as named

if TYPE_CHECKING:
    from simrun.log.manifest import Manifest

TOLD = ("engines", "notes", "heads", "pace", "complete", "judges")
"""What a run tells of itself while it is played: it is read, and nothing is done by it."""
FREE, BYTES = 10_000, 8
"""Trials that any manifest may ask for; beyond them there must be so many bytes of plan and log for each: the ids of
trials are hashes, which nothing makes smaller."""

_WIDE = re.compile(r"\{\w*[.:!\[]")
"""A place such as {level:>99999999999}, which no text of ours has."""


def acting(manifest: "Manifest", beside: Collection[str] = ()) -> str:
    """Digest of all in a manifest that decides what is done, but for some options `beside` it. ConfigError for what
    JSON has no number for."""
    # without defaults: a later version, which has more fields, still finds the run on the list
    told = manifest.model_dump(mode="json", exclude_defaults=True)
    try:
        orjson.dumps(told)
        deciding = {name: value for name, value in told.items() if name not in TOLD}
        deciding["config"] = {name: value for name, value in told["config"].items() if name not in beside}
        return hashlib.blake2b(orjson.dumps(deciding, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    except TypeError as error:
        raise ConfigError(f"manifest.json cannot be read: {error}") from None


def note(manifest: "Manifest", run: Path) -> None:
    """This user begins the run here, now."""
    begun.note("run", run, acting(manifest))


def judged(manifest: "Manifest", judging: Config, run: Path) -> None:
    """This user asks for judges of their own: the log will name them, and who reads it may import them."""
    before, now = manifest.config.gate.known, judging.gate.known
    for name in (now or frozenset()) - (before or frozenset()):
        if ":" in name:
            begun.note("judge", run, name)


def ours(manifest: "Manifest", run: Path) -> bool:
    """Whether it was begun here by this user, and stands as it was begun."""
    return begun.noted("run", run, acting(manifest))


def gate(manifest: "Manifest", run: Path, trust: bool) -> Gate:
    """What may be imported of it. ConfigError for more trials than its folder can hold."""
    if ours(manifest, run):
        judges = (entry.digest for entry in begun.entries("judge", run))
        return Gate(run, references(manifest.config, manifest.arms).union(judges))
    _bound(manifest, run)
    return Gate(run, None if trust else frozenset(), apart=True)


def _bound(manifest: "Manifest", run: Path) -> None:
    """A number in a manifest costs whoever sends it nothing: it must not cost whoever looks at it hours."""
    held = sum(file.stat().st_size for file in (*run.glob("plan.parquet"), *run.glob("log/*.jsonl")))
    room = FREE + held // BYTES
    repeats, crossed = max(manifest.repeats, manifest.config.repeats), _crossed(manifest.config.vary or {})
    asked = max(len(manifest.cases), 1) * max(len(manifest.arms), crossed) * repeats
    if asked > room:
        raise ConfigError(
            f"the manifest of {run} asks for {asked} trials, and what plan.parquet and log/ hold is enough for at most "
            f"{room}: it was changed, or they were cut"
        )
    if wide := next((text for text in words(manifest.catalogue.model_dump(mode="json")) if _WIDE.search(text)), None):
        raise ConfigError(f"the manifest of {run} has a text with more than a plain place to fill in: {wide[:80]!r}")
    if not manifest.arms:
        raise ConfigError(f"the manifest of {run} has no arms: it was changed")


def _crossed(vary: Any) -> int:
    return prod(len(levels) for varied in vary.values() for levels in varied.values())


def ask(manifest: "Manifest", run: Path, what: str, trust: bool) -> None:
    """ConfigError where a run is not this user's own and not trusted: all that `what` would do by it is named."""
    if trust or ours(manifest, run):
        return
    told = "; ".join(reached(manifest.config)) or "asks nobody outside and starts nothing"
    raise ConfigError(
        f"{named(run)} was not begun here by you, or was moved or changed since ({begun.place()} does not have it), "
        f"and simrun {what} does what its manifest says: {told}. Add trust=true if you know whose it is"
    )
