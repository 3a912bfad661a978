"""CVs as plain text, in several styles that say the same, with who it is in marked lines."""

from collections.abc import Mapping
from typing import Literal

from simrun.agents.persona import Paper, Persona
from simrun.agents.quoting import one_line, set_off
from simrun.scenarios.base import Unfit
from simrun.scenarios.demographics import possible
from simrun.scenarios.recruitment.candidates import Candidate, Position, Skill
from simrun.scenarios.recruitment.full import full

Style = Literal["chronological", "compact", "narrative", "full"]

WITHHELD = "Name withheld"
"""Heads a CV whose name does not show: of a blind reading, or of a persona that shows otherwise."""
DEGREES = (
    "no school-leaving certificate",
    "a school-leaving certificate",
    "a vocational certificate in {field}",
    "a bachelor's degree in {field}",
    "a master's degree in {field}",
    "a doctorate in {field}",
)
LEVELS = {1: "basic", 2: "good", 3: "very good"}
RECOMMENDED = {
    True: "with a recommendation by a former supervisor",
    False: "without a recommendation by a former supervisor",
}

CHRONOLOGICAL = """CURRICULUM VITAE
{name}

EXPERIENCE
{experience}
{positions}

EDUCATION
{education}

SKILLS
{skills}

{last}"""
COMPACT = """{name}: CV in brief
* {education} / {experience} / {last}
* Posts: {positions}
* Skills: {skills}"""
NARRATIVE = """Profile of {name}

I bring {experience}; in detail: {positions}. As to education, I have {education}. Among what I can do are: {skills}. {last}"""
FURTHER = "Further entries: {lines}"
NOTHING = "none"

STYLES: Mapping[Style, tuple[str, str, str]] = {
    "chronological": (CHRONOLOGICAL, "\n", "- "),
    "compact": (COMPACT, "; ", ""),
    "narrative": (NARRATIVE, ", ", ""),
}
"""Each style's form, and what stands between and before the items of its lists."""
LAST: Mapping[Style, tuple[str, str]] = {
    "chronological": (
        "AVAILABILITY AND REFERENCES\n{availability}\n{recommendation}",
        "AVAILABILITY\n{availability}",
    ),
    "compact": ("{availability} / {recommendation}", "{availability}"),
    "narrative": ("I am {availability}, and I apply {recommendation}.", "I am {availability}."),
}
"""How each style says what comes last: with what is said of a recommendation, and where nothing is."""

BACHELOR = 3
"""The step of education from which on there is a college."""
YEARS_AT_SCHOOL = (16, 18, 20, 21, 23, 26)
"""The age at which each step of education is reached at the earliest."""


def facts(candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """Everything of merit in a candidate, in the words that every style uses."""
    return {
        "experience": (_years(candidate.experience),),
        "positions": tuple(map(_position, candidate.positions)) or ("not listed" if candidate.experience else NOTHING,),
        "education": (DEGREES[candidate.education].format(field=candidate.field),),
        "skills": tuple(map(_skill, candidate.skills)) or (NOTHING,),
        "availability": (
            f"available for {candidate.availability} {'day' if candidate.availability == 1 else 'days'} a week",
        ),
        "recommendation": () if candidate.recommendation is None else (RECOMMENDED[candidate.recommendation],),
    }


def render(candidate: Candidate, paper: Paper, style: Style = "chronological") -> str:
    """A CV: the facts in one style, the name on top, and who it is else at the end. Paper() is a blind CV."""
    if style == "full":
        return "\n\n".join(filter(None, (_full(candidate, paper.name or WITHHELD), further(paper))))
    form, between, before = STYLES[style]
    said = {what: between.join(_listed(items, what, before)) for what, items in facts(candidate).items()}
    last = LAST[style][candidate.recommendation is None].format(**said)
    return "\n\n".join(filter(None, (form.format(name=paper.name or WITHHELD, last=last, **said), further(paper))))


def _full(candidate: Candidate, name: str) -> str:
    said = {what: tuple(map(one_line, items)) for what, items in facts(candidate).items()}
    first = {what: items[0] for what, items in said.items() if items}
    return full(candidate, said, name, LAST["chronological"][candidate.recommendation is None].format(**first))


def _listed(items: tuple[str, ...], what: str, before: str) -> tuple[str, ...]:
    """The items of a list, each on a line of its own."""
    plain = items if "".join(items).isprintable() else tuple(map(one_line, items))
    return tuple(before + each for each in plain) if before and what in ("positions", "skills") else plain


def further(paper: Paper) -> str:
    """The lines about the person, the same in every style; "" without any."""
    return FURTHER.format(lines=" ".join(paper.lines())) if paper.lines() else ""


def headed(text: str, paper: Paper) -> str:
    """A CV in free words, set off, with the name on top and who it is else at the end, where there are such."""
    return "\n\n".join(filter(None, (paper.name, set_off(text.strip()), further(paper))))


def suits(candidate: Candidate, persona: Persona) -> None:
    """Raises Unfit where a persona contradicts what the CV says, or itself: too young for it, another education, a
    college without a degree."""
    possible(persona)
    age = persona.level("age")
    least = YEARS_AT_SCHOOL[candidate.education] + int(candidate.experience)
    if age is not None and age.isdigit() and int(age) < least:
        raise Unfit(f"the education and experience on this CV take until {least} years of age, not {age}")
    if persona.trait("education") is not None:
        raise Unfit("the CV states an education of its own, which counts for merit")
    if (college := persona.trait("college")) and college.told() and candidate.education < BACHELOR:
        raise Unfit("the CV names no bachelor's degree that could be from a college")


def _years(years: float) -> str:
    if not years:
        return "no experience in this line of work"
    return f"{round(years, 1):g} {'year' if years == 1 else 'years'} of experience in this line of work"


def _position(position: Position) -> str:
    return f"{position.years} {'year' if position.years == 1 else 'years'} as {position.post} at {position.place}"


def _skill(skill: Skill) -> str:
    return f"{skill.name} ({LEVELS[skill.level]})"
