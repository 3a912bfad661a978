"""What comes of an episode: a record whose fields say what they are and which way is better."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from simrun.agents.records import Record

M = TypeVar("M")


class Probes(NamedTuple):
    """An option that puts something known into what is judged, and which of its values is what."""

    option: str
    """Of the scenario, such as `version`."""
    sound: str
    """As it was."""
    flawed: str
    """Worse in what a judge should see."""
    reworded: str
    """Changed in nothing that matters."""
    hidden: str
    """With an instruction to the judge in it."""
    hiding: str
    """The option that says how the instruction is hidden."""


class Asks(NamedTuple):
    """A field that counts what was asked for, and the option that says how many moves there are."""

    field: str
    moves: str
    """Of the scenario: with one move nothing can be asked."""


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


@dataclass(frozen=True, slots=True)
class PerTurn:
    """The mark of `Series`."""


@dataclass(frozen=True, slots=True)
class ForEach:
    """The mark of `PerSubject`."""


T = TypeVar("T")
Series = Annotated[tuple[T | None, ...], PerTurn()]
"""A value a turn, from the first one on: None where it is missing; the turns after the
last value were not observed (censored)."""
PerSubject = Annotated[Mapping[str, T | None], ForEach()]
"""A value for each paper, applicant or member in one episode, by its name; None where it is missing.

`PerSubject[Series[float]]` is a value a turn for each."""


class Shape(NamedTuple):
    """What a field of an outcome holds."""

    kind: Literal["number", "text"]
    """`number`: numbers or truth values, which are analysed; `text`: words, which are kept and not analysed."""
    turns: bool = False
    subjects: bool = False


class Cell(NamedTuple):
    """One value of an outcome, and whose and when it is."""

    field: str
    value: bool | int | float | str | None
    turn: int | None = None
    """From 0; None for what is no series."""
    subject: str | None = None


SHAPES = (
    "a truth value, a number or a text (bool, int, float, str, Literal[...]), each also `| None`; "
    "Series[...] of numbers for a value a turn; PerSubject[...] of numbers, or of a Series, for a value of each subject"
)
"""What a field may be annotated with."""


class Outcome(Record):
    """What came of an episode. Numbers and truth values are analysed field by field; None is a missing value.

    A field is a scalar, a `Series` or `PerSubject`; of the latter two an episode's
    value is the mean over what was observed.
    """

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
    confidence_field: ClassVar[str] = ""
    """The field that says how sure it is that it is right, 0 to 1."""
    chance_field: ClassVar[str] = ""
    """The field that says how likely somebody is right who guesses, on the scale of the accuracy: not compared."""
    hiring: ClassVar[bool] = False
    """Whether somebody's being hired is decided, for which there are rules of law."""
    letters_field: ClassVar[str] = ""
    """The field that says by letter which share of the answers chose it."""
    asks: ClassVar[Asks | None] = None
    """What counts how much was asked for; None where nothing can be."""
    rank_field: ClassVar[str] = ""
    """The field that says at which place the truth stands among what was named, from 1; None where it was not named."""
    anchor_field: ClassVar[str] = ""
    """The field that says whether the answer is the wrong one that was planted."""
    before_field: ClassVar[str] = ""
    """The field that holds the score by subject before a discussion."""
    after_field: ClassVar[str] = ""
    """The field that holds the score by subject after it; the score itself when empty."""
    people_field: ClassVar[str] = ""
    """The field that holds the score which people gave the same thing, on the scale of the run: not compared."""
    feature_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that say of what is judged what could give away who judged, such as its length."""
    probes: ClassVar[Probes | None] = None
    """How something known is put into what is judged; None where nothing can be."""
    named_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that say which share of the known flaws was named, one for each phase, in their order."""
    probe_field: ClassVar[str] = ""
    """The field that says whether what the flawed version breaks was named, be it broken or not."""
    alarm_field: ClassVar[str] = ""
    """The field that says which share of what is known to be sound was named as a weakness."""
    instruction_field: ClassVar[str] = ""
    """The field that says by which share of the judges an instruction hidden in what is judged was named."""
    overlap_field: ClassVar[str] = ""
    """The field that says how far those who judge name the same: 1 all the same, 0 nothing in common."""
    spread_field: ClassVar[str] = ""
    """The field that says by subject and turn whether it was said what spreads from one to another."""
    distance_field: ClassVar[str] = ""
    """The field that says by subject how far it is from the nearest one who carries that: 0 for those who do, None
    where no way leads from one."""
    reasons_field: ClassVar[str] = ""
    """The field that says by reason, out of a fixed list, whether it was given for the decision."""
    explanation_field: ClassVar[str] = ""
    """The field that says in words why it was decided so."""
    success_fields: ClassVar[tuple[()] | tuple[str, str]] = ()
    """The fields that say which share of the attempts in an episode succeeded: of those with a valid answer, and of
    all, in which a refusal is none."""
    kinds: ClassVar[tuple[str, ...]] = ()
    """The fields of text by which cases or arms are of several kinds, such as whom a question is about: the report
    tells of each kind alone."""
    told: ClassVar[tuple[str, ...]] = ()
    """The fields that are told of each kind; `primary` when empty."""
    amount_field: ClassVar[str] = ""
    """The field that says how much was said with the decision, such as words."""

    @classmethod
    def measured(cls) -> dict[str, Better]:
        """The fields whose means are compared, with their direction; events are not among them: None there is not a
        missing value."""
        return {name: mark for name, mark in _marked(cls, Better).items() if name not in _marked(cls, Event)}

    @classmethod
    def events(cls) -> dict[str, Event]:
        """The fields that say when something happened: their restricted means are compared."""
        return dict(_marked(cls, Event))

    @classmethod
    def counts(cls) -> dict[str, Count]:
        """The fields that count some of what another counts: their odds are compared."""
        return dict(_marked(cls, Count))

    @classmethod
    def span(cls, field: str) -> Range | None:
        """The range of a field: declared, 0 to 1 for truth values, None when unbounded."""
        info = cls.model_fields[field]
        declared = next((mark for mark in info.metadata if isinstance(mark, Range)), None)
        return declared or (Range(0, 1) if cls.binary(field) else None)

    @classmethod
    def binary(cls, field: str) -> bool:
        """Whether a field says yes or no (`bool`), or how probable yes was where choices are expected (`| float`)."""
        leaves = set(_leaves(cls.model_fields[field].annotation))
        return bool in leaves and leaves <= {bool, float}

    @classmethod
    def shapes(cls) -> Mapping[str, Shape]:
        """What each field holds. TypeError for a field of a type that no table could keep, and what would do."""
        return _shapes(cls)

    def cells(self) -> Iterator[Cell]:
        """Every value, one by one."""
        for name, shape in self.shapes().items():
            value = getattr(self, name)
            for subject, own in (value or {}).items() if shape.subjects else ((None, value),):
                yield from _cells(name, own, shape.turns, subject)

    def mean(self, field: str) -> float | None:
        """The episode's value of a field of numbers: of several the mean over
        what was observed; None where nothing was."""
        there = [float(each) for each in _numbers(getattr(self, field)) if each is not None]
        return sum(there) / len(there) if there else None


