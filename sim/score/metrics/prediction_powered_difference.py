"""Prediction-powered difference."""

import math

import numpy as np

from simrun.estimate.columns import Floats
from simrun.estimate.paired import t_interval
from simrun.score.judged_pairs import JudgedPairs
from simrun.score.metric import Metric, Numbers


class PredictionPoweredDifference(Metric):
    """The difference between an arm and its reference that people would have found, from a judge's verdicts on all
    pairs and people's labels on a part of the texts.

    w mean(D) + mean(Y_a - w V_a) - mean(Y_r - w V_r): D the verdicts' difference within each case, Y the labels and V
    the verdicts on the labelled texts of an arm, each by case; w in 0..1 has the least estimated variance. Right for
    any judge, also one that errs otherwise about one group than about the other, if the labelled are a random part of
    each arm. The interval: what each case moves it by, all its texts and labels together, with t on labelled cases - 1;
    approximate, and too narrow with few labelled cases. Labels of both texts of a pair are worth the most.
    """

    title = "difference by the judge, corrected by labels"
    needs = JudgedPairs
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "people labelled fewer than two cases of an arm"
    source = "Angelopoulos et al. 2023, doi:10.1126/science.adi6000; the weight: arXiv:2311.01453 (PPI++)"
    interval = "own"

    def measure(self, sample: JudgedPairs) -> Numbers:
        """The difference and its interval."""
        labels = [_moved(side) for side in (sample.arm_label, sample.reference_label)]
        if min(np.count_nonzero(~np.isnan(each)) for each in (sample.arm_label, sample.reference_label)) < 2:
            return Numbers(value=None)
        verdicts = [_moved(side) for side in (sample.arm_verdict, sample.reference_verdict)]
        by_people, by_judge = labels[0] - labels[1], verdicts[0] - verdicts[1] - _moved(sample.difference)
        spread = float(by_judge @ by_judge)
        weight = float(np.clip(by_people @ by_judge / spread, 0, 1)) if spread > 1e-18 else 0.0
        arm, reference = (
            np.nanmean(label - weight * verdict)
            for label, verdict in (
                (sample.arm_label, sample.arm_verdict),
                (sample.reference_label, sample.reference_verdict),
            )
        )
        value = float(weight * np.nanmean(sample.difference) + arm - reference)
        moved, cases = by_people - weight * by_judge, _labelled(sample)
        error = math.sqrt(cases / (cases - 1) * float(moved @ moved))
        span = sample.high - sample.low
        low, high = t_interval(value, error, cases, -span, span)
        return Numbers(value=value, low=low, high=high)


def _moved(column: Floats) -> Floats:
    """By how much each case moves the mean of a column (cases,), 0 where it has no value."""
    there = ~np.isnan(column)
    found: Floats = np.where(there, np.nan_to_num(column) - np.nanmean(column), 0.0) / there.sum()
    return found


def _labelled(sample: JudgedPairs) -> int:
    """The fewer cases of both arms that have labels: as many as the interval rests on."""
    return min(int(np.count_nonzero(~np.isnan(each))) for each in (sample.arm_label, sample.reference_label))
