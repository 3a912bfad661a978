"""What changed: every comparison with its verdict in sentences, its table, and what there is to doubt."""

from collections.abc import Iterator, Sequence

from simrun.estimate.power import ALPHA
from simrun.report.blocks import Block, Column, Finding, Prose, Scalar, Table, row
from simrun.report.figures import figure, interval
from simrun.report.section import Section
from simrun.score.contrasts import ContrastResult
from simrun.score.looks import told as told_of_looks
from simrun.score.scored import Scored

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
        shut: list[list[ContrastResult]] = []
        # a field that no episode of any arm has, such as one of an option that is not played, says nothing
        there = {field for arm in run.arms for field, count in arm.observed.items() if count} | {*run.manifest.primary}
        for arm, reference in sorted(compared, key=lambda pair: controls.get(pair[0]) != "same"):
            own = [each for each in run.contrasts if (each.arm, each.reference) == (arm, reference)]
            if _closed(own):
                shut.append(own)
                continue
            title = TITLES.get(controls.get(arm, ""), f"Effect of {arm}, against {reference}")
            blocks += [Prose(text=title, level="title"), *_planted(run, own), *_verdicts(run, own)]
            blocks += [
                *_shown(run, arm, reference),
                _table(arm, reference, [each for each in own if each.outcome in there]),
            ]
        return (*blocks, *_behind(shut))


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
    Column.of(
        "p",
        "p",
        form="figure",
        about="Two-sided, exact, by flipping the signs of whole cases: that the arms are interchangeable, not that a "
        "mean is 0.",
        shown=False,
    ),
    Column.of(
        "p adjusted",
        "p_adjusted",
        form="figure",
        about="Of declared outcomes over all of them and all comparisons (max-T within one, Holm over them; cells "
        "behind their main effect), of the others by Benjamini-Hochberg; controls are not adjusted.",
    ),
    Column.of(
        "verdict",
        "verdict.kind",
        "aside",
        pattern="{}{}",
        about="Difference, within the margin, equivalent, or inconclusive; or why it is not tested.",
    ),
    Column.of("pairs (cases)", "pairs", "cases", form="count", pattern="{} ({})", about="With a value in both arms."),
    Column.of("cases that differ", "differing", form="count", shown=False),
    Column.of(
        "flips (placebo)",
        "flip_rate",
        "placebo_flip_rate",
        form="figure",
        pattern="{} ({})",
        about="Share of pairs that came out differently, and of the reference arm against the placebo, under the same "
        "seeds: the floor.",
    ),
    Column.of(
        "excess flips (95 %)",
        "excess_flips",
        "excess_low",
        "excess_high",
        form="signed interval",
        about="How much more often than the placebo; - without one: there is then no floor.",
    ),
    Column.of(
        "shown within",
        "shown_within",
        form="figure",
        about="The smallest margin within which the effect is shown to lie, at 5 % (two one-sided tests: the ends of "
        "the 90 % interval, which is narrower than the printed one).",
    ),
    Column.of(
        "detectable",
        "detectable",
        form="figure",
        about="The smallest true difference that would get the verdict of a difference in 80 % of repetitions, the "
        "correction counted; - where none would.",
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


def _closed(own: Sequence[ContrastResult]) -> bool:
    """Whether this compares single arms of a crossed design, and the main effect before it does not show."""
    cells = [each for each in own if each.family == "cell"]
    return bool(cells) and all(each.p_adjusted is None or each.p_adjusted > ALPHA for each in cells)


def _behind(shut: Sequence[Sequence[ContrastResult]]) -> Iterator[Block]:
    """Comparisons of single arms in which nothing was found: their declared outcomes, in one table."""
    if not shut:
        return
    rows = [row(each) for own in shut for each in own if each.family == "cell"]
    yield Prose(text="Single arms, behind their main effects", level="title")
    yield Prose(
        text=f"{len(shut)} comparisons of single arms show no difference after the correction. Each is asked only "
        "where the main effect of its factor shows; p adjusted is never below that one's.",
    )
    arms = (Column.of("arm", "arm"), Column.of("against", "reference"))
    yield Table(key="single arms", columns=(*arms, *COLUMNS), rows=tuple(rows))


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


def _verdicts(run: Scored, own: Sequence[ContrastResult]) -> Iterator[Block]:
    """What an arm's figures say: the declared outcomes one by one, then what stands out among the others."""
    if own[0].note:
        yield Prose(text=f"Means over several arms, {own[0].note}.", level="item")
    yield from (_primary(run, each) for each in own if each.family in ("primary", "cell"))
    secondary = [each for each in own if each.family == "secondary" and each.p_adjusted is not None]
    if secondary:
        differ = [each for each in secondary if each.verdict.kind in ("difference", "within the margin")]
        found = ", ".join(f"{each.outcome} ({figure(each.difference, signed=True)})" for each in differ)
        yield Finding(
            text=f"Of {len(secondary)} secondary outcomes, after Benjamini-Hochberg over all of them and all arms: "
            f"{found or 'none shows a difference'}.",
            verdict="difference" if differ else "inconclusive",
            arm=own[0].arm,
            reference=own[0].reference,
        )
    for each in own:
        yield from _doubts(each)


def _primary(run: Scored, each: ContrastResult) -> Finding:
    """One declared outcome: its verdict, its figures, and of an open one what would decide it."""
    if each.followed is not None:
        text = f"{each.outcome}: {told_of_looks(each.followed)}."
        return Finding(text=text, verdict=each.followed.verdict, **_of(each))
    found = interval(each.difference, each.low, each.high, signed=True)
    corrected = f"p = {figure(each.p_adjusted)} after correction"
    within = f"within the margin of {figure(each.margin)}"
    match each.verdict.kind:
        case "":
            told, kind = "no pair has a value in both arms", "inconclusive"
        case "difference":
            beyond = f", beyond the margin of {figure(each.margin)}" if each.verdict.beyond else ""
            told, kind = f"a difference of {found}{beyond}, {corrected}", "difference"
        case "within the margin":
            told, kind = f"a difference of {found}, but {within}, {corrected}", "within the margin"
        case "equivalent":
            told, kind = f"equivalent {within}: {found}, shown within {figure(each.shown_within)}", "equivalent"
        case _:
            told, kind = f"inconclusive: {found}{_open(run, each)}", "inconclusive"
    return Finding(text=f"{each.outcome}: {told}.", verdict=kind, **_of(each))


def _open(run: Scored, each: ContrastResult) -> str:
    """Why a verdict is open, what the design could have found, and what would decide it."""
    if each.identical:
        return f"; {each.verdict.why}"
    why = f"; {each.verdict.why}" if each.verdict.why else ""
    shown = f"; shown within {figure(each.shown_within)}" if each.shown_within is not None else ""
    if each.detectable is not None:
        power = f". A true difference of {figure(each.detectable)} would have been found in 80 % of repetitions"
    elif each.cases < each.least_flips:
        power = (
            f". **Nothing could be found**: {each.least_flips} cases that differ, all one way, are the fewest that "
            f"reach p = {figure(each.level)}, and there are {each.cases}"
        )
    else:
        power = ". No true difference, however large, would have been found in 80 % of repetitions"
    return f"{why}{shown}{power}{_deciding(run, each)}"


def _deciding(run: Scored, each: ContrastResult) -> str:
    if each.cases_needed is None or each.cases_needed <= each.cases:
        return ""
    seen = f"what was seen, {figure(abs(each.difference or 0))},"
    what = f"the margin of {figure(each.margin)}" if each.margin else seen
    spent = run.played.prompt_tokens + run.played.output_tokens
    tokens = f", {each.cases_needed / len(run.manifest.cases) * spent:.2g} tokens" if spent else ""
    return f"; to find a true difference of {what} takes about {each.cases_needed} cases{tokens}"


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
    if compared and each.family == "primary" and not each.note and each.placebo_flip_rate is None:
        text = f"{each.outcome}: flips have no floor: no placebo was played (design.controls=[same,placebo])."
        yield Finding(text=text, verdict="doubt", **_of(each))
    if each.approximate and each.family in ("primary", "cell") and each.low is not None:
        text = f"{each.outcome} has no declared bounds: its interval is approximate."
        yield Finding(text=text, verdict="doubt", **_of(each))
