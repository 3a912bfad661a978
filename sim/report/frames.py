"""A run as tables for pandas: its pairs, its effects and its findings; the columns of each are documented here."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Finding
from simrun.report.report import Report
from simrun.score.contrasts import ContrastResult
from simrun.score.layout import DONE, Layout
from simrun.score.scored import Scored

if TYPE_CHECKING:
    import pandas as pd

PAIRS: Mapping[str, tuple[str, str]] = {
    "run": ("VARCHAR", "name of the run"),
    "case": ("VARCHAR", "what is played; pairs of one case are not independent"),
    "repeat": ("BIGINT", "which repeat of the case, from 0"),
    "arm": ("VARCHAR", "the arm that is compared"),
    "reference": ("VARCHAR", "the arm that it is compared with"),
    "why": ("VARCHAR", "`treatment`, or which control it is"),
    "factor": ("VARCHAR", "what differs, as `role.what`; empty for a control"),
    "outcome": ("VARCHAR", "which outcome of the episodes"),
    "value": ("DOUBLE", "its value in the arm; of several in an episode their mean; null where it is missing"),
    "reference_value": ("DOUBLE", "the same in the reference"),
    "difference": ("DOUBLE", "value - reference_value; null where either is missing"),
}
"""Of `Run.pairs`, a row a pair (case and repeat) that both arms finished, for each outcome and comparison of one arm
with one other: SQL type, and what it says."""

FINDINGS: Mapping[str, tuple[str, str]] = {
    "run": ("VARCHAR", "name of the run"),
    "section": ("VARCHAR", "of the report in which it stands"),
    "verdict": ("VARCHAR", "as in simrun.report.blocks.Verdict"),
    "outcome": ("VARCHAR", "what it is about; empty where it is about none, or several"),
    "arm": ("VARCHAR", "with `reference` the comparison that it is about; empty for none"),
    "reference": ("VARCHAR", "what the arm is compared with"),
    "difference": ("DOUBLE", "arm - reference within pairs; null where it is about no one comparison and outcome"),
    "low": ("DOUBLE", "lower end of the 95 % interval of the difference"),
    "high": ("DOUBLE", "upper end of it"),
    "p_adjusted": ("DOUBLE", "p after the correction within its family"),
    "pairs": ("BIGINT", "pairs in the difference"),
    "cases": ("BIGINT", "cases in it, each of which counts once"),
    "text": ("VARCHAR", "the finding in words"),
}
"""Of `Run.findings`, a row a finding of the report, in its order: SQL type, and what it says."""

EFFECTS: Mapping[str, tuple[str, str]] = {
    "run": ("VARCHAR", "name of the run"),
    "outcome": ("VARCHAR", "which outcome of the episodes"),
    "better": ("VARCHAR", "which way it is better: higher, lower or neither"),
    "arm": ("VARCHAR", "the arm, or `factor=level` for the mean over several"),
    "reference": ("VARCHAR", "what it is compared with"),
    "family": ("VARCHAR", "primary, cell, secondary, control or aside: within which p is adjusted"),
    "verdict": ("VARCHAR", "difference, within the margin, equivalent, inconclusive; empty where nothing was compared"),
    "difference": ("DOUBLE", "arm - reference within pairs, each case counting once; null without pairs"),
    "low": ("DOUBLE", "lower end of its 95 % interval; null where the data give none"),
    "high": ("DOUBLE", "upper end of it"),
    "p": ("DOUBLE", "two-sided, exact, by flipping the signs of whole cases"),
    "p_adjusted": ("DOUBLE", "the same after the correction within its family"),
    "pairs": ("BIGINT", "pairs in the difference"),
    "cases": ("BIGINT", "cases in it"),
    "flip_rate": ("DOUBLE", "share of pairs in which the two came out differently; null between means over arms"),
    "placebo_flip_rate": ("DOUBLE", "the same of the placebo: the floor; null without that control"),
    "margin": ("DOUBLE", "the declared difference that does not matter; null where none was declared"),
    "excluded": ("BIGINT", "planned pairs that are not in it"),
    "note": ("VARCHAR", "what else is to be known of what is compared; empty for nothing"),
}
"""Of the figures that `Run.scored.contrasts` has as records, a row each: SQL type, and what it says."""

Columns = Mapping[str, Any]
"""Column -> its values, all of one length, or one value for all rows."""


def pair_columns(run: Scored) -> Iterator[dict[str, Any]]:
    """The pairs of each outcome and comparison, one after the other: memory holds those of one at a time."""
    for contrast in run.manifest.contrasts:
        if contrast.single:
            yield from (_pairs(run, run.layout, contrast, outcome) for outcome in _asked(run))


def _asked(run: Scored) -> Iterator[str]:
    """The outcomes that some episode has: what a run was not asked for is nobody's missing value."""
    layout = run.layout
    there = {name for name, values in zip(layout.outcomes, layout.values, strict=True) if not np.isnan(values).all()}
    return (name for name in run.outcome.measured() if name in there)


def _pairs(run: Scored, layout: Layout, contrast: Contrast, outcome: str) -> dict[str, Any]:
    done = np.flatnonzero((layout.state[:, layout.columns((contrast.arm, contrast.reference))] == DONE).all(axis=1))
    arm, reference = layout.table(outcome, (contrast.arm, contrast.reference))[done].T
    return {
        "run": run.name,
        "case": np.array(layout.cases, dtype=object)[done // layout.repeats],
        "repeat": done % layout.repeats,
        "arm": contrast.arm,
        "reference": contrast.reference,
        "why": contrast.why,
        "factor": contrast.factor,
        "outcome": outcome,
        "value": arm,
        "reference_value": reference,
        "difference": arm - reference,
    }


def pairs(run: Scored) -> "pd.DataFrame":
    """Every pair, with the columns of PAIRS; missing values are NaN."""
    import pandas as pd

    parts = [pd.DataFrame(each) for each in pair_columns(run) if len(each["case"])]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(PAIRS))


def effect_rows(run: Scored) -> Iterator[dict[str, Any]]:
    """Every outcome of every comparison, with the columns of EFFECTS."""
    for each in run.contrasts:
        yield {"run": run.name, **{key: getattr(each, key) for key in EFFECTS if key != "run"}} | {
            "verdict": each.verdict.kind
        }


_FIGURES = ("difference", "low", "high", "p_adjusted", "pairs", "cases")


def finding_rows(run: Scored, report: Report) -> Iterator[dict[str, Any]]:
    """Every finding of the report, with the columns of FINDINGS."""
    known = {(each.outcome, each.arm, each.reference): each for each in run.contrasts}
    for section, told in report.sections.items():
        for block in told.blocks:
            if isinstance(block, Finding):
                figures = _figures(known.get((block.outcome, block.arm, block.reference)))
                own = block.model_dump(include={"verdict", "outcome", "arm", "reference", "text"})
                row = {"run": run.name, "section": section, **own, **figures}
                yield {key: row[key] for key in FINDINGS}


def _figures(found: ContrastResult | None) -> dict[str, Any]:
    return {key: None if found is None else getattr(found, key) for key in _FIGURES}


def findings(run: Scored, report: Report) -> "pd.DataFrame":
    """Every finding, with the columns of FINDINGS; figures that are not there are NaN."""
    import pandas as pd

    found = pd.DataFrame(finding_rows(run, report), columns=list(FINDINGS))
    return found.astype(dict.fromkeys(_FIGURES, "float64"))
