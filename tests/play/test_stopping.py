"""A run stops when it is decided: at the same look whoever plays, how fast, and however often it was killed."""

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import pytest

from simrun import Run, run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scripted import Scripted
from simrun.config.errors import ConfigError
from simrun.config.options import Design
from simrun.envs.session import planned
from simrun.log.chain import FIRST, LogError, chained
from simrun.log.looks import Look, deciding, looked
from simrun.log.manifest import Manifest
from simrun.log.trust import note
from simrun.plan.looks import bound, looks
from simrun.report.run import rebuild, resume
from simrun.scenarios.outcome import Better, Outcome

ASKED = [
    "scenario=recruitment",
    "backend=scripted",
    "vary.candidate.ethnicity=[White,Black]",
    "seed=1",
    "roles.candidate.surface=stated",
]
ASKED += ["design.controls=[]", "design.primary=[invited]", "cases=40", "metrics=[]"]
PLANTED = [*ASKED, "backend.group=Black", "backend.effect=0.6", "design.stop=decided"]


def played(out: Path, *more: str, **options: Any) -> Run:
    return run(*more, out=str(out), **options)


@pytest.fixture(scope="module", autouse=True)
def plain() -> Iterator[None]:
    """Reports without pictures, which would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simrun.report.sections.plots.drawn", lambda _: ())
        yield


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planted difference of .6, of 40 cases: two episodes each."""
    return played(tmp_path_factory.mktemp("decided"), *PLANTED).path


@pytest.fixture
def copied(decided: Path, tmp_path: Path) -> Path:
    """The same, to be disturbed: as if it had been begun where it is now."""
    copy = Path(shutil.copytree(decided, tmp_path / decided.name))
    note(Manifest.read(copy), copy)
    return copy


def made(path: Path) -> list[Look]:
    """The looks but for when they were made."""
    return [each.model_copy(update={"at": 0.0}) for each in looked(path)]


def calls(path: Path) -> int:
    return sum(file.read_bytes().count(b'{"kind":"call"') for file in (path / "log").glob("*.jsonl"))


# When


def test_a_tenth_of_the_cases_is_a_block_and_the_last_look_is_after_all() -> None:
    assert looks(Design(stop="decided"), 40) == tuple(range(4, 41, 4))
    assert looks(Design(stop="decided"), 25) == (3, 6, 9, 12, 15, 18, 21, 24, 25)
    assert looks(Design(stop="decided", look=30), 40) == (30, 40)
    assert looks(Design(stop="decided", look=99), 40) == (40,)
    assert looks(Design(), 40) == ()


# A difference


def test_a_planted_difference_stops_and_nothing_is_owed(decided, copied, command):
    found = Run(decided)
    last = deciding(looked(decided))
    assert last is not None
    assert (last.number, last.of, last.cases) == (3, 10, 12)  # 7 flips, all one way: 2 (1/2)^7 = .0156 of .0208
    (question,) = found.scored.followed
    assert (question.verdict, question.after, question.p) == ("difference", 12, pytest.approx(2 / 2**7))
    assert found.complete
    assert found.scored.complete
    asked = calls(copied)
    assert resume(copied).complete
    assert calls(copied) == asked
    assert made(copied) == made(decided)
    code, told, _ = command("resume", copied, "--json")
    assert (code, orjson.loads(told)["complete"]) == (0, True)
    assert (asked, len(found.episodes[found.episodes.state == "unowed"])) == (24, 56)


def test_the_report_says_at_which_look_and_prints_the_interval_that_holds_there(decided):
    report = Run(decided).report()
    assert report.value("looks", "stopped") == 3
    assert report.value("looks", "cases_looked_at") == 12
    text = (decided / "report" / "report.md").read_text()
    assert "Stopped at look 3 of 10, after 12 of 40 cases, because every question was decided." in text
    assert "56 owed no more since it was decided" in text
    (row,) = report.table("looks", "questions")
    shown = next(row for row in report.table("effects") if row["outcome"] == "invited")
    assert [shown[key] for key in ("difference", "low", "high")] == [row[key] for key in ("difference", "low", "high")]
    assert row["high"] < 0
    assert (shown["pairs"], shown["p_adjusted"]) == (12, row["p_adjusted"])


def test_replay_looks_again(copied):
    assert rebuild(copied)[1] is True
    forge(copied, why="a difference of -0.1")
    with pytest.raises(ConfigError, match=r"look 3 at .* came out otherwise: logged .*after 12 cases: a difference of"):
        rebuild(copied)


