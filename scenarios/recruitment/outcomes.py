"""What the outcomes of several modes of recruitment have in common."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from simrun.agents.reply import Decision
from simrun.scenarios.outcome import Better, Outcome, Range
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.decisions import HIGHEST, Assessment

Score = Annotated[int | None, Better("higher"), Range(0, HIGHEST)]
Share = Annotated[float | None, Range(0, 1)]


class Selected(Outcome):
    """What the outcomes of all modes have that choose somebody. None is a missing value: nothing was decided that
    could be read."""

    accuracy: ClassVar[str] = "right"
    merit_field: ClassVar[str] = "merit"
    qualified_field: ClassVar[str] = "qualified"

    merit: float | None
    """What the applicant is worth by construction, 0 to 1, or as the file has it."""
    qualified: bool | None
    """Merit at or above the 75th percentile of those who apply for this job; of several, among the best for the
    places there are."""


class Assessed(Selected):
    """What the outcomes have of the modes in which one applicant is scored and invited or not."""

    primary: ClassVar[tuple[str, ...]] = ("invited", "score")
    planted_field: ClassVar[str] = "invited"
    decision_field: ClassVar[str] = "invited"
    score_field: ClassVar[str] = "score"

    score: Score
    invited: Annotated[bool | None, Better("higher")]
    right: Annotated[bool | None, Better("higher")]
    """Invited and qualified, or neither."""


def assessed(case: RecruitmentCase, said: Decision | None) -> dict[str, Any]:
    """Score and invitation beside what is true."""
    merit = case.applicants[0].merit()
    qualified = None if merit is None or case.bar is None else merit >= case.bar
    score, invited = (said.score, said.invite) if isinstance(said, Assessment) else (None, None)
    right = None if invited is None or qualified is None else invited == qualified
    return {"merit": merit, "qualified": qualified, "score": score, "invited": invited, "right": right}


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return float(np.mean(values)) if len(values) else None
