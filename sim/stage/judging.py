"""What judges are asked of an episode when the play is over, and what their answers come to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from simrun.agents.judges.base import SWAPPED, Judge, Question, Said, Verdict
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Turn
from simrun.stage.seeds import Seeds

Exchange = Callable[[str], str]
"""A text with the words by which the people of the arm show replaced by those of others."""


class Asking(NamedTuple):
    """One judge, what it reads, and what it is asked of it."""

    judge: Judge
    said: Said
    questions: tuple[Question, ...]
    swapped: bool

    @property
    def chat(self) -> str:
        """Its chat: another one where it reads of others."""
        return "swapped" if self.swapped else ""

    def turns(self) -> Iterator[Turn]:
        """Its questions, aside; each has the luck of its place, however the people are called."""
        for nth, each in enumerate(() if self.judge.alone else self.questions):
            yield Turn(
                self.judge.name,
                self.judge.decision,
                each.cue,
                private=True,
                chat=self.chat,
                messages=each.messages,
                luck=(nth,),
            )

    def found(self, replies: Iterator[Reply]) -> Mapping[str, Verdict]:
        """What its answers come to, by `judge.key`."""
        decisions: Sequence[Decision | None]
        if self.judge.alone:
            decisions = [self.judge.answer(self.said, each) for each in self.questions]
        else:
            decisions = [next(replies).decision for _ in self.questions]
        tallied = self.judge.tally(self.questions, decisions)
        end = SWAPPED if self.swapped else ""
        return {f"{self.judge.name}.{key}{end}": verdict for key, verdict in tallied.items()}


def askings(judges: Sequence[Judge], said: Said, exchange: Exchange | None, seeds: Seeds) -> tuple[Asking, ...]:
    """Each judge as its `identity` has it, and once more of a sample with other people in it."""
    return tuple(asking for judge in judges for asking in _of(judge, said, exchange, seeds))


def _of(judge: Judge, said: Said, exchange: Exchange | None, seeds: Seeds) -> Iterator[Asking]:
    other = said.rewritten(exchange) if exchange else said
    read = other if judge.identity == "swapped" else said.seen(judge.identity)
    yield Asking(judge, read, judge.questions(read), swapped=False)
    # the same cases in every arm, so that pairs are sampled whole; where nothing can be replaced nothing is asked
    if judge.identity == "shown" and other != said and drawn(judge, seeds):
        yield Asking(judge, other, judge.questions(other), swapped=True)


def drawn(judge: Judge, seeds: Seeds) -> bool:
    """Whether a case is in the sample that a judge reads with other people in it."""
    return seeds.number("swap", judge.name) < judge.swap * 2**31
