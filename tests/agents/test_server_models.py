"""Names of models, and the lists of those that a server has."""

from typing import Any

import orjson
import pytest
from stub import raw
from test_server import chat, opened, unopened

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
