"""A run's sealed tables laid out by pairs: all that the report's figures are computed from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from simrun.log.manifest import Manifest

if TYPE_CHECKING:
    import duckdb

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

DONE, ERROR, OWED, UNPLANNED = 0, 1, 2, -1
"""What became of a trial. A case that does not fit an arm, or in a design of blocks does not play it, was never
planned for it."""


BESIDE = (
    "merit_field",
    "qualified_field",
    "confidence_field",
    "chance_field",
    "rank_field",
    "anchor_field",
    "before_field",
    "people_field",
    "reasons_field",
    "amount_field",
)
"""What an outcome says beside what is compared, which metrics need."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One outcome where it was observed, one entry an episode: (n,) each, ordered by arm, case and repeat."""

    value: Floats
    arm: Codes
    """Position in Layout.arms."""
    case: Codes
    """Position in Layout.cases."""
    repeat: Codes


@dataclass(frozen=True, slots=True)
class Detail:
    """A field that has several values an episode, by turn, by subject, or by both; the other axis has one place."""

    value: Floats
    """(pairs, arms, turns, subjects), NaN where missing or not observed."""
    turns: Codes
    """(pairs, arms): how many turns were observed, missing values included."""
    subjects: tuple[str, ...]
    """Sorted by name."""

    def means(self) -> Floats:
        """The mean over all that was observed in an episode, (pairs, arms), NaN where nothing was."""
        return nanmean(self.value.reshape(*self.value.shape[:2], -1), axis=2)


