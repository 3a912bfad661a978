"""What is varied becomes arms and paired trials; what cannot be compared is refused before a token is spent."""

import pytest
from conftest import config

from simrun.config.errors import ConfigError
from simrun.config.options import Config
from simrun.plan.design import planned

TWO = {"patient": {"ethnicity": ["White", "Black"]}}


def test_levels_cross_and_the_first_is_the_reference(known):
    plan = planned(
        config(vary={"patient": {"ethnicity": ["White", "Black", "Asian"]}, "doctor": {"bias": ["none", "recency"]}}),
        known,
    )
    assert [arm.name for arm in plan.arms] == [
        f"patient.ethnicity={group} doctor.bias={bias}"
        for group in ("White", "Black", "Asian")
        for bias in ("none", "recency")
    ] + ["same"]
    assert plan.arms[-1].settings == plan.arms[0].settings


def test_one_at_a_time_changes_one_factor_in_each_arm(known):
    vary = {"patient": {"ethnicity": ["White", "Black", "Asian"]}, "doctor": {"bias": ["none", "recency"]}}
    plan = planned(config(vary=vary, design={"cross": "one_at_a_time", "controls": []}), known)
    reference = plan.arms[0].settings
    assert len(plan.arms) == 1 + 2 + 1
    assert all(sum(arm.settings[key] != reference[key] for key in reference) == 1 for arm in plan.arms[1:])


def test_the_arms_of_a_pair_are_adjacent_and_share_all_luck_but_the_noise_floors(known):
    plan = planned(config(vary=TWO, repeats=2, cases=3), known)
    trials = list(plan.trials())
    assert len(trials) == 3 * 2 * 3
    assert [trial.arm for trial in trials[:3]] == [arm.name for arm in plan.arms]
    assert len({(trial.case, trial.repeat) for trial in trials[:3]}) == 1
    seeds = [plan.castings[trial.arm].seeds(trial) for trial in trials[:3]]
    assert seeds[0] == seeds[1] != seeds[2]
    assert len({trial.id for trial in trials}) == len(trials)


def test_a_trial_keeps_its_id_when_other_arms_or_backends_change(known):
    small = {trial.id for trial in planned(config(vary=TWO), known).trials()}
    more = planned(
        config(vary={"patient": {"ethnicity": ["White", "Black", "Asian"]}}, backend={"name": "human"}), known
    )
    assert small < {trial.id for trial in more.trials()}
    assert not small & {trial.id for trial in planned(config(vary=TWO, seed=1), known).trials()}
    assert not small & {
        trial.id for trial in planned(config(vary=TWO, scenario={"name": "clinic", "questions": 3}), known).trials()
    }


