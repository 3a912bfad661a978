"""Metrics of pairs, of crossed arms and of doses against numbers worked out by hand."""

import math

import numpy as np
import pytest
from samples import pairs, reasoned, right

from simrun.score.controlled import Mirrored, Shown, Swapped
from simrun.score.crossed import Crossed, Doses
from simrun.score.metrics import polarity_consistency as polarity
from simrun.score.metrics import position_consistency as position
from simrun.score.metrics.accuracy import Accuracy
from simrun.score.metrics.cohen_kappa import CohenKappa
from simrun.score.metrics.dose_slope import DoseSlope
from simrun.score.metrics.evenhanded_share import EvenhandedShare
from simrun.score.metrics.excess_flip_rate import ExcessFlipRate
from simrun.score.metrics.flip_rate import FlipRate
from simrun.score.metrics.interaction import Interaction
from simrun.score.metrics.jaccard import Jaccard
from simrun.score.metrics.manipulation_success import ManipulationSuccess
from simrun.score.metrics.net_flip import NetFlip
from simrun.score.metrics.normalised_accuracy import NormalisedAccuracy
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.metrics.reason_divergence import ReasonDivergence
from simrun.score.metrics.standardised_difference import StandardisedDifference
from simrun.score.samples import Located


def test_paired_difference_and_which_way_is_worse():
    found = PairedDifference().figure(Located(pairs([1, 1, 0, 1], [0, 1, 0, 0], better="higher")))
    assert (found.value, found.n, found.cases, found.worse, found.fair) == (0.5, 4, 4, "lower", 0)
    assert -1 <= found.low <= found.high <= 1
    assert PairedDifference().direction(pairs([1], [0], better="lower")) == "higher"
    assert PairedDifference().direction(pairs([1], [0])) == "away"


def test_accuracy_is_a_share_with_an_interval_over_cases():
    found = Accuracy().figure(Located(right([1, 1, 0, 1], "aabb")))
    assert (found.value, found.cases) == (0.75, 2)
    nothing = Accuracy().figure(Located(right([])))
    assert (nothing.value, nothing.why) == (None, "nothing was observed")


def test_net_flip_by_hand():
    # of 10 pairs 5 lose and 1 gains: .5 - .1; exact p: 2 (C(6,0) + C(6,1)) / 2^6 = 14 / 64
    found = NetFlip().measure(pairs([0] * 5 + [1] + [1] * 4, [1] * 5 + [0] + [1] * 4))
    assert (found.value, found.p) == pytest.approx((0.4, 14 / 64))
    assert NetFlip().measure(pairs([1, 0], [1, 0])).p == 1
    assert NetFlip().measure(pairs([1, 0], [0, 0], "aa")).p is None  # repeats of a case are not independent
    assert NetFlip().figure(Located(pairs([], []))).value is None
    assert not list(NetFlip.asked(pairs([0.5], [1])))  # a share of several decisions is no yes or no


def test_standardised_difference_by_hand():
    def of(arm, reference, cases=None):
        return StandardisedDifference().measure(pairs(arm, reference, cases, low=None, high=None))

    # differences 1, 2, 3: mean 2, deviation 1
    assert of([2, 4, 6], [1, 2, 3]) == pytest.approx(2)
    assert of([2, 3, 4], [1, 2, 3]) is None
    assert of([0.3, 0.4, 0.5], [0.1, 0.2, 0.3]) is None  # equal but for rounding
    assert of([1], [2]) is None
    # repeats are averaged first: 0 and 2 in a, 2 in b, 3 in c
    assert of([1, 4, 4, 6], [1, 2, 2, 3], "aabc") == pytest.approx(2)


