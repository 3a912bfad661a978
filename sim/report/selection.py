"""Who is chosen: rates and scores of a group against the reference group's, places among the best of a pool, and merit.

Of an axis that was varied, everybody stands in the pool as a member of each group (the other factors matched): groups are equal in merit by
construction, and any difference is the agent's. Of what cases say of their people by themselves, groups are of different people.
"""

from collections.abc import Iterator, Sequence

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.report.figures import figure, interval, table
from simrun.scenarios.outcome import Outcome
from simrun.score.crossed import Crossed
from simrun.score.layout import Layout
from simrun.score.menu import asked, measured
from simrun.score.metric import Figure
from simrun.score.pool import DIVISIONS, LEAST, Decisions, People, Pool, Scores
from simrun.score.samples import Located, Scored

HEAD = ("figure", "value (95 %)", "fair", "same arm twice", "worse")


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


def selections(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    return tuple(_chosen(Scored(manifest, layout, kind), stated=False))


def observed(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[SelectionResult, ...]:
    """The same of the groups that cases state by themselves, in every arm that leaves them as they are; and of their intersections."""
    return tuple(_chosen(Scored(manifest, layout, kind), stated=True))


def _chosen(run: Scored, stated: bool) -> Iterator[SelectionResult]:
    """Every group: what the metrics of pools, and of attributes that are crossed, come to."""
    located: dict[tuple[str, str, str, str], list[Located]] = {}
    for need in (People, Decisions, Scores, Crossed):
        for at in need.found(run):
            if bool(at.within) == stated and at.outcome in (run.kind.decision_field, run.kind.score_field):
                located.setdefault((at.factor, at.arm, at.reference, at.within), []).append(at)
    for (factor, level, reference, within), own in located.items():
        pools = [at.sample for at in own if isinstance(at.sample, Decisions | Scores)]
        if pools:
            first = next(at for at in own if at.sample is pools[0])
            n = len(pools[0].case) if first.n is None else first.n
            yield SelectionResult(
                factor=factor,
                level=level,
                reference=reference,
                arm=within,
                n=n,
                members=int(pools[0].member.sum()),
                cases=len(set(pools[0].case.tolist())),
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


def selection_rows(result: SelectionResult) -> list[list[str]]:
    """The rows of its table under HEAD."""
    return [
        [each.name, interval(each.value, each.low, each.high), figure(each.fair), figure(each.floor), each.worse]
        for each in result.figures
    ]


def selection_text(results: Sequence[SelectionResult]) -> Iterator[str]:
    """The section of a report: a table for each group."""
    for each in results:
        what = "episodes" if each.arm else "pairs"
        left = f", {each.excluded} planned {what} left out" if each.excluded else ""
        of = f" in {each.arm}, {each.members} of them of {each.level}" if each.arm else ""
        yield (
            f"### {each.level} against {each.reference} ({each.factor})\n{each.n} {what} of {each.cases} cases{of}{left}.\n\n"
            f"{table((*HEAD[:3], 'groups by lot', HEAD[4]) if each.arm else HEAD, selection_rows(each)) if each.figures else 'One of the two groups has no value: nothing can be compared.'}"
        )


ABOUT = (
    "Every applicant is played as a member of each group, so groups are equal in merit and what differs is the agent's. The best are chosen out of a "
    "pool in which everybody stands once as each; ties are broken by lot. A figure says something where its interval leaves out the fair value, and "
    "it is more than the same arm twice. Intervals: delete-a-group jackknife over cases."
)
OBSERVED = (
    "Groups as the cases state them. Their members are different people, who differ in more than the group: a difference may be that of their "
    "merit, which is why its own difference stands first, and what is left at equal merit (a straight line in merit taken out) beside the plain one. "
    "Where merit is unknown, or was itself judged unfairly, only the same people played as both tell what is the agent's. "
    f"The same figures of {DIVISIONS} divisions of these people by lot, their mean, are the noise floor. Groups of fewer than {LEAST} cases are left out. Intervals: delete-a-group jackknife over cases."
)
