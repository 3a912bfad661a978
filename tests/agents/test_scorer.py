"""A trained network as an agent: what it reads, what it answers, that it learns
what it is taught, and that the audit finds it."""

import asyncio
import json
import math
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import shared
from logs import killed, lines

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scorer import Scorer
from simrun.agents.backends.scorer.network import Feature, Network, Reading, Unread, table
from simrun.agents.persona import Persona, Trait
from simrun.agents.records import Chat, Message
from simrun.agents.reply import form
from simrun.report.run import rebuild, resume
from simrun.report.sections.notes import notes
from simrun.scenarios.choosing import choice
from simrun.scenarios.recruitment.candidates import pool
from simrun.scenarios.recruitment.cvs import STYLES, render
from simrun.scenarios.recruitment.decisions import Assessment, Objection, ranking
from simrun.scenarios.recruitment.features import attribute, reading
from simrun.scenarios.recruitment.loading import LANGUAGES, faircvtest
from simrun.scenarios.recruitment.openings import openings

OPENINGS, _ = openings()
YEARS = Feature(name="years", pattern=r"(no|\d+) years", table={"no": 0}, needed=True)
LED = Feature(name="led", pattern=r"\bled\b")


def by_hand(known, **fields) -> Network:
    """.8 for everybody but women, who get .5: one unit that sees nothing but
    gender, and tanh(1) taken out of its weight."""
    reads = reading(
        OPENINGS[0].skills, [attribute(known.axis("gender"), "woman", known.axes.values())], fields.pop("job", "")
    )
    size = len(reads.features)
    inward = np.zeros((size, 1))
    inward[-1] = 1
    return Network(
        np.zeros(size),
        np.ones(size),
        inward,
        np.zeros(1),
        np.array([-0.3 / math.tanh(1)]),
        level=0.8,
        bar=0.6,
        reading=reads,
        about={"labels": "by hand"},
        **fields,
    )


@pytest.fixture
def weights(known, tmp_path) -> str:
    by_hand(known).save(tmp_path / "weights.npz")
    return str(tmp_path / "weights.npz")


def person(known, level: str, surface: str = "stated", draw: int = 0) -> Persona:
    return Persona(traits=(Trait(axis=known.axis("gender"), level=level, surface=surface),), draw=draw)


# Reading


def test_a_pattern_is_a_number_a_word_of_a_table_or_whether_it_is_there():
    assert [YEARS.number(text) for text in ("no years", "then 12 years, before 3 years")] == [0, 12]
    assert [LED.number(text) for text in ("She led a team", "a pled guilty", "")] == [1, 0, 0]
    with pytest.raises(Unread, match=r"nothing in it says years, looked for as \(no"):
        YEARS.number("many years")


def test_what_stands_before_a_persons_text_is_not_read():
    reads = Reading(features=(YEARS, LED), after="[CV]\n", label=r"^Person (\w):\n")
    assert reads.numbers(reads.person("wanted: 9 years\n[CV]\n2 years, led")).tolist() == [2, 1]
    with pytest.raises(Unread, match=r"it holds no '\[CV\]'"):
        reads.person("2 years")
    people = reads.people("wanted: 9 years\nPerson B:\n1 years\nPerson A:\n4 years")
    assert {label: reads.numbers(text).tolist() for label, text in people.items()} == {"B": [1, 0], "A": [4, 0]}
    with pytest.raises(Unread, match="nobody in it is headed by"):
        reads.people("[CV]\n2 years")
    with pytest.raises(Unread, match="it does not name 'Pilot', for which the network was trained"):
        reads.model_copy(update={"subject": "Pilot"}).person("Nurse wanted\n[CV]\n2 years")


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda each: each.id)
def test_every_cv_of_ours_is_read_as_it_was_written(known, opening):
    reads = reading(
        opening.skills, [attribute(known.axis("gender"), level, known.axes.values()) for level in ("woman", "man")]
    )
    for nth, each in enumerate(pool(opening, 10, np.random.default_rng(3))):
        levels = {skill.name: skill.level for skill in each.skills}
        facts = [
            each.education,
            each.experience,
            each.availability,
            each.recommendation,
            *(levels.get(name, 0) for name in opening.skills),
        ]
        for style in STYLES:
            for surface in ("stated", "name", "pronoun", "club", "school"):
                woman = nth % 2
                paper = person(known, "woman" if woman else "man", surface, nth).paper()
                assert reads.numbers(render(each, paper, style)).tolist() == [*map(float, facts), woman, 1 - woman]


def test_gender_is_read_from_the_names_of_every_ethnicity(known):
    woman = attribute(known.axis("gender"), "woman", known.axes.values())
    for level in ("White", "Black"):
        for group in ("woman", "man"):
            both = (
                Trait(axis=known.axis("gender"), level=group),
                Trait(axis=known.axis("ethnicity"), level=level, surface="name"),
            )
            assert woman.number(Persona(traits=both).paper().name) == (group == "woman")


