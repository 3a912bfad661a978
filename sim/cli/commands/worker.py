"""`simrun worker`: play a share of a run that was begun elsewhere."""

import json
from typing import Annotated

from pydantic import PositiveInt

from simrun.cli.command import DONE, ERRORS, INTERRUPTED, OfRun, Value
from simrun.config.errors import ConfigError


class Worker(OfRun):
    """Play some of a run's blocks, whole cases each, as one of many processes on one machine or several: what was
    answered is not asked again. It writes a part of the log of its own; simrun resume RUN joins the parts."""

    name, daily = "worker", False
    blocks: Annotated[str | None, Value("K-L")] = None
    """From which block to which, from 0; or I/N, the I-th of N equal shares, from 0."""
    concurrency: Annotated[PositiveInt | None, Value("N")] = None
    """Episodes in flight, at least 1; as the run began when not given."""

    def run(self, as_json: bool) -> int:
        """Play what is owed of them."""
        from simrun.cli.telling import say, tell
        from simrun.cli.terminal import Progress
        from simrun.log.manifest import Manifest
        from simrun.log.store.address import told as named
        from simrun.log.trust import ask
        from simrun.play.blocks import Blocks, Share
        from simrun.play.sharing import Sharing

        path = self.path()
        manifest = Manifest.read(path, self.trust)
        ask(manifest, path, "worker", self.trust)
        plan = manifest.plan().paced(self.concurrency)
        if self.blocks is None:
            raise ConfigError(f"blocks=K-L is missing: this run has {len(Blocks(plan))}, from 0, of whole cases each")
        if manifest.complete:
            raise ConfigError(f"{named(path)} is complete: nothing is owed")
        share = Share.of(self.blocks, len(Blocks(plan)))
        if share is None:
            say(f"blocks={self.blocks}: there are {len(Blocks(plan))} blocks, and none is left for this share")
            return DONE
        watch = Sharing(path, plan, manifest, share).play(Progress())
        if as_json:
            told = {"owed": watch.owed, "done": watch.done, "stopped": watch.stopping}
            tell(json.dumps({"run": str(path), "blocks": share.told, **told}), as_json)
        else:
            tell(f"blocks {share.told}: {watch.done} of {watch.owed} episodes are played ({named(path)})")
        if watch.stopping and watch.stopping != "interrupted":
            say(f"stopped early: {watch.stopping}")
        return DONE if watch.done == watch.owed else INTERRUPTED if watch.stopping == "interrupted" else ERRORS
