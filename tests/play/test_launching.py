"""What is launched again: the blocks that are owed, known without listing the plan anew."""

import asyncio
from pathlib import Path
from typing import ClassVar

from simrun import run as begin
from simrun.log.chain import RunLog
from simrun.log.lines import note_failure
from simrun.log.manifest import Manifest
from simrun.play import launching
from simrun.play.blocks import Blocks, Share
from simrun.play.launch.base import Job, Launcher
from simrun.play.launching import Launching
from simrun.play.sharing import Sharing
from simrun.play.watch import Watch, Watching
from simrun.stage.roll import Roll
from simrun.stage.trial import Trial

ASKED = ("scenario=recruitment", "backend=scripted", "cases=32", "seed=3", "launch=manual", "workers=2")
JOBS = list[tuple[str, ...]]


class Here(Launcher):
    """Plays the first share of each job, and leaves or fails the others."""

    name: ClassVar[str] = "here"
    fails: bool = False

    async def play(self, job: Job, watch: Watch) -> None:
        told.append(tuple(share.told for share in job.shares))
        first, *others = job.shares
        manifest = Manifest.read(job.path)
        await asyncio.to_thread(Sharing(job.path, manifest.plan(), manifest, first).play, Watching())
        for share in others if self.fails else ():
            failed(job.path, share)


told: JOBS = []


def failed(path: Path, share: Share) -> None:
    log, blocks = RunLog(path, share.chain), Blocks(Manifest.read(path).plan())
    for nth in range(share.first, share.last + 1):
        for trial in blocks.get(nth):
            note_failure(log, trial, "timeout", "too late")
    log.close()


def launched(out: Path, launcher: Launcher) -> Watch:
    told.clear()
    path = begin(*ASKED, f"out={out}").path
    plan, watch = Manifest.read(path).plan(), Watch(owed=192)
    asyncio.run(Launching(path, plan, watch, launcher, Roll()).play())
    return watch


def test_what_was_left_is_launched_again_and_the_plan_is_listed_once(tmp_path, monkeypatch):
    listed = list[int]()

    class Counted(Blocks):
        def get(self, block: int) -> list[Trial]:
            listed.append(block)
            return super().get(block)

    monkeypatch.setattr(launching, "Blocks", Counted)
    watch = launched(tmp_path, Here())
    assert told == [("0-1", "2-3"), ("2-2", "3-3"), ("3-3",)]
    assert (watch.done, watch.stopping) == (192, "")
    assert listed == 2 * [0, 1, 2, 3]  # by launch=manual, with which it began, and here


def test_what_failed_is_not_launched_again(tmp_path):
    watch = launched(tmp_path, Here(fails=True))
    assert told == [("0-1", "2-3")]
    assert (watch.done, dict(watch.errors)) == (96, {"timeout": 96})
