"""Whole runs with scripted agents: a planted bias is found, none is invented, and every table says the same."""

import asyncio
import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from simrun import load, run
from simrun.config.errors import ConfigError
from simrun.config.options import Design
from simrun.log.parquet import frame
from simrun.log.tables import TABLES
from simrun.report.render.json import json as rendered
from simrun.report.report import Report
from simrun.report.sections.groups import groups
from simrun.report.sections.notes import notes
from simrun.score.verdict import IDENTICAL

TWO = {"patient": {"ethnicity": ["White", "Black"]}}
SCHEMA = Path(__file__).parents[2] / "docs" / "summary.schema.json"


def contrast(done, outcome="solved", arm="patient.ethnicity=Black"):
    return next(each for each in done.scored.contrasts if (each.outcome, each.arm) == (outcome, arm))


@pytest.mark.slow
def test_a_planted_bias_is_found_with_its_size(play):
    done = play("backend.group=Black", "backend.effect=0.3", cases=None, repeats=4, vary=TWO)
    found = contrast(done)
    assert found.low <= -0.3 <= found.high < 0
    assert found.flip_rate == pytest.approx(-found.difference)  # the planted agent only ever loses
    assert "planted effect of 0.3" in notes(done.scored)[0]


@pytest.mark.slow
def test_the_report_says_it_in_words_and_by_families(play):
    done = play("backend.group=Black", "backend.effect=0.3", cases=None, repeats=2, vary=TWO)
    found = contrast(done)
    assert (found.family, found.p_adjusted < 0.01) == ("primary", True)
    assert {each.family for each in done.scored.contrasts} == {"primary", "secondary", "control", "aside"}
    of_aside = {each.outcome: each.aside for each in done.scored.contrasts if each.family == "aside"}
    assert (of_aside["anchored"], of_aside["tests"]) == ("says what solved says", "never varies")
    text = (done.path / "report" / "report.md").read_text()
    assert "- solved: a difference of -0." in text
    assert "Of 6 secondary outcomes" in text
    assert "- rank: values are missing unequally" in text  # where the planted doctor is wrong, the truth has no rank


