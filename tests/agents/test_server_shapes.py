"""backend=server against what servers really send: each shape of tests/agents/shapes.py over HTTP."""

import asyncio
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from typing import Any

import orjson
import pytest
import shapes
from aiohttp import web
from stub import Seen, Stub, completion, http, raw
from test_server import QUICK, chat, failure, opened, unopened

from simrun.agents.backends.completions import standing
from simrun.agents.backends.manners import Manners
from simrun.agents.records import MOST_TOKENS, Answer, Message
from simrun.agents.reply import Reply
from simrun.scenarios.clinic.moves import Rating

ONCE, AGAIN = 1, 3  # requests that a lasting fault costs with retries=2


def rows(*tables: Mapping[str, Any]) -> Any:
    return pytest.mark.parametrize(
        "shape", [pytest.param(shape, id=name) for table in tables for name, shape in table.items()]
    )


async def lasting(stub: Stub, shape: shapes.Shape) -> tuple[str, int]:
    """The kind of error that a shape comes to, and how often it was asked."""
    stub.misbehave(repeat(shapes.sent(shape)))
    error = await failure(stub)
    return error.kind, len(stub.chats)


@rows(shapes.BROKEN)
async def test_a_server_that_fails_under_any_status_gives_no_answer(stub, shape):
    assert await lasting(stub, shape) == ("server", AGAIN)


@rows(shapes.BROKEN, shapes.LIMITED)
async def test_and_is_asked_again(stub, shape):
    stub.misbehave([shapes.sent(shape)])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert Reply.of(answer, (Rating,)).decision is not None
    assert answer.attempts == 2


@rows(shapes.LIMITED)
async def test_a_rate_limit_is_one_wherever_it_stands(stub, shape):
    assert await lasting(stub, shape) == ("rate_limit", AGAIN)


@rows(shapes.CONTEXT)
async def test_a_chat_that_is_too_long_is_not_asked_again(stub, shape):
    assert await lasting(stub, shape) == ("context", ONCE)


@rows(shapes.OWED)
async def test_nothing_left_to_pay_with_is_told_as_it_is(stub, shape):
    assert await lasting(stub, shape) == ("quota", ONCE)


@rows(shapes.SHUT)
async def test_a_key_that_is_refused_is_told_with_its_variable(stub, shape):
    stub.misbehave(repeat(shapes.sent(shape)))
    error = await failure(stub)
    assert (error.kind, len(stub.chats)) == ("auth", ONCE)
    assert "OPENAI_API_KEY" in str(error)


@rows(shapes.FLAGGED)
async def test_a_flagged_prompt_is_a_refusal(stub, shape):
    stub.misbehave([shapes.sent(shape)])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.text, answer.finish, answer.attempts) == ("", "refused", 1)
    assert Reply.of(answer, (Rating,)).problem == "refused"


@rows(shapes.ONE_CHAT)
async def test_what_is_said_of_one_chat_is_no_fault_of_the_configuration(stub, shape):
    assert await lasting(stub, shape) == ("rejected", ONCE)


@rows(shapes.CONFIGURED)
async def test_what_every_chat_would_meet_names_the_option_that_helps(stub, shape):
    status, body, way = shape
    stub.misbehave(repeat(shapes.sent((status, body))))
    error = await failure(stub)
    assert (error.kind, len(stub.chats)) == ("request", ONCE)
    assert way in str(error)
    assert way == shapes.SCHEMA or shapes.SCHEMA not in str(error)


@pytest.mark.parametrize("word", shapes.CUT)
async def test_the_token_limit_by_every_name_is_length(stub, word):
    stub.misbehave([shapes.sent(shapes.ended(word, '{"sco'))])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.finish, Reply.of(answer, (Rating,)).problem) == ("length", "truncated")


@pytest.mark.parametrize("word", shapes.STOPPED)
async def test_an_end_by_every_name_is_a_stop(stub, word):
    stub.misbehave([shapes.sent(shapes.ended(word, '{"score": 8}'))])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.finish, answer.attempts) == ("stop", 1)
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)


@pytest.mark.parametrize("message", [{"message": {"role": "assistant"}}, {"message": None}, {}])
@pytest.mark.parametrize("word", shapes.WITHHELD)
async def test_a_reply_that_a_policy_took_back_is_refused(stub, word, message):
    stub.misbehave([shapes.sent(shapes.ended(word, None, **message))])
    async with opened(stub) as server:
        assert (await server.reply(chat())).finish == "refused"


