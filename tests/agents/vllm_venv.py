"""An environment of its own with vLLM for CPUs and a real small model in Hugging Face's layout; made once, and kept.

    python tests/agents/vllm_venv.py    # makes it where it is missing, and prints its folder

SIMRUN_VLLM_VENV says where; else it is in the cache folder. It takes about four minutes and 4 GB.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from simrun.agents.backends.local.weights import SMOLLM2, cache, resolve
from simrun.agents.backends.vllm.engine import CPU

ROOT = Path(__file__).resolve().parents[2]
BROKEN = ("torchvision", "torchaudio", "torchcodec")
"""Come along as CUDA builds, and break the import of vLLM."""
ENVIRONMENT = {
    # one process less, and 15 s less to start, than vLLM's own choice for CPUs
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # two threads that wait for each other are slower than one wherever somebody else is at work on one of two cores
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "1" if (os.cpu_count() or 1) > 1 else "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1",
}
CONVERT = """
import sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

folder, file, into = sys.argv[1:]
plain = {"gguf_file": file, "dtype": torch.float32, "quantization_config": GgufConfig(dequantize=True)}
model = AutoModelForCausalLM.from_pretrained(folder, **plain)
model.hf_quantizer = None
vars(model.config).pop("quantization_config", None)  # what is saved is not quantised any more
model.save_pretrained(into)
AutoTokenizer.from_pretrained(folder, gguf_file=file).save_pretrained(into)
"""


@dataclass(frozen=True)
class Home:
    """Where vLLM lives."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that has vLLM and simrun."""
        return self.folder / "bin" / "python"

    @property
    def model(self) -> Path:
        """SmolLM2-135M-Instruct, float32, unless SIMRUN_VLLM_MODEL names another folder."""
        return Path(os.environ.get("SIMRUN_VLLM_MODEL") or self.folder / "smollm2-135m")

    @property
    def environment(self) -> dict[str, str]:
        """Variables for every process that loads it."""
        return os.environ | ENVIRONMENT


def home() -> Home:
    """The environment, made if it is not there; what simrun depends on is brought up to date where that changed."""
    folder = Path(os.environ.get("SIMRUN_VLLM_VENV") or cache() / "vllm-venv")
    folder.mkdir(parents=True, exist_ok=True)
    found = Home(folder)
    with (folder / ".lock").open("w") as lock, contextlib.suppress(KeyboardInterrupt):
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, wanted = folder / ".made", (ROOT / "pyproject.toml").read_text()
        if not mark.exists():
            _made(found)
        if not mark.exists() or mark.read_text() != wanted:
            _pip(found, "install", "-e", f"{ROOT}")  # the code itself is read where it lies
            mark.write_text(wanted)
    return found


def _made(found: Home) -> None:
    venv.create(found.folder, with_pip=True)
    _pip(found, "install", CPU, "accelerate", "gguf")
    _pip(found, "uninstall", "-y", *BROKEN)
    weights = resolve(SMOLLM2)
    _ran(found, "-c", CONVERT, weights.parent, weights.name, found.model)


def _pip(found: Home, *arguments: str) -> None:
    _ran(found, "-m", "pip", "--quiet", *arguments)


def _ran(found: Home, *arguments: object) -> None:
    done = subprocess.run([found.python, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{found.python} {' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    print(home().folder)
    sys.exit(0)
