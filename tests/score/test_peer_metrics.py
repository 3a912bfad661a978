"""Metrics of peer review against numbers worked out by hand: quality, flaws, raters, people, engines."""

import numpy as np
import pytest
from conftest import config
from samples import NONE, codes, numbers

from simrun.estimate.bounded import dirichlet_bounds
from simrun.estimate.guessing import guessed, leaned
from simrun.estimate.ranking import area
from simrun.log.manifest import Manifest
from simrun.plan.design import planned
from simrun.score.crossed import OwnWork
from simrun.score.layout import DONE, Detail, Layout
from simrun.score.metrics.adjacent_auc import AdjacentAuc
from simrun.score.metrics.detectability import Detectability
from simrun.score.metrics.effective_raters import EffectiveRaters
from simrun.score.metrics.flaw_auc import FlawAuc
from simrun.score.metrics.flaw_sensitivity import FlawSensitivity, lost
from simrun.score.metrics.own_work_preference import OwnWorkPreference
from simrun.score.metrics.people_correlation import PeopleCorrelation
from simrun.score.metrics.quality_slope import QualitySlope
from simrun.score.probed import BesidePeople, Flawed
from simrun.score.repeated import Reasoned, Shifts, Subjects
from simrun.score.samples import Located, RunValues
from simrun.score.values import Graded


def graded(score, merit, qualified=None):
    none = np.full(len(score), np.nan)
    return Graded(
        numbers(score), numbers(merit), none if qualified is None else numbers(qualified), codes(None, len(score))
    )


def flawed(sound, flaw, reworded, low=0.0, high=10.0):
    return Flawed(numbers(sound), numbers(flaw), numbers(reworded), np.arange(len(sound)), low, high)


def beside(score, rating, length, grades=(1.0, 10.0)):
    return BesidePeople(numbers(score), numbers(rating), numbers(length)[:, None], np.arange(len(score)), grades)


def rated(rows, merit=None):
    value = numbers(rows)
    return Subjects(value, np.arange(len(value)), merit=None if merit is None else numbers(merit))


@pytest.mark.parametrize(
    ("higher", "lower", "found"),
    [([3, 2], [1, 2], 0.875), ([1], [1], 0.5), ([0], [1], 0.0), ([], [1], None), ([1], [], None)],
)
def test_the_area_counts_ties_half(higher, lower, found):
    # 3 > 1, 3 > 2, 2 > 1, and 2 = 2 for a half: 3.5 of 4
    assert area(numbers(higher), numbers(lower)) == found


def test_the_slope_of_the_score_on_quality():
    # means 8 at quality 1, and 5 at .5: 3 over half of the way
    assert QualitySlope().measure(graded([9, 7, 5, 5], [1, 1, 0.5, 0.5])) == pytest.approx(6)
    assert QualitySlope().measure(graded([9, 7, 5, 5, 1], [1, 1, 0.5, 0.5, NONE])) == pytest.approx(6)
    assert QualitySlope().measure(graded([6, 6, 6], [1, 0.5, 0])) == 0
    assert QualitySlope().measure(graded([5, 7], [0.5, 0.5])) is None
    assert QualitySlope().figure(Located(graded([5, 7], [NONE, NONE]))).why == "merit is not known, or does not vary"


def test_each_level_of_quality_against_the_next():
    sample = graded([9, 7, 7, 5, 5, 6], [1, 1, 2 / 3, 2 / 3, 1 / 3, NONE])
    asked = list(AdjacentAuc.asked(sample))
    assert [metric.told(sample) for metric in asked] == [
        "AUC of quality 0.667 against 0.333",
        "AUC of quality 1 against 0.667",
    ]
    # 7 > 5 and 5 = 5: 1.5 of 2; 9 > 7, 9 > 5, 7 = 7, 7 > 5: 3.5 of 4
    assert [metric.measure(sample) for metric in asked] == [0.75, 0.875]
    assert not list(AdjacentAuc.asked(graded(range(9), np.linspace(0, 1, 9))))  # a measure, and no levels


def test_flaw_sensitivity_takes_out_what_words_alone_do():
    sample = flawed([8, 6], [5, 5], [7, 6])
    # the flaw costs 3 and 1, other words 1 and 0: 2 and 1 are left
    found = FlawSensitivity().measure(sample)
    assert (found.value, found.n, found.clusters) == (1.5, 2, 2)
    assert (found.low, found.high) == pytest.approx(dirichlet_bounds([2, 1], -10, 10))
    assert (lost(sample, "flaw").value, lost(sample, "rewording").value) == (2, 0.5)
    # 8 > 5, 8 > 5, 6 > 5, 6 > 5; and where the flawed one of the first is better than the second
    assert FlawAuc().measure(sample) == 1
    assert FlawAuc().measure(flawed([8, 6], [7, 5], [8, 6])) == 0.75