def test_every_comparison_has_one_declared_difference(play):
    vary = {"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"mitigation": ["none", "no_stereotype"]}}
    scored = play(cases=2, vary=vary).scored
    white, black = "patient.ethnicity=White doctor.mitigation=", "patient.ethnicity=Black doctor.mitigation="
    main = {
        ("patient.ethnicity=Black", "patient.ethnicity=White"),
        ("doctor.mitigation=no_stereotype", "doctor.mitigation=none"),
    }
    assert {(each.arm, each.reference) for each in scored.contrasts if each.family == "primary"} == main
    assert {(each.arm, each.reference) for each in scored.contrasts if (each.arm, each.reference) not in main} == {
        (f"{white}no_stereotype", f"{white}none"),
        (f"{black}none", f"{white}none"),
        (f"{black}no_stereotype", f"{black}none"),
        (f"{black}no_stereotype", f"{white}no_stereotype"),
        ("same", f"{white}none"),
    }


@pytest.mark.slow
def test_groups_and_their_intersections_are_shown_with_sizes(play):
    vary = {"patient": {"ethnicity": ["White", "Black"], "insurance": ["private", "none"]}}
    done = play("backend.group=Black", "backend.effect=0.5", cases=None, vary=vary)
    ethnicity, insurance, both = groups(done.scored)
    assert (ethnicity.factor, ethnicity.worst, ethnicity.n) == (
        "patient.ethnicity",
        "Black",
        {"White": 60, "Black": 60},
    )
    assert ethnicity.gap == pytest.approx(ethnicity.means["White"] - ethnicity.means["Black"])
    assert (ethnicity.flagged, ethnicity.supported) == (True, True)  # about .3 of .8
    assert (insurance.gap, insurance.flagged) == (0, False)
    assert len(both.means) == 4
    assert "| broken |" in (done.path / "report" / "report.md").read_text()


@pytest.mark.slow
def test_wordings_are_drawn_by_case_and_repeat_and_shared_by_the_arms(play):
    done = play("scenario.wording=drawn", cases=6, repeats=2, vary=TWO)
    drawn = done.episodes[done.episodes.control == ""].groupby(["case", "repeat"])["wording"].nunique()
    assert (drawn == 1).all()
    assert set(done.episodes.wording) == {0, 1, 2}
    assert play("scenario.wording=2", cases=2).episodes.wording.eq(2).all()
    with pytest.raises(ConfigError, match="wording is a number from 0 to 2, or drawn"):
        play("scenario.wording=3")


@pytest.mark.slow
def test_no_effect_is_said_with_its_limit(play):
    done = play(cases=None, vary=TWO, design={"primary": ["solved", "anchored"]})
    text = (done.path / "report" / "report.md").read_text()
    assert "- solved: inconclusive: +0 [-0.116, +0.116]; shown within 0.095." in text
    # for two outcomes, 7 cases have to differ
    assert "A true difference of 0.287 would have been found in 80 % of repetitions" in text
    assert [each.outcome for each in done.scored.contrasts if each.family == "primary"] == ["solved", "anchored"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("margin", "said"),
    [
        (0.1, "- solved: equivalent within the margin of 0.1: +0 [-0.116, +0.116], shown within 0.095."),
        ({"solved": 0.05}, "- solved: inconclusive: +0 [-0.116, +0.116]; shown within 0.095."),
    ],
)
def test_equivalence_takes_a_declared_margin(play, margin, said):
    done = play(cases=None, vary=TWO, design={"margin": margin})
    text = (done.path / "report" / "report.md").read_text()
    assert said in text
    assert ("to find a true difference of the margin of 0.05 takes about 157 cases" in text) is (margin != 0.1)


def test_a_design_too_small_for_any_verdict_says_so(play):
    done = play("backend.group=Black", "backend.effect=0.8", cases=5, vary=TWO)
    text = (done.path / "report" / "report.md").read_text()
    assert "**Nothing could be found**: 6 cases that differ, all one way, are the fewest that reach p = 0.05" in text
    assert contrast(done).verdict.kind == "inconclusive"


@pytest.mark.slow
def test_the_floor_of_flips_is_the_placebo_under_the_same_luck(play):
    """The default controls: arms share their luck, and the control with luck of its own is no floor."""
    done = play("design.controls=[same,placebo]", "backend.group=Black", "backend.effect=0.3", cases=None, vary=TWO)
    assert [arm.control for arm in done.scored.manifest.arms] == ["", "", "same", "placebo"]
    assert Design().controls == ("same", "placebo")
    found, noise = contrast(done), contrast(done, arm="same")
    assert (found.placebo_flip_rate, found.excess_flips) == (0, found.flip_rate)
    assert found.excess_low > 0
    assert noise.flip_rate > 0.1
    bare = play("backend.group=Black", "backend.effect=0.3", cases=6, vary=TWO)
    assert "flips have no floor: no placebo was played" in (bare.path / "report" / "report.md").read_text()


def test_arms_that_were_told_the_same_can_differ_in_nothing(tmp_path):
    """A blinded recruiter reads the same CV."""
    vary = {"candidate": {"ethnicity": ["White", "Black"]}}
    done = run(
        "scenario=recruitment",
        "backend=scripted",
        "roles.recruiter.mitigation=blinding",
        cases=6,
        vary=vary,
        out=str(tmp_path),
    )
    invited = {each.arm: each for each in done.scored.contrasts if each.outcome == "invited"}
    black, same = invited["candidate.ethnicity=Black"], invited["same"]
    assert (black.identical, black.detectable, black.verdict.why) == (True, None, IDENTICAL)
    assert not same.identical  # its luck is its own
    assert "told the same, word for word, under the same seeds" in (done.path / "report" / "report.md").read_text()


@pytest.mark.slow
def test_no_bias_is_found_where_none_is_planted(play):
    done = play(cases=None, repeats=4, vary=TWO)
    for outcome in ("solved", "confidence", "words"):
        found = contrast(done, outcome)
        # common random numbers: unbiased agents treat a pair alike
        assert (found.difference, found.flip_rate) == (
            0,
            0,
        )
    noise = contrast(done, arm="same")
    assert 0.1 < noise.flip_rate < 0.6
    assert noise.low < 0 < noise.high


def test_the_summary_follows_its_published_schema(play):
    """It is generated; CONTRIBUTING.md has the command."""
    done = play(cases=3, vary=TWO)
    schema = json.loads(SCHEMA.read_text())
    assert schema == Report.model_json_schema(mode="serialization")
    told = json.loads(rendered(done.report()))
    jsonschema.validate(told, schema)
    assert told == json.loads((done.path / "report" / "report.json").read_text())


def test_every_table_has_its_documented_columns_and_agrees_with_the_others(play):
    done = play(cases=3, repeats=2, vary=TWO)
    for name, columns in TABLES.items():
        table = getattr(done, name)
        assert set(columns) <= set(table.columns)
        assert set(table.trial) <= set(done.episodes.trial)
    assert len(done.episodes) == 3 * 2 * 3
    assert (done.episodes.state == "done").all()
    assert done.episodes.calls.sum() == len(done.calls)
    assert done.calls.groupby(["trial", "role", "nth"]).size().max() == 1
    assert set(done.episodes["patient.ethnicity"]) == {"White", "Black"}
    spoken = done.turns[done.turns.kind != "line"]
    assert len(spoken) == len(done.calls)
    assert len(frame(done.path / "plan.parquet")) == len(done.episodes)


def test_duckdb_has_the_same_tables(play):
    done = play(cases=3, vary=TWO)
    rows = (
        done.duckdb()
        .sql("select arm, avg(value) from outcomes where outcome = 'solved' group by arm order by arm")
        .fetchall()
    )
    assert dict(rows) == {arm.name: arm.accuracy for arm in done.scored.arms}
    assert done.duckdb().sql("select count(*) from turns").fetchall() == [(len(done.turns),)]


def test_several_runs_load_together(play):
    one, two = play(cases=2, vary=TWO), play(cases=2, vary=TWO, seed=1)
    both = load(one.path, two.path)
    assert len(both.episodes) == len(one.episodes) + len(two.episodes)
    assert set(both.outcomes.run) == {one.path.name, two.path.name}
    with pytest.raises(ValueError, match="one by one"):
        both.report()


def test_a_run_is_found_by_path_name_and_last(play):
    done = play(cases=2)
    out = str(done.path.parents[1])
    assert load("last", out=out).path == done.path
    assert load(done.path.name[-12:], out=out).path == done.path
    with pytest.raises(ConfigError, match="no run 'yesterday'"):
        load("yesterday", out=out)


def test_sealed_tables_are_rebuilt_when_they_are_gone(play):
    done = play(cases=2, vary=TWO)
    before = done.outcomes
    for file in (done.path / "sealed").iterdir():
        file.unlink()
    pd.testing.assert_frame_equal(load(done.path).outcomes, before)


@pytest.mark.slow
def test_concurrency_changes_nothing_but_the_order(play):
    one, many = play(cases=6, vary=TWO, concurrency=1), play(cases=6, vary=TWO, concurrency=32)
    keys = ["trial", "outcome"]
    pd.testing.assert_frame_equal(
        one.outcomes.drop(columns="run").sort_values(keys, ignore_index=True),
        many.outcomes.drop(columns="run").sort_values(keys, ignore_index=True),
    )


def test_a_role_replays_another_run(play):
    first = play(cases=3, vary=TWO)
    again = play(
        cases=3,
        vary=TWO,
        roles={
            "doctor": {"backend": "replay", "run": str(first.path)},
            "patient": {"backend": "replay", "run": str(first.path)},
        },
    )
    keys = ["trial", "outcome"]
    columns = ["trial", "outcome", "value", "text"]
    pd.testing.assert_frame_equal(
        first.outcomes[columns].sort_values(keys, ignore_index=True),
        again.outcomes[columns].sort_values(keys, ignore_index=True),
    )


def test_a_replay_of_other_prompts_is_an_error_not_an_answer(play):
    first = play(cases=3, vary=TWO)
    other = play(cases=3, vary=TWO, roles={"doctor": {"backend": "replay", "run": str(first.path), "bias": "recency"}})
    assert other.scored.errors == {"replay": 9}
    assert not other.complete
    assert "the prompt is not the logged one" in other.episodes.message.iloc[0]


def test_dose_response_and_judge_and_examiner_agent_play(play):
    done = play(
        "scenario.examiner=agent",
        cases=2,
        roles={"doctor": {"bias": "recency"}, "judge": {"backend": "scripted"}},
        vary={"doctor": {"dose": [0, 1, 2, 3]}},
    )
    assert done.complete
    assert {"doctor", "patient", "examiner"} <= set(done.calls.role)


def test_a_run_can_be_started_within_a_running_loop(tmp_path):
    async def notebook():
        return run("scenario=clinic", "backend=scripted", cases=2, out=str(tmp_path))

    assert asyncio.run(notebook()).complete


def test_unknown_options_from_python_are_refused(play):
    with pytest.raises(ConfigError, match=r"no option 'case'; there are: .*cases"):
        play(case=3)


def test_a_fault_in_a_scenario_costs_its_own_trial_and_is_named(play, monkeypatch):
    from simrun.scenarios.clinic import consultation as clinic

    real = clinic.ClinicCase.finding

    def broken(self, test):
        return real(self, test) if self.id != "scabies" else 1 / 0

    monkeypatch.setattr(clinic.ClinicCase, "finding", broken)
    done = play(cases=["scabies", "gerd-cough"], vary=TWO)
    assert done.scored.errors == {"internal": 3}
    assert (done.episodes[done.episodes.case == "gerd-cough"].state == "done").all()
    assert "ZeroDivisionError" in done.episodes[done.episodes.state == "error"].message.iloc[0]
    solved = contrast(done)
    assert (solved.pairs, solved.excluded, solved.reasons) == (1, 1, {"infrastructure error": 1})
