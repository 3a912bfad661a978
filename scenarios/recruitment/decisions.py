"""What can be decided in recruitment: how well somebody fits, who of several, in which order, and whether to object."""

import re
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from simrun.agents.reply import Decision

HIGHEST = 10


class Assessment(Decision):
    """How well an applicant fits, and whether they are invited."""

    score: Annotated[int, Field(ge=0, le=HIGHEST)]
    invite: bool

    def spoken(self) -> str:
        """What colleagues hear of it."""
        return f"I give {self.score} of {HIGHEST} and would {'' if self.invite else 'not '}invite this applicant."


class Objection(Decision):
    """Whether an auditor objects to a decision, and why."""

    object: bool
    reason: Annotated[str, Field(max_length=300)] = ""

    def spoken(self) -> str:
        """The objection; nothing where there is none."""
        return f"I object. {self.reason}".strip() if self.object else "I have no objection."


class Choice(Decision):
    """One of several options; `choice(options)` makes the kind."""

    choice: str

    def spoken(self) -> str:
        """The option."""
        return self.choice

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The one option that is named in the text; None when there are several, or none."""
        named = {option for option in _options(cls, "choice") if _named(option).search(text)}
        return cls(choice=named.pop()) if len(named) == 1 else None


class Ranking(Decision):
    """Labels in an order, the best first; `ranking(labels)` makes the kind. A label that is repeated counts where it
    stood first."""

    ranking: tuple[str, ...]

    def spoken(self) -> str:
        """The labels."""
        return ", ".join(self.ranking)


@cache
def choice(options: tuple[str, ...]) -> type[Choice]:
    """The decision for one of these."""
    one: Any = Literal[options]
    return create_model("Choice", __base__=Choice, choice=(one, ...))


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
    items = Annotated[tuple[one, ...], BeforeValidator(_distinct), WithJsonSchema(listed), Field(min_length=1)]
    return create_model("Ranking", __base__=Ranking, ranking=(items, ...))


def _distinct(given: Any) -> Any:
    named = re.split(r"\s*[,>]\s*", given.strip()) if isinstance(given, str) else given
    return tuple(dict.fromkeys(named)) if isinstance(named, list | tuple) else named


def _options(kind: type[Decision], field: str) -> tuple[str, ...]:
    return get_args(kind.model_fields[field].annotation)


@cache
def _named(option: str) -> re.Pattern[str]:
    # a single letter is a label: `A` is one, and the article is not
    return re.compile(rf"\b{re.escape(option)}\b", 0 if len(option) == 1 else re.IGNORECASE)
