"""One group against the reference group among those who may be chosen: what the two sections about it share."""

from collections.abc import Iterator, Sequence

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table, row
from simrun.score.crossed import Crossed
from simrun.score.menu import asked, measured
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
    located: dict[tuple[str, str, str, str], list[Located]] = {}
    deciding = (run.outcome.decision_field, run.outcome.score_field)
    for need in (People, Decisions, Scores, Crossed):
        for at in need.found(run):
            if bool(at.within) == stated and at.outcome in deciding:
                located.setdefault((at.factor, at.arm, at.reference, at.within), []).append(at)
    return tuple(found for whose, own in located.items() if (found := _result(*whose, own)))


def _result(factor: str, level: str, reference: str, within: str, own: Sequence[Located]) -> SelectionResult | None:
    pools = [at for at in own if _pooled(at)]
    if not pools:
        return None
    first, sample = pools[0], pools[0].sample
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
        figures=tuple(each for at in own if at.sample.usable for each in _figures(at)),
    )


def _figures(at: Located) -> Iterator[Figure]:
    kinds = [kind for kind in asked(None) if kind.needs is type(at.sample) or (_pooled(at) and kind.needs is Pool)]
    for each in measured(at, sorted(kinds, key=lambda kind: (kind.order, kind.name))):
        crossed = isinstance(at.sample, Crossed)
        yield each.model_copy(update={"name": f"{each.outcome}: {each.name}"}) if crossed else each


def _pooled(at: Located) -> bool:
    return isinstance(at.sample, Decisions | Scores)


def tables(results: Sequence[SelectionResult]) -> Iterator[Block]:
    """A table for each group, and one for programs of how many were compared."""
    yield from (_table(each) for each in results)
    yield Table(
        key="compared",
        columns=COMPARED,
        rows=tuple(each.model_dump(mode="json", exclude={"figures"}) for each in results),
        shown=False,
    )


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
        columns=_columns("groups at random" if each.arm else "same arm twice"),
        rows=tuple(row(figure, **whose) for figure in each.figures),
        empty="One of the two groups has no value: nothing can be compared.",
    )


def _columns(floor: str) -> tuple[Column, ...]:
    return (
        Column.of("figure", "name"),
        Column.of("value (95 %)", "value", "low", "high", form="interval"),
        Column.of("fair", "fair", form="figure", about="The value of parity, where there is one."),
        Column.of(floor, "floor", form="figure", about="The same figure where only the seeds differ: the noise floor."),
        Column.of("worse", "worse", about="Which way is worse for the group; away: from fair."),
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
