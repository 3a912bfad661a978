"""Audits of dialogues with planted gaps, played in memory: who is talked to follows rules, and so does who judges.

Half of the luck is private to an arm (`backend.private=0.5`), so that pairs differ in both directions, as with a model.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import unlogged
from numpy.typing import NDArray
from shares import alarm, alarming, covering, holds, most, sure

from simrun.plan.design import Plan
from simrun.scenarios.dialogue.base import ASSISTANT
from simrun.scenarios.dialogue.script import BIASED, ScriptMode
from simrun.scenarios.dialogue.scripts import own
from simrun.score.contrasts import ContrastResult
from simrun.score.judged import Judged
from simrun.score.metrics.prediction_powered_rate import PredictionPowered, PredictionPoweredRate
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

Array = NDArray[np.float64]
LEVELS = ("Christian", "Muslim", "Hindu")
"""Of the subject's religion: the reference, the group of the planted gap, and one that is treated as the reference.
Their names have a word each, so that the words of the replies do not differ by group either."""
GROUP = "Muslims"
OUTCOME = "biased"
BASE = 0.2
"""Share of biased replies where nothing is planted: what the scenario's own rule leaves."""
SENSITIVITY, SPECIFICITY, LEANING = 0.9, 0.8, 0.1
"""Of the judge with known errors; and by how much the one that leans is worse in both where the group is talked of."""
LABELLED = 0.3
"""Share of the replies, drawn at random and the same in every arm, that people have labelled, rightly."""


@dataclass(frozen=True)
class Talk:
    """What is planted."""

    read: str = "words"
    """Who says what a reply does: words (rightly), judge (with known errors, alike for all), or leaning (worse about
    the group)."""
    gap: float = 0.0
    """By how much the true share of biased replies about the group lies above that of the reference."""
    cases: int = 36
    turns: int = 5
    private: float = 0.5
    """Share of the luck that the arms of a pair do not share."""

    @property
    def effect(self) -> float:
        """What the rule must lose, since it plants nothing in replies before the group is named."""
        return self.gap / known(self.turns)

    def rates(self) -> tuple[float, float]:
        """The share of replies that are found biased, of the group and of the reference, as they are read."""
        lean = LEANING if self.read == "leaning" else 0.0
        return self.seen(BASE + self.gap, lean), self.seen(BASE, 0.0)

    def seen(self, biased: float, lean: float) -> float:
        """The share that is found biased where this share is."""
        if self.read == "words":
            return biased
        return biased * (SENSITIVITY - lean) + (1 - biased) * (1 - SPECIFICITY + lean)


@cache
def known(turns: int) -> float:
    """Share of the replies that come after the group was named: by the user, or in an earlier reply that was biased."""
    scripts = (each.about(GROUP, "biased", 0, turns).said for each in own() if each.attribute == "religion")
    return float(np.mean([list(_known(said)) for said in scripts]))


def _known(said: Sequence[str]) -> Iterator[float]:
    named = False
    for earlier, line in enumerate(said):
        named = named or GROUP in line
        yield 1.0 if named else 1 - (1 - BASE) ** earlier


def planned_run(talk: Talk, seed: int) -> Plan:
    """A run as it is asked for on the command line."""
    own = {"name": "scripted", "private": talk.private}
    judge = {"backend": "scripted", "private": talk.private, "rules": _judging(), "group": "", "effect": 0.0}
    if talk.read == "leaning":
        judge |= {"group": GROUP, "effect": LEANING}
    return unlogged.asked(
        {
            "scenario": {"name": "dialogue", "turns": talk.turns},
            "backend": own | {"group": GROUP, "effect": talk.effect},
            "roles": {} if talk.read == "words" else {"judge": judge},
            "vary": {"subject": {"religion": LEVELS}},
            "cases": talk.cases,
            "seed": seed,
        }
    )


def _judging() -> list[dict[str, Any]]:
    """The judge of the scenario's own script, who now errs."""
    biased, counter = ({"manner": manner} for manner in ("biased", "counter"))
    right = {str(rule.say): rule for rule in ScriptMode.script if rule.role == "judge"}
    errs = {
        str(biased): {"chance": SENSITIVITY, "otherwise": counter},
        str(counter): {"chance": SPECIFICITY, "otherwise": biased},
    }
    return [right[say].model_dump(exclude_unset=True) | error for say, error in errs.items()]


@dataclass(frozen=True)
class Heard:
    """What was said in one run."""

    contrasts: tuple[ContrastResult, ...]
    verdict: Array
    """(arms, replies): 1 for what is found biased."""
    label: Array
    """(arms, replies): 1 for what is."""
    case: NDArray[np.int64]
    """(replies,)"""


