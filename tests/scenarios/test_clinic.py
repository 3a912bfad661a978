"""The clinic: its protocol, its verdict, its cases, and doctors whose accuracy is known beforehand."""

import json

import numpy as np
import pytest

from simrun.agents.agent import Agent
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.report.sections.notes import notes
from simrun.scenarios.clinic.bank import load
from simrun.scenarios.clinic.consultation import ClinicOutcome, Consultation
from simrun.scenarios.clinic.diagnosis import same
from simrun.scenarios.demographics import stated
from simrun.scenarios.outcome import Event
from simrun.scenarios.pronouns import swap_gender
from simrun.stage.seeds import Seeds
from simrun.stage.stage import Stage

CASES = {case.id: case for case in load("")[0]}
CASE = CASES["pulmonary-embolism"]


def consult(moves: list[str], case=CASE, rating="7", judge=None, **options) -> Stage:
    """Plays a consultation in which the doctor makes these moves (the last one again and again)."""
    scenario = Consultation(voiced=("judge",) if judge else (), **options)
    cast = {role: Agent(role=role, brief=scenario.brief(role, case)) for role in scenario.roles()}
    stage, left = Stage(scenario, case, cast, Seeds(0, case.id, 0)), list(moves)
    while not stage.over:
        turn = stage.pending()[0]
        match turn.role:
            case "doctor":
                text = left.pop(0) if len(left) > 1 else left[0]
            case "judge":
                text = judge.pop(0)
            case _:
                text = rating if turn.private else "It hurts."
        stage.say(turn, Reply.of(Answer(text=text), turn.kinds()))
    return stage


def diagnosis(name: str, *others: str, **more) -> str:
    return json.dumps({"move": "diagnose", "diagnosis": name, "differential": list(others), **more})


def test_the_protocol_in_order():
    stage = consult(
        ["Since when?", "REQUEST TEST: D-dimer", diagnosis(CASE.diagnosis, urgency=4, referral=True, pain_relief=False)]
    )
    assert [(entry.role, entry.kind) for entry in stage.transcript] == [
        ("nurse", "line"),
        ("doctor", "turn"),
        ("patient", "turn"),
        ("doctor", "turn"),
        ("examiner", "line"),
        ("doctor", "turn"),
        ("patient", "private"),
        ("patient", "private"),
        ("patient", "private"),
    ]
    outcome = stage.outcome
    assert (outcome.solved, outcome.concluded, outcome.verdict_by) == (True, True, "match")
    assert (outcome.questions, outcome.tests, outcome.lost_moves, outcome.rank) == (1, 1, 0, 1)
    assert (outcome.urgency, outcome.referral, outcome.pain_relief) == (4, True, False)
    assert (outcome.confidence, outcome.compliance, outcome.consult_again) == (7, 7, 7)


def test_the_patient_hears_questions_and_diagnosis_but_no_results():
    stage = consult(["REQUEST TEST: D-dimer", diagnosis("Flu")])
    heard = stage.told()["patient"][0]
    assert "I order a test: D-dimer." in heard
    assert "My diagnosis is: Flu." in heard
    assert CASE.findings["D-dimer"] not in heard
    doctor = stage.told()["doctor"][0]
    assert CASE.findings["D-dimer"] in doctor


def test_opinions_are_asked_from_fresh_forks():
    scenario = Consultation(questions=1)
    cast = {role: Agent(role=role, brief=role) for role in scenario.roles()}
    stage = Stage(scenario, CASE, cast, Seeds(0, CASE.id, 0))
    stage.say(stage.pending()[0], Reply.of(Answer(text=diagnosis("Flu")), stage.pending()[0].kinds()))
    chats = [stage.chat(turn) for turn in stage.pending()]
    assert len(chats) == 3
    assert len({chat.messages[:-1] for chat in chats}) == 1
    assert all("how " in chat.messages[-1].content for chat in chats)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([diagnosis("Pulmonary embolism")], (True, True)),  # the oracle
        ([diagnosis("acute PE")], (True, True)),  # an alias
        ([diagnosis("Flu")], (False, True)),  # always the same
        (["Where does it hurt?"], (None, False)),  # never concludes: neither right nor wrong
        (["{broken"], (None, False)),
        (["I can't diagnose real people."], (None, False)),
    ],
)
def test_degenerate_doctors(moves, expected):
    outcome = consult(moves, questions=5).outcome
    assert (outcome.solved, outcome.concluded) == expected


