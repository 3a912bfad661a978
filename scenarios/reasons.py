"""Why was it decided so: asked of whoever decided, aside and after the decision, so that the question moves nothing."""

from collections.abc import Generator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, WithJsonSchema

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Spoken
from simrun.agents.reply import Decision
from simrun.scenarios.base import Scenario, Turn
from simrun.scenarios.outcome import Better, Outcome

ASK = (
    "(Aside, after the decision, and heard by nobody. You decided: {decision} What was decisive? "
    'Answer in one to three sentences, as JSON: {{"reason": "..."}})'
)
SCRIPT = Rule(when=r'as JSON: \{"reason": "\.\.\."\}\)', say={"reason": "What is told fits this best."})
"""What scripted agents say; it stands before what they decide."""


class Reason(Decision):
    """Why, in words."""

    reason: Annotated[str, Field(min_length=1), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 600})]

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Whatever is said."""
        return cls(reason=text.strip()) if text.strip() else None


class Explained(Outcome):
    """What the outcomes have of the modes in which a reason can be asked for."""

    explanation_field: ClassVar[str] = "reason"

    decision: str = ""
    """What was decided, in words, as judges read it; "" where nothing could be read."""
    reason: str = ""
    """In words; "" where none was asked for, or could be read. What is said afterwards need not be what decided."""
    reason_words: Annotated[int | None, Better("neither")] = None
    """How many words it has."""


class Explaining(Scenario):
    """Options of these modes."""

    reason: bool = False
    """Whether the one who decides is asked why, aside and after the decision: nobody hears it, and no decision can
    follow from it."""

    lays: ClassVar[tuple[str, ...]] = ("decision", "reason", "grounds")
    grounds: ClassVar[tuple[str, ...]] = ()
    """Of what kinds a reason can be here: a fixed list, out of which a judge names those that are given."""

    def evidence(self, case: Any, outcome: Any, lines: Sequence[Spoken]) -> Mapping[str, tuple[str, ...]]:
        """What was decided and why, as far as there is any; and the kinds of reasons."""
        told = {name: (text,) if (text := getattr(outcome, name)) else () for name in ("decision", "reason")}
        return {**told, "grounds": self.grounds}

    def explained(self, role: str, decision: str, asked: str = "") -> Generator[Any, Any, Mapping[str, Any]]:
        """Asks for the reason of a decision in words, unless there is none (""); the fields of `Explained`.

        `asked` is the question that was decided, where it is not remembered.
        """
        if not self.reason or not decision:
            return {"decision": decision}
        cue = ASK.format(decision=decision)
        reply = yield Turn(role, reply=Reason, cue=f"{asked}\n\n{cue}" if asked else cue, private=True)
        if not isinstance(reply.decision, Reason):
            return {"decision": decision}
        return {
            "decision": decision,
            "reason": reply.decision.reason,
            "reason_words": len(reply.decision.reason.split()),
        }
