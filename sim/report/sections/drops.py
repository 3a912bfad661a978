"""What is lost of the reference's accuracy at each level of an axis whose levels are about several things, such as the
personas that an assistant is told to be."""

from collections.abc import Iterator

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.levels import Levels
from simrun.score.metrics.persona_drop import PersonaDrop
from simrun.score.metrics.significant_drops import SignificantDrops
from simrun.score.samples import Located
from simrun.score.scored import Scored


class Drops(Section):
    """One table: those about one thing together, then one by one."""

    name, order, title = "drops", 52, "Accuracy that is lost, by whom it is about"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no such axis was varied."""
        rows = tuple(row(each) for each in drops(run))
        return (Table(key="drops", columns=COLUMNS, rows=rows),) if rows else ()


class DropResult(Record):
    """The accuracy at a level, or at several, beside the reference's."""

    factor: str
    who: str
    """The level, what several are about, or `all`."""
    under: str
    """How the other factors are set."""
    levels: int
    accuracy: float
    reference: float
    drop: float | None
    """Share of the reference's accuracy that is lost."""
    low: float | None
    high: float | None
    significant: float | None
    """Share of the levels that drop significantly, after Holm over these levels; None for one alone."""
    which: str
    n: int
    cases: int


COLUMNS = (
    Column.of("by", "factor", shown=False),
    Column.of("who", "who"),
    Column.of("under", "under", about="How the other factors are set."),
    Column.of("accuracy", "accuracy", form="figure", about="Means over the levels where there are several."),
    Column.of("in the reference", "reference", form="figure"),
    Column.of(
        "share lost (95 %)",
        "drop",
        "low",
        "high",
        form="signed interval",
        about="(reference - accuracy) / reference, within pairs; by leaving cases out group by group.",
    ),
    Column.of(
        "significant drops",
        "significant",
        form="figure",
        about="Share of the levels that drop beyond chance, after Holm over those of the row.",
    ),
    Column.of("levels", "levels", form="count"),
    Column.of("which", "which", shown=False),
    Column.of("pairs (cases)", "n", "cases", form="count", pattern="{} ({})"),
)


def drops(run: Scored) -> tuple[DropResult, ...]:
    """Groups of levels first, then each alone."""
    found = list(Levels.found(run)) if not Levels.lacking(run.manifest) else []
    return tuple(sorted(_results(found), key=lambda each: each.levels == 1))


def _results(found: list[Located]) -> Iterator[DropResult]:
    for at in found:
        sample = at.sample
        assert isinstance(sample, Levels)
        if not sample.usable:
            continue
        figure, several = PersonaDrop().figure(at), SignificantDrops().measure(sample) if sample.several else None
        yield DropResult(
            factor=at.factor,
            who=sample.attribute or ("all" if sample.several else sample.names[0]),
            under=sample.under,
            levels=len(sample.names),
            accuracy=float(sample.arm.mean()),
            reference=float(sample.reference.mean()),
            drop=figure.value,
            low=figure.low,
            high=figure.high,
            significant=several.value if several else None,
            which=several.note if several else "",
            n=figure.n,
            cases=figure.cases,
        )
