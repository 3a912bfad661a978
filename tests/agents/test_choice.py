"""Forced choices and chat templates, worked out by hand."""

import math
from enum import Enum
from typing import Literal

import pytest

from simrun.agents.backends import choice
from simrun.agents.backends.manners import Manners
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


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Hire, {"Ann": '{"kind":"hire","who":"Ann"}', "Bob": '{"kind":"hire","who":"Bob"}'}),
        (Sure, {"true": '{"sure":true}', "false": '{"sure":false}'}),
        (Shirt, {"S": '{"size":"S"}', "L": '{"size":"L"}'}),
        (Rating, {str(score): f'{{"score":{score}}}' for score in range(1, 11)}),
        (Ask, None),  # a text is no choice
        (Diagnose, None),
    ],
)
def test_what_is_a_forced_choice(kind, options):
    assert choice.options(form((kind,))) == options


def test_several_decisions_and_free_text_are_no_forced_choice():
    assert choice.options(form((Hire, Sure))) is None
    assert choice.options(None) is None


async def test_options_are_weighed_where_their_tokens_part():
    asked = []

    async def ask(said, candidates):
        asked.append((tuple(said), set(candidates)))
        heard = {(1,): {2: 0.1, 3: 0.3}, (1, 3): {5: 0.02, 6: 0.06}}[tuple(said)]
        return {token: math.log(heard[token]) for token in candidates}

    # after 1 come 2 (a) or 3 (b and c) as 1 : 3; after 1 3 come 5 (b) or 6 (c) as 1 : 3; where nothing parts nobody is
    # asked
    found = await choice.weigh({"a": [1, 2, 4], "b": [1, 3, 5], "c": [1, 3, 6]}, ask)
    assert {option: math.exp(value) for option, value in found.items()} == pytest.approx(
        {"a": 1 / 4, "b": 3 / 16, "c": 9 / 16}
    )
    assert asked == [((1,), {2, 3}), ((1, 3), {5, 6})]


async def test_an_option_that_begins_another_is_refused():
    async def ask(said, candidates):
        raise AssertionError("asked")

    with pytest.raises(ValueError, match="begin those of another"):
        await choice.weigh({"a": [1], "b": [1, 2]}, ask)


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


@pytest.mark.parametrize("untold", [float("nan"), float("-inf")])
async def test_a_log_probability_that_is_no_number_weighs_nothing(untold):
    async def ask(said, candidates):
        return dict(zip(candidates, (-0.5, untold), strict=True))

    with pytest.raises(ArithmeticError):
        await choice.weigh({"yes": [1], "no": [2]}, ask)
