"""The stock of names of agents/data/names.yaml, by the group that they are read as."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

FAMILY = "family"


def stock(group: str) -> Mapping[str, tuple[str, ...]]:
    """Full names by gender (woman, man), those of one rank alike in all but the group; ValueError lists the groups."""
    if group not in _stocks():
        raise ValueError(f"no stock of names {group!r}; there are: {', '.join(_stocks())}")
    return _stocks()[group]


@cache
def _stocks() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = files("simrun.agents").joinpath("data/names.yaml").read_text(encoding="utf-8")
    listed = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {group: MappingProxyType(dict(_full(parts))) for group, parts in listed.items()}


def _full(parts: Mapping[str, list[str]]) -> list[tuple[str, tuple[str, ...]]]:
    own = ((gender, given) for gender, given in parts.items() if gender != FAMILY)
    return [(gender, tuple(map(" ".join, zip(given, parts[FAMILY], strict=True)))) for gender, given in own]
