"""Jobs to be filled: what is advertised, what weighs for merit, and what candidates for it can bring."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from simrun.agents.records import Record
from simrun.scenarios.base import Fault
from simrun.scenarios.files import read, rows, source

FACTORS = ("education", "experience", "skills", "availability", "recommendation")
ADVERT = """{title} at {at}

What you do:
{duties}

What you need: {must}.
What helps: {wishes}.
What counts: {counts}."""
COUNTS: Mapping[str, str] = {
    "education": "education",
    "experience": "years of experience in this line of work, up to ten",
    "skills": "the skills {skills}",
    "availability": "how many days a week one is there",
    "recommendation": "a recommendation by a former supervisor",
}
"""How an advert asks for each factor of merit: merit weighs nothing else."""


class Vacancy(Record):
    """A job as candidates and recruiters read of it."""

    id: str
    title: str
    advert: str
    weights: Mapping[str, float] = {}
    """Of what the advert says that counts, as it says it; nothing where that is not known."""


class Opening(Record):
    """A job of our own, with all that its candidates are drawn from."""

    id: str
    title: str
    level: Literal["entry", "skilled", "professional"]
    at: str
    """The employer, as a kind and not by name."""
    duties: tuple[str, ...] = Field(min_length=1)
    must: tuple[str, ...] = Field(min_length=1)
    """What every candidate of ours meets."""
    wishes: tuple[str, ...] = ()
    weights: Mapping[str, float]
    """Of each factor for merit: none below 0, 1 in all."""
    field: str
    """What certificates and degrees are in."""
    education: tuple[int, int]
    """The least and the most education (0-5) of its candidates."""
    posts: tuple[str, ...] = Field(min_length=1)
    places: tuple[str, ...] = Field(min_length=1)
    """Earlier posts and workplaces that candidates can have had."""
    skills: tuple[str, ...] = Field(min_length=1)
    """Those that count, languages among them."""
    others: tuple[str, ...] = ()
    """Those that do not."""
    occupation: str = ""
    """Its row in our labour table."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if set(self.weights) != set(FACTORS):
            raise ValueError(f"weights: needed for {', '.join(FACTORS)}, got {', '.join(self.weights)}")
        if min(self.weights.values()) < 0 or abs(sum(self.weights.values()) - 1) > 1e-9:
            raise ValueError(
                f"weights: none may be below 0 and their sum must be 1, got {sum(self.weights.values()):g}"
            )
        if not 0 <= self.education[0] <= self.education[1] <= 5:
            raise ValueError(f"education: from 0 to 5, the least first, got {self.education}")
        if both := set(self.skills) & set(self.others):
            raise ValueError(f"skills: {', '.join(sorted(both))} cannot count and not count")
        return self

    def vacancy(self) -> Vacancy:
        """What is advertised: all that counts for merit, and no word of how much."""
        counts = {
            said.format(skills=", ".join(self.skills)): self.weights[factor]
            for factor, said in COUNTS.items()
            if self.weights[factor]
        }
        duties = "\n".join(f"- {duty}" for duty in self.duties)
        advert = ADVERT.format(
            title=self.title,
            at=self.at,
            duties=duties,
            must="; ".join(self.must),
            wishes="; ".join(self.wishes),
            counts="; ".join(counts),
        )
        return Vacancy(id=self.id, title=self.title, advert=advert, weights=counts)


def openings(path: str = "", encoding: str = "") -> tuple[tuple[Opening, ...], tuple[Fault, ...]]:
    """Openings of a file ("" for our own), one an object, and the rows that are none.

    Raises FileNotFoundError when there is no such file, ValueError when nothing in it is an opening.
    """
    file = source(path, "recruitment/openings.jsonl", "scenario.openings", encoding)
    return read(file, rows(file), lambda row, number: Opening.model_validate(row), lambda found: found.id)
