"""Who somebody is, and how it shows: stated, by the name only, by what they say first, by how they say all of it, or
by what stands on their CV."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal

from pydantic import Field, field_validator

from simrun.agents.names import stock
from simrun.agents.records import Record
from simrun.agents.speech import ENGLISH, Rewrite, rewritten

Surface = Literal["stated", "name", "cue", "spoken", "pronoun", "club", "school", "gap"]
SPOKEN: tuple[Surface, ...] = ("stated", "name", "cue")
"""How somebody shows who takes part in a conversation."""
SCRIPTED: tuple[Surface, ...] = (*SPOKEN, "spoken")
"""How somebody shows all of whose words are written: also by the variety or the language of them."""
WRITTEN: tuple[Surface, ...] = ("stated", "name", "pronoun", "club", "school", "gap")
"""How somebody shows who is read about: in the entries and lines of a CV."""

SURFACES: Mapping[Surface, str] = {
    "stated": "It is said in so many words.",
    "name": "By a name that people of this level often have.",
    "cue": "By something that is mentioned by the way.",
    "spoken": "By the variety of a language, or the language, in which they speak.",
    "pronoun": "By the pronouns with which others write of them.",
    "club": "By a membership in their CV.",
    "school": "By a school in their CV.",
    "gap": "By a gap between two positions in their CV.",
}
"""What each way to show is."""

UNSTATED = "unstated"
"""The level of every axis at which nothing is said of it: a reference without identifiers."""
CONSENT = "{subject} agreed that {possessive} file may be passed on, and asked that news be sent to {object} by letter."
"""A sentence of an office about an applicant: all three pronouns, in verb forms
that fit each of them, and nothing of merit."""
MEMBERSHIP = "Memberships: {club}."
SCHOOL = "School: {school}."
GAP = "Career break: {gap}."


class Level(Record):
    """One value of an axis, in the words that each surface needs."""

    phrase: str = ""
    """Fills the axis's sentence; the level's own key when empty."""
    group: str = ""
    """The people of this level, plural: fills {group} in a bias."""
    attribute: str = ""
    """What the level is about, such as disability, on an axis whose levels are about several things; "" for its
    reference."""
    names: Mapping[str, tuple[str, ...]] = {}
    """Full names by gender (woman, man) that are read as this level. In a file also the name of a stock in
    agents/data/names.yaml, for all of them or for one gender."""
    cue: str | Mapping[str, str] = ""
    """First words that let the level be inferred, one text or one by gender."""
    rewrites: tuple[Rewrite, ...] | None = None
    """Rules by which what is written in the standard is said in this level's way, in their order, so that a person
    speaks so throughout; none of them for the standard itself, None where nobody speaks by this axis."""
    language: str = ""
    """ISO 639-1 code of the language that a person of this level speaks throughout; "" where the axis is about
    something else."""
    terms: tuple[str, ...] = ()
    """Lower-case words that state this level in the text of a case."""
    pronouns: tuple[()] | tuple[str, str, str] = ()
    """Subject, object and possessive: she, her, her."""
    clubs: tuple[str, ...] = ()
    """Memberships that let the level be inferred; like names, those of one rank are alike but for the level."""
    schools: tuple[str, ...] = ()
    """Secondary schools that let the level be inferred, by rank."""
    gaps: tuple[str, ...] = ()
    """Reasons of one career break that let the level be inferred, by rank."""

    @field_validator("names", mode="before")
    @classmethod
    def _stocked(cls, given: Any) -> Any:
        if isinstance(given, str):
            return stock(given)
        stocked = isinstance(given, Mapping) and any(isinstance(each, str) for each in given.values())
        if not stocked:
            return given
        return {gender: stock(each)[gender] if isinstance(each, str) else each for gender, each in given.items()}


class Axis(Record):
    """An attribute of a person that an audit can vary."""

    name: str
    about: str
    stated: str = Field(pattern=r"\{level\}")
    """The entry on a record sheet, with the slot {level}."""
    open: bool = False
    """Whether levels that are not listed are allowed; they are stated as they are."""
    adjective: bool = False
    """Whether a level's phrase can stand before a noun, and so replace another level's word in the text of a case."""
    shows: Surface = "stated"
    """How it shows where a run does not say and a person can show so; else it is stated."""
    levels: Mapping[str, Level]
    sources: tuple[str, ...] = ()

    def level(self, key: str) -> Level:
        """The level called `key`, or one of which nothing is said (`unstated`); ValueError lists those there are."""
        if key in self.levels:
            return self.levels[key]
        if self.open or key == UNSTATED:
            return Level()
        raise ValueError(
            f"axis {self.name!r} has no level {key!r}; its levels are {', '.join((*self.levels, UNSTATED))}"
        )

    def surfaces(self, key: str, among: Sequence[Surface] = SPOKEN) -> tuple[Surface, ...]:
        """Of these ways to show, those in which a level can; in each of them nothing can be said."""
        level = self.level(key)
        if key == UNSTATED and key not in self.levels:
            return tuple(among)
        has: dict[Surface, object] = {"stated": True, "name": level.names, "cue": level.cue, "pronoun": level.pronouns}
        has |= {"club": level.clubs, "school": level.schools, "gap": level.gaps}
        has |= {"spoken": level.rewrites is not None or level.language}
        return tuple(surface for surface in among if has[surface])


class Trait(Record):
    """One axis at one level, showing in one way."""

    axis: Axis
    level: str
    surface: Surface = "stated"

    def told(self) -> bool:
        """Whether anything is said of it."""
        return self.level != UNSTATED or self.level in self.axis.levels

    def stated(self) -> str:
        """The entry on a record sheet; "" where nothing is said."""
        return (
            "" if not self.told() else self.axis.stated.format(level=self.axis.level(self.level).phrase or self.level)
        )

    def group(self) -> str:
        """The people who share this trait, plural."""
        return self.axis.level(self.level).group or f"people with {self.stated().rstrip('.').lower()}"


class Paper(Record):
    """What stands on somebody's CV about who they are; "" where nothing does, None for a name that is withheld."""

    name: str | None = None
    stated: str = ""
    pronoun: str = ""
    """A sentence about the person that has pronouns in it."""
    club: str = ""
    school: str = ""
    gap: str = ""

    def lines(self) -> tuple[str, ...]:
        """All of it but the name, each a line of its own, in one order."""
        return tuple(filter(None, (self.stated, self.school, self.gap, self.club, self.pronoun)))

    def spans(self) -> tuple[str, ...]:
        """Every text by which the person shows: what may differ between the arms of a pair."""
        return tuple(filter(None, (self.name, *self.lines())))


