"""What `simrun list`, `simrun doctor` and `simrun treatments` know."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from simrun.agents.backends.local.weights import SMOLLM2, cache
from simrun.config.errors import ConfigError
from simrun.config.menus import backends, catalogue, metrics, modes, scenarios
from simrun.report.figures import figure, table
from simrun.scenarios.base import Fault, Scenario
from simrun.scenarios.treatment import Change, Tally, Variant, Verdict, tally

if TYPE_CHECKING:
    from simrun.plan.treatment import Audit

MENUS = ("scenarios", "biases", "axes", "mitigations", "backends", "metrics")


def menu(name: str, config_dir: str | None = None) -> dict[str, str]:
    """Entries of one menu, each with what it says of itself."""
    match name:
        case "scenarios":
            return {key: " ".join((kind.about, *_modes(kind))) for key, kind in scenarios().items()}
        case "backends":
            return {key: _first(kind) for key, kind in backends().items()}
        case "metrics":
            return dict(metrics())
        case "mitigations":
            return {
                key: measure.about
                for key, measure in catalogue([Path(config_dir)] if config_dir else []).mitigations.items()
            }
        case "axes":
            axes = catalogue([Path(config_dir)] if config_dir else []).axes
            return {
                key: f"{axis.about} Levels: {', '.join(axis.levels)}{', or any other' if axis.open else ''}."
                for key, axis in axes.items()
            }
        case _:
            biases = catalogue([Path(config_dir)] if config_dir else []).biases
            return {
                key: " ".join((bias.about, *([f"Also of: {', '.join(bias.also)}."] if bias.also else [])))
                for key, bias in biases.items()
            }


def _modes(kind: type[Scenario]) -> list[str]:
    return [f"Modes: {', '.join(modes(kind))}."] if modes(kind) else []


def _first(kind: type) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def examined() -> dict[str, str]:
    """Machine, device, weights, and for each backend whether it can run here or what is missing."""
    found = {
        "machine": f"{os.cpu_count()} cores, {_memory()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        "device": _gpus(),
        "weights": f"{SMOLLM2} is in {cache()}"
        if any(cache().glob("*.gguf"))
        else f"{SMOLLM2} is not cached in {cache()} yet; it is fetched at the first run (93 MB)",
    }
    return found | {name: kind.usable() or "usable" for name, kind in backends().items()}


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB memory"
    except (ValueError, OSError):
        return "memory unknown"


def _gpus() -> str:
    if not shutil.which("nvidia-smi"):
        return "CPU only: no nvidia-smi on the path"
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    names = done.stdout.strip().replace("\n", "; ")
    return (
        names
        if done.returncode == 0 and names
        else f"no GPU: nvidia-smi says {(done.stdout + done.stderr).strip()[:120]!r}"
    )


VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
SHOWN, WIDTH = 2, 48
"""Examples of each verdict, changes of each example, and how long the words of a change are at most, in what a person reads."""


def treated(path: str) -> tuple[dict[str, Any], str]:
    """The audit of a file of treated texts, for machines and for people; ConfigError where no scenario can read it."""
    variants, faults = _variants(path)
    tallies = tally(variants)
    told = {
        "file": path,
        "tallies": [each.model_dump(mode="json") for each in tallies],
        "variants": [each.model_dump(mode="json") for each in variants],
        "faults": list(map(str, faults)),
    }
    unread = [f"Left out: {fault}" for fault in faults]
    return told, "\n".join([_tallied(tallies), "", *_examples(variants), *unread])


def _variants(path: str) -> tuple[tuple[Variant, ...], tuple[Fault, ...]]:
    """Of a file, by the first scenario that can read it."""
    wrong: list[str] = []
    for kind in scenarios().values():
        try:
            if found := kind.treated(path):
                return found
        except (OSError, ValueError) as error:
            wrong.append(str(error))
    raise ConfigError("; ".join(dict.fromkeys(wrong)) or f"{path}: no scenario reads files of treated texts")


def _tallied(tallies: Sequence[Tally]) -> str:
    rows = [
        [each.kind, each.group, each.n, *_counted(each.verdicts), each.layout, figure(each.excess)] for each in tallies
    ]
    return table(["kind", "group", "variants", *VERDICTS, "punctuation too", "words beyond (mean)"], rows)


def _counted(verdicts: Any) -> list[int]:
    return [verdicts.get(verdict, 0) for verdict in VERDICTS]


def _examples(variants: Sequence[Variant]) -> Iterator[str]:
    for verdict in VERDICTS:
        own = [each for each in variants if each.found.verdict == verdict]
        yield f"{verdict}: {len(own)} of {len(variants)}"
        for each in own[:SHOWN]:
            yield f"  row {each.row}, {each.kind} of {each.group}: {_changes(each.found.changes)}"


def _changes(changes: Sequence[Change]) -> str:
    """The first changes in words."""
    first = "; ".join(f"{_short(each.before)} -> {_short(each.after)}" for each in changes[:SHOWN])
    more = f"; and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return f"{first}{more}" if changes else "no word differs"


def _short(words: str) -> str:
    return repr(words if len(words) <= WIDTH else f"{words[: WIDTH - 4]} ...") if words else "nothing"


def treated_plan(audit: "Audit") -> str:
    """The audit of a plan, for people."""
    rows = [
        [
            each.arm,
            each.reference,
            ", ".join(each.declared) or "the engine",
            each.pairs,
            *_counted(each.verdicts),
            len(each.rewritten),
            figure(each.words),
        ]
        for each in audit.audited
    ]
    head = ["arm", "against", "declared", "pairs", *VERDICTS, "case rewritten", "words longer (mean)"]
    left = [f"Not audited: {each.arm}: {each.why}." for each in audit.unaudited]
    return "\n".join(filter(None, [table(head, rows) if rows else "", *_shown(audit), *left, audit.line()]))


def _shown(audit: "Audit") -> Iterable[str]:
    """For each pair of arms an example of what changed, and every verdict that is not as it should be."""
    for each in audit.audited:
        good = next((example for example in each.examples if example.verdict in each.expected), None)
        if good:
            yield f"{each.arm}, for example in {good.case}: {_changes(good.changes)}"
        for example in each.examples:
            if example.verdict not in each.expected:
                excess = f"; not declared: {' '.join(example.excess[:12])}" if example.excess else ""
                yield f"AMISS ({example.verdict}) {each.arm} in {example.case}: {_changes(example.changes)}{excess}"
        if len(each.amiss) > 1:
            yield f"AMISS in {len(each.amiss)} cases: {', '.join(each.amiss[:12])}{' ...' if len(each.amiss) > 12 else ''}"
