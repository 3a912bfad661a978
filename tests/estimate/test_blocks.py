"""Intrablock estimates and partial pooling against published analyses and sums done by hand."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from simrun.estimate.blocks import intrablock
from simrun.estimate.pooling import moderated, moderation, pooled

# Montgomery, Design and Analysis of Experiments, 8th ed. 2013 (ISBN 978-1-118-14692-7), section 4.4: minutes of a
# chemical reaction by four catalysts in four batches, three catalysts a batch
CATALYST = {1: {1: 73, 2: 74, 4: 71}, 2: {2: 75, 3: 67, 4: 72}, 3: {1: 73, 2: 75, 3: 68}, 4: {1: 75, 3: 72, 4: 75}}
ROWS = [(value, catalyst, batch) for catalyst, own in CATALYST.items() for batch, value in own.items()]


def test_a_published_balanced_incomplete_block_design():
    # adjusted totals Q = total less a third of the totals of its batches: 218 - 221 = -9/3, 214 - 649/3 = -7/3, 216 -
    # 652/3 = -4/3, 222 - 646/3 = 20/3; effects 3 Q / (2 x 4): -9/8, -7/8, -4/8, 20/8. Of the sum of squares of 81, 55
    # are the batches' and 22.75 the catalysts', adjusted; 3.25 are left with 12 - 4 - 4 + 1 = 5
    found = intrablock(*zip(*ROWS, strict=True), reference=1)
    assert {name: each.difference for name, each in found.levels.items()} == pytest.approx(
        {"2": 2 / 8, "3": 5 / 8, "4": 29 / 8}
    )
    assert (found.residual, found.freedom) == (pytest.approx(3.25 / 5), 5)
    assert [(each.cases, each.direct) for each in found.levels.values()] == [(3, 2)] * 3


def least_squares(rows) -> np.ndarray:
    """The differences from the first arm, by a regression on a column for each arm and each case."""
    values, arms, cases = (np.array(column) for column in zip(*rows, strict=True))
    columns = [arms == arm for arm in np.unique(arms)[1:]] + [cases == case for case in np.unique(cases)]
    return np.linalg.lstsq(np.stack(columns, axis=1).astype(float), values, rcond=None)[0][: len(np.unique(arms)) - 1]


def test_its_errors_leave_out_one_case_after_the_other():
    without = [least_squares([row for row in ROWS if row[2] != batch]) for batch in (1, 2, 3, 4)]
    apart = np.array(without) - np.mean(without, axis=0)
    errors = np.sqrt(3 / 4 * np.square(apart).sum(axis=0))
    found = intrablock(*zip(*ROWS, strict=True), reference=1)
    assert [each.error for each in found.levels.values()] == pytest.approx(errors)
    four = found.levels["4"]
    reach = stats.t.ppf(0.975, 2) * errors[2]  # three batches had catalyst 4
    assert (four.low, four.high) == pytest.approx((29 / 8 - reach, 29 / 8 + reach))


def test_in_a_complete_design_it_is_the_mean_paired_difference():
    arm, reference = np.array([3.0, 5, 4, 8]), np.array([1.0, 4, 5, 4])  # differences 2 1 -1 4: mean 1.5, variance 13/3
    values, cases = np.r_[arm, reference], [*"wxyz", *"wxyz"]
    found = intrablock(values, ["arm"] * 4 + ["reference"] * 4, cases, "reference").levels["arm"]
    assert (found.difference, found.error) == pytest.approx((1.5, math.sqrt(13 / 12)))
    # repeats are averaged: the same once more changes nothing
    again = intrablock(np.tile(values, 2), (["arm"] * 4 + ["reference"] * 4) * 2, cases * 2, "reference").levels["arm"]
    assert again == found
    # with a span of 10 a case that was not seen stands beside it: (10 / 5)^2
    beside = intrablock(values, ["arm"] * 4 + ["reference"] * 4, cases, "reference", 10).levels["arm"]
    assert beside.error == pytest.approx(math.sqrt(13 / 12 + 4))


def test_three_blocks_by_hand_and_what_a_third_arm_tells():
    # x: r 0, a 2; y: r 0, b 5; z: a 1, b 2. Direct: a 2, b 5; b - a 1 in z, and 3 by the reference. Each of the three
    # differences has variance 2, so a = (2 x 2 + (5 - 1)) / 3 = 8/3, b = (2 x 5 + (2 + 1)) / 3 = 13/3
    found = intrablock([0, 2, 0, 5, 1, 2], list("rarbab"), list("xxyyzz"), "r")
    assert [each.difference for each in found.levels.values()] == pytest.approx([8 / 3, 13 / 3])
    assert [(each.cases, each.direct) for each in found.levels.values()] == [(2, 1)] * 2
    assert found.freedom == 6 - 3 - 2


def test_what_no_case_ties_to_the_reference_is_left_out():
    found = intrablock([1, 2, 3, 4, 9], list("raabc"), list("xxyyz"), "r")
    assert set(found.levels) == {"a", "b"}  # c was played alone
    assert found.levels["b"].error is None  # in one case only
    assert intrablock([1, 2], list("rc"), list("xy"), "r").levels == {}
    with pytest.raises(ValueError, match="not among"):
        intrablock([1, 2], list("ab"), list("xx"), "r")


# eight schools: effects of coaching and their standard errors (Rubin 1981, doi:10.3102/10769986006004377)
SCHOOLS, ERRORS = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]


def test_eight_schools():
    found = pooled(SCHOOLS, np.diag(np.square(ERRORS)))
    # Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, table 5.3, medians and ends of 200 draws: 10 8 7 8 5 6 10 8;
    # school A [-2, 31]
    assert found.values == pytest.approx((10, 8, 7, 8, 5, 6, 10, 8), abs=1.7)
    assert (found.low[0], found.high[0]) == pytest.approx((-2, 31), abs=1.5)
    assert found.values[0] == max(found.values)
    assert found.spread == pytest.approx(6.6, abs=0.3)


def test_estimates_that_agree_are_narrower_together():
    found = pooled([0.1] * 20, 0.04 * np.eye(20))
    assert found.values == pytest.approx([0.1] * 20)
    # nothing sets them apart: between sqrt(.04 / 20) = .045 and .2
    assert 0.045 < (found.high[0] - found.low[0]) / (2 * 1.96) < 0.1


def test_without_noise_nothing_is_drawn():
    own = [0.0, 1, 3, -2]
    found = pooled(own, 1e-8 * np.eye(4))
    assert found.values == pytest.approx(own, abs=1e-4)
    with pytest.raises(ValueError, match="3 estimates or more, got 2"):
        pooled([1, 2], np.eye(2))


def test_cells_are_drawn_towards_what_their_levels_add_up_to():
    # two factors, additive but for noise: .2 and .1 and both, .3; the last estimate is far from certain
    main = np.array([[1, 0], [0, 1], [1, 1], [1, 1]])
    found = pooled([0.2, 0.1, 0.3, 5.0], np.diag([1e-6, 1e-6, 1e-6, 100.0]), main)
    assert found.values[3] == pytest.approx(0.3, abs=0.05)


def test_the_reference_that_all_share_is_told_apart_from_their_own_noise():
    # two variances are too few to be drawn together: .4 and .4, .1 shared on average; ten cases widen by 2.262 / 1.96
    found = moderated([[0.4, 0.05], [0.15, 0.4]], [10, 10])
    wider = (stats.t.ppf(0.975, 9) / stats.norm.ppf(0.975)) ** 2
    assert found == pytest.approx(np.array([[0.4 * wider, 0.1], [0.1, 0.4 * wider]]))
    assert moderated([[0.4, -0.2], [-0.2, 0.4]], [10, 10])[0, 1] == 0


def test_variances_are_drawn_together_as_far_as_they_differ_by_chance():
    rng = np.random.default_rng(1)
    equal = stats.chi2.rvs(9, size=2000, random_state=rng) / 9
    centre, prior = moderation(equal, np.full(2000, 9.0))
    assert (centre, prior > 100) == (pytest.approx(1, abs=0.03), True)
    # true variances 8 / chi2(8), as the model has them: 8 degrees of their own about 1
    own = 8 / stats.chi2.rvs(8, size=2000, random_state=rng) * stats.chi2.rvs(9, size=2000, random_state=rng) / 9
    assert moderation(own, np.full(2000, 9.0)) == (pytest.approx(1, abs=0.05), pytest.approx(8, rel=0.15))
    assert moderation(np.array([1.0, 0.0, 2.0]), np.full(3, 9.0)) == (0, 0)


@pytest.mark.slow
def test_pooled_intervals_hold_the_truth_on_average_and_are_nearer_to_it():
    rng, raw, drawn, held = np.random.default_rng(1), 0.0, 0.0, []
    for _ in range(60):
        truth = rng.normal(-0.1, 0.15, 31)
        blocks = [rng.permutation(31)[:3] + 1 for _ in range(124)]
        effects = np.r_[0.0, truth]
        rows = [
            (effects[arm] + luck + rng.normal(0, 0.4), arm, case)
            for case, own in enumerate(blocks)
            for luck in [rng.normal()]
            for arm in [0, *own]
        ]
        found = intrablock(*zip(*rows, strict=True), reference=0)
        order = sorted(found.levels)
        own = np.array([found.levels[name].difference for name in order])
        true = np.array([effects[int(name)] for name in order])
        told = pooled(own, moderated(found.covariance, [found.levels[name].cases for name in order]))
        raw, drawn = raw + np.square(own - true).sum(), drawn + np.square(np.array(told.values) - true).sum()
        held += list((np.array(told.low) <= true) & (true <= np.array(told.high)))
    assert drawn < raw
    assert np.mean(held) > 0.92


def test_every_pair_of_arms_can_be_the_reference():
    by = {first: intrablock(*zip(*ROWS, strict=True), reference=first).levels for first in (1, 2, 3, 4)}
    for one, other in combinations((1, 2, 3, 4), 2):
        assert by[one][str(other)].difference == pytest.approx(-by[other][str(one)].difference)
