"""What was planned and is not compared, and why."""

from collections.abc import Iterator

from simrun.report.blocks import Block, Column, Finding, Prose, Scalar, Table
from simrun.report.section import Section
from simrun.score.scored import Scored


class Missing(Section):
    """Cases left out of an arm, pairs not compared, episodes in error."""

    name, order, title = "missing", 120, "What is missing"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A finding each, or a sentence that nothing is missing; for programs the cases left out, and the errors."""
        found = tuple(_findings(run)) or (Prose(text="Nothing: every planned pair was compared in every outcome."),)
        rows = tuple({"case": each.case, "arm": each.arm, "why": each.why} for each in run.manifest.exclusions)
        left_out = Table(key="exclusions", columns=COLUMNS, rows=rows, shown=False)
        errors = Scalar(
            key="errors",
            label="episodes that infrastructure ended, by class",
            value=dict(run.errors),
            form="list",
            shown=False,
        )
        return (*found, left_out, errors)


COLUMNS = (Column.of("case", "case"), Column.of("left out of", "arm"), Column.of("why", "why"))


def _findings(run: Scored) -> Iterator[Finding]:
    excluded: dict[str, list[str]] = {}
    for each in run.manifest.exclusions:
        excluded.setdefault(f"{each.case}: {each.why}", []).append(each.arm)
    for what, arms in excluded.items():
        yield Finding(text=f"{what}; left out of {', '.join(arms)}", verdict="missing")
    reasons: dict[str, int] = {}
    for contrast in run.contrasts:
        for reason, count in contrast.reasons.items():
            reasons[reason] = max(reasons.get(reason, 0), count)
    for reason, count in reasons.items():
        yield Finding(text=f"pairs not compared, most in any outcome: {count} ({reason})", verdict="missing")
    for error, count in run.errors.items():
        told = (
            "they cannot be played again as they are logged; see simrun replay" if error == "replay" else "owed again"
        )
        yield Finding(text=f"episodes ended by {error}: {count} ({told})", verdict="missing")