def test_a_decision_that_was_cut_out_of_the_log_is_missed(copied):
    file = copied / "log" / "00000.look.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(LogError, match="the log was changed"):
        rebuild(copied)


def forge(path: Path, **changed: Any) -> None:
    """Another last look, with a chain and a head that fit."""
    file, head, forged = path / "log" / "00000.look.jsonl", FIRST, b""
    told = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    for fields in (*told[:-1], told[-1] | changed):
        line = orjson.dumps(fields | {"prev": head}) + b"\n"
        head, forged = chained(line), forged + line
    file.write_bytes(forged)
    manifest = Manifest.read(path)
    manifest.told(heads={**manifest.heads, "look": head}).write(path)


@pytest.mark.parametrize(("kept", "unwritten"), [(34, 0), (48, 1), (49, 1)])
def test_a_run_that_was_killed_decides_the_same(decided, copied, kept, unwritten):
    """After the first so many of 49 lines, of which one says who plays; the line of the last look that was due then is
    written by then, or not."""
    whole = (copied / "log" / "00000.jsonl").read_bytes().splitlines(keepends=True)
    assert len(whole) == 49
    (copied / "log" / "00000.jsonl").write_bytes(b"".join(whole[:kept]))
    due = (kept - 1) // 16
    file = copied / "log" / "00000.look.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[: max(0, due - unwritten)]))
    Manifest.read(copied).told(heads={}, complete=False).write(copied)
    again = resume(copied)
    assert again.complete
    assert made(copied) == made(decided)
    assert again.scored.followed == Run(decided).scored.followed
    assert calls(copied) == 24


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents that end in any order, the later ones before the earlier."""
    answer, asked = Scripted.reply, iter(range(10**6))

    async def reply(self: Scripted, chat: Any) -> Any:
        await asyncio.sleep(0.03 - 0.002 * (next(asked) % 12))
        return await answer(self, chat)

    monkeypatch.setattr(Scripted, "reply", reply)


def test_what_ends_out_of_order_and_beyond_changes_nothing(decided, hurried, tmp_path):
    many = played(tmp_path, *PLANTED, concurrency=11)
    assert made(many.path) == made(decided)
    assert many.scored.followed == Run(decided).scored.followed
    beyond = many.report().value("looks", "beyond")
    assert beyond
    done = many.episodes[many.episodes.state == "done"]
    assert len(done) == 24 + beyond
    assert many.report().table("arms", "arms")[0]["n"] == 12
    assert many.layout.done(many.layout.arms).sum() == 12  # the later cases count in no figure
    text = (many.path / "report" / "report.md").read_text()
    assert f"{beyond} episodes of" in text
    assert rebuild(many.path)[1] is True


def test_a_look_waits_for_an_episode_that_failed(monkeypatch, tmp_path, decided):
    answer, failed = Scripted.reply, []

    async def reply(self: Scripted, chat: Any) -> Any:
        if not failed:
            failed.append(chat)
            raise BackendError("timeout", "too slow")
        return await answer(self, chat)

    monkeypatch.setattr(Scripted, "reply", reply)
    waiting = played(tmp_path, *PLANTED)
    assert not waiting.complete
    assert made(waiting.path) == []
    assert waiting.scored.followed == ()
    assert "the next look is after 4 of 40 cases" in (waiting.path / "report" / "report.md").read_text()
    again = resume(waiting.path)
    assert again.complete
    assert made(again.path) == made(decided)


# No difference


def test_what_is_not_decided_goes_on_to_its_end(tmp_path):
    found = played(tmp_path, *ASKED, "design.stop=decided", "backend.private=1.0", "backend.group=Black")
    assert (len(made(found.path)), deciding(looked(found.path))) == (10, None)
    assert found.complete
    (question,) = found.scored.followed
    assert (question.verdict, question.cases) == ("inconclusive", 40)
    assert question.p is not None
    assert "Looked 10 times and never stopped" in (found.path / "report" / "report.md").read_text()


def test_arms_that_agree_are_equivalent_after_eighteen_cases(tmp_path):
    """By betting: within .2, 18 cases without a flip are the fewest; the next look is after 20."""
    found = played(tmp_path, *ASKED, "design.stop=decided", "design.margin=0.2", "design.look=5")
    (question,) = found.scored.followed
    assert (question.verdict, question.after, question.difference) == ("equivalent", 20, 0)
    assert question.p is None  # the test of a difference has not ended
    text = (found.path / "report" / "report.md").read_text()
    assert "invited: equivalent within the margin of 0.2: +0 [" in text


def test_a_width_stops_when_it_is_reached(tmp_path):
    found = played(tmp_path, *ASKED, design={"stop": {"half_width": 0.2}, "look": 5})
    (question,) = found.scored.followed
    last = deciding(looked(found.path))
    assert last is not None
    assert last.cases == question.after
    assert (question.high - question.low) / 2 <= 0.2
    assert question.p == question.p_adjusted == pytest.approx(1)
    assert "because every interval was as narrow as asked for" in (found.path / "report" / "report.md").read_text()


def test_a_case_beyond_the_declared_largest_effect_voids_the_question(tmp_path):
    void = played(tmp_path, *PLANTED, "design.largest_case_effect=0.5", "cases=10", "design.look=10")
    (question,) = void.scored.followed
    assert (question.bound, question.low, question.after) == (0.5, None, None)
    assert question.why == "void, a case differs by 1 and at most 0.5 was declared"


class Letter(Outcome):
    """An outcome without bounds, and one of yes or no."""

    words: Annotated[int, Better("neither")]
    sent: Annotated[bool | None, Better("higher")]


def test_what_has_no_bounds_needs_a_declared_one() -> None:
    with pytest.raises(ConfigError, match=r"words has no bounds.*design.largest_case_effect=\{words: NUMBER\}"):
        bound(Design(), Letter, "words")
    declared = Design(largest_case_effect={"words": 50, "sent": 0.5})
    assert [bound(declared, Letter, name) for name in ("words", "sent")] == [50, 0.5]
    assert bound(Design(largest_case_effect=3), Letter, "sent") == 1
    assert [Letter.binary(name) for name in ("words", "sent")] == [False, True]


# What cannot be


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["design.margin=1"], r"design.margin=1: no case can differ by more than 1 in invited"),
        (["design.stop={half_width: 3}"], r"design.stop.half_width=3: no case can differ by more than 1 in invited"),
        (["design.stop=soon"], "design.stop"),
        (["design.look=0"], "design.look"),
        (
            ["judge=refusal", "design.primary=[refusal.refused]"],
            "refusal.refused is found by a judge, after the play: it cannot be looked at",
        ),
    ],
)
def test_what_cannot_be_decided_is_refused(tmp_path, options, told):
    with pytest.raises(ConfigError, match=told):
        played(tmp_path, *PLANTED, *options)
    assert not list(tmp_path.glob("*/*"))


def test_a_run_that_compares_nothing_cannot_be_decided(tmp_path):
    with pytest.raises(ConfigError, match="nothing is compared that could be decided"):
        played(tmp_path, "scenario=recruitment", "backend=scripted", "design.stop=decided", vary={})


def test_an_environment_is_stopped_by_its_caller():
    with pytest.raises(ConfigError, match="an environment plays the episodes that its caller begins"):
        planned(["scenario=clinic", "design.stop=decided"], {}, None, None)


# Several processes, and real kills

SLOWLY = """
import asyncio, sys
from simrun.agents.backends.scripted import Scripted
from simrun.cli.main import main

answer = Scripted.reply

async def reply(self, chat):
    await asyncio.sleep(0.05)
    return await answer(self, chat)

Scripted.reply = reply
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_two_workers_decide_once_and_the_same(decided, tmp_path):
    found = played(tmp_path, *PLANTED, "workers=2", "concurrency=2", "cases=40")
    assert made(found.path) == made(decided)
    assert found.scored.followed == Run(decided).scored.followed
    assert found.complete
    assert rebuild(found.path)[1] is True
    asked = calls(found.path)
    assert resume(found.path).complete
    assert calls(found.path) == asked


@pytest.mark.slow
def test_a_killed_process_decides_the_same(decided, tmp_path):
    command = [sys.executable, "-c", SLOWLY, *PLANTED, "concurrency=3", f"out={tmp_path}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not any(looked(path) for path in tmp_path.glob("recruitment/*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (path,) = tmp_path.glob("recruitment/*")
    assert 0 < len(looked(path)) < 3
    again = resume(path)
    assert again.complete
    assert made(path) == made(decided)
    assert again.scored.followed == Run(decided).scored.followed
