"""Where the benchmarks find a vLLM: the environment that the marked tests make, or one of your own.

SIMRUN_VLLM_VENV names its folder: with bin/python, a model in smollm2-135m, and an empty file .made. On a machine with
a GPU that is what they run on, with vLLM's own choices there; SIMRUN_VLLM_MODEL names another model, and
SIMRUN_VLLM_ENGINE gives further options of the engine as JSON, such as {"load_format": "dummy"} for a model of which
only the shape is there.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "agents"))

from vllm_venv import ENVIRONMENT, Home

from simrun.agents.backends.local.weights import cache

GPU = any(Path("/dev").glob("nvidia[0-9]*"))
"""Whether vLLM runs on a GPU here."""
SMALL: dict[str, Any] = ({} if GPU else {"distributed_executor_backend": "uni"}) | json.loads(
    os.environ.get("SIMRUN_VLLM_ENGINE", "{}")
)
"""Engine options: one process less on a CPU, and what was given."""


def here() -> Home:
    """The environment, its variables set for this process and those that it starts;
    exits with what to do where there is none."""
    found = Home(Path(os.environ.get("SIMRUN_VLLM_VENV") or cache() / "vllm-venv"))
    if not (found.folder / ".made").exists():
        sys.exit(
            f"no vLLM in {found.folder}: make it with `python tests/agents/vllm_venv.py` (four minutes, "
            "3 GB), or set SIMRUN_VLLM_VENV"
        )
    if not GPU:
        os.environ.update(ENVIRONMENT)
    return found
