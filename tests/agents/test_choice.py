"""Forced choices and chat templates, worked out by hand."""

import math
from enum import Enum
from typing import Literal

import pytest

from simrun.agents.backends import choice
from simrun.agents.backends.manners import Manners
from simrun.agents.backends.weighing import noted, tokenised, weigh
from simrun.agents.records import Message
from simrun.agents.reply import Decision, form
from simrun.scenarios.clinic.moves import Ask, Diagnose, Rating


class Hire(Decision):
    kind: Literal["hire"] = "hire"
    who: Literal["Ann", "Bob"]


class Sure(Decision):
    sure: bool


class Size(Enum):
    SMALL = "S"
    LARGE = "L"


class Shirt(Decision):
    size: Size


class Reasoned(Decision):
    answer: Literal["yes", "no"]
    why: str = ""


class Twice(Decision):
    who: Literal["Ann", "Bob"]
    sure: bool


class Perhaps(Decision):
    side: Literal["A", "B"] | None


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Hire, ["Ann", "Bob"]),
        (Sure, ["true", "false"]),
        (Shirt, ["S", "L"]),
        (Perhaps, ["A", "B", "null"]),
        (Rating, [str(score) for score in range(1, 11)]),
        (Reasoned, ["yes", "no"]),  # a reason beside it is none
        (Twice, None),  # whose would the options be?
        (Ask, None),  # a text is no choice
        (Diagnose, None),
    ],
)
def test_what_is_a_forced_choice(kind, options):
    found = choice.of(form((kind,)))
    assert (found and list(found.values)) == options


@pytest.mark.parametrize(
    ("bounds", "options"),
    [
        ({"minimum": 0, "maximum": 19}, 20),
        ({"minimum": 0, "maximum": 20}, None),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 4}, 3),
        ({"minimum": 0, "maximum": 100, "multipleOf": 10}, 11),
        ({"minimum": 0}, None),
    ],
)
def test_integers_between_bounds_are_a_choice_up_to_twenty(bounds, options):
    found = choice.of({"properties": {"score": {"type": "integer", **bounds}}})
    assert (found and len(found.values)) == options


def test_several_decisions_and_free_text_are_no_forced_choice():
    assert choice.of(form((Hire, Sure))) is None
    assert choice.of(None) is None


THOUGHT = "<think>She may be older.</think>\n\n"


@pytest.mark.parametrize(
    ("kind", "text", "other"),
    [
        (Sure, '{"sure":true}', '{"sure":false}'),
        (Sure, '{"sure": true}', '{"sure": false}'),  # blanks as the reply has them
        (Hire, '{"kind":"hire","who":"Ann"}', '{"kind":"hire","who":"Bob"}'),
        (Reasoned, '{"answer":"yes","why":"I said so."}', '{"answer":"no","why":"I said so."}'),
        (Reasoned, '{"why":"No. Or yes.","answer":"yes"}', '{"why":"No. Or yes.","answer":"no"}'),  # after the reason
        (Reasoned, THOUGHT + '{"answer":"yes"}', THOUGHT + '{"answer":"no"}'),  # after the thought
        (Reasoned, THOUGHT + "Yes.", THOUGHT + "No"),
        (Reasoned, " yes", " no"),  # after the blank
        (Reasoned, "**Answer:** YES", "**Answer:** NO"),
        (Sure, "Yes.", "No"),
        (Sure, '{"sure": "Yes"}', '{"sure": "No"}'),  # a text in the place of a truth value
        (Reasoned, '{"answer": "Yes"}', '{"answer": "No"}'),
        (Sure, "True", "False"),
        (Hire, "Ann, who else?", "Bob"),
    ],
)
def test_a_reply_is_put_as_it_would_read_with_each_option(kind, text, other):
    asked = choice.of(form((kind,)))
    written = choice.alternatives(text, asked)
    mine = choice.taken(text, asked)
    assert text.startswith(written.pop(mine))
    assert list(written.values()) == [other]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Yes and no.", "unread"),
        ("I would rather not.", "unread"),
        ('{"answer":"yes"} {"answer":"no"}', "unread"),
        ('{"answer":"perhaps"}', "unread"),
        ("yEs", "unread"),  # in whose manner would the other be said?
        ("<think>Yes", "thinking"),
        ("analysis She may be older. assistantfinal yes", "thinking"),  # its marks are not what was written
    ],
)
def test_a_reply_whose_choice_cannot_be_placed_says_why(text, why):
    with pytest.raises(choice.Untold, match=why):
        choice.alternatives(text, choice.of(form((Reasoned,))))


