"""The gap between groups beside those of exchanged labels, by hand."""

import numpy as np
import pytest
from samples import groups

from simrun.estimate.relabelling import least
from simrun.report.sections.groups import exchanged_gaps


@pytest.mark.parametrize(("cases", "p"), [(3, 2 / 8), (6, 2 / 64)])
def test_always_the_one_of_two_groups(cases: int, p: float):
    sample = groups([1, 0] * cases, "ba" * cases, np.repeat(np.arange(cases), 2))
    far = exchanged_gaps([sample])
    assert far[0, 0] == 1
    assert least(far)[0][0] == p


def test_repeats_of_a_case_change_places_together():
    # three cases of four repeats each: still eight exchanges
    sample = groups([1, 0] * 12, "ba" * 12, np.repeat(np.arange(3), 8))
    assert len(exchanged_gaps([sample])) == 8
    assert least(exchanged_gaps([sample]))[0][0] == 2 / 8


def test_a_group_that_a_case_has_not_stays_out_of_it():
    # of the second case only a was played; in the first the three groups have 6 orders, of which 4 keep c at an end
    sample = groups([0, 0.5, 1, 1], "abca", [0, 0, 0, 1])
    far = exchanged_gaps([sample])
    # a is the mean of its own and 1: with 0 .5 1 in the first case as they stand, means 1/2 1/2 1
    assert far.shape == (6, 1)
    assert far[0, 0] == pytest.approx(1 / 2)
    # a may get 0, .5 or 1 there: means 1/2, 3/4 or 1 beside the other two: gaps 1/2 (twice), 1 (twice), 1 (twice)
    assert sorted(far[:, 0].tolist()) == pytest.approx([1 / 2, 1 / 2, 1, 1, 1, 1])


def test_outcomes_that_say_the_same_cost_nothing():
    rng = np.random.default_rng(4)
    values, names, cases = rng.random(60), "ab" * 30, np.repeat(np.arange(30), 2)
    one, twice = groups(values, names, cases), groups(2 * values, names, cases)
    p, adjusted = least(exchanged_gaps([one, twice]))
    assert p.tolist() == adjusted.tolist()
