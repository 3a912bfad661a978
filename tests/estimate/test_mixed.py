"""Crossed random effects against sums done by hand, against the t interval over cases, and against statsmodels."""

import math
import warnings

import numpy as np
import pytest
from samples import codes, numbers, paired
from scipy import stats

from simrun.estimate.mixed import LEAST, mixed_effects
from simrun.report.render.cells import texts
from simrun.report.sections.components import COLUMNS, fitted, holds, table
from simrun.score.metrics.paraphrase_variance import ParaphraseVariance
from simrun.score.values import Worded

CASES = np.repeat(list("abc"), 4)
ARMS = np.tile(["ref", "ref", "arm", "arm"], 3)
# two repeats, 1 above and 1 below each cell's mean; means of (ref, arm): a 0 2, b 10 16, c 5 9
VALUES = np.repeat([0, 2, 10, 16, 5, 9], 2) + np.tile([-1.0, 1.0], 6)


def test_a_balanced_design_by_hand():
    # differences 2 6 4: mean 4, variance 4, so the error is sqrt(4 / 3). Within cells: 12 x 1 / (12 - 6) = 2.
    # case x arm: 4 - 2 x 2 / 2 = 2. Case: means 1 13 7 vary by 36, of which 2 / 4 is residual: 35.5
    found = mixed_effects(VALUES, ARMS, "ref", CASES)
    assert found.difference == pytest.approx(4)
    assert found.error == pytest.approx(math.sqrt(4 / 3), abs=1e-5)
    assert found.spread == pytest.approx(math.sqrt(2), abs=1e-4)
    total = 35.5 + 2 / 4 + 2
    assert found.shares == pytest.approx(
        {"case": 35.5 / total, "case x arm": 0.5 / total, "residual": 2 / total}, abs=1e-4
    )
    assert (found.freedom, found.converged, found.n, found.levels) == (2, True, 12, {"case": 3, "case x arm": 3})
    clustered = paired(VALUES[ARMS == "arm"], VALUES[ARMS == "ref"], CASES[ARMS == "arm"])
    assert (found.low, found.high) == pytest.approx((clustered.low, clustered.high), abs=1e-4)


def test_one_repeat_is_the_paired_t_interval():
    rng = np.random.default_rng(0)
    reference = rng.normal(0, 3, 20)
    arm = reference + rng.normal(1, 1, 20)
    found = mixed_effects(np.r_[arm, reference], ["arm"] * 20 + ["ref"] * 20, "ref", [*range(20), *range(20)])
    low, high = stats.ttest_rel(arm, reference).confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-4)
    assert found.left_out == {"case x arm": "one row a level, so it is part of the residual"}
    assert found.spread is None


FREE = {"wording": 2, "name": 2}
"""So few levels speak for others: for oracles, which do not ask."""
PARTS = ("case", "case x arm", "wording", "wording x arm", "name")
QUARTERED = np.array([1, 1 / 4, 1, 1 / 4, 1])
"""What a component adds to the variance of one value, arms being at -1/2 and 1/2."""


def drawn(seed: int, cases: int = 20, repeats: int = 3, wording: float = 0.5, name: float = 0.5, slope: float = 0.8):
    """Values of two arms in pairs; four wordings that a pair shares, four names that only one arm has."""
    rng = np.random.default_rng(seed)
    case, arm = np.repeat(np.arange(cases), repeats * 2), np.tile([0, 1], cases * repeats)
    worded = np.repeat(rng.integers(0, 4, cases * repeats), 2)
    named = 4 * arm + np.repeat(rng.integers(0, 4, cases * repeats), 2)
    slopes = (0.6 * rng.normal(size=cases)[case] + slope * rng.normal(size=4)[worded]) * (arm - 0.5)
    value = (
        0.3 * arm
        + rng.normal(size=cases)[case]
        + slopes
        + wording * rng.normal(size=4)[worded]
        + name * rng.normal(size=8)[named]
    )
    return value + rng.normal(size=len(arm)), arm, case, worded, named