@cache
def _marked(outcome: type[Outcome], kind: type[M]) -> Mapping[str, M]:
    """The fields that are marked so, with their mark."""
    marks = {
        name: [mark for mark in info.metadata if isinstance(mark, kind)] for name, info in outcome.model_fields.items()
    }
    return {name: found[0] for name, found in marks.items() if found}


@cache
def _shapes(kind: type[Outcome]) -> Mapping[str, Shape]:
    found = {}
    for name, info in kind.model_fields.items():
        shape = _shape(Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation)
        if shape is None:
            raise TypeError(
                f"{kind.__module__}.{kind.__qualname__}.{name}: an outcome cannot hold "
                f"{info.annotation!r}; it can hold {SHAPES}"
            )
        found[name] = shape
    return found


def _numbers(value: Any) -> Iterator[bool | int | float | None]:
    """All numbers in the value of a field, whatever its shape."""
    if isinstance(value, Mapping | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _numbers(each)
    else:
        yield value


def _cells(name: str, value: Any, turns: bool, subject: str | None) -> Iterator[Cell]:
    if not turns:
        yield Cell(name, value, None, subject)
    else:
        yield from (Cell(name, each, turn, subject) for turn, each in enumerate(value or ()))


def _shape(annotation: Any) -> Shape | None:
    """The shape of a type, None where there is none for it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = annotation.__metadata__
        inner = get_args(arguments[0])
        if any(isinstance(mark, ForEach) for mark in marks):
            each = _shape(inner[1])
            return each._replace(subjects=True) if each and each.kind == "number" and not each.subjects else None
        if any(isinstance(mark, PerTurn) for mark in marks):
            each = _shape(inner[0])
            return Shape("number", turns=True) if each == Shape("number") else None
        return _shape(arguments[0])
    if (present := _present(annotation)) is not annotation:
        return _shape(present)
    kinds = set(_leaves(annotation)) if origin in (Union, UnionType, Literal, None) else set()
    if kinds and kinds <= {bool, int, float}:
        return Shape("number")
    return Shape("text") if kinds == {str} else None


def _present(annotation: Any) -> Any:
    """A type without its `| None`, where something else is left."""
    if get_origin(annotation) in (Union, UnionType):
        others = [each for each in get_args(annotation) if each is not NoneType]
        return others[0] if len(others) == 1 else annotation
    return annotation


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types that a value can have when it is there."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        yield from {type(value) for value in arguments if value is not None}
    elif origin is Annotated:
        yield from _leaves(arguments[0])
    elif arguments:
        kept = arguments[1:] if origin is not None and origin not in (Union, UnionType, tuple) else arguments
        yield from (leaf for each in kept if each is not Ellipsis for leaf in _leaves(each))
    elif annotation is not NoneType:
        yield annotation
