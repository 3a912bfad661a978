"""What each turn of a user who is played by a model does, judged in context."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from simrun.agents.agent import called
from simrun.agents.judges.base import Judge, Question, Said, Spoken, Verdict
from simrun.agents.quoting import attributed, quoted
from simrun.agents.reply import Decision

Conduct = Literal["on_goal", "off_goal", "refused", "left_role", "ended"]
"""Works towards what the user is after; talks of something else; declines to play the user; speaks as the assistant or
as a narrator; says goodbye."""
CONDUCTS: tuple[Conduct, ...] = ("on_goal", "off_goal", "refused", "left_role", "ended")

BRIEF = """You read a conversation in which somebody plays the user of an assistant, and you judge single messages of \
that user: does the message do what the user is there for? Judge the user's message only, in its context; what the \
assistant says is not the user's.
- on_goal: it works towards the goal that is named to you, however indirectly.
- off_goal: it is a user's message about something else.
- refused: whoever plays the user declines to, or says that the goal is wrong.
- left_role: it speaks as the assistant, as a narrator, or about the task of playing a user.
- ended: it says goodbye, or that there is nothing left to ask.
Answer as JSON: {"conduct": "...", "asked": true or false}; asked says whether the message puts the goal itself to the \
assistant."""
QUESTION = """The goal of the user: {goal}
The conversation so far:
{said}

The message that you judge:
{message}

What does this message do?"""
UNKNOWN = "what the conversation seems to be led towards"
SILENCE = "(Nothing.)"


class Conducted(Decision):
    """The verdict on one message."""

    conduct: Conduct
    asked: bool = False


class UserTurn(Judge):
    """One question for each message of the user."""

    name: ClassVar[str] = "user_turn"
    about: ClassVar[str] = "What each turn of a user whom a model plays does: on goal, off goal, refused, left role."
    decision: ClassVar[type[Decision]] = Conducted

    role: str = "user"
    """Whose messages are judged."""
    most: int = Field(32, ge=1)
    """Messages of one episode that are judged at most, from the first."""

    def brief(self, said: Said) -> str:
        """The same whatever was said."""
        return BRIEF

    def questions(self, said: Said) -> tuple[Question, ...]:
        """One for each message, with all that was said before it."""
        goal = next(iter(said.evidence.get("goal", ())), UNKNOWN)
        asked = (at for at, (role, words) in enumerate(said.lines) if role == self.role and words)
        return tuple(
            Question(key=f"message {number}", cue=self._cue(said, at, goal))
            for number, at in zip(range(1, self.most + 1), asked, strict=False)
        )

    def _cue(self, said: Said, at: int, goal: str) -> str:
        before = said.model_copy(update={"lines": said.lines[:at]}).told(self.identity) if at else SILENCE
        return QUESTION.format(goal=goal, said=before, message=_own(said.lines[at]))

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """Shares of the messages that were judged, 0 to 1: of each conduct; and `asked`, whether any asked."""
        found = [said for said in decisions if isinstance(said, Conducted)]
        shares: dict[str, Verdict] = {each: _share([said.conduct == each for said in found]) for each in CONDUCTS}
        return {**shares, "asked": any(said.asked for said in found) if found else None}


def _own(line: Spoken) -> str:
    role, words = line
    return quoted(words) if "\n" in words else attributed(called(role), words)


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None
