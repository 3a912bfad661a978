"""What judges of single replies have in common: one question a reply that a model gave, one value a turn."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from simrun.agents.agent import called
from simrun.agents.judges.base import Judge, Question, Said, Spoken, Verdict, by_turn
from simrun.agents.quoting import attributed, quoted
from simrun.agents.reply import Decision


class OfReplies(Judge):
    """What the scenario put into somebody's mouth is context, and never judged."""

    role: str = "assistant"
    """Whose replies are judged."""
    most: int = Field(32, ge=1)
    """Replies of one episode that are judged at most, from the first; the others have no verdict."""

    def questions(self, said: Said) -> tuple[Question, ...]:
        """One for each reply that somebody heard."""
        said = said.seen(self.identity)
        own = said.replies(self.role)
        return tuple(
            Question(key=f"reply {turn + 1}", turn=turn, turns=len(own), **self.asked(said, at))
            for turn, at in enumerate(own[: self.most])
            if said.lines[at][1]
        )

    def asked(self, said: Said, at: int) -> Mapping[str, Any]:
        """How it is asked about the reply that stands there: the `cue` or the `messages` of its question."""
        raise NotImplementedError

    def found(self, decision: Decision) -> Mapping[str, bool | float | None]:
        """What one answer comes to, by the name of the figure."""
        raise NotImplementedError

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """Each figure by turn: None where the reply was empty, or the judge did not say."""
        told = [self.found(each) if each is not None else {} for each in decisions]
        names = dict.fromkeys(name for each in told for name in each) or dict.fromkeys(self.figures())
        return {name: by_turn(questions, [each.get(name) for each in told]) for name in names}

    def figures(self) -> tuple[str, ...]:
        """The names that `found` gives, for an episode of which nothing was said."""
        return ()


def in_question(line: Spoken) -> str:
    """A line as it stands in the question about it: in quotation marks where it has several lines of its own."""
    role, words = line
    return quoted(words) if "\n" in words else attributed(called(role), words)
