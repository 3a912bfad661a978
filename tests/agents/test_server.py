"""backend=server against a real HTTP server, in good days and bad."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

import pytest
from stub import FINAL, MODEL, PASSING, Stub, echo, hang, http, raw

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.server import Server
from simrun.agents.images import located, seen
from simrun.agents.records import Chat, Image, Message
from simrun.agents.reply import Reply, form
from simrun.scenarios.clinic.moves import Rating

QUICK = {"timeout": 2, "deadline": 8, "retries": 2, "backoff": 0.01}
KEY = "sk-secret-0123456789abcdef"
SCORE = form((Rating,))


@asynccontextmanager
async def opened(stub: Stub, **options: Any) -> AsyncIterator[Server]:
    server = Server(**{"url": stub.url, **QUICK, **options})
    try:
        await server.open()
        yield server
    finally:
        await server.close()


def chat(form: Any = SCORE, images: tuple[Image, ...] = ()) -> Chat:
    messages = (
        Message(role="system", content="You are ill."),
        Message(role="user", content="How do you feel?", images=images),
    )
    return Chat(
        session="t", role="patient", nth=0, messages=messages, form=form, seed=7, digest="d", facts={"truth": "gout"}
    )


async def failure(stub: Stub, **options: Any) -> BackendError:
    async with opened(stub, **options) as server:
        with pytest.raises(BackendError) as raised:
            await server.reply(chat())
    return raised.value


async def unopened(stub: Stub, **options: Any) -> BackendError:
    with pytest.raises(BackendError) as raised:
        async with opened(stub, **options):
            pass
    return raised.value


def table(faults: dict[str, Any]) -> Any:
    return pytest.mark.parametrize(("fault", "expected"), faults.values(), ids=faults.keys())


async def test_a_valid_answer_is_read_with_its_tokens(stub):
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert isinstance(Reply.of(answer, (Rating,)).decision, Rating)
    assert (answer.prompt_tokens, answer.cached_tokens, answer.output_tokens, answer.attempts) == (11, 3, 5, 1)


@table(PASSING)
async def test_a_fault_that_passes_costs_an_attempt(stub, fault, expected):
    stub.misbehave([fault])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert Reply.of(answer, (Rating,)).problem is None
    assert answer.attempts == len(stub.chats) == 2


@table(PASSING)
async def test_a_fault_that_stays_is_an_error_of_its_kind(stub, fault, expected):
    stub.misbehave(repeat(fault))
    assert (await failure(stub)).kind == expected
    assert len(stub.chats) == 3  # retries=2


@table(FINAL)
async def test_what_would_fail_again_is_not_tried_again(stub, fault, expected):
    stub.misbehave(repeat(fault))
    assert (await failure(stub)).kind == expected
    assert len(stub.chats) == 1


@table(MODEL)
async def test_what_the_model_does_wrong_is_a_problem_of_the_reply(stub, fault, expected):
    stub.misbehave([fault])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.finish, Reply.of(answer, (Rating,)).problem) == expected
    assert answer.attempts == len(stub.chats) == 1


@pytest.mark.parametrize(("after", "least"), [("0.3", 0.3), ("Wed, 21 Oct 2115 07:28:00 GMT", 0)])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_goes_before_the_own_backoff(stub, status, after, least):
    stub.misbehave([http(status, retry_after=after)])
    async with opened(stub) as server:
        await server.reply(chat())
    first, second = (seen.at for seen in stub.chats)
    assert least <= second - first < least + 1


async def test_a_wait_beyond_the_deadline_is_not_begun(stub):
    stub.misbehave(repeat(http(429, retry_after=60)))
    began = time.monotonic()
    error = await failure(stub)
    assert error.kind == "rate_limit"
    assert "60 s" in str(error)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("fault", "kind"), [(http(429, retry_after=0.4), "rate_limit"), (hang, "timeout")])
async def test_the_deadline_holds_for_all_attempts_together(stub, fault, kind):
    stub.misbehave(repeat(fault))
    began = time.monotonic()
    error = await failure(stub, deadline=0.9, retries=9)
    assert time.monotonic() - began < 2.5
    assert error.kind == kind
    assert "deadline=0.9" in str(error)


async def test_a_wrong_key_is_told_with_its_variable(stub, monkeypatch):
    stub.key = KEY
    monkeypatch.setenv("CLINIC_KEY", "wrong")
    error = await unopened(stub, key_env="CLINIC_KEY")
    assert error.kind == "auth"
    assert "CLINIC_KEY" in str(error)
    assert "wrong" not in str(error)


async def test_a_key_that_only_chats_need_is_told_with_its_variable(stub):
    stub.misbehave(repeat(http(401)))
    error = await failure(stub, key_env="CLINIC_KEY")
    assert "CLINIC_KEY" in str(error)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "127.0.0.1:9/v1", "http://a..b/v1"])
async def test_an_address_where_nobody_listens_is_told(stub, url):
    error = await unopened(stub, url=url)
    assert error.kind == "connection"
    assert url in str(error)


@pytest.mark.parametrize("options", [{"model": "gpt-9"}, {}])
async def test_a_model_that_is_not_one_of_several_is_told_with_those_there_are(stub, options):
    stub.models = ("llama", "qwen")
    error = await unopened(stub, **options)
    assert error.kind == "request"
    assert "llama, qwen" in str(error)


async def test_a_server_without_models_is_not_said_to_have_several(stub):
    stub.models = ()
    assert "several" not in str(await unopened(stub))


@pytest.mark.parametrize(("models", "options"), [(("llama",), {}), (("llama", "qwen"), {"model": "llama"})])
async def test_the_only_model_or_the_named_one_is_asked(stub, models, options):
    stub.models = models
    async with opened(stub, **options) as server:
        await server.reply(chat())
        assert server.identity() == {"backend": "server", "url": stub.url, "model": "llama"}
    assert stub.chats[0].body["model"] == "llama"


@pytest.mark.parametrize("listing", [http(404), http(500), raw(b"{}"), raw(b"<html>")])
async def test_a_server_without_a_list_is_taken_at_the_given_model(stub, listing):
    stub.listing = listing
    async with opened(stub, model="llama") as server:
        assert (await server.reply(chat())).attempts == 1


async def test_an_address_without_a_list_asks_for_the_model_and_doubts_the_address(stub):
    error = await unopened(stub, url=stub.url.removesuffix("/v1"))
    assert "backend.model" in str(error)
    assert "/v1" in str(error)


@pytest.mark.parametrize("password", ["hunter2", "hunter2/3", "hunter2//3"])
async def test_an_address_with_a_password_is_refused(stub, password):
    error = await unopened(stub, url=stub.url.replace("//", f"//me:{password}@", 1))
    assert "hunter2" not in str(error)
    assert "OPENAI_API_KEY" in str(error)
    assert not stub.seen


async def test_what_is_on_the_wire(stub):
    async with opened(stub, temperature=0.3, max_tokens=99) as server:
        await server.reply(chat())
    assert stub.chats[0].body == {
        "model": "stub",
        "messages": [{"role": "system", "content": "You are ill."}, {"role": "user", "content": "How do you feel?"}],
        "max_tokens": 99,
        "temperature": 0.3,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "decision", "strict": True, "schema": SCORE},
        },
    }


async def test_free_text_has_no_response_format(stub):
    async with opened(stub) as server:
        assert Reply.of(await server.reply(chat(form=None))).problem is None
    assert "response_format" not in stub.chats[0].body


async def test_extra_adds_and_null_removes(stub):
    async with opened(stub, extra={"top_p": 0.9, "seed": None}) as server:
        await server.reply(chat())
    assert stub.chats[0].body["top_p"] == 0.9
    assert "seed" not in stub.chats[0].body


async def test_an_image_goes_as_a_data_url_or_as_its_address(stub, tmp_path):
    (tmp_path / "x-ray.jpg").write_bytes(b"\xff\xd8\xffabc")
    async with opened(stub) as server:
        folder = str(tmp_path)
        images = (located(seen("x-ray.jpg", folder), folder), seen("https://example.org/ecg.png", folder))
        await server.reply(chat(images=images))
    text, file, address = stub.chats[0].body["messages"][1]["content"]
    assert text == {"type": "text", "text": "How do you feel?"}
    assert file == {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/YWJj"}}
    assert address == {"type": "image_url", "image_url": {"url": "https://example.org/ecg.png"}}


@pytest.mark.parametrize("given", [KEY, f"{KEY}\n"])
async def test_the_key_is_sent_as_a_bearer_header(stub, monkeypatch, given):
    stub.key = KEY
    monkeypatch.setenv("OPENAI_API_KEY", given)
    async with opened(stub) as server:
        await server.reply(chat())
    assert {seen.headers["Authorization"] for seen in stub.seen} == {f"Bearer {KEY}"}


async def test_without_a_key_no_header_is_sent(stub, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    async with opened(stub) as server:
        await server.reply(chat())
    assert not any("Authorization" in seen.headers for seen in stub.seen)


@pytest.mark.parametrize(
    ("status", "before"), [(500, 0), (200, 0), (401, 0), (404, 0), (429, 0), (500, 478), (200, 178)]
)
async def test_a_key_that_the_server_gives_away_is_in_no_message(stub, monkeypatch, status, before):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    stub.misbehave(repeat(echo(status, before)))
    assert "sk-secret" not in str(await failure(stub))