GROQ = shapes.openai("Failed to generate JSON.", "json_validate_failed", failed_generation='{"score": 9, ')


async def test_a_reply_that_the_server_could_not_hold_to_its_form_is_the_models_own(stub):
    stub.misbehave([http(400, GROQ)])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.text, answer.finish) == ('{"score": 9, ', "stop")
    assert Reply.of(answer, (Rating,)).problem == "unreadable"


# -- what stands beside a right answer never costs it


def body(**more: Any) -> bytes:
    return orjson.dumps(completion('{"score": 8}') | more)


TEXT = body()
UNUSUAL = {
    "201": raw(TEXT, 201),
    "202": raw(TEXT, 202),
    "byte order mark": raw(b"\xef\xbb\xbf" + TEXT),
    "blanks before": raw(b"\n   \n" + TEXT),
    "UTF-16": raw(b"\xff\xfe" + TEXT.decode().encode("utf-16-le")),
    "NaN": raw(TEXT[:-1] + b', "logprobs": {"content": [{"logprob": NaN}, {"logprob": -Infinity}]}}'),
    "too large a number": raw(TEXT[:-1] + b', "seed": 1e999}'),
    "a lone surrogate elsewhere": raw(TEXT[:-1] + b', "reasoning": "\\ud83d"}'),
    "bytes that are no UTF-8": raw(TEXT[:-1] + b', "reasoning": "\xff\xfe"}'),
    "a line break in a string": raw(TEXT[:-1] + b', "reasoning": "a\nb"}'),
    "no usage": raw(body(usage=None)),
    "usage as a list": raw(body(usage=[1, 2])),
    "usage as words": raw(body(usage="none")),
    "details as words": raw(body(usage={"prompt_tokens": 11, "prompt_tokens_details": "none"})),
    "error null": raw(body(error=None)),
    "error empty": raw(body(error={})),
    "text in a part": raw(body(choices=[{"message": {"content": [{"type": "text", "text": '{"score": 8}'}]}}])),
    "text in parts": raw(
        body(
            choices=[{"message": {"content": [{"type": "text", "text": '{"sco'}, {"type": "text", "text": 're": 8}'}]}}]
        )
    ),
    "a thought before": raw(
        body(
            choices=[
                {
                    "message": {
                        "content": [
                            {"type": "thinking", "thinking": [{"type": "text", "text": '{"score": 1}'}]},
                            {"type": "text", "text": '{"score": 8}'},
                        ]
                    }
                }
            ]
        )
    ),
    "a thought that is hidden": raw(
        body(
            choices=[
                {
                    "message": {
                        "content": [
                            {"type": "redacted_thinking", "data": "x"},
                            {"type": "output_text", "text": '{"score": 8}'},
                        ]
                    }
                }
            ]
        )
    ),
    "parts as strings": raw(body(choices=[{"message": {"content": ['{"score":', " 8}"]}}])),
    "one part, no list": raw(body(choices=[{"message": {"content": {"type": "text", "text": '{"score": 8}'}}}])),
    "text with a value": raw(
        body(choices=[{"message": {"content": [{"type": "text", "text": {"value": '{"score": 8}'}}]}}])
    ),
    "reasoning beside it": raw(
        body(choices=[{"message": {"content": '{"score": 8}', "reasoning_content": '{"score": 1}'}}])
    ),
    "refusal empty": raw(body(choices=[{"message": {"content": '{"score": 8}', "refusal": ""}}])),
    "two choices": raw(
        body(choices=[{"message": {"content": '{"score": 8}'}}, {"message": {"content": '{"score": 1}'}}])
    ),
}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in UNUSUAL.items()])
async def test_what_is_unusual_about_an_answer_does_not_cost_it(stub, fault):
    stub.misbehave([fault])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)
    assert answer.attempts == 1
    assert orjson.loads(orjson.dumps(answer.model_dump())) == answer.model_dump()  # it can be logged


