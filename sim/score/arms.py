"""What each arm came to."""

from collections.abc import Mapping

import numpy as np

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.plan.arms import Arm
from simrun.scenarios.outcome import Outcome
from simrun.score.counts import Counts
from simrun.score.layout import DONE, Layout
from simrun.score.metrics.accuracy import Accuracy
from simrun.score.values import Right


class ArmResult(Record):
    """What one arm came to."""

    name: str
    control: str
    n: int
    """Episodes with an outcome."""
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    outcomes: Mapping[str, float | None]
    """Mean of each outcome over the episodes that have it; None where none has."""
    observed: Mapping[str, int]
    """How many episodes have it."""
    problems: Mapping[str, int]
    """Replies that models failed to give: refused, unreadable, truncated."""
    asked_again: float | None
    """Share of the turns that were asked for again since no decision could be read; None where nobody was asked."""
    errors: int
    """Episodes that infrastructure ended."""
    calls: int


def arms(manifest: Manifest, layout: Layout, counted: Mapping[str, Counts]) -> tuple[ArmResult, ...]:
    """Every arm, the reference first."""
    return tuple(_result(arm, layout, counted[arm.name], manifest.outcome) for arm in manifest.arms)


def _result(arm: Arm, layout: Layout, counted: Counts, kind: type[Outcome]) -> ArmResult:
    seen = {field: layout.observed(field, [arm.name]) for field in kind.measured()}
    judged = seen.get(kind.accuracy)
    right = Accuracy().measure(Right(judged.value, judged.case) if judged else Right(np.empty(0), np.empty(0, int)))
    return ArmResult(
        name=arm.name,
        control=arm.control,
        n=int((layout.state[:, layout.columns([arm.name])] == DONE).sum()),
        accuracy=right.value,
        accuracy_low=right.low,
        accuracy_high=right.high,
        outcomes={field: float(found.value.mean()) if len(found.value) else None for field, found in seen.items()},
        observed={field: len(found.value) for field, found in seen.items()},
        problems=counted.model_dump(include={"refused", "unreadable", "truncated"}),
        asked_again=counted.asked_again / counted.asked if counted.asked else None,
        errors=counted.failed,
        calls=counted.calls,
    )
