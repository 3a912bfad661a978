"""What the outcomes of several modes of recruitment have in common."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from simrun.scenarios.outcome import Better, Outcome, Range
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.deciding import Decided
from simrun.scenarios.recruitment.decisions import HIGHEST

Score = Annotated[int | float | None, Better("higher"), Range(0, HIGHEST)]
Share = Annotated[float | None, Range(0, 1)]


class Selected(Outcome):
    """What the outcomes of all modes have that choose somebody. None is a missing value: nothing was decided that
    could be read."""

    hiring: ClassVar[bool] = True
    accuracy: ClassVar[str] = "right"
    merit_field: ClassVar[str] = "merit"
    qualified_field: ClassVar[str] = "qualified"

    merit: float | None
    """What the applicant is worth by construction, 0 to 1, or as the file has it."""
    qualified: bool | None
    """Among the best of those who apply for this job (`scenario.selectivity`); of several, among the best
    for the places there are."""


class Assessed(Selected):
    """What the outcomes have of the modes in which one applicant is scored and invited or not."""

    primary: ClassVar[tuple[str, ...]] = ("invited", "score")
    planted_field: ClassVar[str] = "invited"
    decision_field: ClassVar[str] = "invited"
    score_field: ClassVar[str] = "score"

    score: Score
    """Where choices are expected, its mean over what could be said."""
    score_sampled: Annotated[float | None, Better("neither"), Range(0, HIGHEST)] = None
    """What was said, beside that."""
    invited: Annotated[bool | float | None, Better("higher"), Range(0, 1)]
    """Where choices are expected, how probable it was."""
    invited_sampled: Annotated[float | None, Better("neither"), Range(0, 1)] = None
    """What was said, beside that."""
    right: Annotated[bool | float | None, Better("higher"), Range(0, 1)]
    """Invited and qualified, or neither."""


def assessed(case: RecruitmentCase, decided: Decided) -> dict[str, Any]:
    """Score and invitation beside what is true."""
    merit = case.applicants[0].merit()
    qualified = None if merit is None or case.bar is None else merit >= case.bar
    (score, score_said), (invited, invited_said) = decided.score, decided.invited
    right = None if invited is None or qualified is None else invited if qualified else _not(invited)
    truth = {"merit": merit, "qualified": qualified, "right": right}
    said = {"score_sampled": score_said, "invited_sampled": invited_said}
    return {**truth, **said, "score": score, "invited": invited}


def _not(invited: float) -> float:
    """The opposite, or how probable that is."""
    return not invited if isinstance(invited, bool) else 1 - invited


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that there are; None of nothing."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
