"""What backend=batch takes for N one-call episodes in flight, against an endpoint of our own that answers at once.

python benchmarks/batches.py [N ...]      # 1000 10000 50000 when not given

Each N is a process of its own, the endpoint another: peak memory is the client's alone. Cost is a ratio too: seconds an
episode against those of the same run by rules (backend=scripted), in the same process before it.
"""

import asyncio
import hashlib
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from simrun.agents.backends.scripted import invent
from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.plan.design import planned
from simrun.play import session

CASES, ARMS = 20, 2


async def _serve(told: Connection) -> None:
    files, batches = dict[str, bytes](), dict[str, dict[str, Any]]()

    async def upload(request: web.Request) -> web.Response:
        form = await request.post()
        part = form["file"]
        assert isinstance(part, web.FileField)
        files[one := f"file-{len(files)}"] = part.file.read()
        return web.json_response({"id": one})

    async def begin(request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())
        one = f"batch-{len(batches)}"
        files[f"{one}-output"] = b"\n".join(map(_answered, files[asked["input_file_id"]].splitlines()))
        batches[one] = {"id": one, "status": "completed", "output_file_id": f"{one}-output", **asked}
        return web.json_response(batches[one])

    async def look(request: web.Request) -> web.Response:
        return web.json_response(batches[request.match_info["id"]])

    async def content(request: web.Request) -> web.Response:
        return web.Response(body=files[request.match_info["id"]])

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "own"}]})

    app = web.Application(client_max_size=2**30)
    app.add_routes([web.post("/v1/files", upload), web.get("/v1/files/{id}/content", content)])
    app.add_routes([web.post("/v1/batches", begin), web.get("/v1/batches/{id}", look), web.get("/v1/models", models)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.send(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    await asyncio.Event().wait()


def _answered(line: bytes) -> bytes:
    request = orjson.loads(line)
    form = request["body"].get("response_format")
    rng = random.Random(hashlib.blake2b(line).digest())
    text = invent(form["json_schema"]["schema"] if form else None, rng)
    body = {
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 700, "completion_tokens": 20},
    }
    return orjson.dumps({"custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}})


def _endpoint(told: Connection) -> None:
    asyncio.run(_serve(told))


def _played(*backend: str, repeats: int) -> tuple[float, Path, int]:
    """Seconds to play so many repeats, before tables are made; the run's folder; its episodes."""
    out = tempfile.mkdtemp()
    asked = ["scenario=recruitment", "scenario.mode=screen", f"cases={CASES}", f"repeats={repeats}", f"out={out}"]
    asked += ["vary.candidate.gender=[man,woman]", "design.controls=[]", *backend]
    config, folders = compose(asked, {}, None)
    plan = planned(config, catalogue(folders))
    began = time.perf_counter()
    done = session.start(plan, None)  # type: ignore[arg-type]
    assert done.manifest.complete, done.stopped
    return time.perf_counter() - began, done.path, done.manifest.owed


def _client(url: str, repeats: int, told: Connection) -> None:
    rules, _, _ = _played("backend=scripted", repeats=min(repeats, 100))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, path, episodes = _played("backend=batch", f"backend.url={url}", "backend.poll=0.2", repeats=repeats)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = sum(file.stat().st_size for file in path.glob("batches/*/*"))
    batches = len(list(path.glob("batches/*/*.json")))
    told.send((episodes, batches, before, most, seconds, rules * max(repeats, 100) / 100, kept))


def main() -> None:
    """One line for each N."""
    several = [int(each) for each in sys.argv[1:]] or [1_000, 10_000, 50_000]
    spawn = multiprocessing.get_context("spawn")
    print(f"{'episodes':>9} {'batches':>8} {'peak MB':>8} {'KB each':>8} {'s':>7} {'x rules':>8} {'kept MB':>8}")
    for number in several:
        here, there = spawn.Pipe()
        endpoint = spawn.Process(target=_endpoint, args=(there,), daemon=True)
        endpoint.start()
        url = here.recv()
        client = spawn.Process(target=_client, args=(url, max(1, number // (CASES * ARMS)), there))
        client.start()
        episodes, batches, before, most, seconds, rules, kept = here.recv()
        client.join()
        endpoint.terminate()
        each, cost = (most - before) / episodes, seconds / rules
        print(f"{episodes:9} {batches:8} {most / 1024:8.0f} {each:8.1f} {seconds:7.1f} {cost:8.2f} {kept / 1e6:8.1f}")


if __name__ == "__main__":
    main()
