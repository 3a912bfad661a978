"""Options as they are told to people."""

from collections.abc import Mapping
from typing import Annotated, Literal

import pytest
from pydantic import Field

from simrun.agents.persona import SURFACES, Surface
from simrun.agents.records import Record
from simrun.config.described import Described, described
from simrun.config.menus import backends, judges, playable, scenarios
from simrun.config.options import Config, Role


class Inner(Record):
    deep: bool = True
    """How deep."""


class Base(Record):
    kept: Annotated[float, Field(gt=0)] = 0.5
    """From the
    base."""
    anew: int = 1
    """Of the base."""


class Own(Base):
    needed: str
    """Has to be there."""
    anew: int = 2
    """Anew."""
    inner: Inner = Inner()
    way: Literal["up", "down"] | None = None
    """Which way."""
    table: Mapping[str, int] = {"a": 1}
    """A table."""
    several: tuple[str, ...] = ("x", "y")
    """Several."""


def test_each_option_with_what_it_takes_its_default_and_the_words_below_it():
    assert tuple(described(Own, "own.")) == (
        Described("own.kept", "float", "0.5", "From the base."),
        Described("own.anew", "int", "2", "Anew."),
        Described("own.needed", "str", "", "Has to be there."),
        Described("own.inner.deep", "bool", "true", "How deep."),
        Described("own.way", "up|down|null", "null", "Which way."),
        Described("own.table", "{str: int}", "{a: 1}", "A table."),
        Described("own.several", "[str,...]", "[x,y]", "Several."),
    )


KINDS = (*(mode for kind in scenarios().values() for mode in playable(kind)), *backends().values(), *judges().values())


@pytest.mark.parametrize("kind", [*KINDS, Config, Role], ids=lambda kind: f"{kind.__module__}:{kind.__name__}")
def test_every_option_there_is_says_what_it_is(kind):
    assert [each.key for each in described(kind) if not each.about] == []


def test_every_surface_says_what_it_is():
    assert tuple(SURFACES) == Surface.__args__