async def test_half_a_surrogate_pair_becomes_a_replacement(stub):
    stub.misbehave([raw(TEXT.replace(b'{\\"score\\": 8}', b"It hurts \\ud83d a lot \\ud83d\\ude00"))])
    async with opened(stub) as server:
        answer = await server.reply(chat(form=None))
    assert answer.text == "It hurts \ufffd a lot \N{GRINNING FACE}"
    assert orjson.loads(orjson.dumps(answer.text)) == answer.text


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        *((number, number) for number in (0, 11, MOST_TOKENS)),
        *((11.0, 11), ("11", 11), (" 7 ", 7)),
        *(
            (number, None)
            for number in (11.5, -1, 2**63, 2**64, 10**30, MOST_TOKENS + 1, "many", "", True, [3], {"n": 3})
        ),
        *((None, None), (1e300, None), (math.inf, None), (math.nan, None)),
    ],
)
async def test_a_count_of_tokens_is_a_count_or_none(stub, told, kept):
    number = orjson.dumps(told) if not isinstance(told, float | int) or abs(told) < 2**63 else str(told).encode()
    number = {math.inf: b"Infinity"}.get(told, number) if isinstance(told, float) else number
    number = b"NaN" if isinstance(told, float) and math.isnan(told) else number
    usage = b'"usage": {"prompt_tokens": %b, "completion_tokens": %b, "prompt_tokens_details": {"cached_tokens": %b}}'
    stub.misbehave([raw(body(usage=0).replace(b'"usage":0', usage % (number, number, number)))])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.prompt_tokens, answer.output_tokens, answer.cached_tokens) == (kept, kept, kept)
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)


@pytest.mark.parametrize(
    "options", [{"yes": -0.1, "no": math.nan}, {"yes": -0.1, "no": -math.inf}, {"yes": None, "no": 0}]
)
def test_options_without_a_number_are_none_at_all(options):
    assert Answer(text="yes", options=options).options is None


# -- refusals of one chat and of all


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
        return web.Response(body=TEXT, content_type="application/json")

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


# -- roles


def template(system: bool, runs: bool, refusal: tuple[int, str]) -> Any:
    """A server whose chat template lacks a system role, or wants turns."""

    def fault(seen: Seen) -> Any:
        roles = [message["role"] for message in seen.body["messages"]]
        bad = (not system and "system" in roles) or (
            not runs and any(a == b for a, b in zip(roles, roles[1:], strict=False))
        )
        return http(*refusal) if bad else None

    return fault


TALK = tuple(
    Message(role=role, content=text)
    for role, text in (
        ("system", "Be ill."),
        ("user", "Hello."),
        ("user", "Well?"),
        ("assistant", "Hi."),
        ("user", "And?"),
    )
)
FITTED = {
    "system": ["Be ill.\n\nHello.", "Well?", "Hi.", "And?"],
    "runs": ["Be ill.", "Hello.\n\nWell?", "Hi.", "And?"],
    "all": ["Be ill.\n\nHello.\n\nWell?", "Hi.", "And?"],
}


@rows(shapes.ROLES)
async def test_a_template_that_refuses_roles_is_given_others(stub, shape):
    status, refusal, lacks = shape
    stub.misbehave(template(lacks == "runs", lacks == "system", (status, refusal)))
    talk = chat().model_copy(update={"messages": TALK})
    async with opened(stub) as server:
        first = await server.reply(talk)
        asked = len(stub.chats)
        second = await server.reply(talk)
        roles = server.identity()["roles"]
    assert [message["content"] for message in stub.chats[-1].body["messages"]] == FITTED[lacks]
    assert Reply.of(first, (Rating,)).decision == Reply.of(second, (Rating,)).decision is not None
    assert first.attempts == 1  # no infrastructure failed
    assert len(stub.chats) == asked + 1  # once learned it is known
    assert set(roles) == {"all": {"system", "runs"}}.get(lacks, {lacks})


async def test_many_at_once_learn_it_together(stub):
    stub.misbehave(template(False, False, shapes.ROLES["TGI"][:2]))
    talk = chat().model_copy(update={"messages": TALK})
    async with opened(stub) as server:
        told = await asyncio.gather(*(server.reply(talk) for _ in range(20)))
    assert len({answer.text for answer in told}) == 1


async def test_a_template_that_takes_nothing_at_all_is_told(stub):
    stub.misbehave(repeat(http(500, shapes.ROLES["Gemma, llama.cpp"][1])))
    error = await failure(stub)
    assert (error.kind, len(stub.chats)) == ("rejected", 2)
    assert "System role not supported" in str(error)


