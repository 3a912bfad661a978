"""Launched servers: started, watched, named when they die, gone when the run is.

A small server stands in for vLLM's.
"""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from test_server import chat

from simrun.agents.backends.base import BackendError, Gauges
from simrun.agents.backends.launch import flags
from simrun.agents.backends.server import Server
from simrun.agents.backends.server.prometheus import gauges
from simrun.agents.backends.vllm.engine import explained

SERVER = """
import asyncio, json, os, sys
from aiohttp import web

arguments = sys.argv[1:]
model, port = (arguments[arguments.index(name) + 1] for name in ("--model", "--port"))
print("begun with", arguments, flush=True)
if model == "missing":
    sys.exit("OSError: missing is not a local folder and is not a valid model identifier")

@web.middleware
async def locked(request, handler):
    if request.path.startswith("/v1") and request.headers.get("Authorization") != "Bearer " + os.environ["VLLM_API_KEY"]:
        return web.Response(status=401)
    return await handler(request)

async def health(_): return web.Response()
async def models(_): return web.json_response({"data": [{"id": model, "owned_by": "vllm", "root": model, "max_model_len": 512}]})
async def version(_): return web.json_response({"version": "9.9"})
async def metrics(_): return web.Response(text='vllm:num_requests_running{engine="0"} 2.0\\n')
async def complete(_):
    said = json.dumps([os.environ.get("CUDA_VISIBLE_DEVICES"), port])
    return web.json_response({"choices": [{"message": {"content": said}, "finish_reason": "stop"}], "usage": {}})

app = web.Application(middlewares=[locked])
app.add_routes([web.get("/health", health), web.get("/v1/models", models), web.get("/version", version), web.get("/metrics", metrics)])
app.add_routes([web.post("/v1/chat/completions", complete)])
web.run_app(app, host="127.0.0.1", port=int(port), print=None)
"""


