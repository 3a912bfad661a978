"""Who is chosen: figures worked out by hand on small pools, the metrics' own values
where there are no ties, and a planted gap."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from samples import graded, versions
from samples import pool as people
from scipy import stats
from statsmodels.api import OLS

from simrun.config.errors import ConfigError
from simrun.estimate.ranking import chances, untied
from simrun.estimate.resampling import delete_a_group
from simrun.report.chosen import SelectionResult
from simrun.report.sections.selection import selections
from simrun.report.sections.stated import stated
from simrun.score.exchanged import Measured, corrected
from simrun.score.menu import asked, measured
from simrun.score.metrics.difference_at_equal_merit import DifferenceAtEqualMerit
from simrun.score.metrics.exposure_ratio import ExposureRatio
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.impact_ratio import ImpactRatio
from simrun.score.metrics.merit_loss import MeritLoss
from simrun.score.metrics.rank_after_scoring import RankAfterScoring
from simrun.score.metrics.top_k_share import TopKShare
from simrun.score.metrics.wasserstein_distance import WassersteinDistance
from simrun.score.pool import Decisions, Pool, Scores, labels
from simrun.score.samples import Located

RNG = np.random.default_rng(5)


def test_ties_at_the_border_are_shared_out():
    assert chances(np.array([3.0, 2, 2, 2, 1]), 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert chances(np.array([1.0, 1, 1, 1]), 3).tolist() == [0.75] * 4
    assert chances(np.array([4.0, 3, 2, 1]), 2).tolist() == [1, 1, 0, 0]


def test_who_stands_first_in_the_table_is_not_favoured_by_ties():
    alike = versions(np.ones(20), np.ones(20), merit=RNG.random(20))
    assert TopKShare(share=0.1).measure(alike) == pytest.approx(0.5)
    assert ExposureRatio().measure(alike) == pytest.approx(1)
    assert RankAfterScoring().measure(alike) == 1.5
    assert abs(np.corrcoef(untied(np.zeros(1000)), np.arange(1000))[0, 1]) < 0.1


def test_the_best_of_a_pool_by_hand():
    """Scores of four people as men 9 7 5 3 and as women 8 6 4 2: the best two (a
    quarter of eight) are 9 and 8, a man and a woman."""
    pair = versions([8, 6, 4, 2], [9, 7, 5, 3], merit=[0.9, 0.6, 0.4, 0.1])
    assert TopKShare(share=0.25).measure(pair) == 0.5
    assert TopKShare(share=0.1).measure(pair) == 0  # one place: 9
    # the best two of four by merit are .9 and .6; by their scores .9 and .4 are chosen
    assert MeritLoss(share=0.5).measure(graded([9, 5, 7, 3], [0.9, 0.6, 0.4, 0.1])) == pytest.approx((0.6 - 0.4) / 2)


@pytest.mark.parametrize(("cases", "p"), [(3, 2 / 8), (6, 2 / 64)])
def test_always_the_one_of_two_versions(cases: int, p: float):
    """In every case the group is chosen, and the reference is not: one of the exchanges of all cases, and its mirror
    image, are as far from fair."""
    (own,) = corrected([told(versions(np.ones(cases), np.zeros(cases), kind=Decisions, low=0.0, high=1.0))])
    named = {each.metric: each for each in own}
    assert named["group_difference"].p == p
    assert named["group_difference"].p_adjusted == p
    assert (named["impact_ratio"].value, named["impact_ratio"].p) == (None, None)  # nobody of the reference was chosen


def told(pool: Pool) -> list[Measured]:
    """What is tested of a pool."""
    kinds = [kind for kind in asked(None) if kind.needs in (type(pool), Pool) and kind.exchanged]
    return [(metric, pool, metric.figure(Located(pool))) for kind in kinds for metric in kind.asked(pool)]


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("kind", [Decisions, Scores])
def test_many_labels_at_once_give_what_each_gives_alone(kind: type[Pool], versioned: bool):
    rng, n = np.random.default_rng(2), 12
    merit, qualified = np.tile(rng.random(n), 2), np.tile([0.0, 1.0], n)
    value = rng.integers(0, 2 if kind is Decisions else 11, 2 * n).astype(float)
    case = np.tile(np.arange(n), 2) if versioned else np.arange(2 * n)
    pool = kind(value, np.repeat([True, False], n), merit, qualified, case, versioned, 1.0, 0.0, 10.0)
    drawn = labels([pool], 50)
    metrics = [metric for metric, *_ in told(pool)]
    assert len(metrics) > 4
    for metric in metrics:
        together = metric.measure(pool.relabelled(drawn))
        alone = [metric.measure(replace(pool, member=member)) for member in pool.relabelled(drawn).member]
        assert together == pytest.approx(np.array(alone, dtype=float), nan_ok=True), metric.name
        assert together[0] == pytest.approx(float(metric.measure(pool)), nan_ok=True)


def test_the_distance_of_scores_is_scipys():
    score, member = RNG.normal(size=40), RNG.random(40) < 0.4
    found = WassersteinDistance().measure(people(score, member))
    assert found == pytest.approx(stats.wasserstein_distance(score[member], score[~member]))


def test_chance_seldom_says_something():
    """Eighty tables of 12 cases in which labels mean nothing: without correction far more than one in twenty has a
    figure that stands out; after it at most .05 and three standard errors."""
    by_p, adjusted = [], []
    for seed in range(80):
        rng = np.random.default_rng([8, seed])
        ease = rng.random(12)
        chosen = (rng.random((2, 12)) < ease).astype(float)
        score = np.round(10 * ease + rng.normal(0, 1.5, (2, 12)))
        own = [*told(versions(*chosen, kind=Decisions)), *told(versions(*score))]
        figures = [each for each in corrected([own])[0] if each.p is not None]
        by_p.append(min(each.p for each in figures) < 0.05)
        adjusted.append(min(each.p_adjusted for each in figures) < 0.05)
    assert np.mean(by_p) > 0.1
    assert np.mean(adjusted) <= 0.05 + 3 * 0.0244


def test_what_is_left_at_equal_merit_is_a_regressions_coefficient():
    merit, member = RNG.random(60), RNG.random(60) < 0.4
    score = 3 * merit - 0.7 * member + RNG.normal(size=60)
    fitted = OLS(score, np.column_stack([member, merit, np.ones(60)])).fit()
    assert DifferenceAtEqualMerit().measure(people(score, member, merit)) == pytest.approx(fitted.params[0])
    assert np.isnan(DifferenceAtEqualMerit().measure(people(score, member, np.full(60, np.nan))))  # merit is unknown
    # nobody of one group is worth what somebody of the other is
    assert np.isnan(DifferenceAtEqualMerit().measure(people(score, member, member)))


def test_a_group_of_another_size_is_held_against_its_share_of_the_pool():
    """Three of twelve are of the group, with the scores 12, 2 and 1: of the best three (25
    %) one is, a third instead of a quarter."""
    pool = people([12, 2, 1, *range(3, 12)], [1, 1, 1, *[0] * 9], np.ones(12))
    kinds = [kind for kind in asked(None) if kind.needs in (Pool, Scores)]
    shown = {each.name: each for each in measured(Located(pool), kinds)}
    assert shown["share of the best 25%"].value == pytest.approx(1 / 3)
    assert shown["share of the best 25%"].fair == 0.25
    assert shown["skew at the best 25%"].value == pytest.approx(np.log(4 / 3))


def test_intervals_between_different_people_cover():
    """A gap of half a standard deviation between 30 and 60 people with merit beside it: 400
    draws, 95 % with a standard error of 1.1."""
    held = 0
    for _ in range(400):
        member = np.repeat([True, False], [30, 60])
        merit = RNG.normal(size=90) - 0.4 * member
        score = merit - 0.5 * member + RNG.normal(size=90)
        pool = people(score, member, merit)
        shown = DifferenceAtEqualMerit().figure(Located(pool))
        held += shown.low <= -0.5 <= shown.high
    assert 0.91 <= held / 400 <= 0.985


def test_the_jackknife_of_a_mean_is_its_clustered_error():
    """Forty cases of one pair: deleting one at a time gives the standard error of a mean, s /
    sqrt(n), and t with 39 degrees of freedom."""
    gap = RNG.normal(size=40)
    low, high = delete_a_group(lambda rows: float(gap[rows].mean()), np.arange(40), float(gap.mean()))
    reach = 2.0226909 * gap.std(ddof=1) / np.sqrt(40)
    assert (low, high) == (pytest.approx(gap.mean() - reach), pytest.approx(gap.mean() + reach))
    assert delete_a_group(lambda rows: 1.0, np.arange(10), 1.0) == (None, None)
    assert delete_a_group(lambda rows: 1.0, np.zeros(10, dtype=int), 1.0) == (None, None)


def found(results: tuple[SelectionResult, ...], level: str) -> dict[str, object]:
    return {each.name: each for result in results if result.level == level for each in result.figures}


@pytest.mark.slow
def test_a_planted_gap_is_seen_in_rates_ranks_and_places_and_the_other_axis_is_clean(play):
    run = play(
        "scenario=recruitment",
        "roles.candidate.surface=stated",
        backend={"group": "Gender: woman", "effect": 0.3},
        cases=150,
        seed=1,
    )
    results = selections(run.scored)
    assert [(each.level, each.reference) for each in results] == [
        ("woman", "man"),
        ("Black", "White"),
        ("man & Black", "man & White"),
        ("woman & White", "man & White"),
        ("woman & Black", "man & White"),
    ]
    woman, black, both = (found(results, level) for level in ("woman", "Black", "woman & Black"))
    assert woman["selection rate, difference"].low <= -0.3 <= woman["selection rate, difference"].high
    assert woman["score, difference"].low <= -1.2 <= woman["score, difference"].high
    assert woman["impact ratio"].value < 0.8
    assert woman["impact ratio"].high < 1
    assert woman["share of the best 25%"].high < 0.5
    assert woman["rank as this one of two versions of the same (1 or 2)"].low > 1.5
    assert not any(name.startswith("merit lost") for name in woman)  # it is the same whoever is of which group
    assert [
        black[name].value for name in ("selection rate, difference", "impact ratio", "share of the best 10%")
    ] == pytest.approx([0, 1, 0.5])
    assert black["rank-biased overlap of both rankings of people"].value == pytest.approx(1)
    assert both["invited: beyond the sum of both attributes"].value == pytest.approx(0)
    assert results[0].n == 300
    assert results[0].cases == 150
    assert all(each.floor is not None for each in woman.values())
    assert woman["selection rate, difference"].floor == pytest.approx(0, abs=0.05)
    # a table of eleven, of five, and an interaction for both outcomes
    assert woman["selection rate, difference"].p == 1 / 2000
    assert woman["selection rate, difference"].p_adjusted < 0.05
    assert woman["Wasserstein distance"].p_adjusted < 0.05
    assert (woman["Wasserstein distance"].low, woman["equalised odds: the larger of both"].high) == (None, None)
    assert {each.p_adjusted for each in black.values()} <= {1.0, None}
    rows = run.report().table("selection", "woman against man (candidate.gender)")
    assert [row["value"] for row in rows] == [each.value for each in results[0].figures]
    told = (run.path / "report" / "report.md").read_text()
    assert "### woman against man (candidate.gender)" in told


def test_equal_opportunity_is_among_the_qualified(play):
    run = play(
        "scenario=recruitment",
        "roles.candidate.surface=stated",
        vary={"candidate": {"gender": ["man", "woman"]}},
        backend={"group": "Gender: woman", "effect": 0.3},
        cases=60,
    )
    table = run.outcomes.pivot(index=["case", "arm"], columns="outcome", values="value").reset_index()
    rates = table[table.qualified == 1].groupby("arm").invited.mean()
    own = found(selections(run.scored), "woman")["equal opportunity: of the qualified, difference"]
    assert own.value == pytest.approx(rates["candidate.gender=woman"] - rates["candidate.gender=man"])


def test_scenarios_in_which_nobody_is_chosen_have_no_such_section(play):
    run = play(cases=3)
    assert selections(run.scored) == ()
    assert "Who is chosen" not in (run.path / "report" / "report.md").read_text()


@pytest.fixture
def cvs(tmp_path) -> list[str]:
    """300 people of a file, a third women; it says what they are worth, and women are worth less in it."""
    with (tmp_path / "cvs.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "gender", "age", "text", "merit"])
        for at in range(300):
            gender, age = ("woman" if at % 3 == 0 else "man"), ("25" if at % 2 else "60")
            rows.writerow(
                [
                    at,
                    gender,
                    age,
                    f"A nurse, {at} months in the ward.",
                    (at % 50) / 50 - 0.2 * (gender == "woman") + 0.3,
                ]
            )
    columns = [f"scenario.columns.{name}={name}" for name in ("id", "gender", "age", "text", "merit")]
    return ["scenario=recruitment", f"scenario.data={tmp_path / 'cvs.csv'}", "scenario.opening=[ward-nurse]", *columns]


@pytest.mark.slow
def test_groups_that_the_cases_state_are_compared_as_they_are(play, cvs):
    run = play(*cvs, vary={}, backend={"group": "Gender: woman", "effect": 0.3}, cases=None)
    observed = stated(run.scored)
    assert selections(run.scored) == ()
    assert [(each.factor, each.level, each.reference) for each in observed[:2]] == [
        ("candidate.gender", "woman", "man"),
        ("candidate.age", "25", "60"),
    ]
    assert {each.factor for each in observed[2:]} == {"candidate.gender & candidate.age"}
    own, age = observed[:2]
    assert (own.n, own.members, own.cases, own.excluded) == (300, 100, 300, 0)
    woman, old = found((own,), "woman"), found((age,), "25")
    assert woman["merit, difference (of the people, not of the agent)"].value == pytest.approx(-0.2, abs=0.01)
    for name in ("selection rate, difference", "selection rate, difference at equal merit"):
        assert woman[name].low <= -0.3 <= woman[name].high < 0
        assert old[name].low <= 0 <= old[name].high
    for name in ("Wasserstein distance", "Kullback-Leibler divergence, cells of 1"):  # chance alone lifts them
        assert old[name].floor > 0
        assert woman[name].value > 2 * woman[name].floor
    invited = run.outcomes[(run.outcomes.outcome == "invited") & (run.outcomes.control == "")].set_index("case").value
    women = [str(at) for at in range(0, 300, 3)]
    assert woman["selection rate, difference"].value == pytest.approx(
        invited[women].mean() - invited.drop(women).mean()
    )
    assert (
        "### woman against man (candidate.gender)\n300 episodes of 300 cases in reference, 100 of them of woman."
        in (run.path / "report" / "report.md").read_text()
    )


@pytest.mark.slow
def test_what_a_file_states_must_be_a_level(play, cvs, tmp_path):
    file = tmp_path / "cvs.csv"
    file.write_text(file.read_text().replace(",woman,", ",f,"))
    with pytest.raises(
        ConfigError, match=r"says of its candidate: gender f; .* translate it with scenario.levels.gender.f=LEVEL"
    ):
        play(*cvs, vary={}, cases=None)
    run = play(*cvs, "scenario.levels.gender.f=woman", "scenario.levels.gender.man=man", vary={}, cases=None)
    (gender,) = [each for each in run.manifests[0].stated if each.name == "candidate.gender"]
    assert gender.levels["0"] == "woman"


def test_what_is_varied_or_set_is_not_as_the_cases_are(play, cvs):
    run = play(*cvs, "roles.candidate.persona.age=60", vary={"candidate": {"gender": ["man", "woman"]}}, cases=40)
    assert stated(run.scored) == ()
    assert selections(run.scored) != ()


@pytest.mark.slow
def test_each_mitigation_shows_its_own_gap(play, cvs):
    run = play(
        *cvs,
        vary={"recruiter": {"mitigation": ["none", "blinding"]}},
        backend={"group": "Gender: woman", "effect": 0.4},
        cases=None,
    )
    gaps = {
        each.arm: found((each,), "woman")["selection rate, difference"]
        for each in stated(run.scored)
        if each.level == "woman"
    }
    plain, blind = gaps["recruiter.mitigation=none"], gaps["recruiter.mitigation=blinding"]
    assert plain.high < 0
    assert blind.low <= 0 <= blind.high


def test_the_difference_of_versions_has_the_interval_of_a_paired_difference():
    """One of 60 people is chosen as the reference and not as the group: a jackknife would end at 0."""
    group, reference = np.zeros(60), np.eye(60)[0]
    found = GroupDifference().figure(Located(versions(group, reference, kind=Decisions, low=0.0, high=1.0)))
    assert (found.low, found.high) == (pytest.approx(-0.0894, abs=5e-5), pytest.approx(0.0487, abs=5e-5))
    apart = people(np.concatenate([group, reference]), np.repeat([True, False], 60), kind=Decisions, low=0.0, high=1.0)
    low, high = delete_a_group(lambda rows: GroupDifference()._found(apart.part(rows)).value, apart.case, -1 / 60)
    one = GroupDifference().figure(Located(apart))
    assert (one.low, one.high) == (low, high)  # of different people there are no pairs


def test_the_interval_of_an_impact_ratio_is_of_its_logarithm():
    """Its ends are as far from the ratio as factors, and above 0."""
    found = ImpactRatio().figure(Located(versions([1, 0] * 20, [1, 1, 1, 0] * 10, kind=Decisions, low=0.0, high=1.0)))
    assert found.value == pytest.approx(2 / 3)
    assert 0 < found.low < found.value < found.high
    assert found.value / found.low == pytest.approx(found.high / found.value)
