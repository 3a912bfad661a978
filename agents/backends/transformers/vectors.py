"""Steering vectors, read from safetensors files and written to them: no pickle is ever opened."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simrun.agents.backends.local.weights import digest
from simrun.agents.steering import NOTED, Fitted, Steer, fitted, key

Vector = NDArray[np.float32]


def save(file: Path, vectors: Mapping[int, Vector], about: Fitted) -> None:
    """Write the vector of each layer, with what is said of them."""
    from safetensors.numpy import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {key(layer): np.ascontiguousarray(vector, dtype=np.float32) for layer, vector in vectors.items()}
    save_file(whole, file, metadata={NOTED: about.model_dump_json()})


def load(steer: Steer, model: str, width: int) -> Vector:
    """What is added at a dose of 1, (width,): the vector of a layer, or a random one of its length.

    ValueError for a file that is another than the run was asked for with, of another model, or of a wrong size.
    """
    from safetensors.numpy import load_file

    file = Path(steer.vector).expanduser()
    about = fitted(file)
    about.check(steer.vector, model, width, steer.layer)
    if steer.sha256 and (found := digest(file)) != steer.sha256:
        raise ValueError(
            f"steer.vector={file} has sha256 {found[:16]}, and the run was asked for with {steer.sha256[:16]}: put "
            "that file back, or begin a new run"
        )
    vector = load_file(file)[key(about.layer if steer.layer is None else steer.layer)]
    if vector.shape != (width,):
        raise ValueError(f"steer.vector={file}: a vector of shape {vector.shape}, where ({width},) is needed")
    return alike(vector, (steer.seed or 0, steer.random)) if steer.random else vector


def alike(vector: Vector, seed: tuple[int, int]) -> Vector:
    """A vector of the same length in a random direction, each as likely as any other."""
    drawn = np.random.default_rng(seed).standard_normal(vector.shape)
    made: Vector = (drawn * (np.linalg.norm(vector) / np.linalg.norm(drawn))).astype(np.float32)
    return made