@dataclass(frozen=True, slots=True)
class Layout:
    """One run: a row a pair (case and repeat), a column an arm. Rows of a case are adjacent.

    It depends on what the tables say and not on the order of their rows, so that every
    figure made of it is the same to the last bit.
    """

    arms: tuple[str, ...]
    """As in the manifest, the reference first."""
    cases: tuple[str, ...]
    """Sorted by name."""
    repeats: int
    outcomes: tuple[str, ...]
    state: NDArray[np.int8]
    """(pairs, arms): DONE, ERROR, OWED or UNPLANNED."""
    values: Floats
    """(outcomes, pairs, arms), NaN where missing; of a field that has several values an episode, their mean."""
    details: Mapping[str, Detail] = field(default_factory=dict)
    """The fields that have several, by name."""

    @property
    def case(self) -> Codes:
        """The case of each row, as its position in `cases`."""
        return np.repeat(np.arange(len(self.cases)), self.repeats)

    def within(self, cases: Collection[str]) -> "Layout":
        """The same as if no other cases had been planned."""
        out = ~np.repeat([case in cases for case in self.cases], self.repeats)
        state, values = self.state.copy(), self.values.copy()
        state[out], values[:, out] = UNPLANNED, np.nan
        details = {}
        for name, detail in self.details.items():
            value, turns = detail.value.copy(), detail.turns.copy()
            value[out], turns[out] = np.nan, 0
            details[name] = replace(detail, value=value, turns=turns)
        return replace(self, state=state, values=values, details=details)

    def columns(self, arms: Iterable[str]) -> list[int]:
        """Where these arms stand."""
        return [self.arms.index(arm) for arm in arms]

    def table(self, outcome: str, arms: Iterable[str]) -> Floats:
        """One outcome in some arms: (pairs, arms), NaN where missing."""
        found: Floats = self.values[self.outcomes.index(outcome)][:, self.columns(arms)]
        return found

    def done(self, arms: Iterable[str]) -> NDArray[np.bool_]:
        """The rows in which all of these arms finished: (pairs,)."""
        finished: NDArray[np.bool_] = (self.state[:, self.columns(arms)] == DONE).all(axis=1)
        return finished

    def planned(self, arms: Iterable[str]) -> NDArray[np.bool_]:
        """The rows that were to be played in all of these arms: (pairs,)."""
        there: NDArray[np.bool_] = (self.state[:, self.columns(arms)] != UNPLANNED).all(axis=1)
        return there

    def observed(self, outcome: str, arms: Iterable[str] | None = None) -> Observed:
        """One outcome in some arms (in all, if none are named), flat, where it has a value."""
        columns = np.array(self.columns(self.arms if arms is None else arms), dtype=np.int64)
        values = self.values[self.outcomes.index(outcome)][:, columns].T
        place, row = np.nonzero(~np.isnan(values))
        return Observed(values[place, row], columns[place], row // self.repeats, row % self.repeats)

    def series(self, outcome: str, arms: Iterable[str] | None = None) -> Floats:
        """A value a turn in some arms (in all, if none are named), the mean over subjects where there are several:
        (pairs, arms, turns), NaN where missing or censored."""
        columns = slice(None) if arms is None else self.columns(arms)
        return nanmean(self.details[outcome].value[:, columns], axis=3)

    def subjects(self, outcome: str) -> tuple[tuple[str, ...], Floats]:
        """The names of the subjects, and a value of each, the mean over turns where
        there are several: (pairs, arms, subjects)."""
        return self.details[outcome].subjects, nanmean(self.details[outcome].value, axis=2)

    def rows(self, cases: Sequence[str], repeats: int) -> Codes:
        """Row numbers of the first `repeats` repeats of these cases, in their order."""
        place = {case: code for code, case in enumerate(self.cases)}
        first = np.array([place[case] for case in cases], dtype=np.int64) * self.repeats
        return (first[:, None] + np.arange(repeats)).reshape(-1)


def read_outcomes(tables: "duckdb.DuckDBPyConnection", manifest: Manifest) -> tuple[str, ...]:
    """The outcomes that figures are made of: those that are compared, events, counts, merit, and what judges found."""
    kind = manifest.outcome
    events = [field for name, event in kind.events().items() for field in (name, event.until)]
    counts = [field for name, count in kind.counts().items() for field in (name, count.of)]
    names = [name for (name,) in tables.sql("SELECT DISTINCT outcome FROM outcomes ORDER BY outcome").fetchall()]
    judged = [name for name in names if name not in kind.model_fields]
    beside = [*(getattr(kind, field) for field in BESIDE), *kind.feature_fields]
    several = [name for name, shape in kind.shapes().items() if shape.turns or shape.subjects]
    found = (*kind.measured(), *events, *beside, *counts, *several, *judged)
    return tuple(filter(None, dict.fromkeys(found)))


def laid_out(tables: "duckdb.DuckDBPyConnection", manifest: Manifest, outcomes: Sequence[str]) -> Layout:
    """Read the tables of one run. ValueError where they have two rows for what can only be one."""
    cases, arms = tuple(sorted(manifest.cases)), tuple(arm.name for arm in manifest.arms)
    pairs = len(cases) * manifest.repeats
    for name, words in (("case_codes", cases), ("arm_codes", arms), ("outcome_codes", tuple(outcomes))):
        tables.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT unnest(words) AS word, unnest(range(len(words))) AS code "
            "FROM (SELECT $1::JSON::VARCHAR[] AS words)",
            [orjson.dumps(words).decode()],
        )
    trial = f"(c.code * {manifest.repeats} + t.repeat) * {len(arms)} + a.code"
    codes = 'JOIN case_codes c ON t."case" = c.word JOIN arm_codes a ON t.arm = a.word'
    coded = f"CASE t.state WHEN 'done' THEN {DONE} WHEN 'error' THEN {ERROR} ELSE {OWED} END"
    played = tables.sql(f"SELECT {trial} AS cell, ({coded})::TINYINT AS found FROM episodes t {codes}")
    told = tables.sql(
        f"SELECT o.code * {pairs * len(arms)} + {trial} AS cell, t.value AS found FROM outcomes t {codes} "
        "JOIN outcome_codes o ON t.outcome = o.word WHERE t.value IS NOT NULL AND t.turn IS NULL AND t.subject IS NULL"
    )
    state = _placed("episodes", played.fetchnumpy(), np.full((pairs, len(arms)), UNPLANNED, dtype=np.int8))
    details = _details(tables, f"{trial} AS cell", codes, tuple(outcomes), (pairs, len(arms)))
    values = _placed("outcomes", told.fetchnumpy(), np.full((len(outcomes), pairs, len(arms)), np.nan))
    for name, detail in details.items():
        values[outcomes.index(name)] = detail.means()
    return Layout(
        arms=arms,
        cases=cases,
        repeats=manifest.repeats,
        outcomes=tuple(outcomes),
        state=state,
        values=values,
        details=details,
    )


