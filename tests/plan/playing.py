"""A plan's trials, played at once without a runner."""

import asyncio

from simrun.agents.reply import Reply
from simrun.plan.casting import Casting
from simrun.plan.design import Plan
from simrun.scenarios.outcome import Outcome
from simrun.stage.stage import Stage


def played(plan: Plan, arm: str) -> list[Outcome]:
    """The outcomes of one arm, its trials in order."""
    casting = plan.castings[arm]
    return [
        asyncio.run(ended(casting.stage(plan.cases[trial.case], trial), casting))
        for trial in plan.trials()
        if trial.arm == arm
    ]


async def ended(stage: Stage, casting: Casting) -> Outcome:
    while not stage.over:
        for turn in stage.pending():
            stage.say(turn, Reply.of(await casting.backends[turn.role].reply(stage.chat(turn)), turn.kinds()))
    return stage.outcome
