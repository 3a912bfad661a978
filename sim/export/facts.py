"""What every export says of the run that it is of: nothing of the machine on which it was played."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from simrun.agents.records import Record
from simrun.log.manifest import Manifest

EARLIEST, LATEST = 315_619_200.0, 4_102_444_800.0
"""From when to when a date can be: a zip file has none before 1980."""
_UNFIT = re.compile(r'[<>:"\\|?*\x00-\x1f/]')
_PATH = re.compile(r"^(?:[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\])")


class Facts(Record):
    """What a reader needs to know which run it is, and to find it again."""

    run: str
    """Its name."""
    digest: str
    """Of its config."""
    suite: str
    """Of its cases."""
    head: str
    """Where its log ended: the hash of the last line of each chain."""
    scenario: str
    mode: str
    created: str
    """ISO 8601, with the offset."""
    complete: bool
    """Every owed episode has an outcome."""
    seed: int
    repeats: int
    cases: int
    arms: tuple[str, ...]
    """The reference first."""
    primary: tuple[str, ...]
    """The outcomes on which the question is decided."""
    accuracy: str
    """The outcome whose mean is the accuracy; "" for none."""
    simrun: str
    """The version that exported it."""
    played: str
    """The version that played it."""
    notes: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> "Facts":
        """Those of a run."""
        return cls(
            run=manifest.name,
            digest=manifest.digest,
            suite=manifest.suite,
            head=manifest.head,
            scenario=manifest.scenario.name,
            mode=getattr(manifest.scenario, "mode", ""),
            created=stamp(manifest.created),
            complete=manifest.complete,
            seed=manifest.seed,
            repeats=manifest.repeats,
            cases=len(manifest.cases),
            arms=tuple(arm.name for arm in manifest.arms),
            primary=manifest.primary,
            accuracy=manifest.outcome.accuracy,
            simrun=version("simrun"),
            played=manifest.versions.get("simrun", ""),
            notes=tuple(hidden(note) for note in manifest.notes),
        )


def moment(seconds: float) -> float:
    """Unix time within what a date can be, 1980 to 2100: what a manifest tells may be anything."""
    return min(max(seconds, EARLIEST), LATEST) if isfinite(seconds) else EARLIEST


def stamp(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment(seconds), UTC).isoformat(timespec="seconds")


def identity(manifest: Manifest, arm: str, role: str) -> Mapping[str, Any]:
    """What answered for a role in an arm. The positive control is played by scripts, and says nothing of a model."""
    if role not in manifest.judges and any(each.name == arm and each.scripted for each in manifest.arms):
        return {"backend": "scripted"}
    return manifest.engines.get(f"{role} ({arm})", manifest.engines.get(role, {}))


def models(manifest: Manifest, arm: str) -> Mapping[str, str]:
    """Role -> the model that spoke for it in an arm; of a backend without models its name. Judges are none."""
    roles = {key.partition(" (")[0] for key in manifest.engines} - set(manifest.judges)
    return {role: label(identity(manifest, arm, role)) for role in sorted(roles)}


def model(manifest: Manifest, arm: str) -> str:
    """The model of an arm, of several all of them."""
    return " + ".join(dict.fromkeys(models(manifest, arm).values())) or "unknown"


def label(told: Mapping[str, Any]) -> str:
    """What an engine's identity calls its model: of a file's path the last part."""
    return hidden(str(told.get("model") or told.get("backend") or "unknown"))


def hidden(text: str) -> str:
    """A text in which every word that is a path has only its last part, and one that is an address is none: folders
    and hosts are nobody's business."""
    return re.sub(r"[^\s'\"(),;]+", lambda found: _last(found[0]), text)


def _last(word: str) -> str:
    if "://" in word:
        return "(an address)"
    if not _PATH.match(word):
        return word
    return (PureWindowsPath(word) if "\\" in word else PurePosixPath(word)).name or word


def portable(text: str) -> str:
    """A text as one part of a path on every system, which leads nowhere else."""
    return _UNFIT.sub("_", text).strip(". ")[:200] or "unnamed"


def engine(manifest: Manifest) -> Mapping[str, str]:
    """What played the reference arm: name and version of the engine, as far as it says."""
    told = next((own for role, own in manifest.engines.items() if role not in manifest.judges), {})
    name, _, release = hidden(str(told.get("engine", ""))).partition(" ")
    return {"name": name or str(told.get("backend", "unknown")), "version": release}
