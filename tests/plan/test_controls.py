"""Designs and controls: fractions, swaps, mirrors, planted biases, and
what is refused before a token is spent."""

import pytest
from conftest import config
from playing import played

from simrun.config import menus as menus
from simrun.config.errors import ConfigError
from simrun.config.options import Config
from simrun.plan.design import planned
from simrun.report.sections.notes import notes

THREE = {"patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"], "insurance": ["private", "none"]}}


# Fractions


def test_half_of_a_cube_has_each_pair_of_levels_once(known):
    plan = planned(config(cases=2, vary=THREE, design={"cross": "fractional", "controls": []}), known)
    cells = [tuple(arm.settings.values()) for arm in plan.arms]
    assert cells == [
        ("White", "woman", "private"),
        ("White", "man", "none"),
        ("Black", "woman", "none"),
        ("Black", "man", "private"),
    ]


def test_a_third_of_three_cubed_has_each_pair_of_levels_once(known):
    vary = {
        "patient": {
            "ethnicity": ["White", "Black", "Asian"],
            "religion": ["Christian", "Muslim", "Jewish"],
            "age": [30, 40, 50],
        }
    }
    plan = planned(config(cases=2, vary=vary, design={"cross": "fractional", "reduction": 3, "controls": []}), known)
    cells = [tuple(arm.settings.values()) for arm in plan.arms]
    assert cells[0] == ("White", "Christian", "30")
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len({(cell[one], cell[other]) for cell in cells}) == len(cells) == 9


@pytest.mark.slow
def test_a_factor_of_a_fraction_is_compared_over_the_levels_of_the_others(play):
    given = {"backend": {"group": "Black", "effect": 0.4}, "cases": None, "repeats": 4}
    done = play(vary=THREE, design={"cross": "fractional"}, **given)
    found = {each.arm: each for each in done.scored.contrasts if each.outcome == "solved"}
    ethnicity = found["patient.ethnicity=Black"]
    assert ethnicity.low <= -0.4 <= ethnicity.high < 0
    assert ethnicity.pairs == 120
    for other in ("patient.gender=man", "patient.insurance=none"):
        assert found[other].low <= 0 <= found[other].high
    told = next(note for note in notes(done.scored) if "cannot be told apart" in note)
    assert "the effect of patient.ethnicity from what patient.gender and patient.insurance do together" in told


@pytest.mark.parametrize(
    ("vary", "design", "why"),
    [
        (
            {"patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"]}},
            {},
            "a part of their combinations needs 3",
        ),
        (
            THREE,
            {"reduction": 3},
            "reduction=3 of 8 combinations mixes .* patient.ethnicity with .* "
            "patient.gender; use design.reduction=2, or",
        ),
        (
            THREE,
            {"reduction": 5},
            "reduction=5 of 8 combinations leaves too few to play every level; use "
            "design.reduction=2, or design.cross=full",
        ),
        (THREE, {"reduction": 8}, "reduction=8 of 8 combinations leaves too few"),
        (
            {"patient": {**THREE["patient"], "ethnicity": ["White", "Black", "Asian"]}},
            {},
            "mixes the effect .*; use design.cross=full or one_at_a_time",
        ),
    ],
)
def test_fractions_that_cannot_tell_factors_apart_are_refused(vary, design, why, known):
    with pytest.raises(ConfigError, match=why):
        planned(config(cases=2, vary=vary, design={"cross": "fractional", **design}), known)


# Swap, mirror, positive control


def test_a_swap_lists_the_same_moves_in_the_opposite_order(known):
    plan = planned(config(cases=2, design={"controls": ["swap"]}), known)
    case = next(iter(plan.cases.values()))
    before, after = (
        plan.castings[arm].scenario.brief("doctor", case).splitlines() for arm in (plan.arms[0].name, "swap")
    )
    assert before != after
    assert before[1:4] == after[1:4][::-1]
    assert sorted(before) == sorted(after)


def test_a_mirrored_question_is_read_back(play):
    # a patient that names the end of the scale that means "entirely": 10 of 1 to 10, 1 of 10 to 1
    rules = [
        {"role": "patient", "when": r"10 \(not at all\)", "say": {"score": 1}},
        {"role": "patient", "when": r"10 \(\w+ly\)", "say": {"score": 10}},
    ]
    done = play(backend={"rules": rules}, cases=2, design={"controls": ["mirror"]})
    confident = done.outcomes[done.outcomes.outcome == "confidence"]
    assert set(confident["value"]) == {10.0}
    mirrored = done.calls.merge(done.episodes[["trial", "control"]], on="trial").query(
        "role == 'patient' and control == 'mirror'"
    )
    assert '{"score": 1}' in set(mirrored["text"])


def test_a_patient_that_always_says_seven_is_found_out_by_the_mirror(play):
    done = play(
        backend={"rules": [{"role": "patient", "when": "Answer with a number", "say": {"score": 7}}]},
        cases=4,
        design={"controls": ["mirror"]},
    )
    (found,) = [each for each in done.scored.contrasts if (each.arm, each.outcome) == ("mirror", "confidence")]
    assert (found.difference, found.family) == (-3.0, "control")  # 11 - 7 against 7


