"""The data files of dialogue that ship with simrun."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def shipped(name: str) -> Any:
    """A YAML file of ours."""
    return yaml.safe_load((files("simrun.scenarios.dialogue") / "data" / name).read_text(encoding="utf-8"))