def test_cases_are_drawn_by_the_seed(known):
    drawn = [tuple(planned(config(cases=5, seed=seed), known).cases) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert tuple(planned(config(cases=10, seed=1), known).cases)[:5] == drawn[0]


def test_the_placebo_changes_what_should_not_matter(known):
    plan = planned(config(vary=TWO, design={"controls": ["placebo"]}), known)
    assert plan.arms[-1].settings == {"patient.ethnicity": "White", "patient.placebo": "blue"}
    case = next(iter(plan.cases.values()))
    trial = list(plan.trials())[2]
    _, cast = plan.castings["placebo"].cast(case, plan.castings["placebo"].seeds(trial))
    assert "Record folder: blue." in cast["doctor"].prompt() + cast["patient"].introduction


def test_options_models_doses_and_surfaces_can_be_varied(known):
    assert len(planned(config(vary={"scenario": {"questions": [5, 10]}}), known).arms) == 3
    doses = planned(config(vary={"doctor": {"dose": [0, 1, 2, 3]}}, roles={"doctor": {"bias": "recency"}}), known)
    assert len(doses.arms) == 5
    models = planned(config(vary={"doctor": {"model": ["a", "b"]}}, backend={"name": "server"}), known)
    assert [models.castings[arm.name].backends["doctor"].model for arm in models.arms[:2]] == ["a", "b"]
    shown = planned(
        config(
            vary={"patient": {"surface": ["stated", "name"]}}, roles={"patient": {"persona": {"ethnicity": "Black"}}}
        ),
        known,
    )
    assert len(shown.arms) == 3


def test_the_doctor_has_a_persona_too_and_the_patient_reads_of_it(known):
    plan = planned(config(cases=1, vary={"doctor": {"gender": ["woman", "man"]}}), known)
    trial = list(plan.trials())[1]
    _, cast = plan.castings[trial.arm].cast(plan.cases[trial.case], plan.castings[trial.arm].seeds(trial))
    assert cast["doctor"].persona == "About you: Gender: man."
    assert cast["doctor"].introduction == "[About your doctor] Gender: man."


def test_ages_outside_the_plausible_are_excluded_and_listed(known):
    plan = planned(config(cases=None, vary={"patient": {"age": [30, 75]}}), known)
    left = {(each.case, each.arm) for each in plan.exclusions}
    assert ("obsessive-compulsive-disorder", "patient.age=75") in left  # plausible from 18 to 60
    assert ("complete-heart-block", "patient.age=30") in left
    assert not {trial.id for trial in plan.trials() if (trial.case, trial.arm) in left}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vary": {"patient": {"etnicity": ["a", "b"]}}}, "did you mean 'ethnicity'"),
        ({"vary": {"patient": {"ethnicity": ["White", "Blue"]}}}, "no level 'Blue'; its levels are White, Black"),
        ({"vary": {"patient": {"ethnicity": ["White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicity": ["White", "White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicity": "White"}}}, "takes a list of levels"),
        ({"vary": {"nurse": {"ethnicity": ["White", "Black"]}}}, "casts no 'nurse' .* doctor, patient"),
        ({"vary": {"doctor": {"bias": ["none", "recncy"]}}}, "did you mean 'recency'"),
        ({"vary": {"doctor": {"bias": ["none", "religion"]}}}, "roles.patient.persona.religion=LEVEL"),
        ({"vary": {"patient": {"age": ["30", "old"]}}}, "takes a number of years"),
        ({"vary": {"patient": {"dose": [1, 2]}}}, "the patient has no bias; set roles.patient.bias=NAME"),
        ({"vary": {"patient": {"surface": ["stated", "cue"]}}}, "changes nothing"),
        ({"vary": {"scenario": {"questions": [5, "many"]}}}, "questions: Input should be a valid integer"),
        (
            {"roles": {"patient": {"surface": "name"}}, "vary": {"patient": {"age": ["30", "50"]}}},
            "only by stated; axes that can: caste, ethnicity, nationality",
        ),
        ({"roles": {"patient": {"colour": "red"}}}, "no option of roles.patient 'colour'"),
        ({"roles": {"judge": {"temperature": 1}}}, "casts no 'judge'"),
        ({"cases": ["nothing-like-it"]}, "no case 'nothing-like-it'"),
        ({"cases": 0}, "give at least 1"),
        (
            {"cases": ["obsessive-compulsive-disorder"], "vary": {"patient": {"age": ["30", "90"]}}},
            "no case fits arm 'patient.age=90': plausible from 18 to 60",
        ),
        ({"backend": {"name": "llama"}}, "no backend 'llama'"),
        ({"scenario": {"name": "clinc"}}, "no scenario 'clinc'; did you mean 'clinic'"),
        ({"scenario": {"name": "clinic", "data": "/nowhere.jsonl"}}, "no file '/nowhere.jsonl'"),
        ({"design": {"primary": ["sovled"]}}, "did you mean 'solved'"),
        ({"speed": 3}, "no option 'speed'"),
    ],
)
def test_bad_designs_are_refused_with_the_way_out(fields, message, known):
    with pytest.raises(ConfigError, match=message):
        planned(config(**fields), known)


def test_the_digest_is_of_what_is_played_not_where_or_how_fast():
    one = config(vary=TWO)
    assert one.digest() == config(vary=TWO, out="elsewhere", concurrency=9).digest()
    assert one.digest() != config(vary=TWO, seed=1).digest()
    assert one.digest() == Config.model_validate(one.model_dump(mode="json")).digest()


def test_a_role_with_a_backend_of_its_own_has_its_own_options(known):
    asked = config(roles={"patient": {"backend": "server", "model": "m", "url": "http://h/v1"}})
    backends = planned(asked, known).reference.backends
    assert backends["doctor"].name == "scripted"
    assert (backends["patient"].name, backends["patient"].model, backends["patient"].url) == (
        "server",
        "m",
        "http://h/v1",
    )


def test_a_judge_is_cast_when_it_is_given_a_backend(known):
    plan = planned(config(roles={"judge": {"backend": "scripted"}}), known)
    assert "judge" in plan.reference.backends
