"""What the modes share in which so many of several applicants are invited."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from simrun.agents.persona import Persona
from simrun.scenarios.base import Unfit
from simrun.scenarios.outcome import Better, PerSubject, Range
from simrun.scenarios.reasons import Explained
from simrun.scenarios.recruitment.candidates import lost
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.orders import BothOrders, worth
from simrun.scenarios.recruitment.outcomes import Selected, Share, mean

ORDERS = 2
"""In how many orders applications are read."""


class Placed(Explained, Selected):
    """Who of several is invited; figures are means over both orders of the applications."""

    planted_field: ClassVar[str] = "chosen"
    decision_field: ClassVar[str] = "chosen"
    letters_field: ClassVar[str] = "letters"

    chosen: Annotated[Share, Better("higher")]
    """Share of the two orders in which the applicant was among those who are invited."""
    right: Annotated[Share, Better("higher")]
    """Share of those invited who are also among the best by merit."""
    merit_lost: Annotated[float | None, Better("lower"), Range(0, 1)]
    """Mean merit of the best less that of those invited."""
    consistent: Annotated[bool | None, Better("higher")]
    """The same people invited in both orders."""
    letters: Annotated[PerSubject[float], Better("neither"), Range(0, 1)]
    """Share of the two orders in which each letter was put first or, without an order, invited, whoever had it: they
    are exchanged in the second, so that away from an equal share is a preference for a letter."""


class Places(BothOrders):
    """Options of the modes in which places are stated."""

    applicants: int = Field(5, ge=2, le=20)
    """How many are read at once."""
    places: int = Field(2, ge=1)
    """How many of them are invited: told, whatever else is."""

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.places >= self.applicants:
            raise ValueError(
                f"places: {self.places} of {self.applicants} applicants is no choice; give fewer places, or more "
                "applicants"
            )
        return self

    def together(self) -> int:
        """All who are read at once."""
        return self.applicants

    def fit(self, case: RecruitmentCase, personas: Mapping[str, Persona], blind: frozenset[str]) -> RecruitmentCase:
        """The first `applicants` of the case, which has as many as the reference arm reads."""
        if len(case.applicants) < self.applicants:
            raise Unfit(
                f"{len(case.applicants)} people apply in it, and {self.applicants} are to be read; of "
                "vary.scenario.applicants the most comes first"
            )
        return super().fit(case.first(self.applicants), personas, blind)

    def brief_of(self, texts: tuple[str, ...], case: RecruitmentCase) -> str:
        """One of several wordings of the rules, then the job."""
        advert = self.criteria(case, invited=False)
        return self.said(texts).format(advert=advert, places=self.places, applicants=self.applicants)

    def placed(self, case: RecruitmentCase, invited: Sequence[Sequence[int]]) -> dict[str, Any]:
        """What there is to say of those who were invited in each order, the candidate being 0; an order of which
        nothing could be read is not among them."""
        merits = case.merits()
        best = sorted((merit for merit in merits if merit is not None), reverse=True)[: self.places]
        known = len(best) == self.places and None not in merits
        return {
            **worth(case, self.places),
            "chosen": mean([0 in those for those in invited]),
            "right": mean([(merits[at] or 0) >= best[-1] for those in invited for at in those]) if known else None,
            "merit_lost": mean([lost(np.array(merits, dtype=float), those) for those in invited]) if known else None,
            "consistent": len({frozenset(those) for those in invited}) == 1 if len(invited) == ORDERS else None,
        }
