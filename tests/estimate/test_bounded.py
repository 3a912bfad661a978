"""The Dirichlet bound: figures worked out beside it, its closed forms, and its coverage where the t interval fails."""

import numpy as np
import pytest
from scipy import stats

from simrun.estimate.bounded import case_means, dirichlet_bounds, share_below
from simrun.estimate.paired import clustered_mean, hall, margin


def flips(cases: int, up: int, down: int = 0) -> np.ndarray:
    return np.r_[np.ones(up), -np.ones(down), np.zeros(cases - up - down)]


@pytest.mark.parametrize(
    ("differences", "low", "high", "within"),
    [
        (flips(60, 0), -0.0596, 0.0596, 0.0487),
        (flips(60, 1), -0.0487, 0.0894, 0.0766),
        (flips(30, 5), -0.0074, 0.3472, 0.3190),
        (flips(30, 6), 0.0158, 0.3857, 0.3570),
        (flips(40, 8, 1), 0.0078, 0.3404, 0.3151),
        (np.r_[np.zeros(8), 0.2, 0.4, -0.2, 1.0], -0.2015, 0.4136, 0.3694),
    ],
)
def test_intervals_and_margins_of_a_table(differences, low, high, within):
    """Values from an independent implementation of the same integral, to four digits."""
    assert dirichlet_bounds(differences, -1, 1) == pytest.approx((low, high), abs=6e-5)
    assert margin(differences, -1, 1) == pytest.approx(within, abs=6e-5)


@pytest.mark.parametrize("up", [0, 1, 7, 29, 30])
def test_of_two_values_it_is_clopper_and_pearsons(up):
    low, high = dirichlet_bounds(flips(30, up), 0, 1)
    exact = stats.binomtest(up, 30).proportion_ci(method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-6)


@pytest.mark.parametrize("cases", [1, 2, 12, 60])
def test_where_nothing_differs_it_reaches_as_far_as_could_go_unseen(cases):
    assert dirichlet_bounds(np.zeros(cases), -1, 1)[1] == pytest.approx(1 - 0.025 ** (1 / cases))
    assert dirichlet_bounds(np.ones(cases), -1, 1)[1] == 1


@pytest.mark.parametrize("cases", [1, 2, 5, 40])
def test_the_integral_is_the_quantile_of_drawn_weights(cases):
    rng = np.random.default_rng(cases)
    data = rng.uniform(-1, 1, cases)
    weights = rng.dirichlet(np.ones(cases + 1), 200_000)
    low, high = dirichlet_bounds(data, -1, 1)
    assert low == pytest.approx(np.quantile(weights @ np.r_[data, -1], 0.025), abs=0.006)
    assert high == pytest.approx(np.quantile(weights @ np.r_[data, 1], 0.975), abs=0.006)


def test_with_one_pair_a_case_it_agrees_with_the_exact_test():
    """The lower bound is at least 0 exactly where the one-sided sign test gives .025 or less."""
    for up in range(0, 40, 3):
        for down in range(0, 40, 2):
            if up + down:
                share = share_below(flips(80, up, down), -1, 0)
                assert share == pytest.approx(stats.binom.sf(up - 1, up + down, 0.5), abs=1e-6)


def test_many_values_are_told_apart_on_a_grid_that_hardly_widens_it():
    data = np.random.default_rng(0).uniform(-1, 1, 3000)
    low, high = dirichlet_bounds(data, -1, 1)
    reach = 1.96 * data.std() / np.sqrt(3000)
    assert reach < data.mean() - low < 1.05 * reach
    assert reach < high - data.mean() < 1.05 * reach


def test_each_case_counts_once_however_many_repeats_it_has():
    assert case_means([0.0, 0.0, 3.0], ["b", "b", "a"]).tolist() == [3, 0]
    assert clustered_mean([0.0, 0.0, 3.0], ["b", "b", "a"]).value == 1.5
    with pytest.raises(ValueError, match="values from 0 to 3 where -1 to 1 was declared"):
        clustered_mean([0.0, 3.0], ["a", "b"], -1, 1)


def test_few_flips_all_one_way_are_covered_where_the_t_interval_fails():
    """60 cases, 5.4 % of which flip: t holds the truth in 84 %; both counted over all that can come, by exact sums."""
    truth, cases = 0.054, 60
    chance = stats.binom.pmf(np.arange(cases + 1), cases, truth)
    held = {"dirichlet": 0.0, "t": 0.0}
    for up, weight in enumerate(chance):
        if weight < 1e-9:
            continue
        data = flips(cases, up)
        low, high = dirichlet_bounds(data, -1, 1)
        held["dirichlet"] += weight * (low <= truth <= high)
        reach = stats.t.ppf(0.975, cases - 1) * data.std(ddof=1) / np.sqrt(cases)
        held["t"] += weight * (data.mean() - reach <= truth <= data.mean() + reach)
    assert held["t"] < 0.86
    assert held["dirichlet"] > 0.95


def test_an_interval_without_bounds_is_halls_and_marked():
    symmetric = [1.0, 2.0, 4.0, 5.0]  # no skewness: the ordinary t interval
    found = clustered_mean(symmetric, list("abcd"))
    low, high = stats.ttest_1samp(symmetric, 0).confidence_interval()
    assert (found.low, found.high, found.approximate) == (pytest.approx(low), pytest.approx(high), True)
    # 0, 0, 0, 4: g = 1.1547, s = 2, q = 3.1824; y = q - g/12 = 3.0862, a = g/6 = .19245, t' = (2.7818^(1/3) - 1)/a
    low, high = hall(np.array([0.0, 0.0, 0.0, 4.0]))
    assert low == pytest.approx(1 - (2.78180 ** (1 / 3) - 1) / 0.19245, abs=1e-3)
    assert high > 1 + 3.18  # it leans to where the rare values are
    assert hall(np.ones(4)) == (None, None)
    assert clustered_mean([1.0, 2.0], ["a", "a"]).low is None
