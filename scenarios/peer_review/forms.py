"""What reviewers and chairs hand in: a review in sections, scores on the run's own scale, a decision."""

from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, create_model

from simrun.agents.reply import Decision

LOW, HIGH = 0.0, 10.0
"""Within which every scale lies."""
Steps = tuple[float, ...]
"""A scale: the scores that can be given, in rising order."""
OVERALL = "overall"
SCORED = (OVERALL, "soundness", "novelty", "clarity", "confidence")
"""What a reviewer scores, all on one scale."""


Reason = Literal[
    "new question",
    "sound methods",
    "important result",
    "clear writing",
    "useful to others",
    "nothing new",
    "unsound methods",
    "weak evidence",
    "claims too much",
    "missing related work",
    "unclear writing",
    "little use",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""What can be said for a paper (five) and against it (seven): a fixed list, so that arms can be compared in it."""


class Review(Decision):
    """A review in sections; `review(steps)` adds the scores."""

    summary: str
    strengths: str = ""
    weaknesses: str = ""
    questions: str = ""

    def spoken(self) -> str:
        """What the others read of it, a section a line."""
        parts = ((name, getattr(self, name, "")) for name in ("summary", "strengths", "weaknesses", "questions"))
        said = [f"{name.capitalize()}: {text}" for name, text in parts if text]
        scores = [f"{name} {getattr(self, name):g}" for name in SCORED if getattr(self, name, None) is not None]
        return "\n".join([*said, *([f"Scores: {', '.join(scores)}."] if scores else [])])


class Again(Decision):
    """The score after the discussion; `again(steps)` makes the kind."""

    overall: float
    why: str = ""

    def spoken(self) -> str:
        """The score."""
        return f"My score is now {self.overall:g}. {self.why}".strip()


class MetaReview(Decision):
    """What a chair makes of one paper."""

    summary: str
    accept: bool
    reasons: Annotated[tuple[Reason, ...], Field(max_length=len(REASONS))] = ()
    """What decides it; none where the chair names none."""

    def spoken(self) -> str:
        """The text; the recommendation stands in it or is heard by nobody."""
        return self.summary


class Desk(Decision):
    """Whether a paper is reviewed at all."""

    review: bool
    why: str = ""


def scale(given: Any) -> Steps:
    """The steps of a scale: `1-10` for whole numbers, or the steps themselves. ValueError for anything else."""
    try:
        steps = _between(given) if isinstance(given, str) else tuple(float(step) for step in given)
    except (TypeError, ValueError):
        raise ValueError(
            f"scale {given!r}: give its ends, such as 1-10 or 1-6, or its steps, such as [1,3,5,6,8,10]"
        ) from None
    if len(steps) < 2 or list(steps) != sorted(set(steps)) or not LOW <= steps[0] <= steps[-1] <= HIGH:
        told = given if isinstance(given, str) else f"[{', '.join(f'{step:g}' for step in steps)}]"
        raise ValueError(f"scale {told}: give at least two different steps from {LOW:g} to {HIGH:g}, in rising order")
    return steps


def _between(given: str) -> Steps:
    """The whole numbers from one end to the other. ValueError for what has no two ends."""
    low, high = given.split("-")
    return tuple(float(step) for step in range(int(low), min(int(high), int(HIGH) + 1) + 1))


def _score(steps: Steps) -> Any:
    if steps == tuple(range(int(steps[0]), int(steps[-1]) + 1)):
        return Annotated[int, Field(ge=int(steps[0]), le=int(steps[-1]))]
    whole = tuple(int(step) if step == int(step) else step for step in steps)
    return Literal[whole]


@cache
def review(steps: Steps | None) -> type[Review]:
    """A review with scores on a scale; None without. Only the overall score must be there."""
    if steps is None:
        return Review
    scores: dict[str, Any] = {name: (_score(steps), ... if name == OVERALL else None) for name in SCORED}
    return create_model("Review", __base__=Review, **scores)


@cache
def again(steps: Steps) -> type[Again]:
    """A score on a scale, after the discussion."""
    return create_model("Again", __base__=Again, overall=(_score(steps), ...))


def written(steps: Steps) -> str:
    """A scale in words."""
    if steps == tuple(range(int(steps[0]), int(steps[-1]) + 1)):
        return f"a whole number from {steps[0]:g} to {steps[-1]:g}"
    return "one of " + ", ".join(f"{step:g}" for step in steps)


def bar(steps: Steps) -> float:
    """The lowest score in the upper half of a scale: 6 of 1-10, 4 of 1-6."""
    return next(step for step in steps if step >= (steps[0] + steps[-1]) / 2)