class Persona(Record):
    """Somebody: their traits, those that an audit varies last.

    `draw` picks the name: the same number picks the names at one rank of each level, so that the arms of a pair differ
    in the level and not in how far down a list its name stands.
    """

    traits: tuple[Trait, ...] = ()
    draw: int = 0
    names: int | None = None
    """How many of a list of names are used; None for all."""

    def level(self, axis: str) -> str | None:
        """The level on an axis, None when the persona does not say."""
        return next((trait.level for trait in self.traits if trait.axis.name == axis), None)

    def trait(self, axis: str) -> Trait | None:
        """The trait on an axis, None when the persona does not say."""
        return next((trait for trait in self.traits if trait.axis.name == axis), None)

    def name(self) -> str | None:
        """The full name, None unless a trait shows by name. A name list of the gender's own axis is the last choice."""
        gender = self.level("gender")
        named = [trait for trait in self.traits if trait.surface == "name"]
        for trait in sorted(named, key=lambda trait: trait.axis.name == "gender"):
            names = trait.axis.level(trait.level).names
            if gender is not None and gender in names:
                return self._drawn(names[gender])
            if gender is None and names:
                return self._drawn([name for rank in zip_longest(*names.values()) for name in rank if name])
        return None

    def _drawn(self, names: Sequence[str]) -> str:
        return names[self.draw % min(self.names or len(names), len(names))]

    def sheet(self) -> str:
        """What others read about this person before a word is said: the name if it shows, then what is stated."""
        name = self.name()
        stated = [trait.stated() for trait in self.traits if trait.surface == "stated" and trait.told()]
        return " ".join([f"Name: {name}."] * (name is not None) + stated)

    def self_sheet(self) -> str:
        """What the person is told about themselves: the sheet, and what they, or their CV, will only hint at."""
        hinted = [trait.stated() for trait in self.traits if trait.surface not in ("stated", "name")]
        return " ".join(filter(None, [self.sheet(), *hinted]))

    def paper(self) -> Paper:
        """What stands on this person's CV."""
        return Paper(
            name=self.name(),
            stated=" ".join(each.stated() for each in self.traits if each.surface == "stated" and each.told()),
            pronoun=self._pronoun(),
            club=self._ranked("club", MEMBERSHIP),
            school=self._ranked("school", SCHOOL),
            gap=self._ranked("gap", GAP),
        )

    def _pronoun(self) -> str:
        for trait in self.traits:
            if trait.surface == "pronoun" and (forms := trait.axis.level(trait.level).pronouns):
                return CONSENT.format(subject=forms[0].capitalize(), object=forms[1], possessive=forms[2])
        return ""

    def _ranked(self, surface: Surface, line: str) -> str:
        """The entry of each trait that shows so, at one rank."""
        lists = [_entries(trait, surface) for trait in self.traits if trait.surface == surface]
        shown = "; ".join(entries[self.draw % len(entries)] for entries in lists if entries)
        return line.format(**{surface: shown}) if shown else ""

    def opening(self) -> str:
        """The first words, of every trait that shows by a cue."""
        return " ".join(filter(None, (self._cue(trait) for trait in self.traits if trait.surface == "cue")))

    def language(self) -> str:
        """The language in which the person speaks; English where no trait shows by that."""
        return next((said for trait in self._heard() if (said := trait.axis.level(trait.level).language)), ENGLISH)

    def mixed(self) -> bool:
        """Whether the person is to speak a variety of another language than the one that they speak."""
        levels = [trait.axis.level(trait.level) for trait in self._heard()]
        return any(level.rewrites and (level.language or ENGLISH) != self.language() for level in levels)

    def variety(self) -> tuple[Rewrite, ...]:
        """The rules by which the person's way of speaking differs from the standard of that language."""
        return tuple(rule for trait in self._heard() for rule in trait.axis.level(trait.level).rewrites or ())

    def spoken(self, text: str) -> str:
        """What is written in the standard, as the person says it."""
        return rewritten(text, self.variety())

    def _heard(self) -> tuple[Trait, ...]:
        return tuple(trait for trait in self.traits if trait.surface == "spoken")

    def _cue(self, trait: Trait) -> str:
        cue = trait.axis.level(trait.level).cue
        return cue if isinstance(cue, str) else cue.get(self.level("gender") or "", next(iter(cue.values()), ""))


def _entries(trait: Trait, surface: Surface) -> tuple[str, ...]:
    level = trait.axis.level(trait.level)
    return {"club": level.clubs, "school": level.schools, "gap": level.gaps}.get(surface, ())


_PRONOUNS = ("she", "he", "her", "his", "him", "hers", "himself", "herself")


def masked(axes: Sequence[Axis]) -> str:
    """Regular expression of every word by which a level of these axes shows; "" for none.

    Phrases, terms, names, cues, and pronouns where gender is one of them.
    """
    words: set[str] = set(_PRONOUNS) if any(axis.name == "gender" for axis in axes) else set()
    for axis in axes:
        for key, level in axis.levels.items():
            cues = [level.cue] if isinstance(level.cue, str) else level.cue.values()
            names = [part for listed in level.names.values() for name in listed for part in (name, *name.split())]
            words |= {
                key,
                level.phrase,
                Trait(axis=axis, level=key).group(),
                *cues,
                *names,
                *level.terms,
                *level.clubs,
                *level.schools,
                *level.gaps,
            }
    found = sorted(filter(None, words), key=lambda word: (-len(word), word))
    return rf"\b(?:{'|'.join(map(re.escape, found))})(?!\w)" if found else ""