@pytest.fixture
def python(tmp_path: Path) -> str:
    """An interpreter whose vLLM is that server."""
    (tmp_path / "server.py").write_text(SERVER)
    script = tmp_path / "python"
    script.write_text(
        f'#!/bin/sh\nif [ "$1" = -c ]; then echo "vllm 9.9"; exit; fi\nshift 2\nexec {sys.executable} '
        f'{tmp_path / "server.py"} "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


def launched(python: str, **options) -> Server:
    return Server(**{"launch": True, "python": python, "model": "small", "backoff": 0.05, **options})


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return b") Z" not in Path(f"/proc/{process}/stat").read_bytes() if Path("/proc").is_dir() else True


async def test_a_server_for_each_gpu_and_the_arms_of_a_pair_on_one(python):
    server = launched(python, gpus=(0, 3))
    await server.open()
    processes = [each.process.pid for each in server._fleet.servers]
    try:
        told = []
        for session, pair in (("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b")):
            told.append((await server.reply(chat().model_copy(update={"session": session, "pair": pair}))).text[2])
        assert set(told) == {"0", "3"}
        assert told[0] == told[2]
        assert told[1] == told[3]
        about = server.identity()
        assert (about["engine"], about["context"], about["replicas"]) == ("vllm 9.9", 512, 2)
        assert await server.gauges() == Gauges(running=4)
    finally:
        await server.close()
    assert not any(map(alive, processes))


async def test_groups_of_gpus_hold_one_model_together(python):
    server = launched(python, gpus=(0, 1, 2, 3), engine={"tensor_parallel_size": 2})
    assert server.claims() == {f"gpu {gpu}": 0.9 for gpu in range(4)}
    await server.open()
    try:
        assert len(server._at.bases) == 2
        assert (await server.reply(chat())).text.startswith('["0,1"')
    finally:
        await server.close()
    with pytest.raises(ValueError, match="no whole groups"):
        launched(python, gpus=(0, 1, 2), engine={"tensor_parallel_size": 2})


async def test_a_server_that_dies_while_it_is_asked_is_named_with_its_end(python):
    server = launched(python)
    await server.open()
    try:
        os.kill(server._fleet.servers[0].process.pid, signal.SIGKILL)
        with pytest.raises(BackendError, match="was ended by SIGKILL") as raised:
            await server.reply(chat())
    finally:
        await server.close()
    assert raised.value.kind == "engine"
    assert "begun with" in str(raised.value)
    assert "simrun resume" in str(raised.value)


async def test_a_server_that_cannot_begin_is_named_with_its_error_and_the_way_out(python):
    server = launched(python, model="missing")
    with pytest.raises(BackendError, match="exit code 1") as raised:
        await server.open()
    assert "model not found" in str(raised.value)
    assert server._fleet is None


@pytest.mark.parametrize("interpreter", [sys.executable, "/nowhere/python"])
async def test_an_interpreter_without_vllm_is_told_what_to_install(interpreter):
    with pytest.raises(BackendError, match=r"backend\.python") as raised:
        await launched(interpreter).open()
    assert interpreter in str(raised.value)


def test_a_launched_server_does_not_outlive_a_run_that_is_killed(python, tmp_path):
    script = f"""
        import asyncio, sys
        from simrun.agents.backends.server import Server
        async def main():
            server = Server(launch=True, python={python!r}, model="small")
            await server.open()
            print(server._fleet.servers[0].process.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        process = int(run.stdout.readline())
        assert alive(process)
        run.kill()
    ends = time.monotonic() + 15
    while alive(process) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not alive(process)


async def test_a_server_that_has_gone_stops_the_run_and_a_reset_does_not():
    from stub import Stub, reset

    with Stub() as stub:
        server = Server(url=stub.url, retries=1, backoff=0.01)
        await server.open()
        stub.misbehave([reset, reset])
        with pytest.raises(BackendError) as raised:
            await server.reply(chat())
        assert raised.value.kind == "connection"
    try:
        with pytest.raises(BackendError, match="the server is down") as raised:
            await server.reply(chat())
    finally:
        await server.close()
    assert raised.value.kind == "engine"


async def test_several_addresses_share_the_calls():
    from stub import Stub

    with Stub() as one, Stub() as two:
        server = Server(url=[one.url, two.url])
        assert server.url == f"{one.url},{two.url}"
        await server.open()
        try:
            await asyncio.gather(
                *(server.reply(chat().model_copy(update={"session": str(number)})) for number in range(8))
            )
        finally:
            await server.close()
    assert (len(one.chats), len(two.chats)) == (4, 4)


def test_engine_options_become_flags():
    given = {
        "max_num_seqs": 8,
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "structured_outputs_config": {"backend": "guidance"},
        "a": None,
    }
    told = flags(given)
    assert told == [
        "--max-num-seqs",
        "8",
        "--enforce-eager",
        "--no-enable-prefix-caching",
        "--structured-outputs-config",
        '{"backend": "guidance"}',
    ]


def test_metrics_of_replicas_are_put_together():
    page = """# HELP vllm:num_requests_running Number of requests
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_waiting{engine="0",model_name="m"} 1.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.5
vllm:num_preemptions_total{engine="0",model_name="m"} 2.0
vllm:cache_config_info{block_size="16",num_gpu_blocks="100",engine="0"} 1.0
"""
    other = page.replace(" 0.5", " 0.25").replace(" 3.0", " 5.0")
    assert gauges([page, other]) == Gauges(running=8, waiting=2, kv_used=0.375, kv_tokens=3200, preemptions=4)


@pytest.mark.parametrize(
    ("said", "way"),
    [  # as vLLM 0.32.0 said it on an H200 that three engines loaded on at once
        ("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`", "raise"),
        ("AssertionError: Error in memory profiling. Initial free memory 107.85 GiB, current 138.73 GiB.", "again"),
        (
            "ValueError: Free memory on device (20/79 GiB) on startup is less than desired GPU memory utilization",
            "lower",
        ),
    ],
)
def test_memory_that_is_short_is_told_apart_by_what_helps(said, way):
    told = explained(said, "vLLM could not load M")
    assert told.endswith(said)
    found = [word for word in ("raise backend.memory", "start again", "lower backend.memory") if word in told]
    assert len(found) == 1
    assert way in found[0]
