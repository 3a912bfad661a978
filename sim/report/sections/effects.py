"""What changed: every comparison with its verdict in sentences, its table, and what there is to doubt."""

from collections.abc import Iterator, Sequence

from simrun.report.blocks import Block, Column, Finding, Prose, Scalar, Table, row
from simrun.report.figures import ALPHA, figure, interval
from simrun.report.section import Section
from simrun.report.sections.looks import VERDICTS
from simrun.score.contrasts import ContrastResult
from simrun.score.looks import told
from simrun.score.scored import Scored

FEW = 5
"""Cases that differ, below which calibration shows intervals to be rough (docs/calibration.md)."""
TITLES = {
    "same": "Noise floor: the reference arm twice",
    "placebo": "Control: an attribute that should not matter",
    "swap": "Control: the opposite order",
    "mirror": "Control: the opposite polarity",
    "positive": "Positive control: a bias of known size, planted in scripted agents",
}


class Effects(Section):
    """A part for each comparison, the noise floor first; each under a title of its own."""

    name, order = "effects", 40

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Title, findings and table of each."""
        controls = {arm.name: arm.control for arm in run.arms}
        compared = dict.fromkeys((each.arm, each.reference) for each in run.contrasts)
        blocks: list[Block] = []
        # a field that no episode of any arm has, such as one of an option that is not played, says nothing
        there = {field for arm in run.arms for field, count in arm.observed.items() if count} | {*run.manifest.primary}
        for arm, reference in sorted(compared, key=lambda pair: controls.get(pair[0]) != "same"):
            own = [each for each in run.contrasts if (each.arm, each.reference) == (arm, reference)]
            title = TITLES.get(controls.get(arm, ""), f"Effect of {arm}, against {reference}")
            blocks += [Prose(text=title, level="title"), *_planted(run, own), *_verdicts(own)]
            blocks += [
                *_shown(run, arm, reference),
                _table(arm, reference, [each for each in own if each.outcome in there]),
            ]
        return tuple(blocks)


COLUMNS = (
    Column.of("outcome", "outcome", "better", "family", form="outcome", about="The arrow is the better direction."),
    Column.of(
        "difference (95 %)",
        "difference",
        "low",
        "high",
        form="signed interval",
        about="The arm minus its reference, within pairs, clustered over cases; 0 is no difference.",
    ),
    Column.of("p", "p", form="figure", about="Two-sided, by flipping the signs of whole cases.", shown=False),
    Column.of(
        "p adjusted",
        "p_adjusted",
        form="figure",
        about="Of declared outcomes by Holm, of the others by Benjamini-Hochberg; controls are not adjusted.",
    ),
    Column.of("pairs (cases)", "pairs", "cases", form="count", pattern="{} ({})", about="With a value in both arms."),
    Column.of("cases that differ", "differing", form="count", shown=False),
    Column.of(
        "flips (same arm)",
        "flip_rate",
        "same_arm_flip_rate",
        form="figure",
        pattern="{} ({})",
        about="Share of pairs that came out differently, and of the reference arm against itself with other seeds.",
    ),
    Column.of(
        "no effect beyond",
        "no_effect_beyond",
        form="figure",
        about="The smallest margin within which the effect is shown to lie, at 5 % (two one-sided tests).",
    ),
    Column.of(
        "detectable",
        "detectable",
        form="figure",
        about="The smallest true difference that would be found in 80 % of repetitions.",
    ),
    Column.of(
        "bootstrap",
        "bootstrap_low",
        "bootstrap_high",
        form="signed",
        pattern="[{}, {}]",
        about="95 %, of whole cases drawn anew: a check on the interval.",
        shown=False,
    ),
    Column.of(
        "missing values assumed",
        "worst_low",
        "worst_high",
        form="signed",
        pattern="[{}, {}]",
        about="Where the difference lies if the missing values had all been the worst for it, or the best.",
        shown=False,
    ),
    Column.of("left out", "excluded", form="count", about="Planned pairs that are not compared."),
    Column.of("why", "reasons", form="list", about="Reasons, with counts.", shown=False),
)


def _table(arm: str, reference: str, own: Sequence[ContrastResult]) -> Table:
    return Table(key=f"{arm} against {reference}", columns=COLUMNS, rows=tuple(row(each) for each in own))


def _of(each: ContrastResult) -> dict[str, str]:
    return {"outcome": each.outcome, "arm": each.arm, "reference": each.reference}


def _planted(run: Scored, own: Sequence[ContrastResult]) -> Iterator[Block]:
    """What a positive control was to find, and whether it did."""
    if own[0].arm != "positive":
        return
    planted, field = -run.manifest.config.design.planted, run.outcome.planted_field or run.outcome.accuracy
    yield Scalar(key="planted", label=f"true effect on {field}", value=planted, form="signed", shown=False)
    for each in own:
        if each.outcome == field and each.low is not None and each.high is not None:
            held, seen = each.low <= planted <= each.high, each.high < 0 or each.low > 0
            told = "the interval holds it" if held else "**the interval does not hold it**"
            power = (
                "and would have called it a difference"
                if seen
                else "but is too wide to tell it from 0: this design is too small for such an effect"
            )
            found = interval(each.difference, each.low, each.high, signed=True)
            text = f"{each.outcome}: planted: {figure(planted)}; found: {found}: {told}, {power}."
            yield Finding(text=text, verdict="passed" if held and seen else "failed", **_of(each))


def _shown(run: Scored, arm: str, reference: str) -> Iterator[Finding]:
    """Whether the bias whose effect this is was seen at all."""
    for each in run.manipulations:
        if (each.arm, each.reference) != (arm, reference):
            continue
        more = interval(each.success, each.low, each.high, signed=True)
        seen = f"seen in {more} more episodes than in the reference ({each.n} pairs)"
        told = f" ({seen})" if each.success is not None else ""
        text = (
            f"Manipulation check: {each.bias} was {seen}."
            if each.interpretable
            else f"**Not interpretable as an effect of {each.bias}**: {each.why}{told}."
        )
        yield Finding(text=text, verdict="passed" if each.interpretable else "failed", arm=arm, reference=reference)


def _verdicts(own: Sequence[ContrastResult]) -> Iterator[Block]:
    """What an arm's figures say: the declared outcomes one by one, then what stands out among the others."""
    if own[0].note:
        yield Prose(text=f"Means over several arms, {own[0].note}.", level="item")
    yield from (_primary(each) for each in own if each.family == "primary")
    secondary = [each for each in own if each.family == "secondary" and each.p_adjusted is not None]
    if secondary:
        differ = [each for each in secondary if (each.p_adjusted or 0) < ALPHA]
        found = ", ".join(f"{each.outcome} ({figure(each.difference, signed=True)})" for each in differ)
        yield Finding(
            text=f"Of {len(secondary)} secondary outcomes, after Benjamini-Hochberg over all of them and all arms: "
            f"{found or 'none differs'}.",
            verdict="difference" if differ else "no difference",
            arm=own[0].arm,
            reference=own[0].reference,
        )
    for each in own:
        yield from _doubts(each)


