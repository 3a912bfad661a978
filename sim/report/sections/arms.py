"""What each arm came to: accuracy, the means of all outcomes, and what went wrong."""

from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.scored import Scored


class Arms(Section):
    """One table of the arms, one of their means."""

    name, order, title = "arms", 30, "Arms"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Both tables."""
        return (Table(key="arms", columns=COLUMNS, rows=tuple(row(arm) for arm in run.arms)), _means(run))


COLUMNS = (
    Column.of("arm", "name"),
    Column.of("n", "n", form="count", about="Episodes with an outcome."),
    Column.of(
        "accuracy (95 %)",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        form="interval",
        about="Mean of the scenario's accuracy, 0 to 1; clustered over cases.",
    ),
    *(
        Column.of(problem, f"problems.{problem}", form="count", about="Replies in finished episodes.")
        for problem in ("refused", "unreadable", "truncated")
    ),
    Column.of(
        "asked again",
        "asked_again",
        form="share",
        about="Share of the turns that were asked for again since no decision could be read.",
    ),
    Column.of("errors", "errors", form="count", about="Episodes that infrastructure ended; they are owed again."),
    Column.of("calls", "calls", form="count", about="Calls to models.", shown=False),
)


def _means(run: Scored) -> Table:
    """A row an outcome, a column an arm."""
    names = [arm.name for arm in run.arms]
    columns = [Column.of(name, f"means.{name}", f"observed.{name}", f"episodes.{name}", form="mean") for name in names]
    rows = [
        {
            "outcome": field,
            "means": {arm.name: arm.outcomes[field] for arm in run.arms},
            "observed": {arm.name: arm.observed[field] for arm in run.arms},
            "episodes": {arm.name: arm.n for arm in run.arms},
        }
        for field in run.arms[0].outcomes
        if field in run.manifest.primary or any(arm.observed[field] for arm in run.arms)
    ]
    return Table(
        key="means",
        about="Means of the outcomes, with the number observed where it is not n:",
        columns=(Column.of("mean", "outcome"), *columns),
        rows=tuple(rows),
    )
