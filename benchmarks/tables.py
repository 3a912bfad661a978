"""Arrays of outcomes laid out as a run is, so that the report's own functions can be asked about them."""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Annotated, Any

import numpy as np
from drawn import Array
from pydantic import create_model

from simrun.config.options import Design
from simrun.plan.contrasts import Contrast
from simrun.scenarios.outcome import Better, Outcome, Range
from simrun.score.contrasts import ContrastResult, contrasts
from simrun.score.layout import DONE, Layout

SCORE = (1, 10)
REFERENCE = "reference"


@cache
def kind_of(binary: int, scores: int) -> type[Outcome]:
    """Outcomes: so many of yes and no, `yes0`, ..., then so many scores from 1 to 10, `score0`, ..."""
    yes: Any = (Annotated[bool, Better("higher")], ...)
    score: Any = (Annotated[int, Better("higher"), Range(*SCORE)], ...)
    fields = {f"yes{nth}": yes for nth in range(binary)} | {f"score{nth}": score for nth in range(scores)}
    return create_model("Planted", __base__=Outcome, **fields)


def manifest_of(arms: Sequence[str], cases: Sequence[str], primary: Sequence[str], design: Design) -> Any:
    """What the functions ask of a manifest: arms that are each compared with the first."""
    first = arms[0]
    compared = tuple(
        Contrast(arm=arm, reference=first, arms=(arm,), references=(first,), why="treatment", factor="planted.arm")
        for arm in arms[1:]
    )
    return SimpleNamespace(
        arms=[SimpleNamespace(name=arm, control="") for arm in arms],
        cases=tuple(cases),
        primary=tuple(primary),
        contrasts=compared,
        factors=(),
        exclusions=(),
        in_blocks=False,
        config=SimpleNamespace(design=design),
    )


def laid(values: Array, kind: type[Outcome], repeats: int = 1) -> Layout:
    """(outcomes, pairs, arms), pairs of a case adjacent, the reference first."""
    _, pairs, count = values.shape
    cases = tuple(f"{case:04}" for case in range(pairs // repeats))
    arms = (REFERENCE, *(f"arm{nth}" for nth in range(1, count)))
    state = np.full((pairs, count), DONE, dtype=np.int8)
    return Layout(arms, cases, repeats, tuple(kind.measured()), state, values)


def compared(
    values: Array, kind: type[Outcome], primary: Sequence[str], repeats: int = 1, design: Design | None = None
) -> tuple[ContrastResult, ...]:
    """All that a report says of every outcome in every arm against the reference."""
    layout = laid(values, kind, repeats)
    manifest = manifest_of(layout.arms, layout.cases, primary, design or Design(controls=()))
    return contrasts(manifest, layout, kind)
