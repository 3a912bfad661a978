"""What each turn of a user who is played by a model does, judged in context."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from simrun.agents.judges.base import Said
from simrun.agents.judges.replies import OfReplies, in_question
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


class Conducted(Decision):
    """The verdict on one message."""

    conduct: Conduct
    asked: bool = False


class UserTurn(OfReplies):
    """One question for each message of the user."""

    name: ClassVar[str] = "user_turn"
    about: ClassVar[str] = "What each turn of a user whom a model plays does: on goal, off goal, refused, left role."
    decision: ClassVar[type[Decision]] = Conducted

    role: str = "user"
    """Whose messages are judged."""

    def brief(self, said: Said) -> str:
        """The same whatever was said."""
        return BRIEF

    def asked(self, said: Said, at: int) -> Mapping[str, Any]:
        """The message, with all that was said before it."""
        goal = next(iter(said.evidence.get("goal", ())), UNKNOWN)
        return {"cue": QUESTION.format(goal=goal, said=said.before(at).told(), message=in_question(said.lines[at]))}

    def found(self, decision: Decision) -> Mapping[str, bool | float | None]:
        """Whether it is each conduct, and whether it asked."""
        assert isinstance(decision, Conducted)
        return {**{each: decision.conduct == each for each in CONDUCTS}, "asked": decision.asked}

    def figures(self) -> tuple[str, ...]:
        """The conducts, and `asked`."""
        return (*CONDUCTS, "asked")
