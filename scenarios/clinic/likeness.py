"""Which patient of one case could have the disease of another, as far as sex, age and place tell."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from rapidfuzz import fuzz

from simrun.scenarios.clinic.cases import ClinicCase
from simrun.scenarios.clinic.words import normal
from simrun.scenarios.demographics import BABY
from simrun.scenarios.sex_specific import PREGNANCY, SEX_SPECIFIC

ADULT, APART = 16, 25
"""Years from which somebody is an adult here, and by how many two adults may differ."""
PLACES = re.compile(
    r"\b(?:head|eye|ear|nose|throat|mouth|neck|chest|breath|lung|heart|abdom|belly|stomach|bowel|stool|urin|kidney|back|"
    r"arm|hand|leg|knee|foot|feet|hip|shoulder|joint|muscle|weak|numb|skin|rash|mood|memory|confus|fever|weight|bleed)",
    re.IGNORECASE,
)
"""Where something is wrong, or how it shows."""


@cache
def anchors() -> Mapping[str, str]:
    """A plausible wrong diagnosis by the name of the disease, of cases that bring none."""
    file = files("simrun.scenarios.clinic") / "data" / "anchors.yaml"
    return {normal(name): wrong for name, wrong in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


def could_have(case: ClinicCase, other: ClinicCase) -> bool:
    """Whether the patient of `case` could have what that of `other` has, and that is another disease.

    Of the same sex where one of the diseases goes with a sex or the sexes are told; both newborn, both minors or both
    adults of like age; and something is wrong at one place at least in both.
    """
    if _alike(other.diagnosis, case.truths()) or _baby(case) != _baby(other):
        return False
    one, two = (each.persona.get("patient", {}) for each in (case, other))
    sexes = {each["gender"] for each in (one, two) if "gender" in each}
    sexed = any(SEX_SPECIFIC.search(text) or PREGNANCY.search(text) for text in (other.diagnosis, other.story))
    if len(sexes) > 1 or (sexed and one.get("gender") != two.get("gender")):
        return False
    ages = [int(each["age"]) for each in (one, two) if each.get("age", "").isdigit()]
    if len(ages) == 2 and ((ages[0] < ADULT) != (ages[1] < ADULT) or abs(ages[0] - ages[1]) > APART):
        return False
    here, there = _places(case), _places(other)
    return len(here & there) * 2 >= len(here | there) > 0


def _places(case: ClinicCase) -> frozenset[str]:
    return frozenset(found.lower() for found in PLACES.findall(f"{case.complaint} {case.story}"))


def _baby(case: ClinicCase) -> bool:
    return BABY.search(f"{case.complaint} {case.story}") is not None


def _alike(name: str, others: tuple[str, ...]) -> bool:
    return any(fuzz.token_set_ratio(normal(name), normal(other)) > 85 for other in others)