def heard(talk: Talk, seed: int) -> Heard:
    """Play one run, without a log, and compare its arms as a report does."""
    labels: dict[tuple[str, str], list[bool]] = {}

    def ended(trial: Trial, stage: Stage) -> None:
        said = (entry.text for entry in stage.transcript if entry.role == ASSISTANT)
        labels[trial.arm, trial.case] = [text.startswith(BIASED.partition("{")[0]) for text in said]

    told = unlogged.compared(planned_run(talk, seed), ended)
    layout = told.layout
    verdict = layout.details[OUTCOME].value[..., 0].transpose(1, 0, 2)
    label = np.array([[labels[arm, case] for case in layout.cases] for arm in layout.arms], dtype=float)
    return Heard(
        contrasts=told.contrasts,
        verdict=verdict.reshape(len(layout.arms), -1),
        label=label.reshape(len(layout.arms), -1),
        case=np.repeat(np.arange(len(layout.cases)), label.shape[2]),
    )


def audit(talk: Talk, seed: int) -> dict[str, float]:
    """One audit against the truth; NaN for what is not asked of it."""
    told, (group, reference) = heard(talk, seed), talk.rates()
    found, other = (each for each in told.contrasts if each.outcome == OUTCOME)
    null = group == reference
    primary = [other] + [found] * null
    secondary = [each for each in told.contrasts if each.family == "secondary" and null]
    return {
        "value": found.difference or 0.0,
        "coverage": holds(found.low, found.high, group - reference),
        "found": not holds(found.low, found.high, 0),
        "differing": found.differing,
        "one_way": one_way(told.label),
        "primary": alarm(primary),
        "secondary": alarm(secondary) if null else np.nan,
        **(corrected(talk, told, np.random.default_rng([seed, 17])) if talk.read != "words" else {}),
    }


def one_way(label: Array) -> bool:
    """Whether no reply of the group was better than its twin in the reference."""
    return bool((label[1] >= label[0]).all())


def corrected(talk: Talk, told: Heard, rng: np.random.Generator) -> dict[str, float]:
    """The judge's rates and their gap, corrected by the labels of a random part, against what was planted."""
    there = rng.random(told.label.shape[1]) < LABELLED
    label = np.where(there, told.label, np.nan)
    reference, group = (_powered(told, told.verdict[arm], label[arm], 0) for arm in (0, 1))
    gap = _powered(told, told.verdict[1] - told.verdict[0], label[1] - label[0], -1)
    return {
        "corrected": gap.value or 0.0,
        "gap_coverage": holds(gap.low, gap.high, talk.gap),
        "group_coverage": holds(group.low, group.high, BASE + talk.gap),
        "reference_coverage": holds(reference.low, reference.high, BASE),
    }


def grid(small: bool) -> list[Talk]:
    """All cells; the last are those of one turn, in which few pairs differ."""
    if small:
        return [Talk(read, gap, 12) for read in ("words", "judge") for gap in (0.0, 0.2)]
    many = itertools.product(("words", "judge", "leaning"), (0.0, 0.05, 0.2), (12, 36))
    return [
        *(Talk(*each) for each in many),
        *(Talk(gap=gap, cases=n, turns=1) for gap in (0.05, 0.2) for n in (12, 36)),
    ]


def measure(talk: Talk, audits: int, seed: int) -> dict[str, Any]:
    """Shares and means over the audits of a cell."""
    told = pd.DataFrame([audit(talk, seed + number) for number in range(audits)]).astype(float)
    group, reference = talk.rates()
    figures = {name: round(float(mean), 5) for name, mean in told.mean().dropna().items()}
    return asdict(talk) | {"audits": audits, "truth": round(group - reference, 5)} | figures


def goals(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What every cell should reach, with what 1 in 1000 cells that do would miss by chance."""

    def least(names: Sequence[str]) -> dict[str, Any]:
        return covering(most(row[name], row["audits"]) for row in rows for name in names if name in row)

    alarms = (sure(row[name], row["audits"]) for row in rows for name in ("primary", "secondary") if name in row)
    return {
        "dialogue_coverage_upper_end_worst_cell": least(["coverage"]),
        "dialogue_corrected_gap_upper_end_worst_cell": least(["gap_coverage"]),
        "dialogue_corrected_rate_upper_end_worst_cell": least(["group_coverage", "reference_coverage"]),
        "dialogue_family_alarms_lower_end_worst_cell": alarming(alarms),
    }


def _powered(told: Heard, verdict: Array, label: Array, low: float) -> PredictionPowered:
    """Of a rate, or (from -1) of the difference of two within pairs."""
    n = len(verdict)
    sample = Judged(
        verdict=verdict,
        label=label,
        group=np.full(n, ""),
        case=told.case,
        words=np.full(n, np.nan),
        own=np.full(n, np.nan),
        item=np.arange(n),
        low=low,
    )
    return PredictionPoweredRate().measure(sample)


def weight(talk: Talk) -> float:
    """Of the audits that cells on arrays have: each plays a run."""
    return 0.4
