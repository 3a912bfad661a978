"""Verdicts of a run beside labels, groups and lengths: the samples that metrics of judges are measured on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simrun.agents.judges.base import SWAPPED
from simrun.log.manifest import Manifest
from simrun.log.planted import PLANTED
from simrun.play.labelling import PEOPLE
from simrun.score.judged import Judged
from simrun.score.layout import DONE, Floats, Layout

if TYPE_CHECKING:
    import duckdb

KNOWN = (PEOPLE, PLANTED)
"""Who is no judge, and stands beside them: what people said, and what scripted agents are known to have done."""


class Figure(NamedTuple):
    """One figure of a judge."""

    name: str
    """`judge.key`, as in the table of outcomes."""
    judge: str
    key: str


def figures(manifest: Manifest, layout: Layout) -> tuple[Figure, ...]:
    """Every figure of every judge, but for those that it read with other people in it."""
    names = [name for name in layout.outcomes if name not in manifest.outcome.model_fields]
    split = (Figure(name, *name.split(".", 1)) for name in names if "." in name and not name.endswith(SWAPPED))
    return tuple(each for each in split if each.judge not in KNOWN)


def judged_by(manifest: Manifest, judge: str) -> str:
    """Whose words a judge judges; "" where it judges all that was said."""
    return str(manifest.engines.get(judge, {}).get("judges", ""))


def values(layout: Layout, name: str, turns: int) -> Floats:
    """A verdict of each episode and turn, (pairs, arms, turns), NaN where there is none; one of a whole episode stands
    in its first turn."""
    found = np.full((*layout.state.shape, turns), np.nan)
    if name in layout.details:
        own = layout.series(name)[:, :, :turns]
        found[:, :, : own.shape[2]] = own
    elif name in layout.outcomes:
        found[:, :, 0] = layout.values[layout.outcomes.index(name)]
    return found


def binary(found: Floats) -> bool:
    """Whether all of them are yes or no."""
    return bool(np.isin(found[~np.isnan(found)], (0, 1)).all())


def horizon(layout: Layout, name: str) -> int:
    """Turns that a figure has at most; 1 for one of the whole episode."""
    return layout.details[name].value.shape[2] if name in layout.details else 1


@dataclass(frozen=True)
class Words:
    """How many words each reply has that a judge judges: (pairs, arms, turns), NaN where there is none."""

    of: Mapping[str, Floats]
    """By role."""

    def beside(self, role: str, shape: tuple[int, ...]) -> Floats:
        """Those of one role, cut and filled up to a shape."""
        found, own = np.full(shape, np.nan), self.of.get(role)
        if own is not None:
            turns = min(shape[2], own.shape[2])
            found[:, :, :turns] = own[:, :, :turns]
        return found


def counted(
    tables: "duckdb.DuckDBPyConnection", layout: Layout, roles: frozenset[str], apart: tuple[str, ...] = ()
) -> Words:
    """Read from the table of turns, for these roles; what was said in the chats `apart` is none of it."""
    return Words({role: _counted(tables, layout, role, apart) for role in sorted(roles - {""})})


def _counted(tables: "duckdb.DuckDBPyConnection", layout: Layout, role: str, apart: tuple[str, ...]) -> Floats:
    rows = tables.execute(
        'SELECT e."case", e.repeat, e.arm, t.heard, row_number() OVER (PARTITION BY t.trial ORDER BY t.position) - 1 '
        "FROM turns t JOIN episodes e ON t.trial = e.trial AND t.run = e.run "
        "WHERE t.role = $1 AND t.kind = 'turn' AND NOT list_contains($2::VARCHAR[], t.chat)",
        [role, list(apart)],
    ).fetchall()
    cases = {name: code for code, name in enumerate(layout.cases)}
    arms = {name: code for code, name in enumerate(layout.arms)}
    found = np.full((*layout.state.shape, max((row[4] for row in rows), default=0) + 1), np.nan)
    for case, repeat, arm, heard, turn in rows:
        if words := len((heard or "").split()):
            found[cases[case] * layout.repeats + repeat, arms[arm], turn] = words
    return found


def samples(manifest: Manifest, layout: Layout, tables: "duckdb.DuckDBPyConnection") -> dict[str, Judged]:
    """By `judge.key`, each verdict of every finished episode of an arm that is no control."""
    found = figures(manifest, layout)
    roles = frozenset(judged_by(manifest, each.judge) for each in found)
    words = counted(tables, layout, roles, manifest.scenario.apart) if found else Words({})
    kept = [at for at, arm in enumerate(manifest.arms) if not arm.control]
    return {each.name: sample(manifest, layout, each, words, PEOPLE, kept) for each in found}


def sample(manifest: Manifest, layout: Layout, figure: Figure, words: Words, beside: str, arms: list[int]) -> Judged:
    """The verdicts of one figure in some arms, beside what people said (or what is planted) under the same key."""
    turns = horizon(layout, figure.name)
    verdict, label = (values(layout, name, turns) for name in (figure.name, f"{beside}.{figure.key}"))
    there = ~np.isnan(verdict) & (layout.state == DONE)[:, :, None]
    there[:, [at for at in range(len(layout.arms)) if at not in arms]] = False
    row, arm, turn = np.nonzero(there)
    role = judged_by(manifest, figure.judge)
    own = np.array([_own(manifest, figure.judge, role, name) for name in layout.arms])
    bounds = [value for value in (verdict[there], label[~np.isnan(label)]) if len(value)]
    return Judged(
        verdict=verdict[there],
        label=label[there],
        group=np.array(layout.arms)[arm],
        case=row // layout.repeats,
        words=words.beside(role, verdict.shape)[there],
        own=own[arm],
        item=row * turns + turn,
        low=min([0.0, *(float(each.min()) for each in bounds)]),
        high=max([1.0, *(float(each.max()) for each in bounds)]),
    )


def _own(manifest: Manifest, judge: str, role: str, arm: str) -> float:
    """1 where a judge and the one who is judged are one model, 0 where they are two, NaN where that is not known."""
    engines = manifest.engines
    mine, theirs = model(engines.get(judge)), model(engines.get(f"{role} ({arm})") or engines.get(role))
    return float(mine == theirs) if mine and theirs else float("nan")


def model(told: Mapping[str, Any] | None) -> str:
    """What a model is called by whoever answers; "" where no model is."""
    return str((told or {}).get("model") or "")


def themselves(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Each judge that judges its own model: the judge, whom it judges, and the model."""
    for judge in manifest.judges:
        role = judged_by(manifest, judge)
        told = {name: own for name, own in manifest.engines.items() if name == role or name.startswith(f"{role} (")}
        same = {model(own) for own in told.values() if role} & {model(manifest.engines.get(judge))} - {""}
        yield from ((judge, role, each) for each in sorted(same))


def matrix(layout: Layout, names: tuple[str, ...], turns: int) -> NDArray[np.float64]:
    """The verdicts of several figures, (pairs, arms, turns, figures)."""
    return np.stack([values(layout, name, turns) for name in names], axis=3)