def statsmodels(value, arm, case, worded, named):
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    def columns(codes):
        return np.eye(codes.max() + 1)[codes]

    half = (arm - 0.5)[:, None]
    tables = [columns(case), columns(case) * half, columns(worded), columns(worded) * half, columns(named)]
    names = [[[f"{kind}{level}" for level in range(table.shape[1])]] for kind, table in enumerate(tables)]
    spec = VCSpec(list(PARTS), names, [[table] for table in tables])
    model = MixedLM(value, np.c_[np.ones(len(value)), arm - 0.5], groups=np.ones(len(value)), exog_vc=spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model, model.fit(reml=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 17, 19, 24])
def test_agreement_with_statsmodels_where_it_converges_within_its_bounds(seed: int):
    data = drawn(seed)
    found, (_, oracle) = mixed_effects(*data[:2], 0, *data[2:], least=FREE), statsmodels(*data)
    assert oracle.converged
    assert oracle.vcomp.min() > 1e-3
    assert (found.difference, found.error) == pytest.approx((oracle.fe_params[1], oracle.bse_fe[1]), rel=2e-3)
    total = oracle.vcomp @ QUARTERED + oracle.scale
    expected = [*(oracle.vcomp * QUARTERED / total), oracle.scale / total]
    assert list(found.shares.values()) == pytest.approx(expected, abs=1e-3)


