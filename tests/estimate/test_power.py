"""Sample sizes: figures worked out by hand, and the power that was planned."""

import math

import numpy as np
import pytest
from samples import paired

from simrun.config.errors import ConfigError
from simrun.estimate.paired import reach_towards_0
from simrun.estimate.power import (
    flip_cases,
    flip_detectable,
    flip_power,
    least_flips,
    score_cases,
    score_detectable,
    turned_error,
)
from simrun.estimate.sample_size import (
    Asked,
    Variances,
    cases_needed,
    detectable_with,
    finds,
    noise_assumed,
    pilot_error,
    repeats_needed,
    variances_assumed,
    variances_from_pilot,
)
from simrun.estimate.signs import sign_flip

HALF = Variances(total=1.0, between=0.5, within=0.5)


def audit(rng, cases, repeats, effect, base, icc, agreement):
    """Paired outcomes as variances_assumed describes them: (arm, reference, case), one entry a pair."""
    v, weight = base * (1 - base), (1 - icc) / icc
    own, afresh = rng.beta(base * weight, (1 - base) * weight, (2, cases, 1))
    luck, other = rng.random((2, cases, repeats))
    same = rng.random((cases, 1)) < 1 - (1 - agreement) / (2 * v)
    reference, twin = luck < own, np.where(same, luck < own, other < afresh)
    frequent = base >= 0.5
    turned = (twin == frequent) & (rng.random((cases, repeats)) < effect / max(base, 1 - base))
    return np.where(turned, ~twin, twin).ravel(), reference.ravel(), np.repeat(np.arange(cases), repeats)


def test_the_variance_of_a_mean_by_hand():
    assert HALF.of_mean(1) == 1
    assert HALF.of_mean(5) == pytest.approx(0.6)
    assert HALF.of_mean(math.inf) == 0.5
    with pytest.raises(ValueError, match="only the total"):
        Variances(total=1, between=None, within=None).of_mean(2)


@pytest.mark.parametrize(
    ("cases", "noise", "found"),
    [
        (30, 0, (0.251, 0.357, 0.392)),
        (60, 0.1, (0.201, 0.281, 0.310)),
        (12, 0.1, (0.678, None, None)),
        (5, 0, (None, None, None)),
    ],
)
def test_what_a_yes_or_no_outcome_can_show_in_families_of_1_8_and_20(cases, noise, found):
    """From an independent implementation: P(the exact p is at most .05 / m) = .8."""
    for m, expected in zip((1, 8, 20), found, strict=True):
        least = flip_detectable(cases, noise, 0.05 / m)
        assert least == (None if expected is None else pytest.approx(expected, abs=6e-4))


def test_the_fewest_cases_that_must_differ():
    assert [least_flips(0.05 / m) for m in (1, 8, 20, 340)] == [6, 9, 10, 14]


def test_power_of_six_cases_by_hand():
    """All six must differ: 6 flips of chance .9."""
    assert flip_power(6, 0.9) == pytest.approx(0.9**6)
    assert flip_power(5, 1) == 0
    assert flip_power(10, 0) == 0


def test_cases_for_an_effect():
    assert [flip_cases(*each) for each in ((0.1, 0), (0.1, 0.1), (0.2, 0), (0.2, 0.1), (0.3, 0), (0.3, 0.1))] == [
        *(78, 168, 39, 61, 25, 36)
    ]
    assert flip_cases(0.0005, 0.2) is None


def test_a_scores_detectable_difference_by_hand():
    """t on 3 degrees: 3.1824 for the p, .9785 for the power; an interval that reaches farther counts instead."""
    assert score_detectable(4, 0.1, 1.0, level=0.2) == pytest.approx(1.6377 + 0.9785, abs=1e-3)
    assert score_detectable(12, 5.0, 1.0) == pytest.approx(5 + 0.8755, abs=1e-3)
    assert score_detectable(5, 0.1, 1.0) is None  # no p of 5 cases is .05
    # 10 cases: 3 + .8834; 40 of them: 1.5 + .8507 / 2
    assert score_cases(3.884, 10, 3.0, 1.0) == 10
    assert score_cases(1.926, 10, 3.0, 1.0) == 40


