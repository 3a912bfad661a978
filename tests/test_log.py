"""The log: its chain, what a kill leaves of it, and that a run is the same after a resume or a replay."""

import contextlib
import importlib.util
import os
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from simrun import Run, load, run, runs
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scripted import Scripted
from simrun.cli import main
from simrun.log import FIRST, Head, LogError, RunLog, chained, read, segments
from simrun.manifest import Manifest
from simrun.scenarios import clinic_cases

Command = Callable[..., tuple[int, str, str]]
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six episodes of seven calls: 48 lines."""
    out = str(tmp_path_factory.mktemp("undisturbed"))
    return run("scenario=clinic", "backend=scripted", "vary.patient.ethnicity=[White,Black]", cases=2, out=out).path


@pytest.fixture
def complete(undisturbed: Path, tmp_path: Path) -> Path:
    """That run, to be disturbed."""
    return Path(shutil.copytree(undisturbed, tmp_path / undisturbed.name))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in process: exit code, stdout, stderr."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(stop.value.code or 0), told.out, told.err

    return ran


def log(run: Path, *values: int) -> Path:
    """Write a line for each value, as one session does; the part that they went to."""
    log = RunLog(run)
    for value in values:
        log.write("call", {"value": value})
    log.close()
    return segments(run)[-1]


def values(run: Path, head: str | None = None) -> list[int]:
    return [line.fields["value"] for line in read(run, Head(head, True) if head else None)]


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


def killed(run: Path, keep: int, torn: bytes = b"") -> Path:
    """What a kill would have left of a run: its first lines, no head, no tables, no report."""
    part(run).write_bytes(b"".join(lines(run)[:keep]) + torn)
    Manifest.read(run).model_copy(update={"head": FIRST, "complete": False}).write(run)
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
    Manifest.read(run).model_copy(update={"head": head}).write(run)


def refused(came: tuple[int, str, str], run: Path, number: int) -> None:
    """Exit code 2, and one line that names the place; where a line does not fit the one before, both are named."""
    code, _, errors = came
    assert code == 2
    assert errors.startswith("simrun: the log was changed: ")
    assert any(f"{part(run)}:{each} " in errors for each in (number, number - 1)), errors


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
            list(read(tmp_path, Head(head, True)))
        number = whole.count(b"\n", 0, at) + 1
        # a line that does not fit the one before: either may have been changed, and a lost last line feed shows in the line before
        assert any(f"{file}:{each}" in str(refused.value) for each in (number, number - 1)), at


def test_nothing_is_heard_of_a_line_before_it_is_verified(tmp_path):
    file = log(tmp_path, 1, 2, 3)
    head = chained(lines(tmp_path)[-1])
    file.write_bytes(file.read_bytes().replace(b'"value":2', b'"value":7').replace(b'"value":3', b'"value":8'))
    heard: list[int] = []
    with pytest.raises(LogError):
        heard.extend(line.fields["value"] for line in read(tmp_path, Head(head, True)))
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


# Replay


def test_replay_reproduces_outcomes_and_report_to_the_byte(undisturbed, complete, command):
    shutil.rmtree(complete / "sealed")
    code, told, _ = command("replay", complete, "--json")
    assert (code, orjson.loads(told)) == (0, {"run": str(complete), "episodes": 6, "calls": 42, "report": "identical"})
    for report in ("report.json", "report.md"):
        assert (complete / "report" / report).read_bytes() == (undisturbed / "report" / report).read_bytes()
    before, after = Run(undisturbed), Run(complete)
    for table in ("episodes", "turns", "calls", "outcomes"):
        assert getattr(after, table).equals(getattr(before, table)), table


@pytest.mark.parametrize("number", [1, 2, 25, 47, 48])
@pytest.mark.parametrize("what", ["kind", "trial", "at", "prev"])
def test_replay_refuses_one_changed_byte_by_file_and_line(complete, command, number, what):
    line = lines(complete)[number - 1]
    at = line.index(f'"{what}":'.encode()) + len(what) + 5  # in the field's value, past a quotation mark
    edit(complete, lambda whole: [*whole[: number - 1], line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :], *whole[number:]])
    refused(command("replay", complete), complete, number)


EDITS = {
    "first key changed": (1, lambda whole: [whole[0].replace(b"trial", b"trail"), *whole[1:]]),
    "last key changed": (48, lambda whole: [*whole[:-1], whole[-1].replace(b"trial", b"trail")]),
    "first removed": (1, lambda whole: whole[1:]),
    "one removed": (21, lambda whole: whole[:20] + whole[21:]),
    "last removed": (48, lambda whole: whole[:-1]),
    "first two swapped": (1, lambda whole: [whole[1], whole[0], *whole[2:]]),
    "two swapped": (21, lambda whole: [*whole[:20], whole[21], whole[20], *whole[22:]]),
    "last two swapped": (47, lambda whole: [*whole[:-2], whole[-1], whole[-2]]),
    "one inserted": (21, lambda whole: [*whole[:20], error(whole, 20), *whole[20:]]),
    "one added": (49, lambda whole: [*whole, error(whole, 48)]),
}


def error(whole: list[bytes], at: int) -> bytes:
    """A line that fits the one before."""
    trial = orjson.loads(whole[0])["trial"]
    fields = {"kind": "error", "trial": trial, "at": 0.0, "error": "server", "message": "made up", "prev": chained(whole[at - 1])}
    return orjson.dumps(fields) + b"\n"


@pytest.mark.parametrize("name", EDITS)
def test_replay_refuses_lines_changed_removed_swapped_or_inserted(complete, command, name):
    number, change = EDITS[name]
    edit(complete, change)
    refused(command("replay", complete), complete, number)


def test_replay_refuses_an_interrupted_run_whose_end_was_changed(complete, command):
    whole = lines(complete)[:20]
    Manifest.read(complete).model_copy(update={"head": chained(whole[-1]), "complete": False}).write(complete)
    part(complete).write_bytes(b"".join([*whole[:-1], whole[-1].replace(b'"at":1', b'"at":2')]))
    refused(command("replay", complete), complete, 20)


def test_replay_refuses_a_forged_outcome_though_its_chain_fits(complete, command):
    told = [orjson.loads(line) for line in lines(complete)]
    told[-1]["outcome"]["solved"] = not told[-1]["outcome"]["solved"]
    rechain(complete, told)
    code, _, errors = command("replay", complete)
    assert code == 2
    assert told[-1]["trial"] in errors
    assert "solved: logged" in errors


@pytest.mark.parametrize("kind", ["call", "episode"])
def test_replay_refuses_a_line_that_is_there_twice_though_its_chain_fits(complete, command, kind):
    told = [orjson.loads(line) for line in lines(complete)]
    at = max(index for index, fields in enumerate(told) if fields["kind"] == kind)
    rechain(complete, [*told[: at + 1], *told[at:]])
    code, _, errors = command("replay", complete)
    assert (code, told[at]["trial"] in errors) == (2, True), errors


def test_replay_of_a_killed_run_counts_what_is_whole(complete, command):
    killed(complete, finished(complete), b'{"kind":"call","tri')
    code, told, _ = command("replay", complete, "--json")
    assert (code, orjson.loads(told)["episodes"], orjson.loads(told)["report"]) == (0, 1, "written")


# Resume


@pytest.mark.parametrize(("keep", "torn"), [(0, b""), (0, b'{"kind'), (1, b""), (20, b""), (20, b'{"kind":"call"'), (47, b""), (48, b"")])
def test_a_resumed_run_is_the_undisturbed_run(undisturbed, complete, command, keep, torn):
    kept = lines(complete)[:keep]
    code, _, _ = command("resume", killed(complete, keep, torn))
    assert code == 0
    assert lines(complete)[:keep] == kept
    assert played(complete) == played(undisturbed)
    manifest = Manifest.read(complete)
    assert manifest.complete
    assert [line.hash for line in read(complete, manifest.tip())][-1] == manifest.head
    before, after = (orjson.loads((run / "report" / "report.json").read_bytes()) for run in (undisturbed, complete))
    assert (after["arms"], after["contrasts"]) == (before["arms"], before["contrasts"])


def test_resume_of_a_complete_run_asks_nothing_and_changes_nothing(undisturbed, complete, command, monkeypatch):
    async def never(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(Scripted, "reply", never)
    for _ in range(2):
        assert command("resume", complete)[0] == 0
        assert lines(complete) == lines(undisturbed)
        assert Run(complete).outcomes.equals(Run(undisturbed).outcomes)
        assert (complete / "report" / "report.md").read_bytes() == (undisturbed / "report" / "report.md").read_bytes()


def test_an_error_is_owed_again_and_its_answers_are_kept(undisturbed, complete, command):
    told = [orjson.loads(line) for line in lines(complete)]
    at = finished(complete) - 1
    failed = {"kind": "error", "trial": told[at]["trial"], "at": told[at]["at"], "error": "server", "message": "it went away"}
    rechain(complete, [*told[:at], failed, *told[at + 1 :]])
    Manifest.read(complete).model_copy(update={"complete": False}).write(complete)
    assert command("resume", complete)[0] == 0
    assert played(complete) == played(undisturbed)
    assert set(Run(complete).episodes["state"]) == {"done"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data file with the first two of our own cases."""
    own = Path(clinic_cases.__file__).parent / "data" / "clinic.jsonl"
    (tmp_path / "cases.jsonl").write_text("".join(own.read_text().splitlines(keepends=True)[:2]))
    return tmp_path / "cases.jsonl"


