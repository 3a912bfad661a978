"""Whether the first of three plays is another than the other two."""

import numpy as np
import pytest

from simrun.estimate import threes


def test_how_odd_a_play_is():
    # the second and third agree always, the first with them in a quarter and in half of the trials: 1 less .375
    assert threes.odd([[0.25, 0.5, 1.0]])[0] == pytest.approx([0.625, -0.125, -0.5])
    assert threes.odd([[0.7, 0.7, 0.7]])[0] == pytest.approx([0, 0, 0])


def test_how_far_a_play_is_from_the_mean_of_the_others():
    assert threes.apart([[1.0, 0.0, 0.5]])[0] == pytest.approx([0.75, -0.75, 0.0])


def test_p_is_the_share_of_exchanges_that_are_as_far():
    """Two cases: nine places, as often each; only where the first stands in both is the sum as large as seen, 2."""
    figures = threes.odd([[0, 0, 1], [0, 0, 1]])[None]
    p, adjusted = threes.first(figures, [True], threes.labels(2))
    assert (p[0], adjusted[0]) == (pytest.approx(1 / 9), pytest.approx(1 / 9))
    # the other way round nothing is as small: a figure that is far only when large is not surprising
    assert threes.first(-figures, [True], threes.labels(2))[0][0] == 1
    assert threes.first(-figures, [False], threes.labels(2))[0][0] == pytest.approx(1 / 9)


def test_p_over_several_figures_counts_the_farthest_of_each_exchange():
    """A figure that sees nothing adds nothing; the same figure twice is one; another that is far elsewhere adds its
    own exchanges."""
    one, nothing = threes.odd([[0, 0, 1], [0, 0, 1]]), np.zeros((2, 3))
    other = threes.odd([[1, 0, 0], [1, 0, 0]])  # of the third play
    for figures, due in (([one, nothing], 1 / 9), ([one, one], 1 / 9), ([one, other], 2 / 9)):
        adjusted = threes.first(np.stack(figures), [True] * 2, threes.labels(2))[1]
        assert adjusted[0] == pytest.approx(due)


def test_three_plays_alike_differ_as_seldom_as_is_said():
    rng = np.random.default_rng(2)
    moved = threes.labels(12, draws=199)
    hits = 0
    for _ in range(400):
        figures = np.stack([threes.apart(rng.exponential(size=(12, 3))) for _ in range(3)])
        hits += threes.first(figures, [True, False, False], moved)[1].min() <= 0.05
    assert hits / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