def _primary(each: ContrastResult) -> Finding:
    if each.followed is not None:
        return Finding(
            text=f"{each.outcome}: {told(each.followed)}.", verdict=VERDICTS[each.followed.verdict], **_of(each)
        )
    if each.low is None or each.high is None or each.p_adjusted is None:
        why = "too few cases for an interval" if each.pairs else "no pair has a value in both arms"
        return Finding(text=f"{each.outcome}: {why}.", verdict="undecided", **_of(each))
    if (each.low > 0 or each.high < 0) and each.p_adjusted < ALPHA:
        found = interval(each.difference, each.low, each.high, signed=True)
        text = f"{each.outcome}: a difference of {found}, p = {figure(each.p_adjusted)} after Holm."
        return Finding(text=text, verdict="difference", **_of(each))
    text = (
        f"{each.outcome}: no difference found, and none larger than {figure(each.no_effect_beyond)} is compatible "
        f"with these pairs (5 %). A true difference of {figure(each.detectable)} would have been found in 80 % of "
        "repetitions; smaller ones could not be seen."
    )
    return Finding(text=text, verdict="no difference", **_of(each))


def _doubts(each: ContrastResult) -> Iterator[Finding]:
    # of what one side never has, such as an option's own field, there is no figure that could be doubted
    compared = bool(each.pairs) or each.family == "primary"
    if compared and each.missing_p is not None and each.missing_p < ALPHA and each.missing_difference:
        worst = f"[{figure(each.worst_low, True)}, {figure(each.worst_high, True)}]"
        bounds = f"; with the worst assumed of them the difference lies in {worst}"
        text = (
            f"{each.outcome}: values are missing unequally ({figure(each.missing_difference, signed=True)} in this "
            f"arm, p = {figure(each.missing_p)}){bounds if each.worst_low is not None else ''}."
        )
        yield Finding(text=text, verdict="doubt", **_of(each))
    if each.family == "primary" and 0 < each.differing < FEW:
        text = f"{each.outcome}: the arms differ in {each.differing} cases only; its interval is rough."
        yield Finding(text=text, verdict="doubt", **_of(each))
