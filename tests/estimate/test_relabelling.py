"""Labels exchanged inside cases, and families over the exchanges, by hand."""

import numpy as np
import pytest

from simrun.estimate.relabelling import corrected, exchanges, least, reached, swaps


@pytest.mark.parametrize(("cases", "p"), [(3, 2 / 8), (6, 2 / 64)])
def test_always_the_one_of_two(cases: int, p: float):
    """In every case B is chosen and A is not: only as it is, and with all labels swapped, is the gap 1."""
    signs = 1 - 2 * swaps(cases)
    assert reached(np.abs(signs.sum(axis=1, keepdims=True)))[0, 0] == p


def test_all_exchanges_are_taken_where_they_are_few():
    # a case with three groups, one with two of them: 3! x 2! = 12, and the group that is not there stays
    found = exchanges([[1, 1, 1], [1, 0, 1]])
    assert found.shape == (12, 2, 3)
    assert len({each.tobytes() for each in found}) == 12
    assert found[0].tolist() == [[0, 1, 2], [0, 1, 2]]
    assert set(map(tuple, found[:, 1].tolist())) == {(0, 1, 2), (2, 1, 0)}


def test_drawn_exchanges_begin_with_the_observed_and_keep_who_is_missing():
    there = np.ones((30, 3), dtype=bool)
    there[::3, 1] = False
    found = exchanges(there, draws=600)
    assert found.shape == (601, 30, 3)
    assert (found[0] == np.arange(3)).all()
    assert (np.sort(found, axis=2) == np.arange(3)).all()
    assert (found[:, ::3, 1] == 1).all()
    # each of the two orders half of the time: 600 x 10 draws, a standard error of .0065
    assert (found[1:, ::3, 0] == 2).mean() == pytest.approx(0.5, abs=0.03)
    assert (exchanges(there, draws=600) == found).all()


def test_the_smallest_p_of_two_figures_by_hand():
    """Four exchanges. Figures 4 1 2 3 and 3 4 1 2: shares at or beyond, 1/4 1 3/4 2/4 and 2/4 1/4 1 3/4."""
    p, adjusted = least(np.array([[4, 3], [1, 4], [2, 1], [3, 2]]))
    assert p.tolist() == [1 / 4, 2 / 4]
    # smallest of both: 1/4 1/4 3/4 2/4, at most 1/4 in two of four; the second alone: 2/4 1/4 1 3/4, at most 2/4 in two
    assert adjusted.tolist() == [2 / 4, 2 / 4]


def test_the_same_figure_twice_costs_nothing():
    one = np.random.default_rng(1).random((200, 1))
    one[0] = 0.99
    p, adjusted = least(np.hstack([one, 2 * one]))
    assert p.tolist() == adjusted.tolist()


def test_what_is_not_defined_counts_as_farthest():
    assert reached(np.array([[1.0], [np.nan], [0], [2]]))[0, 0] == 3 / 4


def test_a_table_counts_until_all_of_its_figures_are_rejected():
    """100 exchanges, of which 1, 3 and 50 come as far as the observed: p .01, .03, .50."""
    far = [np.where(np.arange(100) < reaching, 1, 0)[:, None] for reaching in (1, 3, 50)]

    def over(*tables: list[int]) -> list[list[float]]:
        return [adjusted for _, adjusted in corrected([np.hstack([far[at] for at in own]) for own in tables])]

    assert over([0], [1]) == [pytest.approx([0.02]), pytest.approx([0.03])]
    # within the first .01 becomes .01 and .50 stays: with that in it the first counts beside the second
    assert over([0, 2], [1]) == [pytest.approx([0.02, 0.50]), pytest.approx([0.06])]
    assert corrected([np.empty((100, 0)), far[1]])[0][1] == []
