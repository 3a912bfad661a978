"""Packed files that are no submission, or hold what none has: each is refused before anything in it is read."""

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from forging import DEEP, HEADER, check, codes, directory, entry, jsonl, listed, zipped

from simrun.leaderboard.archive import ENTRIES, WHOLE

BESIDE: dict[str, str] = {
    "00/sealed/episodes.parquet": "file.name",
    "00/report/report.html": "file.name",
    "00/planted.py": "file.name",
    "/etc/cron.d/owned": "file.name",
    "../owned": "file.name",
    "00/log/../../../owned": "file.name",
    "00\\..\\owned": "file.name",
    "C:owned": "file.name",
    "00/log/00000.judge.jsonl": "file.name",
    "00/log/00000.look.jsonl": "file.name",
    "00/log/": "file.name",
    "00/log/00001\u202e.jsonl": "file.name",
}


@pytest.mark.parametrize("name", BESIDE)
def test_files_that_no_submission_has(honest, plan, tmp_path, watched, name):
    found = check(zipped(tmp_path / "s.zip", honest, jsonl(plan), [(name, b"owned")]), watched)
    assert (found.state, BESIDE[name] in codes(found)) == ("refused", True), found.faults


def random_line() -> bytes:
    return b"0" * (WHOLE + 1)


def stored(name: str) -> zipfile.ZipInfo:
    """An entry that is not made smaller, so that no ratio gives it away."""
    made = entry(name)
    made.compress_type = zipfile.ZIP_STORED
    return made


def doubled(file: Path) -> Path:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as packed:
        packed.writestr("00/manifest.json", b"{}")
    return file


def renamed(file: Path) -> Path:
    """A name with a zero byte, which ends it for some readers and not for others."""
    listed(file, ("00/log/00000.jsonl_.py", b""))
    file.write_bytes(file.read_bytes().replace(b"jsonl_", b"jsonl\x00"))
    return file


def overlapping(file: Path) -> Path:
    """The second entry begins where the first does, as in a bomb whose files share their bytes."""
    data = bytearray(file.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = bytes(4)
    file.write_bytes(data)
    return file


def flipped(file: Path) -> Path:
    """The first bytes of what is packed are others."""
    data = bytearray(file.read_bytes())
    at = 30 + len("submission.json")
    data[at : at + 4] = b"\xff" * 4
    file.write_bytes(data)
    return file


ARCHIVES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no zip file": (lambda file: (file.write_bytes(b"\x1f\x8b" + b"0" * 100), file)[1], "file.unreadable"),
    "nothing": (lambda file: (file.write_bytes(b""), file)[1], "file.unreadable"),
    "half of one": (
        lambda file: (file.write_bytes(listed(file, ("submission.json", b"{}")).read_bytes()[:-30]), file)[1],
        "file.unreadable",
    ),
    "bytes that deflate to nothing": (
        lambda file: flipped(listed(file, ("submission.json", b"{}" * 500))),
        "file.unreadable",
    ),
    "a folder": (lambda file: (file.mkdir(), file)[1], "file.unreadable"),
    "a pipe": (lambda file: (os.mkfifo(file), file)[1], "file.unreadable"),
    "a link": (
        lambda file: listed(file, (entry("00/manifest.json", stat.S_IFLNK | 0o777), b"/etc/passwd")),
        "file.kind",
    ),
    "a device": (lambda file: listed(file, (entry("00/manifest.json", stat.S_IFCHR | 0o666), b"")), "file.kind"),
    "a pipe in it": (lambda file: listed(file, (entry("00/manifest.json", stat.S_IFIFO | 0o666), b"")), "file.kind"),
    "a bomb": (lambda file: listed(file, ("00/log/00000.jsonl", b"0" * 2**24)), "file.ratio"),
    "a line without end": (lambda file: listed(file, (stored("00/log/00000.jsonl"), random_line())), "file.line"),
    "a manifest without end": (lambda file: listed(file, (stored("00/manifest.json"), random_line())), "file.line"),
    "a name twice": (lambda file: doubled(listed(file, ("00/manifest.json", b"{}"))), "file.twice"),
    "too many files": (
        lambda file: listed(file, *((f"{n:05d}", b"") for n in range(ENTRIES + 1))),
        "file.entries",
    ),
    "smaller than told": (
        lambda file: directory(listed(file, ("submission.json", b"{}" * 50)), 24, "<L", 10),
        "file.unreadable",
    ),
    "larger than told": (
        lambda file: directory(listed(file, ("submission.json", b"{}" * 50)), 24, "<L", 4000),
        "file.content",
    ),
    "64 GiB told": (
        lambda file: directory(listed(file, ("submission.json", b"{}" * 50)), 24, "<L", 2**32 - 2),
        "file.ratio",
    ),
    "a name with a zero": (renamed, "file.name"),
    "encrypted": (lambda file: directory(listed(file, ("submission.json", b"{}")), 8, "<H", 1), "file.kind"),
    "packed otherwise": (lambda file: directory(listed(file, ("submission.json", b"{}")), 10, "<H", 12), "file.kind"),
    "files within each other": (
        lambda file: overlapping(listed(file, ("submission.json", b"{}" * 90), ("00/manifest.json", b"{}" * 90))),
        "file.content",
    ),
    "no submission": (lambda file: listed(file, ("00/manifest.json", b"{}")), "form.submission"),
    "no run": (lambda file: listed(file, ("submission.json", orjson.dumps(HEADER))), "form.submission"),
    "a submission 10,000 deep": (lambda file: listed(file, ("submission.json", DEEP)), "form.submission"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_files_that_are_no_submission(tmp_path, watched, name):
    make, code = ARCHIVES[name]
    found = check(make(tmp_path / "s.zip"), watched)
    assert (found.state, code in codes(found)) == ("refused", True), found.faults
