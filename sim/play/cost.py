"""What a run costs, told before anything is played: its first episodes, played by the scenario's script."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from simrun.agents.backends.scripted import Scripted
from simrun.agents.price import MILLION, Price
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
    priced: tuple[float, float] | None = None
    """What reading comes to, about, and writing at most, at the prices that were given; None where none was."""

    def told(self) -> str:
        """One line."""
        size = f"{_many(self.cases, 'case')}, {_many(self.arms, 'arm')}, {_many(self.episodes, 'episode')}"
        size = f"{size}: about {self.calls:,.0f} calls, {self.read / 1e6:.2g} million tokens to read"
        if self.priced is None:
            return size
        return f"{size}; at backend.price about {self.priced[0]:.2f} for reading and at most {self.priced[1]:.2f} more"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def cost(plan: Plan) -> Cost:
    """Played by the script whoever will play it; of people and models nothing is asked."""
    played = [_episode(plan, each) for each in islice(plan.trials(), SAMPLE)]
    calls = [asked for each in played for asked in each]
    episodes = Counter((each.case, each.arm) for each in plan.trials())
    many = episodes.total() / max(len(played), 1)
    return Cost(
        cases=len({case for case, _ in episodes}),
        arms=len({arm for _, arm in episodes}),
        episodes=episodes.total(),
        calls=len(calls) * many,
        read=sum(each.characters for each in calls) * many / CHARACTERS,
        priced=_priced(calls, many),
    )


class _Asked(NamedTuple):
    """One call: characters of its prompt, and what tokens cost of whom it is asked, and how many it may write."""

    characters: int
    price: Price | None
    most: int


def _priced(calls: Sequence[_Asked], many: float) -> tuple[float, float] | None:
    priced = [(each, each.price) for each in calls if each.price]
    if not priced:
        return None
    read = sum(each.characters / CHARACTERS * price.read for each, price in priced)
    written = sum(each.most * price.written for each, price in priced)
    return read * many / MILLION, written * many / MILLION


def _episode(plan: Plan, trial: Trial) -> list[_Asked]:
    """Its calls."""
    own, read = plan.castings[trial.arm], list[_Asked]()
    scripted = Scripted(rules=own.scenario.script)

    def answer(turn: Turn, chat: Chat) -> Reply:
        price, most = own.backends[turn.role].costs() or (None, 0)
        read.append(_Asked(len(chat.text()), price, most))
        return Reply.of(at_once(scripted.reply(chat)), turn.kinds(), chat.told)

    driven(plan.stage(trial), answer)
    return read
