"""`simrun doctor`: what can run on this machine, and why not the rest."""

import json
import os
import platform
import shutil
import subprocess

from simrun.cli.command import DONE, Command
from simrun.cli.telling import tell


class Doctor(Command):
    """Say what can run on this machine, and what the rest would need."""

    name = "doctor"

    def run(self, as_json: bool) -> int:
        """What is missing is no failure of this command."""
        told = examined()
        tell(
            json.dumps(told) if as_json else "\n".join(f"{name:10} {finding}" for name, finding in told.items()),
            as_json,
        )
        return DONE


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
