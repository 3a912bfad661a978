"""`simrun doctor`: what can run on this machine, and why not the rest."""

import json
import os
import platform
import shutil
import subprocess
from typing import Annotated, Self

from pydantic import model_validator

from simrun.cli.command import DONE, Command, Value
from simrun.cli.telling import tell


class Doctor(Command):
    """Say what can run on this machine, and what the rest would need; with url= what a server is, and what it needs."""

    name = "doctor"
    url: Annotated[str, Value("URL")] = ""
    """An OpenAI-compatible server, such as http://127.0.0.1:8000/v1: it is asked a few small questions."""
    model: Annotated[str, Value("NAME")] = ""
    """The model's name there; may be left out when the server has only one."""
    key_env: Annotated[str, Value("VARIABLE")] = "OPENAI_API_KEY"
    """Environment variable that holds the server's key."""

    @model_validator(mode="after")
    def _of_a_server(self) -> Self:
        if not self.url and self.model_fields_set & {"model", "key_env"}:
            raise ValueError("model and key_env belong to a server: give url=URL too")
        return self

    def run(self, as_json: bool) -> int:
        """What is missing is no failure of this command; a server that does not answer is one."""
        told = self._server() if self.url else examined()
        lines = "\n".join(f"{name:10} {finding}" for name, finding in told.items())
        tell(json.dumps(told) if as_json else lines, as_json)
        return DONE

    def _server(self) -> dict[str, str]:
        from simrun.agents.backends.server import Server
        from simrun.stage.drive import anywhere

        async def asked() -> dict[str, str]:
            own = {"url": self.url, "model": self.model, "listed": False, "key_env": self.key_env}
            server = Server(**own, max_tokens=64, retries=1)
            await server.open()
            try:
                return await server.examined()
            finally:
                await server.close()

        return anywhere(asked())


def examined() -> dict[str, str]:
    """Machine, device, weights, and for each backend whether it can run here or what is missing."""
    from simrun.config.menus import backends

    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    machine = {
        "machine": f"{os.cpu_count()} cores, {_memory()}, {system}",
        "device": _gpus(),
        "weights": _weights(),
    }
    return machine | {name: kind.usable() or "usable" for name, kind in backends().items()}


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB memory"
    except (ValueError, OSError):
        return "memory unknown"


def _weights() -> str:
    from simrun.agents.backends.local.weights import SMOLLM2, cache

    if any(cache().glob("*.gguf")):
        return f"{SMOLLM2} is in {cache()}"
    return f"{SMOLLM2} is not cached in {cache()} yet; it is fetched at the first run (93 MB)"


def _gpus() -> str:
    if not shutil.which("nvidia-smi"):
        return "CPU only: no nvidia-smi on the path"
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    names = done.stdout.strip().replace("\n", "; ")
    if done.returncode == 0 and names:
        return names
    return f"no GPU: nvidia-smi says {(done.stdout + done.stderr).strip()[:120]!r}"
