"""The report as Markdown, in one reading order: question, notes, design, noise floor, effects, what is missing."""

from collections.abc import Iterable, Sequence

from simrun.report.record import ArmResult, ContrastResult, Report


def markdown(report: Report) -> str:
    """The whole report."""
    parts = [
        f"# {report.scenario}: {report.run}",
        report.question,
        *(f"> {note}" for note in report.notes),
        "## Design\n" + _design(report),
        "## Arms\n" + _arms(report),
        *_effects(report),
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
    fields = list(report.arms[0].outcomes)
    head = ["arm", "n", "accuracy (95 %)", "refused", "unreadable", "truncated", "errors"]
    rows = [
        [arm.name, arm.n, _interval(arm.accuracy, arm.accuracy_low, arm.accuracy_high), *arm.problems.values(), arm.errors]
        for arm in report.arms
    ]
    means = [[arm.name, *(_mean(arm, field) for field in fields)] for arm in report.arms]
    return _table(head, rows) + "\n\nMeans, with the number observed where it is not n:\n\n" + _table(["arm", *fields], means)


def _mean(arm: ArmResult, field: str) -> str:
    seen = arm.observed[field]
    return _figure(arm.outcomes[field]) + (f" ({seen})" if seen != arm.n else "")


def _effects(report: Report) -> Iterable[str]:
    for arm in sorted(report.arms[1:], key=lambda arm: arm.control != "same"):
        title = "Noise floor: the reference arm twice" if arm.control == "same" else f"Effect of {arm.name}, against {report.arms[0].name}"
        own = [contrast for contrast in report.contrasts if contrast.arm == arm.name]
        yield f"## {title}\n{_table(['outcome', 'better', 'difference (95 %)', 'pairs', 'cases', 'flip rate', 'same-arm flips', 'detectable', 'left out'], [_row(each) for each in own])}"
        yield _verdict(own, arm, report)


def _row(contrast: ContrastResult) -> list[object]:
    return [
        contrast.outcome, contrast.better, _interval(contrast.difference, contrast.low, contrast.high, signed=True), contrast.pairs, contrast.cases,
        _figure(contrast.flip_rate), _figure(contrast.same_arm_flip_rate), _figure(contrast.detectable), contrast.excluded,
    ]  # fmt: skip


def _verdict(own: Sequence[ContrastResult], arm: ArmResult, report: Report) -> str:
    sure = [each.outcome for each in own if each.low is not None and each.high is not None and (each.low > 0 or each.high < 0)]
    found = f"Intervals that leave out 0: {', '.join(sure)}." if sure else "No interval leaves out 0."
    primary = next((each for each in own if each.detectable is not None), None)
    limit = (
        f" Smallest difference in {primary.outcome} that this design would find in 80 % of repetitions: {_figure(primary.detectable)}."
        if primary
        else ""
    )
    chance = (
        f" With {len(own)} outcomes, about {len(own) * 0.05:.1f} such intervals are expected by chance alone."
        if arm.control != "same"
        else ""
    )
    return found + chance + limit


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


def _interval(value: float | None, low: float | None, high: float | None, signed: bool = False) -> str:
    if value is None:
        return "-"
    bounds = f"[{_figure(low, signed)}, {_figure(high, signed)}]" if low is not None else "[no interval]"
    return f"{_figure(value, signed)} {bounds}"


def _figure(value: float | None, signed: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if signed else ''}.3g}"


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
