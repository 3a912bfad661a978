"""What the benchmarks of speed have in common: a run whose playing is timed apart, goals, and how they are told."""

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.play.watch import Watch
from simrun.report.run import Run, Watching, start

CONCLUSION = {
    "move": "diagnose",
    "diagnosis": "{truth}",
    "differential": ["{anchor}"],
    "urgency": 3,
    "referral": False,
    "pain_relief": True,
}
DIALOGUE = [
    {"role": "doctor", "when": "your last move", "say": CONCLUSION},
    {"role": "doctor", "say": {"move": "ask", "question": "Since when have you had this, and is it getting worse?"}},
    {"role": "patient", "when": "Answer with a number", "say": {"score": 7}},
    {"role": "patient", "say": "It began about three days ago, and since yesterday it has been a little worse."},
]
"""Rules of a tight dialogue: the doctor asks until its last move, the patient answers; 42
calls an episode, none of them invented."""
PAIRS = ("scenario=clinic", "vary.patient.ethnicity=[White,Black]", "design.controls=[]", "cases=4")
"""Eight episodes a repeat: four cases, the two arms of a pair."""


@dataclass
class Times(Watching):
    """CPU seconds of this process (all its threads), and wall seconds, while a run is played and after."""

    began: tuple[float, float] = (0, 0)
    ended: tuple[float, float] = (0, 0)
    closed: tuple[float, float] = (0, 0)
    memory: float = 0
    """Greatest resident set until playing ended, MB."""
    yardsticks: list[float] = field(default_factory=list)
    """What the same work took from second to second: other processes make a shared machine faster and slower."""

    def about(self, path: Path, watch: Watch) -> None:
        self.yardsticks.append(yardstick())
        self.began = now()

    async def follow(self, watch: Watch) -> None:
        try:
            while True:
                await asyncio.sleep(1)
                self.yardsticks.append(yardstick())
        finally:  # cancelled when the last episode has ended
            self.ended, self.memory = now(), memory()

    @property
    def playing(self) -> tuple[float, float]:
        """From the first episode to the last line of the log."""
        return self.ended[0] - self.began[0], self.ended[1] - self.began[1]

    @property
    def after(self) -> tuple[float, float]:
        """Sealing the tables and writing the report."""
        return self.closed[0] - self.ended[0], self.closed[1] - self.ended[1]


def now() -> tuple[float, float]:
    """CPU seconds of this process, and wall seconds."""
    return time.process_time(), time.perf_counter()


def yardstick() -> float:
    """CPU milliseconds of a fixed piece of Python, about 4 of them."""
    began = time.process_time()
    sum(number * number % 7 for number in range(50_000))
    return 1000 * (time.process_time() - began)


def memory() -> float:
    """The greatest resident set of this process so far, MB (Linux counts in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def played(out: Path, *overrides: str, **options: Any) -> tuple[Run, Times]:
    """A run as `simrun.run` plays it, and its times. RuntimeError when it was not played to the end."""
    config, folders = compose([*overrides, f"out={out}"], options)
    times = Times()
    run = start(config, catalogue(folders), times)
    times.closed = now()
    if not run.complete:
        raise RuntimeError(
            f"{run.path} was not played to the end: {run.stopped or run.episodes['message'].dropna().unique()}"
        )
    return run, times


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median of repeated measurements, and how far they lie apart."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def most(value: float, limit: float) -> dict[str, Any]:
    """A goal that a figure must not exceed."""
    return {"goal": f"at most {limit:g}", "value": round(value, 4), "met": value <= limit}


def least(value: float, limit: float) -> dict[str, Any]:
    """A goal that a figure must reach."""
    return {"goal": f"at least {limit:g}", "value": round(value, 4), "met": value >= limit}


def main(
    about: str | None,
    measure: Callable[..., tuple[Mapping[str, Any], Mapping[str, Any]]],
    flags: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Measure, print figures and goals, and exit with 1 where a goal is not met.

    `measure` is given whether it is to be small and how to tell of progress, and each of `flags` (name -> what it does)
    by its name.
    """
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    for name, does in flags.items():
        parser.add_argument(f"--{name}", action="store_true", help=does)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--small", action="store_true", help="less of everything: under a minute")
    given = parser.parse_args()
    began = time.monotonic()
    asked = {name: getattr(given, name) for name in flags}
    figures, goals = measure(given.small, lambda text: print(text, file=sys.stderr, flush=True), **asked)
    met = all(goal["met"] for goal in goals.values())
    told = {
        "benchmark": Path(sys.argv[0]).stem,
        "small": given.small,
        "machine": machine(),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(told | {"figures": figures, "goals": goals, "met": met})) if given.json else show(figures, goals)
    sys.exit(not met)


def machine() -> str:
    """Processor, cores and Python."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return (
        f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )


def show(figures: Mapping[str, Any], goals: Mapping[str, Any]) -> None:
    """Figures and goals, a line each."""
    for name, value in figures.items():
        for row in value if isinstance(value, list) else [value]:
            print(f"{name:28} {row}")
    for name, goal in goals.items():
        print(f"{name:44} {goal['value']:<8} goal {goal['goal']}: {'met' if goal['met'] else 'NOT MET'}")
