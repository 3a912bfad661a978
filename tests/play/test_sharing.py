"""A run that is played by processes which only know their blocks: nothing is asked twice, and nothing counts twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from logs import lines, played
from stub import Stub

from simrun import load
from simrun import run as begin
from simrun.config.errors import ConfigError
from simrun.log import chain
from simrun.log.chain import LogError, is_share
from simrun.log.files import networked
from simrun.log.manifest import Manifest
from simrun.play.blocks import PAIRS, Blocks, Share, shares
from simrun.play.session import Session
from simrun.play.sharing import Sharing
from simrun.play.watch import Watch, Watching
from simrun.report.run import rebuild, resume

ASKED = ("scenario=recruitment", "backend=scripted", "cases=24", "seed=3")


def begun(out: Path, *options: str) -> Path:
    return begin(*ASKED, "launch=manual", f"out={out}", *options).path


def share(run: Path, first: int, last: int) -> Watch:
    manifest = Manifest.read(run)
    return Sharing(run, manifest.plan(), manifest, Share(first, last)).play(Watching())


def outcomes(run: Path) -> pd.DataFrame:
    return load(run).outcomes.drop(columns="run").sort_values(["trial", "outcome"], ignore_index=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What every trial comes to, played by one process."""
    return outcomes(begin(*ASKED, f"out={tmp_path_factory.mktemp('alone')}").path)


def test_shares_of_a_run_come_to_what_one_process_comes_to(alone, tmp_path):
    run = begun(tmp_path, "workers=2")
    assert not load(run).complete
    assert [share(run, *each).done for each in ((0, 0), (1, 2))] == [48, 96]
    joined = resume(run)
    assert joined.complete
    assert set(Manifest.read(run).heads) == {"b000000-000000", "b000001-000002"}
    assert Manifest.read(run).engines["recruiter"]["backend"] == "scripted"
    assert outcomes(run).equals(alone)
    assert rebuild(run)[1] is True


def test_who_resumes_plays_what_no_share_has_played(alone, tmp_path):
    run = begun(tmp_path, "workers=3")  # so many elsewhere: here it is one
    share(run, 1, 1)
    assert resume(run).complete
    assert set(Manifest.read(run).heads) == {"", "b000001-000001"}
    assert outcomes(run).equals(alone)


def test_a_share_that_is_started_again_has_nothing_left(tmp_path):
    run = begun(tmp_path)
    assert share(run, 0, 1).done == 96
    before = lines(run)
    assert share(run, 0, 1).done == 96
    assert lines(run) == before


def twice(out: Path, *options: str) -> Path:
    """A run of which two processes played the first block, since neither saw what the other had."""
    run = begun(out / "one", *options)
    other = out / "other"
    shutil.copytree(run, other)
    share(run, 0, 1)
    manifest = Manifest.read(other, trust=True)
    Sharing(other, manifest.plan(), manifest, Share(0, 0)).play(Watching())
    (file,) = other.glob("log/*.jsonl")
    shutil.copy(file, run / "log")
    return run


def test_what_was_played_twice_counts_once_and_is_told(alone, tmp_path):
    run = twice(tmp_path)
    assert resume(run).complete
    assert outcomes(run).equals(alone)
    episodes = load(run).episodes
    assert episodes.trial.is_unique
    (note,) = (each for each in Manifest.read(run).notes if "twice" in each)
    assert note.startswith("48 episodes were played twice")
    assert rebuild(run)[1] is True


def test_of_two_that_play_the_same_the_first_whole_one_counts_and_answers_are_never_mixed(tmp_path):
    """A model answers otherwise the second time: what one was told must not be continued with the other's words."""
    with Stub() as stub:
        options = ("scenario=clinic", "backend=server", f"url={stub.url}", "cases=8")
        run = twice(tmp_path, *options)
        first = next(iter(sorted((run / "log").glob("*b000000-000000*"))))
        # the first in the order of the log was killed in the middle of its last episode
        cut = first.read_bytes().splitlines(keepends=True)[:-3]
        first.write_bytes(b"".join(cut))
        asked = len(stub.chats)
        assert resume(run).complete
        assert len(stub.chats) == asked
    assert rebuild(run)[1] is True


