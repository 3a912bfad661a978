"""Forced choices: which count as how probable they were, which as what was said, and whether the two agree."""

from collections.abc import Iterator

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.bounded import case_means
from simrun.estimate.paired import Estimate, clustered_mean, margin
from simrun.log.manifest import Manifest
from simrun.report.blocks import Block, Column, Prose, Scalar, Table, row
from simrun.report.section import Section
from simrun.score.scored import Scored

MARGIN = 0.05
"""Within which share of an outcome's range the two ways of counting a choice are called equal, declared beforehand:
five points of a hundred."""
SAMPLED = "_sampled"
"""What stands behind the name of an outcome that is said beside one that is expected."""


class Choices(Section):
    """How many choices were weighed, role by role; with `outcomes=both` what was said against how probable it was."""

    name, order, title = "choices", 87, "Forced choices"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where choices count as what was said, or none was made."""
        told, twins = weighed(run), tuple(agreements(run))
        if not told:
            return ()
        table = Table(key="choices", about=ABOUT, columns=COLUMNS, rows=tuple(row(each) for each in told))
        both = Table(key="agreement", about=AGREE, columns=AGREEMENT, rows=tuple(row(each) for each in twins))
        said = _said(run.manifest) + _tempered(run.manifest)
        return (Prose(text=_sum(told) + said, level="note"), *_scalars(told), table, *((both,) if twins else ()))


class Weighed(Record):
    """The choices of one role that were decided."""

    role: str
    expected: int
    """Count as how probable each option was."""
    sampled: int
    """Count as what was said, since the probabilities were not to be had."""
    why: str
    """Of the sampled ones: reasons, with counts."""
    mass: float | None
    """Mean over the expected ones of the share of all that could have been said where the options part which leads to
    one of them; None where it is not known."""
    least: float | None
    """The least of these shares."""


class Agreement(Record):
    """One outcome as it is expected, less what was said, over the episodes of all arms."""

    outcome: str
    difference: Estimate
    no_effect_beyond: float | None
    """The smallest margin within which the two are shown to agree, at 5 % (two one-sided tests)."""
    equal: bool | None
    """Whether that is within MARGIN of the outcome's range; None without an interval."""


ABOUT = (
    "What counts is how probable an option was at temperature 1, whatever the temperature of the replies, where the "
    "backend tells it; else what was said, at the run's temperature. Outcomes that a scenario does not make of choices "
    "(a judge's verdict, a score among other fields) are what was said. A mass near 0: the model would rather have "
    "said something else there, and was held to the options."
)
COLUMNS = (
    Column.of("role", "role"),
    Column.of("expected", "expected", form="count"),
    Column.of("sampled", "sampled", "why", form="text", pattern="{} {}"),
    Column.of("mass", "mass", "least", form="figure", pattern="{} (least {})"),
)
AGREE = (
    "Expected less sampled, of these cases: what varies is what was drawn. "
    f"Equal: within {MARGIN:.0%} of the outcome's range, at 5 %."
)
AGREEMENT = (
    Column.of("outcome", "outcome"),
    Column.of("expected - sampled", "difference.value", "difference.low", "difference.high", form="signed interval"),
    Column.of("agree within", "no_effect_beyond", form="figure", about="Two one-sided tests at 5 %."),
    Column.of("equal", "equal", form="text", about=f"Whether that is at most {MARGIN:.0%} of the range."),
)
COUNTED = "SELECT role, weighed, why, count(*) AS n, sum(mass) AS mass, count(mass) AS known, min(mass) AS least"
LAST = "QUALIFY row_number() OVER (PARTITION BY c.trial, c.role, c.chat, c.nth ORDER BY c.attempt DESC) = 1"
DECIDED = (
    "SELECT c.role AS role, c.weighed AS weighed, c.unweighed AS why, c.mass AS mass FROM calls c JOIN turns t "
    "USING (trial, role, chat, nth) WHERE c.weighed IS NOT NULL AND t.decision IS NOT NULL "
)


def weighed(run: Scored) -> tuple[Weighed, ...]:
    """The choices that were decided, by role; none where what was said counts."""
    if run.manifest.config.outcomes == "sampled":
        return ()
    rows = run.tables.sql(f"{COUNTED} FROM ({DECIDED}{LAST}) GROUP BY ALL ORDER BY role, n DESC, why").fetchall()
    return tuple(_role(role, [each for each in rows if each[0] == role]) for role in dict.fromkeys(r[0] for r in rows))


def _role(role: str, rows: list[tuple[str, bool, str | None, int, float | None, int, float | None]]) -> Weighed:
    expected = [each for each in rows if each[1]]
    known = sum(each[5] for each in expected)
    missing = {each[2]: each[3] for each in rows if not each[1]}
    return Weighed(
        role=role,
        expected=sum(each[3] for each in expected),
        sampled=sum(missing.values()),
        why=f"({', '.join(f'{why} {count}' for why, count in missing.items())})" if missing else "",
        mass=sum(each[4] or 0.0 for each in expected) / known if known else None,
        least=min((each[6] for each in expected if each[6] is not None), default=None),
    )


def agreements(run: Scored) -> Iterator[Agreement]:
    """Each outcome that has a twin of what was said, where both are there."""
    layout = run.layout
    for name in layout.outcomes:
        if name + SAMPLED not in layout.outcomes:
            continue
        apart = layout.table(name, layout.arms) - layout.table(name + SAMPLED, layout.arms)
        there = ~np.isnan(apart)
        # what is drawn is drawn anew in each repeat of a case, and once for all of its arms
        draws = np.arange(len(apart)).repeat(apart.shape[1]).reshape(apart.shape)
        span = run.outcome.span(name)
        width = span.high - span.low if span else 1.0
        found = clustered_mean(apart[there], draws[there], -width, width)
        beyond = margin(case_means(apart[there], draws[there]), -width, width) if found.n else None
        if found.n:
            equal = None if beyond is None else beyond <= MARGIN * width
            yield Agreement(outcome=name, difference=found, no_effect_beyond=beyond, equal=equal)


def _sum(told: tuple[Weighed, ...]) -> str:
    expected, sampled = sum(each.expected for each in told), sum(each.sampled for each in told)
    return f"Forced choices: expected: {expected} of {expected + sampled}; sampled: {sampled}."


def _said(manifest: Manifest) -> str:
    """The primary outcomes that count as what was said, since no probability of an option makes them."""
    fields = manifest.outcome.model_fields
    plain = [name for name in manifest.primary if name in fields and name + SAMPLED not in fields]
    return f" As said in any case, since no one choice makes it: {', '.join(plain)}." if plain else ""


def _tempered(manifest: Manifest) -> str:
    """That what was said was drawn otherwise than it is weighed, where both are held against each other."""
    config = manifest.config
    own = (config.backend, *(role.engine for role in config.roles.values()))
    told = sorted({float(each["temperature"]) for each in own if each.get("temperature") is not None} - {1.0})
    if config.outcomes != "both" or not told:
        return ""
    return (
        f" Replies were drawn at a temperature of {', '.join(f'{each:g}' for each in told)} and are weighed at 1: the "
        "two need not agree. They estimate the same at temperature=1 with nothing cut off (extra.top_p=1, "
        "extra.top_k=0, extra.min_p=0)."
    )


def _scalars(told: tuple[Weighed, ...]) -> Iterator[Scalar]:
    for key in ("expected", "sampled"):
        value = sum(getattr(each, key) for each in told)
        yield Scalar(key=key, label=f"forced choices that count as {key}", value=value, form="count", shown=False)