async def test_fold_is_for_templates_that_drop_roles_without_a_word(stub):
    async with opened(stub, fold=True) as server:
        await server.reply(chat().model_copy(update={"messages": TALK}))
    assert [message["content"] for message in stub.chats[-1].body["messages"]] == FITTED["all"]
    assert len(stub.chats) == 1


@pytest.mark.parametrize(
    "said",
    [
        "Please use an alternative model for this role",
        "The system failed to respond",
        "file system message queue is full",
        "no user found in a row of the table",
    ],
)
def test_what_speaks_of_something_else_teaches_nothing(said):
    assert Manners().taught(said) is None


# -- waiting


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_may_be_a_date(stub, status):
    async def later(_: web.Request) -> web.StreamResponse:
        now = datetime.now(UTC).replace(microsecond=0)
        dates = {
            "Date": format_datetime(now, usegmt=True),
            "Retry-After": format_datetime(now + timedelta(seconds=1), usegmt=True),
        }
        return web.Response(status=status, text="later", headers=dates)

    stub.misbehave([later])
    async with opened(stub) as server:
        await server.reply(chat())
    first, second = (seen.at for seen in stub.chats)
    assert 1 <= second - first < 1.5


@pytest.mark.parametrize(
    ("said", "least"),
    [
        ("Please try again in 300ms.", 0.3),
        ("Please retry in 0.3s", 0.3),
        ("try again in 0h0m0.3s", 0.3),
        ("Retry after 0.3 seconds", 0.3),
    ],
)
async def test_how_long_to_wait_may_stand_in_words(stub, said, least):
    stub.misbehave([http(429, shapes.openai(f"Rate limit reached. {said}", "rate_limit_exceeded"))])
    async with opened(stub) as server:
        await server.reply(chat())
    first, second = (seen.at for seen in stub.chats)
    assert least <= second - first < least + 0.4


LOADING = {
    "llama.cpp": (503, shapes.told(error={"code": 503, "message": "Loading model", "type": "unavailable_error"})),
    "Hugging Face": (503, shapes.told(error="Model m is currently loading", estimated_time=0.02)),
    "words": (503, "The model is being loaded, retry later"),
    "warming": (503, shapes.openai("The deployment is warming up", None)),
    "not ready": (503, shapes.told(detail="Service is not ready yet")),
}


@rows(LOADING)
async def test_a_model_that_is_loading_is_waited_for_beyond_retries_and_deadline(stub, shape, capfd):
    stub.misbehave([*repeat(http(*shape, retry_after=0.1), 8)])
    async with opened(stub, retries=1, deadline=0.5) as server:
        answer = await server.reply(chat())
    assert (answer.attempts, len(stub.chats)) == (1, 9)
    assert capfd.readouterr().err.count("is loading its model") == 1


async def test_it_is_waited_for_at_the_start_as_well(stub):
    stub.listing = http(*LOADING["llama.cpp"], retry_after=0.05)
    async with opened(Stub_after(stub, 0.3)) as server:
        assert (await server.reply(chat())).attempts == 1


def Stub_after(stub: Stub, seconds: float) -> Stub:
    """The stub, whose list works after a while."""
    listing, until = stub.listing, time.monotonic() + seconds
    assert listing is not None

    async def later(request: web.Request) -> web.StreamResponse:
        if time.monotonic() < until:
            return await listing(request)
        return web.json_response({"data": [{"id": "stub"}]})

    stub.listing = later
    return stub


@pytest.mark.parametrize("at_start", [True, False])
async def test_but_not_for_ever(stub, at_start):
    fault = http(*LOADING["llama.cpp"], retry_after=0.05)
    began = time.monotonic()
    if at_start:
        stub.listing = fault
        error = await unopened(stub, patience=0.4)
    else:
        stub.misbehave(repeat(fault))
        error = await failure(stub, patience=0.4)
    assert error.kind == "server"
    assert "backend.patience=0.4" in str(error)
    assert 0.4 <= time.monotonic() - began < 2


async def test_an_error_at_loading_is_not_waited_for(stub):
    assert await lasting(stub, (500, shapes.told(error="error loading model: unable to allocate"))) == ("server", AGAIN)


# -- redirects


