"""What judges say held against what is so: what people said of the same, or what scripted agents are known to do."""

from collections.abc import Iterator

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.log.planted import PLANTED
from simrun.play.labelling import PEOPLE
from simrun.score.judged import Judged
from simrun.score.layout import Codes
from simrun.score.metrics.prediction_powered_rate import PredictionPoweredRate
from simrun.score.panel import Panel, shared
from simrun.score.samples import RunValues
from simrun.score.verdicts import Figure, Words, binary, figures, sample

MAJORITY = "(majority)"
OWN = "(the scenario's own)"
"""What the outcome itself says, by whoever judged while it was played."""
ALL = "(all)"
"""Every arm together."""
EVERY = Words({})


class Against(Record):
    """One judge, or the majority of a panel, against what is so."""

    judge: str
    key: str
    arm: str
    truth: str
    """`people` or `planted`."""
    labels: int
    """Texts of which it is known what is so, and the judge said something."""
    sensitivity: Estimate
    """Of those that are so, the share that it found: 1 is best."""
    specificity: Estimate
    """Of those that are not, the share that it let pass: 1 is best."""
    balanced: float | None
    """The mean of both: .5 is chance; None where either is not known."""


class Corrected(Record):
    """The rate of one figure in one arm: by the judge, by people, and by both."""

    judge: str
    key: str
    arm: str
    judged: Estimate
    people: Estimate
    value: float | None
    low: float | None
    high: float | None
    """Prediction-powered (simrun.score.metrics.prediction_powered_rate)."""


def found_of_planted(run: RunValues) -> Iterator[Against]:
    """Every figure against what scripted agents are known to have done, controls included."""
    every = list(range(len(run.manifest.arms)))
    own_fields = (Figure(name, OWN, name) for name in run.outcome.model_fields if name in run.layout.details)
    for each in (*figures(run.manifest, run.layout), *own_fields):
        if f"{PLANTED}.{each.key}" in run.layout.outcomes:
            own = sample(run.manifest, run.layout, each, EVERY, PLANTED, every).labelled
            if binary(own.verdict) and len(own.case):
                yield against(each.judge, each.key, ALL, PLANTED, own.verdict, own.label, own.case)


def against_people(run: RunValues) -> Iterator[Against]:
    """Every figure against what people said, of all arms and by arm."""
    for name, judged in run.judged.items():
        own, (judge, key) = judged.labelled, name.split(".", 1)
        if binary(own.verdict) and binary(own.label) and len(own.case):
            for arm in (ALL, *dict.fromkeys(own.group.tolist())):
                part = own if arm == ALL else own.part(own.group == arm)
                yield against(judge, key, arm, PEOPLE, part.verdict, part.label, part.case)


def corrected(run: RunValues) -> Iterator[Corrected]:
    """The rate of every figure that people labelled some of, by arm."""
    for name, judged in run.judged.items():
        judge, key = name.split(".", 1)
        for arm in dict.fromkeys(judged.group.tolist()) if len(judged.labelled.case) else ():
            yield _corrected(judge, key, arm, judged.part(judged.group == arm))


def _corrected(judge: str, key: str, arm: str, part: Judged) -> Corrected:
    rate = PredictionPoweredRate().measure(part)
    bounds = {"value": rate.value, "low": rate.low, "high": rate.high}
    return Corrected(judge=judge, key=key, arm=arm, judged=rate.judged, people=rate.labelled, **bounds)


def of_panel(run: RunValues, truth: str) -> Iterator[tuple[str, tuple[Against, ...]]]:
    """Each key that several judges have: each of them, and their majority, on the texts that all of them judged."""
    for key, names in shared(run).items():
        panel = Panel.of(run, key, names, truth)
        own = panel.part(~np.isnan(panel.verdict).any(axis=1) & ~np.isnan(panel.label))
        if len(own.case) and binary(own.verdict) and binary(own.label):
            columns = {**dict(zip(panel.judges, own.verdict.T, strict=True)), MAJORITY: own.majority}
            yield (
                key,
                tuple(
                    against(name, key, ALL, truth, verdict, own.label, own.case) for name, verdict in columns.items()
                ),
            )


def against(judge: str, key: str, arm: str, truth: str, verdict: Floats, label: Floats, case: Codes) -> Against:
    """Verdicts against labels, row by row; a verdict that is missing is left out."""
    there = ~np.isnan(verdict)
    verdict, label, case = verdict[there], label[there], case[there]
    found, passed = (clustered_mean((verdict == so)[label == so], case[label == so], 0, 1) for so in (1, 0))
    both = None if found.value is None or passed.value is None else (found.value + passed.value) / 2
    return Against(
        judge=judge,
        key=key,
        arm=arm,
        truth=truth,
        labels=len(case),
        sensitivity=found,
        specificity=passed,
        balanced=both,
    )
