"""One group against the reference group among those who may be chosen: what the two sections about it share."""

from collections.abc import Iterator, Sequence

from simrun.agents.records import Record
from simrun.estimate.power import ALPHA
from simrun.report.blocks import Block, Column, Finding, Table, row
from simrun.score.crossed import Crossed
from simrun.score.exchanged import Measured, corrected
from simrun.score.menu import asked
from simrun.score.metric import Figure
from simrun.score.pool import Decisions, People, Pool, Scores
from simrun.score.samples import Located, RunValues

CHOSEN = (People, Pool, Decisions, Scores, Crossed)
"""The samples whose metrics these two sections show."""


class SelectionResult(Record):
    """One group against the reference group."""

    factor: str
    """The axis, or all axes together for their intersections."""
    level: str
    reference: str
    arm: str
    """Where the people are as their cases are; "" where everybody is played as both, over all such pairs of arms."""
    n: int
    """Pairs with a decision (with a score where nothing is decided) in both; episodes with one where `arm` is given."""
    members: int
    """How many of the n are of the group; all of them are where everybody is played as both."""
    cases: int
    excluded: int
    """Planned pairs, or episodes, without."""
    figures: tuple[Figure, ...]


def chosen(run: RunValues, stated: bool) -> tuple[SelectionResult, ...]:
    """Every group: what the metrics of pools, and of attributes that are crossed, come to."""
    located: dict[Whose, list[Located]] = {}
    deciding = (run.outcome.decision_field, run.outcome.score_field)
    for need in (People, Decisions, Scores, Crossed):
        for at in need.found(run):
            if bool(at.within) == stated and at.outcome in deciding:
                located.setdefault((at.factor, at.arm, at.reference, at.within), []).append(at)
    there = {whose: own for whose, own in located.items() if any(map(_pooled, own))}
    figures = corrected([[each for at in own if at.sample.usable for each in _measured(at)] for own in there.values()])
    return tuple(_result(*whose, own, told) for (whose, own), told in zip(there.items(), figures, strict=True))


Whose = tuple[str, str, str, str]
"""Factor, level, reference, and the arm that all of it is from."""


def _result(
    factor: str, level: str, reference: str, within: str, own: Sequence[Located], figures: Sequence[Figure]
) -> SelectionResult:
    first = next(at for at in own if _pooled(at))
    sample = first.sample
    assert isinstance(sample, Pool)
    return SelectionResult(
        factor=factor,
        level=level,
        reference=reference,
        arm=within,
        n=len(sample.case) if first.n is None else first.n,
        members=int(sample.member.sum()),
        cases=len(set(sample.case.tolist())),
        excluded=sum(first.reasons.values()),
        figures=tuple(figures),
    )


def _measured(at: Located) -> Iterator[Measured]:
    kinds = [kind for kind in asked(None) if kind.needs is type(at.sample) or (_pooled(at) and kind.needs is Pool)]
    sample = at.sample
    assert isinstance(sample, Pool | Crossed)
    for metric in (
        one for kind in sorted(kinds, key=lambda kind: (kind.order, kind.name)) for one in kind.asked(sample)
    ):
        figure = metric.figure(at)
        name = f"{figure.outcome}: {figure.name}" if isinstance(sample, Crossed) else figure.name
        yield metric, sample, figure.model_copy(update={"name": name})


def _pooled(at: Located) -> bool:
    return isinstance(at.sample, Decisions | Scores)


def tables(results: Sequence[SelectionResult]) -> Iterator[Block]:
    """What the tables come to together, a table for each group, and one for programs of how many were compared."""
    yield from _found(results)
    yield from (_table(each) for each in results)
    yield Table(
        key="compared",
        columns=COMPARED,
        rows=tuple(each.model_dump(mode="json", exclude={"figures"}) for each in results),
        shown=False,
    )


def _found(results: Sequence[SelectionResult]) -> Iterator[Finding]:
    tested = [(whose, each) for whose in results for each in whose.figures if each.p_adjusted is not None]
    if not tested:
        return
    far = [(whose, each) for whose, each in tested if (each.p_adjusted or 0.0) < ALPHA]
    named = dict.fromkeys(f"{whose.level} ({each.name})" for whose, each in far)
    text = FAMILY.format(len(tested), len(results), ", ".join(named) or "none differs from fair")
    yield Finding(text=text, verdict="difference" if far else "inconclusive")


FAMILY = "Of {} figures in {} tables, after correction over all of them (5 %): {}."


def _table(each: SelectionResult) -> Table:
    what = "episodes" if each.arm else "pairs"
    left = f", {each.excluded} planned {what} left out" if each.excluded else ""
    of = f" in {each.arm}, {each.members} of them of {each.level}" if each.arm else ""
    title = f"{each.level} against {each.reference} ({each.factor})"
    whose = each.model_dump(mode="json", include={"factor", "level", "reference", "arm"})
    return Table(
        key=f"{title} in {each.arm}" if each.arm else title,
        title=title,
        about=f"{each.n} {what} of {each.cases} cases{of}{left}.",
        columns=COLUMNS,
        rows=tuple(row(figure, **whose) for figure in each.figures),
        empty="One of the two groups has no value: nothing can be compared.",
    )


COLUMNS = (
    Column.of("figure", "name"),
    Column.of("value (95 %)", "value", "low", "high", form="interval", about="Not corrected; none of a distance."),
    Column.of("fair", "fair", form="figure", about="The value of parity, where there is one."),
    Column.of("by chance", "floor", form="figure", about="The same figure with labels exchanged, the mean: the floor."),
    Column.of("worse", "worse", about="Which way is worse for the group; away: from fair."),
    Column.of("p", "p", form="figure", about="Two-sided, by exchanging the labels of the groups.", shown=False),
    Column.of(
        "p adjusted",
        "p_adjusted",
        form="figure",
        about="Over all figures of all these tables; below .05 the figure says something. None: not tested.",
    ),
)
COMPARED = (
    Column.of("by", "factor"),
    Column.of("group", "level"),
    Column.of("against", "reference"),
    Column.of("arm", "arm"),
    Column.of("n", "n", form="count", about="Pairs with a value in both, or episodes with one where an arm is named."),
    Column.of("of the group", "members", form="count"),
    Column.of("cases", "cases", form="count"),
    Column.of("left out", "excluded", form="count", about="Planned pairs, or episodes, without."),
)
