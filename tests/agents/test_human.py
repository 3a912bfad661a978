"""A person at the terminal: what is shown, what may be typed, leaving and coming back."""

import io
import sys
from pathlib import Path

import pytest

from simrun.agents.backends.human.forms import chosen, filled, invitation, unfinished
from simrun.agents.backends.human.wording import in_words, wrapped
from simrun.agents.reply import form
from simrun.cli.commands.play import seated
from simrun.config.errors import ConfigError
from simrun.report.run import load, resume
from simrun.scenarios.clinic.consultation import Ask, Diagnose, OrderTest, Rating

MOVES = form((Ask, OrderTest, Diagnose))


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> "object":
    def typed(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return typed


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("test blood count", {"move": "test", "test": "blood count"}),
        ("diagnose: common cold", {"move": "diagnose", "diagnosis": "common cold"}),
        ("Since when?", {}),
        ("test", {}),
        ('{"move": "test", "test": "pulse"}', {}),
    ],
)
def test_a_move_may_be_typed_by_its_name(typed: str, given: dict[str, str]) -> None:
    assert chosen(MOVES, typed)[1] == given


def test_a_lone_number_fills_a_lone_field() -> None:
    assert chosen(form((Rating,)), "7")[1] == {"score": 7}
    assert chosen(form((Rating,)), "seven")[1] == {}
    assert invitation(form((Rating,))) == "Your answer: score (1 to 10)"


def test_fields_are_asked_for_one_by_one_and_what_fits_none_is_asked_again(
    types, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    asked = ("scenario=recruitment", "backend=scripted", f"out={tmp_path}")
    types("maybe", "7", "yes")
    outcome = seated("recruiter", asked).outcomes.set_index("outcome").value
    assert (outcome["score"], outcome["invited"]) == (7, 1)
    shown = " ".join(capsys.readouterr().err.split())
    assert "[not understood. Your answer: score (0 to 10), then invite (yes or no)" in shown
    assert "JSON" not in shown
    assert '{"' not in shown
    types("c", "b", "b")  # the same letter twice is each of them once
    outcome = seated("recruiter", (*asked, "scenario.mode=compare")).outcomes.set_index("outcome").value
    assert outcome["chosen"] == 0.5
    types("maybe", "maybe")
    assert seated("recruiter", asked).outcomes.set_index("outcome").value.isna()["score"]  # who insists is heard


def test_a_doctor_plays_leaves_and_comes_back(types, command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    types("Where does it hurt?", "test pulse", "quit")
    code, _, shown = command("play", "scenario=clinic", "backend=scripted", "seat=doctor", f"out={tmp_path}")
    assert code == 3
    left = load("last", out=str(tmp_path))
    assert "You are the doctor" in shown
    assert "[You can type: ask QUESTION or test TEST or diagnose DIAGNOSIS." in " ".join(shown.split())
    assert "... the patient is answering" in shown
    assert "go on with: simrun resume" in shown
    assert not left.complete
    assert list(left.calls[left.calls.role == "doctor"].text) == [
        "Where does it hurt?",
        '{"move": "test", "test": "pulse"}',
    ]
    types("diagnose migraine", "cold, flu", "3", "yes", "")
    done = resume(left.path)
    assert done.complete
    outcome = done.outcomes.set_index("outcome")
    assert outcome.loc["diagnosis", "text"] == "migraine"
    assert outcome.loc[["questions", "tests", "urgency", "referral"], "value"].tolist() == [1, 1, 3, 1]
    assert len(done.calls) == 3 + 1 + 3  # the doctor's, the patient's answer, its opinions


def test_a_patient_sees_every_aside(types, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    types("It began on Monday.", "8", "7", "2")
    done = seated("patient", ("scenario=clinic", "backend=scripted", f"out={tmp_path}"))
    shown = capsys.readouterr().err
    assert done.complete
    assert [shown.count(words) for words in ("how confident are you", "how likely are you", "how willing are you")] == [
        1,
        1,
        1,
    ]
    values = done.outcomes.set_index("outcome").value
    assert values[["confidence", "compliance", "consult_again"]].tolist() == [8, 7, 2]


def test_a_verb_alone_is_asked_for_the_rest(types, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert unfinished(MOVES, "Test:") == "test"
    types("test", "quit")
    left = seated("doctor", ("scenario=clinic", "backend=scripted", f"out={tmp_path}"))
    assert not len(left.calls)
    assert "test: which test?" in capsys.readouterr().err


def test_what_a_page_sends_is_read_by_the_form() -> None:
    assert filled(MOVES, "ask", {"question": " Why? "}) == {"move": "ask", "question": "Why?"}
    assert filled(MOVES, "diagnose", {"diagnosis": "flu", "urgency": "soon"}) == {}
    assert filled(MOVES, "dance", {}) == {}


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ('Score it. (Answer as JSON: {"score": 1-5})', "Score it."),
        (
            'Decide. Answer as JSON: {"score": 0-10, "invite": true/false}; 10 is best.',
            "Decide. Answer in this form: score (0-10) and invite (yes/no); 10 is best.",
        ),
        ("(Give your decision now, as JSON.)", "(Give your decision now.)"),
        ("Who? Answer as JSON. Think.", "Who? Think."),
        ('{"move": "test", "test": "..."} to order a test', "test (test) to order a test"),
        ("He said {nothing} of it.", "He said {nothing} of it."),
    ],
)
def test_a_person_is_told_in_words(prompt: str, told: str) -> None:
    assert in_words(prompt) == told


def test_lines_are_broken_at_words_and_kept_apart() -> None:
    assert wrapped("one two three four five six\n\nseven", 20) == "one two three four\nfive six\n\nseven"
    assert wrapped("a" * 30, 20) == "a" * 30


@pytest.mark.parametrize(
    "asked",
    [
        ("scenario=clinic",),
        ("scenario=clinic", "scenario.mode=vignette"),
        ("scenario=recruitment",),
        ("scenario=recruitment", "scenario.mode=compare"),
        ("scenario=dialogue", "scenario.mode=reasoning"),
        ("scenario=peer_review",),
    ],
)
def test_no_prompt_asks_a_person_for_json(asked, tmp_path: Path, known) -> None:  # type: ignore[no-untyped-def]
    from simrun.config.composition import compose
    from simrun.plan.design import planned

    config, _ = compose(
        (*asked, "backend=scripted", "vary={}", "design.controls=[]", "cases=1"), {"out": str(tmp_path)}
    )
    plan = planned(config, known)
    stage = plan.stage(next(iter(plan.trials())))
    for turn in stage.pending():
        told = in_words(stage.chat(turn).text())
        assert told
        assert "JSON" not in told
        assert '{"' not in told


def test_a_seat_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the seats of clinic: doctor, patient"):
        seated(None, ("scenario=clinic", f"out={tmp_path}"))
    with pytest.raises(ConfigError, match="a seat is taken once"):
        seated("doctor,doctor", ("scenario=clinic", f"out={tmp_path}"))