def test_a_blind_judge_has_no_flaw_sensitivity_and_one_moved_by_words_has_none_either():
    blind = FlawSensitivity().measure(flawed([6, 7, 8], [6, 7, 8], [6, 7, 8]))
    assert (blind.value, blind.low < 0 < blind.high) == (0, True)
    moved = FlawSensitivity().measure(flawed([6, 7, 8], [4, 5, 6], [4, 5, 6]))
    assert moved.value == 0
    alone = flawed([6], [4], [NONE])
    assert FlawSensitivity().figure(Located(alone)).value is None
    assert lost(alone, "flaw").value == 2


def test_raters_whose_errors_are_unrelated_are_worth_as_many_as_they_are():
    rows, merit = [[1, 1], [-1, -1], [5, 3], [3, 5]], [0, 0, 1, 1]
    # beyond 4 x merit the errors are (1, 1), (-1, -1), (1, -1), (-1, 1): uncorrelated
    assert EffectiveRaters(of="errors").measure(rated(rows, merit)) == pytest.approx(2)
    # deviations from 2: (-1, -1), (-3, -3), (3, 1), (1, 3): 16 / 20
    assert EffectiveRaters(of="values").measure(rated(rows)) == pytest.approx(2 / 1.8)
    alike = rated([[1, 1, 1], [4, 4, 4], [2, 2, 2]], [0, 0, 1])
    assert EffectiveRaters(of="errors").measure(alike) == pytest.approx(1)
    assert [metric.of for metric in EffectiveRaters.asked(rated(rows, merit))] == ["values", "errors"]
    assert [metric.of for metric in EffectiveRaters.asked(rated(rows))] == ["values"]
    assert not list(EffectiveRaters.asked(rated([[1], [2]])))


def test_people_and_the_run_in_one_order():
    assert PeopleCorrelation().measure(beside([1, 2, 3], [4, 5, 9], [1, 1, 1])) == pytest.approx(1)
    assert PeopleCorrelation().measure(beside([3, 2, 1], [4, 5, 9], [1, 1, 1])) == pytest.approx(-1)
    assert PeopleCorrelation().measure(beside([2, 2], [4, 5], [1, 1])) is None


def test_who_gave_a_score_shows_where_they_give_other_scores():
    length = np.arange(20.0)
    told = Detectability().measure(beside([9] * 20, [4] * 20, length))
    assert (told.value, told.low, told.high) == (1, None, None)  # it does not vary
    same = beside(np.arange(20) % 5 + 3, np.arange(20) % 5 + 3, np.zeros(20))
    assert Detectability().measure(same).value == pytest.approx(0.5)  # each score once by either
    assert Detectability().measure(beside([9] * 4, [4] * 4, [1] * 4)) is None  # fewer papers than folds
    assert list(Detectability.asked(same))
    assert not list(Detectability.asked(beside([9], [70], [1])))  # people on another scale
    assert not list(Detectability.asked(beside([9], [7], [1], grades=None)))


def test_a_guess_is_on_the_side_to_which_the_odds_lean():
    rng = np.random.default_rng(1)
    label = rng.random(40) < 0.5
    features = label + rng.normal(size=40)
    odds = leaned(label, features, np.arange(40))
    assert (guessed(label, features, np.arange(40)) == (odds > 0)).all()
    assert odds[label].mean() > odds[~label].mean()


def test_preference_for_own_work_cancels_strict_judges_and_good_makers():
    # judge b gives 1 less to all, maker b writes what is worth 2 more, and each adds .5 to its own
    own = (numbers([5, 6]) + 0.5 + (numbers([5, 6]) - 1 + 2 + 0.5)) / 2
    other = (numbers([5, 6]) + 2 + (numbers([5, 6]) - 1)) / 2
    found = OwnWorkPreference().measure(OwnWork(own, other, np.arange(2), 1, 10))
    assert found.value == pytest.approx(0.5)


ENGINES = {"vary": {"author": {"private": ["0", "0.5"]}, "reviewer": {"private": ["0", "0.5"]}}}
VERSIONS = {"vary": {"scenario": {"version": ["original", "reworded", "flawed"]}}}
SCENARIO = {"scenario": {"name": "peer_review"}, "design": {"controls": []}, "cases": 2}


