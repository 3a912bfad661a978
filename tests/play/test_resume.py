"""A run is the same after a replay, a resume, or a kill; and a log that was changed is refused."""

import importlib
import shutil
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from logs import edit, finished, killed, lines, part, played, rechain, refused

from simrun import Run, load, run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scripted import Scripted
from simrun.log.chain import chained, read
from simrun.log.manifest import Manifest
from simrun.play import session
from simrun.scenarios.clinic import cases as clinic_cases

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


# Replay


@pytest.mark.slow
def test_replay_reproduces_outcomes_and_report_to_the_byte(undisturbed, complete, command):
    shutil.rmtree(complete / "sealed")
    code, told, _ = command("replay", complete, "--json")
    assert (code, orjson.loads(told)) == (0, {"run": str(complete), "episodes": 6, "calls": 42, "report": "identical"})
    for report in ("report.json", "report.md"):
        assert (complete / "report" / report).read_bytes() == (undisturbed / "report" / report).read_bytes()
    before, after = Run(undisturbed), Run(complete)
    for table in ("episodes", "turns", "calls", "outcomes"):
        assert getattr(after, table).equals(getattr(before, table)), table


@pytest.mark.parametrize("number", [2, 3, 25, 48, 49])
@pytest.mark.parametrize("what", ["kind", "trial", "at", "prev"])
def test_replay_refuses_one_changed_byte_by_file_and_line(complete, command, number, what):
    line = lines(complete)[number - 1]
    at = line.index(f'"{what}":'.encode()) + len(what) + 5  # in the field's value, past a quotation mark
    edit(
        complete,
        lambda whole: [*whole[: number - 1], line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :], *whole[number:]],
    )
    refused(command("replay", complete), complete, number)


EDITS = {
    "first key changed": (1, lambda whole: [whole[0].replace(b"primary", b"primrary"), *whole[1:]]),
    "last key changed": (49, lambda whole: [*whole[:-1], whole[-1].replace(b"trial", b"trail")]),
    "first removed": (1, lambda whole: whole[1:]),
    "one removed": (21, lambda whole: whole[:20] + whole[21:]),
    "last removed": (49, lambda whole: whole[:-1]),
    "first two swapped": (1, lambda whole: [whole[1], whole[0], *whole[2:]]),
    "two swapped": (21, lambda whole: [*whole[:20], whole[21], whole[20], *whole[22:]]),
    "last two swapped": (48, lambda whole: [*whole[:-2], whole[-1], whole[-2]]),
    "one inserted": (21, lambda whole: [*whole[:20], error(whole, 20), *whole[20:]]),
    "one added": (50, lambda whole: [*whole, error(whole, 49)]),
}


def error(whole: list[bytes], at: int) -> bytes:
    """A line that fits the one before."""
    trial = orjson.loads(whole[1])["trial"]
    fields = {
        "kind": "error",
        "trial": trial,
        "at": 0.0,
        "error": "server",
        "message": "made up",
        "prev": chained(whole[at - 1]),
    }
    return orjson.dumps(fields) + b"\n"


@pytest.mark.parametrize("name", EDITS)
def test_replay_refuses_lines_changed_removed_swapped_or_inserted(complete, command, name):
    number, change = EDITS[name]
    edit(complete, change)
    refused(command("replay", complete), complete, number)


