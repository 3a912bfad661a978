"""The effect in each wording of the prompts, the least first, and how many share the sign of the whole."""

from simrun.report.blocks import Block, Column, Finding, Table, row
from simrun.report.figures import figure
from simrun.report.section import Section
from simrun.report.specification import SpecificationResult, specification
from simrun.score.scored import Scored


class Specification(Section):
    """A finding and the rows of a curve for each declared outcome in each comparison."""

    name, order, title = "specification", 101, "The effect in each wording"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where all prompts have one wording."""
        found = specification(run)
        return (*map(told, found), summary(*found), table(*found)) if found else ()


SUMMARY = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of("wordings", "wordings", form="count"),
    Column.of("least", "least", form="signed"),
    Column.of("median", "median", form="signed"),
    Column.of("greatest", "greatest", form="signed"),
    Column.of("same sign", "same_sign", form="share", about="As the effect over all wordings; about half by chance."),
)
COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of("wording", "wording"),
    Column.of(
        "difference (95 %)",
        "effect.value",
        "effect.low",
        "effect.high",
        form="signed interval",
        about="Within the pairs of this wording, clustered over cases; not corrected for how many wordings there are.",
    ),
    Column.of("pairs (cases)", "effect.n", "effect.clusters", form="count", pattern="{} ({})"),
)


def told(found: SpecificationResult) -> Finding:
    """What the curve says; a doubt where some wording alone shows the opposite of the whole."""
    opposed = [each.wording for each in found.curve if _opposed(found, each.effect.low, each.effect.high)]
    values, count = found.values, len(found.curve)
    shared = "" if found.same_sign is None else f"; {round(found.same_sign * count)} of them have the sign of the whole"
    turned = f"; **by itself {', '.join(opposed)} shows the opposite**" if opposed else ""
    claim = "" if found.enough else "; so few speak for themselves only"
    text = (
        f"{found.outcome} in {count} wordings: from {figure(values[0], signed=True)} to "
        f"{figure(values[-1], signed=True)}{shared}{turned}{claim}."
    )
    verdict = "doubt" if opposed else "limit"
    return Finding(text=text, verdict=verdict, outcome=found.outcome, arm=found.arm, reference=found.reference)


def _opposed(found: SpecificationResult, low: float | None, high: float | None) -> bool:
    whole = found.whole.value
    if low is None or high is None or not whole:
        return False
    return low > 0 if whole < 0 else high < 0


def summary(*found: SpecificationResult) -> Table:
    """A row an outcome of a contrast."""
    rows = []
    for each in found:
        values = each.values
        told = {"wordings": len(values), "least": values[0], "greatest": values[-1], "same_sign": each.same_sign}
        rows.append(row(each, median=(values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2, **told))
    return Table(key="specification", columns=SUMMARY, rows=tuple(rows))


def table(*found: SpecificationResult) -> Table:
    """A row a wording, the least effect first."""
    rows = [row(each, outcome=one.outcome, arm=one.arm, reference=one.reference) for one in found for each in one.curve]
    return Table(key="curve", columns=COLUMNS, rows=tuple(rows))