def engine(heard):
    """What the engine says after each beginning, and what it was asked."""
    asked = []

    async def ask(said, candidates):
        asked.append((tuple(said), set(candidates)))
        return {token: math.log(heard[tuple(said)][token]) for token in candidates}

    return ask, asked


def chances(found):
    return {option: math.exp(value) for option, value in found.options.items()}


async def test_options_are_weighed_where_their_tokens_part():
    # after 1 come 2 (a) or 3 (b and c) as 1 : 3; after 1 3 come 5 (b) or 6 (c) as 1 : 3; where nothing parts nobody is
    # asked
    ask, asked = engine({(1,): {2: 0.1, 3: 0.3}, (1, 3): {5: 0.02, 6: 0.06}})
    found = await weigh({"a": [1, 2, 4], "b": [1, 3, 5], "c": [1, 3, 6]}, ask)
    assert chances(found) == pytest.approx({"a": 1 / 4, "b": 3 / 16, "c": 9 / 16})
    assert found.mass == pytest.approx(0.4)  # where they first part
    assert asked == [((1,), {2, 3}), ((1, 3), {5, 6})]


async def test_an_option_that_begins_another_has_what_does_not_go_on_to_it():
    # "1" and "10": .8 say 1 and .2 say 2; after 1 a quarter goes on with 0
    ask, asked = engine({(): {1: 0.4, 2: 0.1}, (1,): {0: 0.25}})
    found = await weigh({"1": [1], "10": [1, 0], "2": [2]}, ask)
    assert chances(found) == pytest.approx({"1": 0.8 * 0.75, "10": 0.8 * 0.25, "2": 0.2})
    assert len(asked) == 2


async def test_options_of_the_same_tokens_are_not_told_apart():
    ask, asked = engine({})
    with pytest.raises(choice.Untold, match="alike"):
        await weigh({"a": [1], "b": [1]}, ask)
    assert not asked


@pytest.mark.parametrize("untold", [float("nan"), float("-inf")])
async def test_a_log_probability_that_is_no_number_weighs_nothing(untold):
    async def ask(said, candidates):
        return dict(zip(candidates, (-0.5, untold), strict=True))

    async def weights():
        return await weigh({"yes": [1], "no": [2]}, ask)

    assert await noted(weights()) == {"unweighed": "silent"}


async def test_tokens_are_those_of_a_text_within_a_reply():
    async def encode(text):  # puts a blank before all, as some tokenizers do
        return [ord(letter) for letter in " " + text]

    assert await tokenised({"a": "{a", "b": "{b"}, encode) == {"a": [123, 97], "b": [123, 98]}


def system(text: str) -> Message:
    return Message(role="system", content=text)


def user(text: str) -> Message:
    return Message(role="user", content=text)


def assistant(text: str) -> Message:
    return Message(role="assistant", content=text)


CHAT = (system("Be ill."), user("Hello."), assistant("Hi."), user("And?"))


def plain(messages):
    return "".join(f"<{message['role']}>{message['content']}" for message in messages)


def strict(messages):
    """Like Mistral's first template: no system message, and user and assistant by turns."""
    roles = [message["role"] for message in messages]
    if any(role != ("user", "assistant")[number % 2] for number, role in enumerate(roles)):
        raise ValueError("Conversation roles must alternate user/assistant/user/assistant/...")
    return plain(messages)


def deaf(messages):
    """Drops a system message without a word."""
    return plain([message for message in messages if message["role"] != "system"])


def test_a_template_that_takes_all_gets_the_chat_as_it_is():
    manners = Manners.of(plain)
    assert (manners.system, manners.runs) == (True, True)
    assert manners.fit(CHAT) == CHAT


@pytest.mark.parametrize("template", [strict, deaf])
def test_rules_go_to_the_head_of_the_first_words_where_a_system_message_would_be_lost(template):
    fitted = Manners.of(template).fit(CHAT)
    assert fitted == (user("Be ill.\n\nHello."), assistant("Hi."), user("And?"))
    assert "Be ill." in template([message.model_dump() for message in fitted])


def test_runs_of_one_role_are_joined_only_where_they_must_be():
    two = (user("One."), user("Two."))
    assert Manners.of(strict).fit(two) == (user("One.\n\nTwo."),)
    assert Manners.of(plain).fit(two) == two
