"""A role with everything it brings onto the stage."""

from collections.abc import Mapping
from functools import cache

from simrun.agents.records import Record


class Agent(Record):
    """Who plays a role: texts only, in the order in which its prompt holds them.

    Rules and case come first and are the same in every arm; what an audit varies comes last, so that the arms of a pair
    share the longest prefix an engine can reuse.
    """

    role: str
    brief: str
    """The rules of the scenario and what this role knows of the case."""
    reads: Mapping[str, str] = {}
    """What lies before it in each of its chats, by the chat's name, such as the paper that it reviews there."""
    persona: str = ""
    """Who it is, told to itself."""
    tendency: str = ""
    """The text of its bias, or of the bias's control."""
    guard: str = ""
    """What is asked of it so that it treats people alike."""
    blind: bool = False
    """Whether it is introduced to nobody."""
    introduction: str = ""
    """What those who hear it are told about it before it speaks."""
    veiled: str = ""
    """What those who hear it and are blinded are told in its place."""
    opening: str = ""
    """Words it says before anybody else, without a model."""

    def prompt(self, chat: str = "") -> str:
        """The system message of one of its chats."""
        return "\n\n".join(filter(None, (self.brief, self.reads.get(chat), self.persona, self.tendency, self.guard)))


@cache
def called(role: str) -> str:
    """What a role is called by those who hear it: `Recruiter 1` for recruiter_1."""
    return role.replace("_", " ").capitalize()
