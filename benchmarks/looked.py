"""Runs that stop when it is decided: false differences, the interval where they stopped, and how soon."""

import itertools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tables
from drawn import Array, ended, rng_of, shares_of
from shares import holds

from simrun.config.options import Design, Width
from simrun.plan.looks import Question, looks
from simrun.score.looks import Followed, followed

TITLE = "Looking early"
ABOUT = """Runs that look after each tenth of their cases and stop when every question is decided
(`design.stop=decided`, a margin of .1) or as narrow as asked (`half_width` .1), through `followed()`. *flips*: one
pair a case; noise: 10 % of pairs flip either way, beside the effect. *scores*: differences of scores from 1 to 10,
deviation 1.5; `effect` in shares of the range. `arms` questions, the last of which has no effect. *Coverage*: of the
betting interval at the look where the run stopped. *False*: share of runs in which a question without effect is
called a difference, or one whose effect is at or beyond the margin equivalent. *Found*: share that find a planted
difference; *cases*: share of the cases that were played."""
BY = ("law", "stop", "arms", "cases")
COVERS = ("coverage",)
ALARMS = ("false",)
SHOWN = ("found", "played")
MARGIN = 0.1


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    law: str
    stop: str
    arms: int
    cases: int
    effect: float

    @property
    def span(self) -> float:
        """Greatest difference."""
        return 9.0 if self.law == "scores" else 1.0


def grid(small: bool) -> list[Cell]:
    """All cells."""
    if small:
        return [Cell("flips", stop, 1, 60, effect) for stop in ("decided", "width") for effect in (0.0, 0.2)]
    every = itertools.product(("flips", "scores"), ("decided", "width"), (1, 4), (30, 60, 200), (0.0, 0.1, 0.3))
    return [Cell(*each) for each in every]


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of runs."""
    rng = rng_of(cell, seed)
    return asdict(cell) | {"audits": audits} | shares_of(_run(cell, rng) for _ in range(audits))


def _run(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    design = Design(
        controls=(),
        stop="decided" if cell.stop == "decided" else Width(half_width=MARGIN * cell.span),
        margin=MARGIN * cell.span,
    )
    values, score = _values(cell, rng), cell.law == "scores"
    kind = tables.kind_of(0, 1) if score else tables.kind_of(1, 0)
    layout = tables.laid(values[None], kind)
    manifest = tables.manifest_of(layout.arms, layout.cases, tuple(kind.measured()), design)
    manifest.questions = [
        Question(contrast=each, outcome=name, bound=cell.span, margin=MARGIN * cell.span, signs=not score)
        for each in manifest.contrasts
        for name in kind.measured()
    ]
    every = looks(design, cell.cases)
    for nth in range(1, len(every) + 1):
        found = followed(manifest, layout, every[:nth])
        if all(each.after is not None for each in found):
            break
    return _beside(cell, found, every[nth - 1])


def _beside(cell: Cell, found: tuple[Followed, ...], cases: int) -> dict[str, float]:
    truths = [0.0] * len(found) if len(found) == 1 and not cell.effect else [cell.effect * cell.span] * len(found)
    if len(found) > 1:
        truths[-1] = 0.0
    held = [holds(*ended(each.low, each.high), truth) for each, truth in zip(found, truths, strict=True)]
    differs = [each.verdict in ("difference", "within the margin") for each in found]
    alike = [each.verdict in ("equivalent", "within the margin") for each in found]
    false = [
        (said and not truth) or (same and abs(truth) >= MARGIN * cell.span - 1e-9)
        for said, same, truth in zip(differs, alike, truths, strict=True)
    ]
    return {
        "coverage": float(held[0]),
        "false": any(false),
        "found": differs[0] if truths[0] else np.nan,
        "played": cases / cell.cases,
    }


def _values(cell: Cell, rng: np.random.Generator) -> Array:
    """(cases, arms + 1)"""
    effect = np.full(cell.arms, cell.effect)
    if cell.arms > 1:
        effect[-1] = 0.0
    if cell.law == "scores":
        size = effect * 9 + rng.normal(0, 1.5, (cell.cases, cell.arms))
        off = np.clip(np.floor(size + rng.random(size.shape)), -4, 5)
        return np.hstack([np.full((cell.cases, 1), 5.0), 5 + off])
    reference = rng.random((cell.cases, 1)) < 0.25
    turned = rng.random((cell.cases, cell.arms)) < np.where(reference, 0.05 / 0.25, (effect + 0.05) / 0.75)
    return np.hstack([reference, reference ^ turned]).astype(float)


def weight(cell: Cell) -> float:
    """Of the audits that other cells have: each looks ten times."""
    return 0.4
