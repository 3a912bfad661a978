"""Whether what some members of a group carry is taken up by the others: beyond their own drift, and the talk itself."""

from collections.abc import Iterator

from simrun.report.blocks import Block, Column, Finding, Prose, Table, Verdict, row
from simrun.report.section import Section
from simrun.report.spreading import ANY, ContagionResult, Nulls, contagion, nulls, wave
from simrun.score.scored import Scored


class Contagion(Section):
    """What was found, the wave, and the estimates."""

    name, order, title = "contagion", 58, "Contagion"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where the outcome knows of nothing that spreads, or nobody carries anything."""
        if not run.outcome.spread_field or not (waved := wave(run)):
            return ()
        found = contagion(run)
        blocks: list[Block] = [*_found(found), *_lacking(nulls(run))]
        if found:
            rows = tuple(row(each) for each in found)
            blocks.append(Table(key="contagion", about=ABOUT, columns=ESTIMATES, rows=rows))
        rows = tuple(row(each) for each in waved)
        return (*blocks, Table(key="wave", title="The wave", about=WAVE, columns=ROUNDS, rows=rows))


ABOUT = (
    "Of those who carry no bias in the arm, the share who say it in the last round, less the share of the same persons "
    "under two nulls: asked as often without hearing anybody (own drift), and in the same talk with nobody who carries "
    "it. Contagion is the smaller of the two differences. At distance 0 stand those who carry it: what that does to "
    "themselves is the difference over the talk alone. An episode counts once, however many members it has: intervals "
    "are within pairs, clustered over cases; not adjusted for how many there are."
)
WAVE = (
    "Share of those at each distance from the nearest who carries it who say it in each round, beside the same persons "
    "under the two nulls; means over episodes of the shares within them."
)
_FAR = Column.of(
    "distance",
    "distance",
    about="Steps along who hears whom; 0: who carries it; any: all who do not; no way: out of reach.",
)
ESTIMATES = (
    Column.of("arm", "arm"),
    _FAR,
    Column.of("contagion (95 %)", "contagion", "low", "high", form="signed interval"),
    Column.of(
        "over own drift", "over_drift.value", "over_drift.low", "over_drift.high", form="signed interval", about="95 %."
    ),
    Column.of(
        "over the talk alone",
        "over_plain.value",
        "over_plain.low",
        "over_plain.high",
        form="signed interval",
        about="95 %.",
    ),
    Column.of("pairs (cases)", "over_plain.n", "over_plain.clusters", form="count", pattern="{} ({})"),
)
ROUNDS = (
    Column.of("arm", "arm"),
    _FAR,
    Column.of("round", "round", form="count", about="From 1."),
    Column.of("say it (95 %)", "spread.value", "spread.low", "spread.high", form="interval"),
    Column.of("own drift (95 %)", "drift.value", "drift.low", "drift.high", form="interval"),
    Column.of("the talk alone (95 %)", "plain.value", "plain.low", "plain.high", form="interval"),
    Column.of("n (cases)", "spread.n", "spread.clusters", form="count", pattern="{} ({})", about="Episodes."),
)


def _found(found: tuple[ContagionResult, ...]) -> Iterator[Finding]:
    for each in found:
        if each.distance != ANY or each.contagion is None:
            continue
        ends = "" if each.low is None else f" (95 %: {each.low:+.3g} to {each.high:+.3g})"
        verdict: Verdict = "difference" if each.low is not None and each.low > 0 else "inconclusive"
        said = (
            f"Contagion: of those who carry no bias, {each.contagion:+.3g}{ends} more say it in the last round than "
            "under either null"
            if verdict == "difference"
            else f"No contagion shown: {each.contagion:+.3g}{ends} beyond own drift and the talk alone, of those who "
            "carry no bias, in the last round"
        )
        yield Finding(text=f"{each.arm}: {said}.", verdict=verdict, arm=each.arm)


def _lacking(found: tuple[Nulls, ...]) -> Iterator[Prose]:
    if any(not each.drift for each in found):
        yield Prose(text=NO_DRIFT, level="note")
    if any(not each.plain for each in found):
        yield Prose(text=NO_PLAIN, level="note")


NO_DRIFT = (
    "What is not heard was not played: what members come to say by themselves cannot be told from what they take up. "
    "Play it beside this with vary.scenario.hearing=[true,false]."
)
NO_PLAIN = (
    "The same talk with nobody who carries the bias was not played: what talking does cannot be told from what is "
    "taken up. Play it beside this with vary.member.biased=[0,1]."
)
