"""The prompts of a pair differ in the declared attribute and in nothing else; every shipped axis and bias can be used."""

from itertools import pairwise

import pytest
from conftest import config

from simrun.agents.bias import NONE
from simrun.catalogue import Catalogue, catalogue
from simrun.design import Plan

KNOWN = catalogue()
AXES = [(axis.name, level, surface) for axis in KNOWN.axes.values() for level in axis.levels for surface in axis.surfaces(level)]
FIRST = {(name, surface): level for name, level, surface in reversed(AXES)}
PAIRS = [(name, FIRST[name, surface], level, surface) for name, level, surface in AXES if FIRST[name, surface] != level]


def prompts(plan: Plan, arm: str) -> list[str]:
    """All that is said to anybody before a model has spoken, for each case."""
    found = []
    for case in plan.cases.values():
        trial = next(trial for trial in plan.trials() if trial.case == case.id and trial.arm == arm)
        stage = plan.castings[arm].stage(case, trial)
        found += ["\n".join(message.content for message in seat.asked("", b"")[0]) for seat in stage._seats.values()]
    return found


def shown(plan: Plan, arm: str) -> set[str]:
    """The words by which the patient's persona shows."""
    words = set()
    for case in plan.cases.values():
        trial = next(trial for trial in plan.trials() if trial.case == case.id and trial.arm == arm)
        casting = plan.castings[arm]
        persona = casting.personas(case, casting.luck(trial))["patient"]
        words |= {trait.stated() for trait in persona.traits} | {persona.opening(), f"Name: {persona.name()}."}
    return words - {""}


def without(text: str, words: set[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return " ".join(text.split())


@pytest.mark.parametrize(("axis", "reference", "level", "surface"), PAIRS)
def test_arms_differ_in_the_declared_words_only(axis: str, reference: str, level: str, surface: str, known: Catalogue):
    persona = {"gender": "woman"} if axis != "gender" else {}
    asked = config(
        cases=["gerd-cough"], vary={"patient": {axis: [reference, level]}}, roles={"patient": {"surface": surface, "persona": persona}}
    )
    plan = Plan(asked, known)
    one, two = plan.arms[0].name, plan.arms[1].name
    before, after = prompts(plan, one), prompts(plan, two)
    assert before != after
    declared = shown(plan, one) | shown(plan, two)
    assert [without(text, declared) for text in before] == [without(text, declared) for text in after]


@pytest.mark.parametrize("name", KNOWN.axes)
def test_the_doctor_sees_a_stated_axis_and_the_name_surface_does_not_state_it(name: str, known: Catalogue):
    axis = known.axes[name]
    first, second = list(axis.levels)[:2]
    for surface in axis.surfaces(first):
        plan = Plan(config(cases=["scabies"], vary={"patient": {name: [first, second]}}, roles={"patient": {"surface": surface}}), known)
        doctor = prompts(plan, plan.arms[0].name)[0]
        stated = axis.stated.format(level=axis.levels[first].phrase)
        assert (stated in doctor) == (surface == "stated")


def test_names_of_a_pair_stand_at_the_same_rank(known: Catalogue):
    plan = Plan(
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
            ranks.append(names.index(casting.personas(case, casting.luck(trial))["patient"].name()))
        assert ranks[0] == ranks[1]
        drawn.add(ranks[0])
    assert len(drawn) > 3


@pytest.mark.parametrize(
    "axis", [axis for axis in KNOWN.axes.values() if any(level.names for level in axis.levels.values())], ids=lambda axis: axis.name
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
    assert ("influenza" in texts[1]) == (bias.kind == "cognitive")
    assert ("women" in texts[1]) == (bias.kind == "implicit")
    assert not {"influenza", "women"} & set(texts[0].split())
    assert bias.sources


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
    assert {bias.name for bias in KNOWN.biases.values() if bias.role == "doctor"} == both | {"confirmation", "status_quo"}
    assert {bias.name for bias in KNOWN.biases.values() if bias.role == "patient"} == both | {"self_diagnosis"}


def test_a_dose_beyond_the_scale_is_refused():
    with pytest.raises(ValueError, match="bias 'none' has doses 0 to 3, not 4"):
        NONE.prompt(4)


@pytest.mark.parametrize("bias", [bias for bias in KNOWN.biases.values() if bias.role == "doctor"], ids=lambda bias: bias.name)
def test_a_bias_is_the_only_difference_and_names_the_patients_group(bias, known: Catalogue):
    persona = {"gender": "woman", "ethnicity": "Black", "sexual_orientation": "gay", "nationality": "Nigerian", "education": "no diploma",
               "religion": "Muslim", "socioeconomic": "low"}  # fmt: skip
    plan = Plan(config(cases=2, vary={"doctor": {"bias": ["none", bias.name]}}, roles={"patient": {"persona": persona}}), known)
    reference, biased = (prompts(plan, arm.name) for arm in plan.arms[:2])
    groups = known.axes[bias.axis].levels[persona[bias.axis]].group if bias.axis else ""
    for (doctor, patient), (other, same), case in zip(batched(reference), batched(biased), plan.cases.values(), strict=True):
        assert patient == same
        text = bias.prompt(2, anchor=case.anchor, group=groups)
        assert other.replace(f"\n\n{text}", "") == doctor


def batched(texts: list[str]) -> list[tuple[str, str]]:
    return [pair for index, pair in enumerate(pairwise(texts)) if index % 2 == 0]


def test_wordings_say_the_same_at_about_the_same_length(known: Catalogue):
    plans = [Plan(config(scenario={"name": "clinic", "wording": wording}, cases=["scabies"]), known) for wording in range(3)]
    for doctor, *rest in zip(*(prompts(plan, plan.arms[0].name) for plan in plans), strict=True):
        assert len({doctor, *rest}) == 3
        assert all(abs(len(other.split()) - len(doctor.split())) <= 12 for other in rest)


def test_a_mitigation_is_said_last_and_blinding_hides_the_record(known: Catalogue):
    vary = {"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"mitigation": ["none", "no_stereotype", "blinding"]}}
    plan = Plan(config(cases=["scabies"], vary=vary), known)
    plain, asked, blind, *_, other = (prompts(plan, arm.name)[0] for arm in plan.arms[:6])
    assert asked.replace(f"\n\n{known.mitigations['no_stereotype'].prompt}", "") == plain
    assert "Ethnicity: White." in plain
    assert "Ethnicity" not in blind
    assert blind == other  # a blinded doctor cannot tell the arms apart before anybody has spoken


def test_what_varies_comes_after_rules_and_case(known: Catalogue):
    plan = Plan(config(cases=1, vary={"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"bias": ["none", "recency"]}}), known)
    doctors = [prompts(plan, arm.name)[0] for arm in plan.arms[:4]]
    rules = plan.reference.scenario.brief("doctor", next(iter(plan.cases.values())))
    assert all(doctor.startswith(rules) for doctor in doctors)
