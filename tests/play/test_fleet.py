"""The simulated fleet of benchmarks/fleet.py, in figures worked out by hand."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fleet


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two places a GPU, and a step of one second and half of one for each sequence."""
    for name, value in (("SLOTS", 2), ("BASE", 1.0), ("EACH", 0.5)):
        monkeypatch.setattr(fleet, name, value)


def worker(*tasks: list[float], start: float = 0.0, gpus: int = 1) -> fleet.Worker:
    told: Iterator[Iterator[float]] = map(iter, tasks)
    return fleet.Worker(told, gpus, iter([start] * 9))


def test_a_free_place_is_filled_at_once_and_the_last_one_decodes_faster(two):
    found = fleet.fleet([worker([3, 5, 4])], 12)
    # 3 steps of 2 s; 2 more, with the third beside; and 2 of 1.5 s alone
    assert (found.seconds, found.first, found.idle) == (6 + 4 + 3, 10, 3)
    assert found.ideal == 12 * 2 / 2  # tokens by seconds of a full step by places


def test_each_task_ends_before_the_next_and_loads_anew(two):
    found = fleet.fleet([worker([2, 2], [1], start=10)], 5)
    assert found.seconds == 10 + 4 + 10 + 1.5
    assert (found.first, found.idle) == (14, 2 * 10 + 1.5)


def test_gpus_of_a_worker_share_what_it_has(two):
    found = fleet.fleet([worker([2, 2, 2, 1], gpus=2)], 7)
    # dealt in turns, 2 and 2 to the one, 2 and 1 to the other: which decodes a token by two, and one alone
    assert (found.seconds, found.first, found.slots) == (4, 2, 4)
    assert found.idle == 2 + 0.5
