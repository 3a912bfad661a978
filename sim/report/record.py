"""The report of a run as a record, computed from its sealed tables and its manifest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.play.speed import Pace
from simrun.report.components import CellsResult, ComponentsResult, TurnsResult, cells, crossed, timed
from simrun.report.groups import GroupResult, groups
from simrun.report.manipulation import Manipulation, manipulations
from simrun.report.selection import SelectionResult, observed, selections
from simrun.report.words import WordsResult, words
from simrun.scenarios.outcome import Outcome
from simrun.score.contrasts import ContrastResult, contrasts
from simrun.score.layout import Layout, labels
from simrun.score.metrics.accuracy import Accuracy
from simrun.score.values import Right

if TYPE_CHECKING:
    import duckdb

TOKENS = ("prompt_tokens", "cached_tokens", "output_tokens")
PROBLEMS = ("refused", "unreadable", "truncated")


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
    manipulations: tuple[Manipulation, ...]
    """Whether the biases that were injected show."""
    pace: Pace | None
    """How fast it was played; None for a run without samples."""
    errors: Mapping[str, int]
    """Episodes that infrastructure ended, by class; they are owed again."""
    tokens: Mapping[str, int]
    seconds: float
    """From the beginning of the run to its last logged line, pauses between resumes included."""


class Report(Summary):
    """The summary, and what a reader needs to judge it."""

    scenario: str
    accuracy: str
    """The outcome whose mean is the scenario's accuracy, "" for none."""
    question: str
    notes: tuple[str, ...]
    groups: tuple[GroupResult, ...]
    selections: tuple[SelectionResult, ...]
    observed: tuple[SelectionResult, ...]
    """The same of groups that the cases state by themselves."""
    words: tuple[WordsResult, ...]
    cells: tuple[CellsResult, ...]
    components: tuple[ComponentsResult, ...]
    turns: tuple[TurnsResult, ...]
    planted: float | None
    """True effect of the positive control on `planted_in`; None without one."""
    planted_in: str
    """The outcome that the positive control lowers by so much, "" for none."""
    design: Mapping[str, Any]
    exclusions: tuple[Mapping[str, str], ...]
    engines: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


def build(
    name: str, manifest: Manifest, layout: Layout, tables: "duckdb.DuckDBPyConnection", played: Pace | None
) -> Report:
    """Compute the report of one run from its layout and from its tables, of which `episodes` is asked for counts and labels."""
    kind = manifest.outcome
    by_arm = _counts(tables)
    all_arms = by_arm[""]
    seconds = all_arms["at"] - manifest.created if all_arms["at"] is not None else 0.0
    return Report(
        run=name,
        complete=all_arms["done"] == all_arms["episodes"],
        arms=tuple(_arm(arm.name, arm.control, layout, by_arm[arm.name], kind) for arm in manifest.arms),
        contrasts=contrasts(manifest, layout, kind),
        manipulations=manipulations(manifest, layout),
        pace=played,
        errors=dict(
            tables.sql(
                "SELECT error, count(*) FROM episodes WHERE state = 'error' GROUP BY error ORDER BY error"
            ).fetchall()
        ),
        tokens={name.removesuffix("_tokens"): all_arms[name] for name in TOKENS},
        seconds=round(max(seconds, 0.0), 1),
        scenario=str(manifest.config.scenario["name"]),
        accuracy=kind.accuracy,
        question=question(manifest),
        notes=notes(manifest, all_arms["episodes"] - all_arms["done"], _examples(tables)),
        groups=groups(manifest, layout, kind),
        selections=selections(manifest, layout, kind),
        observed=observed(manifest, layout, kind),
        words=words(manifest, layout, kind),
        cells=cells(manifest, layout),
        components=crossed(manifest, layout, labels(tables, layout, "wording"), labels(tables, layout, "name")),
        turns=timed(manifest, layout),
        planted=-manifest.config.design.planted if "positive" in manifest.config.design.controls else None,
        planted_in=kind.planted_field or kind.accuracy,
        design={
            "cases": len(manifest.cases),
            "repeats": manifest.config.repeats,
            "seed": manifest.config.seed,
            "owed": manifest.owed,
            "done": all_arms["done"],
            "config": manifest.digest,
            "suite": manifest.suite,
            "log": manifest.head,
            "treatment": manifest.treatment,
        },
        exclusions=tuple({"case": each.case, "arm": each.arm, "why": each.why} for each in manifest.exclusions),
        engines=manifest.engines,
        versions=manifest.versions,
    )


