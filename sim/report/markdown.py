"""The report as Markdown, in one reading order: question, notes, design, noise floor, effects, groups, what is missing, what could not be
seen, how it was played."""

from collections.abc import Iterable, Sequence

from simrun.play.speed import Pace
from simrun.report.components import CELLS, COMPONENTS, TURNS, cell_rows, component_rows, turn_rows
from simrun.report.figures import figure, interval, table
from simrun.report.groups import GroupResult
from simrun.report.plots import shown
from simrun.report.record import ArmResult, Report
from simrun.report.selection import ABOUT, OBSERVED, selection_text
from simrun.report.words import HEAD as WORDS
from simrun.report.words import word_rows
from simrun.score.contrasts import ContrastResult

ALPHA = 0.05
FEW = 5
"""Cases that differ, below which calibration shows intervals to be rough (docs/calibration.md)."""


def markdown(report: Report) -> str:
    """The whole report."""
    parts = [
        f"# {report.scenario}: {report.run}",
        report.question,
        *(f"> {note}" for note in report.notes),
        "## Design\n" + _design(report),
        "## Arms\n" + _arms(report),
        *_effects(report),
        *_groups(report),
        *_selections(report),
        *_words(report),
        *_beyond(report),
        "## Plots\n" + "\n\n".join(f"![{title}]({name})" for name, title in shown(report).items()),
        "## What is missing\n" + _missing(report),
        "## What could not have been seen\n" + "\n".join(f"- {line}" for line in _unseen(report)),
        "## How it was played\n" + _played(report),
    ]
    return "\n\n".join(parts) + "\n"


def _design(report: Report) -> str:
    design = report.design
    return (
        f"{design['cases']} cases x {len(report.arms)} arms x {design['repeats']} repeats: {design['owed']} episodes owed, {design['done']} done"
        f"{'' if report.complete else ' (incomplete)'}. Reference arm: {report.arms[0].name}. Run seed {design['seed']}; the arms of a pair share every seed, "
        "but for `same`, which is the reference arm again under other luck: the noise floor."
        f"{' ' + design['treatment'] if design['treatment'] else ''}"
    )


def _arms(report: Report) -> str:
    head = ["arm", "n", "accuracy (95 %)", "refused", "unreadable", "truncated", "errors"]
    rows = [
        [
            arm.name,
            arm.n,
            interval(arm.accuracy, arm.accuracy_low, arm.accuracy_high),
            *arm.problems.values(),
            arm.errors,
        ]
        for arm in report.arms
    ]
    means = [[field, *(_mean(arm, field) for arm in report.arms)] for field in report.arms[0].outcomes]
    seen = table(["mean", *(arm.name for arm in report.arms)], means)
    return f"{table(head, rows)}\n\nMeans of the outcomes, with the number observed where it is not n:\n\n{seen}"


def _mean(arm: ArmResult, field: str) -> str:
    seen = arm.observed[field]
    return figure(arm.outcomes[field]) + (f" ({seen})" if seen != arm.n else "")


HEAD = (
    "outcome",
    "difference (95 %)",
    "p adjusted",
    "pairs (cases)",
    "flips (same arm)",
    "no effect beyond",
    "detectable",
    "left out",
)
ARROW = {"higher": " ↑", "lower": " ↓", "neither": ""}
"""Which way an outcome is better."""


TITLES = {
    "same": "Noise floor: the reference arm twice",
    "placebo": "Control: an attribute that should not matter",
    "swap": "Control: the opposite order",
    "mirror": "Control: the opposite polarity",
    "positive": "Positive control: a bias of known size, planted in scripted agents",
}


def _effects(report: Report) -> Iterable[str]:
    controls = {arm.name: arm.control for arm in report.arms}
    same = {arm.name for arm in report.arms if arm.control == "same"}
    compared = dict.fromkeys((contrast.arm, contrast.reference) for contrast in report.contrasts)
    for arm, reference in sorted(compared, key=lambda pair: pair[0] not in same):
        title = TITLES.get(controls.get(arm, ""), f"Effect of {arm}, against {reference}")
        own = [contrast for contrast in report.contrasts if (contrast.arm, contrast.reference) == (arm, reference)]
        told = [*_planted(report, own), *_verdicts(own), *_shown(report, arm, reference)]
        yield f"## {title}\n" + "\n".join(f"- {line}" for line in told)
        yield table(HEAD, [_row(each) for each in own])


