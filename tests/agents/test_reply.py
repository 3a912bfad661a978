"""From text to decision, or to why there is none."""

import pytest

from simrun.agents.judges.same_disease import Same
from simrun.agents.records import Answer
from simrun.agents.reply import Reply, form
from simrun.scenarios.clinic.moves import Ask, Diagnose, OrderTest, Rating, RequestImage

MOVES = (Ask, OrderTest, RequestImage, Diagnose)


def reply(text: str, kinds=MOVES, finish="stop") -> Reply:
    return Reply.of(Answer(text=text, finish=finish), kinds)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"move": "ask", "question": "Since when?"}', Ask(question="Since when?")),
        ('Sure:\n```json\n{"move": "test", "test": "ECG"}\n```', OrderTest(test="ECG")),
        ('{"test": "ECG", "because": "chest pain"}', OrderTest(test="ECG")),
        ("REQUEST TEST: Chest_X-Ray", OrderTest(test="Chest_X-Ray")),
        ("Request test: [troponin].", OrderTest(test="troponin")),
        ("DIAGNOSIS READY: Myasthenia gravis.", Diagnose(diagnosis="Myasthenia gravis")),
        ("diagnosis ready: **Flu**", Diagnose(diagnosis="Flu")),
        ("REQUEST IMAGES", RequestImage()),
        ("Where does it hurt?", Ask(question="Where does it hurt?")),
        ("<think>It is flu. {oops</think>Do you smoke?", Ask(question="Do you smoke?")),
        ('{"move":"diagnose","diagnosis":"Flu","urgency":9}', Diagnose(diagnosis="Flu")),
        (
            '{"move":"diagnose","diagnosis":"Flu","urgency":"4","referral":"yes"}',
            Diagnose(diagnosis="Flu", urgency=4, referral=True),
        ),
    ],
)
def test_moves_are_read_tolerantly(text, expected):
    assert reply(text).decision == expected


@pytest.mark.parametrize(
    ("text", "finish", "problem"),
    [
        ("", "stop", "unreadable"),
        ('{"move": "dance"}', "stop", "unreadable"),
        ('{"move": "diagnose", "diagnosis": "Fl', "length", "truncated"),
        ('{"move": "diagnose", "diagnosis": "Fl', "stop", "unreadable"),
        ("I'm sorry, but I can't help with that.", "stop", "refused"),
        ("I cannot assist with medical questions.", "stop", "refused"),
        ("anything", "refused", "refused"),
    ],
)
def test_what_is_no_move_says_why(text, finish, problem):
    found = reply(text, finish=finish)
    assert (found.decision, found.problem) == (None, problem)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that. How long has it lasted?",
        "I can see you are in pain. Where?",
        "Unfortunately, it may be serious. Any fever?",
    ],
)
def test_sympathy_is_no_refusal(text):
    assert reply(text).problem is None


@pytest.mark.parametrize(("text", "problem"), [("It hurts.", None), ("  ", "unreadable")])
def test_free_text(text, problem):
    assert reply(text, ()).problem == problem


@pytest.mark.parametrize(
    ("text", "score"), [("8", 8), ("8/10", 8), ("7 out of 10.", 7), ("10", 10), ('{"score": 3}', 3)]
)
def test_ratings(text, score):
    assert reply(text, (Rating,)).decision == Rating(score=score)


@pytest.mark.parametrize("text", ["between 6 and 8", "0", "11", "7.5", "-3", '{"score": 11}'])
def test_no_rating_is_guessed(text):
    assert reply(text, (Rating,)).decision is None


@pytest.mark.parametrize(
    ("text", "same"), [("yes.", True), ("Yes!", True), ("**No**", False), ('{"same": true}', True)]
)
def test_verdicts(text, same):
    assert reply(text, (Same,)).decision == Same(same=same)


def test_a_form_states_every_field_and_nothing_else():
    shape = form((Diagnose,))
    assert shape["required"] == ["move", "diagnosis", "differential", "urgency", "referral", "pain_relief"]
    assert shape["additionalProperties"] is False
    assert shape["properties"]["urgency"] == {"type": "integer", "minimum": 1, "maximum": 5}
    assert form(()) is None
    assert len(form(MOVES)["anyOf"]) == 4
