"""What planted flaws cost, beyond other words for the same; and what of all flaws is named."""

from collections.abc import Iterator

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate
from simrun.report.blocks import Block, Column, Finding, Prose, Table, row
from simrun.report.breakdown import estimate, observed
from simrun.report.figures import interval
from simrun.report.section import Section
from simrun.score.metric import Figure
from simrun.score.metrics.flaw_auc import FlawAuc
from simrun.score.metrics.flaw_sensitivity import FlawSensitivity, lost
from simrun.score.probed import Flawed
from simrun.score.scored import Scored


class Flaws(Section):
    """What a flaw and a rewording cost, with a finding for each outcome, and what was named in each phase."""

    name, order, title = "flaws", 45, "Flaws"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no flaw could be put into anything."""
        return (*_flaws(run), *_named(run)) if run.outcome.probes else ()


class Lost(Record):
    """What a flaw and a rewording cost, in one outcome and under one setting of all else."""

    outcome: str
    arm: str
    reference: str
    flaw: Estimate
    rewording: Estimate
    sensitivity: Figure
    auc: Figure


class Named(Record):
    """What was named in one arm."""

    arm: str
    phases: tuple[Estimate, ...]
    """Share of the known flaws, by phase."""
    planted: Estimate
    alarms: Estimate


FLAWS = (
    Column.of("outcome", "outcome"),
    Column.of("flawed", "arm"),
    Column.of("against", "reference"),
    estimate("lost by the flaw (95 %)", "flaw", "signed interval"),
    estimate("lost by other words (95 %)", "rewording", "signed interval"),
    estimate("sensitivity (95 %)", "sensitivity", "signed interval", "The first less the second."),
    estimate("AUC (95 %)", "auc", about=".5 is blind, 1 always told apart."),
    Column.of("n (cases)", "sensitivity.n", "sensitivity.cases", form="count", pattern="{} ({})"),
    Column.of("left out", "sensitivity.excluded", form="count"),
)
NAMES = ("in reviews", "after the discussion", "in the meta-review")
FLAWED = (
    "The same papers with one sound element broken, and in other words that say the same. A judge that sees flaws "
    "gives less for the first and the same for the second."
)
NAMED = (
    "By the words with which a review names an element of the paper. What is planted is looked for in every version: "
    "what it is named more often where it is broken is seen, the rest is habit. False alarms are of elements that are "
    "sound."
)
REWORD = (
    "The same papers in other words were not played: what the flaw moves cannot be told from what any change of words "
    "moves. Play them beside: vary.scenario.{}=[{},{},{}]."
)


def flaws(run: Scored) -> Iterator[Lost]:
    """Every outcome, wherever all else is set alike."""
    for at in Flawed.found(run):
        assert isinstance(at.sample, Flawed)
        yield Lost(
            outcome=at.outcome,
            arm=at.arm,
            reference=at.reference,
            flaw=lost(at.sample, "flaw"),
            rewording=lost(at.sample, "rewording"),
            sensitivity=FlawSensitivity().figure(at),
            auc=FlawAuc().figure(at),
        )


def _flaws(run: Scored) -> Iterator[Block]:
    probes = run.outcome.probes
    found = tuple(flaws(run))
    for each in found:
        yield from _noticed(run, each)
    if probes and any(not each.rewording.n for each in found):
        told = REWORD.format(probes.option, probes.sound, probes.reworded, probes.flawed)
        yield Prose(text=told, level="note")
    if found:
        rows = tuple(row(each) for each in found)
        yield Table(key="flaws", title="Planted flaws", about=FLAWED, columns=FLAWS, rows=rows)


def _noticed(run: Scored, each: Lost) -> Iterator[Finding]:
    by, of = each.sensitivity, {"outcome": each.outcome, "arm": each.arm, "reference": each.reference}
    told = interval(by.value, by.low, by.high, signed=True)
    if by.low is not None and by.low > 0:
        text = f"{each.outcome}: a planted flaw costs {told}, beyond what other words for the same cost."
        yield Finding(text=text, verdict="passed", **of)
    elif by.high is not None:
        text = f"{each.outcome}: **no planted flaw is shown to cost anything**: {told} beyond other words for the same."
        yield Finding(text=text, verdict="failed", **of)
    words = each.rewording
    if words.low is not None and words.high is not None and (words.low > 0 or words.high < 0):
        moved = interval(words.value, words.low, words.high, signed=True)
        text = f"{each.outcome}: other words for the same cost {moved}: it is not only content that is judged."
        yield Finding(text=text, verdict="doubt", **of)


def _named(run: Scored) -> Iterator[Block]:
    kind = run.outcome
    rows = [
        Named(
            arm=arm,
            phases=tuple(observed(run, field, arm) for field in kind.named_fields),
            planted=observed(run, kind.probe_field, arm),
            alarms=observed(run, kind.alarm_field, arm),
        )
        for arm in run.settings
    ]
    if any(each.alarms.n or each.planted.n for each in rows):
        named = [estimate(f"flaws named {where} (95 %)", f"phase_{nth}") for nth, where in enumerate(NAMES)]
        columns = (
            Column.of("arm", "arm"),
            *named,
            estimate("planted one named (95 %)", "planted"),
            estimate("false alarms (95 %)", "alarms"),
            Column.of("n", "alarms.n", form="count", about="Episodes with something sound in the paper."),
        )
        told = tuple(
            row(each, **{f"phase_{nth}": phase.model_dump(mode="json") for nth, phase in enumerate(each.phases)})
            for each in rows
        )
        yield Table(key="named", title="What was named", about=NAMED, columns=columns, rows=told)