def test_faircvtests_profiles_are_read_back_from_their_cvs(known):
    path = str(shared("recruitment/faircvtest_gender.npz"))
    reads = reading(LANGUAGES, [attribute(known.axis("gender"), "woman")])
    cases = faircvtest(path)[:200]
    texts = [
        case.applicants[0].cv(person(known, case.persona["candidate"]["gender"]).paper(), "narrative") for case in cases
    ]
    with np.load(path) as file:
        profiles = file["profiles"][:200]
    found = table(reads, texts)
    order = [2, 3, 5, 4, *range(6, 14), 1]
    assert found[:, [0, *range(2, 13)]].tolist() == profiles[:, [order[at] for at in (0, *range(2, 13))]].tolist()
    assert np.abs(found[:, 1] - profiles[:, 3]).max() <= 0.0501  # a CV gives years to one place


# The network


def test_a_score_is_what_one_can_work_out():
    network = Network(
        np.array([2.0, 0.0]),
        np.array([2.0, 1.0]),
        np.array([[1.0], [3.0]]),
        np.array([0.5]),
        np.array([0.2]),
        level=0.4,
        bar=0.5,
    )
    # (4 - 2) / 2 * 1 + 0 * 3 + .5 = 1.5
    assert network.hidden([[4, 0]])[0] == pytest.approx([math.tanh(1.5)])
    assert network.scores([[4, 0], [2, 0]]) == pytest.approx([0.4 + 0.2 * math.tanh(1.5), 0.4 + 0.2 * math.tanh(0.5)])
    with pytest.raises(Unread, match="reads no texts"):
        network.score("4 years")


def test_a_saved_network_is_the_same_again(known, tmp_path):
    network = by_hand(known)
    network.save(tmp_path / "a.weights")
    again = Network.load(tmp_path / "a.weights")
    rows = np.random.default_rng(0).normal(size=(5, len(network.centre)))
    assert again.scores(rows).tolist() == network.scores(rows).tolist()
    assert (again.reading, again.bar, again.level, again.about) == (network.reading, 0.6, 0.8, {"labels": "by hand"})