def _counts(tables: "duckdb.DuckDBPyConnection") -> dict[str, dict[str, Any]]:
    """Counts and sums over the episodes of each arm, and over all of them as the arm ""."""
    asked = {
        "episodes": "count(*)",
        "done": "count(*) FILTER (state = 'done')",
        "failed": "count(*) FILTER (state = 'error')",
        "calls": "coalesce(sum(calls), 0)",
        "at": 'max("at")',
        **{name: f"coalesce(sum({name}), 0)" for name in TOKENS},
        **{name: f"coalesce(sum({name}) FILTER (state = 'done'), 0)" for name in PROBLEMS},
    }
    columns = ", ".join(asked.values())
    rows = tables.sql(f"SELECT coalesce(arm, ''), {columns} FROM episodes GROUP BY ROLLUP (arm)").fetchall()
    return {arm: dict(zip(asked, counts, strict=True)) for arm, *counts in rows}


def _examples(tables: "duckdb.DuckDBPyConnection") -> list[tuple[str, str]]:
    """Each error that ended episodes, with the message of the first."""
    first = 'QUALIFY row_number() OVER (PARTITION BY error ORDER BY "at", trial) = 1'
    return tables.sql(
        f"SELECT error, message FROM episodes WHERE state = 'error' {first} ORDER BY \"at\", trial"
    ).fetchall()


def question(manifest: Manifest) -> str:
    """What the run asks, in a sentence."""
    varied = [f"{key.replace('.', ' ', 1)} ({', '.join(levels)})" for key, levels in manifest.config.factors.items()]
    scenario = manifest.config.scenario["name"]
    if not varied:
        return f"How does {scenario} come out, and how much of it is luck? Nothing was varied."
    return f"What changes in {scenario} when only this changes: {' and '.join(varied)}?"


def notes(manifest: Manifest, undone: int, errors: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What a reader must know before the figures; `errors` are (class, message of one)."""
    found = list(manifest.notes)
    if undone:
        found.append(
            f"{undone} of {manifest.owed} episodes have no outcome yet; they are left out here, and owed: simrun resume goes on."
        )
    found += [f"Error {error}, for example: {message}" for error, message in errors]
    if manifest.hidden_images:
        found.append(f"{manifest.hidden_images} cases have an image that nobody was shown (scenario.images=never).")
    if manifest.flags:
        told = "; ".join(f"{case} ({', '.join(flags)})" for case, flags in manifest.flags.items())
        found.append(f"{len(manifest.flags)} cases may give their answer away: {told}")
    found += [f"Unreadable line left out: {fault}" for fault in manifest.faults]
    if mixed := list(_mixed(manifest)):
        found.append(
            f"A part of all combinations was played, out of which these cannot be told apart: {'; '.join(mixed)}."
        )
    if len(manifest.cases) < 20:
        found.append(
            f"{len(manifest.cases)} cases are few: intervals are wide, and say nothing about cases unlike these."
        )
    return tuple(found)


def _mixed(manifest: Manifest) -> Iterator[str]:
    """The factors of a fraction that are mixed with what two others do together: their levels do not meet in proportion."""
    if manifest.config.design.cross != "fractional":
        return
    played = [arm.settings for arm in manifest.arms if not arm.control]
    for key in manifest.config.factors:
        for pair in combinations([other for other in manifest.config.factors if other != key], 2):
            level = Counter(arm[key] for arm in played)
            together = Counter(tuple(arm[other] for other in pair) for arm in played)
            met = Counter((arm[key], tuple(arm[other] for other in pair)) for arm in played)
            if any(met[one, both] * len(played) != level[one] * together[both] for one in level for both in together):
                yield f"the effect of {key} from what {' and '.join(pair)} do together"


def _arm(name: str, control: str, layout: Layout, counts: Mapping[str, int], kind: type[Outcome]) -> ArmResult:
    seen = {field: layout.observed(field, [name]) for field in kind.measured()}
    judged = seen.get(kind.accuracy)
    right = Accuracy().measure(Right(judged.value, judged.case) if judged else Right(np.empty(0), np.empty(0, int)))
    return ArmResult(
        name=name,
        control=control,
        n=counts["done"],
        accuracy=right.value,
        accuracy_low=right.low,
        accuracy_high=right.high,
        outcomes={field: float(found.value.mean()) if len(found.value) else None for field, found in seen.items()},
        observed={field: len(found.value) for field, found in seen.items()},
        problems={problem: counts[problem] for problem in PROBLEMS},
        errors=counts["failed"],
        calls=counts["calls"],
    )
