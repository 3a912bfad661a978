"""Metrics of judges against numbers worked out by hand."""

import math

import numpy as np
import pytest
from samples import judged

from simrun.score.metrics.effective_judges import EffectiveJudges
from simrun.score.metrics.gwet_ac1 import GwetAc1
from simrun.score.metrics.judge_confusion import JudgeConfusion
from simrun.score.metrics.judge_kappa import JudgeKappa
from simrun.score.metrics.judge_swap import JudgeSwap
from simrun.score.metrics.length_slope import LengthSlope
from simrun.score.metrics.panel_agreement import PanelAgreement
from simrun.score.metrics.self_preference import SelfPreference
from simrun.score.panel import Panel
from simrun.score.samples import Located
from simrun.score.swapped import Swapped

TPR, FPR = JudgeConfusion(of="true positive"), JudgeConfusion(of="false positive")


def test_gwet_and_kappa_by_hand():
    # 9 of 10 equal; share of 1: (9 + 10) / 20 = .95, pe = 2 * .95 * .05 = .095; kappa is 0
    sample = judged([1] * 9 + [0], [1] * 10)
    assert GwetAc1().measure(sample) == pytest.approx((0.9 - 0.095) / (1 - 0.095))
    assert JudgeKappa().measure(sample) == pytest.approx(0)
    same = judged([1, 1], [1, 1])
    assert (GwetAc1().measure(same), JudgeKappa().measure(same)) == (None, None)
    assert GwetAc1(categories=2).measure(same) == 1
    with pytest.raises(ValueError, match="occur"):
        GwetAc1(categories=2).measure(judged([1, 2, 3], [1, 2, 3]))


def test_only_what_people_labelled_counts():
    assert GwetAc1().measure(judged([1, 0, 1], [1, 0, None])) == 1
    assert GwetAc1().figure(Located(judged([1, 0]))).value is None


def test_judge_confusion_by_hand():
    # women: 1 of 2 with the label are found, 0 of 2 without; men: 2 of 2 and 1 of 2
    sample = judged([1, 0, 0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 1, 1, 0, 0], "wwwwmmmm")
    assert TPR.rates(sample) == {"m": 1, "w": 0.5}
    assert FPR.rates(sample) == {"m": 0.5, "w": 0}
    assert (TPR.measure(sample), FPR.measure(sample)) == (0.5, 0.5)
    lacking = judged([1, 0, 1], [1, 0, 0], "aab")
    assert TPR.rates(lacking) == {"a": 1, "b": None}
    assert (TPR.measure(lacking), FPR.measure(lacking)) == (None, 1)
    assert TPR.measure(judged([1], [1])) is None  # one group
    assert not list(JudgeConfusion.asked(judged([4, 5], [4, 5])))


def test_length_slope_by_hand():
    assert LengthSlope().measure(judged([1, 3, 5], words=[1, math.e, math.e**2])) == pytest.approx(2)
    assert LengthSlope().measure(judged([1, 3], words=[5, 5])) is None
    assert not list(LengthSlope.asked(judged([1, 3])))
    with pytest.raises(ValueError, match="no words"):
        LengthSlope().measure(judged([1, 2], words=[0, 4]))


def test_self_preference_by_hand():
    # item p: own 8 against 5 and 7; q: own 6 and 8 against 6; r has no text of its own model: (2 + 1) / 2
    scores, own, items = [8, 5, 7, 6, 8, 6, 9], [1, 0, 0, 1, 1, 0, 0], "pppqqqr"
    found = SelfPreference().measure(judged(scores, own=own, item=items))
    assert (found.value, found.n, found.clusters) == (1.5, 2, 2)
    # people gave its own texts 2 more in p and 1 more in q: nothing is left
    assert SelfPreference().measure(judged(scores, [8, 6, 6, 7, 7, 6, 1], own=own, item=items)).value == 0
    assert SelfPreference().measure(judged([1, 2], own=[1, 1], item="pq")).value is None
    assert not list(SelfPreference.asked(judged([1, 2])))


def panel(*judges, label=None):
    """One column a judge, each text its own case."""
    verdict = np.array(judges, dtype=float).T
    n = len(verdict)
    told = np.full(n, np.nan) if label is None else np.array(label, dtype=float)
    return Panel(verdict, told, np.array(["all"] * n), np.arange(n), tuple("abc"[: len(judges)]))


def test_a_panel_is_worth_as_many_judges_as_err_apart():
    so = [1, 1, 1, 1, 0, 0, 0, 0]
    first, alike = [1, 1, 1, 0, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0, 0, 1]
    # errors of the first are -1 in the 4th and +1 in the 8th; those of the other in the 3rd and the 7th: correlation 0
    apart = [1, 1, 0, 1, 0, 0, 1, 0]
    errors = EffectiveJudges(of="errors")
    assert errors.measure(panel(first, alike, label=so)) == pytest.approx(1)
    assert errors.measure(panel(first, apart, label=so)) == pytest.approx(2)
    # of three, two alike and one apart: mean correlation (1 + 0 + 0) / 3, 3 / (1 + 2/3)
    assert errors.measure(panel(first, alike, apart, label=so)) == pytest.approx(1.8)
    # without labels: verdicts of the first two agree in all, phi of first and apart is 0
    assert EffectiveJudges().measure(panel(first, alike)) == pytest.approx(1)
    assert EffectiveJudges().measure(panel(so, so, label=so)) == pytest.approx(1)
    assert errors.measure(panel(so, so, label=so)) is None  # nobody errs: no correlation


def test_agreement_of_a_panel_is_the_mean_over_pairs():
    one, two, three = [1, 1, 0, 0], [1, 1, 0, 1], [1, 1, 0, 0]
    # one and two: 3 of 4 equal, share of 1 is 5/8, AC1 (3/4 - 15/32) / (17/32) = 9/17; one and three: 1
    assert PanelAgreement(of="AC1").two(*np.array([one, two], dtype=float)) == pytest.approx(9 / 17)
    assert PanelAgreement(of="AC1").measure(panel(one, two, three)) == pytest.approx((9 / 17 + 1 + 9 / 17) / 3)
    # kappa of one and two: pe = 1/2 * 3/4 + 1/2 * 1/4 = 1/2
    assert PanelAgreement(of="kappa").measure(panel(one, two)) == pytest.approx(0.5)
    assert PanelAgreement(of="alpha").measure(panel(one, one)) == 1
    assert PanelAgreement().measure(panel([1, np.nan], [np.nan, 1])) is None


def test_the_majority_is_more_than_half():
    found = panel([1, 1, 0, 1], [1, 0, 0, np.nan], [0, 0, 0, 0]).majority
    assert found[:3].tolist() == [1, 0, 0]
    assert np.isnan(found[3])


def test_a_judges_own_difference_is_of_the_same_texts():
    sample = Swapped(np.array([1.0, 1, 0, 1]), np.array([1.0, 0, 0, 0]), np.array([0, 0, 1, 1]))
    found = JudgeSwap().measure(sample)
    assert (found.value, found.n, found.clusters) == (0.5, 4, 2)