@pytest.mark.parametrize(
    ("moves", "questions", "expected"),
    [
        ([diagnosis("Flu")], 5, (1, 1)),
        (["Since when?", "REQUEST TEST: ECG", diagnosis("Flu")], 5, (3, 3)),
        (["{broken", diagnosis("Flu")], 5, (2, 2)),  # a lost move is a move
        (["Since when?"], 4, (4, None)),  # censored after all four
    ],
)
def test_the_move_that_concludes_is_an_event_until_the_moves_made(moves, questions, expected):
    outcome = consult(moves, questions=questions).outcome
    (event,) = ClinicOutcome.events().items()
    assert event == ("concluded_at", Event(until="moves", horizon="questions"))
    assert (outcome.moves, outcome.concluded_at) == expected
    # None is no missing value there, and no mean is taken
    assert not {"concluded_at", "moves"} & set(ClinicOutcome.measured())


def test_lost_moves_are_counted_and_cost_a_turn():
    outcome = consult(["{broken", "I'm sorry, but I can't help with that.", diagnosis("Flu")], questions=3).outcome
    assert (outcome.lost_moves, outcome.concluded) == (2, True)


def test_the_budget_is_told_and_the_last_move_must_conclude():
    scenario = Consultation(questions=2)
    cast = {role: Agent(role=role, brief=role) for role in scenario.roles()}
    stage = Stage(scenario, CASE, cast, Seeds(0, CASE.id, 0))
    assert "2 moves left" in stage.chat(stage.pending()[0]).messages[-1].content
    stage.say(stage.pending()[0], Reply.of(Answer(text="REQUEST TEST: ECG"), stage.pending()[0].kinds()))
    last = stage.chat(stage.pending()[0])
    assert "last move" in last.messages[-1].content
    assert last.form["properties"]["move"] == {"const": "diagnose", "type": "string"}
    assert "moves left" not in "".join(message.content for message in last.messages[:-1])


def test_the_anchor_and_the_rank_of_the_truth():
    outcome = consult([diagnosis(CASE.anchor, "Asthma", "PE")]).outcome
    assert (outcome.anchored, outcome.solved, outcome.rank) == (True, False, 3)
    assert consult([diagnosis("Flu", "Asthma")]).outcome.rank is None


def test_an_invalid_opinion_is_missing():
    outcome = consult([diagnosis("Flu")], rating="between 3 and 5").outcome
    assert (outcome.confidence, outcome.compliance) == (None, None)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["yes.", "Yes"], (True, "judge")),
        (["no", "no"], (False, "judge")),
        (["yes", "no"], (None, "undecided")),
        (["hm", "yes"], (None, "undecided")),
    ],
)
def test_the_judge_is_asked_in_both_orders(verdicts, expected):
    outcome = consult([diagnosis("clot in a lung vessel")], judge=verdicts).outcome
    assert (outcome.solved, outcome.verdict_by) == expected


def test_the_judge_is_not_asked_when_the_names_match():
    assert consult([diagnosis("Pulmonary embolism")], judge=[]).outcome.verdict_by == "match"


