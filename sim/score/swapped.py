"""A sample of what a judge said of texts as they are, and of the same texts with other people in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simrun.agents.judges.base import SWAPPED
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.plan.exchange import other_level
from simrun.score.layout import DONE, Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues
from simrun.score.verdicts import Figure, figures, horizon, values


@dataclass(frozen=True)
class Swapped(Rowed):
    """Two verdicts on each text (n,): as one about the people of the arm, and as one about those of its reference."""

    arm: Floats
    reference: Floats
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every figure of every judge that read some texts so, in every comparison of two arms that is no control."""
        for figure in figures(run.manifest, run.layout):
            for each in run.manifest.contrasts:
                if not each.control and not each.note and (sample := cls.of(run, figure, each)):
                    yield Located(sample, figure.name, arm=each.arm, reference=each.reference)

    @classmethod
    def of(cls, run: RunValues, figure: Figure, contrast: Contrast) -> "Swapped | None":
        """The texts of both arms, as far as each was read as one about the people of the other; None without any."""
        layout, other = run.layout, f"{figure.name}{SWAPPED}"
        if other not in layout.outcomes or not layout.done([contrast.arm, contrast.reference]).any():
            return None
        turns = horizon(layout, figure.name)
        shown, swapped = (values(layout, name, turns) for name in (figure.name, other))
        sides = []
        for mine, theirs, order in ((contrast.arm, contrast.reference, 1), (contrast.reference, contrast.arm, -1)):
            if _read_as(run, mine) == _people(run, theirs):
                at = layout.columns([mine])[0]
                row, turn = np.nonzero(
                    (layout.state[:, at] == DONE)[:, None] & ~np.isnan(shown[:, at] + swapped[:, at])
                )
                own = (shown[row, at, turn], swapped[row, at, turn])
                sides.append((*own[::order], row // layout.repeats))
        joined = [np.concatenate(each) for each in zip(*sides, strict=True)]
        return cls(*joined) if joined and len(joined[0]) else None

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A judge, and people of whom there are others."""
        if not manifest.judges:
            return "nobody judges: judge=NAME"
        return "" if manifest.axes else "nobody's persona is varied: vary.ROLE.AXIS=[LEVEL,LEVEL]"


def _people(run: RunValues, arm: str) -> dict[str, str]:
    """What an arm sets."""
    return dict(next(each.settings for each in run.manifest.arms if each.name == arm))


def _read_as(run: RunValues, arm: str) -> dict[str, str]:
    """What an arm sets whose texts were read as those about other people."""
    axes = {factor.name: factor for factor in run.manifest.factors if factor.kind == "axis"}
    own = _people(run, arm)
    return own | {name: other_level(axes[name], level) for name, level in own.items() if name in axes}
