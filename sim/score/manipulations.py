"""Whether the biases that were injected show at all: without that, no effect says anything of the bias."""

from collections.abc import Iterator, Mapping

from simrun.agents.bias import NONE
from simrun.agents.judges.observer import OBSERVER, SHOWN, injected
from simrun.agents.records import Record
from simrun.config.options import Role
from simrun.log.manifest import Manifest
from simrun.plan.arms import Arm
from simrun.score.contrasts import compared, pairs
from simrun.score.layout import Layout
from simrun.score.metrics.paired_difference import paired_difference


class Manipulation(Record):
    """How much more often a blinded observer sees a bias where it was injected than where it was not, within pairs."""

    bias: str
    """`role.bias`"""
    arm: str
    reference: str
    """Both "" where no two arms differ in carrying the bias."""
    success: float | None = None
    """Share of episodes in which it is seen, arm minus reference: -1 to 1; at 0 the model ignored what it was told."""
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Pairs with a verdict in both arms."""
    excluded: int = 0
    """Finished pairs without one."""
    interpretable: bool
    """The whole interval is above 0."""
    why: str
    """What stands in the way, "" for nothing."""


def manipulations(manifest: Manifest, layout: Layout) -> tuple[Manipulation, ...]:
    """Every injected bias, in every comparison of an arm that carries it with one that does not."""
    found = []
    for role, bias in injected(manifest.config, manifest.catalogue):
        own = list(_toggled(manifest, layout, role, bias.name))
        found += own or [
            _unchecked(
                f"{role}.{bias.name}",
                "every arm carries it; add roles without it, such as "
                f"vary.{role}.dose=[0,2] or vary.{role}.bias=[none,{bias.name}]",
            )
        ]
    return tuple(found)


def _unchecked(bias: str, why: str, arm: str = "", reference: str = "") -> Manipulation:
    return Manipulation(bias=bias, arm=arm, reference=reference, interpretable=False, why=why)


def _toggled(manifest: Manifest, layout: Layout, role: str, bias: str) -> Iterator[Manipulation]:
    carriers = {arm.name for arm in manifest.arms if _carries(manifest, arm, role, bias)}
    for contrast in compared(manifest):
        if contrast.control or not set(contrast.arms) <= carriers or set(contrast.references) & carriers:
            continue
        name = f"{role}.{bias}"
        if OBSERVER not in manifest.config.roles:
            yield _unchecked(
                name,
                "nobody looked whether it shows; give an observer a backend: roles.observer.backend=...",
                contrast.arm,
                contrast.reference,
            )
            continue
        finished = pairs(layout, f"{SHOWN}{name}", contrast)
        whole = finished.whole()
        seen = paired_difference(*whole.sides(), whole.case, 1.0)
        shows = seen.low is not None and seen.low > 0
        yield Manipulation(
            bias=name,
            arm=contrast.arm,
            reference=contrast.reference,
            success=seen.value,
            low=seen.low,
            high=seen.high,
            n=seen.n,
            excluded=len(finished.case) - len(whole.case),
            interpretable=shows,
            why="" if shows else "it is not seen more often where it was injected than where it was not",
        )


def _carries(manifest: Manifest, arm: Arm, role: str, bias: str) -> bool:
    """Whether some agent of this role has the text of the bias, and not only that of its control, in an arm."""
    own: Mapping[str, str] = arm.settings
    given = manifest.config.roles.get(role, Role())
    dose, biased = own.get(f"{role}.dose", str(given.dose)), own.get(f"{role}.biased", "all")
    return (
        own.get(f"{role}.bias", given.bias) == bias != NONE.name
        and dose != "0"
        and biased != "0"
        and not arm.control.startswith("positive")
    )
