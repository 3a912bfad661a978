"""Whether somebody refuses: for replies that no list of phrases can tell, such as an applicant who will not answer."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from simrun.agents.agent import called
from simrun.agents.judges.base import Judge, Question, Said, Verdict
from simrun.agents.reply import Decision

BRIEF = """You read conversations in which people play parts. You say whether somebody refuses to do their part: \
steps out of it, says that they are a machine, or declines on principle to answer, to judge or to decide. Somebody who \
does the part and says no to something within it, such as a patient who will not take a drug or cannot sleep, does not \
refuse. Answer as JSON: {"refuses": true} or {"refuses": false}."""
QUESTION = """This was said:
{said}

Does the {role} refuse to do their part?"""


class Refuses(Decision):
    """The verdict on one of those who spoke."""

    refuses: bool


class Refusal(Judge):
    """One question for each of those who spoke, in every arm alike."""

    name: ClassVar[str] = "refusal"
    about: ClassVar[str] = "Whether each of those who spoke refused to do their part, for what phrases cannot tell."
    decision: ClassVar[type[Decision]] = Refuses

    def brief(self, said: Said) -> str:
        """The same whatever was said."""
        return BRIEF

    def questions(self, said: Said) -> tuple[Question, ...]:
        """One for each of those who spoke; what was written beforehand refuses nothing."""
        words = said.told(self.identity)
        roles = dict.fromkeys(role for role, _ in said.lines if any(said.lines[at][1] for at in said.replies(role)))
        return tuple(Question(key=role, cue=QUESTION.format(said=words, role=called(role).lower())) for role in roles)

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """By role, whether it refused; None where the judge did not say."""
        return {
            asked.key: said.refuses if isinstance(said, Refuses) else None
            for asked, said in zip(questions, decisions, strict=True)
        }
