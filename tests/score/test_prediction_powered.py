"""A judge's rate corrected by people's labels, and cells drawn towards each other."""

import math

import numpy as np
import pytest
from samples import groups, judged
from scipy import stats

from simrun.score.metrics.prediction_powered_rate import PredictionPoweredRate
from simrun.score.metrics.shrunken_means import ShrunkenMeans
from simrun.score.metrics.worst_group import WorstGroup

NONE = float("nan")


def corrected(verdicts, labels, cases=None):
    return PredictionPoweredRate().measure(judged(verdicts, labels, cases=cases))


def shrunken(values, cells, cases=None):
    return ShrunkenMeans().measure(groups(values, cells, cases))


def test_prediction_powered_by_hand():
    # labelled: labels 1 1 0 0, verdicts 1 1 1 0; unlabelled: verdicts 1 1 1 0
    verdicts, labels = [1, 1, 1, 0, 1, 1, 1, 0], [1, 1, 0, 0, NONE, None, NONE, None]
    found = corrected(verdicts, labels)
    # cov(label, verdict) = 2/4 - 1/2 x 3/4 = 1/8; variance of verdicts 8/7 x 3/16 = 3/14; w = (1/8) / (2 x 3/14) = 7/24
    assert found.weight == pytest.approx(7 / 24)
    # 7/24 x 3/4 + (1/2 - 7/24 x 3/4) = 1/2: the judge says the same of both parts
    assert found.value == pytest.approx(1 / 2)
    # unlabelled: w^2 x 3/16 / 4; labelled: (var Y - 2 w cov + w^2 var V) / 4 with 1/4, 1/8, 3/16; times 4 / 3
    w = 7 / 24
    error = math.sqrt(4 / 3 * (w**2 * 3 / 64 + (1 / 4 - 2 * w / 8 + w**2 * 3 / 16) / 4))
    assert found.error == pytest.approx(error)
    assert found.low == pytest.approx(max(1 / 2 - stats.t.ppf(0.975, 3) * error, 0))
    assert (found.judged.value, found.judged.n, found.labelled.value, found.labelled.n) == (3 / 4, 8, 1 / 2, 4)


def planted(n: int = 300, labelled: int = 60):
    rng = np.random.default_rng(7)
    truth = (rng.random(n) < 0.4).astype(float)
    verdict = np.where(rng.random(n) < 0.8, truth, 1 - truth)
    return verdict, np.where(np.arange(n) < labelled, truth, np.nan), truth


