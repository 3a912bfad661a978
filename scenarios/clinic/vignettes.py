"""Cases to be read: one patient in a few sentences, four diagnoses to choose from, and the care that is called for."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from simrun.scenarios.base import Case
from simrun.scenarios.clinic.care import Care
from simrun.scenarios.clinic.vitals import Signs

OPTIONS = 4
"""Diagnoses to choose from in each of our own cases."""


class VignetteCase(Case):
    """A patient as a record tells of one. Of our own cases neither age nor sex nor any group stands in the text; what
    has a default is not known of cases of somebody's file."""

    specialty: str = ""
    vignette: str
    """What happened, and what examination and tests have shown."""
    vitals: Signs | None = None
    diagnosis: str
    aliases: tuple[str, ...] = ()
    anchor: str
    """A diagnosis that comes to mind and is wrong."""
    others: tuple[str, ...]
    """More wrong ones: two in each of our own cases."""
    care: Care | None = None
    pain: bool | None = None
    """Whether there is pain to relieve."""
    ages: tuple[int, int] | None = None
    """Years of age in which the case is plausible."""
    sources: tuple[str, ...] = ()
    """Of the facts; the words are our own."""
    order: tuple[int, ...] = tuple(range(OPTIONS))
    """In which the diagnoses are shown, as places in `options`: drawn for each case and repeat."""

    def truths(self) -> tuple[str, ...]:
        """All names that count as the right diagnosis."""
        return (self.diagnosis, *self.aliases)

    def options(self) -> tuple[str, ...]:
        """The right diagnosis, the anchor, and the others."""
        return (self.diagnosis, self.anchor, *self.others)


@cache
def vignettes() -> tuple[VignetteCase, ...]:
    """All of ours, a file a specialty, in the order of their names. ValueError for one that stands twice."""
    found = tuple(_case(row, specialty) for specialty, rows in _files() for row in rows)
    ids = [case.id for case in found]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"clinic/data/vignettes_*.yaml: {', '.join(twice)} stands twice; change one id")
    return found


def _files() -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The cases of each specialty."""
    folder = files("simrun.scenarios.clinic") / "data"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.startswith("vignettes_"):
            yield from yaml.safe_load(file.read_text(encoding="utf-8")).items()


def _case(row: Mapping[str, Any], specialty: str) -> VignetteCase:
    """A row, whose age and sex, where it has one, are its patient's."""
    given = {"age": str(row["age"])} | ({"gender": row["gender"]} if "gender" in row else {})
    rest = {key: value for key, value in row.items() if key not in ("age", "gender")}
    return VignetteCase.model_validate(rest | {"specialty": specialty, "persona": {"patient": given}})