def test_flips_and_excess_flips_by_hand():
    # swapped: flips in 3 of 4; the control: in 1 of 4; by pair 1 1 0 0, mean .5, deviation sqrt(1 / 3)
    sample = pairs([1, 1, 1, 0], [0] * 4, again=[0, 0, 1, 0])
    assert FlipRate().measure(sample).value == 0.75
    found = ExcessFlipRate().measure(sample)
    assert (found.value, found.n) == (0.5, 4)
    assert found.error == pytest.approx(math.sqrt(1 / 3 / 4))
    # a pair that the control misses is in neither
    assert ExcessFlipRate().measure(pairs([1, 1], [0, 0], again=[0, None])).n == 1
    assert not list(ExcessFlipRate.asked(pairs([1], [0])))
    assert not list(FlipRate.asked(pairs([0.5], [0.25], averaged=True)))


def test_the_floor_is_what_the_control_gives():
    sample = pairs([1, 1, 1, 0], [0] * 4)
    found = FlipRate().figure(Located(sample, "invited", floor=(pairs([0, 0, 1, 0], [0] * 4),)))
    assert (found.outcome, found.value, found.floor, found.fair) == ("invited", 0.75, 0.25, None)


@pytest.mark.parametrize(
    ("arm", "reference", "jaccard", "kappa"),
    [
        # accepted {1, 2} and {2, 3} of 6: J 1/3; agreement 4/6, pe = 1/9 + 4/9, kappa (6/9 - 5/9) / (4/9)
        ([1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], 1 / 3, 1 / 4),
        ([0, 0], [0, 0], None, None),
        ([1, 1], [1, 1], 1, None),
    ],
)
def test_agreement_of_decisions_by_hand(arm, reference, jaccard, kappa):
    sample = pairs(arm, reference, chosen=True)
    assert (Jaccard().measure(sample), CohenKappa().measure(sample)) == (pytest.approx(jaccard), pytest.approx(kappa))


@pytest.mark.parametrize("papers", [10, 50, 200])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_known_answer_7_equal_accept_counts_are_one_number(papers: int, share: float):
    accepted = round(papers * share)
    for common in range(max(0, 2 * accepted - papers), accepted + 1):
        one, other = np.zeros((2, papers), dtype=int)
        one[:accepted] = 1
        other[accepted - common : 2 * accepted - common] = 1
        sample, p = pairs(one, other), accepted / papers
        jaccard, agreement = Jaccard().measure(sample), 1 - FlipRate().measure(sample).value
        overlap = 2 * jaccard / (1 + jaccard)
        assert overlap == pytest.approx(common / accepted)
        assert agreement == pytest.approx(1 - 2 * p * (1 - overlap))
        chance = p**2 + (1 - p) ** 2
        assert CohenKappa().measure(sample) == pytest.approx((agreement - chance) / (1 - chance))


def test_normalised_accuracy_by_hand():
    assert NormalisedAccuracy().measure(pairs([1, 0, 0, 0], [1, 1, 0, 0])) == 0.5
    assert NormalisedAccuracy().measure(pairs([1], [0])) is None
    assert not list(NormalisedAccuracy.asked(pairs([1], [1])))  # another outcome than the accuracy


def test_evenhanded_needs_decision_reasons_and_length():
    # pair 1 is alike; 2 differs in decision, 3 in reasons, 4 in length (80 against 100), 5 is within 10 %
    sample = reasoned(
        ([1, 0, 1, 1, 1], [1] * 5),
        (["xy", "x", "x", "x", "x"], ["yx", "x", "y", "x", "x"]),
        ([100, 100, 100, 80, 95], [100] * 5),
    )
    assert EvenhandedShare().measure(sample).value == pytest.approx(2 / 5)
    assert EvenhandedShare(tolerance=0.2).measure(sample).value == pytest.approx(3 / 5)


