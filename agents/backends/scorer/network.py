"""A trained network that scores what it reads: patterns that find numbers in a text,
and weights that turn them into a score."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from simrun.agents.records import Record

Floats = NDArray[np.float64]


class Unread(ValueError):
    """A text that does not say what a network must know, and what it lacks."""


class Feature(Record):
    """A number that a text holds."""

    name: str
    pattern: str
    """Regular expression; its first match counts. What its group caught is the number;
    without a group, finding it at all is 1."""
    table: Mapping[str, float] = {}
    """Words that the group can catch, and the number that each means."""
    needed: bool = False
    """Whether a text without it cannot be scored; else its number is 0 there."""

    def number(self, text: str) -> float:
        """What the text says; Unread where it must say it and does not."""
        found = _compiled(self.pattern).search(text)
        if found is None:
            if self.needed:
                raise Unread(f"nothing in it says {self.name}, looked for as {self.pattern}")
            return 0.0
        if not found.re.groups:
            return 1.0
        return self.table[found[1]] if found[1] in self.table else float(found[1])


class Reading(Record):
    """How a text is read: from where on, as one person's or several people's, and for which numbers."""

    features: tuple[Feature, ...] = Field(min_length=1)
    after: str = ""
    """What stands before the text about one person; what comes before its first
    occurrence, such as an advert, is not read."""
    label: str = ""
    """Regular expression, with the label as its group, of the line before each person's text
    where there are several; "" reads only one."""

    subject: str = ""
    """Words that the whole text must hold, such as the job that the network was trained for; "" for any text."""

    def numbers(self, text: str) -> Floats:
        """The features of one person's text (d,); Unread where a needed one is missing."""
        return np.array([feature.number(text) for feature in self.features])

    def person(self, text: str) -> str:
        """The text about the one person there is; Unread where there is none."""
        self._asked(text)
        _, found, said = text.partition(self.after) if self.after else ("", "all", text)
        if not found:
            raise Unread(f"it holds no {self.after.strip()!r}")
        return said

    def people(self, text: str) -> dict[str, str]:
        """The text about each of several people, by label; Unread where there are none."""
        self._asked(text)
        parts = _compiled(self.label).split(text) if self.label else []
        if len(parts) < 3:
            raise Unread(
                f"nobody in it is headed by {self.label!r}"
                if self.label
                else "this network reads about one person at a time"
            )
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def _asked(self, text: str) -> None:
        if self.subject not in text:
            raise Unread(f"it does not name {self.subject!r}, for which the network was trained")


@dataclass(frozen=True, eq=False)
class Network:
    """One hidden layer over standardised features; the weights are plain arrays, so that playing it takes no torch."""

    centre: Floats
    """Mean of each feature where it was trained (d,)."""
    width: Floats
    """Standard deviation of each feature there, 1 for one that did not vary (d,)."""
    inward: Floats
    """Weights from features to hidden units (d, h)."""
    offset: Floats
    """Of the hidden units (h,)."""
    outward: Floats
    """Weights from hidden units to the score (h,)."""
    level: float
    """The score of hidden units that are all 0."""
    bar: float
    """75th percentile of its scores where it was trained."""
    reading: Reading | None = None
    """How it reads texts; None for a network that was trained on other numbers."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on, and how: anything that JSON can hold."""

    def hidden(self, features: ArrayLike) -> Floats:
        """Its representation of each row, from (n, d) to (n, h): what it knows of somebody when it scores them."""
        given: Floats = np.asarray(features, dtype=float)
        return np.tanh((given - self.centre) / self.width @ self.inward + self.offset)

    def scores(self, features: ArrayLike) -> Floats:
        """The score of each row, (n, d) to (n,), in the unit of the labels that it was trained on."""
        return self.hidden(features) @ self.outward + self.level

    def score(self, text: str) -> float:
        """The score of one person's text; Unread where it lacks something needed, or this network reads no texts."""
        if self.reading is None:
            raise Unread("this network was trained on numbers and reads no texts")
        return float(self.scores(self.reading.numbers(text)[None])[0])

    def save(self, path: str | Path) -> None:
        """Write it to one file of arrays and JSON (.npz)."""
        reading = self.reading.model_dump(mode="json") if self.reading else None
        told = json.dumps({"reading": reading, "about": self.about, "level": self.level, "bar": self.bar})
        with Path(path).open("wb") as file:
            np.savez(file, told=np.array(told), **{name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read such a file, which is data and runs no code; FileNotFoundError,
        or ValueError when it is something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays, told = {name: file[name] for name in ARRAYS}, json.loads(str(file["told"]))
            reading = None if told["reading"] is None else Reading.model_validate(told["reading"])
            return cls(
                **arrays, level=float(told["level"]), bar=float(told["bar"]), about=told["about"], reading=reading
            )._sound()
        except FileNotFoundError:
            raise
        except (KeyError, TypeError, ValueError, EOFError, OSError, BadZipFile) as error:
            raise ValueError(f"{path} is no network of simrun's: {type(error).__name__}: {error}") from None

    def _sound(self) -> Self:
        features, units = self.inward.shape
        shapes = (self.centre.shape, self.width.shape, self.offset.shape, self.outward.shape)
        if shapes != ((features,), (features,), (units,), (units,)):
            raise ValueError(f"its arrays do not fit each other: {self.inward.shape} with {shapes}")
        if self.reading and len(self.reading.features) != features:
            raise ValueError(f"it reads {len(self.reading.features)} features and weighs {features}")
        return self


ARRAYS = ("centre", "width", "inward", "offset", "outward")


def table(reading: Reading, texts: Sequence[str]) -> Floats:
    """The features of many texts (n, d), each about one person."""
    return np.array([reading.numbers(text) for text in texts]).reshape(len(texts), len(reading.features))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
