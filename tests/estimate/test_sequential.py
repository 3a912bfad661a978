"""Looking early: the worked examples by hand, and false alarms by simulation."""

import numpy as np
import pytest

from simrun.estimate.sequential import flipped, grid, sign_looks, spending


def test_what_may_be_spent_is_all_of_the_level_at_the_end() -> None:
    assert spending(0) == 0
    assert spending(0.5) == pytest.approx(0.0310, abs=5e-5)
    assert spending(1) == pytest.approx(0.05)
    assert spending(1, 0.01) == pytest.approx(0.01)


def test_seven_flips_by_half_and_twelve_by_the_end() -> None:
    """By hand: 2 (1/2)^7 = .015625 stops at 7, 5 would cost 16/128; then the 210 patterns of 12 at 8 or beyond."""
    flips = np.array([1, 1, 1, 1, 1, 1, -1, 0, 0, 0, 1, 1, 1, 1, -1, 0, 0, 0, 0, 0], dtype=float)
    half, end = sign_looks(flips, (10, 20), 20, 1.0)
    assert (half.critical, end.critical) == (7, 8)
    assert (half.observed, end.observed) == (5, 8)
    assert half.p == pytest.approx(16 / 128)
    assert end.p == pytest.approx(0.0464, abs=5e-5)
    assert (half.stops, end.stops) == (False, True)
    assert half.allowed == pytest.approx(0.0310, abs=5e-5)
    # where the sum comes to 6 at the end, the level would be passed
    fewer = flips.copy()
    fewer[13] = -1
    assert sign_looks(fewer, (10, 20), 20, 1.0)[-1].p == pytest.approx(0.149, abs=5e-4)


def test_all_seven_one_way_stop_at_half() -> None:
    flips = np.array([1] * 7 + [0] * 3 + [np.nan] * 10)
    (only,) = sign_looks(flips, (10, 20), 20, 1.0)
    assert only.stops
    assert only.p == pytest.approx(2 / 2**7)


def test_a_look_at_which_nothing_can_stop_leaves_its_level_to_the_next() -> None:
    first, second = sign_looks(np.ones(12), (4, 12), 12, 1.0)
    assert first.critical is None
    assert second.critical == 8  # 2 (1 + 12 + 66) / 4096 = .0386; 6 would cost .146
    assert second.p == pytest.approx(2 / 2**12)


def test_magnitudes_count_and_their_signs_are_rounded_alike() -> None:
    steps, unit = grid([0.0005, -0.0005, 0.25, np.nan], 1.0)
    assert (steps * unit).tolist() == pytest.approx([0.001, -0.001, 0.25, 0])
    assert grid([1, -1, 0], 1.0)[0].tolist() == [1, -1, 0]
    # three, two, two and minus one, as in the fixed test: 4 of 16 patterns are as far out
    assert sign_looks([3, 2, 2, -1], (4,), 4, 10.0)[0].p == pytest.approx(0.25)


def test_a_law_of_three_steps_is_binomial() -> None:
    law = np.ones(1)
    for _ in range(3):
        law = flipped(law, 1)
    assert law.tolist() == pytest.approx([1 / 8, 0, 3 / 8, 0, 3 / 8, 0, 1 / 8])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="differs by 2, and at most 1 was declared"):
        sign_looks([0, 2], (2,), 2, 1.0)
    with pytest.raises(ValueError, match="must rise"):
        sign_looks(np.ones(4), (2, 2), 4, 1.0)
    with pytest.raises(ValueError, match="at most 4 cases"):
        sign_looks(np.ones(4), (2, 5), 8, 1.0)


def alarms(law: str, times: int, seed: int = 1) -> float:
    """Share of audits of 60 cases and ten looks, with no effect, that stop with a difference."""
    rng = np.random.default_rng(seed)
    looks = range(6, 61, 6)
    size = rng.random((times, 60)) if law == "scores" else (rng.random((times, 60)) < 0.2).astype(float)
    values = size * rng.choice((-1.0, 1.0), (times, 60))
    return float(np.mean([sign_looks(each, looks, 60, 1.0)[-1].stops for each in values]))


def test_the_level_is_spent_and_never_passed() -> None:
    """Exactly, by all signs of 12 flips at three looks: what stops is what the law says, and at most .05."""
    signs = 1 - 2 * ((np.arange(2**12)[:, None] >> np.arange(12)) & 1)
    stopped = [sign_looks(each, (4, 8, 12), 12, 1.0)[-1] for each in signs]
    share = np.mean([each.stops for each in stopped])
    assert 0.02 < share <= 0.05
    # the largest p that still stops is the share of all patterns that stop
    assert max(each.p for each in stopped if each.stops) == pytest.approx(share)


@pytest.mark.slow
@pytest.mark.parametrize("law", ["flips", "scores"])
def test_false_alarms_over_ten_looks(law: str) -> None:
    assert alarms(law, 1500) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1500)


def flipping(effect: float, noise: float, cases: int, times: int, seed: int = 3) -> np.ndarray:
    """Cases (times, cases) that flip down with probability effect + noise/2 and up with noise/2."""
    luck = np.random.default_rng(seed).random((times, cases))
    return np.where(luck < effect + noise / 2, -1.0, np.where(luck < effect + noise, 1.0, 0.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("effect", "noise", "end", "mean"), [(0.2, 0.1, 66, 45), (0.2, 0.0, 38, 30), (0.1, 0.1, 182, 121)]
)
def test_an_effect_is_found_as_often_and_as_early_as_was_measured_elsewhere(effect, noise, end, mean):
    """Power .8 by the end; the mean number of cases of all audits, those that go on to their end included."""
    looks = [round(end * nth / 10) for nth in range(1, 11)]
    last = [sign_looks(each, looks, end, 1.0)[-1] for each in flipping(effect, noise, end, 2000)]
    assert np.mean([each.stops for each in last]) == pytest.approx(0.8, abs=0.04)
    assert np.mean([each.cases for each in last]) == pytest.approx(mean, rel=0.04)