def test_resume_after_the_cases_changed_is_refused(play, data, command):
    path = killed(play(f"scenario.data={data}", cases=2, design={"controls": []}).path, 5)
    before = part(path).read_bytes()
    data.write_text(data.read_text().replace("You woke", "He woke"))
    code, _, errors = command("resume", path)
    assert (code, part(path).read_bytes()) == (2, before)
    assert "the cases have changed since this run began" in errors
    assert str(data) in errors


def test_a_run_on_a_data_file_is_resumed_from_any_directory(play, data, command, monkeypatch):
    monkeypatch.chdir(data.parent)
    path = killed(play("scenario.data=cases.jsonl", cases=2, design={"controls": []}).path, 5)
    monkeypatch.chdir("/")
    code, _, errors = command("resume", path)
    assert (code, "cases.jsonl" in errors) == (0, False), errors


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_resume_refuses_a_closed_log_whose_end_was_changed(complete, command, change):
    # another time of the last episode: nothing but the head in the manifest can tell
    edit(complete, lambda whole: [*whole[:-1], *[whole[-1].replace(b'"at":1', b'"at":2')] * (change == "changed")])
    refused(command("resume", complete), complete, 48)


def test_two_resumes_at_once_play_nothing_twice(undisturbed, complete, command, monkeypatch):
    """The other one plays the rest, and ends, just when this one has read the log."""
    first = runs.past
    codes: list[int] = []

    def overtaken(*given: Any) -> Any:
        found = first(*given)
        monkeypatch.setattr(runs, "past", first)
        other = threading.Thread(target=lambda: codes.append(command("resume", complete)[0]))
        other.start()
        other.join()
        return found

    monkeypatch.setattr(runs, "past", overtaken)
    killed(complete, 20)
    codes.append(command("resume", complete)[0])
    assert sorted(codes) in ([0, 0], [0, 2])
    assert played(complete) == played(undisturbed)


