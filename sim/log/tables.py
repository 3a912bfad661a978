"""Parquet tables out of the log: derived, and rebuilt at any time."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from simrun.agents.judges.base import Verdict
from simrun.agents.records import Answer
from simrun.log import begun, files
from simrun.log.lines import Played
from simrun.log.parquet import Writer, readable
from simrun.log.planted import planted
from simrun.plan.design import Plan
from simrun.scenarios.outcome import Cell
from simrun.stage.roll import Roll
from simrun.stage.trial import Trial

_KEYS = {"run": "VARCHAR", "trial": "VARCHAR"}
_TRIAL = {"case": "VARCHAR", "arm": "VARCHAR", "control": "VARCHAR", "repeat": "INTEGER"}
UNOWED = "unowed"
"""State of a trial that was not played to its end when the run was decided on earlier cases."""
_TOKENS = {"prompt_tokens": "BIGINT", "cached_tokens": "BIGINT", "output_tokens": "BIGINT"}

TABLES: dict[str, dict[str, str]] = {
    "episodes": _KEYS
    | _TRIAL
    | {
        "wording": "INTEGER",
        "name": "VARCHAR",
        "state": "VARCHAR",
        "error": "VARCHAR",
        "message": "VARCHAR",
        "calls": "INTEGER",
        "asked": "INTEGER",
        "asked_again": "INTEGER",
        **_TOKENS,
        "seconds": "DOUBLE",
        "refused": "INTEGER",
        "unreadable": "INTEGER",
        "truncated": "INTEGER",
        "at": "DOUBLE",
    },
    "turns": _KEYS
    | {
        "position": "INTEGER",
        "role": "VARCHAR",
        "chat": "VARCHAR",
        "kind": "VARCHAR",
        "nth": "INTEGER",
        "text": "VARCHAR",
        "heard": "VARCHAR",
        "decision": "VARCHAR",
        "problem": "VARCHAR",
    },
    "calls": _KEYS
    | {
        "role": "VARCHAR",
        "chat": "VARCHAR",
        "nth": "INTEGER",
        "attempt": "INTEGER",
        "digest": "VARCHAR",
        "seed": "BIGINT",
        "text": "VARCHAR",
        "finish": "VARCHAR",
        **_TOKENS,
        "attempts": "INTEGER",
        "weighed": "BOOLEAN",
        "unweighed": "VARCHAR",
        "mass": "DOUBLE",
        "at": "DOUBLE",
        "seconds": "DOUBLE",
    },
    "outcomes": _KEYS
    | _TRIAL
    | {"outcome": "VARCHAR", "turn": "INTEGER", "subject": "VARCHAR", "value": "DOUBLE", "text": "VARCHAR"},
}
"""Columns of each table and their SQL types.

`outcomes` is long, a row a value: `value` for numbers and truth values, `text` for words, both null where missing;
`turn` (from 0) and `subject` are null but for a value a turn, or one of each subject. `chat` is "" but for a role that
holds several. `episodes.wording` is the wording of the prompts that a trial was played in; `episodes.name` the name
that the person whom the audit is about went under, null where nobody shows by a name; `episodes.state` is done, error
(owed again), owed (never played) or unowed (not played to its end when the run was decided on cases before it); its
`seconds` is the time spent in its calls; `asked` are the turns that models were asked for, and `asked_again` those of
them that were asked for again since the reply could not be read (`calls.attempt` above 0). `calls.weighed` says of a
forced choice whether its options came with their probabilities, and is null where they were not asked for; `unweighed`
says why they did not, and `mass` how much of what the model could have said leads to one of them.
"""


SEALED, PLANNED = "sealed", "plan.parquet"
"""Where in a run's folder its tables are, and what was planned."""


class Sealed(NamedTuple):
    """What did not go into the tables."""

    failed: Mapping[str, str]
    """The trials that ended in an error, and which."""
    twice: tuple[str, ...]
    """The episodes of trials that another chain had whole before, each with its chain."""


def seal(
    folder: Path,
    name: str,
    plan: Plan,
    replayed: Iterable[Played],
    judged: Mapping[str, Mapping[str, Verdict]] = {},
    beyond: Collection[str] = (),
) -> Sealed:
    """Write the tables of the run `name` into a folder from the episodes of a log, played again; a trial that was
    resumed, or played twice, counts once, as it first ended well.

    `judged` is what judges were asked later: trial -> `judge.key` -> verdict; it stands
    in place of what they said after the play. `beyond` are the cases that are owed no more.
    """
    files.folder(folder)
    factors = {factor.name: "VARCHAR" for factor in plan.factors}
    writers = {
        table: Writer(folder / f"{table}.parquet", columns | (factors if table == "episodes" else {}))
        for table, columns in TABLES.items()
    }
    failed: dict[str, Played] = {}
    done = Roll()
    twice: list[str] = []
    for played in replayed:
        if played.twice:
            twice.append(f"{played.trial.id} (chain {played.twice})")
        elif played.stage is None:
            failed[played.trial.id] = played
        else:
            failed.pop(played.trial.id, None)
            done.note(played.trial.id)
            known = planted(plan.castings[played.trial.arm].backends, played.stage)
            _write(writers, _whose(name, plan, played.trial), played, judged.get(played.trial.id, {}), known)
    for played in failed.values():
        _write(writers, _whose(name, plan, played.trial), played, {}, unowed=played.trial.case in beyond)
    for trial in plan.trials():
        if trial.id not in done and trial.id not in failed:
            state = UNOWED if trial.case in beyond else "owed"
            owed = {"state": state, "error": "", "message": "", "calls": 0, "asked": 0, "asked_again": 0}
            writers["episodes"].add(_whose(name, plan, trial) | owed)
    for writer in writers.values():
        writer.close()
    return Sealed({trial: played.episode.error for trial, played in failed.items()}, tuple(twice))


