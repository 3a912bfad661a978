"""How many requests of an episode depend on an earlier answer: where answers come in batches, each is one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simrun.agents.backends.replay import Replay
from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.plan.casting import Casting
from simrun.scenarios.base import Turn
from simrun.stage.drive import Asked, Replies, at_once, drive

if TYPE_CHECKING:
    from simrun.plan.design import Plan


def check_rounds(plan: "Plan") -> None:
    """ConfigError where a scenario asks more often, one request after the answer to another, than `backend.rounds` of a
    batch backend allows, or where another backend would make batches small."""
    backends = {id(each): each for own in plan.castings.values() for each in own.backends.values()}
    if not any(each.deferred for each in backends.values()):
        return
    beside = [each for each in backends.values() if not each.deferred and not isinstance(each, Scripted | Replay)]
    from simrun.agents.backends.batch import Batch  # only for those who use it: its client takes time to import

    batches = [each for each in backends.values() if isinstance(each, Batch)]
    if beside and plan.throughput.concurrency is None:
        raise ConfigError(
            f"backend={beside[0].name} plays {beside[0].concurrency} episodes at a time, and backend=batch as many as "
            f"there are; say how many are in flight: concurrency={batches[0].concurrency} for few and large batches"
        )
    most = max(plan.castings.values(), key=lambda own: rounds(plan, own))
    took, allowed = rounds(plan, most), min(each.rounds for each in batches)
    if took > allowed:
        name = f"{most.scenario.name} in mode {most.scenario.mode}" if most.scenario.mode else most.scenario.name
        raise ConfigError(
            f"{name}: an episode asks {took} times, one after the other, as its script plays it in arm "
            f"{most.arm.name!r}, and with backend=batch each time is a batch that may take {batches[0].window}. "
            f"backend.rounds={took} plays it so; a mode of one call takes one batch, and backend=server answers at once"
        )


def rounds(plan: "Plan", own: Casting) -> int:
    """Batches that an episode of an arm takes, one after another, as the scenario's script plays its first case."""
    case = next((case for case in plan.cases.values() if plan.plays(case.id, own.arm.name)), None)
    if case is None:
        return 0
    scripted, count = Scripted(rules=own.scenario.script), 0

    async def ask(turn: Turn, chat: Chat) -> Reply:
        nonlocal count
        count += own.backends[turn.role].deferred
        return Reply.of(await scripted.reply(chat), turn.kinds(), chat.told)

    async def abreast(asked: Sequence[Asked]) -> Replies:
        """Those who are asked together are one round."""
        nonlocal count
        before, most, replies = count, count, []
        for each in asked:
            count = before
            replies.append(await each)
            most = max(most, count)
        count = most
        return replies

    at_once(drive(own.stage(case, plan.trial(case.id, own.arm.name, 0)), ask, abreast))
    return count
