"""Recruitment that is staged, with people who say what the test has them say."""

import json

from conftest import config

from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.plan.design import planned
from simrun.stage.stage import Stage

PANEL = ("recruiter_1", "recruiter_2", "recruiter_3")


def staged(known, mode: str, arm: int = 0, case: int = 0, **fields) -> Stage:
    """A trial of one arm, ready to be played; `scenario` adds options."""
    options = {"name": "recruitment", "mode": mode, **fields.pop("scenario", {})}
    plan = planned(config(scenario=options, **{"cases": 4, "vary": {}, **fields}), known)
    name, chosen = plan.arms[arm].name, list(plan.cases)[case]
    trial = next(trial for trial in plan.trials() if trial.arm == name and trial.case == chosen)
    return plan.castings[name].stage(plan.cases[chosen], trial)


def spoken(stage: Stage, lines: dict[str, list[str]]) -> Stage:
    """Everybody says what they are given, the last again and again."""
    left = {role: list(own) for role, own in lines.items()}
    while not stage.over:
        for turn in stage.pending():
            own = left[turn.role]
            stage.say(turn, Reply.of(Answer(text=own.pop(0) if len(own) > 1 else own[0]), turn.kinds()))
    return stage


def yes(score: int) -> str:
    return json.dumps({"score": score, "invite": True})


def no(score: int) -> str:
    return json.dumps({"score": score, "invite": False})


def asked(stage: Stage, role: str) -> str:
    """All that a role is told when it must speak."""
    return stage.chat(next(turn for turn in stage.pending() if turn.role == role)).text()
