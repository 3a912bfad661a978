"""Reviews that are staged, with people who say what the test has them say."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conftest import config

from simrun.agents.backends.scripted import Rule, Scripted
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.config.menus import Catalogue
from simrun.plan.design import Plan, planned
from simrun.scenarios.base import Turn
from simrun.scenarios.peer_review.outcomes import ReviewOutcome
from simrun.scenarios.peer_review.scripts import RULES, given
from simrun.stage.drive import at_once, driven
from simrun.stage.stage import Stage

SHORT = {"rebuttal": False, "rounds": 0, "meta": False}
"""Reviews and decision only."""
Says = Callable[[Turn, Chat], str]


def asked(known: Catalogue, vary: Any = None, roles: Any = None, cases: Any = 2, **options: Any) -> Plan:
    """The plan of a review with these options."""
    scenario = {"name": "peer_review", **options}
    fields = {"vary": {} if vary is None else vary, "roles": roles or {}, "design": {"controls": []}}
    return planned(config(scenario=scenario, cases=cases, **fields), known)


def staged(plan: Plan, arm: int = 0, case: int = 0, repeat: int = 0) -> Stage:
    """One of its trials."""
    return plan.stage(plan.trial(list(plan.cases)[case], plan.arms[arm].name, repeat))


def spoken(stage: Stage, says: Says) -> list[tuple[Turn, Chat]]:
    """Plays to the end; every turn with the chat in which it was asked."""
    found = []

    def answer(turn: Turn, chat: Chat) -> Reply:
        found.append((turn, chat))
        return Reply.of(Answer(text=says(turn, chat)), turn.kinds(), chat.told)

    assert driven(stage, answer)
    return found


def by(*rules: Rule) -> Says:
    """What the first rule that fits says; what no reviewer is asked for is said as by default."""
    scripted = Scripted(rules=(*RULES[:-1], *rules, RULES[-1]))
    return lambda turn, chat: at_once(scripted.reply(chat)).text


def scores(score: str, when: str = "", **fields: Any) -> Rule:
    """Reviewers who give this, where their chat has these words."""
    return Rule(when=when, say=given(score), **fields)


def outcomes(plan: Plan, says: Says) -> dict[str, list[ReviewOutcome]]:
    """Of every trial, by arm."""
    found: dict[str, list[ReviewOutcome]] = {arm.name: [] for arm in plan.arms}
    for trial in plan.trials():
        stage = plan.stage(trial)
        spoken(stage, says)
        assert isinstance(stage.outcome, ReviewOutcome)
        found[trial.arm].append(stage.outcome)
    return found


def signed(turn: Turn, chat: Chat) -> str:
    """Everybody says who they are, of which paper and for the how manieth time; scores are 7."""
    sign = f"{turn.role}/{turn.chat}/{chat.nth}"
    if chat.form is None:
        return f"I say {sign}."
    fields: Mapping[str, Any] = chat.form["properties"]
    scored = {name: 7 for name in fields if fields[name].get("type") == "integer"}
    said = {name: sign for name in fields if fields[name].get("type") == "string"}
    return json.dumps({**said, **scored, **{name: True for name in fields if fields[name].get("type") == "boolean"}})


def kinds(turns: Sequence[tuple[Turn, Chat]]) -> list[tuple[str, str]]:
    """Who was asked for what, in order: `text`, or the name of a decision."""
    return [(turn.role, turn.kinds()[0].__name__ if turn.kinds() else "text") for turn, _ in turns]
