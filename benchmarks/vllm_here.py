"""Where the benchmarks find a vLLM: the environment that the marked tests make."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "agents"))

from vllm_venv import ENVIRONMENT, Home

from simrun.agents.backends.local.weights import cache

SMALL = {"distributed_executor_backend": "uni"}
"""Engine options: one process less on a CPU."""


def here() -> Home:
    """The environment, its variables set for this process and those that it starts;
    exits with what to do where there is none."""
    found = Home(Path(os.environ.get("SIMRUN_VLLM_VENV") or cache() / "vllm-venv"))
    if not (found.folder / ".made").exists():
        sys.exit(
            f"no vLLM in {found.folder}: make it with `python tests/agents/vllm_venv.py` (four minutes, "
            "3 GB), or set SIMRUN_VLLM_VENV"
        )
    os.environ.update(ENVIRONMENT)
    return found
