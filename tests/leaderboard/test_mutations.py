"""Submissions with something in them changed at random: refused, or as they were but for what no log can show."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from forging import copy, jsonl, lines, part, remade, zipped

from simrun.leaderboard.check import checked
from simrun.log.chain import FIRST, chained

UNTOLD = {"notes", "at", "seconds", "attempts", "prompt_tokens", "cached_tokens", "output_tokens", "options"}
"""What is told by whoever played, and nothing follows from: docs/leaderboard.md."""
Path_ = tuple[str, ...]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A byte changed, or some taken out, or some put in again elsewhere."""
    at, other, some = rng.randrange(len(data)), rng.randrange(len(data)), rng.randrange(1, 400)
    return rng.choice(
        (
            data[:at] + rng.randbytes(1) + data[at + 1 :],
            data[:at] + data[at + some :],
            data[:at] + data[other : other + some] + data[at:],
        )
    )


@pytest.mark.slow
def test_bytes_changed_at_random(honest, plan, tmp_path, watched):
    file, rng = zipped(tmp_path / "s.zip", honest, jsonl(plan)), random.Random(0)
    whole, as_it_was = file.read_bytes(), checked(file)
    for _ in range(200):
        file.write_bytes(mutated(whole, rng))
        found = checked(file)
        assert found.state == "refused" or found == as_it_was
        assert "check.failed" not in {fault.code for fault in found.faults}


def leaves(value: Any, above: Path_ = ()) -> Iterator[Path_]:
    for key, inner in value.items():
        yield from leaves(inner, (*above, key)) if isinstance(inner, dict) and inner else [(*above, key)]


def put(value: dict[str, Any], where: Path_, new: Any) -> dict[str, Any]:
    own = put(value[where[0]], where[1:], new) if len(where) > 1 else new
    return value | {where[0]: own}


def relined(run: Path, number: int, changed: dict[str, Any]) -> None:
    head, forged = FIRST, b""
    for at, line in enumerate(lines(run)):
        own = orjson.dumps((changed if at == number else orjson.loads(line)) | {"prev": head}) + b"\n"
        head, forged = chained(own), forged + own
    part(run).write_bytes(forged)
    remade(heads={"": head})(run)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("new", [None, "x", -1, 2**63, [], {"a": 1}], ids=repr)
def test_a_field_of_a_line_that_is_something_else(honest, plan, tmp_path, number, new):
    """The first line, a call, an episode."""
    told = orjson.loads(lines(honest)[number])
    for nth, where in enumerate(leaves({key: value for key, value in told.items() if key != "prev"})):
        run = copy(honest, tmp_path / str(nth))
        relined(run, number, put(told, where, new))
        found = checked(zipped(tmp_path / f"{nth}.zip", run, jsonl(plan)))
        same = orjson.dumps(put(told, where, new)) == orjson.dumps(told)
        assert found.state == "refused" or where[-1] in UNTOLD or same, where
        assert "check.failed" not in {fault.code for fault in found.faults}
