"""The report as Markdown, in one reading order: question, notes, design, noise floor, effects, what is missing, how it was played."""

from collections.abc import Iterable, Sequence

from simrun.report.contrast import ContrastResult
from simrun.report.groups import GroupResult
from simrun.report.plots import shown
from simrun.report.record import ArmResult, Report

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
        "## Plots\n" + "\n\n".join(f"![{title}]({name})" for name, title in shown(report).items()),
        "## What is missing\n" + _missing(report),
        "## How it was played\n" + _played(report),
    ]
    return "\n\n".join(parts) + "\n"


def _design(report: Report) -> str:
    design = report.design
    return (
        f"{design['cases']} cases x {len(report.arms)} arms x {design['repeats']} repeats: {design['owed']} episodes owed, {design['done']} done"
        f"{'' if report.complete else ' (incomplete)'}. Reference arm: {report.arms[0].name}. Run seed {design['seed']}; the arms of a pair share every seed, "
        "but for `same`, which is the reference arm again under other luck: the noise floor."
    )


def _arms(report: Report) -> str:
    head = ["arm", "n", "accuracy (95 %)", "refused", "unreadable", "truncated", "errors"]
    rows = [
        [arm.name, arm.n, interval(arm.accuracy, arm.accuracy_low, arm.accuracy_high), *arm.problems.values(), arm.errors]
        for arm in report.arms
    ]
    means = [[field, *(_mean(arm, field) for arm in report.arms)] for field in report.arms[0].outcomes]
    seen = table(["mean", *(arm.name for arm in report.arms)], means)
    return f"{table(head, rows)}\n\nMeans of the outcomes, with the number observed where it is not n:\n\n{seen}"


def _mean(arm: ArmResult, field: str) -> str:
    seen = arm.observed[field]
    return figure(arm.outcomes[field]) + (f" ({seen})" if seen != arm.n else "")


HEAD = ("outcome", "difference (95 %)", "p adjusted", "pairs (cases)", "flips (same arm)", "no effect beyond", "detectable", "left out")
ARROW = {"higher": " ↑", "lower": " ↓", "neither": ""}
"""Which way an outcome is better."""


def _effects(report: Report) -> Iterable[str]:
    same = {arm.name for arm in report.arms if arm.control == "same"}
    compared = dict.fromkeys((contrast.arm, contrast.reference) for contrast in report.contrasts)
    for arm, reference in sorted(compared, key=lambda pair: pair[0] not in same):
        title = "Noise floor: the reference arm twice" if arm in same else f"Effect of {arm}, against {reference}"
        own = [contrast for contrast in report.contrasts if (contrast.arm, contrast.reference) == (arm, reference)]
        yield f"## {title}\n" + "\n".join(f"- {line}" for line in _verdicts(own))
        yield table(HEAD, [_row(each) for each in own])


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
    for each in own:
        if each.family == "primary":
            yield _primary(each)
    secondary = [each for each in own if each.family == "secondary" and each.p_adjusted is not None]
    if secondary:
        found = ", ".join(
            f"{each.outcome} ({figure(each.difference, signed=True)})" for each in secondary if (each.p_adjusted or 0) < ALPHA
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


def _group(each: GroupResult) -> list[object]:
    rule = "-" if each.flagged is None else "kept" if not each.flagged else "broken" if each.supported else "below .8, within chance"
    means = ", ".join(f"{name} {figure(mean)} ({each.n[name]})" for name, mean in each.means.items())
    return [each.outcome, each.factor, means, figure(each.gap), each.worst, figure(each.ratio), rule]


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
    return "\n".join([
        *engines,
        f"- {tokens['prompt']} prompt tokens ({tokens['cached']} from cache), {tokens['output']} out, {report.seconds:g} s",
        f"- config {report.design['config']}, cases {report.design['suite']}, log head {report.design['log']}",
        f"- {', '.join(f'{name} {version}' for name, version in report.versions.items())}",
    ])  # fmt: skip


def interval(value: float | None, low: float | None, high: float | None, signed: bool = False) -> str:
    """A value with its interval in brackets."""
    if value is None:
        return "-"
    bounds = f"[{figure(low, signed)}, {figure(high, signed)}]" if low is not None else "[no interval]"
    return f"{figure(value, signed)} {bounds}"


def figure(value: float | None, signed: bool = False) -> str:
    """A number to three digits, `-` for none."""
    return "-" if value is None else f"{value:{'+' if signed else ''}.3g}"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