@pytest.mark.slow
def test_the_positive_control_finds_what_was_planted_and_asks_no_model(play):
    done = play(cases=None, repeats=4, vary={}, design={"controls": ["positive"], "planted": 0.3})
    (found,) = [each for each in done.scored.contrasts if each.outcome == "solved"]
    assert (found.arm, found.reference, found.family) == ("positive", "positive reference", "control")
    assert found.low <= -0.3 <= found.high < 0
    text = (done.path / "report" / "report.md").read_text()
    assert "planted: -0.3; found: -0.2" in text or "planted: -0.3; found: -0.3" in text


def test_the_positive_control_is_scripted_whatever_the_run_plays_on(known):
    asked = {
        "scenario": {"name": "clinic"},
        "backend": {"name": "server", "model": "large"},
        "cases": 2,
        "design": {"controls": ["positive"]},
    }
    plan = planned(Config.of(asked), known)
    planted = plan.castings["positive"].backends["doctor"]
    assert (planted.name, planted.effect) == ("scripted", 0.2)
    assert {backend.name for backend in plan.castings["positive reference"].backends.values()} == {"scripted"}
    assert plan.castings[plan.arms[0].name].backends["doctor"].name == "server"


def test_a_judge_leaves_the_planted_effect_as_it_is(known):
    asked = {"cases": None, "vary": {}, "design": {"controls": ["positive"], "planted": 0.4}}
    plan, judged = (
        planned(config(**asked), known),
        planned(config(**asked, roles={"judge": {"backend": "scripted"}}), known),
    )
    for arm in ("positive reference", "positive"):
        solved = [outcome.solved for outcome in played(plan, arm)]
        assert [outcome.solved for outcome in played(judged, arm)] == solved
        assert None not in solved


@pytest.mark.parametrize("planted", [0.81, 1.0])
def test_no_more_is_planted_than_the_chance_of_being_right(planted, known):
    with pytest.raises(
        ConfigError, match=rf"design.planted={planted:g}: .* with a chance of 0.8, .*; give at most 0.8"
    ):
        planned(config(design={"controls": ["positive"], "planted": planted}), known)
    all_of_it = planned(config(vary={}, design={"controls": ["positive"], "planted": 0.8}), known)
    assert not any(outcome.solved for outcome in played(all_of_it, "positive"))


# Bad designs, before a token is spent


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"cases": 1},
            r"one case \(\S+\) cannot show what patient.ethnicity changes: an interval needs two; "
            r"give cases=2 or more, or vary=\{\}",
        ),
        ({"vary": {"patient": {"ethnicity": ["White", ""]}}}, "none of them empty"),
        ({"vary": {"patient": {"ethnicity": ["White", "White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicity": ["White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicty": ["White", "Black"]}}}, "did you mean 'ethnicity'"),
        (
            {"vary": {"doctor": {"dose": [0, 2]}}},
            r"vary.doctor.dose: the doctor has no bias; set roles.doctor.bias=NAME",
        ),
        (
            {"vary": {"doctor": {"bias": ["none", "recency"]}}, "roles": {"doctor": {"mitigation": "no_stereotypes"}}},
            "no mitigation 'no_stereotypes'",
        ),
        ({"design": {"primary": ["solvd"]}}, "did you mean 'solved'"),
        (
            {"design": {"controls": ["sme"]}},
            "design.controls.0: Input should be .*'positive'; did you mean 'same'., got 'sme'",
        ),
        ({"vary": {"patient": {"ethnicity": ["White", "  "]}}}, "none of them empty"),
        (
            {"roles": {"doctor": {"bias": "recency", "dose": 0}}},
            "the doctor's bias 'recency' is played at dose 0 only, .*; set roles.doctor.dose to 1, 2 or 3",
        ),
        (
            {"roles": {"doctor": {"dose": 0}}, "vary": {"doctor": {"bias": ["none", "recency"]}}},
            "'recency' is played at dose 0 only",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, 2, "02"]}}},
            "vary.doctor.dose: '2' and '02' play the same prompts",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, 9]}}},
            "arm 'doctor.dose=9': dose: Input should be less than or equal to 3, got '9'",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, "strong"]}}},
            "arm 'doctor.dose=strong': dose: Input should be a valid integer",
        ),
        (
            {"vary": {"patient": {"surface": ["stated", "shouted"]}}},
            "arm 'patient.surface=shouted': surface: Input should be 'stated', 'name'",
        ),
        (
            {"vary": {"scenario": {"questions": [5, 10, "10 "]}}},
            "vary.scenario.questions: '10' and '10 ' play the same",
        ),
        (
            {"vary": {"patient": {"placebo": ["blue", "green"]}}, "design": {"controls": ["placebo"]}},
            "leave placebo out of design.controls",
        ),
        (
            {"cases": ["gerd-cough", "obsessive-compulsive-disorder"], "vary": {"patient": {"age": [30, 75]}}},
            r"'patient.age=75': of 2 cases 1 fits it .* \(plausible from 18 to 60 years, not at 75\)",
        ),
        # its own arms are not in the half that is played, which would report a difference of 0 as a finding
        (
            {
                "roles": {"doctor": {"bias": "recency"}},
                "vary": {
                    "patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"]},
                    "doctor": {"dose": ["1", "01"]},
                },
                "design": {"cross": "fractional"},
            },
            "vary.doctor.dose: '1' and '01' play the same",
        ),
    ],
)
def test_bad_designs_are_refused_with_the_way_out(play, options, why, tmp_path):
    with pytest.raises(ConfigError, match=why):
        play(**options)
    assert not (tmp_path / "runs").exists()


def test_one_case_can_be_played_without_comparing_anything(play):
    assert play(cases=1, vary={}).complete
