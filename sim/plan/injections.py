"""Which arms carry which injected bias."""

from collections.abc import Mapping, Sequence

from simrun.agents.bias import Bias
from simrun.agents.records import Record
from simrun.plan.casting import Casting


class Injection(Record):
    """A bias that some arm gives to a role (or to members of a team)."""

    role: str
    bias: str
    arms: tuple[str, ...]
    """Those in which some agent has its text, and not only that of its control."""

    @property
    def name(self) -> str:
        """`role.bias`: what judges report under."""
        return f"{self.role}.{self.bias}"


def injections(injected: Sequence[tuple[str, Bias]], castings: Mapping[str, Casting]) -> tuple[Injection, ...]:
    """Every injected bias with the arms that carry it; scripted agents of a positive control carry none."""
    return tuple(
        Injection(
            role=role,
            bias=bias.name,
            arms=tuple(name for name, own in castings.items() if _carries(own, role, bias.name)),
        )
        for role, bias in injected
    )


def _carries(casting: Casting, role: str, bias: str) -> bool:
    members = {role, *casting.scenario.teams().get(role, ())}
    return not casting.arm.scripted and any(
        own.bias == bias and own.dose > 0 for name, own in casting.roles.items() if name in members
    )