def test_a_plan_of_a_yes_or_no_outcome_is_the_power_of_its_flips():
    ask = Asked(variances=HALF, span=1.0, noise=0.1)
    assert cases_needed(ask, 0.1, 1) == flip_cases(0.1, 0.1) == 168
    assert detectable_with(ask, 60, 1) == pytest.approx(0.201, abs=1e-3)
    assert detectable_with(ask, 5, 1) is None


def test_without_bounds_a_plan_is_the_t_intervals():
    """On 33 degrees t sums to 2.0345 + .8526 = 2.8871, / sqrt 34 = .4951; on 32 to 2.8899, / sqrt 33 = .5031."""
    ask = Asked(variances=HALF)
    assert cases_needed(ask, 0.5, 1) == 34
    assert cases_needed(ask, 0.5, math.inf) == 18  # between alone: (2.1098 + .8633) sqrt(.5 / 18) = .4955
    assert detectable_with(ask, 34, 1) == pytest.approx(0.4951, abs=1e-3)


def test_the_cases_needed_are_the_fewest_that_do():
    for span in (None, 10.0):
        for target in (0.2, 0.7, 2.0):
            ask = Asked(variances=HALF, span=span)
            count = cases_needed(ask, target, 2)
            assert finds(ask, target, count, 2)
            assert count == 6 or not finds(ask, target, count - 1, 2)


def test_repeats_replace_cases_only_down_to_what_lies_between_them():
    ask = Asked(variances=HALF)
    assert repeats_needed(ask, 0.5, 17) is None  # 18 are needed however many repeats
    repeats = repeats_needed(ask, 0.5, 25)
    assert cases_needed(ask, 0.5, repeats) <= 25 < cases_needed(ask, 0.5, repeats - 1)
    assert repeats_needed(ask, 0.5, 34) == 1
    assert repeats_needed(Asked(variances=Variances(total=1, between=None, within=None)), 0.5, 40) is None


def test_the_components_of_a_pilot_by_hand():
    # means 1 and 5, overall 3: MSB = 2 (4 + 4) / 1 = 16; within: 1, 1, 1, 1 on 2 degrees: MSW = 2; between = (16 - 2) /
    # 2 = 7
    found = variances_from_pilot([([0.0, 2.0, 4.0, 6.0], list("aabb"))])
    assert (found.between, found.within, found.total) == pytest.approx((7, 2, 9))
    # the same arm again, shifted by its effect: pooled, nothing changes
    assert (
        variances_from_pilot([([0.0, 2.0, 4.0, 6.0], list("aabb")), ([9.0, 11.0, 13.0, 15.0], list("aabb"))]) == found
    )


def test_unequal_repeats_by_hand():
    # 1, 3 in a and 5 in b: mean 3; MSB = 2 x 1 + 1 x 4 = 6, MSW = 2 / 1; n0 = 3 - (4 + 1) / 3 = 4/3; between = 4 /
    # (4/3) = 3
    found = variances_from_pilot([([1.0, 3.0, 5.0], list("aab"))])
    assert (found.between, found.within) == pytest.approx((3, 2))


def test_a_negative_component_is_0_and_one_repeat_gives_the_total():
    # both means are 0, so MSB = 0; MSW = (1 + 1 + 4 + 4) / 2
    assert variances_from_pilot([([-1.0, 1.0, -2.0, 2.0], list("aabb"))]) == Variances(total=5, between=0, within=5)
    assert variances_from_pilot([([1.0, 2.0, 4.0, 5.0], list("abcd"))]) == Variances(
        total=10 / 3, between=None, within=None
    )
    with pytest.raises(ConfigError, match="at least 2 cases"):
        variances_from_pilot([([1.0, 2.0], ["a", "a"])])
    with pytest.raises(ConfigError, match="at least 2 cases"):
        variances_from_pilot([])


def test_the_assumed_variances_by_hand():
    # h = .05 / .6 = 1/12; noise 11/12 x .2 = .18333; total .18333 + .05 - .0025; between .3 (.18333 + .24 / 144)
    found = variances_assumed(0.05)
    assert (found.total, found.between, found.within) == pytest.approx((0.230833, 0.0555, 0.175333), abs=1e-6)
    # full agreement beyond an effect that all cases share alike: a coin's variance alone
    assert variances_assumed(0.2, base=0.5, icc=0, agreement=1) == Variances(
        total=0.2 - 0.04, between=0, within=0.2 - 0.04
    )
    assert variances_assumed(0.1, base=0.3) == variances_assumed(0.1, base=0.7)


