"""The same over HTTP: a real run on four real servers, of which each caches the prefixes that it has read.

    python benchmarks/routed.py [--json] [--small] [--real]

Three ways to share the calls out: a proxy that takes the servers in turn, simrun's own router over their addresses
(backend.url=[...]), and a proxy that does as session routers do (vLLM's, SGLang's, nginx, Envoy): a ring of hashes, on
which the header that backend.session_header names has its place. The servers are ours and run no model: they count.
A prompt is cut into blocks of 64 characters (16 tokens, at 4 characters a token); each block is known by all that
stands before its end, and the one longest unused is put out where there is no room. `hit` is the share of prompt
tokens that a server had; `busiest` how many times its share of the prompt tokens the busiest server read. With
--real, two routers that others have made stand in the proxy's place too (pip install vllm-router sglang-router), with
the header that they read and without it.
"""

import asyncio
import bisect
import logging
import random
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import count, product
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from timed import least, main, most

from simrun import run
from simrun.agents.backends.scripted import invent

SERVERS, BLOCK, POINTS = 4, 64, 100
"""Servers, characters of a block, and places that a server has on the ring."""
HEADER = "X-Session-ID"
SECONDS = 0.01
"""That an answer takes, so that episodes are in flight together."""
MEMORY = {"ample": 10**9, "little": 150}
"""Blocks that a server holds."""
RUN = ("scenario=clinic", "backend=server", "vary.patient.ethnicity=[White,Black]", "design.controls=[]")

Chooser = Callable[[web.Request], int]


class Counting:
    """A server that answers at once by chance, and counts what of each prompt it has read before."""

    def __init__(self, room: int):
        self.room, self.held = room, OrderedDict[bytes, None]()
        self.asked = self.found = 0

    def read(self, messages: list[dict[str, Any]]) -> int:
        """How many characters of a prompt were there; what was not is from now on."""
        text = "".join(f"\n{each['role']}: {each['content']}" for each in messages).encode()
        known, digest, cached = True, blake2b(digest_size=8), 0
        for end in range(BLOCK, len(text) + 1, BLOCK):
            digest.update(text[end - BLOCK : end])
            name = digest.digest()
            known = known and name in self.held
            cached += BLOCK * known
            self.held[name] = None
            self.held.move_to_end(name)
        while len(self.held) > self.room:
            self.held.popitem(last=False)
        self.asked, self.found = self.asked + len(text), self.found + cached
        return cached

    async def chat(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        cached = self.read(body["messages"])
        await asyncio.sleep(SECONDS)
        shape = body.get("response_format")
        rng = random.Random(blake2b(orjson.dumps([body["messages"], body["seed"]]), digest_size=8).digest())
        said = invent(shape["json_schema"]["schema"] if shape else None, rng)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens_details": {"cached_tokens": cached // 4}}
        return web.json_response({"object": "chat.completion", "choices": [choice], "usage": usage})


class Proxy:
    """Passes each chat on to the server that is chosen for it."""

    def __init__(self, urls: list[str], choose: Chooser):
        self.urls, self.choose = urls, choose

    async def chat(self, request: web.Request) -> web.Response:
        url = f"{self.urls[self.choose(request)]}/chat/completions"
        async with request.app[CLIENT].post(url, data=await request.read()) as response:
            return web.Response(body=await response.read(), status=response.status, content_type="application/json")


CLIENT = web.AppKey("client", aiohttp.ClientSession)


def in_turn() -> Chooser:
    """The next server, whoever asks."""
    turn = count()
    return lambda _: next(turn) % SERVERS


def ring() -> Chooser:
    """Consistent hashing: the first of the servers' places at or after that of the header."""
    places = sorted((_place(f"{server}/{point}"), server) for server in range(SERVERS) for point in range(POINTS))

    def choose(request: web.Request) -> int:
        at = bisect.bisect(places, (_place(request.headers[HEADER]), -1))
        return places[at % len(places)][1]

    return choose


def _place(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())


PROXIES: dict[str, Callable[[], Chooser]] = {"in turn": in_turn, "by header": ring}
REAL = {
    "vllm-router": (["vllm-router", "--policy", "consistent_hash"], HEADER),
    "sglang-router": (["sglang-router", "launch", "--policy", "manual"], "X-SMG-Routing-Key"),
}
"""How they are started, and the header that they read."""


@contextmanager
def served(room: int, policy: str) -> Iterator[tuple[list[Counting], str]]:
    """The servers, and what backend.url is; in a thread of their own."""
    loop, servers = asyncio.new_event_loop(), [Counting(room) for _ in range(SERVERS)]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[list[web.AppRunner], list[str]]:
        runners = [await _listening(each.chat) for each in servers]
        urls = [_address(each) for each in runners]
        if policy in PROXIES:
            runners.append(await _listening(Proxy(urls, PROXIES[policy]()).chat))
            urls = [_address(runners[-1])]
        return runners, urls

    async def stop(runners: list[web.AppRunner]) -> None:
        for each in reversed(runners):
            await each.cleanup()

    runners, urls = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        with routed(policy.removesuffix(" without"), urls) as url:
            yield servers, url
    finally:
        asyncio.run_coroutine_threadsafe(stop(runners), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def routed(name: str, urls: list[str]) -> Iterator[str]:
    """What backend.url is: the address of a real router, started in front of the servers; else theirs."""
    if name not in REAL:
        yield f"[{','.join(urls)}]"
        return
    ports = [_free(), _free()]
    workers = ["--worker-urls", *(url.removesuffix("/v1") for url in urls)]
    where = ["--host", "127.0.0.1", "--port", str(ports[0]), "--prometheus-port", str(ports[1])]
    quiet = subprocess.DEVNULL
    router = subprocess.Popen([*REAL[name][0], *workers, *where], stdout=quiet, stderr=quiet)
    try:
        url = f"http://127.0.0.1:{ports[0]}/v1"
        for _ in range(120):
            with suppress(OSError), urllib.request.urlopen(f"{url}/models", timeout=2):
                break
            time.sleep(0.5)
        yield url
    finally:
        router.terminate()
        router.wait(30)


def _free() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


async def _listening(chat: Callable[[web.Request], Any]) -> web.AppRunner:
    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "counting"}], "model_path": "counting"})

    async def client(app: web.Application) -> Any:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app[CLIENT]:
            yield

    app = web.Application(client_max_size=2**26)
    healthy = web.get("/{path:.*}", models)  # whatever a router asks of a server's health
    app.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", chat), healthy])
    app.cleanup_ctx.append(client)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


