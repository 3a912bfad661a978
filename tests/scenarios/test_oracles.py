"""Published or recorded figures of real data, recomputed through the public metrics."""

import csv
from functools import cache

import numpy as np
import pytest
from conftest import shared
from samples import decided, graded, pool, rated

from simrun.score.metrics.bias_amplification import BiasAmplification
from simrun.score.metrics.decision_auc import DecisionAuc
from simrun.score.metrics.equal_opportunity_difference import EqualOpportunityDifference
from simrun.score.metrics.four_fifths import FourFifths, flagged, supported
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.leakage import Leakage
from simrun.score.metrics.merit_loss import MeritLoss
from simrun.score.metrics.score_divergence import ScoreDivergence
from simrun.score.metrics.top_k_share import TopKShare
from simrun.score.values import Graded

# MAE, means, KL, top 100, top 1000, TPR, selected; pairs are men, women. The label of S2 is the biased one.
ORACLE = {
    "s1": ("blind", 0.0110, (0.427, 0.427), 0.009, (0.43, 0.57), (0.509, 0.491), (0.967, 0.969), (0.252, 0.248)),
    "s2": ("biased", 0.0169, (0.419, 0.300), 0.452, (0.79, 0.21), (0.772, 0.228), (0.903, 0.269), (0.378, 0.122)),
}


@cache
def faircv() -> dict[str, np.ndarray]:
    with np.load(shared("recruitment/faircvtest_gender.npz")) as file:
        return {**file, "gender": np.where(file["profiles"][:, 1] == 1, "woman", "man")}


def above(values: np.ndarray, threshold: float) -> np.ndarray:
    return (values >= threshold).astype(int)


def first(scores: np.ndarray, k: int) -> np.ndarray:
    """1 for the k highest scores, of equal ones the earlier."""
    chosen = np.zeros(len(scores), dtype=int)
    chosen[np.argsort(-scores, kind="stable")[:k]] = 1
    return chosen


@pytest.mark.parametrize("scenario", ORACLE)
def test_faircvtest(scenario: str):
    label, error, means, divergence, hundred, thousand, opportunity, selected = ORACLE[scenario]
    data = faircv()
    score, gender, blind = data[f"predictions_{scenario}"], data["gender"], data["blind_labels"]
    bar = np.percentile(blind, 75)

    def pair(values: np.ndarray) -> tuple[float, float]:
        return tuple(float(values[gender == name].mean()) for name in ("man", "woman"))

    assert np.abs(score - data[f"{label}_labels"]).mean() == pytest.approx(error, abs=0.0002)
    assert pair(score) == pytest.approx(means, abs=0.002)
    # the divergence is from the men's histogram to the women's
    kl, men = ScoreDivergence(width=0.02), pool(score, gender == "man")
    assert kl.measure(men) == pytest.approx(divergence, abs=0.01)
    assert kl.dropped(men) < 0.02
    for k, expected in ((100, hundred), (1000, thousand)):
        best = TopKShare(share=k / len(score))
        shares = best.measure(men), best.measure(pool(score, gender == "woman"))
        assert shares == pytest.approx(expected, abs=0.002)
    # the rate of the qualified is taken at the blind labels' 75th percentile, the selection rate at the score's own
    taken, qualified = above(score, bar), above(blind, bar)
    found = tuple(float(taken[(gender == name) & (qualified == 1)].mean()) for name in ("man", "woman"))
    assert found == pytest.approx(opportunity, abs=0.002)
    gap = EqualOpportunityDifference().measure(decided(taken, gender == "woman", qualified))
    assert gap == pytest.approx(opportunity[1] - opportunity[0], abs=0.002)
    own = above(score, np.percentile(score, 75))
    assert pair(own) == pytest.approx(selected, abs=0.002)
    assert GroupDifference().measure(decided(own, gender == "woman")) == pytest.approx(
        selected[1] - selected[0], abs=0.002
    )


def test_faircvtest_four_fifths_by_chance_and_by_bias():
    data = faircv()
    chance = FourFifths().measure(rated(first(data["predictions_s1"], 100), data["gender"]))
    assert chance.value == pytest.approx(43 / 57, abs=1e-9)
    assert (flagged(chance.value), supported(chance.high)) == (True, False)
    assert chance.low < chance.value < 1 < chance.high
    bias = FourFifths().measure(rated(first(data["predictions_s2"], 100), data["gender"]))
    assert bias.value == pytest.approx(21 / 79)
    assert (flagged(bias.value), supported(bias.high)) == (True, True)


def test_faircvtest_planted_bias_is_learnt_and_leaks():
    """Women's labels are lowered by N(.119, .018) floored at 0: S2 passes that on;
    its scores give gender away, S1's do not."""
    data = faircv()
    woman, blind, biased = data["gender"] == "woman", data["blind_labels"], data["biased_labels"]
    planted = biased - blind
    assert (planted[~woman].mean(), planted[woman].mean()) == pytest.approx((0, -0.119), abs=0.005)
    one, two = (pool(data[f"predictions_{name}"], woman, blind, low=0.0, high=1.0) for name in ("s1", "s2"))
    learnt = pool(two.value, woman, biased, low=0.0, high=1.0)
    assert abs(BiasAmplification().measure(learnt)) < 0.01
    assert abs(Leakage().measure(one)) < 0.03
    assert Leakage().measure(two) > 0.1
    assert Leakage().measure(pool(two.value - blind, woman)) > 0.95 - 0.51
    hundred = MeritLoss(share=100 / len(blind))
    lost = [hundred.measure(graded(each.value, blind)) for each in (one, two)]
    assert 0 <= lost[0] < 0.01 < lost[1]


@cache
def iclr() -> list[dict[str, str]]:
    with shared("peer_review/iclr2020_ratings.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["ratings"]]


def ratings(row: dict[str, str]) -> np.ndarray:
    return np.array([float(rating) for rating in row["ratings"].split(",")])


def test_iclr_columns_follow_from_the_ratings():
    """The column named variance holds the standard deviation (divisor n) of all 2,561 rated papers."""
    assert len(iclr()) == 2561
    for row in iclr():
        assert float(row["mean_rating"]) == pytest.approx(ratings(row).mean(), abs=0.0051)
        assert float(row["variance"]) == pytest.approx(ratings(row).std(), abs=0.0051)


def test_iclr_mean_rating_tells_the_decision():
    """687 of 2,213 papers with a decision were accepted, 348 rated ones have N/A; each paper is its own cluster."""
    decided = [row for row in iclr() if row["decision"] != "N/A"]
    score = np.array([ratings(row).mean() for row in decided])
    accepted = np.array([row["decision"].startswith("Accept") for row in decided], dtype=int)
    assert (len(decided), accepted.sum()) == (2213, 687)

    def auc(rows: np.ndarray) -> float | None:
        unknown = np.full(len(rows), np.nan)
        return DecisionAuc().measure(Graded(score[rows], unknown, accepted[rows].astype(float), rows))

    found, rng = auc(np.arange(len(score))), np.random.default_rng(0)
    drawn = [auc(at) for at in rng.integers(0, len(score), (1000, len(score)))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    print(
        f"ICLR 2020: AUC of the mean rating against the decision {found:.4f} ({low:.4f} to {high:.4f}), n {len(score)}"
    )
    assert found == pytest.approx(0.958, abs=0.002)
    assert 0.94 < low < found < high < 0.97