def test_a_process_that_is_not_of_a_share_must_not_say_a_thing_again(tmp_path):
    run = twice(tmp_path)
    resume(run)
    names = {"b000000-000000": "w1", "b000000-000001": "w2"}
    for old, new in names.items():
        (file,) = (run / "log").glob(f"*{old}.jsonl")
        file.rename(file.with_name(f"00000.{new}.jsonl"))
    manifest = Manifest.read(run)
    manifest.told(heads={names.get(chain, chain): end for chain, end in manifest.heads.items()}).write(run)
    with pytest.raises(LogError, match="is logged twice"):
        rebuild(run)


@pytest.mark.slow
def test_a_killed_share_goes_on_where_it_was(tmp_path):
    with Stub() as stub:
        run = begun(tmp_path, "scenario=clinic", "backend=server", f"url={stub.url}", "cases=12")
        command = [sys.executable, "-m", "simrun", "worker", str(run), "blocks=0-1", "concurrency=2"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not list(run.glob("log/*.jsonl")) or len(lines(run)) < 60:
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        assert told["done"] == told["owed"]
        assert resume(run).complete
        calls, _ = played(run)
        assert len(stub.chats) - len(calls) <= 6  # three opinions at once in two episodes: what was in flight
    assert rebuild(run)[1] is True


def test_a_run_begins_without_a_worker_and_says_what_to_type(tmp_path):
    run = begin(*ASKED, "launch=manual", "workers=2", f"out={tmp_path}")
    assert f"simrun worker {run.path} blocks=0-0 trust=true and 1 more; then simrun resume" in run.stopped


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["launch=slurmm"], r"no launcher 'slurmm'; did you mean 'slurm'"),
        (["launch.partition=x"], r"launch.partition: nothing is launched; add launch=NAME"),
        (["launch=manual", "launch.time=3"], r"no option of launch=manual 'time'"),
        (["launch=slurm", "launch.time=0"], r"launch=slurm: time: Input should be greater than or equal to 1, got 0"),
        (
            ["launch=manual", "roles.recruiter.backend=human"],
            r"backend=human \(of the recruiter\) answers where the run",
        ),
    ],
)
def test_what_cannot_be_launched_is_refused_before_there_is_a_run(tmp_path, options, told):
    with pytest.raises(ConfigError, match=told):
        begin(*ASKED, f"out={tmp_path}", *options)
    assert not list(tmp_path.iterdir())


def test_blocks_are_whole_cases_in_playing_order(tmp_path):
    plan = Manifest.read(begun(tmp_path, "repeats=3", "cases=7")).plan()
    blocks = Blocks(plan)
    assert [trial for block in blocks for trial in block] == list(plan.trials())
    assert len(blocks) == 3  # three cases of three repeats each: at least PAIRS pairs
    assert blocks.cases * plan.repeats >= PAIRS
    cases = [{trial.case for trial in block} for block in blocks]
    assert sum(map(len, cases)) == 7


@pytest.mark.parametrize(
    ("typed", "due"),
    [
        ("3", Share(3, 3)),
        ("0-9", Share(0, 9)),
        ("0/4", Share(0, 1)),
        ("3/4", Share(7, 9)),
        ("8/20", None),
        ("19/20", Share(9, 9)),
    ],
)
def test_a_share_as_it_is_typed(typed, due):
    assert Share.of(typed, 10) == due


@pytest.mark.parametrize("typed", ["10", "3-2", "0-10", "4/4", "x", "", "1-", "-1", "0/0", "99999999999"])
def test_a_share_that_is_none_is_refused(typed):
    with pytest.raises(ConfigError, match="this run has 10 blocks, from 0 to 9"):
        Share.of(typed, 10)


@pytest.mark.parametrize(("blocks", "parts"), [(10, 3), (1, 8), (7, 7), (0, 4)])
def test_shares_hold_every_block_once(blocks, parts):
    found = [nth for each in shares(blocks, parts) for nth in range(each.first, each.last + 1)]
    assert found == list(range(blocks))