def stopped(*_: object) -> None:
    """Stands for a step that a kill came before."""
    raise KeyboardInterrupt


def test_a_kill_before_the_plan_is_written_is_made_good(tmp_path, command, monkeypatch):
    monkeypatch.setattr(runs, "plan_table", stopped)
    with pytest.raises(KeyboardInterrupt):
        run("scenario=clinic", "backend=scripted", cases=1, out=str(tmp_path))
    monkeypatch.undo()
    for manifest in tmp_path.glob("clinic/*/manifest.json"):  # what there is to resume
        assert command("resume", manifest.parent)[0] == 0
        assert (manifest.parent / "plan.parquet").is_file()


def test_tables_that_a_kill_left_behind_the_log_are_not_shown(complete, command, monkeypatch):
    """An interrupted run was sealed with one episode; its resume was killed after the log was closed and before the sealing."""
    killed(complete, finished(complete))
    assert command("report", complete)[0] == 0
    monkeypatch.setattr(runs, "seal", stopped)
    assert command("resume", complete)[0] == 130
    monkeypatch.undo()
    assert list(load(complete).episodes["state"]) == ["done"] * 6


def test_a_run_whose_tables_cannot_be_made_keeps_its_log(tmp_path, command, monkeypatch):
    def differs(*_: object) -> None:
        raise BackendError("replay", "the prompt is not the logged one")

    monkeypatch.setattr(runs, "seal", differs)
    code, _, errors = command("scenario=clinic", "backend=scripted", "cases=1", "vary.patient.gender=[woman,man]", f"out={tmp_path}")
    assert (code, "not the logged one" in errors) == (2, True)
    (log,) = tmp_path.glob("clinic/*/log/00000.jsonl")
    assert len(log.read_bytes().splitlines()) == 24  # three episodes of seven calls


# Kills


def test_three_killed_runs_end_as_the_undisturbed_one():
    spec = importlib.util.spec_from_file_location("kill", BENCHMARKS / "kill.py")
    kill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kill)
    told = kill.measure(moments=3, episodes=36, seed=0)
    found = told["figures"]
    assert found["faults"] == []
    assert {name: found[name] for name in kill.ZERO} == dict.fromkeys(kill.ZERO, 0)
    assert found["kills"] >= 2
