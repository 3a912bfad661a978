"""Chat templates that take no system role, or want user and assistant by turns."""

import asyncio
from itertools import pairwise, repeat
from typing import Any

import orjson
import pytest
from shapes import Shape, one, rows
from stub import Seen
from test_server import chat, failure, opened

from simrun.agents.backends.manners import Manners
from simrun.agents.backends.server import Server
from simrun.agents.records import Message
from simrun.agents.reply import Reply
from simrun.scenarios.clinic.moves import Rating


def template(system: bool, runs: bool, refusal: Shape) -> Any:
    """A server whose chat template lacks a system role, or wants turns."""

    def fault(seen: Seen) -> Any:
        roles = [message["role"] for message in seen.body["messages"]]
        in_a_row = any(one == other for one, other in pairwise(roles))
        return refusal.fault() if (not system and "system" in roles) or (not runs and in_a_row) else None

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


@rows("roles")
async def test_a_template_that_refuses_roles_is_given_others(stub, shape):
    lacks = shape.way
    stub.misbehave(template(lacks == "runs", lacks == "system", shape))
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
    stub.misbehave(template(False, False, one("roles", "TGI")))
    talk = chat().model_copy(update={"messages": TALK})
    async with opened(stub) as server:
        told = await asyncio.gather(*(server.reply(talk) for _ in range(20)))
    assert len({answer.text for answer in told}) == 1


async def test_a_template_that_takes_nothing_at_all_is_told(stub):
    stub.misbehave(repeat(one("roles", "Gemma, llama.cpp").fault()))
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


def test_a_copy_of_a_message_takes_nothing_along_that_was_made_of_the_first():
    message = Message(role="system", content="Be ill.")
    assert orjson.loads(orjson.dumps(message.encoded)) == {"role": "system", "content": "Be ill."}
    assert orjson.loads(orjson.dumps(message.model_copy(update={"role": "user"}).encoded))["role"] == "user"


async def test_a_copy_of_a_backend_has_connections_of_its_own_unless_those_are_open(stub):
    server = Server(url=stub.url)
    assert server.identity()["model"] == ""  # it looks at what it has
    assert server.model_copy(update={"temperature": 0})._at is not server._at
    await server.open()
    try:
        colder = server.model_copy(update={"temperature": 0})
        assert (await colder.reply(chat())).text
        assert stub.seen[-1].body["temperature"] == 0
    finally:
        await server.close()
