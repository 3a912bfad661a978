"""Files of steering vectors, written by hand: what reads them is tested without torch."""

import json
from pathlib import Path

import numpy as np

from simrun.agents.steering import NOTED, Fitted, Layer

LAYER = Layer(norm=1.0, stream=10.0, auc=0.8, low=0.6, high=0.9)


def about(model: str = "a" * 64, width: int = 32, layers: int = 3, layer: int = 1) -> Fitted:
    """What such a file says of itself."""
    return Fitted(
        model=model,
        name="tiny",
        width=width,
        layer=layer,
        layers=dict.fromkeys(range(layers), LAYER),
        contrast="patient.ethnicity=Black, against patient.ethnicity=White",
        scenario="clinic vignette",
        pairs=8,
        held_out=8,
        cases=("one", "two"),
        seed=0,
        simrun="0",
    )


def written(file: Path, told: Fitted | None = None, seed: int = 0) -> Path:
    """A safetensors file: the length of its header, the header, the numbers. Layer after layer, drawn by a seed."""
    told = told or about()
    vectors = np.random.default_rng(seed).standard_normal((len(told.layers), told.width)).astype("<f4")
    size = told.width * 4
    tensors = {
        f"layer.{at}": {"dtype": "F32", "shape": [told.width], "data_offsets": [at * size, (at + 1) * size]}
        for at in told.layers
    }
    header = json.dumps({"__metadata__": {NOTED: told.model_dump_json()}, **tensors}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + vectors.tobytes())
    return file
