"""The version of the metrics: whoever changes a number that comes out for the same log raises it."""

import hashlib
from typing import Any

import orjson
import pytest
from boards import packed
from forging import played

from simrun.leaderboard.board import digest
from simrun.leaderboard.scores import Scores, scored
from simrun.score.version import METRICS

COME_OUT = {1: "0dc205d52fb76934f27e2ca4"}
"""Version -> digest of the scores of a fixed run. A new one is added, an old one never changed."""


def rounded(value: Any) -> Any:
    """Six digits: beyond them machines differ."""
    match value:
        case float():
            return float(f"{value:.6g}") + 0.0
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list():
            return [rounded(each) for each in value]
    return value


def told(found: Scores) -> str:
    """All figures of it, without the run's name and who computed them."""
    parts = [part.model_dump(mode="json", exclude={"run"}) for part in found.parts]
    return hashlib.sha256(orjson.dumps(rounded(parts), option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """Of rules whose luck depends on what they read: arms differ, and the controls too."""
    room = tmp_path_factory.mktemp("room")
    file = packed(played(room, backend={"name": "scripted", "private": 1.0}), room / "s.zip")
    return scored(file, digest(file), room / "unpacked")[0]


def test_the_same_log_comes_to_what_this_version_of_the_metrics_says(found):
    assert found.parts[0].measured[1].value != 0
    assert told(found) == COME_OUT[METRICS], "a number has changed: raise METRICS, and add its digest"


def test_a_number_that_changes_is_seen(found):
    part = found.parts[0]
    accuracy = part.measured[0].model_copy(update={"high": part.measured[0].high + 1e-4})
    other = found.model_copy(update={"parts": (part.model_copy(update={"measured": (accuracy, *part.measured[1:])}),)})
    assert told(other) != told(found)
