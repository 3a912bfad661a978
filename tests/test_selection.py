"""Who is chosen: figures worked out by hand on small pools, the metrics' own values where there are no ties, and a planted gap."""

import numpy as np
import pytest

from simrun.metrics.exposure_ratio import exposure_ratio
from simrun.metrics.merit_loss import merit_loss
from simrun.metrics.rank_after_scoring import rank_after_scoring
from simrun.metrics.top_k_share import top_k_share
from simrun.report.selection import (
    HEAD,
    SelectionResult,
    Versions,
    _exposure,
    _lost,
    _rank,
    _share,
    _untied,
    chances,
    selection_rows,
)
from simrun.stats import delete_a_group

LUCK = np.random.default_rng(5)


def versions(arm, reference, merit=None, qualified=None, case=None) -> Versions:
    one = np.asarray(arm, dtype=float)
    empty = np.full(len(one), np.nan)
    return Versions(
        one,
        np.asarray(reference, dtype=float),
        empty if merit is None else np.asarray(merit, dtype=float),
        empty if qualified is None else np.asarray(qualified, dtype=float),
        np.arange(len(one)) if case is None else np.asarray(case),
    )


def test_ties_at_the_border_are_shared_out():
    assert chances(np.array([3.0, 2, 2, 2, 1]), 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert chances(np.array([1.0, 1, 1, 1]), 3).tolist() == [0.75] * 4
    assert chances(np.array([4.0, 3, 2, 1]), 2).tolist() == [1, 1, 0, 0]


def test_who_stands_first_in_the_table_is_not_favoured_by_ties():
    alike = versions(np.ones(20), np.ones(20), merit=LUCK.random(20))
    assert _share(alike, 0.1) == pytest.approx(0.5)
    assert _exposure(alike) == pytest.approx(1)
    assert _rank(alike) == 1.5
    assert abs(np.corrcoef(_untied(np.zeros(1000)), np.arange(1000))[0, 1]) < 0.1


def test_without_ties_the_figures_are_the_metrics():
    arm, reference = LUCK.normal(size=40), LUCK.normal(0.3, size=40)
    pair = versions(arm, reference, merit=LUCK.random(40))
    scores, group = pair.pooled()
    assert _share(pair, 0.25) == top_k_share(scores, group, 20)["1"]
    assert _exposure(pair) == pytest.approx(exposure_ratio(scores, group, 0)["1"])
    assert _lost(pair, 0.1) == pytest.approx(merit_loss(np.tile(pair.merit, 2), scores, 8))
    assert _rank(pair) == pytest.approx(rank_after_scoring(scores, group, np.tile(np.arange(40), 2))["1"])


def test_the_best_of_a_pool_by_hand():
    """Scores of four people as men 9 7 5 3 and as women 8 6 4 2: the best two (a quarter of eight) are 9 and 8, a man and a woman."""
    pair = versions([8, 6, 4, 2], [9, 7, 5, 3], merit=[0.9, 0.6, 0.4, 0.1])
    assert _share(pair, 0.25) == 0.5
    assert _share(pair, 0.1) == 0  # one place: 9
    assert _lost(pair, 0.25) == 0  # both are the best person
    # both versions of the best person would be the two best of eight; 9 and 7 are chosen, .9 and .6
    assert _lost(versions([3, 2, 1, 0], [9, 7, 5, 3.5], merit=[0.9, 0.6, 0.4, 0.1]), 0.25) == pytest.approx((0.9 + 0.9 - 0.9 - 0.6) / 2)


def test_the_jackknife_of_a_mean_is_its_clustered_error():
    """Forty cases of one pair: deleting one at a time gives the standard error of a mean, s / sqrt(n), and t with 39 degrees of freedom."""
    gap = LUCK.normal(size=40)
    low, high = delete_a_group(lambda rows: float(gap[rows].mean()), np.arange(40), float(gap.mean()))
    reach = 2.0226909 * gap.std(ddof=1) / np.sqrt(40)
    assert (low, high) == (pytest.approx(gap.mean() - reach), pytest.approx(gap.mean() + reach))
    assert delete_a_group(lambda rows: 1.0, np.arange(10), 1.0) == (None, None)
    assert delete_a_group(lambda rows: 1.0, np.zeros(10, dtype=int), 1.0) == (None, None)


def found(results: tuple[SelectionResult, ...], level: str) -> dict[str, object]:
    return {each.name: each for result in results if result.level == level for each in result.figures}


def test_a_planted_gap_is_seen_in_rates_ranks_and_places_and_the_other_axis_is_clean(play):
    run = play("scenario=recruitment", backend={"group": "Gender: woman", "effect": 0.3}, cases=150)
    results = run.report().selections
    assert [(each.level, each.reference) for each in results] == [
        ("woman", "man"), ("Black", "White"), ("man & Black", "man & White"), ("woman & White", "man & White"), ("woman & Black", "man & White"),
    ]  # fmt: skip
    woman, black, both = (found(results, level) for level in ("woman", "Black", "woman & Black"))
    assert woman["selection rate, difference"].low <= -0.3 <= woman["selection rate, difference"].high
    assert woman["score, difference"].low <= -1.2 <= woman["score, difference"].high
    assert woman["impact ratio"].value < 0.8
    assert woman["impact ratio"].high < 1
    assert woman["share of the best 25%"].high < 0.5
    assert woman["rank of a CV as this of its two versions (1 or 2)"].low > 1.5
    assert woman["merit lost by choosing the best 25%"].value > 0
    assert [black[name].value for name in ("selection rate, difference", "impact ratio", "share of the best 10%")] == pytest.approx(
        [0, 1, 0.5]
    )
    assert black["rank-biased overlap of both rankings of people"].value == pytest.approx(1)
    assert both["invited: beyond the sum of both attributes"].value == pytest.approx(0)
    assert results[0].n == 300
    assert results[0].cases == 150
    assert all(each.noise is not None for each in woman.values() if each.name != "equalised odds")
    assert len(selection_rows(results[0])[0]) == len(HEAD)
    told = (run.path / "report" / "report.md").read_text()
    assert "### woman against man (candidate.gender)" in told


def test_equal_opportunity_is_among_the_qualified(play):
    run = play(
        "scenario=recruitment",
        vary={"candidate": {"gender": ["man", "woman"]}},
        backend={"group": "Gender: woman", "effect": 0.3},
        cases=60,
    )
    table = run.outcomes.pivot(index=["case", "arm"], columns="outcome", values="value").reset_index()
    rates = table[table.qualified == 1].groupby("arm").invited.mean()
    own = found(run.report().selections, "woman")["equal opportunity: of the qualified, difference"]
    assert own.value == pytest.approx(rates["candidate.gender=woman"] - rates["candidate.gender=man"])


def test_scenarios_in_which_nobody_is_chosen_have_no_such_section(play):
    run = play(cases=3)
    assert run.report().selections == ()
    assert "Who is chosen" not in (run.path / "report" / "report.md").read_text()
