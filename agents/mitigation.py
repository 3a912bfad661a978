"""What is done so that an agent treats people alike: a text that asks for it, or blinding."""

from simrun.agents.records import Record


class Mitigation(Record):
    """One measure against bias, as an arm on the same pairs."""

    name: str
    about: str
    prompt: str = ""
    """Said to the agent last, after its bias if it has one."""
    blind: bool = False
    """Whether the agent is not introduced to anybody: it knows of people only what they say,
    and of applicants a CV without who they are."""
    sources: tuple[str, ...] = ()


UNMITIGATED = Mitigation(name="none", about="Nothing is done.")
"""The agent as it is: a value like any other."""
