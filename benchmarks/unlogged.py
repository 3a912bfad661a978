"""Runs played in memory: through the plan, the stage, the tables and the figures of a report, without a log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from simrun.agents.backends.base import Backend
from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import Config
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan, planned
from simrun.scenarios.base import Turn
from simrun.score.contrasts import ContrastResult, contrasts
from simrun.score.layout import Layout, laid_out, read_outcomes
from simrun.stage.drive import at_once, driven
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial


@dataclass(frozen=True)
class Compared:
    """What came of a run."""

    contrasts: tuple[ContrastResult, ...]
    layout: Layout


@cache
def _catalogue() -> Catalogue:
    return catalogue()


def asked(options: Mapping[str, Any]) -> Plan:
    """The plan of a run with these options, as it is asked for on the command line; without controls."""
    return planned(Config.of({"design": {"controls": ()}} | dict(options)), _catalogue())


def compared(
    plan: Plan,
    ended: Callable[[Trial, Stage], None] = lambda trial, stage: None,
    heard: Callable[[Trial, Turn, Chat], None] = lambda trial, turn, chat: None,
) -> Compared:
    """Play a run and compare its arms; `heard` is shown every chat that is answered, `ended` every episode."""
    episodes, outcomes = [], []
    for trial in plan.trials():
        stage, backends = plan.stage(trial), plan.castings[trial.arm].backends

        def answer(turn: Turn, chat: Chat, own: Mapping[str, Backend] = backends, trial: Trial = trial) -> Reply:
            heard(trial, turn, chat)
            return Reply.of(at_once(own[turn.role].reply(chat)), turn.kinds(), chat.told)

        driven(stage, answer)
        ended(trial, stage)
        key = {"case": trial.case, "arm": trial.arm, "repeat": trial.repeat}
        episodes.append(key | {"state": "done"})
        outcomes += [key | cell for cell in _numbers(stage)]
    return _compared(plan, pd.DataFrame(episodes), pd.DataFrame(outcomes))


def _numbers(stage: Stage) -> list[dict[str, Any]]:
    """The values of an outcome that are no text."""
    assert stage.outcome is not None
    return [
        {
            "outcome": each.field,
            "turn": each.turn,
            "subject": each.subject,
            "value": None if each.value is None else float(each.value),
        }
        for each in stage.outcome.cells()
        if not isinstance(each.value, str)
    ]


def _compared(plan: Plan, episodes: pd.DataFrame, outcomes: pd.DataFrame) -> Compared:
    manifest = Manifest.of(plan, 0.0)
    with duckdb.connect() as tables:
        tables.register("episodes", episodes)
        tables.register("outcomes", outcomes.astype({"turn": "Int64", "subject": "string"}))
        layout = laid_out(tables, manifest, read_outcomes(tables, manifest))
    return Compared(contrasts(manifest, layout, manifest.outcome), layout)
