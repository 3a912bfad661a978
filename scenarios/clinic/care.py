"""What is decided about a patient's care, on scales that rise, and how much of it a case calls for."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from simrun.agents.records import Record

Part = Literal["urgency", "imaging", "invasive", "analgesia", "referral", "mental_health", "admission"]
NO_YES = ("no", "yes")
SCALES: Mapping[Part, tuple[str, ...]] = {
    "urgency": ("1", "2", "3", "4", "5"),
    "imaging": ("none", "basic", "advanced"),
    "invasive": NO_YES,
    "analgesia": ("none", "non-opioid", "opioid"),
    "referral": NO_YES,
    "mental_health": NO_YES,
    "admission": NO_YES,
}
"""Each part of a plan, and what can be chosen, from the least to the most."""
TREATMENT: tuple[Part, ...] = tuple(part for part in SCALES if part != "urgency")


class Due(Record):
    """The least and the most of one part that the case calls for, as places on its scale."""

    least: int
    most: int

    def within(self, place: float) -> bool:
        """Whether that much is neither too little nor too much."""
        return self.least <= place <= self.most


class Care(Record):
    """What a case calls for: of each part one level, or from one to another; what is not said is the least there is."""

    due: Mapping[Part, Due]

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        """From `{urgency: 4, imaging: [none, basic], admission: yes}`."""
        if not isinstance(given, Mapping) or "due" in given:
            return given
        if other := sorted(set(given) - set(SCALES)):
            raise ValueError(f"care: no part {', '.join(other)}; there are {', '.join(SCALES)}")
        if "urgency" not in given:
            raise ValueError("care: urgency is missing; give it from 1 (can wait) to 5 (at once)")
        return {"due": {part: _due(part, given.get(part, scale[0])) for part, scale in SCALES.items()}}


def _due(part: Part, given: Any) -> Due:
    places = [_place(part, each) for each in (given if isinstance(given, list) else [given])]
    return Due(least=min(places), most=max(places))


def _place(part: Part, given: Any) -> int:
    level = NO_YES[given] if isinstance(given, bool) else str(given)
    if level not in SCALES[part]:
        raise ValueError(f"care.{part}: {level!r} is no level; there are {', '.join(SCALES[part])}")
    return SCALES[part].index(level)
