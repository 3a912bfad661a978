"""The log: its chain, what a kill leaves of it, and who may write it."""

import contextlib
import os
import resource
import time
from collections.abc import Iterator

import pytest
from logs import killed, lines, log, part, values

from simrun.log.chain import FIRST, Head, LogError, RunLog, chained, read

# The chain


def test_the_chain_goes_on_in_the_part_of_a_resume(tmp_path):
    log(tmp_path, 1, 2)
    assert log(tmp_path, 3).name == "00001.jsonl"
    first, second, third = read(tmp_path)
    assert [line.fields["value"] for line in (first, second, third)] == [1, 2, 3]
    assert [line.fields["prev"] for line in (first, second, third)] == [FIRST, first.hash, second.hash]
    assert [line.hash for line in (first, second, third)] == [chained(line) for line in lines(tmp_path)]
    assert [(line.file.name, line.number) for line in (second, third)] == [("00000.jsonl", 2), ("00001.jsonl", 1)]


def test_every_changed_byte_is_refused_by_file_and_line(tmp_path):
    file = log(tmp_path, 1, 2, 3)
    whole, head = file.read_bytes(), chained(lines(tmp_path)[-1])
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(LogError) as refused:
            list(read(tmp_path, Head({"": head}, True)))
        number = whole.count(b"\n", 0, at) + 1
        # a line that does not fit the one before: either may have been changed, and a lost last line feed shows in the
        # line before
        assert any(f"{file}:{each}" in str(refused.value) for each in (number, number - 1)), at


def test_nothing_is_heard_of_a_line_before_it_is_verified(tmp_path):
    file = log(tmp_path, 1, 2, 3)
    head = chained(lines(tmp_path)[-1])
    file.write_bytes(file.read_bytes().replace(b'"value":2', b'"value":7').replace(b'"value":3', b'"value":8'))
    heard: list[int] = []
    with pytest.raises(LogError):
        heard.extend(line.fields["value"] for line in read(tmp_path, Head({"": head}, True)))
    assert heard == [1]


def test_a_part_that_is_missing_is_refused(tmp_path):
    first, second = log(tmp_path, 1), log(tmp_path, 2)
    first.unlink()
    with pytest.raises(LogError, match=f"{second}:1 is not its first line"):
        values(tmp_path)


# What a kill leaves


@pytest.mark.parametrize("torn", [b"{", b'{"kind":"call","value":3,"prev":"', b"\x00" * 40])
def test_a_torn_last_line_is_passed_over_and_cut_off(tmp_path, torn):
    file = log(tmp_path, 1, 2)
    whole = file.read_bytes()
    file.write_bytes(whole + torn)
    assert values(tmp_path) == [1, 2]
    log(tmp_path, 3)
    assert file.read_bytes() == whole
    assert values(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("left", [b"", b'{"kind":"ca'])
def test_a_part_without_a_whole_line_is_dropped(tmp_path, left):
    log(tmp_path, 1)
    (tmp_path / "log" / "00001.jsonl").write_bytes(left)
    assert log(tmp_path, 2).name == "00001.jsonl"
    assert values(tmp_path) == [1, 2]


def test_a_second_writer_is_refused(tmp_path):
    log = RunLog(tmp_path)
    with pytest.raises(LogError, match=f"another process is writing to {tmp_path}"):
        RunLog(tmp_path)
    log.close()
    RunLog(tmp_path).close()


def test_resume_of_a_run_that_is_being_written_is_refused(complete, command):
    log = RunLog(killed(complete, 20))
    code, _, errors = command("resume", complete)
    log.close()
    assert (code, errors) == (2, f"simrun: another process is writing to {complete}; wait for it, or stop it\n")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How large the log was each time it was forced to the disk."""
    sizes: list[int] = []
    force = os.fdatasync

    def forced(file: int) -> None:
        size = os.fstat(file).st_size
        force(file)
        sizes.append(size)

    monkeypatch.setattr(os, "fdatasync", forced)
    return sizes


def test_closing_leaves_no_line_behind(tmp_path, synced):
    for session in range(1, 20):
        assert log(tmp_path, *range(session * 7)).stat().st_size == synced[-1]
    assert len(values(tmp_path)) == 7 * sum(range(20))


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
def test_lines_reach_the_disk_without_a_close(tmp_path, synced, count):
    log = RunLog(tmp_path)
    for value in range(count):
        log.write("call", {"value": value})
    due, size = time.monotonic() + 5, part(tmp_path).stat().st_size
    while synced[-1:] != [size] and time.monotonic() < due:
        time.sleep(0.005)
    assert synced[-1] == size
    log.close()


def test_a_disk_that_was_full_for_a_while_leaves_a_log_that_can_be_read(tmp_path):
    log = RunLog(tmp_path)
    log.write("call", {"value": 1})
    with room(part(tmp_path).stat().st_size + 20), pytest.raises(LogError, match=r"cannot write .*large"):
        log.write("call", {"value": 2})
    log.write("call", {"value": 3})
    log.close()
    assert values(tmp_path) == [1, 3]


@contextlib.contextmanager
def room(most: int) -> Iterator[None]:
    """Files may grow to so many bytes, and no further."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