def moved(status: int, location: str | None) -> Any:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={} if location is None else {"Location": location})

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("at_start", [True, False])
async def test_a_redirect_is_told_with_its_target_and_not_followed(stub, status, at_start):
    path = "/v1/models" if at_start else "/v1/chat/completions"
    fault = moved(status, f"https://example.org{path}")
    if at_start:
        stub.listing = fault
        error = await unopened(stub, model="stub")
    else:
        stub.misbehave(repeat(fault))
        error = await failure(stub)
    assert (error.kind, len(stub.seen)) == ("request", 1 if at_start else 2)
    assert f"(HTTP {status}) to https://example.org{path}" in str(error)
    assert str(error).endswith("backend.url=https://example.org/v1")


async def test_a_redirect_without_a_target_is_told(stub):
    stub.misbehave(repeat(moved(302, None)))
    assert "to nowhere" in str(await failure(stub))


# -- names of models

LISTS = {
    "itself": (["stub"], "stub"),
    "implied tag": (["stub:latest", "other:7b"], "stub"),
    "a suffix": (["acme/stub", "acme/other"], "acme/stub:nitro"),
    "tag left out by the list": (["stub", "other"], "stub:latest"),
    "all": (["*"], "acme/stub"),
    "some": (["openai/*", "gpt-4"], "openai/gpt-9"),
    "Gemini": (["models/stub", "models/other"], "stub"),
    "an alias": ([{"id": "stub-2411", "aliases": ["stub-latest"]}, {"id": "other"}], "stub-latest"),
}


def listing(body: Any) -> Any:
    return raw(orjson.dumps(body))


@pytest.mark.parametrize(("entries", "asked"), LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("shape", ["data", "models", "bare"])
async def test_a_name_that_the_list_means_is_taken(stub, entries, asked, shape):
    cards = [entry if isinstance(entry, dict) else {"name" if shape == "models" else "id": entry} for entry in entries]
    stub.listing = listing(cards if shape == "bare" else {shape: cards})
    async with opened(stub, model=asked) as server:
        await server.reply(chat())
    assert stub.chats[0].body["model"] == asked


@pytest.mark.parametrize(
    ("entries", "asked"),
    [
        (["stub:7b"], "stub"),
        (["stub:7b"], "stub:latest"),
        (["stub"], "other"),
        (["openai/*"], "acme/x"),
        (["[ab]*"], "a"),
        (["stub"], "stu"),
    ],
)
async def test_a_name_that_it_does_not_mean_is_refused_unless_the_list_is_not_to_be_asked(stub, entries, asked):
    stub.listing = listing({"data": [{"id": entry} for entry in entries]})
    error = await unopened(stub, model=asked)
    assert error.kind == "request"
    assert entries[0] in str(error)
    assert "backend.listed=false" in str(error)
    async with opened(stub, model=asked, listed=False) as server:
        await server.reply(chat())
    assert stub.chats[0].body["model"] == asked


async def test_one_page_of_a_list_says_nothing_of_other_names(stub):
    stub.listing = listing({"data": [{"id": "stub"}], "has_more": True})
    async with opened(stub, model="other") as server:
        await server.reply(chat())
    assert stub.chats[0].body["model"] == "other"


async def test_of_a_long_list_the_nearest_names_are_told(stub):
    stub.listing = listing({"data": [{"id": f"acme/model-{number}"} for number in range(400)]})
    told = str(await unopened(stub, model="acme/model-1234"))
    assert "acme/model-123" in told
    assert "more" in told
    assert len(told) < 600


@pytest.mark.parametrize("body", [{"data": None}, {"data": [None, 3]}, {"data": {}}, [], "x", 3, None])
async def test_a_list_of_no_known_shape_is_no_list(stub, body):
    stub.listing = listing(body)
    async with opened(stub, model="stub") as server:
        assert (await server.reply(chat())).attempts == 1


# -- options that the hints name


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
    "text", ["<script" * 4000, "{" * 20000, "context length " * 3000, "role " * 6000, "flagged" * 9000]
)
async def test_an_error_of_any_length_is_read_in_no_time(stub, text):
    stub.misbehave([http(400, text)])
    began = time.monotonic()
    async with opened(stub) as server:
        try:
            await server.reply(chat())
        except Exception as error:
            assert len(str(error)) < 1500
    assert time.monotonic() - began < 1


assert QUICK["retries"] == AGAIN - 1