def _planted(report: Report, own: Sequence[ContrastResult]) -> Iterable[str]:
    """What a positive control was to find, and whether it did."""
    for each in own:
        if (
            report.planted is not None
            and each.arm == "positive"
            and each.outcome == report.planted_in
            and each.low is not None
            and each.high is not None
        ):
            held = (
                "the interval holds it"
                if each.low <= report.planted <= each.high
                else "**the interval does not hold it**"
            )
            seen = (
                "and would have called it a difference"
                if each.high < 0 or each.low > 0
                else "but is too wide to tell it from 0: this design is too small for such an effect"
            )
            yield f"{each.outcome}: planted: {figure(report.planted)}; found: {interval(each.difference, each.low, each.high, signed=True)}: {held}, {seen}."


def _shown(report: Report, arm: str, reference: str) -> Iterable[str]:
    """Whether the bias whose effect this is was seen at all."""
    for each in report.manipulations:
        if (each.arm, each.reference) == (arm, reference):
            seen = f"seen in {interval(each.success, each.low, each.high, signed=True)} more episodes than in the reference ({each.n} pairs)"
            if each.interpretable:
                yield f"Manipulation check: {each.bias} was {seen}."
            else:
                told = f" ({seen})" if each.success is not None else ""
                yield f"**Not interpretable as an effect of {each.bias}**: {each.why}{told}."


def _row(contrast: ContrastResult) -> list[object]:
    name = contrast.outcome + ARROW[contrast.better]
    return [
        f"**{name}**" if contrast.family == "primary" else name,
        interval(contrast.difference, contrast.low, contrast.high, signed=True),
        figure(contrast.p_adjusted),
        f"{contrast.pairs} ({contrast.cases})",
        f"{figure(contrast.flip_rate)} ({figure(contrast.same_arm_flip_rate)})",
        figure(contrast.no_effect_beyond),
        figure(contrast.detectable),
        contrast.excluded,
    ]


def _verdicts(own: Sequence[ContrastResult]) -> Iterable[str]:
    """What an arm's figures say, in sentences: the declared outcomes one by one, then what stands out among the others."""
    if own[0].note:
        yield f"Means over several arms, {own[0].note}."
    for each in own:
        if each.family == "primary":
            yield _primary(each)
    secondary = [each for each in own if each.family == "secondary" and each.p_adjusted is not None]
    if secondary:
        found = ", ".join(
            f"{each.outcome} ({figure(each.difference, signed=True)})"
            for each in secondary
            if (each.p_adjusted or 0) < ALPHA
        )
        yield f"Of {len(secondary)} secondary outcomes, after Benjamini-Hochberg over all of them and all arms: {found or 'none differs'}."
    for each in own:
        yield from _doubts(each)


def _primary(each: ContrastResult) -> str:
    if each.low is None or each.high is None or each.p_adjusted is None:
        return f"{each.outcome}: too few cases for an interval."
    if (each.low > 0 or each.high < 0) and each.p_adjusted < ALPHA:
        return f"{each.outcome}: a difference of {interval(each.difference, each.low, each.high, signed=True)}, p = {figure(each.p_adjusted)} after Holm."
    return (
        f"{each.outcome}: no difference found, and none larger than {figure(each.no_effect_beyond)} is compatible with these pairs (5 %). "
        f"A true difference of {figure(each.detectable)} would have been found in 80 % of repetitions; smaller ones could not be seen."
    )


def _doubts(each: ContrastResult) -> Iterable[str]:
    if each.missing_p is not None and each.missing_p < ALPHA and each.missing_difference:
        bounds = (
            f"; with the worst assumed of them the difference lies in [{figure(each.worst_low, True)}, {figure(each.worst_high, True)}]"
            if each.worst_low is not None
            else ""
        )
        yield f"{each.outcome}: values are missing unequally ({figure(each.missing_difference, signed=True)} in this arm, p = {figure(each.missing_p)}){bounds}."
    if each.family == "primary" and 0 < each.differing < FEW:
        yield f"{each.outcome}: the arms differ in {each.differing} cases only; its interval is rough."


def _groups(report: Report) -> Iterable[str]:
    if report.groups:
        head = ["outcome", "by", "means (n)", "gap", "worst", "lowest to highest rate", "four-fifths rule"]
        yield "## Across groups, all other factors pooled\n" + table(head, [_group(each) for each in report.groups])


def _selections(report: Report) -> Iterable[str]:
    if report.selections:
        yield "\n\n".join(["## Who is chosen", ABOUT, *selection_text(report.selections)])
    if report.observed:
        yield "\n\n".join(["## Who is chosen, as the cases are", OBSERVED, *selection_text(report.observed)])


