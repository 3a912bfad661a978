"""What a metric is: one class that says what it measures, on what, and how its number reads; and what
it comes to, with all that a reader needs."""

import math
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from simrun.agents.records import Record
from simrun.config.modules import about
from simrun.estimate.columns import Floats, finite
from simrun.estimate.resampling import delete_a_group
from simrun.score.samples import WORSE, Both, Located, Sample, distinct

Worse = Literal["lower", "higher", "away", ""]


class Figure(Record):
    """What a metric comes to on one sample of a run."""

    metric: str
    """The name of its file."""
    name: str
    """In words, its parameters included."""
    outcome: str = ""
    factor: str = ""
    """The factor or axis by which the groups differ; several are joined by ` & `."""
    arm: str = ""
    """The arm, or the level of the group."""
    reference: str = ""
    within: str = ""
    """The one arm that all of it is from, where groups are as cases state them; "" else."""
    value: float | None
    low: float | None = None
    high: float | None = None
    """95 %; None where nothing varies, or the metric has no interval."""
    p: float | None = None
    """Of the metric's own test, or by exchanging the labels of groups; None where it has none."""
    p_adjusted: float | None = None
    """The same after correction over all figures that a section shows; None outside such a family."""
    note: str = ""
    """Which one it is of, where it is of one out of several, such as the worst group."""
    fair: float | None = None
    """The value of parity, or the best one; None where only the floor tells."""
    worse: Worse = ""
    """Which way is worse: lower, higher, away (from fair), or "" for neither."""
    floor: float | None = None
    """What chance alone makes of it, the mean over the samples in which nothing else differs; None without such."""
    n: int
    cases: int
    excluded: int = 0
    """Planned pairs or episodes that are not in it."""
    reasons: Mapping[str, int] = {}
    why: str = ""
    """Why there is no value, "" where there is one."""


class Numbers(Record):
    """What a metric measures where it has more than a value: its own interval, its own test."""

    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    note: str = ""