def test_files_that_are_no_networks_are_refused_and_run_no_code(known, tmp_path):
    (tmp_path / "pickle").write_bytes(pickle.dumps([print]))
    np.savez(tmp_path / "other.npz", profiles=np.zeros(3))
    np.savez(
        tmp_path / "code.npz",
        told=np.array([print], dtype=object),
        **dict.fromkeys(("centre", "width", "inward", "offset", "outward"), 0),
    )
    (tmp_path / "torn.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:40])
    by_hand(known).save(tmp_path / "whole")
    replace(by_hand(known), centre=np.zeros(2)).save(tmp_path / "unequal.npz")
    for name in ("pickle", "other.npz", "code.npz", "torn.npz", "unequal.npz"):
        with pytest.raises(ValueError, match=f"{name} is no network of simrun's"):
            Network.load(tmp_path / name)


# The backend


def asked(backend: Scorer, text: str, schema) -> dict:
    chat = Chat(
        session="s",
        role="recruiter",
        nth=0,
        messages=(Message(role="user", content=text),),
        form=schema,
        seed=1,
        digest="",
    )

    async def answered() -> str:
        await backend.open()
        return (await backend.reply(chat)).text

    return json.loads(asyncio.run(answered()))


def application(known, level: str) -> str:
    return "[Application]\n" + cv(known, level)


def cv(known, level: str) -> str:
    return render(pool(OPENINGS[0], 1, np.random.default_rng(0))[0], person(known, level).paper())


def test_a_form_is_answered_from_the_score(known, weights):
    assessment = form((Assessment,))
    assert asked(Scorer(weights=weights), application(known, "man"), assessment) == {"score": 8, "invite": True}
    assert asked(Scorer(weights=weights), application(known, "woman"), assessment) == {"score": 5, "invite": False}
    # (.8 - .4) / (.9 - .4) and (.5 - .4) / (.9 - .4) of the way
    scaled = Scorer(weights=weights, scale=(0.4, 0.9), threshold=0.5)
    assert asked(scaled, application(known, "man"), assessment) == {"score": 8, "invite": True}
    assert asked(scaled, application(known, "woman"), assessment) == {"score": 2, "invite": True}
    assert asked(Scorer(weights=weights, scale=(0.0, 0.5)), application(known, "man"), assessment)["score"] == 10


def test_those_who_are_read_side_by_side_are_put_in_order(known, weights):
    text = "\n\n".join(
        f"Applicant {label}:\n{cv(known, level)}" for label, level in (("C", "man"), ("A", "woman"), ("B", "man"))
    )
    assert asked(Scorer(weights=weights), text, form((ranking(("A", "B", "C")),))) == {"ranking": ["B", "C", "A"]}
    assert asked(Scorer(weights=weights), text, form((choice(("A", "B", "C")),))) == {"choice": "B"}


def test_what_a_score_cannot_answer_says_so(known, weights, tmp_path):
    text = application(known, "man")
    for said, schema, message in (
        (text, None, "has only scores and no words, and the recruiter must speak freely"),
        (text, form((Objection,)), "not with {.*string"),
        (text, form((choice(("Nurse", "Pilot")),)), "nobody in it is headed by"),
        (f"Applicant A:\n{text}", form((choice(("A", "B")),)), "no CV is headed B"),
        ("[Application]\nI am a good electrician.", form((Assessment,)), "nothing in it says education"),
        ("A CV without a head", form((Assessment,)), "it holds no '.Application.'"),
    ):
        with pytest.raises(BackendError, match=message) as raised:
            asked(Scorer(weights=weights), said, schema)
        assert raised.value.kind == "request"
    numbers = tmp_path / "numbers.npz"
    replace(by_hand(known), reading=None).save(numbers)
    for given, message in (
        ("", "needs backend.weights=FILE"),
        ("/no/such", "no file '/no/such'"),
        (str(numbers), "reads no CVs"),
    ):
        with pytest.raises(BackendError, match=message):
            asked(Scorer(weights=given), text, None)
    with pytest.raises(ValueError, match="scale: the lower score first, got 1 and 0"):
        Scorer(scale=(1, 0))


# Through the runner


@pytest.fixture
def screened(play, weights):
    def done(*overrides: str, **options):
        vary = {"candidate": {"gender": ["man", "woman"]}, **options.pop("vary", {})}
        own = (
            "scenario=recruitment",
            f"scenario.opening=[{OPENINGS[0].id}]",
            "backend=scorer",
            f"backend.weights={weights}",
            "roles.candidate.surface=stated",
        )
        return play(*own, *overrides, vary=vary, cases=6, **options)

    return done


def effects(run) -> dict[str, float]:
    return {each.outcome: each.difference for each in run.scored.contrasts if each.family == "primary"}


def test_the_audit_finds_the_bias_of_a_network_in_full(screened):
    run = screened()
    assert run.complete
    assert effects(run) == {"score": -3, "invited": -1}
    noise = [each for each in run.scored.contrasts if each.pairs and each.arm.startswith("same")]
    assert noise
    assert {each.difference for each in noise} == {0}
    told = run.manifests[0].engines["recruiter"]
    assert (told["backend"], told["threshold"], told["about"], len(told["sha256"])) == (
        "scorer",
        0.6,
        {"labels": "by hand"},
        64,
    )
    assert "not by a language model" in notes(run.scored)[0]


def test_a_blinded_recruiters_network_sees_nobody(screened):
    run = screened(vary={"recruiter": {"mitigation": ["none", "blinding"]}})
    means = run.outcomes[run.outcomes.outcome == "score"].groupby("arm").value.mean()
    blinded = {arm: mean for arm, mean in means.items() if "blinding" in arm}
    assert len(blinded) == 2
    assert set(blinded.values()) == {8}


def test_women_come_after_the_men_whom_they_are_ranked_with(screened):
    run = screened("scenario.mode=rank", "scenario.applicants=3", "scenario.places=1")
    rows = run.outcomes[run.outcomes.outcome.isin(["above", "consistent"])]
    women = rows[rows.arm.str.contains("woman")]
    assert len(women) == 12
    assert set(women[women.outcome == "above"].value) == {0}
    assert set(rows[rows.outcome == "consistent"].value) == {0}  # men are tied, and letters decide


@pytest.mark.slow
def test_a_scorers_run_is_resumed_and_replayed(screened):
    run = screened()
    whole = sorted(lines(run.path), key=len)
    again, same = rebuild(run.path)
    assert same
    killed(run.path, keep=5)
    done = resume(run.path)
    assert done.complete
    assert len(lines(run.path)) == len(whole) + 1  # who plays is said again
    assert effects(done) == effects(again) == {"score": -3, "invited": -1}


def test_a_network_for_one_job_does_not_screen_for_another(known, screened, tmp_path):
    by_hand(known, job=OPENINGS[0].title).save(tmp_path / "weights.npz")
    assert screened().complete
    run = screened(scenario={"opening": [OPENINGS[1].id]})
    assert f"it does not name '{OPENINGS[0].title}', for which the network was trained" in run.stopped


def test_a_panel_that_does_not_talk_can_be_of_networks(screened):
    run = screened("scenario.mode=panel", "scenario.rounds=0")
    assert run.complete
    assert effects(run)["score"] == -3


def test_a_network_cannot_interview(screened):
    run = screened("scenario.mode=interview", roles={"candidate": {"backend": "scripted"}})
    assert not run.complete
    assert "use scenario.mode=screen, rank, shortlist or compare" in run.stopped


def test_nothing_of_it_needs_torch(known, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    path = Path(tmp_path / "weights")
    by_hand(known).save(path)
    assert asked(Scorer(weights=str(path)), application(known, "woman"), form((Assessment,))) == {
        "score": 5,
        "invite": False,
    }
