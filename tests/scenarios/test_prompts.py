"""The prompts of a pair differ in the declared attribute and in nothing else; every
shipped axis, bias and mitigation can be used."""

import re
from pathlib import Path

import pytest
from conftest import config
from pydantic import ValidationError

from simrun.agents.bias import NONE, Bias
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, catalogue
from simrun.plan.design import Plan, planned
from simrun.stage.stage import Stage

KNOWN = catalogue()
AXES = [
    (axis.name, level, surface)
    for axis in KNOWN.axes.values()
    for level in axis.levels
    for surface in axis.surfaces(level)
]
FIRST = {(name, surface): level for name, level, surface in reversed(AXES)}
PAIRS = [(name, FIRST[name, surface], level, surface) for name, level, surface in AXES if FIRST[name, surface] != level]
PATIENT = {
    "gender": "woman",
    "ethnicity": "Black",
    "sexual_orientation": "gay",
    "nationality": "Nigerian",
    "education": "no diploma",
    "religion": "Muslim",
    "socioeconomic": "low",
}
APPEALS = [name for name, measure in KNOWN.mitigations.items() if measure.prompt]


def told(plan: Plan, arm: str) -> dict[tuple[str, str], str]:
    """All that is said to anybody before a model has spoken, by case and role."""
    return {
        (case, role): "\n".join(said)
        for case, stage in stages(plan, arm).items()
        for role, said in stage.told().items()
    }


def stages(plan: Plan, arm: str) -> dict[str, Stage]:
    """Every case that fits all arms, ready to be played in one of them."""
    unfit = {exclusion.case for exclusion in plan.exclusions}
    return {
        name: plan.castings[arm].stage(case, plan.trial(name, arm, 0))
        for name, case in plan.cases.items()
        if name not in unfit
    }


def prompts(plan: Plan, arm: str) -> list[str]:
    """The same without saying to whom, in the order of cases and roles."""
    return list(told(plan, arm).values())


def shown(plan: Plan, arm: str) -> set[str]:
    """The words by which the persona shows of the one whom the audit is about."""
    words, casting = set(), plan.castings[arm]
    about = casting.scenario.focus()
    for name, case in plan.cases.items():
        persona = casting.personas(case, casting.seeds(plan.trial(name, arm, 0)))[about]
        words |= {trait.stated() for trait in persona.traits} | {persona.opening(), f"Name: {persona.name()}."}
        words |= set(persona.paper().spans()) if "pronoun" in casting.scenario.surfaces(about) else set()
    return words - {""}


