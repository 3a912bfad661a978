"""Proves the instrument: audits with planted parameters and no model, and what a report says of them.

    python benchmarks/calibrate.py [--only PART ...] [--small] [--audits N] [--again N] [--kept FOLDER] [--seed N]
                                   [--processes N] [--json] [--write]

Every part is a module with its cells, what is measured of one, and which of its shares owe what. A cell is kept in
FOLDER as soon as it is measured, and one that is kept is not measured again, so that a run can be broken off and taken
up at any time, or once more with more audits: empty the folder when what is measured has changed. `--again` audits,
with other seeds, decide on a cell that `--audits` leave in doubt. `--write` renews docs/calibration.md and its plot, of
all cells that are kept.
"""

import argparse
import importlib
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

from shares import doubtful, fails, owed

PARTS = (
    "flips",
    "laws",
    "ratios",
    "mixed",
    "families",
    "power",
    "looked",
    "consultations",
    "dialogues",
    "reviews",
)
"""Modules, in the order of the page."""
KEPT = Path(__file__).parents[1] / "build" / "calibration"
AUDITS, AGAIN = 500, 10_000
SMALL = 12
Row = dict[str, Any]
Over = Callable[..., Iterator[Any]]


def module(part: str) -> Any:
    """The module of a part."""
    return importlib.import_module(part)


def place(folder: Path, part: str, cell: object, seed: int) -> Path:
    """Where a cell is kept."""
    return folder / part / f"{crc32(f'{cell!r} {seed}'.encode()):08x}.json"


def measured(part: str, cell: object, audits: int, again: int, seed: int) -> Row:
    """A cell, and once more, oftener and with other seeds, where that leaves it in doubt."""
    own = module(part)
    few = max(1, round(audits * own.weight(cell))) if hasattr(own, "weight") else audits
    row: Row = own.measure(cell, few, seed)
    if again and hasattr(own, "COVERS") and doubtful(row, own.COVERS, own.ALARMS):
        many = max(1, round(again * own.weight(cell))) if hasattr(own, "weight") else again
        first = {name: row[name] for name in (*own.COVERS, *own.ALARMS) if name in row}
        return dict(own.measure(cell, many, seed + 1)) | {"first": first}
    return row


def measure(
    parts: Sequence[str], small: bool, audits: int, again: int, seed: int, folder: Path, over: Over, tell: Any
) -> None:
    """Measure all cells of these parts that are not kept yet."""
    for part in parts:
        missing = [cell for cell in module(part).grid(small) if not _there(place(folder, part, cell, seed), audits)]
        (folder / part).mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        rows = over(measured, [(part, cell, audits, again, seed) for cell in missing])
        for nth, (cell, row) in enumerate(zip(missing, rows, strict=True), 1):
            place(folder, part, cell, seed).write_text(json.dumps(row | {"asked": audits}))
            if nth % 50 == 0 or nth == len(missing):
                tell(f"{part}: {nth} of {len(missing)} cells in {time.monotonic() - began:.0f} s")


def _there(place: Path, audits: int) -> bool:
    """Whether a cell is kept, of at least as many audits as are asked for."""
    return place.exists() and int(json.loads(place.read_text())["asked"]) >= audits


def kept(part: str, small: bool, seed: int, folder: Path) -> list[Row]:
    """The rows of a part that are kept, in the order of its cells."""
    places = (place(folder, part, cell, seed) for cell in module(part).grid(small))
    return [json.loads(each.read_text()) for each in places if each.exists()]


def goals(found: dict[str, list[Row]]) -> dict[str, dict[str, Any]]:
    """What every part should reach, and whether it does."""
    told: dict[str, dict[str, Any]] = {}
    for part, rows in found.items():
        own = module(part)
        if rows and hasattr(own, "COVERS"):
            told |= owed(part, rows, own.COVERS, own.ALARMS)
        told |= own.goals(rows) if rows and hasattr(own, "goals") else {}
    off = sum(len(fails(row, own.COVERS, own.ALARMS)) > 0 for own, rows in _owing(found) for row in rows)
    return {"cells_that_fail": {"goal": 0, "found": off, "met": not off}} | told


def _owing(found: dict[str, list[Row]]) -> Iterator[tuple[Any, list[Row]]]:
    yield from ((module(part), rows) for part, rows in found.items() if hasattr(module(part), "COVERS"))


@contextmanager
def spread(processes: int) -> Iterator[Over]:
    """A `map` over this many processes that keeps the order; the tasks are tuples of arguments."""
    if processes == 1:
        yield itertools.starmap
        return
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read by the children: one thread each
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield lambda work, tasks: pool.imap(partial(_starred, work), tasks)


def _starred(work: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    return work(*task)


def asked() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--small", action="store_true", help=f"few cells, {SMALL} audits: under a minute")
    parser.add_argument("--audits", type=int, help=f"of a cell; {AUDITS}")
    parser.add_argument("--again", type=int, help=f"of a cell in doubt; {AGAIN}; 0: none")
    parser.add_argument("--kept", type=Path, default=KEPT, metavar="FOLDER", help="where cells are kept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--json", action="store_true", help="print all figures")
    parser.add_argument("--write", action="store_true", help="renew docs/calibration.md and its plot")
    return parser.parse_args()


def main() -> int:
    """Measure what is missing, and tell of all that is kept."""
    given = asked()
    folder = given.kept / "small" if given.small else given.kept
    audits = given.audits or (SMALL if given.small else AUDITS)
    again = given.again if given.again is not None else 0 if given.small else AGAIN

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with spread(given.processes) as over:
        measure(given.only, given.small, audits, again, given.seed, folder, over, tell)
    parts = PARTS if given.write else given.only
    found = {part: kept(part, given.small, given.seed, folder) for part in parts}
    told = {"benchmark": "calibrate", "figures": found, "goals": goals(found)}
    if given.write:
        importlib.import_module("calibration_page").write(told)
    if given.json:
        print(json.dumps(told, indent=1))
    else:
        for name, goal in told["goals"].items():
            print(f"{'met' if goal['met'] else 'NOT MET':8} {name}: {goal['found']} (goal {goal['goal']})")
    return 0 if all(goal["met"] for goal in told["goals"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
