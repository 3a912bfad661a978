"""A sample of what several judges said of the same texts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from simrun.estimate.columns import Names
from simrun.log.manifest import Manifest
from simrun.play.labelling import PEOPLE
from simrun.score.layout import DONE, Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues
from simrun.score.verdicts import binary, figures, horizon, matrix, values


@dataclass(frozen=True)
class Panel(Rowed):
    """Verdicts of several judges under one name, (n, judges), NaN where one did not say."""

    verdict: Floats
    label: Floats
    """What people said of it (n,), NaN where nobody did."""
    group: Names
    case: Codes
    judges: tuple[str, ...] = field(default=())

    @property
    def usable(self) -> bool:
        """Two judges said something of one text."""
        return bool(((~np.isnan(self.verdict)).sum(axis=1) > 1).any())

    @property
    def majority(self) -> Floats:
        """What more than half of those who spoke found, (n,), of yes and no; NaN where they are divided evenly."""
        share = np.nanmean(np.where(np.isnan(self.verdict).all(axis=1, keepdims=True), 0.5, self.verdict), axis=1)
        return np.where(share == 0.5, np.nan, (share > 0.5).astype(float))

    @property
    def errors(self) -> Floats:
        """The verdicts less what people said, of the texts that are labelled, (m, judges)."""
        there = ~np.isnan(self.label)
        found: Floats = self.verdict[there] - self.label[there, None]
        return found

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every figure that two judges or more have."""
        for key, names in shared(run).items():
            yield Located(cls.of(run, key, names, PEOPLE), key)

    @classmethod
    def of(cls, run: RunValues, key: str, names: Mapping[str, str], beside: str) -> "Panel":
        """One figure of these judges (judge -> figure), in every arm that is no control."""
        layout = run.layout
        turns = max(horizon(layout, name) for name in names.values())
        verdict = matrix(layout, tuple(names.values()), turns)
        label = values(layout, f"{beside}.{key}", turns)
        there = ~np.isnan(verdict).all(axis=3) & (layout.state == DONE)[:, :, None]
        there[:, [bool(arm.control) for arm in run.manifest.arms]] = False
        row, arm, _ = np.nonzero(there)
        group = np.array(layout.arms)[arm]
        return cls(verdict[there], label[there], group, row // layout.repeats, tuple(names))

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Two judges."""
        return "" if len(manifest.judges) > 1 else "one judge is no panel: judge=[NAME,NAME]"


def shared(run: RunValues) -> dict[str, dict[str, str]]:
    """Each key under which two judges or more have a figure of yes or no: judge -> figure."""
    found: dict[str, dict[str, str]] = {}
    for each in figures(run.manifest, run.layout):
        if binary(values(run.layout, each.name, horizon(run.layout, each.name))):
            found.setdefault(each.key, {})[each.judge] = each.name
    return {key: names for key, names in found.items() if len(names) > 1}
