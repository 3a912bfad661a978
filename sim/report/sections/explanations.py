"""How alike the reasons are that are given, in words, in both arms of a pair."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.breakdown import estimate
from simrun.report.section import Section
from simrun.score.layout import texts
from simrun.score.scored import Scored

WORD = re.compile(r"\w+(?:['’-]\w+)*")


class Explanations(Section):
    """One table: each comparison, the controls among them."""

    name, order, title = "explanations", 58, "Reasons in words"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no reasons were asked for."""
        rows = tuple(row(each) for each in explanations(run))
        return (Table(key="explanations", about=ABOUT, columns=COLUMNS, rows=rows),) if rows else ()


class LikenessResult(Record):
    """The reasons of one arm beside those of its reference, over the pairs that have both."""

    arm: str
    reference: str
    why: str
    likeness: Estimate
    """Mean over pairs of `likeness`, 0 to 1."""
    words: Estimate
    """Of the arm's reasons."""
    reference_words: Estimate


ABOUT = (
    "Words in common, 0 (none) to 1 (the same words, in any order). Read each beside the controls: what other "
    "seeds, or an attribute that should not matter, do to the words is no effect of who the person is."
)
COLUMNS = (
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("compared as", "why"),
    estimate("words in common (95 %)", "likeness"),
    estimate("words (95 %)", "words"),
    estimate("words in the reference (95 %)", "reference_words"),
    Column.of("pairs (cases)", "likeness.n", "likeness.clusters", form="count", pattern="{} ({})"),
)


def explanations(run: Scored) -> Iterator[LikenessResult]:
    """Every comparison of two arms in which both gave reasons."""
    if not run.outcome.explanation_field:
        return
    told = texts(run.tables, run.layout, run.outcome.explanation_field)
    for each in (each for each in run.manifest.contrasts if each.single):
        pair = told[:, run.layout.columns((each.arms[0], each.references[0]))]
        there = np.array([all(map(bool, both)) for both in pair], dtype=np.bool_)
        if there.any():
            case = run.layout.case[there]
            yield LikenessResult(
                arm=each.arm,
                reference=each.reference,
                why=each.why,
                likeness=clustered_mean(np.array([likeness(*both) for both in pair[there]]), case, 0, 1),
                words=clustered_mean(_lengths(pair[there, 0]), case, 0, None),
                reference_words=clustered_mean(_lengths(pair[there, 1]), case, 0, None),
            )


def likeness(one: str, other: str) -> float:
    """Share of their words that two texts have in common, each as often as it stands: 2 |A and B| / (|A| + |B|).

    0 nothing in common, 1 the same words. Case and order do not count. Source: Dice 1945, doi:10.2307/1932409.
    """
    first, second = (Counter(WORD.findall(text.lower())) for text in (one, other))
    return 2 * (first & second).total() / max(first.total() + second.total(), 1)


def _lengths(told: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> Floats:
    return np.array([len(WORD.findall(text)) for text in told], dtype=np.float64)
