"""What the looks at a run come to, question by question: the same figures decide while it is played, and stand in its
report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from simrun.agents.records import Record
from simrun.config.options import Width
from simrun.estimate.betting import BettingInterval, betting_intervals, betting_p, equivalent_at
from simrun.estimate.bounded import case_means
from simrun.estimate.families import holm
from simrun.estimate.power import ALPHA
from simrun.estimate.sequential import sign_looks
from simrun.log.looks import Look
from simrun.log.manifest import Manifest
from simrun.log.tables import number as as_number
from simrun.plan.looks import Question, looks
from simrun.score.compared import pairs
from simrun.score.layout import Floats, Layout, laid_out
from simrun.score.verdict import NOT_BOUNDED, Found, Verdict
from simrun.stage.trial import Episode, Trial

LEVEL = ALPHA
"""Of the whole family: not one false difference, and not one false equivalence, with more than this probability."""
NAMED = 3
"""Questions whose finding is told one by one; of more, how many came to what."""


class Followed(Record):
    """One question as far as one has looked."""

    outcome: str
    arm: str
    reference: str
    bound: float
    """By how much a case can differ at most."""
    margin: float | None
    """The declared one; None where none was."""
    level: float
    """Of this question: that of the family, divided by the number of questions where a difference is to be decided."""
    cases: int
    """Looked at, with a value in all arms."""
    difference: float | None
    """Mean over these cases, each counting once."""
    low: float | None
    high: float | None
    """95 % interval by betting: it holds at every look, wherever the run stopped."""
    shown_within: float | None
    """The smallest margin within which the effect is shown to lie, at 5 % and at every look."""
    p: float | None
    """By the sign-flip test with spending, in stagewise order; by betting where a width is to be reached. None for a
    test that has not ended."""
    p_adjusted: float | None
    """Over the family: times the number of questions, or by Holm."""
    verdict: Found
    why: str = ""
    """Of an inconclusive one: what stands against a verdict."""
    after: int | None
    """After how many cases the run need not go on for it; None while it must."""

    @property
    def of(self) -> tuple[str, str, str]:
        """Which question it is: outcome, arm and reference."""
        return self.outcome, self.arm, self.reference

    def figures(self) -> dict[str, Any]:
        """What stands in place of figures that take the number of cases as fixed."""
        own = self.model_dump(include={"difference", "low", "high", "p", "p_adjusted"})
        decided = Verdict(kind=self.verdict, why=self.why)
        of_fixed = dict.fromkeys(("detectable", "cases_needed"))
        return {**own, **of_fixed, "shown_within": self.shown_within, "verdict": decided, "followed": self}


def differences(manifest: Manifest, layout: Layout, question: Question) -> Floats:
    """The mean of the pair differences of each case, (cases,) in the order of the plan, NaN where a case has none."""
    found = pairs(layout, question.outcome, question.contrast).whole()
    means = np.full(len(layout.cases), np.nan)
    means[np.unique(found.case)] = case_means(found.difference(), found.case)
    place = {case: nth for nth, case in enumerate(layout.cases)}
    ordered: Floats = means[[place[case] for case in manifest.cases]]
    return ordered


def followed(manifest: Manifest, layout: Layout, at: Sequence[int]) -> tuple[Followed, ...]:
    """Every question after the looks at these numbers of cases; () where one has not looked yet."""
    asked, stop = manifest.questions if at else (), manifest.config.design.stop
    found = []
    for question in asked:
        values = differences(manifest, layout, question)[: at[-1]]
        if (most := float(np.nanmax(np.abs(values), initial=0.0))) > question.bound * (1 + 1e-9):
            found.append(_void(question, values, most))
        elif isinstance(stop, Width):
            found.append(_narrow(question, values, at, stop.half_width))
        else:
            found.append(decided(question, values, at, len(manifest.cases), len(asked)))
    return _over_family(found) if isinstance(stop, Width) else tuple(found)


def _void(question: Question, values: Floats, most: float) -> Followed:
    gone = dict.fromkeys(("low", "high", "shown_within", "p", "p_adjusted", "after"))
    why = f"void, a case differs by {most:g} and at most {question.bound:g} was declared"
    return Followed(**_asked(question, values), **gone, verdict="inconclusive", why=why)


def _narrow(question: Question, values: Floats, at: Sequence[int], width: float) -> Followed:
    """A question that is done when its interval is narrow."""
    widths = betting_intervals(values, at, question.bound)
    after = next((each.cases for each in widths if each.half_width <= width), None)
    p, alike = betting_p(values, at, question.bound), _alike(question, values, at, LEVEL)
    verdict: Found = "inconclusive" if alike is None else "equivalent"
    figures = _bounded(question, values, at, widths[-1])
    return Followed(**_asked(question, values), **figures, p=p, p_adjusted=None, verdict=verdict, after=after)


def _over_family(found: Sequence[Followed]) -> tuple[Followed, ...]:
    """A difference where 0 has left the interval, and the p value stands beside those of the other questions."""
    tested = [each for each in found if each.p is not None]
    adjusted = dict(zip([each.of for each in tested], holm([each.p or 0.0 for each in tested]), strict=True))
    return tuple(
        each.model_copy(update=_apart(each, adjusted[each.of]) if each.of in adjusted else {}) for each in found
    )


def _apart(each: Followed, adjusted: float) -> dict[str, Any]:
    outside = each.low is not None and each.high is not None and not each.low <= 0 <= each.high
    if not outside or adjusted > LEVEL:
        return {"p_adjusted": adjusted}
    return {"p_adjusted": adjusted, "verdict": "within the margin" if each.verdict == "equivalent" else "difference"}


def decided(question: Question, values: Floats, at: Sequence[int], planned: int, asked: int) -> Followed:
    """A question that is done when there is a difference, by spending, or equivalence, by betting."""
    level = LEVEL / asked
    last = sign_looks(values, at, planned, question.bound, level)[-1]
    p = last.p if last.stops or last.cases == planned else None
    looked = betting_intervals(values, at, question.bound)
    left = 0 if question.signs else next((each.cases for each in looked if not each.low <= 0 <= each.high), None)
    differs = max(last.cases, left) if last.stops and left is not None else None
    alike = _alike(question, values, at, level)
    verdict: Found = "inconclusive" if alike is None else "equivalent"
    if differs is not None:
        verdict = "difference" if alike is None else "within the margin"
    return Followed(
        **_asked(question, values) | {"level": level},
        **_bounded(question, values, at, looked[-1]),
        p=p,
        p_adjusted=None if p is None else min(1.0, asked * p),
        verdict=verdict,
        why=NOT_BOUNDED if last.stops and verdict == "inconclusive" else "",
        after=min((each for each in (differs, alike) if each is not None), default=None),
    )


def _alike(question: Question, values: Floats, at: Sequence[int], level: float) -> int | None:
    """After how many cases it is shown to lie within the margin."""
    return None if question.margin is None else equivalent_at(values, at, question.bound, question.margin, level)


def _asked(question: Question, values: Floats) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    return {
        **question.model_dump(include={"outcome", "bound", "margin"}),
        "arm": question.contrast.arm,
        "reference": question.contrast.reference,
        "level": LEVEL,
        "cases": len(there),
        "difference": float(there.mean()) if len(there) else None,
    }


def _bounded(question: Question, values: Floats, at: Sequence[int], last: BettingInterval) -> dict[str, float]:
    """The interval, and the margin within which both bettors have had 1 / LEVEL."""
    both = betting_intervals(values, at, question.bound, 1 - 2 * LEVEL)[-1]
    return {"low": last.low, "high": last.high, "shown_within": max(-both.low, both.high)}


def decide(manifest: Manifest, played: Mapping[str, tuple[Trial, Episode]], nth: int) -> Look:
    """What the nth look at a run comes to, from what was played of it: trial -> it and its outcome."""
    return look(manifest, _gathered(manifest, played), nth)


def look(manifest: Manifest, layout: Layout, nth: int) -> Look:
    """The same, from outcomes that are laid out."""
    every = looks(manifest.config.design, len(manifest.cases))
    found = followed(manifest, layout, every[:nth])
    decided = all(each.after is not None for each in found)
    return Look(number=nth, of=len(every), cases=every[nth - 1], decided=decided, why=_why(found))


def _gathered(manifest: Manifest, played: Mapping[str, tuple[Trial, Episode]]) -> Layout:
    """Episodes laid out as those of sealed tables are, as far as the questions ask for it."""
    import duckdb

    kind, episodes, outcomes = manifest.outcome, [], []
    for trial, episode in played.values():
        whose = trial.model_dump(include={"case", "arm", "repeat"})
        episodes.append({**whose, "state": "done"})
        for cell in kind.model_validate(episode.outcome).cells():
            if cell.field in manifest.primary:
                told = {"outcome": cell.field, "turn": cell.turn, "subject": cell.subject}
                outcomes.append({**whose, **told, "value": as_number(cell.value)})
    whose = {"case": "VARCHAR", "arm": "VARCHAR", "repeat": "INTEGER"}
    told = {"outcome": "VARCHAR", "turn": "INTEGER", "subject": "VARCHAR", "value": "DOUBLE"}
    with duckdb.connect() as tables:
        for name, columns, rows in (
            ("episodes", whose | {"state": "VARCHAR"}, episodes),
            ("outcomes", whose | told, outcomes),
        ):
            tables.execute(
                f"CREATE TABLE {name} AS SELECT unnest(from_json($1::JSON, $2), recursive := true)",
                [orjson.dumps(rows).decode(), orjson.dumps([columns]).decode()],
            )
        return laid_out(tables, manifest, manifest.primary)


def _why(found: Sequence[Followed]) -> str:
    """What was found, in words: of a few questions one by one."""
    if len(found) <= NAMED:
        return "; ".join(f"{each.outcome}, {each.arm} against {each.reference}: {told(each)}" for each in found)
    counts = Counter(each.verdict for each in found)
    open_ = sum(each.after is None for each in found)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return f"of {len(found)} questions: {verdicts}; {open_} of them not done"


def told(each: Followed) -> str:
    """What was found of one question, with its figures."""
    if each.low is None or each.high is None or each.difference is None:
        return f"inconclusive: {each.why or 'no case has a value in all arms'}"
    interval = f"{each.difference:+.3g} [{each.low:+.3g}, {each.high:+.3g}]"
    p = "" if each.p_adjusted is None else f", p = {each.p_adjusted:.3g} after correction"
    match each.verdict:
        case "difference":
            return f"a difference of {interval}{p}"
        case "within the margin":
            return f"a difference of {interval}, but within the margin of {each.margin:g}{p}"
        case "equivalent":
            return f"equivalent within the margin of {each.margin:g}: {interval}"
    return f"inconclusive: {interval}{p}{f'; {each.why}' if each.why else ''}"
