"""Submissions of known quality: studies of ours, each of six elements that are sound or flawed, with fresh numbers.

What makes a submission good or bad is written beside it (`data/papers_*.yaml`, and `papers.md` on how they are
written): quality is the share of its elements that are sound, true by construction, and never told to an agent.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import yaml

from simrun.agents.records import Record
from simrun.scenarios.peer_review.figures import drawn, filled

Quality = Literal["high", "middle", "low"]
QUALITIES: tuple[Quality, ...] = ("high", "middle", "low")
SECTIONS = ("Abstract", "Introduction", "Related work", "Methods", "Results", "Discussion", "Limitations")


class Element(Record):
    """One thing that a study does rightly or not."""

    fatal: bool
    """Whether the conclusion falls with it."""
    what: str
    """What is wrong where it is flawed, as a careful reviewer would say it."""
    names: str
    """Regular expression of the words by which a review names it."""


class Passage(Record):
    """One or two sentences, in the forms that they can take."""

    say: str = ""
    again: str = ""
    """The same in other words."""
    story: str = ""
    """The same evidence, better told."""
    element: str = ""
    """The element that it is about; then it is sound or flawed."""
    sound: str = ""
    sound_again: str = ""
    flawed: str = ""

    def told(self, flawed: bool, reworded: bool, story: bool) -> str:
        """One of its forms."""
        if self.element and flawed:
            return self.flawed
        if self.element:
            return self.sound_again if reworded else self.sound
        return self.story if story and self.story else self.again if reworded else self.say


class Table(Record):
    """Results, computed of the study's numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def told(self, numbers: Mapping[str, float]) -> str:
        """The table as text, a row a line."""
        rows = [" | ".join(filled(cell, numbers) for cell in row) for row in (self.columns, *self.rows)]
        return "\n".join([f"Table. {filled(self.caption, numbers)}", *rows])


class Section(Record):
    """A part of a paper."""

    name: str
    text: tuple[Passage, ...]


class Study(Record):
    """One investigation, that can be made better or worse."""

    id: str
    field: str
    title: str
    story: str
    keywords: tuple[str, ...]
    numbers: Mapping[str, tuple[float, ...]]
    table: Table
    sections: tuple[Section, ...]
    elements: Mapping[str, Element]

    def flaws(self, quality: Quality, rng: np.random.Generator) -> tuple[str, ...]:
        """Which elements are flawed in a submission of a quality, by lot where there is a choice."""
        fatal = [name for name, element in self.elements.items() if element.fatal]
        other = [name for name in self.elements if name not in fatal]
        if quality == "high":
            return ()
        if quality == "middle":
            return tuple(sorted(rng.choice(other, size=2, replace=False)))
        return (*fatal, *sorted(rng.choice(other, size=max(0, 4 - len(fatal)), replace=False)))

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """Fresh numbers."""
        return drawn(self.numbers, rng)


@cache
def studies() -> tuple[Study, ...]:
    """All studies of ours, by field."""
    folder = files("simrun.scenarios.peer_review") / "data"
    texts = sorted(
        (each.name, each.read_text(encoding="utf-8"))
        for each in folder.iterdir()
        if each.name.startswith("papers_") and each.name.endswith(".yaml")
    )
    return tuple(Study.model_validate(each) for _, text in texts for each in _read(text))


def _read(text: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = yaml.safe_load(text)
    return found