class Metric(Record):
    """One metric. Its parameters are fields with defaults; all else it says of itself are class variables.

    A subclass sets `needs`, `low`, `high`, `fair`, `worse`, `undefined`, `source` and writes
    `measure`; `name` is its class's, in words.
    """

    name: ClassVar[str]
    """As its file is called: TopKShare is top_k_share."""
    about: ClassVar[str]
    """The first paragraph of its docstring."""
    title: ClassVar[str]
    """Its name in tables; parameters in braces."""
    needs: ClassVar[type[Sample]]
    """The samples of a run that it is measured on."""
    low: ClassVar[float]
    high: ClassVar[float]
    """Its range."""
    fair: ClassVar[float | None]
    """The value of parity, or the best one; None where there is none, or it depends on the sample (`parity`)."""
    worse: ClassVar[Worse]
    """Which way is worse; where that is the outcome's to say (`by_outcome`), what holds when it says nothing."""
    by_outcome: ClassVar[bool] = False
    """Whether the way that the outcome is better says which way is worse; its sample then has `better`."""
    undefined: ClassVar[str]
    """Why there is no value where there is none, in words."""
    source: ClassVar[str]
    """Who defined it, with DOI or arXiv number."""
    interval: ClassVar[Literal["jackknife", "clustered", "own", ""]] = "jackknife"
    """delete-a-group jackknife over cases (none where the fair value is the least there is); a clustered mean's; one
    of the metric's own (both of the latter `measure` returns); or none."""
    exchanged: ClassVar[bool] = False
    """Whether `measure` takes many exchanges of the labels of a pool at once, (exchanges,): it then has a p."""
    floors: ClassVar[int | None] = None
    """How many samples tell what chance does; None for all that there are."""
    order: ClassVar[int] = 50
    """Its place among the metrics of the same sample: lower comes first."""

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.about = about(cls)
        if "title" not in vars(cls):
            cls.title = cls.name.replace("_", " ")

    @abstractmethod
    def measure(self, sample: Any) -> Any:
        """The number: a float, or None (or not a number) where it is not defined; or a record with `value`,
        `low`, `high`, and `p` where it has a test."""

    @classmethod
    def asked(cls, sample: Any) -> Iterable[Self]:
        """The metric with all parameters that it is asked with; nothing where it makes no sense on this sample."""
        yield cls()

    def parity(self, sample: Any) -> float | None:
        """The value that is fair in this sample."""
        return self.fair

    def direction(self, sample: Any) -> Worse:
        """Which way is worse in this sample."""
        return (WORSE[sample.better] if self.by_outcome else "") or self.worse

    def told(self, sample: Any) -> str:
        """Its name in a table, for this sample."""
        return self.title.format(**self.model_dump())

    def departure(self, sample: Any, value: Floats) -> Floats:
        """How far a value is from fair, larger is farther, by which it is held against those of other labels: where no
        value is fair, and at an end of the range, on the side that is worse; of a ratio that of its logarithm."""
        fair = self.parity(sample)
        if fair is None or fair in (self.low, self.high):
            return -value if self.worse == "lower" else value
        with np.errstate(divide="ignore"):
            found: Floats = np.abs(np.log(value / fair) if (self.low, self.high) == (0, math.inf) else value - fair)
        return found

    def why(self, sample: Any) -> str:
        """Why it has no value on this sample."""
        return self.undefined

    def figure(self, at: Located) -> Figure:
        """All there is to say of it on one sample."""
        sample, both = at.sample, isinstance(at.sample, Both)
        found = self._found(sample)
        low, high = found.low, found.high
        # an unsigned distance is above 0 by chance alone, and no interval about it says how far: its floor does
        if (both and found.value is not None) or (self.interval == "jackknife" and self.fair != self.low):
            low, high = self.ends(sample, found.value)
        low, high = self._clipped(low, both), self._clipped(high, both)
        chance = self._chance(at)
        one = sample.arm if isinstance(sample, Both) else sample
        return Figure(
            metric=self.name,
            name=f"{self.told(one)}, difference" if both else self.told(one),
            outcome=at.outcome,
            factor=at.factor,
            arm=at.arm,
            reference=at.reference,
            within=at.within,
            value=found.value,
            low=low,
            high=high,
            p=found.p,
            note=found.note,
            fair=0.0 if both else self.parity(one),
            worse="away" if both and self.direction(one) == "" else self.direction(one),
            floor=sum(chance) / len(chance) if chance else None,
            n=len(sample.case) if at.n is None else at.n,
            cases=distinct(sample.case),
            excluded=sum(at.reasons.values()),
            reasons=at.reasons,
            why="" if found.value is not None else self.why(one) if one.usable else "nothing was observed",
        )

    def _clipped(self, end: float | None, difference: bool) -> float | None:
        """An end of an interval, within what the figure can be."""
        reach = self.high - self.low
        low, high = (-reach, reach) if difference else (self.low, self.high)
        return None if end is None else min(max(end, low), high)

    def ends(self, sample: Any, value: float | None) -> tuple[float | None, float | None]:
        """The interval where it is not the metric's own."""
        return delete_a_group(lambda rows: self._found(sample.part(rows)).value, sample.case, value)

    def _chance(self, at: Located) -> list[float]:
        """What it comes to where only chance differs."""
        own = at.floor[: self.floors]
        if self.exchanged and own:
            together = replace(own[0], member=np.stack([each.member for each in own]))  # type: ignore[attr-defined,type-var]
            return [value for each in np.atleast_1d(self.measure(together)) if (value := finite(each)) is not None]
        return [value for each in own if (value := self._found(each).value) is not None]

    def _found(self, sample: Sample) -> Numbers:
        if isinstance(sample, Both):
            arm, reference = self._found(sample.arm).value, self._found(sample.reference).value
            return Numbers(value=None if arm is None or reference is None else arm - reference)
        if not sample.usable:
            return Numbers(value=None)
        found = self.measure(sample)
        if found is None or isinstance(found, int | float | np.ndarray):
            return Numbers(value=None if found is None else finite(float(found)))
        own = self.interval in ("clustered", "own")
        return Numbers(
            value=found.value,
            low=found.low if own else None,
            high=found.high if own else None,
            p=getattr(found, "p", None),
            note=getattr(found, "note", ""),
        )
