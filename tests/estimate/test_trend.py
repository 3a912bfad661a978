"""Trends over doses by hand."""

import numpy as np
import pytest

from simrun.estimate.relabelling import exchanges, least
from simrun.estimate.trend import exchanged_slopes, slopes

NONE = float("nan")


def p(values):
    found = np.array(values, dtype=float)
    doses = np.arange(found.shape[1])
    return least(np.abs(exchanged_slopes(doses, found, exchanges(~np.isnan(found))))[:, None])[0][0]


def test_slopes_by_hand():
    # 0 1 2 over doses 0 1 2 rises by 1; 2 0 1 falls by (-1 x 2 + 1 x 1) / 2; of two doses 0 and 2: 4 / 2
    found = slopes([0, 1, 2], [[0, 1, 2], [2, 0, 1], [0, NONE, 4], [NONE, 3, NONE]])
    assert found[:3].tolist() == [1, -0.5, 2]
    assert np.isnan(found[3])


def test_the_p_of_a_trend_by_hand():
    """Two cases that rise 0 1 2: of 6 x 6 orders only both rising, or both falling, has a mean slope of 1: 2 / 36."""
    assert p([[0, 1, 2], [0, 1, 2]]) == pytest.approx(2 / 36)
    # one that rises and one that falls: a mean of 0, which every order reaches
    assert p([[0, 1, 2], [2, 1, 0]]) == 1
    # a case without dose 1 has two orders: 2 of 6 x 2
    assert p([[0, 1, 2], [0, NONE, 2]]) == pytest.approx(2 / 12)


def test_what_cases_have_in_common_is_no_trend():
    # cases that lie 100 apart and rise alike: the same p as without what they have
    rising = np.array([[0, 1, 2, 3]] * 3, dtype=float)
    assert p(rising) == p(rising + np.array([[0], [100], [200]]))


def test_seldom_a_trend_where_there_is_none():
    rng = np.random.default_rng(0)
    found = [p(rng.integers(0, 2, (12, 4)) + rng.normal(0, 1, (12, 1))) for _ in range(100)]
    assert np.mean(np.array(found) < 0.05) <= 0.12  # .05 and three standard errors
