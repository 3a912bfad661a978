"""Runs in stores of this process (fsspec's memory), written and read past simrun: what their tests share."""

import itertools
from importlib.util import find_spec
from pathlib import Path

import pytest

from simrun import Run
from simrun.log.chain import RunLog
from simrun.log.store import address
from simrun.log.store.bucket import Bucket

ASKED = ("scenario=recruitment", "backend=scripted", "cases=4", "seed=3", "design.controls=[same]")
STORED = [
    pytest.mark.skipif(find_spec("fsspec") is None, reason="pip install 'simrun[store]'"),
    pytest.mark.usefixtures("apart"),
]
"""Marks of tests that play into a store."""
_NUMBER = itertools.count()


def empty() -> str:
    """The URL of a store that holds nothing."""
    return f"memory://store{next(_NUMBER)}/runs"


def put(url: str, files: dict[str, bytes]) -> None:
    """Write files below a URL."""
    from fsspec.core import url_to_fs

    found, at = url_to_fs(url)
    for name, content in files.items():
        found.pipe_file(f"{at}/{name}", content)


def whole(url: str) -> dict[str, bytes]:
    """All files below a URL."""
    bucket = Bucket(url)
    return {name: b"".join(bucket.read(name, found.size)) for name, found in bucket.listed().items()}


def url_of(run: Run) -> str:
    url = address.url(run.path)
    assert url
    return url


def part(url: str) -> Path:
    """The folder of a run that is not there yet, made."""
    path = address.folder(url)
    path.mkdir()
    return path


def written(path: Path, *told: int) -> RunLog:
    """A log with a line for each value, that is still open."""
    log = RunLog(path)
    for value in told:
        log.write("call", {"value": value})
    return log
