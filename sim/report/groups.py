"""How groups fare, over all that else was varied: rates or means, the largest gap, the worst of them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.scenarios.outcome import Outcome
from simrun.score.layout import Layout, Observed
from simrun.score.metrics.demographic_parity_difference import DemographicParityDifference
from simrun.score.metrics.four_fifths import FourFifths, flagged, supported
from simrun.score.metrics.group_mean import GroupMean
from simrun.score.values import Group, Groups


class GroupResult(Record):
    """One declared outcome over the levels of one axis, the other factors pooled; controls are left out."""

    outcome: str
    factor: str
    """The axis, or all axes together for their intersections."""
    means: Mapping[str, float]
    n: Mapping[str, int]
    gap: float
    """Largest mean minus least: 0 is parity. With many groups it is above 0 by chance alone."""
    worst: str
    """The group that fares worst, as the outcome's direction has it (the lowest where it has none)."""
    ratio: float | None
    """Of the lowest rate to the highest, for truth values; None where the highest is 0."""
    flagged: bool | None
    """The ratio is below .8."""
    supported: bool
    """The whole interval of the ratio is below .8: only then is the flag a finding."""


def groups(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[GroupResult, ...]:
    """Every declared outcome over every axis that was varied, and over their intersections where there are several."""
    axes = [key for key in manifest.config.factors if key.partition(".")[2] in manifest.catalogue.axes]
    settings = {arm.name: arm.settings for arm in manifest.arms if not arm.control}
    found = []
    for field in manifest.primary:
        seen = layout.observed(field, settings)
        for factor in [[axis] for axis in axes] + ([axes] if len(axes) > 1 else []):
            cell_of = [
                " & ".join(settings[arm][axis] for axis in factor) if arm in settings else "" for arm in layout.arms
            ]
            cells = np.array(cell_of, dtype=object)[seen.arm]
            if len({cell_of[arm] for arm in np.unique(seen.arm)}) > 1:
                found.append(_result(field, " & ".join(factor), seen, cells, kind))
    return tuple(found)


def _result(field: str, factor: str, seen: Observed, cells: NDArray[np.object_], kind: type[Outcome]) -> GroupResult:
    span = kind.span(field)
    low, high = (span.low, span.high) if span else (None, None)
    sample = Groups(seen.value, cells.astype(str), seen.case, low, high)
    own = {str(cell): sample.part(sample.group == cell) for cell in np.unique(sample.group)}
    means = {cell: GroupMean().measure(Group(part.value, part.case)).value or 0.0 for cell, part in own.items()}
    # a share of several decisions, such as one in each of two orders, is no rate of people
    rates = FourFifths().measure(sample) if sample.binary else None
    pick = max if kind.measured()[field].direction == "lower" else min
    names, counts = np.unique(cells.astype(str), return_counts=True)
    return GroupResult(
        outcome=field,
        factor=factor,
        means=means,
        n={str(name): int(count) for name, count in zip(names, counts, strict=True)},
        gap=DemographicParityDifference().measure(sample) or 0.0,
        worst=pick(means, key=lambda cell: means[cell]),
        ratio=rates.value if rates else None,
        flagged=flagged(rates.value) if rates else None,
        supported=bool(rates and supported(rates.high)),
    )
