"""What a run costs, told before anything is played: its first episodes, played by the scenario's script."""

from collections import Counter
from itertools import islice

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Chat, Record
from simrun.agents.reply import Reply
from simrun.plan.design import Plan
from simrun.scenarios.base import Turn
from simrun.stage.drive import at_once, driven
from simrun.stage.trial import Trial

SAMPLE = 12
"""Episodes that are played for it."""
CHARACTERS = 4
"""Of English text to a token, about."""


class Cost(Record):
    """The size of a run, and what a scripted play of its first episodes makes of it."""

    cases: int
    arms: int
    episodes: int
    calls: float
    """Of all episodes, as many as the script makes: a model may end a talk sooner or later, and be asked again."""
    read: float
    """Tokens of all prompts, about; an engine that keeps what it has read computes fewer."""

    def told(self) -> str:
        """One line."""
        size = f"{_many(self.cases, 'case')}, {_many(self.arms, 'arm')}, {_many(self.episodes, 'episode')}"
        return f"{size}: about {self.calls:,.0f} calls, {self.read / 1e6:.2g} million tokens to read"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def cost(plan: Plan) -> Cost:
    """Played by the script whoever will play it; of people and models nothing is asked."""
    played = [_episode(plan, each) for each in islice(plan.trials(), SAMPLE)]
    calls = [len(each) for each in played]
    read = [sum(each) for each in played]
    episodes = Counter((each.case, each.arm) for each in plan.trials())
    many = episodes.total() / max(len(played), 1)
    return Cost(
        cases=len({case for case, _ in episodes}),
        arms=len({arm for _, arm in episodes}),
        episodes=episodes.total(),
        calls=sum(calls) * many,
        read=sum(read) * many / CHARACTERS,
    )


def _episode(plan: Plan, trial: Trial) -> list[int]:
    """Characters of the prompt of each call."""
    scripted, read = Scripted(rules=plan.castings[trial.arm].scenario.script), list[int]()

    def answer(turn: Turn, chat: Chat) -> Reply:
        read.append(len(chat.text()))
        return Reply.of(at_once(scripted.reply(chat)), turn.kinds(), chat.told)

    driven(plan.stage(trial), answer)
    return read
