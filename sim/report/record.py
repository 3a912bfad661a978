"""The report of a run as a record, computed from its sealed tables and its manifest."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simrun.agents.records import Record
from simrun.manifest import Manifest
from simrun.metrics.accuracy import accuracy
from simrun.report.contrast import ContrastResult, contrasts
from simrun.report.groups import GroupResult, groups
from simrun.scenarios.base import Outcome


class ArmResult(Record):
    """What one arm came to. `problems` counts model failures (refused, unreadable, truncated); `errors` episodes that infrastructure ended."""

    name: str
    control: str
    n: int
    """Episodes with an outcome."""
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    outcomes: Mapping[str, float | None]
    """Mean of each outcome over the episodes that have it; None where none has."""
    observed: Mapping[str, int]
    """How many episodes have it."""
    problems: Mapping[str, int]
    errors: int
    calls: int


class Summary(Record):
    """What `--json` prints."""

    run: str
    complete: bool
    arms: tuple[ArmResult, ...]
    contrasts: tuple[ContrastResult, ...]
    errors: Mapping[str, int]
    """Episodes that infrastructure ended, by class; they are owed again."""
    tokens: Mapping[str, int]
    seconds: float
    """From the beginning of the run to its last logged line, pauses between resumes included."""


class Report(Summary):
    """The summary, and what a reader needs to judge it."""

    scenario: str
    question: str
    notes: tuple[str, ...]
    groups: tuple[GroupResult, ...]
    design: Mapping[str, Any]
    exclusions: tuple[Mapping[str, str], ...]
    engines: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


def build(name: str, manifest: Manifest, tables: Mapping[str, pd.DataFrame], kind: type[Outcome]) -> Report:
    """Compute the report of one run."""
    episodes, outcomes = tables["episodes"], tables["outcomes"]
    tried = episodes[episodes.state == "error"]
    seconds = float(episodes["at"].max()) - manifest.created if episodes["at"].notna().any() else 0.0
    return Report(
        run=name,
        complete=bool((episodes.state == "done").all()),
        arms=tuple(_arm(arm.name, arm.control, episodes, outcomes, kind) for arm in manifest.arms),
        contrasts=contrasts(manifest, episodes, outcomes, kind),
        errors={str(error): int(count) for error, count in tried["error"].value_counts().sort_index().items()},
        tokens={key: int(episodes[f"{key}_tokens"].fillna(0).sum()) for key in ("prompt", "cached", "output")},
        seconds=round(max(seconds, 0.0), 1),
        scenario=str(manifest.config.scenario["name"]),
        question=question(manifest),
        notes=notes(manifest, episodes),
        groups=groups(manifest, episodes, outcomes, kind),
        design={"cases": len(manifest.cases), "repeats": manifest.config.repeats, "seed": manifest.config.seed, "owed": manifest.owed,
                "done": int((episodes.state == "done").sum()), "config": manifest.digest, "suite": manifest.suite, "log": manifest.head},
        exclusions=tuple({"case": each.case, "arm": each.arm, "why": each.why} for each in manifest.exclusions),
        engines=manifest.engines,
        versions=manifest.versions,
    )  # fmt: skip


def question(manifest: Manifest) -> str:
    """What the run asks, in a sentence."""
    varied = [f"{key.replace('.', ' ', 1)} ({', '.join(levels)})" for key, levels in manifest.config.factors.items()]
    scenario = manifest.config.scenario["name"]
    if not varied:
        return f"How does {scenario} come out, and how much of it is luck? Nothing was varied."
    return f"What changes in {scenario} when only this changes: {' and '.join(varied)}?"


def notes(manifest: Manifest, episodes: pd.DataFrame) -> tuple[str, ...]:
    """What a reader must know before the figures."""
    found = list(manifest.notes)
    undone = int((episodes.state != "done").sum())
    if undone:
        found.append(f"{undone} of {manifest.owed} episodes have no outcome yet; they are left out here, and owed: simrun resume goes on.")
    failed = episodes[episodes.state == "error"].drop_duplicates("error")
    found += [f"Error {error}, for example: {message}" for error, message in zip(failed["error"], failed["message"], strict=True)]
    if manifest.hidden_images:
        found.append(f"{manifest.hidden_images} cases have an image that nobody was shown (scenario.images=never).")
    if manifest.flags:
        told = "; ".join(f"{case} ({', '.join(flags)})" for case, flags in manifest.flags.items())
        found.append(f"{len(manifest.flags)} cases may give their answer away: {told}")
    found += [f"Unreadable line left out: {fault}" for fault in manifest.faults]
    if len(manifest.cases) < 20:
        found.append(f"{len(manifest.cases)} cases are few: intervals are wide, and say nothing about cases unlike these.")
    return tuple(found)


def _arm(name: str, control: str, episodes: pd.DataFrame, outcomes: pd.DataFrame, kind: type[Outcome]) -> ArmResult:
    own, values = episodes[episodes.arm == name], outcomes[outcomes.arm == name]
    done = own[own.state == "done"]
    means = {field: values[values.outcome == field]["value"].dropna() for field in kind.measured()}
    judged = values[(values.outcome == kind.accuracy) & values["value"].notna()]
    right = accuracy(judged["value"].to_numpy(), judged["case"].to_numpy())
    return ArmResult(
        name=name,
        control=control,
        n=len(done),
        accuracy=right.value,
        accuracy_low=right.low,
        accuracy_high=right.high,
        outcomes={field: float(found.mean()) if len(found) else None for field, found in means.items()},
        observed={field: len(found) for field, found in means.items()},
        problems={problem: int(done[problem].sum()) for problem in ("refused", "unreadable", "truncated")},
        errors=int((own.state == "error").sum()),
        calls=int(own["calls"].sum()),
    )