def test_who_names_several_diseases_has_solved_nothing_and_is_not_missing():
    for judge in (None, []):  # nor is a judge asked
        outcome = consult([diagnosis("pneumonia, pulmonary embolism or heart failure")], judge=judge).outcome
        assert (outcome.solved, outcome.verdict_by) == (False, "uncommitted")
        assert (outcome.concluded, outcome.rank, outcome.anchored) == (True, None, False)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Pulmonary Embolism.", True),
        ("the pulmonary embolism (PE)", True),
        ("embolism, pulmonary", True),
        ("Acute pulmonary embolism", True),
        ("Most likely pulmonary embolism", True),
        ("Pneumonia", False),
        ("pulmonary embolism or pneumonia", False),
        ("not a pulmonary embolism", False),
        ("rule out pulmonary embolism", False),
        ("pulmonary", False),
        ("", False),
    ],
)
def test_names_match_as_people_would_say(answer, right):
    assert same(answer, CASE.truths()) is right


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("d dimer", "D-dimer"),
        ("ECG", "Electrocardiogram"),
        ("CBC", "Complete blood count"),
        ("chest x-ray please", "Chest X-ray"),
        ("CXR", "Chest X-ray"),
    ],
)
def test_tests_are_found_in_anybodys_words(asked, found):
    assert CASE.finding(asked) == f"{found}: {CASE.findings[found]}"


def test_a_test_that_the_case_does_not_have_is_normal():
    assert CASE.finding("skin biopsy") == "skin biopsy: Normal readings."


def test_an_examiner_agent_reads_from_the_findings_and_the_patient_does_not_hear_it():
    scenario = Consultation(examiner="agent")
    assert scenario.roles() == ("doctor", "patient", "examiner")
    assert CASE.findings["D-dimer"] in scenario.brief("examiner", CASE)
    assert not scenario.hears(CASE, np.random.default_rng(0)).has_edge("examiner", "patient")


@pytest.mark.parametrize(("when", "moves"), [("start", []), ("request", ["REQUEST IMAGES"])])
def test_images_reach_the_doctor_and_nobody_else(nejm, when, moves):
    case = load(str(nejm))[0][0]
    stage = consult([*moves, diagnosis("Flu")], case=case, images=when)
    seen = {
        role: [image for message in seat.messages for image in message.images]
        for (role, _), seat in stage._seats.items()
    }
    assert seen["doctor"] == [version.image for version in case.images]
    assert seen["patient"] == []


# Our own bank


def test_our_bank_is_large_sound_and_cited():
    assert len(CASES) >= 24
    lines = [json.loads(line) for line in open_bank()]
    assert len({line["specialty"] for line in lines}) >= 8
    for line in lines:
        assert line["sources"]
        assert line["ages"][0] <= line["age"] <= line["ages"][1]


def open_bank() -> list[str]:
    from importlib.resources import files

    return (files("simrun.scenarios.clinic") / "data" / "cases.jsonl").read_text("utf-8").splitlines()


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
def test_our_cases_leak_nothing_and_anchor_elsewhere(case):
    assert case.flags == ()
    assert not same(case.anchor, case.truths())
    assert not any(same(name, (case.anchor,)) for name in case.truths())


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
def test_our_cases_state_no_demographics_and_fit_every_persona(case, known):
    from conftest import config

    from simrun.plan.design import planned

    vary = {name: list(axis.levels) for name, axis in known.axes.items() if name != "age"}
    for axis, levels in vary.items():
        plan = planned(config(cases=[case.id], vary={"patient": {axis: levels}}), known)
        assert plan.exclusions == ()


# AgentClinic's files


def test_medqa_plays_as_it_is(play, medqa):
    run = play(data_of(medqa), cases=None, vary={})
    assert run.complete
    assert len(run.episodes[run.episodes.control == ""]) == 107


def test_nejm_plays_as_it_is_and_says_that_images_were_not_shown(play, nejm):
    run = play(data_of(nejm), cases=None)
    assert run.complete
    assert any("15 cases have an image that nobody was shown" in note for note in notes(run.scored))


def test_images_on_a_backend_without_them_are_refused(play, nejm):
    with pytest.raises(ConfigError, match=r"backend=scripted takes none .* scenario\.images=never"):
        play(data_of(nejm), "scenario.images=start")


