"""backend=server against what servers really send: each shape of tests/agents/shapes.py over HTTP."""

import asyncio
from itertools import repeat
from typing import Any

import orjson
import pytest
import shapes
from aiohttp import web
from shapes import rows
from stub import Fault, Seen, Stub, completion, http
from test_server import chat, failure, opened

from simrun.agents.backends.completions import standing
from simrun.agents.records import Message
from simrun.agents.reply import Reply
from simrun.scenarios.clinic.moves import Rating

FREE = "backend.free_form=true"
ONCE, AGAIN = 1, 3  # requests that a lasting fault costs with retries=2


async def lasting(stub: Stub, fault: Fault) -> tuple[str, int]:
    """The kind of error that a fault comes to, and how often it was asked."""
    stub.misbehave(repeat(fault))
    error = await failure(stub)
    return error.kind, len(stub.chats)


@rows("server")
async def test_a_server_that_fails_under_any_status_gives_no_answer(stub, shape):
    assert await lasting(stub, shape.fault()) == ("server", AGAIN)


@rows("server", "rate_limit")
async def test_and_is_asked_again(stub, shape):
    stub.misbehave([shape.fault()])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert Reply.of(answer, (Rating,)).decision is not None
    assert answer.attempts == 2


@pytest.mark.parametrize("word", shapes.BROKEN)
async def test_a_reply_that_the_server_broke_off_is_no_answer(stub, word):
    assert await lasting(stub, shapes.ended(word)) == ("server", AGAIN)
    assert repr(word) in str(await failure(stub))


@rows("rate_limit")
async def test_a_rate_limit_is_one_wherever_it_stands(stub, shape):
    assert await lasting(stub, shape.fault()) == ("rate_limit", AGAIN)


@rows("context")
async def test_a_chat_that_is_too_long_is_not_asked_again(stub, shape):
    assert await lasting(stub, shape.fault()) == ("context", ONCE)


@rows("quota")
async def test_nothing_left_to_pay_with_is_told_as_it_is(stub, shape):
    assert await lasting(stub, shape.fault()) == ("quota", ONCE)


@rows("auth")
async def test_a_key_that_is_refused_is_told_with_its_variable(stub, shape):
    stub.misbehave(repeat(shape.fault()))
    error = await failure(stub)
    assert (error.kind, len(stub.chats)) == ("auth", ONCE)
    assert "OPENAI_API_KEY" in str(error)


@rows("refused")
async def test_a_flagged_prompt_is_a_refusal(stub, shape):
    stub.misbehave([shape.fault()])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.text, answer.finish, answer.attempts) == ("", "refused", 1)
    assert Reply.of(answer, (Rating,)).problem == "refused"


@rows("rejected")
async def test_what_is_said_of_one_chat_is_no_fault_of_the_configuration(stub, shape):
    assert await lasting(stub, shape.fault()) == ("rejected", ONCE)


@rows("request")
async def test_what_every_chat_would_meet_names_the_option_that_helps(stub, shape):
    stub.misbehave(repeat(shape.fault()))
    error = await failure(stub)
    assert (error.kind, len(stub.chats)) == ("request", ONCE)
    assert shape.way in str(error)
    assert (FREE in str(error)) == (shape.way == FREE)


@pytest.mark.parametrize("word", shapes.CUT)
async def test_the_token_limit_by_every_name_is_length(stub, word):
    stub.misbehave([shapes.ended(word, '{"sco')])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.finish, Reply.of(answer, (Rating,)).problem) == ("length", "truncated")


@pytest.mark.parametrize("word", shapes.STOPPED)
async def test_an_end_by_every_name_is_a_stop(stub, word):
    stub.misbehave([shapes.ended(word, '{"score": 8}')])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.finish, answer.attempts) == ("stop", 1)
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)


@pytest.mark.parametrize("message", [{"message": {"role": "assistant"}}, {"message": None}, {}])
@pytest.mark.parametrize("word", shapes.WITHHELD)
async def test_a_reply_that_a_policy_took_back_is_refused(stub, word, message):
    stub.misbehave([shapes.ended(word, None, **message)])
    async with opened(stub) as server:
        assert (await server.reply(chat())).finish == "refused"


