"""Published or recorded figures of real data, recomputed through the public metrics."""

import csv
from functools import cache

import numpy as np
import pytest
from conftest import shared

from simrun.score.metrics.bias_amplification import bias_amplification
from simrun.score.metrics.decision_agreement import decision_agreement
from simrun.score.metrics.decision_auc import decision_auc
from simrun.score.metrics.demographic_parity_ratio import demographic_parity_ratio
from simrun.score.metrics.equal_opportunity_difference import equal_opportunity_difference
from simrun.score.metrics.four_fifths import four_fifths
from simrun.score.metrics.group_mean import group_mean
from simrun.score.metrics.judge_confusion import judge_confusion
from simrun.score.metrics.leakage import leakage
from simrun.score.metrics.merit_loss import merit_loss
from simrun.score.metrics.score_divergence import score_divergence
from simrun.score.metrics.score_error import score_error
from simrun.score.metrics.selection_rate import selection_rate
from simrun.score.metrics.signed_parity_difference import signed_parity_difference
from simrun.score.metrics.top_k_share import top_k_share

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

    def pair(found: dict[str, float]) -> tuple[float, float]:
        return found["man"], found["woman"]

    assert score_error(score, data[f"{label}_labels"]) == pytest.approx(error, abs=0.0002)
    assert pair(group_mean(score, gender)) == pytest.approx(means, abs=0.002)
    kl = score_divergence(score, gender, "man", "woman", width=0.02)
    assert kl.value == pytest.approx(divergence, abs=0.01)
    assert kl.dropped < 0.02
    assert pair(top_k_share(score, gender, 100)) == pytest.approx(hundred, abs=0.002)
    assert pair(top_k_share(score, gender, 1000)) == pytest.approx(thousand, abs=0.002)
    # the rate of the qualified is taken at the blind labels' 75th percentile, the selection rate at the score's own
    qualified = above(blind, bar)
    assert pair(judge_confusion(above(score, bar), qualified, gender).tpr) == pytest.approx(opportunity, abs=0.002)
    gap = equal_opportunity_difference(above(score, bar), qualified, gender)
    assert gap == pytest.approx(abs(opportunity[0] - opportunity[1]), abs=0.002)
    own = above(score, np.percentile(score, 75))
    assert pair(selection_rate(own, gender)) == pytest.approx(selected, abs=0.002)
    assert signed_parity_difference(own, gender, "man")["woman"] == pytest.approx(selected[1] - selected[0], abs=0.002)


def test_faircvtest_four_fifths_by_chance_and_by_bias():
    data = faircv()
    chance = four_fifths(first(data["predictions_s1"], 100), data["gender"])
    assert chance.ratio == pytest.approx(43 / 57, abs=1e-9)
    assert (chance.flag, chance.supported) == (True, False)
    assert chance.low < chance.ratio < 1 < chance.high
    bias = four_fifths(first(data["predictions_s2"], 100), data["gender"])
    assert (
        bias.ratio
        == pytest.approx(demographic_parity_ratio(first(data["predictions_s2"], 100), data["gender"]))
        == pytest.approx(21 / 79)
    )
    assert (bias.flag, bias.supported) == (True, True)


def test_faircvtest_planted_bias_is_learnt_and_leaks():
    """Women's labels are lowered by N(.119, .018) floored at 0: S2 passes that on; its scores give gender away, S1's do not."""
    data = faircv()
    gender, blind, biased = data["gender"], data["blind_labels"], data["biased_labels"]
    planted = group_mean(biased - blind, gender)
    assert planted == pytest.approx({"man": 0, "woman": -0.119}, abs=0.005)
    assert abs(bias_amplification(data["predictions_s2"], biased, gender, "woman", "man")) < 0.01
    assert abs(leakage(gender, data["predictions_s1"]).value) < 0.03
    assert leakage(gender, data["predictions_s2"]).value > 0.1
    assert leakage(gender, data["predictions_s2"] - blind).accuracy > 0.95
    assert 0 <= merit_loss(blind, data["predictions_s1"], 100) < 0.01 < merit_loss(blind, data["predictions_s2"], 100)


@pytest.mark.parametrize("papers", [10, 50, 200])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_known_answer_7_equal_accept_counts_are_one_number(papers: int, share: float):
    accepted = round(papers * share)
    for common in range(max(0, 2 * accepted - papers), accepted + 1):
        one, other = np.zeros((2, papers), dtype=int)
        one[:accepted] = 1
        other[accepted - common : 2 * accepted - common] = 1
        found, p = decision_agreement(one, other), accepted / papers
        assert found.overlap == pytest.approx(common / accepted)
        assert found.overlap == pytest.approx(2 * found.jaccard / (1 + found.jaccard))
        assert found.agreement == pytest.approx(1 - 2 * p * (1 - found.overlap))
        chance = p**2 + (1 - p) ** 2
        assert found.kappa == pytest.approx((found.agreement - chance) / (1 - chance))


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
    found, rng = decision_auc(score, accepted), np.random.default_rng(0)
    drawn = [decision_auc(score[at], accepted[at]) for at in rng.integers(0, len(score), (1000, len(score)))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    print(
        f"ICLR 2020: AUC of the mean rating against the decision {found:.4f} ({low:.4f} to {high:.4f}), n {len(score)}"
    )
    assert found == pytest.approx(0.958, abs=0.002)
    assert 0.94 < low < found < high < 0.97
