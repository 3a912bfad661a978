"""A real OpenAI-compatible server for tests: right by default, and wrong in the way it is told to be.

with Stub([http(500), None, hang]) as stub:   # the first and the third chat go wrong
    Server(url=stub.url)
    stub.misbehave(itertools.repeat(reset))    # every chat from now on
    stub.misbehave(lambda seen: hang if "Black" in str(seen.body) else None)
    stub.misbehave()                           # healthy again
"""

import asyncio
import hashlib
import random
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Self

import orjson
from aiohttp import web

from simrun.agents.backends.scripted import invent

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a request in some wrong way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came in."""

    at: float
    """Monotonic time, seconds."""
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    """{} for a request without one."""


Faults = Iterable[Fault | None] | Callable[[Seen], Fault | None]
"""One for each chat to come, None for a right answer; or what picks one by the request. Past the end all is well."""


class Stub:
    """The server, on a free port of 127.0.0.1, in a thread with an event loop of its own."""

    def __init__(self, faults: Faults = (), *, models: tuple[str, ...] = ("stub",), key: str = ""):
        self.models, self.key = models, key
        self.listing: Fault | None = None
        """What `/v1/models` does wrong."""
        self.beside: dict[str, Fault] = {}
        """What it answers at other paths; 404 where nothing is said here."""
        self.seen: list[Seen] = []
        self.wrong: list[Fault] = []
        """The faults that chats met, in order."""
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stub", daemon=True)
        self.misbehave(faults)

    def misbehave(self, faults: Faults = ()) -> None:
        """What goes wrong from now on."""
        if callable(faults):
            self._fault: Callable[[Seen], Fault | None] = faults
        else:
            script = iter(faults)
            self._fault = lambda _: next(script, None)

    @property
    def chats(self) -> list[Seen]:
        """The requests for a chat, in order."""
        return [seen for seen in self.seen if seen.path == "/v1/chat/completions"]

    def __enter__(self) -> Self:
        self._thread.start()
        self._await(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _start(self) -> None:
        app = web.Application()
        app.add_routes(self.routes())
        # a handler that hangs ends when its client has gone, so that closing waits for nobody
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    def routes(self) -> list[web.RouteDef]:
        """All paths, the rest last."""
        own = [web.get("/v1/models", self._list), web.post("/v1/chat/completions", self._chat)]
        return [*own, web.get("/{path:.*}", self._other), web.post("/{path:.*}", self._other)]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        await self._note(request)
        if self.listing:
            return await self.listing(request)
        return self._locked(request) or web.json_response(
            {"object": "list", "data": [{"id": name} for name in self.models]}
        )

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        seen = await self._note(request)
        if fault := self._fault(seen):
            self.wrong.append(fault)
            return await fault(request)
        return self._locked(request) or web.json_response(completion(right(seen.body)))

    async def _other(self, request: web.Request) -> web.StreamResponse:
        if request.path not in self.beside:
            return web.Response(status=404, text="404: Not Found")
        await self._note(request)
        return await self.beside[request.path](request)

    async def _note(self, request: web.Request) -> Seen:
        raw = await request.read()
        self.seen.append(Seen(time.monotonic(), request.path, request.headers.copy(), orjson.loads(raw) if raw else {}))
        return self.seen[-1]

    def _locked(self, request: web.Request) -> web.Response | None:
        right_key = not self.key or request.headers.get("Authorization") == f"Bearer {self.key}"
        return None if right_key else web.Response(status=401, text="Incorrect API key provided.")


def right(body: Mapping[str, Any]) -> str:
    """A valid answer: JSON where a schema asks for it. The same request is always answered the same."""
    shape = body.get("response_format")
    rng = random.Random(hashlib.blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest())
    return invent(shape["json_schema"]["schema"] if shape else None, rng)


def completion(content: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion."""
    return {
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}},
    }


def said(content: str | None, finish: str = "stop", **message: Any) -> Fault:
    """A completion whose content is wrong."""
    return raw(orjson.dumps(completion(content, finish, **message)))


def raw(body: bytes, status: int = 200) -> Fault:
    """This body, as it is."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return answer


def http(status: int, text: str = "out of order", retry_after: object = None) -> Fault:
    """An HTTP error."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, text=text, headers={} if retry_after is None else {"Retry-After": str(retry_after)}
        )

    return answer


