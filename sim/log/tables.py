"""Parquet tables out of the log: derived, and rebuilt at any time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.agents.judges.observer import SHOWN
from simrun.log.chain import Head
from simrun.log.parquet import Writer
from simrun.plan.design import Plan
from simrun.play.replay import Played, replayed
from simrun.stage.trial import Trial

_KEYS = {"run": "VARCHAR", "trial": "VARCHAR"}
_TRIAL = {"case": "VARCHAR", "arm": "VARCHAR", "control": "VARCHAR", "repeat": "INTEGER"}
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
        "nth": "INTEGER",
        "digest": "VARCHAR",
        "seed": "BIGINT",
        "text": "VARCHAR",
        "finish": "VARCHAR",
        **_TOKENS,
        "attempts": "INTEGER",
        "at": "DOUBLE",
        "seconds": "DOUBLE",
    },
    "outcomes": _KEYS | _TRIAL | {"outcome": "VARCHAR", "value": "DOUBLE", "text": "VARCHAR"},
}
"""Columns of each table and their SQL types. `outcomes` is long, a row a field: `value` for numbers and truth values, `text` for words, both null where missing.
`episodes.wording` is the wording of the prompts that a trial was played in; `episodes.name` the name that the person whom the audit is about
went under, null where nobody shows by a name; `episodes.state` is done, error (owed again) or owed (never played); its `seconds` is the time spent in its calls."""


def seal(run: Path, plan: Plan, head: Head | None = None) -> None:
    """Write sealed/*.parquet by playing the log again; a trial that was resumed counts once, as it ended."""
    folder = run / "sealed"
    folder.mkdir(exist_ok=True)
    factors = dict.fromkeys(plan.arms[0].settings, "VARCHAR")
    writers = {
        table: Writer(folder / f"{table}.parquet", columns | (factors if table == "episodes" else {}))
        for table, columns in TABLES.items()
    }
    failed: dict[str, Played] = {}
    done: set[str] = set()
    for played in replayed(run, plan, head):
        if played.stage is None:
            failed[played.trial.id] = played
        else:
            failed.pop(played.trial.id, None)
            done.add(played.trial.id)
            _write(writers, _whose(run.name, plan, played.trial), played)
    for played in failed.values():
        _write(writers, _whose(run.name, plan, played.trial), played)
    for trial in plan.trials():
        if trial.id not in done and trial.id not in failed:
            writers["episodes"].add(
                _whose(run.name, plan, trial) | {"state": "owed", "error": "", "message": "", "calls": 0}
            )
    for writer in writers.values():
        writer.close()


def _whose(run: str, plan: Plan, trial: Trial) -> dict[str, Any]:
    """The columns that tell a trial; each table takes those that it has."""
    casting = plan.castings[trial.arm]
    told = {
        "run": run,
        "trial": trial.id,
        "case": trial.case,
        "arm": trial.arm,
        "control": casting.arm.control,
        "repeat": trial.repeat,
    }
    luck = casting.luck(trial)
    told |= {"wording": casting.worded(luck).wording, "name": casting.name(plan.cases[trial.case], luck)}
    return told | dict(casting.arm.settings)


def _write(writers: Mapping[str, Writer], whose: dict[str, Any], played: Played) -> None:
    key = {"run": whose["run"], "trial": whose["trial"]}
    writers["episodes"].add(whose | _episode(played))
    for call in played.calls:
        writers["calls"].add(
            key | call.model_dump(include={"role", "nth", "digest", "seed", "at", "seconds"}) | call.answer.model_dump()
        )
    for row in _turns(played):
        writers["turns"].add(key | row)
    shown = {f"{SHOWN}{name}": verdict for name, verdict in played.episode.shown.items()}
    for name, value in {**(played.episode.outcome or {}), **shown}.items():
        number = None if isinstance(value, str) or value is None else float(value)
        writers["outcomes"].add(
            whose | {"outcome": name, "value": number, "text": value if isinstance(value, str) else None}
        )


def _episode(played: Played) -> dict[str, Any]:
    problems = [entry.problem for entry in played.stage.transcript if entry.problem] if played.stage else []
    tokens = {
        name: sum(getattr(call.answer, name) or 0 for call in played.calls)
        for name in ("prompt_tokens", "cached_tokens", "output_tokens")
    }
    return {
        "state": "error" if played.stage is None else "done",
        "error": played.episode.error,
        "message": played.episode.message,
        "calls": len(played.calls),
        "seconds": round(sum(call.seconds for call in played.calls), 4),
        "at": played.episode.at,
        **tokens,
        **{problem: problems.count(problem) for problem in ("refused", "unreadable", "truncated")},
    }


def _turns(played: Played) -> Iterator[dict[str, Any]]:
    for position, entry in enumerate(played.stage.transcript if played.stage else ()):
        yield {
            "position": position,
            "role": entry.role,
            "kind": entry.kind,
            "nth": entry.nth,
            "text": entry.text,
            "heard": entry.heard,
            "decision": orjson.dumps(entry.decision.model_dump(mode="json")).decode() if entry.decision else None,
            "problem": entry.problem,
        }
