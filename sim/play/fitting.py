"""A steering vector out of pairs of prompts: the same cases told in two ways, and how a model's activations differ.

The vector of a layer is the mean of the differences, one side less the other, where the reply begins; pairs that were
not averaged tell how well it separates the sides. Sources: Turner et al. 2023, arXiv:2308.10248 (activation addition);
Rimsky et al. 2023, arXiv:2312.06681 (means over contrast pairs).
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simrun.agents.backends.transformers import Transformers
from simrun.agents.records import Chat
from simrun.agents.steering import Fitted, Layer
from simrun.config.errors import ConfigError
from simrun.estimate.columns import Floats
from simrun.estimate.paired import unseen
from simrun.estimate.ranking import area
from simrun.estimate.resampling import delete_a_group
from simrun.plan.design import Plan

FEWEST = 8
"""Cases from which on there is something to average, and something to hold out."""


class Pair(NamedTuple):
    """One case as both sides tell it."""

    case: str
    reference: Chat
    other: Chat


def pairs(plan: Plan, cases: Sequence[str], role: str) -> tuple[Pair, ...]:
    """What a role is asked first of each case, on the two sides of a plan. ConfigError where the sides are not two,
    where somebody else speaks first, or where that role is told the same on both."""
    if len(plan.arms) != 2:
        raise ConfigError(
            f"simrun steer fit takes two sides of one thing, and this has {len(plan.arms)} arms: vary one thing at two "
            "levels, such as vary.patient.ethnicity=[White,Black]; the vector leads from the first to the second"
        )
    found = [Pair(case, *(_asked(plan, case, arm.name, role) for arm in plan.arms)) for case in cases]
    if same := [pair.case for pair in found if pair.reference.messages == pair.other.messages]:
        raise ConfigError(
            f"the {role} is asked the same on both sides ({len(same)} of {len(found)} cases, such as {same[0]}): vary "
            "what the role reads, or set role=ROLE"
        )
    return tuple(found)


def _asked(plan: Plan, case: str, arm: str, role: str) -> Chat:
    stage = plan.stage(plan.trial(case, arm, 0))
    turn = next((turn for turn in stage.pending() if turn.role == role), None)
    if turn is None:
        first = ", ".join(dict.fromkeys(turn.role for turn in stage.pending()))
        raise ConfigError(
            f"the {role} is not the first to speak in scenario={plan.scenario.name} (that is {first}), and only what "
            "nobody has answered yet is the same for every model: set role to that, or take another scenario"
        )
    return stage.chat(turn)


def fresh(plan: Plan, count: int) -> tuple[str, ...]:
    """So many of a plan's cases that fit both sides, from the end of the order in which a run of the same seed draws
    them: a run that leaves so many has none of them. ConfigError where there are too few."""
    fit = [case for case in plan.cases if all(plan.plays(case, arm.name) for arm in plan.arms)]
    if count < FEWEST or len(fit) < count:
        raise ConfigError(f"pairs={count}: give {FEWEST} to {len(fit)}, which is how many cases fit both sides")
    return tuple(fit[-count:])


async def activations(backend: Transformers, found: Sequence[Pair]) -> Floats:
    """Where each reply begins, (pairs, 2, layers, width): the reference side first."""
    told = [[await backend.activations(chat) for chat in (pair.reference, pair.other)] for pair in found]
    return np.array(told)


class Fit(NamedTuple):
    """The vectors, and how well each tells apart what it was not made of."""

    vectors: Mapping[int, Floats]
    layers: Mapping[int, Layer]
    pairs: int
    held_out: int


def fit(found: Floats) -> Fit:
    """Differences of means, over the first half of the pairs; the others are held out.

    `found` (pairs, 2, layers, width), a pair a case.
    """
    half = len(found) // 2
    used, held = found[:half], found[half:]
    vectors = {layer: (used[:, 1, layer] - used[:, 0, layer]).mean(axis=0) for layer in range(found.shape[2])}
    layers = {layer: _told(vector, used[:, :, layer], held[:, :, layer]) for layer, vector in vectors.items()}
    return Fit(vectors, layers, half, len(held))


def _told(vector: Floats, used: Floats, held: Floats) -> Layer:
    """`used` and `held` (pairs, 2, width)."""
    along = held @ vector

    def separated(kept: NDArray[np.bool_]) -> float | None:
        rows = along[kept]
        return area(rows[:, 1], rows[:, 0])

    auc = separated(np.ones(len(held), dtype=bool))
    low, high = delete_a_group(separated, np.arange(len(held)), auc)
    if low is None and auc == 1:  # nothing to resample; so many cases could still be otherwise
        low, high = 1 - unseen(len(held)), 1.0
    return Layer(
        norm=float(np.linalg.norm(vector)),
        stream=float(np.linalg.norm(used, axis=-1).mean()),
        auc=0.5 if auc is None else auc,
        low=None if low is None else max(0.0, low),
        high=None if high is None else min(1.0, high),
    )


def write(file: Path, made: Fit, plan: Plan, cases: Sequence[str], backend: Transformers, layer: int | None) -> Fitted:
    """Keep the vectors, with what they are; ConfigError for a layer that the model does not have."""
    from simrun.agents.backends.transformers.vectors import save

    chosen = len(made.layers) // 2 if layer is None else layer
    if chosen not in made.layers:
        raise ConfigError(f"layer={chosen}: {backend.model} has the layers 0 to {len(made.layers) - 1}")
    reference, other = plan.arms
    about = Fitted(
        model=backend.weights,
        name=backend.model,
        width=len(made.vectors[chosen]),
        layer=chosen,
        layers=made.layers,
        contrast=f"{other.name}, against {reference.name}",
        scenario=" ".join(filter(None, (plan.scenario.name, plan.scenario.mode))),
        pairs=made.pairs,
        held_out=made.held_out,
        cases=tuple(cases),
        seed=plan.seed,
        simrun=version("simrun"),
    )
    save(file, {at: vector.astype(np.float32) for at, vector in made.vectors.items()}, about)
    return about