def likelihood(value, arm, case, worded, named, ratios) -> float:
    """The restricted log likelihood as its definition has it, with the whole
    covariance, at the best residual variance."""
    tables = [np.eye(codes.max() + 1)[codes] for codes in (case, case, worded, worded, named)]
    for slope in (1, 3):
        tables[slope] = tables[slope] * (arm - 0.5)[:, None]
    shape = np.eye(len(value)) + sum(ratio * table @ table.T for ratio, table in zip(ratios, tables, strict=True))
    fixed, inverse = np.c_[np.ones(len(value)), arm - 0.5], np.linalg.inv(shape)
    information = fixed.T @ inverse @ fixed
    left = value - fixed @ np.linalg.solve(information, fixed.T @ inverse @ value)
    freedom = len(value) - 2
    residual = left @ inverse @ left / freedom
    logs = (
        np.linalg.slogdet(shape)[1] + np.linalg.slogdet(information)[1] + freedom * (np.log(2 * np.pi * residual) + 1)
    )
    return float(-logs / 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_our_fit_is_likelier_than_that_of_statsmodels_where_a_variance_is_0(seed: int):
    """There its search ends early, and its likelihood breaks down; the definition
    judges both, and is its own where it works."""
    data = drawn(seed, wording=0, name=0, slope=0)
    found, (_, oracle) = mixed_effects(*data[:2], 0, *data[2:], least=FREE), statsmodels(*data)
    assert likelihood(*data, oracle.vcomp / oracle.scale) == pytest.approx(oracle.llf, abs=1e-6)
    ratios = np.array([found.shares[name] for name in PARTS]) / QUARTERED / found.shares["residual"]
    assert likelihood(*data, ratios) > oracle.llf


def test_names_of_one_arm_widen_the_interval_and_few_of_them_more():
    value, arm, case, worded, named = drawn(5, cases=30)
    without = mixed_effects(value, arm, 0, case, worded)
    named_too = mixed_effects(value, arm, 0, case, worded, named, {"wording": 10, "name": 4})
    assert (without.freedom, named_too.freedom) == (29, 6)  # 30 - 1; 4 + 4 - 2
    assert named_too.high - named_too.low > without.high - without.low
    assert named_too.only == {"wording": 4}


def test_few_wordings_or_names_claim_nothing_beyond_themselves():
    value, arm, case, worded, named = drawn(5, cases=30)
    few = mixed_effects(value, arm, 0, case, worded, named)
    assert few.only == {"wording": 4, "name": 4}
    assert few.left_out == {
        "wording x arm": "4 of them cannot speak for other wordings: 10 are needed",
        "name": "4 of them cannot speak for other names: 50 are needed",
    }
    assert few.freedom == 29
    many = mixed_effects(value, arm, 0, case, worded, named, FREE)
    assert (many.only, many.freedom) == ({}, 3)  # four wordings with a slope: 4 - 1
    assert many.high - many.low > few.high - few.low


def test_ten_wordings_that_every_case_plays_by_hand():
    # cases x wordings in both arms, one row each; the difference in a wording is that of its row of ten, in every case
    # the same: the wordings are ten draws of it, and the interval is their t interval
    own = np.array([-1.0, 0, 2, 1, 3, -2, 0, 1, 2, 4])
    case, worded, arm = (each.ravel() for each in np.meshgrid(range(12), range(10), [0, 1], indexing="ij"))
    noise = np.where(case % 2 == 0, 1, -1) * np.where(worded % 2 == 0, 1, -1) * np.where(arm, 1, -1) * 0.1
    found = mixed_effects(own[worded] * (arm - 0.5) + noise, arm, 0, case, worded)
    t = stats.t.ppf(0.975, 9) * own.std(ddof=1) / math.sqrt(10)  # 2.262 x 1.764 / 3.162
    assert (found.difference, found.freedom, found.only) == (pytest.approx(1), 9, {})
    assert (found.low, found.high) == pytest.approx((1 - t, 1 + t), rel=1e-3)


@pytest.mark.slow
def test_names_that_both_arms_play_have_a_slope():
    rng = np.random.default_rng(1)
    case, arm = np.repeat(np.arange(200), 2), np.tile([0, 1], 200)
    named = np.repeat(np.tile(np.arange(50), 4), 2)
    value = rng.normal(size=50)[named] * (arm - 0.5) * 2 + rng.normal(size=200)[case] + 0.1 * rng.normal(size=400)
    found = mixed_effects(value, arm, 0, case, None, named)
    assert (found.freedom, found.only) == (49, {})
    assert found.shares["name x arm"] == pytest.approx(1 / 2, abs=0.15)  # 4 x 1 / 4 beside 1


@pytest.mark.slow
def test_fifty_names_an_arm_speak_for_others():
    # each name twice, in two cases; a mean of 50 names of deviation 1 on either side: the difference has sqrt(2 / 50)
    rng = np.random.default_rng(4)
    case, arm = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    named = np.repeat(np.tile(np.arange(50), 2), 2) + 50 * arm
    value = rng.normal(size=100)[named] + 0.5 * arm + 0.1 * rng.normal(size=200)
    found = mixed_effects(value, arm, 0, case, None, named)
    assert (found.freedom, found.only) == (98, {})
    assert found.error == pytest.approx(math.sqrt(2 / 50), rel=0.15)
    few = mixed_effects(value, arm, 0, case, None, np.where(named == 99, 98, named))
    assert few.only == {"name": 49}
    assert few.error < 0.8 * found.error  # of these names only: theirs is no longer an error


@pytest.mark.parametrize(
    ("wordings", "names", "left_out"),
    [
        (["w"] * 12, None, {"wording": "one level"}),
        (CASES, ARMS, {"wording": "its levels are those of case", "name": "its levels are those of arm"}),
        (None, np.char.add(CASES, ARMS), {"name": "its levels are those of case and arm"}),
        (
            list("xyyx" * 3),
            list("xyyx" * 3),
            {
                "wording x arm": "2 of them cannot speak for other wordings: 10 are needed",
                "name": "its levels are those of wording",
            },
        ),
        (None, range(12), {"name": "one row a level, so it is part of the residual"}),
    ],
)
def test_what_cannot_be_told_apart_is_left_out_and_said(wordings, names, left_out):
    found = mixed_effects(VALUES, ARMS, "ref", CASES, wordings, names)
    assert found.left_out == left_out
    assert found.difference == pytest.approx(4)


@pytest.mark.parametrize(
    ("values", "arms", "cases", "why"),
    [
        ([3] * 12, ARMS, CASES, "all values are the same"),
        (np.repeat([0, 2, 10, 16, 5, 9], 2), ARMS, CASES, "nothing is left for a residual"),
        ([1, 2], ["arm", "ref"], ["a", "a"], "too few cases or names"),
    ],
)
def test_no_number_where_there_is_no_model(values, arms, cases, why):
    found = mixed_effects(values, arms, "ref", cases)
    assert why in found.reason
    assert (found.difference, found.low, found.shares, found.converged) == (None, None, {}, False)


def test_one_case_is_no_component():
    found = mixed_effects([1, 2, 4, 3], ["r", "r", "a", "a"], "r", ["x"] * 4)
    assert found.left_out == {"case": "one level", "case x arm": "its levels are those of arm"}
    assert (found.difference, found.freedom) == (pytest.approx(2), 2)
    assert found.error == pytest.approx(math.sqrt(0.5))  # residual (4 x .25) / 2 = .5, times (1/2 + 1/2)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: mixed_effects([1, 2, 3], list("abc"), "a", list("xyz")), "two are compared at a time"),
        (lambda: mixed_effects([1, 2], list("aa"), "a", list("xy")), "2 different values"),
        (lambda: mixed_effects([1, math.nan], list("ab"), "a", list("xy")), "missing or infinite"),
        (lambda: mixed_effects([1, 2], list("ab"), "c", list("xy")), "not among"),
    ],
)
def test_an_error_says_what_came(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_paraphrase_variance_by_hand():
    # four cases under two wordings, one row each; means of the wordings 1 and 5
    values = [1, 3, 1, 7, 1, 3, 1, 7]

    def of(values, wordings, cases):
        return ParaphraseVariance().measure(Worded(numbers(values), np.array(list(wordings)), codes(cases, 0)))

    found = of(values, "xy" * 4, "aabbccdd")
    assert found.means == {"x": 1, "y": 5}
    assert found.spread == 4
    # case means 2 4 2 4: mean square 2 x 4 / 3 = 8 / 3; residuals +-1: 8 / 3 too. So no variance of case, and the two
    # pool: 16 / 6 wording: between means 8, less residual / 4 = 2 / 3: 22 / 3; share 22 / 3 / (22 / 3 + 8 / 3) = 22 /
    # 30
    assert found.value == pytest.approx(22 / 30, abs=1e-3)
    assert of([1, 2, 3, 4], "xyxy", "abab").reason == "its levels are those of case"


def test_components_of_pairs_with_a_value_missing():
    values = np.stack([VALUES[ARMS == "arm"], VALUES[ARMS == "ref"]], axis=1)
    found = fitted("score", ("arm", "ref"), values, CASES[ARMS == "arm"])
    assert found.model == mixed_effects(np.ravel(values), ["a", "r"] * 6, "r", np.repeat(CASES[ARMS == "arm"], 2))
    gap = values.copy()
    gap[0, 0] = np.nan
    assert fitted("score", ("arm", "ref"), gap, CASES[ARMS == "arm"]).model.n == 11
    gone = fitted("score", ("arm", "ref"), values * [np.nan, 1], CASES[ARMS == "arm"])
    (full, empty) = texts(table(found, gone))
    assert len(full) == len(empty) == len(COLUMNS)
    assert full[:6] == ["score", "arm - ref", "+4 [-0.968, +8.97]", "other cases", "1.41", "93.4 %"]
    assert empty[2] == "not fitted: an arm has no values"


@pytest.mark.slow
def test_the_report_says_for_which_wordings_and_names_an_interval_holds():
    value, arm, case, worded, named = drawn(5, cases=30)
    few, some, many = (
        mixed_effects(value, arm, 0, case, worded, named, least) for least in (LEAST, {"wording": 2, "name": 50}, FREE)
    )
    assert holds(few) == "other cases; these 4 wordings only; these 4 names only"
    assert holds(some) == "other cases and wordings; these 4 names only"
    assert holds(many) == "other cases and wordings and names"
