"""A sample of what a judge said, beside what people said of the same, and how much text it was."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simrun.estimate.columns import Names
from simrun.log.manifest import Manifest
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Judged(Rowed):
    """The verdict of a judge on each text (n,): 0 or 1, a score, or the code of a category."""

    verdict: Floats
    label: Floats
    """What people said of it, in the same unit; NaN where nobody did."""
    group: Names
    """Of whom the text is."""
    case: Codes
    words: Floats
    """Of the text; NaN where they were not counted."""
    own: Floats
    """1 where the judge's own model wrote the text, else 0; NaN where that is not known."""
    item: Codes
    """Texts on one item can be compared: the same case and repeat."""
    low: float = 0.0
    high: float = 1.0
    """Bounds of verdicts and labels."""

    @property
    def labelled(self) -> "Judged":
        """The rows that people labelled."""
        return self.part(~np.isnan(self.label))

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every judge."""
        for name, sample in run.judged.items():
            yield Located(sample, name)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A judge: whether people labelled anything is not known before it was asked."""
        return "" if manifest.judges else "nobody judges: judge=NAME, and judge.labels=FILE for what people said"
