"""What `simrun list` and `simrun doctor` know."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from simrun.agents.backends.weights import SMOLLM2, cache
from simrun.catalogue import backends, catalogue, metrics, scenarios

MENUS = ("scenarios", "biases", "axes", "mitigations", "backends", "metrics")


def menu(name: str, config_dir: str | None = None) -> dict[str, str]:
    """Entries of one menu, each with what it says of itself."""
    match name:
        case "scenarios":
            return {key: kind.about for key, kind in scenarios().items()}
        case "backends":
            return {key: _first(kind) for key, kind in backends().items()}
        case "metrics":
            return dict(metrics())
        case "mitigations":
            return {key: measure.about for key, measure in catalogue([Path(config_dir)] if config_dir else []).mitigations.items()}
        case "axes":
            axes = catalogue([Path(config_dir)] if config_dir else []).axes
            return {
                key: f"{axis.about} Levels: {', '.join(axis.levels)}{', or any other' if axis.open else ''}." for key, axis in axes.items()
            }
        case _:
            return {key: bias.about for key, bias in catalogue([Path(config_dir)] if config_dir else []).biases.items()}


def _first(kind: type) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def examined() -> dict[str, str]:
    """Machine, device, weights, and for each backend whether it can run here or what is missing."""
    found = {
        "machine": f"{os.cpu_count()} cores, {_memory()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        "device": _gpus(),
        "weights": f"{SMOLLM2} is in {cache()}"
        if any(cache().glob("*.gguf"))
        else f"{SMOLLM2} is not cached in {cache()} yet; it is fetched at the first run (93 MB)",
    }
    return found | {name: kind.usable() or "usable" for name, kind in backends().items()}


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB memory"
    except (ValueError, OSError):
        return "memory unknown"


def _gpus() -> str:
    if not shutil.which("nvidia-smi"):
        return "CPU only: no nvidia-smi on the path"
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    names = done.stdout.strip().replace("\n", "; ")
    return names if done.returncode == 0 and names else f"no GPU: nvidia-smi says {(done.stdout + done.stderr).strip()[:120]!r}"