def _address(runner: web.AppRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"


def share(room: int, policy: str, small: bool) -> dict[str, float]:
    """Play a run, and count."""
    size = ("cases=12", "repeats=1", "concurrency=16") if small else ("cases=40", "repeats=4", "concurrency=64")
    with served(room, policy) as (servers, url), tempfile.TemporaryDirectory() as out:
        header = [] if policy.endswith("without") else [f"backend.session_header={REAL.get(policy, ('', HEADER))[1]}"]
        done = run(*RUN, *size, f"url={url}", "model=counting", *header, f"out={out}")
        assert done.complete, done.episodes
        calls = len(done.calls)
    asked = [each.asked for each in servers]
    return {
        "calls": calls,
        "hit": round(sum(each.found for each in servers) / sum(asked), 4),
        "busiest": round(max(asked) / sum(asked) * SERVERS, 3),
    }


def measure(small: bool, tell: Callable[[str], None], real: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A row for each memory and policy, and how they compare."""
    rows, policies = {}, ["in turn", "ours", "by header"]
    for name in REAL if real else ():
        policies += [name, f"{name} without"]
    logging.getLogger("aiohttp.server").disabled = True  # a router tries HTTP/2 first
    for (memory, room), policy in product(MEMORY.items(), policies):
        rows[f"{memory}, {policy}"] = share(room, policy, small)
        tell(f"{memory}, {policy}: {rows[f'{memory}, {policy}']}")
    goals = {}
    for memory in MEMORY:
        turn, ours, header = (rows[f"{memory}, {policy}"]["hit"] for policy in ("in turn", "ours", "by header"))
        # what is not cached has to be read: that is the work
        goals[f"{memory}: tokens to read, ours, of in turn's"] = most((1 - ours) / (1 - turn), 0.9)
        goals[f"{memory}: tokens to read, by header, of in turn's"] = most((1 - header) / (1 - turn), 0.9)
        goals[f"{memory}: hit, ours, less by header's"] = least(ours - header, -0.02)
    return {"http": rows}, goals


if __name__ == "__main__":
    main(__doc__, measure, {"real": "with vllm-router and sglang-router too"})
