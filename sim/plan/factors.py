"""What is varied, for whom, at which levels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from simrun.agents.backends.base import Backend
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import Catalogue
from simrun.config.parts import parts
from simrun.scenarios.base import Scenario

OWN = ("bias", "dose", "control", "target", "surface", "mitigation", "knows")
"""What of a role can be varied beside its persona and its engine."""
BIASED = "biased"
"""What of a team can be varied: how many of its members, the first ones, carry its
bias; the others get the bias's control text."""
AWARE = "aware"
"""What of a team can be varied: how many of its members, the first ones, are told who the others are; the rest are
blinded."""
SCENARIO = "scenario"
"""Stands in the place of a role where an option of the scenario is varied."""

Kind = Literal[
    "axis",
    "bias",
    "dose",
    "control",
    "target",
    "surface",
    "mitigation",
    "knows",
    "biased",
    "aware",
    "option",
    "engine",
    "steer.dose",
]
"""What a factor changes: an axis of a persona, one of a role's own settings, an
option of the scenario, or one of its backend."""
STEERED: Kind = "steer.dose"
"""How much of a vector is added to the activations of whoever plays a role."""
RANDOM = "steer.random"
"""The option by which a random direction takes the place of a vector: which one."""
OF_ENGINE: tuple[Kind, ...] = ("engine", STEERED)
"""Kinds that change who answers, and not what is asked."""
DOSED: tuple[Kind, ...] = ("dose", "biased", "aware", STEERED)
"""Kinds whose levels are steps: how strong a bias is, how many carry it, how many know who the others are; of a
steering vector, numbers of either sign."""


class Factor(Record):
    """One thing that is varied of one role (or team), or of the scenario."""

    role: str
    """A role, a team, or `scenario`."""
    what: str
    """An axis, one of a role's own settings, or the name of an option."""
    kind: Kind
    levels: tuple[str, ...]
    """The first is the reference."""

    @property
    def name(self) -> str:
        """As it is written under vary: `role.what`."""
        return f"{self.role}.{self.what}"

    @property
    def reference(self) -> str:
        """The level that the others are compared with."""
        return self.levels[0]


def factors(
    vary: Mapping[str, Mapping[str, Sequence[str]]],
    scenario: Scenario,
    catalogue: Catalogue,
    backends: Mapping[str, Backend],
) -> tuple[Factor, ...]:
    """What `vary` asks for (role -> what -> levels), checked; `backends` are those of the
    roles as they are when nothing is varied.

    ConfigError for what cannot be varied of a role, or levels that are none.
    """
    return tuple(_found(vary, scenario, catalogue, backends))


def _found(
    vary: Mapping[str, Mapping[str, Sequence[str]]],
    scenario: Scenario,
    catalogue: Catalogue,
    backends: Mapping[str, Backend],
) -> Iterator[Factor]:
    for role, varied in vary.items():
        able = _able(role, scenario, catalogue, backends) if varied else {}
        for what, levels in varied.items():
            if what not in able:
                raise unknown(f"thing to vary of the {role}", what, list(able))
            found = Factor(role=role, what=what, kind=able[what], levels=tuple(levels))
            _check_levels(found, scenario)
            yield found


def _able(role: str, scenario: Scenario, catalogue: Catalogue, backends: Mapping[str, Backend]) -> dict[str, Kind]:
    """What can be varied of a role, and as what kind of thing."""
    if role == SCENARIO:
        modes = ["mode"] if scenario.mode else []
        return dict.fromkeys([*modes, *type(scenario).model_fields], "option")
    axes: dict[str, Kind] = dict.fromkeys(catalogue.axes, "axis")
    if role in scenario.written():
        return {"surface": "surface", **axes}
    members = scenario.teams().get(role, (role,))
    team: dict[str, Kind] = {BIASED: "biased", AWARE: "aware"} if role in scenario.teams() else {}
    engine: dict[str, Kind] = {
        option: STEERED if option == STEERED else "engine"
        for member in members[:1]
        if member in backends
        for option in _options(type(backends[member]))
    }
    own: dict[str, Kind] = {"bias": "bias", "dose": "dose", "control": "control", "target": "target"}
    own |= {"surface": "surface", "mitigation": "mitigation", "knows": "knows"}
    return {**engine, **axes, **team, **own}


def _options(kind: type[Backend]) -> Iterator[str]:
    """The options of a backend; of one that is made of parts, each part."""
    parted = parts(kind)
    for option in kind.model_fields:
        yield from (f"{option}.{part}" for part in parted[option]) if option in parted else (option,)


def _check_levels(factor: Factor, scenario: Scenario) -> None:
    levels = factor.levels
    if len(set(levels)) < max(2, len(levels)) or not all(level.strip() for level in levels):
        raise ConfigError(
            f"vary.{factor.name}={list(levels)}: give at least two different levels, none of them empty, "
            "the first being the reference"
        )
    if factor.kind in (BIASED, AWARE):
        members = scenario.teams()[factor.role]
        if wrong := [level for level in levels if not level.isdecimal() or int(level) > len(members)]:
            raise ConfigError(
                f"vary.{factor.name}: {', '.join(wrong)} of {len(members)}: give how many of {', '.join(members)} "
                f"{'carry the bias' if factor.kind == BIASED else 'know who the others are'}, from 0"
            )
