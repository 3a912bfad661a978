"""A share of a run: given blocks, played by one process into a chain of its own, which nobody else writes.

The log is the checkpoint: a process that was killed is started again with the same blocks, and asks for nothing that
was answered. It looks at what others have of its blocks when it begins, and not again: blocks that two play at the same
time are played twice, and count once.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simrun.log.chain import RunLog, segments, shares_with
from simrun.log.manifest import Manifest
from simrun.log.opened import Openings, note_opened
from simrun.log.store.sending import Sending
from simrun.log.store.taking import here
from simrun.plan.design import Plan
from simrun.play.blocks import Blocks, Share
from simrun.play.replay import Past, past
from simrun.play.speed import Observer, beside
from simrun.play.watch import Watch, Watching, interruptible
from simrun.play.worker import PATIENCE, Block, Worker
from simrun.stage.drive import anywhere


@dataclass(frozen=True, slots=True)
class Sharing:
    """One share of a run, and what was played of it."""

    path: Path
    plan: Plan
    manifest: Manifest
    share: Share

    def play(self, watching: Watching) -> Watch:
        """Play what is owed of it. LogError where another process plays the same blocks, BackendError where an engine
        cannot be opened; of a run in a store Unsent where not all of it could be sent there."""
        log = RunLog(self.path, self.share.chain, PATIENCE)
        watch = Watch(owed=0)
        sending = Sending(self.path, watch.stop, self.share.chain)
        try:
            sending.begin()
            known = self._past()
            over = [trial.id in known.done for block in self._blocks() for trial in block.trials]
            watch.owed, watch.done = len(over), sum(over)
            if watch.done < watch.owed:
                anywhere(self._played(log, known, watch, watching))
            return watch
        finally:
            log.close()
            sending.end()

    def _past(self) -> Past:
        if not segments(self.path):
            return Past()
        return past(
            self.path,
            openings=Openings(self.manifest),
            wanted=lambda chain: shares_with(chain, self.share.first, self.share.last),
        )

    def _blocks(self) -> Iterator[Block]:
        blocks = Blocks(self.plan)
        return (Block(blocks.get(each)) for each in range(self.share.first, self.share.last + 1))

    async def _played(self, log: RunLog, known: Past, watch: Watch, watching: Watching) -> None:
        worker = Worker(self.path, self.plan, log, known, watch, self._blocks())
        with interruptible(watch, self.plan.throughput.stop_grace):
            async with beside(watching.follow(watch)):
                try:
                    await worker.play(lambda told: note_opened(log, self.manifest, told), _apart)
                except asyncio.CancelledError:
                    watch.stopping = "interrupted"  # its time is over; what was answered is in the log


def play_share(run: str, share: Share, concurrency: int | None) -> Watch:
    """A share of the run at a path or URL, played where an engine that schedules has started a process for it, for
    whoever launched the run. Errors are those of `here` and `Sharing.play`."""
    path = here(run)
    manifest = Manifest.read(path, trust=True)
    return Sharing(path, manifest.plan().paced(concurrency), manifest, share).play(Watching())


async def _apart(observer: Observer) -> None:
    """Nobody follows how fast a share is played."""
    await asyncio.Event().wait()