def _details(
    tables: "duckdb.DuckDBPyConnection", cell: str, codes: str, outcomes: tuple[str, ...], shape: tuple[int, int]
) -> dict[str, Detail]:
    """The fields that have rows by turn or by subject."""
    rows = tables.sql(
        f"SELECT o.code AS field, {cell}, coalesce(t.turn, 0) AS turn, t.turn IS NOT NULL AS timed, "
        f"coalesce(t.subject, '') AS subject, t.value AS found FROM outcomes t {codes} "
        "JOIN outcome_codes o ON t.outcome = o.word WHERE t.turn IS NOT NULL OR t.subject IS NOT NULL"
    ).fetchnumpy()
    found = np.ma.filled(rows["found"].astype(float), np.nan)
    own = {code: rows["field"] == code for code in np.unique(rows["field"]).tolist()}
    return {
        outcomes[code]: _detail(
            shape, rows["cell"][at], rows["turn"][at], rows["timed"][at], rows["subject"][at].astype(str), found[at]
        )
        for code, at in own.items()
    }


def _detail(
    shape: tuple[int, int], cell: Codes, turn: Codes, timed: NDArray[np.bool_], subject: NDArray[np.str_], found: Floats
) -> Detail:
    names, place = np.unique(subject, return_inverse=True)
    horizon = int(turn.max()) + 1
    at = (cell * horizon + turn) * len(names) + place
    value = _placed(
        "outcomes", {"cell": at, "found": found}, np.full((shape[0] * shape[1], horizon, len(names)), np.nan)
    )
    last = np.zeros(shape[0] * shape[1], dtype=np.int64)
    np.maximum.at(last, cell, np.where(timed, turn + 1, 0))
    return Detail(value.reshape(*shape, horizon, len(names)), last.reshape(shape), tuple(names.tolist()))


def nanmean(values: Floats, axis: int) -> Floats:
    """The mean of what is there, NaN where nothing is."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(there, values, 0.0).sum(axis=axis) / there.sum(axis=axis)
    return found


def _placed(table: str, columns: Mapping[str, NDArray[Any]], into: NDArray[Any]) -> NDArray[Any]:
    """Each row where it belongs: no order of the rows matters."""
    cells, flat = columns["cell"], into.reshape(-1)
    flat[cells] = columns["found"]
    if len(cells) and np.bincount(cells).max() > 1:
        raise ValueError(f"sealed/{table}.parquet has a trial twice; rebuild it from the log: simrun report RUN")
    return into


def labels(tables: "duckdb.DuckDBPyConnection", layout: Layout, column: str) -> NDArray[np.object_] | None:
    """What a column of `episodes` says of each trial, (pairs, arms) with "" for
    nothing; None where it says the same of all."""
    if tables.sql(f"SELECT count(DISTINCT {column}) FROM episodes").fetchall()[0][0] < 2:
        return None
    told = tables.sql(f'SELECT "case", repeat, arm, {column}::VARCHAR AS told FROM episodes ORDER BY ALL')
    return _labelled(told, layout)


def texts(tables: "duckdb.DuckDBPyConnection", layout: Layout, outcome: str) -> NDArray[np.object_]:
    """A field of text of each trial, (pairs, arms) with "" for nothing."""
    query = (
        'SELECT "case", repeat, arm, text AS told FROM outcomes WHERE outcome = $1 AND text IS NOT NULL ORDER BY ALL'
    )
    return _labelled(tables.execute(query, [outcome]), layout)


def asked(tables: "duckdb.DuckDBPyConnection", layout: Layout) -> NDArray[np.uint64]:
    """What stands for all prompts and seeds of each trial, (pairs, arms): equal numbers, equal questions."""
    query = (
        'SELECT e."case", e.repeat, e.arm, bit_xor(hash(c.role, c.chat, c.nth, c.attempt, c.digest, c.seed)) AS told '
        "FROM episodes e JOIN calls c USING (trial) GROUP BY ALL ORDER BY ALL"
    )
    return _labelled(tables.sql(query), layout, 0, np.uint64)


def _labelled(rows: Any, layout: Layout, nothing: Any = "", kind: type = object) -> NDArray[Any]:
    """Rows of case, repeat, arm and what is told, each where it belongs; `nothing` elsewhere."""
    columns = rows.fetchnumpy()
    case = {name: code for code, name in enumerate(layout.cases)}
    found: NDArray[Any] = np.full(layout.state.shape, nothing, dtype=kind)
    row = np.array([case[name] for name in columns["case"]], dtype=np.int64) * layout.repeats + columns["repeat"]
    found[row, layout.columns(columns["arm"])] = np.ma.filled(columns["told"], nothing)
    return found