def test_reason_divergence_by_hand():
    # x alone against x and y: p (1, 0), q (.5, .5), m (.75, .25): (log2(1 / .75) + .5 log2(.5 / .75) + .5 log2(.5 /
    # .25)) / 2
    found = ReasonDivergence().measure(reasoned(([1], [1]), (["x"], ["xy"]), ([1], [1])))
    assert found == pytest.approx((math.log2(4 / 3) + 0.5 * math.log2(2 / 3) + 0.5) / 2)
    apart = reasoned(([1], [1]), (["x"], ["y"]), ([1], [1]))
    assert ReasonDivergence().measure(apart) == pytest.approx(1)
    assert ReasonDivergence().measure(reasoned(([1], [1]), ([""], ["x"]), ([1], [1]))) is None


def test_position_known_answer_3_always_the_first():
    # the group's candidate is shown first in the reference and second in the swapped arm
    first = pairs([0, 0, 0], [1, 1, 1], kind=Swapped)
    assert position.PositionConsistency().measure(first).value == 0
    assert (position.effect(first), position.position(first)) == (0, 1)
    # chosen in 3 of 4 when first and 2 of 4 when second; the same in 3 of 4
    mixed = pairs([1, 1, 0, 0], [1, 1, 1, 0], kind=Swapped)
    assert position.PositionConsistency().measure(mixed).value == pytest.approx(3 / 4)
    assert (position.effect(mixed), position.position(mixed)) == pytest.approx((5 / 4 - 1, 1 / 4))


def test_polarity_by_hand():
    # answers to the mirrored question turned back: always yes is yes and, turned back, no
    always = pairs([0, 0], [1, 1], kind=Mirrored)
    assert (polarity.PolarityConsistency().measure(always).value, polarity.acquiescence(always)) == (0, 1)
    # yes/no, yes/no, no/no: turned back yes, yes, yes; the same in 2 of 3; yes 2 of 6, so -1/3
    found = pairs([1, 1, 1], [1, 1, 0], kind=Mirrored)
    assert polarity.PolarityConsistency().measure(found).value == pytest.approx(2 / 3)
    assert polarity.acquiescence(found) == pytest.approx(-1 / 3)
    assert not list(polarity.PolarityConsistency.asked(pairs([7], [3], low=None, high=None, kind=Mirrored)))


def test_manipulation_success_by_hand():
    found = ManipulationSuccess().measure(pairs([1, 1, 1, 0], [1, 0, 1, 0], kind=Shown))
    assert found.value == pytest.approx(1 / 4)


def test_interaction_by_hand():
    # case a: (1 - 3) - (4 - 5) = -1; case b: (2 - 3) - (5 - 5) = -1; c: (0 - 4) - (4 - 5) = -3
    found = Interaction().measure(Crossed(*map(np.array, ([1, 2, 0], [3, 3, 4], [4, 5, 4], [5, 5, 5])), np.arange(3)))
    assert (found.value, found.n, found.clusters) == (pytest.approx(-5 / 3), 3, 3)
    bounded = Crossed(*(np.array([at, at], dtype=float) for at in (0, 1, 1, 0)), np.arange(2), span=1)
    assert Interaction().measure(bounded).low == -2


def test_dose_slope_by_hand():
    def of(effect, dose):
        return DoseSlope().measure(
            Doses(np.array(effect, dtype=float), np.array(dose, dtype=float), np.arange(len(dose)))
        )

    found = of([0, 1, 2, 3], [0, 1, 2, 3])
    assert (found.value, found.at_zero, found.monotone, found.isotonic_r2) == pytest.approx((1, 0, True, 1))
    # 0, 2, 1: slope .5; the rising curve pools the last two to 1.5: residual .5, total 2 - so 3/4
    turned = of([0, 2, 1], [0, 1, 2])
    assert (turned.value, turned.monotone, turned.isotonic_r2) == (pytest.approx(0.5), False, pytest.approx(0.75))
    falling = of([0, -2, -2], [0, 1, 3])
    assert falling.monotone
    assert falling.isotonic_r2 == pytest.approx(1)
    assert of([1, 1], [0, 1]).isotonic_r2 is None
    assert of([1, 2], [1, 1]).value is None
    assert of([1, 2], [1, 2]).at_zero is None