def test_the_chain_of_a_share_is_known_by_its_name():
    assert is_share(Share(3, 12).chain)
    assert not any(map(is_share, ("", "w1", "judge", "b1", "xb000001-000002")))


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0
lfs /scratch\\040space lustre rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/tmp", ""), ("/home/me", "nfs4"), ("/home/local/me", ""), ("/scratch space/run", "lustre"), ("/homes", "")],
)
def test_a_folder_that_other_machines_write_to_is_known(tmp_path, folder, kind):
    (tmp_path / "mounts").write_text(MOUNTS)
    assert networked(Path(folder), tmp_path / "mounts") == kind


def test_leases_are_refused_where_other_machines_write_too(tmp_path, monkeypatch):
    (tmp_path / "mounts").write_text(f"server:/x {tmp_path.resolve()} nfs rw 0 0\n")
    monkeypatch.setattr(networked, "__defaults__", (tmp_path / "mounts",))
    with pytest.raises(ConfigError, match=r"workers=2: .* \(nfs\), where SQLite cannot lease blocks safely"):
        begin(*ASKED, "workers=2", f"out={tmp_path / 'runs'}")


def test_a_session_of_a_launched_run_writes_no_chain(tmp_path):
    run = begun(tmp_path)
    assert not list(run.glob("log/*.jsonl"))
    manifest = Manifest.read(run)
    Session.found(run, manifest, manifest.plan()).close(0)
    assert not Manifest.read(run).complete


def test_a_log_to_which_nothing_was_added_is_read_once_until_the_run_is_closed(tmp_path, monkeypatch):
    run, read = begun(tmp_path), list[str]()
    share(run, 0, 2)
    manifest, before = Manifest.read(run), chain._read

    def counted(path: Path, name: str, head: chain.Head | None) -> Iterator[chain.LogLine]:
        read.append(name)
        return before(path, name, head)

    monkeypatch.setattr(chain, "_read", counted)
    session = Session.found(run, manifest, manifest.plan())
    session.play()
    assert read.count("b000000-000002") == 1
    assert Manifest.read(run).complete
    monkeypatch.undo()
    assert Manifest.read(run).heads == chain.heads(run)


def test_a_job_for_kubernetes_has_a_pod_for_each_share(tmp_path, command):
    asked = ("launch=kubernetes", "launch.image=me/simrun", "launch.claim=runs", "workers=2")
    run = begin(*ASKED, *asked, f"out={tmp_path}")
    (written,) = tmp_path.glob("recruitment/launched/*.yaml")
    assert f"kubectl apply -f {written}" in run.stopped
    code, out, _ = command("launch", "kubernetes", run.path, "--dry-run")
    assert (code, yaml.safe_load(out)) == (0, yaml.safe_load(written.read_text()))
    told = yaml.safe_load(out)["spec"]
    pod = told["template"]["spec"]["containers"][0]
    assert (told["completionMode"], told["completions"], pod["image"]) == ("Indexed", 2, "me/simrun")
    for index in ("0", "1"):  # what each pod would do, done
        shell = pod["command"][2].replace("exec simrun", f"exec {sys.executable} -m simrun")
        subprocess.run(["sh", "-c", shell], env=os.environ | {"JOB_COMPLETION_INDEX": index}, check=True)
    assert resume(run.path).complete
    assert len(Manifest.read(run.path).heads) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "add --dry-run"),
        (("--dry-run",), "launch.image is missing"),
        (("--dry-run", "launch.image=a", "launch.claim=b", "launch.at=/elsewhere"), "is not below it"),
        (("--dry-run", "launch.imag=a"), "did you mean 'image'"),
    ],
)
def test_a_manifest_that_cannot_be_made_says_why(tmp_path, command, words, told):
    run = begun(tmp_path)
    code, _, said = command("launch", "kubernetes", run, *words)
    assert (code, told in said) == (2, True), said
