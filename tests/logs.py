"""Logs written, read, cut and forged: what the tests of the log and of resume share."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from simrun.log.chain import FIRST, Head, RunLog, chained, read, segments
from simrun.log.manifest import Manifest


def log(run: Path, *values: int) -> Path:
    """Write a line for each value, as one session does; the part that they went to."""
    log = RunLog(run)
    for value in values:
        log.write("call", {"value": value})
    log.close()
    return segments(run)[-1]


def values(run: Path, head: str | None = None) -> list[int]:
    return [line.fields["value"] for line in read(run, Head({"": head}, True) if head else None)]


def part(run: Path) -> Path:
    return run / "log" / "00000.jsonl"


def lines(run: Path) -> list[bytes]:
    """The whole log, line by line."""
    return [line for part in segments(run) for line in part.read_bytes().splitlines(keepends=True)]


def played(run: Path) -> tuple[list[tuple[str, str, int]], dict[str, Any]]:
    """Every call that was logged, in a fixed order, and the outcome of each trial."""
    told = [orjson.loads(line) for line in lines(run)]
    calls = sorted((line["trial"], line["role"], line["nth"]) for line in told if line["kind"] == "call")
    return calls, {line["trial"]: line["outcome"] for line in told if line["kind"] == "episode"}


def midway(out: Path, scenario: str, at_least: int, chains: int = 1) -> Path:
    """The run that is being played under `out`, as soon as its log has some lines, of so many processes."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for run in out.glob(f"{scenario}/2*"):
            if len(segments(run)) >= chains and len(lines(run)) >= at_least:
                return run
        time.sleep(0.01)
    raise AssertionError("the run did not begin")


def killed(run: Path, keep: int, torn: bytes = b"") -> Path:
    """What a kill would have left of a run: its first lines, no head, no tables, no report."""
    part(run).write_bytes(b"".join(lines(run)[:keep]) + torn)
    Manifest.read(run).model_copy(update={"heads": {}, "complete": False}).write(run)
    for derived in ("sealed", "report"):
        shutil.rmtree(run / derived)
    return run


def edit(run: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Put other lines into the log's only part."""
    part(run).write_bytes(b"".join(change(lines(run))))


def finished(run: Path) -> int:
    """How many lines there are up to the first finished episode."""
    return next(number for number, line in enumerate(lines(run), 1) if b'"kind":"episode"' in line)


def rechain(run: Path, changed: list[dict[str, Any]]) -> None:
    """Forge a log: any lines, with a chain and a head that fit."""
    head, forged = FIRST, b""
    for fields in changed:
        line = orjson.dumps(fields | {"prev": head}) + b"\n"
        head, forged = chained(line), forged + line
    part(run).write_bytes(forged)
    Manifest.read(run).model_copy(update={"heads": {"": head}}).write(run)


def refused(came: tuple[int, str, str], run: Path, number: int) -> None:
    """Exit code 2, and one line that names the place; where a line does not fit the one before, both are named."""
    code, _, errors = came
    assert code == 2
    assert errors.startswith("simrun: the log was changed: ")
    assert any(f"{part(run)}:{each} " in errors for each in (number, number - 1)), errors
