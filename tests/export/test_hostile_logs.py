"""Files that are no log, or are one that would cost whoever reads it: refused in one line, nothing executed or kept."""

import os
import stat
import zipfile
from dataclasses import replace

import evals
import pytest
from evals import sample

from simrun.export.sources.inspect import LIMITS, Log
from simrun.log.archive import DEPTH, ZSTD, Unfit, deep, opened, pieces

DEEP = b"[" * 10_000 + b"]" * 10_000


def entry(name, mode=0):
    made = zipfile.ZipInfo(name)
    made.compress_type, made.external_attr = zipfile.ZIP_DEFLATED, mode << 16
    return made


def changed(file, old, new):
    file.write_bytes(file.read_bytes().replace(old, new))
    return file


def within(file):
    """The second entry begins where the first does, as in a bomb whose files share their bytes."""
    data = bytearray(evals.files(file, ("header.json", b"{}" * 90), ("samples/a.json", b"{}" * 90)).read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = bytes(4)
    file.write_bytes(data)
    return file


def wrong_zstd(file, old, new):
    """What is packed with zstd is not what the list of files says of it."""
    return changed(evals.zstd(file, [sample("a", "x", "C")]), old, new)


def pipe(file):
    os.mkfifo(file)
    return file


ARCHIVES = {
    "no zip": (lambda file: (file.write_bytes(b"PK" + b"0" * 100), file)[1], "does not end as the zip file"),
    "half": (lambda file: (file.write_bytes(evals.log(file, []).read_bytes()[:-30]), file)[1], "does not end"),
    "no header": (lambda file: evals.files(file, ("samples/a.json", b"{}")), "no header.json"),
    "old": (lambda file: evals.log(file, [], {"version": 1}), "version 1"),
    "no number": (lambda file: evals.log(file, [], {"version": "2"}), "version '2'"),
    "climbs": (lambda file: evals.files(file, ("samples/../../owned.json", b"{}")), "no file of this name"),
    "absolute": (lambda file: evals.files(file, ("/etc/owned.json", b"{}")), "no file of this name"),
    "escape": (lambda file: evals.files(file, ("samples/\x1b[31m.json", b"{}")), "no file of this name"),
    "link": (lambda file: evals.files(file, (entry("header.json", stat.S_IFLNK | 0o777), b"/etc/passwd")), "a link"),
    "bomb": (lambda file: evals.files(file, ("header.json", b"0" * 2**24)), "more than 1000 times"),
    "within": (within, "lies within another file"),
    "no JSON": (lambda file: evals.files(file, ("header.json", b"{]")), "not JSON"),
    "a list": (lambda file: evals.files(file, ("header.json", b"[]")), "not an object"),
    "deep": (lambda file: evals.files(file, ("header.json", DEEP)), f"deeper in it than {DEPTH}"),
    "no epoch": (lambda file: evals.log(file, [sample("a", "x", "C") | {"epoch": "1"}]), "its epoch is '1'"),
    "zstd of another": (lambda file: wrong_zstd(file, b"PK\x03\x04", b"PK\x03\x05"), "holds no file"),
    "zstd that is none": (
        lambda file: wrong_zstd(file, b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfe"),
        "cannot be unpacked",
    ),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_file_that_is_no_log_is_refused_in_a_line(command, tmp_path, monkeypatch, name):
    make, says = ARCHIVES[name]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = make(tmp_path / "a.eval")
    code, out, err = command("import", "inspect", file)
    assert (code, out, says in err, "Traceback" in err, "\x1b" in err) == (2, "", True, False, False), err
    assert err.count("\n") == 1
    assert os.listdir(tmp_path) == ["a.eval"]


def test_a_pipe_is_not_waited_for(command, tmp_path):
    code, _, err = command("import", "inspect", pipe(tmp_path / "a.eval"))
    assert (code, "no file" in err) == (2, True)


def test_a_bomb_packed_with_zstd_is_not_unpacked_beyond_what_it_told(tmp_path):
    """20 MB that were announced as 100 bytes."""
    file = evals.zstd(tmp_path / "a.eval", [], {"version": 2, "more": "0" * (20 * 2**20)})
    data = bytearray(file.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(Unfit, match=r"cannot be unpacked|not the one object"):
        Log(file)


def test_a_submission_would_not_be_packed_so(tmp_path):
    """Which ways of packing are read is each kind's own."""
    file = evals.zstd(tmp_path / "a.eval", [])
    with pytest.raises(Unfit) as refused, opened(file, replace(LIMITS, methods=(zipfile.ZIP_DEFLATED,))):
        pass
    assert [flaw.code for flaw in refused.value.flaws] == ["file.kind"]
    assert ZSTD in LIMITS.methods


def test_pieces_are_the_file(tmp_path):
    file = evals.files(tmp_path / "a.eval", ("header.json", b"{}" * 10))
    with opened(file, LIMITS) as packed:
        assert b"".join(pieces(packed, packed.getinfo("header.json"))) == b"{}" * 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"[" * 64 + b"]" * 64, False),
        (b"[" * 65 + b"]" * 65, True),
        (b'{"a": "' + b"[" * 100 + b'"}', False),
        (b'{"a": "\\"' + b"[" * 100, False),
        (b"[]" * 100, False),
    ],
)
def test_how_deep_a_text_is(text, found):
    assert deep(text) is found
