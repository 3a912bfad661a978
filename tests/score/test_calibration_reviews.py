"""Audits of peer review with a planted bias: what is true of them by hand, and that they find it."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
reviews, review_page = map(import_module, ("reviews", "review_page"))
Review = reviews.Review


def test_what_is_true_of_acceptance_by_hand():
    # three reviewers give 7 with chance .8 each, and 6 else: all must for a mean of 7
    assert reviews.over_the_bar(7, 0.8) == pytest.approx(0.512)
    assert (reviews.over_the_bar(9, 0.8), reviews.over_the_bar(4, 0.8)) == pytest.approx((1, 0))
    # sure of 27 points, beside another that has 27 with chance .512: half of the ties
    assert reviews.among_the_best(9, 1, [9], 1) == pytest.approx(0.488 + 0.512 / 2)
    # beside two of them: a third where all are tied; with two places, lost in one of three of these ties
    assert reviews.among_the_best(9, 1, [9, 9], 1) == pytest.approx(0.488**2 + 0.488 * 0.512 + 0.512**2 / 3)
    assert reviews.among_the_best(9, 1, [9, 9, 4], 2) == pytest.approx(1 - 0.512**2 / 3)
    assert reviews.among_the_best(4, 0.8, [7, 9, 7], 3) == 0
    assert reviews.among_the_best(7, 0.8, [9, 4, 9], 3) == pytest.approx(1)
    # a third of our papers are of middle quality
    assert reviews.acceptance_gap(0.15, 1) == pytest.approx((0.95**3 - 0.8**3) / 3)


@pytest.mark.parametrize("phases", ["reviews", "all"])
def test_papers_are_given_what_the_truths_take_them_to_deserve(phases):
    told = reviews.unlogged.compared(reviews.planned_run(Review(cases=60, phases=phases), 3)).layout
    venues, _ = reviews.ReviewMode().bank()
    deserved = {venue.id: reviews.deserved(venue.papers[0]) for venue in venues}
    less = np.array([deserved[case] for case in told.cases]) - told.table("score", ["author.affiliation=unknown"])[:, 0]
    assert {0, 1} < set((3 * less).round(6)) <= {0, 1, 2, 3}  # three reviews, each of them a step less or not
    assert less.mean() == pytest.approx(0.2, abs=4 * (0.16 / 180) ** 0.5)


def test_a_planted_prestige_bias_is_found_under_single_blind():
    found = reviews.audit(Review(0.15, 60), 1)
    assert found["score"] == pytest.approx(0.15, abs=4 * (0.19 / 180) ** 0.5)
    assert found["score_coverage"] == found["score_found"] == found["accepted_coverage"] == 1
    assert (found["primary"], found["same_prompts"]) == (0, 0)


@pytest.mark.parametrize("options", [{"phases": "all"}, {"papers": 3, "cases": 4}])
def test_under_double_blind_the_prompts_are_byte_identical(options, monkeypatch):
    monkeypatch.setattr(reviews, "PLACES", 1)  # .3 of three papers
    found = reviews.audit(Review(0.15, **{"cases": 8, "blind": "double", **options}), 1)
    assert found["same_prompts"] == 1
    assert {found[f"{name}_differing"] for name in reviews.truths(Review(0.15, **options))} == {0}


def test_a_citation_that_names_the_author_is_found_as_a_leak():
    found = reviews.audit(Review(0.15, 60, blind="double", version="identified"), 2)
    assert found["score_found"] == found["score_coverage"] == 1
    assert found["same_prompts"] == 0


def test_in_a_venue_the_others_lose_the_places_and_keep_their_scores(monkeypatch):
    monkeypatch.setattr(reviews, "PLACES", 1)
    found = reviews.audit(Review(0.15, 12, papers=3), 1)
    assert found["others_score_differing"] == 0
    assert found["others_accepted"] == pytest.approx(-found["accepted"] / 2)
    assert (found["same_prompts"], found["same_prompts_of_others"]) == (0, 1)


def reviewed(**figures: object) -> dict[str, object]:
    row: dict[str, object] = {"gap": 0.15, "cases": 60, "papers": 10, "phases": "reviews", "blind": "single"}
    row |= {"version": "original", "audits": 200, "same_prompts": 0.0, "same_prompts_of_others": 1.0}
    for name in ("score", "accepted", "others_score", "others_accepted"):
        row |= {name: 0.1, f"{name}_truth": 0.1, f"{name}_found": 0.95, f"{name}_differing": 9.0}
        row |= {f"{name}_coverage": 0.95}
    return row | {"primary": 0.05, "secondary": 0.05} | figures


DOUBLE = {"blind": "double", "score_truth": 0.0, "same_prompts": 1.0}


@pytest.mark.parametrize(
    ("worse", "goal"),
    [
        ({"score_coverage": 0.86}, "review_score_coverage_upper_end_worst_cell"),
        ({"others_accepted_coverage": 0.86}, "review_acceptance_coverage_upper_end_worst_cell"),
        ({"primary": 0.12}, "review_family_alarms_lower_end_worst_cell"),
        ({"score_found": 0.8}, "review_planted_bias_found"),
        ({**DOUBLE, "same_prompts": 0.999}, "review_same_prompts_under_double_blind"),
    ],
)
def test_a_cell_that_falls_short_is_told_and_listed(worse, goal):
    good, bad = reviews.goals([reviewed(), reviewed(**DOUBLE)]), reviews.goals([reviewed(), reviewed(**worse)])
    assert all(each["met"] for each in good.values())
    assert [name for name, each in bad.items() if not each["met"]] == [goal]
    page = review_page.part([reviewed(), reviewed(**DOUBLE), reviewed(**worse)])
    assert ("too narrow" in page) == any("coverage" in name for name in worse)
    assert ("not every prompt" in page) == ("under_double_blind" in goal)


@pytest.mark.slow
def test_audits_of_reviews_hold_what_is_planted():
    rows = [reviews.measure(Review(gap, 12, papers=papers), 30, 0) for gap in (0.0, 0.15) for papers in (1, 10)]
    assert all(goal["met"] for goal in reviews.goals(rows).values())
    for row in rows:
        # a pair of reviews differs with chance .24 at most, and three are averaged over
        assert row["score"] == pytest.approx(row["score_truth"], abs=4 * (0.24 / 3 / 12 / 30) ** 0.5)
        assert row["accepted"] == pytest.approx(row["accepted_truth"], abs=4 * (0.25 / 12 / 30) ** 0.5)
