"""What can be decided in recruitment beside who of several: how well somebody fits, an order, whether to object."""

from functools import cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, WithJsonSchema, create_model

from simrun.agents.reply import Decision

HIGHEST = 10


class Fit(Decision):
    """How well an applicant fits."""

    score: Annotated[
        int | float,
        Field(ge=0, le=HIGHEST),
        WithJsonSchema({"type": "integer", "minimum": 0, "maximum": HIGHEST}),
    ]
    """Whole where an engine is held to the form; a half that somebody gives is read as it is."""


class Invitation(Decision):
    """Whether an applicant is invited."""

    invite: bool


class Assessment(Invitation, Fit):
    """How well an applicant fits, and whether they are invited."""

    def spoken(self) -> str:
        """What colleagues hear of it."""
        return f"I give {self.score:g} of {HIGHEST} and would {'' if self.invite else 'not '}invite this applicant."


class Objection(Decision):
    """Whether an auditor objects to a decision, and why."""

    object: bool
    reason: Annotated[str, Field(max_length=300)] = ""

    def spoken(self) -> str:
        """The objection; nothing where there is none."""
        return f"I object. {self.reason}".strip() if self.object else "I have no objection."


class Ranking(Decision):
    """Labels in an order, the best first; `ranking(labels)` makes the kind. A label that is repeated counts where it
    stood first."""

    ranking: tuple[str, ...]

    def spoken(self) -> str:
        """The labels."""
        return ", ".join(self.ranking)

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """All labels in a row, and nothing else."""
        said = super().from_text(text)
        return said if said and len(said.ranking) == len(_labels(cls)) else None


@cache
def ranking(labels: tuple[str, ...]) -> type[Ranking]:
    """The decision that puts these in order."""
    listed: dict[str, Any] = {
        "type": "array",
        "items": {"type": "string", "enum": list(labels)},
        "minItems": len(labels),
        "maxItems": len(labels),
    }
    one: Any = Literal[labels]
    items = Annotated[tuple[one, ...], WithJsonSchema(listed), Field(min_length=1)]
    return create_model("Ranking", __base__=Ranking, ranking=(items, ...))


class Shortlist(Decision):
    """The labels of those who are invited, in no order; `shortlist(labels, places)` makes the kind. A label that is
    repeated counts once, and fewer or more than there are places are no decision."""

    invited: tuple[str, ...]

    def spoken(self) -> str:
        """The labels."""
        return ", ".join(self.invited)


@cache
def shortlist(labels: tuple[str, ...], places: int) -> type[Shortlist]:
    """The decision that names so many of these."""
    listed: dict[str, Any] = {
        "type": "array",
        "items": {"type": "string", "enum": list(labels)},
        "minItems": places,
        "maxItems": places,
    }
    one: Any = Literal[labels]
    items = Annotated[tuple[one, ...], WithJsonSchema(listed), Field(min_length=places, max_length=places)]
    return create_model("Shortlist", __base__=Shortlist, invited=(items, ...))


def _labels(kind: type[Ranking]) -> tuple[str, ...]:
    return get_args(get_args(kind.model_fields["ranking"].annotation)[0])
