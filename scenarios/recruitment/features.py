"""What can be read out of our CVs: the inverse of their phrases, for networks that score them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from simrun.agents.backends.scorer.network import Feature, Reading
from simrun.agents.persona import Axis, Paper, Persona, Surface, Trait
from simrun.scenarios.recruitment.applications import APPLICATION
from simrun.scenarios.recruitment.cvs import DEGREES, LEVELS, RECOMMENDED
from simrun.scenarios.recruitment.orders import APPLICANT

EDUCATION = {degree.removesuffix(" in {field}"): float(step) for step, degree in enumerate(DEGREES)}


def reading(skills: Sequence[str], attributes: Sequence[Feature] = (), job: str = "") -> Reading:
    """How a network reads our CVs in screening, comparing and ranking: the facts of merit, these skills, and
    attributes of the person.

    A CV that does not say education, experience, days and recommendation is not one of ours, and is not scored; nor
    is one in an application for another job than `job`, a title, where it is given: what skills count there is
    another question.
    """
    merit = (
        _one("education", EDUCATION),
        _pattern("experience", r"\b(no|[\d.]+)(?: years? of)? experience in this line of work", {"no": 0.0}),
        _pattern("availability", r"\bavailable for (\d+) days? a week"),
        _one("recommendation", {said: float(given) for given, said in RECOMMENDED.items()}),
    )
    return Reading(
        features=(*merit, *map(_skill, skills), *attributes),
        after=APPLICATION.partition("{")[0],
        subject=job,
        label="^" + re.escape(APPLICANT.partition("\n")[0]).replace(re.escape("{label}"), r"(\w+)") + "\n",
    )


def attribute(axis: Axis, level: str, others: Iterable[Axis] = ()) -> Feature:
    """1 where a CV shows somebody at this level of an axis, in whatever way a CV can: stated, by name, pronoun,
    club, school or gap.

    `others`: axes whose name lists go by gender, so that a gender is known by the names of each ethnicity too.
    """
    entry = axis.level(level)
    own = [name for names in entry.names.values() for name in names]
    named = [name for other in others for each in other.levels.values() for name in each.names.get(level, ())]
    said = [_paper(axis, level, "stated").stated, _paper(axis, level, "pronoun").pronoun]
    shown = [*said, *own, *named, *entry.clubs, *entry.schools, *entry.gaps]
    spans = "|".join(rf"{re.escape(span)}(?!\w)" for span in dict.fromkeys(filter(None, shown)))
    return Feature(name=f"{axis.name}: {level}", pattern=rf"(?<!\w)(?:{spans})")


def _paper(axis: Axis, level: str, surface: Surface) -> Paper:
    return Persona(traits=(Trait(axis=axis, level=level, surface=surface),)).paper()


def _pattern(name: str, pattern: str, table: Mapping[str, float] = {}) -> Feature:
    return Feature(name=name, pattern=pattern, table=table, needed=True)


def _one(name: str, table: Mapping[str, float]) -> Feature:
    """One of these phrases."""
    return _pattern(name, rf"\b({'|'.join(map(re.escape, table))})", table)


def _skill(name: str) -> Feature:
    """A skill by its level, 0 where it is not named; it stands at the beginning of an item of a list."""
    levels = {said: float(level) for level, said in LEVELS.items()}
    return Feature(name=name, pattern=rf"(?:^- |[:;,] ){re.escape(name)} \(({'|'.join(levels)})\)", table=levels)