def echo(status: int, before: int = 0) -> Fault:
    """A body that gives the request's key away, after this many other bytes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="." * before + request.headers["Authorization"])

    return answer


async def hang(_: web.Request) -> web.StreamResponse:
    """No answer."""
    await asyncio.sleep(3600)
    raise AssertionError("the client waited for an hour")


def unhurried(seconds: float) -> Callable[[Seen], Fault]:
    """A model that takes its time, and then answers as it should."""

    def fault(seen: Seen) -> Fault:
        async def answer(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(seconds)
            return web.json_response(completion(right(seen.body)))

        return answer

    return fault


async def reset(request: web.Request) -> web.StreamResponse:
    """A connection that is reset in the middle of the body."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [{"message"')
    assert request.transport is not None
    # without lingering, closing sends RST and not FIN
    request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return response


def a_third(faults: Iterable[Fault], seed: int) -> Iterator[Fault | None]:
    """A random third of requests goes wrong, in every way in turn."""
    rng, turn = random.Random(seed), cycle(faults)
    while True:
        yield next(turn) if rng.random() < 1 / 3 else None


OPENAI = (
    '{"error":{"message":"This model\'s maximum context length is 4097 tokens. However, your messages resulted in 5000 '
    'tokens.","code":"context_length_exceeded"}}'
)
LLAMA = (
    '{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context '
    'size","type":"exceed_context_size_error"}}'
)
SGLANG = (
    '{"object":"error","message":"The input (5000 tokens) is longer than the model\'s context length (4096 '
    'tokens).","type":"BadRequestError","code":400}'
)
GEMINI = (
    '{"error":{"code":400,"message":"The input token count (1300000) exceeds the maximum number of tokens allowed '
    '(1048575).","status":"INVALID_ARGUMENT"}}'
)
AZURE = (
    '{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI\'s content management '
    'policy.","type":null,"param":"prompt","code":"content_filter","status":400}}'
)

PASSING = {
    "500": (http(500), "server"),
    "503": (http(503, retry_after=0.02), "server"),
    "503 that names a policy": (http(503, "Overloaded. https://example.org/content_policy"), "server"),
    "429": (http(429, retry_after=0.02), "rate_limit"),
    "hang": (hang, "timeout"),
    "reset": (reset, "connection"),
    "truncated JSON": (raw(b'{"choices": [{"mess'), "malformed"),
    "no completion": (raw(b'{"object": "list", "data": []}'), "malformed"),
    "no choices": (raw(b'{"choices": []}'), "malformed"),
    "no message": (raw(b'{"choices": [{"message": "hello"}]}'), "malformed"),
    "HTML": (raw(b"<html>Bad gateway</html>"), "malformed"),
    "not UTF-8": (raw(b"\xff\xfe"), "malformed"),
}
"""Faults that may be over the next time, and the kind of error when they are not."""
FINAL = {
    "401": (http(401), "auth"),
    "403": (http(403), "auth"),
    "404": (http(404, "no such model"), "request"),
    "context, OpenAI and vLLM": (http(400, OPENAI), "context"),
    "context, llama.cpp": (http(400, LLAMA), "context"),
    "context, SGLang": (http(400, SGLANG), "context"),
    "context, Gemini": (http(400, GEMINI), "context"),
}
"""Faults that the same request would meet again, and the kind of error."""
MODEL = {
    "empty": (said(""), ("stop", "unreadable")),
    "null": (said(None), ("stop", "unreadable")),
    "another shape": (said('{"colour": "blue"}'), ("stop", "unreadable")),
    "out of range": (said('{"score": 11}'), ("stop", "unreadable")),
    "length": (said('{"sco', finish="length"), ("length", "truncated")),
    "content filter": (said("I", finish="content_filter"), ("refused", "refused")),
    "refusal": (said(None, refusal="I would rather not."), ("refused", "refused")),
    "refusal in prose": (said("I'm sorry, but I can't help with that."), ("stop", "refused")),
    "prompt blocked": (http(400, AZURE), ("refused", "refused")),
}
"""What a model may do wrong when it is asked for a number: how the answer ends, and the problem of the reply."""
