"""Rank intervals: who cannot be told apart shares places, and so often as is said."""

import numpy as np
import pytest

from simrun.estimate.ranks import Places, rank_intervals


def right(entries: int, cases: int, rng: np.random.Generator, share: float = 0.5) -> np.ndarray:
    """Who is right in which case, alike by the difficulty of the case."""
    odds = np.clip(share + 0.6 * (rng.random(cases) - 0.5), 0, 1)
    return (rng.random((entries, cases)) < odds).astype(float)


def gaps(sizes, cases: int, rng: np.random.Generator) -> np.ndarray:
    """Differences within pairs, -1, 0 or 1, of these means."""
    return np.array([np.sign(size) * (rng.random(cases) < abs(size)) for size in sizes], dtype=float)


def test_equal_models_share_all_places_in_95_of_100_runs():
    """100 runs: the standard error of .95 is .022."""
    rng = np.random.default_rng(0)
    whole = [rank_intervals(right(4, 60, rng), "higher", 1.0) == [Places(1, 4)] * 4 for _ in range(100)]
    assert 0.89 <= np.mean(whole) < 1


def test_equal_gaps_of_either_sign_share_all_places_in_95_of_100_runs():
    rng = np.random.default_rng(1)
    whole = [rank_intervals(gaps((0.4, -0.4, 0.4), 60, rng), "near 0", 1.0) == [Places(1, 3)] * 3 for _ in range(100)]
    assert 0.89 <= np.mean(whole) < 1


def test_one_who_is_far_better_is_first_alone():
    rng = np.random.default_rng(2)
    values = np.vstack([right(3, 60, rng), np.ones((1, 60))])
    assert rank_intervals(values, "higher", 1.0) == [Places(2, 4)] * 3 + [Places(1, 1)]


def test_one_whose_gap_is_far_larger_is_last_alone_whatever_its_sign():
    rng = np.random.default_rng(3)
    for size in (0.7, -0.7):
        values = gaps((0.05, -0.05, size), 60, rng)
        assert rank_intervals(values, "near 0", 1.0) == [Places(1, 2), Places(1, 2), Places(3, 3)]


def test_what_all_cases_show_is_no_proof_where_they_are_few():
    """Five cases that all agree: by a sign test p = 1 / 16. Twelve: 1 / 2048."""
    for cases, places in ((5, [Places(1, 2), Places(1, 2)]), (12, [Places(1, 1), Places(2, 2)])):
        assert rank_intervals(np.array([np.ones(cases), np.zeros(cases)]), "higher", 1.0) == places


def test_only_shared_cases_count():
    """Each pair is compared where both have values: the second and the third have none in common."""
    values = np.full((3, 40), np.nan)
    values[0], values[1, :20], values[2, 20:] = 1.0, 0.0, 0.0
    assert rank_intervals(values, "higher", 1.0) == [Places(1, 1), Places(2, 3), Places(2, 3)]


def test_the_same_numbers_give_the_same_places():
    values = right(6, 30, np.random.default_rng(4))
    assert rank_intervals(values, "higher", None, seed=5) == rank_intervals(values, "higher", None, seed=5)


@pytest.mark.parametrize(("entries", "places"), [(0, []), (1, [Places(1, 1)])])
def test_who_stands_alone_is_first(entries, places):
    assert rank_intervals(np.ones((entries, 5)), "higher", 1.0) == places


def test_identical_models_are_tied():
    values = np.tile(right(1, 30, np.random.default_rng(6)), (3, 1))
    assert rank_intervals(values, "higher", 1.0) == [Places(1, 3)] * 3