def test_agreement_with_ppi_python_as_recorded():
    """ppi_py 0.2.3, ppi_mean_pointestimate and ppi_mean_ci(alpha=.05) on these very arrays: python 3.11, numpy 2.4."""
    verdict, label, _ = planted()
    found = corrected(verdict, label)
    assert found.value == pytest.approx(0.4047533401849949, abs=1e-9)
    # its interval is normal, and divides by n where ours divides by n - 1
    assert found.error * math.sqrt(59 / 60) * stats.norm.ppf(0.975) == pytest.approx(
        (0.5097597940144778 - 0.29974688635551205) / 2, abs=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_agreement_with_ppi_python_where_it_is_installed(seed: int):
    ppi = pytest.importorskip("ppi_py")
    rng = np.random.default_rng(seed)
    truth, there = rng.integers(0, 2, 200).astype(float), rng.random(200) < 0.3
    verdict = np.where(rng.random(200) < 0.7, truth, 1 - truth)
    found = corrected(verdict, np.where(there, truth, np.nan))
    arrays = truth[there], verdict[there], verdict[~there]
    assert found.value == pytest.approx(float(np.squeeze(ppi.ppi_mean_pointestimate(*arrays))), abs=1e-9)
    low, high = (float(np.squeeze(end)) for end in ppi.ppi_mean_ci(*arrays, alpha=0.05))
    shrink = math.sqrt(1 - 1 / there.sum())
    assert found.error * shrink * stats.norm.ppf(0.975) == pytest.approx((high - low) / 2, abs=1e-9)


def test_a_judge_that_is_wrong_everywhere_is_corrected_and_one_that_is_right_helps():
    _, label, truth = planted(2000, 200)
    always = corrected(np.ones(2000), label)
    assert (always.judged.value, always.weight) == (1, 0)
    assert always.value == always.labelled.value
    perfect = corrected(truth, label)
    assert perfect.value == pytest.approx(truth.mean(), abs=0.01)
    assert perfect.high - perfect.low < 0.5 * (perfect.labelled.high - perfect.labelled.low)


def test_repeats_of_a_case_are_no_further_evidence():
    verdict, label, _ = planted()
    once = corrected(verdict, label, range(300))
    again = corrected(np.tile(verdict, 5), np.tile(label, 5), list(range(300)) * 5)
    assert (again.value, again.error) == pytest.approx((once.value, once.error), rel=1e-3)


def test_few_labels_and_no_spread():
    assert corrected([1, 0, 1], [1, None, None]).value is None
    assert corrected([1, 0, 1], [1, 0, None], ["a", "a", "b"]).low is None
    agreed = corrected([1] * 5, [1, 1, 1, None, None])
    assert (agreed.value, agreed.error, agreed.high) == (1, 0, 1)
    assert agreed.low == pytest.approx(0.05 ** (1 / 3))  # the rule of three, of three labels
    every = corrected([1, 0, 1, 0], [1, 0, 0, 0])
    assert (every.value, every.weight) == (1 / 4, 0)
    with pytest.raises(ValueError, match="set low and high"):
        corrected([4, 5], [4, None])


def test_shrunken_means_by_hand():
    # cells of 4: means 0 1 2, s = 12 / 9 = 4/3, s / n = 1/3; Q = 3 (1 + 0 + 1) = 6, t = (6 - 2) / (9 - 27 / 9) = 2/3; B
    # = 2/3
    found = shrunken([-1, 1, -1, 1, 0, 2, 0, 2, 1, 3, 1, 3], list("aaaabbbbcccc"))
    assert {name: cell.shrunken for name, cell in found.cells.items()} == pytest.approx(
        {"a": 1 / 3, "b": 1, "c": 5 / 3}
    )
    assert (found.centre, found.value) == pytest.approx((1, math.sqrt(2 / 3)))
    assert {cell.n for cell in found.cells.values()} == {4}


def test_a_smaller_cell_is_drawn_further():
    # s = 1 throughout: cells of 8, 8 and 2 with means 0, 2 and 4
    values = [-1, 1] * 4 + [1, 3] * 4 + [3, 5]
    found = shrunken(values, ["a"] * 8 + ["b"] * 8 + ["c"] * 2).cells
    kept = {name: (cell.mean - cell.shrunken) for name, cell in found.items()}
    assert abs(kept["c"]) > abs(kept["a"])
    assert found["c"].mean == 4
    sample = groups(values, ["a"] * 8 + ["b"] * 8 + ["c"] * 2)
    assert WorstGroup(n_min=8).measure(sample).cells["c"].shrunken is None


def test_what_cases_have_in_common_is_no_noise():
    # cases at 0, 100, 200 in both cells; b is 1 above a but for -1, 0, 1: residuals of the table +-.5, 0
    values, cells, cases = [0, 100, 200, 0, 101, 202], list("aaabbb"), list("xyzxyz")
    found = shrunken(values, cells, cases)
    # of the table less the case means: a 0 -.5 -1, b 0 .5 1, squares about +-.5: 4 x .25 = 1, freedom 6 - 2 - 2 = 2
    # s / n = .5 / 3 = 1/6; Q = 6 x (.25 + .25) = 3, t = (3 - 1) / (12 - 72 / 12) = 1/3, B = 2/3
    assert found.value == pytest.approx(math.sqrt(1 / 3))
    assert [found.cells[name].shrunken for name in "ab"] == pytest.approx([100.5 - 2 / 3 * 0.5, 100.5 + 2 / 3 * 0.5])
    assert shrunken(values, cells).value == 0  # without cases, 100 between them hides the 1
    # repeats are averaged: the same once more changes nothing but n
    again = shrunken(values * 2, cells * 2, cases * 2)
    assert again.value == pytest.approx(found.value)
    assert (again.cells["a"].n, again.cells["a"].cases) == (6, 3)


def test_means_are_freed_of_which_cases_a_cell_had():
    # b is 1 above a in x and 3 in y, c 2 below b in z: a and b -1 and -3, by both -2; c has the case that is 100 higher
    values = [0.0, 1, 10, 13, 111, 109]
    found = shrunken(values, list("ababbc"), list("xxyyzz"))
    kept = {name: cell.shrunken for name, cell in found.cells.items()}
    assert found.cells["c"].mean == 109  # as observed
    assert kept["c"] == pytest.approx(kept["a"], abs=0.5)  # a + 2 - 2
    assert kept["b"] > kept["a"]


def test_no_freedom_no_shrinkage():
    found = shrunken([1, 2, 3], list("abc"))
    assert (found.value, found.cells["a"].shrunken) == (None, None)


@pytest.mark.parametrize("seed", range(3))
def test_the_variance_between_cells_is_statsmodels(seed: int):
    from statsmodels.stats.meta_analysis import combine_effects

    rng = np.random.default_rng(seed)
    sizes = np.array([5, 20, 60, 9])
    cells = np.repeat(list("abcd"), sizes)
    values = rng.normal(np.repeat([0, 1, 2, 3], sizes), 1)
    parts = [values[cells == name] for name in "abcd"]
    noise = sum(np.square(part - part.mean()).sum() for part in parts) / (len(values) - 4)
    oracle = combine_effects(np.array([part.mean() for part in parts]), noise / sizes, method_re="dl")
    found = shrunken(values, cells)
    assert found.value**2 == pytest.approx(oracle.tau2, abs=1e-9)
    assert found.centre == pytest.approx(oracle.mean_effect_re, abs=1e-9)


def test_shrinkage_is_nearer_to_the_truth():
    rng = np.random.default_rng(1)
    raw = drawn = 0.0
    for _ in range(50):
        truth = rng.normal(0, 0.3, 12)
        values, cells = rng.normal(np.repeat(truth, 6), 1), np.repeat([f"c{place:02}" for place in range(12)], 6)
        found = list(shrunken(values, cells).cells.values())
        raw += float(np.square([cell.mean for cell in found] - truth).sum())
        drawn += float(np.square([cell.shrunken for cell in found] - truth).sum())
    assert drawn < 0.7 * raw
