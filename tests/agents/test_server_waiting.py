"""How long a server is waited for: one that says when to come again, and one that loads its model, one that moved."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from typing import Any

import pytest
from aiohttp import web
from shapes import one, openai, rows
from stub import Stub, http
from test_server import chat, failure, opened, unopened
from test_server_shapes import AGAIN, lasting


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
    stub.misbehave([http(429, openai(f"Rate limit reached. {said}", "rate_limit_exceeded"))])
    async with opened(stub) as server:
        await server.reply(chat())
    first, second = (seen.at for seen in stub.chats)
    assert 0.3 <= second - first < 0.7


@rows("loading")
async def test_a_model_that_is_loading_is_waited_for_beyond_retries_and_deadline(stub, shape, capfd):
    stub.misbehave([*repeat(http(shape.status, shape.body, retry_after=0.1), 8)])
    async with opened(stub, retries=1, deadline=0.5) as server:
        answer = await server.reply(chat())
    assert (answer.attempts, len(stub.chats)) == (1, 9)
    assert capfd.readouterr().err.count("is loading its model") == 1


async def test_it_is_waited_for_at_the_start_as_well(stub):
    stub.listing = http(503, one("loading", "llama.cpp").body, retry_after=0.05)
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
    fault = http(503, one("loading", "llama.cpp").body, retry_after=0.05)
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
    assert await lasting(stub, http(500, '{"error": "error loading model: unable to allocate"}')) == ("server", AGAIN)


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
