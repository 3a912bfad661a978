"""When two names name one disease: the same words in any order, side, pace, stage and severity set aside unless they
contradict."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from simrun.scenarios.clinic.words import folded, key, words


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


SIDES = _set("left right bilateral unilateral")
PACES = _set("acute subacute hyperacute chronic")
SEVERITIES = _set("mild moderate severe")
_STAGES = _set("stage grade class")
_PACED = _set("leukemia distress porphyria injury fatigue granulomatous")
"""Names of which acute or chronic is a part: without it they name something else."""
_BESIDE = _set(
    "probably probable likely most more very highly strongly possible possibly perhaps maybe suspected suspect "
    "presumed presumptive presumably suspicious suspicion for consistent compatible suggestive indicative clinical "
    "clinically confirmed definite definitely certainly clearly certain classic classical typical new onset newly "
    "diagnosed diagnosis diagnoses first episode recurrent recurrence relapse active uncomplicated complicated "
    "untreated uncontrolled early late advanced unspecified nos patient case final working leading "
    "be is are was has have had having suffering sided side i it this that there my our your his her me us think "
    "believe favor favored favoring either both to so now here adult elderly am pm sure yes picture current "
    "currently attack flare exacerbated overt frank true massive submassive ruled"
)
"""Words around a name."""
_SYMPTOMS = _set(
    "pain headache fever cough weakness droop dyspnea breathlessness nausea vomiting vertigo dizziness syncope fatigue "
    "rash swelling palpitation hemoptysis hematuria collapse fall confusion malaise chill shortness jaundice itch "
    "itching pruritus numbness hoarseness"
)
_WHERE = _set(
    "arm forearm hand wrist finger elbow shoulder hip knee ankle foot toe leg thigh calf face neck back chest abdomen "
    "eye ear nose mouth scalp groin buttock lip tongue thumb shin heel breast prostate colon stomach liver kidney lung "
    "brain spine sternum jaw"
)
"""Parts of the body."""
_SMALL = _set("of the and a an with to in")
_AKA = re.compile(r"\b(?:also (?:known as|called)|a\.?k\.?a\.?|formerly|i\.e\.|or)\b")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")


class Name(NamedTuple):
    """The words of a name, and those of them that may be added or left out."""

    essential: tuple[str, ...]
    beside: frozenset[str]
    stage: str


class Names(NamedTuple):
    """All names of one disease."""

    first: Name
    """The case's own: what it says of side, pace, stage and severity is not contradicted."""
    keys: frozenset[str]
    """The words of each, in order of the alphabet, and its letters in order of the name."""
    initials: frozenset[str]
    places: frozenset[str]
    """Parts of the body in any of them, where the first has one."""


@lru_cache(maxsize=1024)
def known(names: tuple[str, ...]) -> Names:
    """All that these names, and what stands in their brackets, can be recognised by."""
    each = [name for given in names for name in _expanded(given)]
    read = [name for name in map(_read, each) if name.essential]
    first = _read(folded(names[0])) if names else _read("")
    places = frozenset(word for name in read for word in name.essential) & _WHERE
    return Names(
        first=first,
        keys=frozenset(found for name in read for found in _keys(name)),
        initials=frozenset(found for name in each for found in _initials(name)),
        places=places if places & set(first.essential) else frozenset(),
    )


def _expanded(name: str) -> list[str]:
    """A name, and an abbreviation or a synonym that stands behind it in brackets; a mere qualifier belongs to it."""
    plain = folded(name)
    raws = _BRACKETS.findall(name)
    inside = list(zip(_BRACKETS.findall(plain), raws, strict=False))
    other = [found for found, raw in inside if raw.strip().isupper() or len(_read(found).essential) > 1]
    outside = _BRACKETS.sub(lambda found: " " if found[1] in other else f" {found[1]} ", plain)
    return [part for each in (outside, *other) for part in _AKA.split(each)] + [plain] * bool(_AKA.search(plain))


def compared(plain: str, gold: Names) -> bool:
    """Whether a folded text is one of these names, and contradicts nothing of the first."""
    said = _read(plain)
    if len(said.essential) == 1 and len(said.essential[0]) > 2 and said.essential[0] in gold.initials:
        return not contradicts(said, gold)
    return not gold.keys.isdisjoint(_keys(said)) and not contradicts(said, gold)


def contradicts(said: Name, gold: Names) -> bool:
    """Whether it says another side, pace, stage, severity or part of the body, or leaves out that it is chronic."""
    own = gold.first.beside
    sides, mine = said.beside & SIDES, own & SIDES
    if sides and mine and sides != mine and ("bilateral" in sides | mine or "unilateral" not in sides | mine):
        return True
    for scale in (PACES, SEVERITIES):
        if said.beside & scale and own & scale and said.beside & scale != own & scale:
            return True
    if "chronic" in own and not said.beside & PACES:
        return True
    if said.stage and gold.first.stage and said.stage != gold.first.stage:
        return True
    return elsewhere(said, gold)


def elsewhere(said: Name, gold: Names) -> bool:
    """Whether it names parts of the body, and none of them is the disease's."""
    where = set(said.essential) & _WHERE
    return bool(where and gold.places) and where.isdisjoint(gold.places)


def named(plain: str) -> bool:
    """Whether a folded text names anything."""
    return bool(_read(plain).essential)


def symptom(plain: str) -> bool:
    """Whether a folded text names nothing but a symptom, of whatever part."""
    essential = _read(plain).essential
    return any(word in _SYMPTOMS for word in essential) and len(essential) <= 3


def place(plain: str) -> bool:
    """Whether a folded text names nothing but parts of the body."""
    essential = _read(plain).essential
    return bool(essential) and _WHERE.issuperset(essential)


def staged(plain: str) -> bool:
    """Whether a folded text says a stage, by whatever scale, and no more."""
    found = _read(plain)
    return bool(found.stage) and len(found.essential) <= 2


def together(texts: Iterable[str]) -> Name:
    """All that several texts say."""
    read = [_read(text) for text in texts]
    return Name(
        essential=tuple(word for each in read for word in each.essential),
        beside=frozenset(word for each in read for word in each.beside),
        stage=next((each.stage for each in read if each.stage), ""),
    )


@lru_cache(maxsize=8192)
def _read(plain: str) -> Name:
    found = list(words(plain))
    stage = ""
    for at, word in enumerate(found[:-1]):
        if word in _STAGES and len(found[at + 1]) <= 2:
            stage, found[at : at + 2] = found[at + 1], ["", ""]
    aside = _asides(found)
    essential = tuple(word for word in found if word and word not in aside and not (word == "1" and found[0] == word))
    return Name(essential, frozenset(found) & (SIDES | PACES | SEVERITIES), stage)


def _asides(found: Sequence[str]) -> frozenset[str]:
    paced = not _PACED.isdisjoint(found)
    return _BESIDE | SIDES | SEVERITIES | (frozenset() if paced else PACES)


def _keys(name: Name) -> tuple[str, ...]:
    return (key(name.essential), "".join(name.essential)) if name.essential else ()


def _initials(plain: str) -> tuple[str, ...]:
    every = [word for word in re.findall(r"[^\W_]+", re.sub(r"'s\b", "", plain)) if word not in _SMALL]
    both = (every, [word for word in every if word not in ("disease", "disorder", "syndrome")])
    return tuple(found for each in both if len(found := "".join(word[0] for word in each)) > 2)