def without(text: str, words: set[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return " ".join(text.split())


def declared_only(plan: Plan) -> None:
    """The first two arms differ, and do not once the words that their personas show by are taken out."""
    one, two = plan.arms[0].name, plan.arms[1].name
    before, after = told(plan, one), told(plan, two)
    assert before
    assert before != after
    declared = shown(plan, one) | shown(plan, two)
    assert {key: without(text, declared) for key, text in before.items()} == {
        key: without(text, declared) for key, text in after.items()
    }


def only_bias(plan: Plan, role: str, bias: Bias, group: str) -> None:
    """The second arm's prompts are the first's, and in those of one role, or of its team, the bias."""
    scenario = plan.reference.scenario
    plain, biased = told(plan, plan.arms[0].name), told(plan, plan.arms[1].name)
    carried = 0
    for (case, seat), text in plain.items():
        carries = scenario.team(seat) == role
        added = f"\n\n{bias.prompt(2, scenario.facts(plan.cases[case]).get('anchor', ''), group)}"
        assert biased[case, seat].count(added) == carries
        assert biased[case, seat].replace(added, "") == text
        carried += carries
    assert carried


@pytest.mark.parametrize(("axis", "reference", "level", "surface"), PAIRS)
def test_arms_differ_in_the_declared_words_only(axis: str, reference: str, level: str, surface: str, known: Catalogue):
    persona = {"gender": "woman"} if axis != "gender" else {}
    asked = config(
        cases=["gerd-cough"],
        vary={"patient": {axis: [reference, level]}},
        roles={"patient": {"surface": surface, "persona": persona}},
    )
    declared_only(planned(asked, known))


@pytest.mark.parametrize("name", KNOWN.axes)
def test_the_doctor_sees_a_stated_axis_and_the_name_surface_does_not_state_it(name: str, known: Catalogue):
    axis = known.axes[name]
    first, second = list(axis.levels)[:2]
    for surface in axis.surfaces(first):
        plan = planned(
            config(
                cases=["scabies"], vary={"patient": {name: [first, second]}}, roles={"patient": {"surface": surface}}
            ),
            known,
        )
        doctor = prompts(plan, plan.arms[0].name)[0]
        stated = axis.stated.format(level=axis.levels[first].phrase)
        assert (stated in doctor) == (surface == "stated")


def test_names_of_a_pair_stand_at_the_same_rank(known: Catalogue):
    plan = planned(
        config(
            cases=12,
            vary={"patient": {"ethnicity": ["White", "Black"]}},
            roles={"patient": {"surface": "name", "persona": {"gender": "man"}}},
        ),
        known,
    )
    drawn = set()
    for case in plan.cases.values():
        ranks = []
        for arm in plan.arms[:2]:
            casting = plan.castings[arm.name]
            trial = next(trial for trial in plan.trials() if trial.case == case.id and trial.arm == arm.name)
            names = known.axes["ethnicity"].levels[arm.settings["patient.ethnicity"]].names["man"]
            ranks.append(names.index(casting.personas(case, casting.seeds(trial))["patient"].name()))
        assert ranks[0] == ranks[1]
        drawn.add(ranks[0])
    assert len(drawn) > 3


@pytest.mark.parametrize(
    "axis",
    [axis for axis in KNOWN.axes.values() if any(level.names for level in axis.levels.values())],
    ids=lambda axis: axis.name,
)
def test_name_lists_are_long_enough_and_distinct(axis):
    lists = [names for level in axis.levels.values() for names in level.names.values()]
    assert all(len(names) >= 8 for names in lists)
    every = [name for names in lists for name in names]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("bias", KNOWN.biases.values(), ids=lambda bias: f"{bias.role}-{bias.name}")
def test_every_bias_grows_in_strength_and_not_in_length(bias):
    texts = [bias.prompt(dose, anchor="influenza", group="women") for dose in range(4)]
    words = [len(text.split()) for text in texts]
    assert len(set(texts)) == 4
    assert max(words) <= 1.15 * min(words)
    anchored, grouped = ({slot in dose for dose in bias.doses} for slot in ("{anchor}", "{group}"))
    assert len(anchored) == len(grouped) == 1  # a slot is in all doses or in none
    assert anchored == {False} or bias.kind == "cognitive"
    assert (bias.axis is not None) == (bias.kind == "implicit")
    assert not {"{anchor}", "{group}"} & set(re.findall(r"{.*?}", bias.control))
    assert bias.sources


TRAITS = (
    *("responsible", "irresponsible", "benign", "malicious", "knowledgeable", "unknowledgeable"),
    *("language_style", "novelty", "citation_seeking", "confirmation", "anchoring"),
)


def test_biases_without_a_slot_are_those_that_name_what_they_are_about_themselves():
    bare = {f"{bias.role}/{bias.name}" for bias in KNOWN.biases.values() if "{" not in bias.doses[0]}
    assert bare == {
        "recruiter/anchoring_school",
        "recruiter/name_based",
        "recruiter/motherhood",
        "candidate/self_promotion",
        "candidate/modesty",
        *(f"reviewer/{name}" for name in TRAITS),
    }


@pytest.mark.parametrize("bias", [bias for bias in KNOWN.biases.values() if bias.also], ids=lambda bias: bias.name)
def test_a_bias_of_several_roles_speaks_of_no_ones_job(bias):
    words = (
        r"(?i)\b(recruit|letter|refer|interview|invit|hir(e|ing)|panel|applica|candidate|score|"
        r"occupation|advi|chair\b|audit|patient)"
    )
    assert not [text for text in (*bias.doses, bias.control) if re.search(words, text)]


def test_a_bias_of_several_roles_stands_once_and_each_of_them_can_carry_it(known: Catalogue):
    assert known.bias("chair", "halo") is known.bias("recruiter", "halo") is known.biases["recruiter/halo"]
    assert "chair/halo" not in known.biases
    assert known.bias("adviser", "recency") is not known.bias("recruiter", "recency")  # its own goes first
    with pytest.raises(ConfigError, match=r"no bias of the adviser 'halo'.*none, confirmation, recency, age, culture"):
        known.bias("adviser", "halo")


def test_a_users_bias_of_a_role_goes_before_a_shared_one(tmp_path: Path):
    file = tmp_path / "bias" / "chair" / "halo.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("{name: halo, role: chair, kind: manner, doses: [a, b, c], control: d}")
    mine = catalogue([tmp_path])
    assert [mine.bias(role, "halo").prompt(0) == "d" for role in ("chair", "auditor", "recruiter")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("You like {school}.", "has the slot {school}"), ("You like {group}.", "does not say on which axis")],
)
def test_a_bias_that_could_not_be_said_is_refused(text: str, message: str):
    with pytest.raises(ValidationError, match=message):
        Bias(name="new", role="recruiter", kind="cognitive", doses=(text, "b", "c"), control="d")


def test_there_are_all_of_agentclinics_biases():
    both = {
        "recency",
        "frequency",
        "false_consensus",
        "gender",
        "race",
        "sexual_orientation",
        "culture",
        "education",
        "religion",
        "socioeconomic_status",
    }
    assert {bias.name for bias in KNOWN.biases.values() if bias.role == "doctor"} == both | {
        "confirmation",
        "status_quo",
    }
    assert {bias.name for bias in KNOWN.biases.values() if bias.role == "patient"} == both | {"self_diagnosis"}


def test_a_dose_beyond_the_scale_is_refused():
    with pytest.raises(ValueError, match="bias 'none' has doses 0 to 3, not 4"):
        NONE.prompt(4)


@pytest.mark.parametrize(
    "bias",
    [bias for bias in KNOWN.biases.values() if bias.role in ("doctor", "patient")],
    ids=lambda bias: f"{bias.role}-{bias.name}",
)
def test_a_bias_is_the_only_difference_and_names_the_patients_group(bias: Bias, known: Catalogue):
    plan = planned(
        config(cases=2, vary={bias.role: {"bias": ["none", bias.name]}}, roles={"patient": {"persona": PATIENT}}), known
    )
    only_bias(plan, bias.role, bias, known.axes[bias.axis].levels[PATIENT[bias.axis]].group if bias.axis else "")


def test_wordings_say_the_same_at_about_the_same_length(known: Catalogue):
    plans = [
        planned(config(scenario={"name": "clinic", "wording": wording}, cases=["scabies"]), known)
        for wording in range(3)
    ]
    for doctor, *rest in zip(*(prompts(plan, plan.arms[0].name) for plan in plans), strict=True):
        assert len({doctor, *rest}) == 3
        assert all(abs(len(other.split()) - len(doctor.split())) <= 12 for other in rest)


def test_a_mitigation_is_said_last_and_blinding_hides_the_record(known: Catalogue):
    vary = {"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"mitigation": ["none", *APPEALS, "blinding"]}}
    plan = planned(config(cases=["scabies"], vary=vary), known)
    doctors = {arm.name: prompts(plan, arm.name)[0] for arm in plan.arms}
    plain, *asked = (doctors[f"patient.ethnicity=White doctor.mitigation={name}"] for name in ("none", *APPEALS))
    for name, text in zip(APPEALS, asked, strict=True):
        assert text.replace(f"\n\n{known.mitigations[name].prompt}", "") == plain
    assert "Ethnicity: White." in plain
    blind, other = (doctors[f"patient.ethnicity={level} doctor.mitigation=blinding"] for level in ("White", "Black"))
    assert "Ethnicity" not in blind
    assert blind == other  # a blinded doctor cannot tell the arms apart before anybody has spoken


def test_what_varies_comes_after_rules_and_case(known: Catalogue):
    plan = planned(
        config(cases=1, vary={"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"bias": ["none", "recency"]}}),
        known,
    )
    doctors = [prompts(plan, arm.name)[0] for arm in plan.arms[:4]]
    rules = plan.reference.scenario.brief("doctor", next(iter(plan.cases.values())))
    assert all(doctor.startswith(rules) for doctor in doctors)