def _words(report: Report) -> Iterable[str]:
    if report.words:
        about = "Whole words of word lists, as odds against all other words, summed over the pairs: 1 is parity, above 1 the arm has more."
        yield f"## Words\n{about}\n\n{table(WORDS, word_rows(report.words))}"


def _beyond(report: Report) -> Iterable[str]:
    """What there is beyond differences of means."""
    if report.cells:
        about = "Means of small cells are drawn towards each other by as much as chance explains of their spread; no interval."
        yield f"## Small cells, drawn towards each other\n{about}\n\n{table(CELLS, cell_rows(report.cells))}"
    if report.turns:
        about = "Mean number of turns up to the horizon (Kaplan-Meier; what was not seen to the end is censored)."
        yield f"## When it happens\n{about}\n\n{table(TURNS, turn_rows(report.turns))}"
    if report.components:
        about = "Crossed random effects of cases, wordings and names: how much of the spread each explains."
        yield f"## Where the variance comes from\n{about}\n\n{table(COMPONENTS, component_rows(report.components))}"


def _unseen(report: Report) -> Iterable[str]:
    """The limits of this design, in its own figures."""
    for each in report.contrasts:
        if each.family == "primary" and each.detectable is not None:
            yield f"{each.outcome}, {each.arm}: differences smaller than {figure(each.detectable)} would be missed in more than one of five repetitions."
    for check in report.manipulations:
        if not check.arm:
            yield f"Whether {check.bias} shows: {check.why}."
    yield "What people unlike these cases would meet, and what is said in other words than these prompts."


def _group(each: GroupResult) -> list[object]:
    rule = (
        "-"
        if each.flagged is None
        else "kept"
        if not each.flagged
        else "broken"
        if each.supported
        else "below .8, within chance"
    )
    means = ", ".join(f"{name} {figure(mean)} ({each.n[name]})" for name, mean in each.means.items())
    return [each.outcome, each.factor, means, figure(each.gap), each.worst, figure(each.ratio), rule]


def _pace(pace: Pace | None) -> Iterable[str]:
    """How fast it went, and how near to what the engines can do."""
    if pace is None:
        return
    yield (
        f"- {figure(pace.calls_per_second)} calls/s, {figure(pace.prompt_tokens_per_second)} prompt tokens/s, "
        f"{figure(pace.output_tokens_per_second)} output tokens/s, {figure(pace.playing)} episodes in flight on average"
    )
    if pace.running is not None:
        yield (
            f"- engines: {figure(pace.running)} sequences running and {figure(pace.waiting)} waiting on average, KV cache {_share(pace.kv_used)} in use, "
            f"{pace.preemptions or 0} preemptions"
        )
    yield f"- prompt tokens from cache: {_share(pace.cached_share)}; event loop late by {figure(pace.lag_mean_ms)} ms on average, at most {figure(pace.lag_most_ms)} ms"
    if pace.bound_seconds is not None:
        yield (
            f"- the tokens need {figure(pace.bound_seconds)} s at {figure(pace.prefill_rate)} read and {figure(pace.decode_rate)} written a second: "
            f"the run was at {_share(pace.bound_share)} of that bound"
        )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _missing(report: Report) -> str:
    excluded: dict[str, list[str]] = {}
    for each in report.exclusions:
        excluded.setdefault(f"{each['case']}: {each['why']}", []).append(each["arm"])
    lines = [f"- {what}; left out of {', '.join(arms)}" for what, arms in excluded.items()]
    reasons: dict[str, int] = {}
    for contrast in report.contrasts:
        for reason, count in contrast.reasons.items():
            reasons[reason] = max(reasons.get(reason, 0), count)
    lines += [f"- pairs not compared, most in any outcome: {count} ({reason})" for reason, count in reasons.items()]
    lines += [f"- episodes ended by {error}: {count} (owed again)" for error, count in report.errors.items()]
    return "\n".join(lines) or "Nothing: every planned pair was compared in every outcome."


def _played(report: Report) -> str:
    engines = [
        f"- {role}: {', '.join(f'{key} {value}' for key, value in told.items() if value is not None)}"
        for role, told in report.engines.items()
    ]
    tokens = report.tokens
    return "\n".join(
        [
            *engines,
            *_pace(report.pace),
            f"- {tokens['prompt']} prompt tokens ({tokens['cached']} from cache), {tokens['output']} out, {report.seconds:g} s",
            f"- config {report.design['config']}, cases {report.design['suite']}, log head {report.design['log']}",
            f"- {', '.join(f'{name} {version}' for name, version in report.versions.items())}",
        ]
    )