GROQ = shapes.openai("Failed to generate JSON.", "json_validate_failed", failed_generation='{"score": 9, ')


async def test_a_reply_that_the_server_could_not_hold_to_its_form_is_the_models_own(stub):
    stub.misbehave([http(400, GROQ)])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.text, answer.finish) == ('{"score": 9, ', "stop")
    assert Reply.of(answer, (Rating,)).problem == "unreadable"


def black(seen: Seen) -> Any:
    return http(400, "no") if "Black" in str(seen.body["messages"]) else None


async def test_refusals_of_some_chats_never_become_one_of_all(stub):
    stub.misbehave(black)
    kinds = []
    async with opened(stub) as server:
        for number in range(3 * standing.ENOUGH):
            said = Message(role="user", content="Black" if number % 3 else "White")
            try:
                await server.reply(chat().model_copy(update={"messages": (said,)}))
            except Exception as error:
                kinds.append(error.kind)
    assert kinds == ["rejected"] * 2 * standing.ENOUGH


async def test_refusals_that_overtake_the_first_answers_wait_for_them(stub):
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.json_response(completion('{"score": 8}'))

    stub.misbehave(lambda seen: black(seen) or slow)
    async with opened(stub) as server:
        white = asyncio.create_task(server.reply(chat()))
        await asyncio.sleep(0.05)
        said = chat().model_copy(update={"messages": (Message(role="user", content="Black"),)})
        told = await asyncio.gather(*(server.reply(said) for _ in range(3 * standing.ENOUGH)), return_exceptions=True)
        assert {error.kind for error in told} == {"rejected"}
        assert Reply.of(await white, (Rating,)).decision == Rating(score=8)


async def test_when_all_of_the_first_chats_are_refused_it_is_the_configuration(stub):
    stub.misbehave(repeat(http(400, "no")))
    kinds = []
    async with opened(stub) as server:
        for _ in range(standing.ENOUGH + 1):
            with pytest.raises(Exception, match="refused a chat") as raised:
                await server.reply(chat())
            kinds.append(raised.value.kind)
    assert kinds == ["rejected"] * (standing.ENOUGH - 1) + ["request"] * 2


@pytest.mark.parametrize(
    ("extra", "gone"),
    [
        ({"seed": None}, {"seed"}),
        ({"temperature": None}, {"temperature"}),
        ({"max_tokens": None, "max_completion_tokens": 256}, {"max_tokens"}),
    ],
)
async def test_the_option_that_a_hint_names_takes_it_off_the_wire(stub, extra, gone):
    async with opened(stub, extra=extra) as server:
        await server.reply(chat())
    assert not gone & set(stub.chats[0].body)
    assert {key: value for key, value in extra.items() if value is not None}.items() <= stub.chats[0].body.items()


async def test_a_parameter_of_extra_that_is_refused_is_to_be_taken_out(stub):
    stub.misbehave(repeat(http(400, shapes.openai("Unrecognized request argument supplied: top_k"))))
    assert "take top_k out of backend.extra" in str(await failure(stub, extra={"top_k": 3}))


async def test_what_the_server_gives_back_of_the_request_is_not_read(stub):
    told = {
        "detail": [
            {
                "loc": ["body", "messages", 0],
                "msg": "bad",
                "input": "prompt is too long; content_filter; seed is unsupported",
            }
        ]
    }
    stub.misbehave(repeat(http(422, orjson.dumps(told).decode())))
    assert (await failure(stub)).kind == "rejected"


@pytest.mark.parametrize(
    "text", ["<script", "{", "context length ", "the roles must ", "api key ", "1s ", "unsupported "]
)
async def test_an_error_of_any_length_is_read(stub, text):
    stub.misbehave(repeat(http(400, text * 20_000)))
    assert len(str(await failure(stub))) < 800
