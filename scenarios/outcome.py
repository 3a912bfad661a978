"""What comes of an episode: a record whose fields say what they are and which way is better."""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from simrun.agents.records import Record

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Better:
    """Which way an outcome field is better."""

    direction: Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Event:
    """The field is the number of turns until something happened, None where it did not."""

    until: str
    """The field that holds the turns observed, the event's own included: what would have come later was not seen
    (censored)."""
    horizon: str
    """The option of the scenario that holds the turns there were at most."""


@dataclass(frozen=True, slots=True)
class Count:
    """The field counts some of what another counts all of: compared as odds."""

    of: str
    """The field that counts all, such as the words of a text."""


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value that an outcome field can take."""

    low: float
    high: float


class Outcome(Record):
    """What came of an episode. Numbers and truth values are analysed field by field; None is a missing value."""

    accuracy: ClassVar[str] = ""
    """The field whose mean is this scenario's accuracy."""
    primary: ClassVar[tuple[str, ...]] = ()
    """The fields on which the question is decided when a run does not declare any; the accuracy when empty."""
    planted_field: ClassVar[str] = ""
    """The field that falls by just as much as a bias planted in the script takes off its chances; the accuracy when
    empty."""
    decision_field: ClassVar[str] = ""
    """The field that says whether the person whom the audit is about was chosen."""
    score_field: ClassVar[str] = ""
    """The field by which people are ranked."""
    merit_field: ClassVar[str] = ""
    """The field that holds what the person is truly worth: the same in every arm, and not compared."""
    qualified_field: ClassVar[str] = ""
    """The field that says whether that is enough to be chosen."""

    @classmethod
    def measured(cls) -> dict[str, Better]:
        """The fields whose means are compared, with their direction; events are not among them: None there is not a
        missing value."""
        return {name: mark for name, mark in cls._marked(Better).items() if name not in cls.events()}

    @classmethod
    def _marked(cls, kind: type[M]) -> dict[str, M]:
        marks = {
            name: [mark for mark in info.metadata if isinstance(mark, kind)] for name, info in cls.model_fields.items()
        }
        return {name: found[0] for name, found in marks.items() if found}

    @classmethod
    def events(cls) -> dict[str, Event]:
        """The fields that say when something happened: their restricted means are compared."""
        return cls._marked(Event)

    @classmethod
    def counts(cls) -> dict[str, Count]:
        """The fields that count some of what another counts: their odds are compared."""
        return cls._marked(Count)

    @classmethod
    def span(cls, field: str) -> Range | None:
        """The range of a field: declared, 0 to 1 for truth values, None when unbounded."""
        info = cls.model_fields[field]
        declared = next((mark for mark in info.metadata if isinstance(mark, Range)), None)
        return declared or (Range(0, 1) if info.annotation in (bool, bool | None) else None)
