"""What a user asks: our own questions, and a file of the same form."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from simrun.agents.records import Record
from simrun.agents.speech import ENGLISH
from simrun.scenarios.base import Case, Fault
from simrun.scenarios.dialogue.shipped import shipped

Kind = Literal["everyday", "borderline", "advice", "fact", "contested"]
"""Harmless; harmless and sounding otherwise; where an answer can be good or poor; with one right option; with two
positions and no right one."""
Sensitivity = Literal["", "exaggerated_risk", "negated_harm", "counterintuitive"]
"""What an over-sensitive assistant takes amiss: a small risk that is well in hand, a harm that is named to be avoided,
a word with a harmless meaning. Source: Li et al. 2024, arXiv:2406.17806 (MOSSBench)."""
OWN = "questions.yaml"
Words = Mapping[str, str]
"""By language (ISO 639-1)."""


class Item(Record):
    """One question as it stands in a file."""

    id: str = Field(min_length=1)
    kind: Kind
    of: Sensitivity = ""
    because: str
    """What makes a right answer right, or the question harmless."""
    source: str = ""
    said: Words
    options: Mapping[str, tuple[str, ...]] = {}
    """In the same order in every language; none for a question that is answered freely."""
    right: int | None = Field(None, ge=0)
    """Which option is right, from 0; None where none is."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if ENGLISH not in self.said or not all(text.strip() for text in self.said.values()):
            raise ValueError(f"said: expected a text for {ENGLISH} and for every other language that is named")
        choice = self.kind in ("fact", "contested")
        if choice != bool(self.options) or (choice and set(self.options) != set(self.said)):
            raise ValueError(f"options: a {self.kind} question has {'them in every language' if choice else 'none'}")
        if len(sizes := {len(each) for each in self.options.values()}) > 1 or sizes & {0, 1}:
            raise ValueError("options: expected the same two or more in every language")
        if (self.kind == "fact") != (self.right is not None) or (self.right or 0) >= max(sizes, default=1):
            raise ValueError("right: expected the number of an option, from 0, for a fact and for nothing else")
        return self


class Question(Case):
    """A question and what is asked after it, line by line and by language."""

    kind: Kind
    of: Sensitivity = ""
    because: str = ""
    source: str = ""
    wordings: tuple[tuple[Words, ...], ...]
    """By wording the lines, each by language; the first without its options."""
    options: Mapping[str, tuple[str, ...]] = {}
    right: int | None = None
    lines: tuple[Words, ...] = ()
    """The lines as they are written, once wording, turns and the order of the options are known."""
    language: str = ENGLISH
    """What the user speaks, once somebody is cast."""
    said: tuple[str, ...] = ()
    """The lines as the user says them."""
    swapped: bool = False
    """Whether the options stand in the opposite order."""

    def asked(self, wording: int, turns: int, swapped: bool) -> Self:
        """The lines that are asked, with the options under the first."""
        first, *others = self.wordings[wording % len(self.wordings)][:turns]
        listed = {code: f"{text}{_listed(self._ordered(code, swapped))}" for code, text in first.items()}
        return self.model_copy(update={"lines": (listed, *others), "swapped": swapped})

    def letters(self) -> tuple[str, ...]:
        """A letter for each option, none where there are none."""
        return tuple(ascii_uppercase[: len(next(iter(self.options.values()), ()))])

    def letter(self, option: int) -> str:
        """The letter under which an option stands."""
        letters = self.letters()
        return letters[len(letters) - 1 - option if self.swapped else option]

    def _ordered(self, code: str, swapped: bool) -> tuple[str, ...]:
        options = self.options.get(code, ())
        return options[::-1] if swapped else options


def _listed(options: tuple[str, ...]) -> str:
    return "".join(f"\n{letter}) {text}" for letter, text in zip(ascii_uppercase, options, strict=False))


@cache
def own() -> tuple[Question, ...]:
    """Our questions."""
    return tuple(_question(Item.model_validate(each)) for each in shipped(OWN)["questions"])


def given(path: str) -> tuple[tuple[Question, ...], tuple[Fault, ...]]:
    """The questions of a YAML file (a list of them, or one under `questions`), and the items that are none.

    Raises FileNotFoundError where there is no file, ValueError where nothing in it is a question.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise FileNotFoundError(
            f"scenario.data: no file {path!r}; give a YAML file of questions, or leave it out for simrun's own"
        )
    questions: list[Question] = []
    faults: list[Fault] = []
    for line, item in _items(place):
        try:
            read = _question(Item.model_validate(item))
            if read.id in {each.id for each in questions}:
                raise ValueError(f"id: {read.id!r} stands before")
            questions.append(read)
        except (ValidationError, ValueError) as error:
            field, why = _why(error)
            faults.append(Fault(file=path, line=line, field=field, why=why))
    if not questions:
        first = f"; first fault: {faults[0]}" if faults else ""
        raise ValueError(f"scenario.data: {path} holds no question{first}")
    return tuple(questions), tuple(faults)


def _items(place: Path) -> Iterator[tuple[int, Any]]:
    """Each item with the line that it begins on."""
    try:
        root = yaml.compose(place.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        read = yaml.safe_load(place.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"scenario.data: {place} is no YAML file: {error}") from None
    nodes = root
    if isinstance(root, yaml.MappingNode) and isinstance(read, dict) and "questions" in read:
        nodes = next(value for key, value in root.value if key.value == "questions")
        read = read["questions"]
    if not isinstance(nodes, yaml.SequenceNode):
        raise ValueError(f"scenario.data: {place}: expected a list of questions, got {type(read).__name__}")
    yield from ((node.start_mark.line + 1, item) for node, item in zip(nodes.value, read, strict=True))


def _why(error: ValueError) -> tuple[str, str]:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ".".join(map(str, first["loc"])) or "-", first["msg"].removeprefix("Value error, ")
    return "id", str(error)


def _question(item: Item) -> Question:
    """The question with its frames and follow-ups, in the languages that it has of those that these have."""
    frames, follow = shipped(OWN)["frames"], shipped(OWN)["follow_ups"][item.kind]
    if unknown := sorted(set(item.said) - set(frames)):
        raise ValueError(f"said: no language {', '.join(unknown)}; there are {', '.join(frames)}")
    after = tuple({code: follow[code][at] for code in item.said} for at in range(len(follow[ENGLISH])))
    worded = [
        {code: frames[code][at].format(question=text) for code, text in item.said.items()}
        for at in range(len(frames[ENGLISH]))
    ]
    return Question(
        **item.model_dump(include={"id", "kind", "of", "because", "source", "options", "right"}),
        wordings=tuple((first, *after) for first in worded),
    )
