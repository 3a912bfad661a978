"""A direction in a model's activations that is added to them at a dose, and what the file that holds it says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from simrun.agents.backends.local.weights import digest
from simrun.agents.records import Record

NOTED = "simrun"
"""The key of a safetensors file's metadata under which ours stand, as JSON."""
LARGEST = 10**8
"""Bytes of a header at most, as the format itself has it."""
FIT = "simrun steer fit FILE.safetensors ..."


class Steer(Record):
    """dose x vector, added to the residual stream after one block, at every position that is read or written."""

    vector: str = ""
    """A file that `simrun steer fit` wrote (safetensors); "" for nothing."""
    layer: int | None = Field(None, ge=0)
    """After which block it is added, the first being 0; the one that the file names when not given."""
    dose: float = Field(1, allow_inf_nan=False)
    """How many times: 1 moves what one side of the fitted contrast is on average to the other, -1 the other way, and 0
    leaves the model as it is, bit by bit."""
    random: int = Field(0, ge=0)
    """A random direction of the same length in its place, the placebo: which one of those that the seed draws; 0 is
    the vector itself."""
    seed: int | None = Field(None, ge=0)
    """What random directions are drawn by; the run's own seed when not given."""
    sha256: str = ""
    """Of the file. A run notes it when it is asked for, and refuses another file from then on."""

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if not self.vector and (self.dose != 1 or self.random or self.layer is not None):
            raise ValueError(f"steer has no vector to add; give steer.vector=FILE, which is made by {FIT}")
        return self

    @property
    def acts(self) -> bool:
        """Whether anything is added."""
        return bool(self.vector) and self.dose != 0

    def told(self) -> str:
        """What makes chats of the same words different chats: vector, layer and dose; "" where nothing is added."""
        drawn = f" random {self.random} of {self.seed}" if self.random else ""
        return f"{self.sha256} layer {self.layer} dose {self.dose!r}{drawn}" if self.acts else ""


class Layer(Record):
    """The vector of one layer, and how well it tells the held-out pairs apart."""

    norm: float
    """Its Euclidean length, in the model's own units."""
    stream: float
    """Mean length of what it is added to."""
    auc: float
    """Chance that of two held-out prompts, one of each side, the one of the vector's side lies further along it: 0 to
    1, .5 is chance."""
    low: float | None
    """Of a 95 % interval over held-out cases; None where it cannot be told."""
    high: float | None


class Fitted(Record):
    """What a file of vectors says of itself."""

    model: str
    """sha256 of the weights."""
    name: str
    """What the model was called."""
    width: int
    layer: int
    """The one that is steered unless a run says another."""
    layers: Mapping[int, Layer]
    contrast: str
    """Which side the vectors lead to, and from which."""
    scenario: str
    pairs: int
    """Pairs of prompts whose differences were averaged."""
    held_out: int
    """Pairs that were not among them."""
    cases: tuple[str, ...]
    """The cases of all of them."""
    seed: int
    simrun: str

    def check(self, file: str, model: str, width: int, layer: int | None) -> None:
        """ValueError where the vectors are not of this model, or where there is none of this layer."""
        if self.width != width:
            raise ValueError(
                f"steer.vector={file}: its vectors have {self.width} numbers, and this model's activations {width}; "
                f"fit one on this model ({FIT})"
            )
        if self.model != model:
            raise ValueError(
                f"steer.vector={file} was fitted on {self.name} (weights {self.model[:12]}), and this model's weights "
                f"are {model[:12]}; play {self.name}, or fit one on this model ({FIT})"
            )
        if layer is not None and layer not in self.layers:
            raise ValueError(
                f"steer.layer={layer}: {file} has the layers {min(self.layers)} to {max(self.layers)}; give one of them"
            )


def header(file: Path) -> Mapping[str, Any]:
    """The header of a safetensors file; nothing of it is run. ValueError where it is none."""
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            told = json.loads(opened.read(size)) if 2 <= size <= min(LARGEST, file.stat().st_size) else None
    except FileNotFoundError:
        raise ValueError(f"steer.vector: no file {str(file)!r}; {FIT} makes one") from None
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise ValueError(
            f"steer.vector={file} is no safetensors file, and no other kind is read: a pickle can run code; {FIT} "
            "makes one"
        )
    return told


def fitted(file: Path) -> Fitted:
    """What a file of vectors says of itself; ValueError where it holds none of ours."""
    told = header(file).get("__metadata__") or {}
    try:
        return Fitted.model_validate_json(told[NOTED])
    except (KeyError, TypeError, ValidationError):
        raise ValueError(
            f"steer.vector={file} does not say of which model, layer and contrast it is, as {FIT} writes it"
        ) from None


def pinned(given: Mapping[str, Any]) -> dict[str, Any]:
    """Steering as it is asked for with its file made certain: where it lies, its digest, and the layer that it names.

    What is pinned already stays, so that a run can be read where the file is not. ValueError for no such file.
    """
    named = str(given.get("vector") or "")
    if not named or given.get("sha256"):
        return dict(given)
    file = Path(named).expanduser().resolve()
    told = fitted(file)
    layer = told.layer if given.get("layer") is None else given["layer"]
    return {**given, "vector": str(file), "sha256": digest(file), "layer": layer}


def key(layer: int) -> str:
    """What a layer's vector is called in the file."""
    return f"layer.{layer}"
