"""What a run has done so far, and how fast it is."""

import asyncio
import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simrun.plan.design import Plan


@dataclass
class Watch:
    """What a run has done so far; read by the progress display and the sampler, written by the runner."""

    owed: int
    done: int = 0
    playing: int = 0
    """Episodes in flight."""
    calls: int = 0
    prompt: int = 0
    """Prompt tokens, those that came from a cache included."""
    cached: int = 0
    output: int = 0
    before: int = 0
    """Tokens of earlier sessions."""
    budget: int | None = None
    """Tokens, of all sessions, after which no new episode is taken up."""
    errors: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    stopping: str = ""
    """Why no new episode is taken up, "" while they are."""
    grace: float | None = None
    """Seconds that those in flight were given when it was told to end; None where nobody told it so."""

    def stop(self, why: str) -> None:
        """Take up no new episode, unless that is said already."""
        self.stopping = self.stopping or why

    def spent(self) -> None:
        """Take up no new episode where the budget is used up."""
        tokens = self.before + self.prompt + self.output
        if self.budget is not None and tokens >= self.budget and not self.stopping:
            self.stopping = (
                f"the budget of tokens={self.budget} is spent ({tokens} were read and written); go on with "
                f"simrun resume RUN tokens={2 * max(self.budget, tokens)}"
            )


class Watching:
    """Looks at a run's progress while it is played; this one looks away."""

    def planned(self, plan: Plan) -> None:
        """A new run is about to begin: what it takes can be told."""

    def about(self, path: Path, watch: Watch) -> None:
        """The run begins."""

    async def follow(self, watch: Watch) -> None:
        """Runs beside the run until it is cancelled."""


def progress(watch: Watch) -> Mapping[str, object]:
    """The figures of a progress line."""
    seconds = max(time.monotonic() - watch.started, 1e-9)
    failed = watch.errors.total()
    left = watch.owed - watch.done - failed
    pace = (watch.done + failed) / seconds
    return {
        "done": watch.done,
        "owed": watch.owed,
        "calls_per_second": watch.calls / seconds,
        "tokens_per_second": watch.output / seconds,
        "errors": dict(watch.errors),
        "eta": left / pace if pace else None,
    }


@contextlib.contextmanager
def interruptible(watch: Watch, grace: float) -> Iterator[None]:
    """First Ctrl-C: no new episodes, those in flight end. Second: they are dropped, their answers kept.

    SIGTERM is the first, and `grace` seconds later the second: whoever sends it kills what does not end.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupted() -> None:
        if watch.stopping and task:
            task.cancel()
        watch.stopping = "interrupted"

    def terminated() -> None:
        if watch.grace is not None:
            interrupted()
        elif task:
            timers.append(loop.call_later(grace, task.cancel))
        watch.stopping, watch.grace = "interrupted", grace

    timers: list[asyncio.TimerHandle] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
        for each in timers:
            each.cancel()
