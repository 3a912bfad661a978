"""Whether the biases that were injected show at all: without that, no effect says anything of the bias."""

from collections.abc import Iterator

from simrun.agents.judges.observer import Observer
from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.plan.injections import Injection
from simrun.score.controlled import Shown, toggled
from simrun.score.layout import Layout
from simrun.score.metrics.manipulation_success import ManipulationSuccess
from simrun.score.pairs import located
from simrun.score.samples import RunValues


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
    for injection in manifest.injections:
        own = list(_toggled(manifest, layout, injection))
        found += own or [
            _unchecked(
                injection.name,
                "every arm carries it; add roles without it, such as "
                f"vary.{injection.role}.dose=[0,2] or vary.{injection.role}.bias=[none,{injection.bias}]",
            )
        ]
    return tuple(found)


def _unchecked(bias: str, why: str, arm: str = "", reference: str = "") -> Manipulation:
    return Manipulation(bias=bias, arm=arm, reference=reference, interpretable=False, why=why)


def _toggled(manifest: Manifest, layout: Layout, injection: Injection) -> Iterator[Manipulation]:
    run, name = RunValues(manifest=manifest, layout=layout), injection.name
    for contrast in toggled(run, injection):
        if Observer.name not in manifest.judges:
            yield _unchecked(
                name,
                "nobody looked whether it shows; give an observer a backend: judge=observer roles.judge.backend=...",
                contrast.arm,
                contrast.reference,
            )
            continue
        at = located(Shown, run, f"{Observer.name}.{name}", contrast)
        seen = ManipulationSuccess().figure(at)
        shows = seen.low is not None and seen.low > 0
        yield Manipulation(
            bias=name,
            arm=contrast.arm,
            reference=contrast.reference,
            success=seen.value,
            low=seen.low,
            high=seen.high,
            n=seen.n,
            excluded=seen.excluded,
            interpretable=shows,
            why="" if shows else "it is not seen more often where it was injected than where it was not",
        )