@pytest.mark.parametrize(
    "assumed",
    [
        {"effect": 0.05, "base": 0.6, "icc": 0.3, "agreement": 0.8},
        {"effect": 0.2, "base": 0.3, "icc": 0.6, "agreement": 0.7},
        {"effect": 0.3, "base": 0.5, "icc": 0.1, "agreement": 0.95},
    ],
)
def test_the_assumed_variances_are_those_of_such_agents(assumed):
    rng = np.random.default_rng(5)
    arm, reference, case = audit(rng, 100_000, 4, **assumed)
    difference = arm.astype(float) - reference
    found, expected = variances_from_pilot([(difference, case)]), variances_assumed(**assumed)
    assert abs(difference.mean()) == pytest.approx(assumed["effect"], abs=0.005)
    assert found.between == pytest.approx(expected.between, abs=0.003)
    assert found.within == pytest.approx(expected.within, abs=0.003)


@pytest.mark.parametrize(
    ("repeats", "assumed"),
    [
        (1, {"effect": 0.1, "base": 0.6, "icc": 0.3, "agreement": 0.8}),
        (4, {"effect": 0.15, "base": 0.7, "icc": 0.5, "agreement": 0.75}),
    ],
)
def test_the_planned_number_of_cases_has_the_planned_power(repeats, assumed):
    """Of 400 audits, 80 % must find it, within what 400 can tell."""
    rng = np.random.default_rng([11, repeats])
    noise = noise_assumed(assumed["effect"], assumed["base"], assumed["agreement"])
    ask = Asked(variances=variances_assumed(**assumed), span=1.0, noise=noise)
    cases = cases_needed(ask, assumed["effect"], repeats)
    found = 0
    for _ in range(400):
        arm, reference, case = audit(rng, cases, repeats, **assumed)
        each = paired(arm, reference, case, span=1)
        found += (each.high < 0 or each.low > 0) and sign_flip(arm.astype(float) - reference, case, 1.0) <= 0.05
    assert 0.74 <= found / 400 <= 0.86


def test_how_far_a_pilot_of_three_cases_may_be_off_by_hand():
    # chi2 on 2 degrees of freedom has the quantiles -2 ln(1 - p): 7.3778 at .975 and 0.050636 at .025
    assert pilot_error(3) == pytest.approx((2 / 7.3778, 2 / 0.050636), rel=1e-4)
    with pytest.raises(ValueError, match="cases=1: a variance takes at least 2"):
        pilot_error(1)


def test_the_reach_towards_0_grows_with_the_effect_by_hand():
    """No case of 60 differs: 1 - .025^(1/60) of what the imagined case is away, 1 at a mean of 0, 1.5 at .5."""
    none = np.zeros(60)
    share = 1 - 0.025 ** (1 / 60)
    assert reach_towards_0(none, 1.0, 0.0) == pytest.approx(share, abs=1e-6)
    assert reach_towards_0(none, 1.0, 0.5) == pytest.approx(1.5 * share, abs=1e-6)
    # data are turned over, so that the end towards 0 is always the lower one
    skewed = np.r_[np.zeros(50), np.ones(10)]
    assert reach_towards_0(-skewed, 1.0, 0.2) == pytest.approx(reach_towards_0(skewed, 1.0, 0.2))


def test_the_error_at_an_effect_of_repeats_that_agree_by_hand():
    """Two repeats a case; two of five cases differ by chance in one of them. Half of what agrees is turned: .8 / 2."""
    means, agreeing = [0.5, -0.5, 0, 0, 0], [0.5, 0.5, 1, 1, 1]
    # mean of squares .1, turned 1/4 x .8 / 2 = .1, between cases 1/4 x .06; over 5 - 1 cases
    assert turned_error(means, agreeing, [2] * 5, 0.4) == pytest.approx((0.215 / 4) ** 0.5)
    assert turned_error(means, agreeing, [2] * 5, 0.9) is None
    assert turned_error(means, [0] * 5, [2] * 5, 0.1) is None
