"""Differences with the errors of the judge taken out: by hand, and of judges that fake or hide an effect."""

import math

import numpy as np
import pytest
from samples import judged
from scipy import stats

from simrun.estimate.misclassified import rogan_gladen
from simrun.score.judged_pairs import JudgedPairs
from simrun.score.metrics.judge_flip_rate import JudgeFlipRate
from simrun.score.metrics.prediction_powered_difference import PredictionPoweredDifference
from simrun.score.metrics.rogan_gladen_difference import RoganGladenDifference
from simrun.score.metrics.rogan_gladen_rate import RoganGladenRate
from simrun.score.samples import Located
from simrun.score.swapped import Swapped

NONE = float("nan")


def pairs(arm, reference, arm_label, reference_label) -> JudgedPairs:
    """A text a case and arm; NaN where people said nothing."""
    one, other, told, said = (np.array(each, dtype=float) for each in (arm, reference, arm_label, reference_label))
    there, here = (~np.isnan(label) for label in (told, said))
    sides = judged(one, told), judged(other, said)
    return JudgedPairs(
        one - other, told, np.where(there, one, NONE), said, np.where(here, other, NONE), *sides, low=0.0, high=1.0
    )


def test_a_difference_corrected_by_labels_by_hand():
    # verdicts 1 1 1 0 against 0 1 0 0: D = 1 0 1 0; of the first two people say 1 0 and 0 0
    sample = pairs([1, 1, 1, 0], [0, 1, 0, 0], [1, 0, NONE, NONE], [0, 0, NONE, NONE])
    found = PredictionPoweredDifference().measure(sample)
    # labels move it by 1/4 -1/4 0 0; verdicts by 0 - (-1/4 1/4 0 0) - (1/8 -1/8 1/8 -1/8) = 1/8 -1/8 -1/8 1/8: weight
    # (2 x 1/32) / (4 x 1/64) = 1, and 1/2 + (0 - 1) / 2 - (0 - 1) / 2 = 1/2
    assert found.value == pytest.approx(1 / 2)
    # what is left, 1/8 -1/8 1/8 -1/8, squared 1/16, times 2 / 1: an error of .354, with one degree of freedom
    assert (found.low, found.high) == (-1, 1)
    assert 0.5 + stats.t.ppf(0.975, 1) * math.sqrt(1 / 8) > 1
    assert PredictionPoweredDifference().figure(Located(sample)).cases == 4


def test_where_people_labelled_all_the_judge_does_not_count():
    found = PredictionPoweredDifference().measure(pairs([1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]))
    assert found.value == pytest.approx(0)
    few = PredictionPoweredDifference().measure(pairs([1, 1], [0, 0], [1, NONE], [0, NONE]))
    assert few.value is None
    alike = PredictionPoweredDifference().measure(pairs([1] * 4, [0] * 4, [1] * 4, [0] * 4))
    assert alike.value == 1
    assert alike.low == pytest.approx(1 - 2 * (1 - 0.05**0.25))  # four agree: the rule of three, over a span of 2


def drawn(rng, cases=60, labelled=30, effect=0.0, judge=(0.85, 0.85)):
    """Texts whose truth is known; of those of the arm the judge is right with the first chance."""
    ease = rng.random(cases)
    truth = [(rng.random(cases) < np.clip(0.2 + 0.5 * ease + shift, 0, 1)).astype(float) for shift in (effect, 0)]
    verdict = [np.where(rng.random(cases) < right, so, 1 - so) for right, so in zip(judge, truth, strict=True)]
    there = rng.permutation(cases) < labelled
    return pairs(*verdict, *(np.where(there, so, NONE) for so in truth))


@pytest.mark.parametrize(("effect", "judge"), [(0.0, (0.7, 0.95)), (0.2, (0.8, 0.8))])
def test_the_truth_is_held_whoever_judges(effect, judge):
    """A judge that errs more about the arm fakes an effect; what is corrected does not. 400 draws."""
    found = [drawn(np.random.default_rng([3, seed]), effect=effect, judge=judge) for seed in range(400)]
    raw = np.mean([each.difference.mean() for each in found])
    measured = [PredictionPoweredDifference().measure(each) for each in found]
    truth = effect
    assert abs(raw - truth) > 0.02
    assert np.mean([each.value for each in measured]) == pytest.approx(truth, abs=0.02)
    held = np.mean([each.low <= truth <= each.high for each in measured])
    assert 0.91 <= held <= 0.985
    rates = [RoganGladenDifference().measure(each) for each in found[:200]]
    assert np.mean([each for each in rates if each is not None]) == pytest.approx(truth, abs=0.04)


def test_a_good_judge_makes_it_narrower_than_labels_alone():
    sample = drawn(np.random.default_rng(1), cases=400, labelled=60, effect=0.1, judge=(0.98, 0.98))
    found = PredictionPoweredDifference().measure(sample)
    alone = sample.arm_label - sample.reference_label
    width = 2 * stats.t.ppf(0.975, 59) * np.nanstd(alone, ddof=1) / math.sqrt(60)
    assert found.high - found.low < 0.7 * width


def test_rogan_and_gladen_by_hand():
    # found .3, of a judge that finds .9 and lets .8 pass: (.3 + .8 - 1) / .7
    assert rogan_gladen(0.3, 0.9, 0.8) == pytest.approx(1 / 7)
    assert rogan_gladen(0.1, 0.9, 0.8) == 0  # fewer than its false alarms alone
    assert rogan_gladen(0.3, 0.4, 0.6) is None
    # of 4 that are so it found 3, of 4 that are not it let 3 pass; it says yes of 5 of 10: (1/2 - 1/4) / (1/2)
    sample = judged([1, 1, 1, 0, 1, 0, 0, 0, 1, 0], [1, 1, 1, 1, 0, 0, 0, 0, None, None])
    assert RoganGladenRate().measure(sample) == pytest.approx(1 / 2)
    assert RoganGladenRate().measure(judged([1, 0], [1, None])) is None
    assert not list(RoganGladenRate.asked(judged([4, 5], [4, 5])))


def test_flips_of_a_judge_both_ways_do_not_cancel():
    sample = Swapped(np.array([1.0, 0, 0, 1]), np.array([0.0, 1, 0, 1]), np.arange(4))
    assert JudgeFlipRate().measure(sample).value == 1 / 2
