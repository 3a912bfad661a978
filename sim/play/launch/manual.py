"""Nothing is started: the commands are told, for a scheduler of the user's own."""

import shlex
from typing import ClassVar

from simrun.play.launch.base import Job, Launcher
from simrun.play.watch import Watch


class Manual(Launcher):
    """You start the workers yourself, where and when you like."""

    name: ClassVar[str] = "manual"
    resumes: ClassVar[bool] = False

    async def play(self, job: Job, watch: Watch) -> None:
        """Say what to type."""
        first, *more = (shlex.join(job.command(share)) for share in job.shares)
        others = f" and {len(more)} more" if more else ""
        last = job.shares[-1].last
        watch.stopping = (
            f"launch=manual: play blocks {job.shares[0].first}-{last} of {job.place} on any machine that sees it, with "
            f"simrun worker RUN blocks=K-L or blocks=I/N, here {len(job.shares)} shares: {first}{others}; then "
            f"simrun resume {job.place}, which plays what is still owed"
        )