def laid(known, asked, values, details=None):
    """A run of peer review with these outcomes: field -> arm -> a value of each of two papers."""
    told = Manifest.of(planned(config(**SCENARIO, **asked), known), 0.0)
    arms = tuple(arm.name for arm in told.arms)
    table = np.array([[[values[field][arm][case] for arm in range(len(arms))] for case in (0, 1)] for field in values])
    done = np.full((2, len(arms)), DONE, dtype=np.int8)
    layout = Layout(arms, tuple(sorted(told.cases)), 1, tuple(values), done, table.astype(float), details or {})
    return RunValues(manifest=told, layout=layout)


def test_versions_are_found_beside_each_other(known):
    run = laid(known, VERSIONS, {"score": [[8, 6], [7, NONE], [5, 5]], "accepted": [[1, 1], [1, 1], [0, 1]]})
    score, accepted = Flawed.found(run)
    assert (score.outcome, score.arm, score.reference) == (
        "score",
        "scenario.version=flawed",
        "scenario.version=original",
    )
    assert (score.sample.sound.tolist(), score.sample.flawed.tolist(), score.sample.reworded.tolist()) == (
        [8],
        [5],
        [7],
    )
    assert score.reasons == {"not observed in every version": 1}
    assert (accepted.outcome, FlawSensitivity().measure(accepted.sample).value) == ("accepted", 0.5)
    assert not Flawed.lacking(run.manifest)


def test_what_a_run_lacks_of_flaws_and_of_engines(known):
    run = laid(known, {"vary": {"author": {"affiliation": ["unknown", "famous"]}}}, {"score": [[8, 6], [7, 5]]})
    assert "vary.scenario.version=[original,reworded,flawed]" in Flawed.lacking(run.manifest)
    assert "vary.ROLE.model=[A,B]" in OwnWork.lacking(run.manifest)
    assert not list(Flawed.found(run))
    assert not list(OwnWork.found(run))
    assert not BesidePeople.lacking(run.manifest)
    assert not list(BesidePeople.found(run))  # nothing of people is in the tables


def test_engines_are_crossed_by_who_made_and_who_judged(known):
    # arms: author 0 and .5 by reviewer 0 and .5; the second paper has no value in one of them
    score = {"score": [[6, 6], [3, 3], [4, 4], [7, NONE]], "accepted": [[1, 1], [0, 0], [0, 0], [1, 1]]}
    found = list(OwnWork.found(laid(known, ENGINES, score)))
    assert [each.outcome for each in found] == ["score", "accepted"]
    assert (found[0].sample.own.tolist(), found[0].sample.other.tolist()) == ([6.5], [3.5])
    assert found[0].reasons == {"not observed in all four": 1}
    assert OwnWorkPreference().measure(found[1].sample).value == 1


def test_people_stand_beside_the_run_where_they_rated(known):
    asked = {"vary": {"author": {"affiliation": ["unknown", "famous"]}}}
    values = {"score": [[8, 6], [7, 5]], "people_rating": [[6, NONE], [6, NONE]], "length": [[900, 800], [900, 800]]}
    one, _ = BesidePeople.found(laid(known, asked, values))
    assert (one.sample.score.tolist(), one.sample.rating.tolist(), one.sample.features.tolist()) == ([8], [6], [[900]])
    assert (one.sample.grades, one.reasons) == ((1, 10), {"not rated by both": 1})


def test_a_review_has_scores_before_and_after_and_its_reasons_are_no_ratings(known):
    asked = {"vary": {"author": {"affiliation": ["unknown", "famous"]}}}
    before, after, given = (np.zeros((2, 2, 1, 2)) for _ in range(3))
    before[0, 0, 0], after[0, 0, 0] = (4, 8), (5, 7)
    given[0, 0, 0] = (1, 0)
    details = {
        name: Detail(value, np.zeros((2, 2), dtype=np.int64), names)
        for name, value, names in (
            ("before", before, ("reviewer_1", "reviewer_2")),
            ("after", after, ("reviewer_1", "reviewer_2")),
            ("reasons", given, ("clear writing", "little use")),
        )
    }
    values = {name: [[1, 1], [1, 1]] for name in ("accepted", "words", "sound", "before", "after", "reasons")}
    run = laid(known, asked, values, details)
    assert {each.outcome for each in Subjects.found(run)} == {"before", "after"}
    first = next(iter(Shifts.found(run)))
    assert (first.outcome, first.sample.before[0].tolist(), first.sample.value[0].tolist()) == ("after", [4, 8], [5, 7])
    assert first.sample.merit.tolist() == [1, 1]
    (reasons,) = Reasoned.found(run)
    assert reasons.sample.reference_reasons.tolist() == [[1, 0], [0, 0]]
