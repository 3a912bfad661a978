"""Betting: the identity with the Beta function, ends that hold at every look, and what they take."""

import itertools

import numpy as np
import pytest
from scipy.special import betaln

from simrun.estimate.betting import betting_intervals, betting_p, capital, equivalent_at


def both(up: int, down: int) -> float:
    """The mean of the two capitals against 0."""
    return float(np.exp(capital([1.0] * up + [-1.0] * down, 0.0, 1.0)).mean())


@pytest.mark.parametrize(("up", "down"), [(6, 0), (7, 0), (3, 2), (20, 9), (40, 39)])
def test_the_capital_against_no_effect_is_a_beta_function(up: int, down: int) -> None:
    expected = np.exp((up + down) * np.log(2) + betaln(up + 0.5, down + 0.5)) / np.pi
    assert both(up, down) == pytest.approx(expected, rel=1e-9)


def test_seven_of_seven_pass_where_six_do_not() -> None:
    assert both(6, 0) == pytest.approx(14.4, abs=0.05)
    assert both(7, 0) == pytest.approx(26.8, abs=0.05)
    (six,), (seven,) = (betting_intervals([1.0] * n, (n,), 1.0) for n in (6, 7))
    assert six.low < 0 < seven.low
    assert betting_p([1.0] * 6, (6,), 1.0) > 0.05 > betting_p([1.0] * 7, (7,), 1.0)


def test_ends_are_where_the_capital_is_forty_and_only_ever_come_nearer() -> None:
    values = np.array([1, 0, 0, -1, 1, 1, 0, np.nan, 0, 1, 0, -1], dtype=float)
    looks = betting_intervals(values, (4, 8, 12), 1.0)
    assert np.exp(capital(values[:4], looks[0].low, 1.0).greater) == pytest.approx(40, rel=1e-6)
    assert np.exp(capital(values[:4], looks[0].high, 1.0).less) == pytest.approx(40, rel=1e-6)
    assert all(one.low <= two.low <= two.high <= one.high for one, two in itertools.pairwise(looks))
    # the same in other units
    scaled = betting_intervals(values * 10, (4, 8, 12), 10.0)
    assert scaled[-1].half_width == pytest.approx(10 * looks[-1].half_width)
    # and mirrored
    turned = betting_intervals(-values, (4, 8, 12), 1.0)
    assert turned[-1].low == pytest.approx(-looks[-1].high)


def test_a_half_width_of_five_hundredths_takes_ninety_one_cases_that_all_agree() -> None:
    zeros = np.zeros(120)
    widths = [each.half_width for each in betting_intervals(zeros, range(85, 100), 1.0)]
    assert 85 + next(i for i, width in enumerate(widths) if width <= 0.05) == 91


def test_equivalence_needs_both_sides() -> None:
    found = equivalent_at(np.zeros(60), range(1, 61), 1.0, 0.1)
    assert found is not None
    # each bettor alone: 20 is reached by the mean over bets of (1 + s m / (1 - m)) to the n
    before = np.zeros(found - 1)
    assert capital(before, -0.1, 1.0).greater < np.log(20) <= capital(np.zeros(found), -0.1, 1.0).greater
    assert equivalent_at(np.full(60, 0.2), range(1, 61), 1.0, 0.1) is None


def test_nothing_left_keeps_what_was_there() -> None:
    values = np.concatenate([np.ones(40), -np.ones(400)])
    first, second = betting_intervals(values, (40, 440), 1.0)
    assert first.low > 0
    assert (second.low, second.high) == (first.low, first.high)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="differs by 3, and at most 1 was declared"):
        capital([3.0], 0.0, 1.0)
    with pytest.raises(ValueError, match="not inside"):
        capital([0.0], 1.0, 1.0)


@pytest.mark.slow
def test_zero_hardly_ever_leaves_where_there_is_no_effect() -> None:
    rng = np.random.default_rng(2)
    values = (rng.random((2000, 60)) < 0.2) * rng.choice((-1.0, 1.0), (2000, 60))
    assert np.mean([betting_p(each, range(1, 61), 1.0) < 0.05 for each in values]) <= 0.05


@pytest.mark.slow
def test_an_effect_is_found_as_often_and_as_early_as_was_measured_elsewhere() -> None:
    """An effect of .3 beside 10 % that flip either way: power .8 after 51 cases, 34 in the mean."""
    luck = np.random.default_rng(3).random((1500, 51))
    values = np.where(luck < 0.35, -1.0, np.where(luck < 0.4, 1.0, 0.0))
    looks = [round(51 * nth / 10) for nth in range(1, 11)]
    ended = [[cases for cases in looks if betting_p(each, (cases,), 1.0) < 0.05] for each in values]
    assert np.mean([bool(each) for each in ended]) == pytest.approx(0.8, abs=0.04)
    assert np.mean([each[0] if each else 51 for each in ended]) == pytest.approx(34, rel=0.05)


@pytest.mark.slow
def test_an_effect_as_large_as_the_margin_is_hardly_ever_called_equivalent() -> None:
    values = -(np.random.default_rng(4).random((1500, 120)) < 0.1).astype(float)
    wrong = [equivalent_at(each, range(12, 121, 12), 1.0, 0.1) is not None for each in values]
    assert 0 < np.mean(wrong) <= 0.05