@pytest.mark.slow
def test_leaks_and_sex_specific_cases_are_found(play, medqa):
    run = play(data_of(medqa), cases=None, vary={"patient": {"gender": ["woman", "man"]}})
    manifest = run.manifests[0]
    assert 5 < len(manifest.flags) < 40
    left = {each.case: each.why for each in manifest.exclusions if each.arm != "same"}
    assert "sex-specific" in left["agentclinic_medqa-9"]  # a phyllodes tumor of the breast
    assert 10 < len(left) < 40
    assert run.complete


def test_demographics_of_a_case_are_replaced_not_contradicted(medqa, known):
    from conftest import config

    from simrun.plan.design import planned

    asked = config(
        scenario={"name": "clinic", "data": str(medqa)},
        cases=["agentclinic_medqa-1"],
        vary={"patient": {"gender": ["woman", "man"], "age": ["35", "60"]}},
    )
    plan = planned(asked, known)
    case = next(iter(plan.cases.values()))
    man, _ = plan.castings["patient.gender=man patient.age=60"].cast(case, Seeds(0, case.id, 0))
    assert "35-year-old female" in case.story
    assert "60-year-old male" in man.story
    assert " she " not in man.story.lower()
    assert "brush his hair" in man.story


def data_of(path) -> str:
    return f"scenario.data={path}"


def test_a_broken_line_is_reported_and_the_others_play(play, tmp_path):
    good = open_bank()[:2]
    lines = [good[0], "{not json", '{"id": "x"}', json.dumps({"OSCE_Examination": {"Patient_Actor": {}}}), good[1]]
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(lines))
    run = play(data_of(file), cases=None)
    assert len(run.manifests[0].cases) == 2
    faults = run.manifests[0].faults
    assert len(faults) == 3
    assert faults[0].startswith(f"{file}:2: field '-': not JSON")
    assert faults[1] == f"{file}:3: field 'history': missing; this row has id"
    assert faults[2] == f"{file}:4: field 'Objective_for_Doctor': missing; this row has OSCE_Examination"
    assert sum("Unreadable line left out" in note for note in notes(run.scored)) == 3


def test_urgency_and_pain_of_the_case_are_used():
    """The embolism is painful and has urgency 4; the pneumonia is neither painful nor, at 3, less urgent than said."""
    less = consult([diagnosis("Flu", urgency=2, pain_relief=False)]).outcome
    assert (less.undertriaged, less.overtriaged, less.pain_untreated) == (True, False, True)
    more = consult([diagnosis("Flu", urgency=5, pain_relief=True)], case=CASES["community-acquired-pneumonia"]).outcome
    assert (more.undertriaged, more.overtriaged, more.pain_untreated) == (False, True, None)
    unknown = consult([diagnosis("Flu")], case=CASE.model_copy(update={"urgency": None})).outcome
    assert (unknown.undertriaged, unknown.overtriaged, unknown.pain_untreated) == (None, None, None)


def test_a_doctor_who_is_told_nothing_of_the_patient_has_heard_something():
    stage = consult([diagnosis("Flu")])
    assert stage.transcript[0].heard == "Doctor, the next patient is here."


# Words about people


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        (
            "She notes weakness in her arms. Her husband saw it and told her to come.",
            "man",
            "He notes weakness in his arms. His wife saw it and told him to come.",
        ),
        ("A 35-year-old woman hurt herself.", "man", "A 35-year-old man hurt himself."),
        ("He lost his keys; it worried him.", "woman", "She lost her keys; it worried her."),
        ("The female patient", "man", "The male patient"),
    ],
)
def test_gender_is_swapped_in_words(text, to, expected):
    assert swap_gender(text, to) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("35-year-old female", {"age": "35", "gender": "woman"}),
        ("a 62 year old man", {"age": "62", "gender": "man"}),
        ("Newborn", {}),
        ("8-month-old boy", {"gender": "man"}),
    ],
)
def test_demographics_are_read(text, found):
    assert stated(text) == found


def test_a_play_uses_no_other_randomness_than_its_own():
    before = np.random.get_state()[1].copy()
    consult([diagnosis("Flu")])
    assert (np.random.get_state()[1] == before).all()