def _whose(run: str, plan: Plan, trial: Trial) -> dict[str, Any]:
    """The columns that tell a trial; each table takes those that it has."""
    casting = plan.castings[trial.arm]
    seeds = casting.seeds(trial)
    return {
        "run": run,
        "trial": trial.id,
        "case": trial.case,
        "arm": trial.arm,
        "control": casting.arm.control,
        "repeat": trial.repeat,
        "wording": casting.worded(seeds).wording,
        "name": casting.name(plan.cases[trial.case], seeds),
        **casting.arm.settings,
    }


def _write(
    writers: Mapping[str, Writer],
    whose: dict[str, Any],
    played: Played,
    later: Mapping[str, Verdict],
    known: Mapping[str, Verdict] = {},
    unowed: bool = False,
) -> None:
    key = {"run": whose["run"], "trial": whose["trial"]}
    writers["episodes"].add(whose | _episode(played) | ({"state": UNOWED} if unowed else {}))
    for call in played.calls:
        told = call.model_dump(include={"role", "chat", "nth", "attempt", "digest", "seed", "at", "seconds"})
        writers["calls"].add(key | told | call.answer.model_dump() | {"weighed": _weighed(call.answer)})
    for row in _turns(played):
        writers["turns"].add(key | row)
    for cell in _cells(played, {**known, **later}):
        text = cell.value if isinstance(cell.value, str) else None
        own = {"value": number(cell.value), "text": text}
        row = {"outcome": cell.field, "turn": cell.turn, "subject": cell.subject, **own}
        writers["outcomes"].add(whose | row)


def _weighed(answer: Answer) -> bool | None:
    return None if answer.options is None and answer.unweighed is None else answer.options is not None


def number(value: Any) -> float | None:
    """What stands in the column `value` of the table `outcomes`: a number or a truth value."""
    return None if value is None or isinstance(value, str) else float(value)


def _cells(played: Played, later: Mapping[str, Verdict]) -> Iterator[Cell]:
    """What came of an episode, and then what judges found in it."""
    if played.stage is not None and played.stage.outcome is not None:
        yield from played.stage.outcome.cells()
    for name, verdict in {**played.episode.judged, **later}.items():
        turns = enumerate(verdict) if isinstance(verdict, tuple) else ((None, verdict),)
        yield from (Cell(name, each, turn) for turn, each in turns)


def _episode(played: Played) -> dict[str, Any]:
    problems = [entry.problem for entry in played.stage.transcript if entry.problem] if played.stage else []
    answers = [call.answer for call in played.calls]
    return {
        "state": "error" if played.stage is None else "done",
        "error": played.episode.error,
        "message": played.episode.message,
        "calls": len(played.calls),
        "asked": sum(call.attempt == 0 for call in played.calls),
        "asked_again": sum(call.attempt == 1 for call in played.calls),
        "seconds": round(sum(call.seconds for call in played.calls), 4),
        "at": played.episode.at,
        **{name: sum(getattr(answer, name) or 0 for answer in answers) for name in _TOKENS},
        **{problem: problems.count(problem) for problem in ("refused", "unreadable", "truncated")},
    }


def _turns(played: Played) -> Iterator[dict[str, Any]]:
    for position, entry in enumerate(played.stage.transcript if played.stage else ()):
        decision = orjson.dumps(entry.decision.model_dump(mode="json")).decode() if entry.decision else None
        yield {
            "position": position,
            "role": entry.role,
            "chat": entry.chat,
            "kind": entry.kind,
            "nth": entry.nth,
            "text": entry.text,
            "heard": entry.heard,
            "decision": decision,
            "problem": entry.problem,
        }


def plan_table(plan: Plan, file: Path) -> None:
    """Write plan.parquet: one row per owed trial."""
    keys = {"id": "VARCHAR", "case": "VARCHAR", "arm": "VARCHAR", "repeat": "BIGINT"}
    settings = {arm.name: arm.settings for arm in plan.arms}
    table = Writer(file, keys | {key: "VARCHAR" for own in settings.values() for key in own})
    for trial in plan.trials():
        table.add(trial.model_dump() | settings[trial.arm])
    table.close()


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / f"{table}.parquet" for table in TABLES)


def known(folder: Path) -> bool:
    """Whether the tables of a folder are those that were made here."""
    found = begun.digest(_files(folder))
    return bool(found) and begun.noted("tables", folder, found)


def whole(folder: Path) -> bool:
    """Whether all tables of a folder can be read, with the columns that each has."""
    return all(readable(file, columns) for file, columns in zip(_files(folder), TABLES.values(), strict=True))


def made(folder: Path) -> None:
    """Know them again as made here."""
    begun.note("tables", folder, begun.digest(_files(folder)))


def moved(source: Path, target: Path) -> None:
    """Tables that were made beside a run become its own."""
    files.folder(target)
    for old, new in zip(_files(source), _files(target), strict=True):
        os.replace(old, new)
    made(target)
