"""The report of a run as a record, computed from its sealed tables and its manifest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from simrun.agents.records import Record
from simrun.manifest import Manifest
from simrun.metrics.accuracy import accuracy
from simrun.metrics.flip_rate import flip_rate
from simrun.metrics.paired_difference import paired_difference
from simrun.scenarios.base import Outcome
from simrun.stats import detectable


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


class ContrastResult(Record):
    """One outcome, one arm against the reference, within pairs of case and repeat."""

    outcome: str
    better: str
    arm: str
    reference: str
    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    cases: int
    flip_rate: float | None
    same_arm_flip_rate: float | None
    """The flip rate of the reference arm played again under other luck; None without that control."""
    detectable: float | None
    """Smallest true difference that would be found in 80 % of repetitions."""
    excluded: int
    """Planned pairs that are not in `pairs`."""
    reasons: Mapping[str, int]
    """Why, with counts."""


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
    design: Mapping[str, Any]
    exclusions: tuple[Mapping[str, str], ...]
    engines: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


def build(name: str, manifest: Manifest, tables: Mapping[str, pd.DataFrame], kind: type[Outcome]) -> Report:
    """Compute the report of one run."""
    episodes, outcomes = tables["episodes"], tables["outcomes"]
    values = (
        outcomes.pivot_table(index=["case", "repeat"], columns=["outcome", "arm"], values="value", aggfunc="first", dropna=False)
        if len(outcomes)
        else pd.DataFrame()
    )
    tried = episodes[episodes.state == "error"]
    seconds = float(episodes["at"].max()) - manifest.created if episodes["at"].notna().any() else 0.0
    return Report(
        run=name,
        complete=bool((episodes.state == "done").all()),
        arms=tuple(_arm(arm.name, arm.control, episodes, outcomes, kind) for arm in manifest.arms),
        contrasts=tuple(_contrast(field, arm.name, manifest, values, episodes, kind) for arm in manifest.arms[1:] for field in kind.measured()),
        errors={str(error): int(count) for error, count in tried["error"].value_counts().sort_index().items()},
        tokens={key: int(episodes[f"{key}_tokens"].fillna(0).sum()) for key in ("prompt", "cached", "output")},
        seconds=round(max(seconds, 0.0), 1),
        scenario=str(manifest.config.scenario["name"]),
        question=question(manifest),
        notes=notes(manifest, episodes),
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


def _contrast(
    field: str, arm: str, manifest: Manifest, values: pd.DataFrame, episodes: pd.DataFrame, kind: type[Outcome]
) -> ContrastResult:
    reference = manifest.arms[0].name
    pairs = _pairs(values, field, arm, reference)
    bounds = kind.span(field)
    span = bounds.high - bounds.low if bounds else None
    found = paired_difference(pairs["arm"], pairs["reference"], pairs["case"], span)
    same = _pairs(values, field, "same", reference) if any(other.control == "same" for other in manifest.arms) else None
    reasons = _missing(found.n, arm, reference, manifest, episodes)
    return ContrastResult(
        outcome=field,
        better=kind.measured()[field].direction,
        arm=arm,
        reference=reference,
        difference=found.value,
        low=found.low,
        high=found.high,
        pairs=found.n,
        cases=found.clusters,
        flip_rate=flip_rate(pairs["arm"], pairs["reference"]),
        same_arm_flip_rate=None if same is None else flip_rate(same["arm"], same["reference"]),
        detectable=detectable(found),
        excluded=sum(reasons.values()),
        reasons=reasons,
    )


def _pairs(values: pd.DataFrame, field: str, arm: str, reference: str) -> dict[str, Any]:
    if (field, arm) not in values.columns or (field, reference) not in values.columns:
        empty = np.array([])
        return {"arm": empty, "reference": empty, "case": empty}
    both = values[[(field, arm), (field, reference)]].dropna()
    return {
        "arm": both.iloc[:, 0].to_numpy(),
        "reference": both.iloc[:, 1].to_numpy(),
        "case": both.index.get_level_values("case").to_numpy(),
    }


def _missing(pairs: int, arm: str, reference: str, manifest: Manifest, episodes: pd.DataFrame) -> dict[str, int]:
    """Why planned pairs were not compared; the first reason that applies to a pair counts."""
    unfit = {each.case for each in manifest.exclusions if each.arm in (arm, reference)}
    owed = episodes[episodes.arm.isin([arm, reference]) & ~episodes.case.isin(unfit)]
    worst = owed.assign(rank=owed.state.map({"done": 0, "error": 1, "owed": 2})).groupby(["case", "repeat"])["rank"].max()
    counts = {
        "case does not fit the arm": len(unfit) * manifest.config.repeats,
        "infrastructure error": int((worst == 1).sum()),
        "not played yet": int((worst == 2).sum()),
    }
    counts["value missing in an arm"] = int((worst == 0).sum()) - pairs
    return {reason: count for reason, count in counts.items() if count}