def test_replay_refuses_an_interrupted_run_whose_end_was_changed(complete, command):
    whole = lines(complete)[:20]
    Manifest.read(complete).model_copy(update={"heads": {"": chained(whole[-1])}, "complete": False}).write(complete)
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keep", "torn"), [(0, b""), (0, b'{"kind'), (1, b""), (20, b""), (20, b'{"kind":"call"'), (47, b""), (48, b"")]
)
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
    for section in ("arms", "effects"):
        assert after["sections"][section] == before["sections"][section]


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
    failed = {
        "kind": "error",
        "trial": told[at]["trial"],
        "at": told[at]["at"],
        "error": "server",
        "message": "it went away",
    }
    rechain(complete, [*told[:at], failed, *told[at + 1 :]])
    Manifest.read(complete).model_copy(update={"complete": False}).write(complete)
    assert command("resume", complete)[0] == 0
    assert played(complete) == played(undisturbed)
    assert set(Run(complete).episodes["state"]) == {"done"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data file with the first two of our own cases."""
    own = Path(clinic_cases.__file__).parent / "data" / "cases.jsonl"
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
    refused(command("resume", complete), complete, 49)


def test_two_resumes_at_once_play_nothing_twice(undisturbed, complete, command, monkeypatch):
    """The other one plays the rest, and ends, just when this one has read the log."""
    first = session.past
    codes: list[int] = []

    def overtaken(*given: Any) -> Any:
        found = first(*given)
        monkeypatch.setattr(session, "past", first)
        other = threading.Thread(target=lambda: codes.append(command("resume", complete)[0]))
        other.start()
        other.join()
        return found

    monkeypatch.setattr(session, "past", overtaken)
    killed(complete, 20)
    codes.append(command("resume", complete)[0])
    assert sorted(codes) in ([0, 0], [0, 2])
    assert played(complete) == played(undisturbed)


def stopped(*_: object) -> None:
    """Stands for a step that a kill came before."""
    raise KeyboardInterrupt


def test_a_kill_before_the_plan_is_written_is_made_good(tmp_path, command, monkeypatch):
    monkeypatch.setattr(session, "plan_table", stopped)
    with pytest.raises(KeyboardInterrupt):
        run("scenario=clinic", "backend=scripted", cases=2, out=str(tmp_path))
    monkeypatch.undo()
    for manifest in tmp_path.glob("clinic/*/manifest.json"):  # what there is to resume
        assert command("resume", manifest.parent)[0] == 0
        assert (manifest.parent / "plan.parquet").is_file()


def test_tables_that_a_kill_left_behind_the_log_are_not_shown(complete, command, monkeypatch):
    """An interrupted run was sealed with one episode; its resume was killed after
    the log was closed and before the sealing."""
    killed(complete, finished(complete))
    assert command("report", complete)[0] == 0
    monkeypatch.setattr(session, "seal", stopped)
    assert command("resume", complete)[0] == 130
    monkeypatch.undo()
    assert list(load(complete).episodes["state"]) == ["done"] * 6


def test_a_run_whose_tables_cannot_be_made_keeps_its_log(tmp_path, command, monkeypatch):
    def differs(*_: object) -> None:
        raise BackendError("replay", "the prompt is not the logged one")

    monkeypatch.setattr(session, "seal", differs)
    code, _, errors = command(
        *("scenario=clinic", "backend=scripted", "design.controls=[same]", "cases=2"),
        *("vary.patient.gender=[woman,man]", f"out={tmp_path}"),
    )
    assert (code, "not the logged one" in errors) == (2, True)
    (log,) = tmp_path.glob("clinic/*/log/00000.jsonl")
    assert len(log.read_bytes().splitlines()) == 49  # six episodes of seven calls, and who plays


# Kills


@pytest.mark.slow
@pytest.mark.parametrize("what", ["clinic", "dialogue", "peer_review"])
def test_three_killed_runs_end_as_the_undisturbed_one(monkeypatch, what):
    monkeypatch.syspath_prepend(BENCHMARKS)
    told = importlib.import_module("kill").measure(what, moments=3, episodes=36, seed=0)
    found, zero = told["figures"], importlib.import_module("kill_figures").ZERO
    assert found["faults"] == []
    assert {name: found[name] for name in zero} == dict.fromkeys(zero, 0)
    assert found["kills"] >= 2


def test_a_budget_of_tokens_ends_a_run_and_a_larger_one_goes_on(command, tmp_path):
    given = ("scenario=recruitment", "backend=scripted", "cases=12", "concurrency=1", f"out={tmp_path}")
    code, out, errors = command(*given, "tokens=4000", "--json")
    assert code != 0
    assert "budget of tokens=4000 is spent" in errors + out
    path = next(tmp_path.glob("*/*/manifest.json")).parent
    spent = [orjson.loads(line)["answer"] for line in lines(path) if b'"kind":"call"' in line]
    told = [answer["prompt_tokens"] + answer["output_tokens"] for answer in spent]
    assert sum(told[:-1]) < 4000 <= sum(told)
    assert command("resume", path)[0] != 0
    assert [line for line in lines(path) if b'"kind":"call"' in line][len(spent) :] == []
    assert command("resume", path, "tokens=1000000")[0] == 0
    assert Manifest.read(path).complete
