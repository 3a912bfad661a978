"""Whoever began a sweep sees how far its jobs are, has them end by Ctrl-C, and at last has their runs side by side."""

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from simrun.agents.backends.base import BackendError
from simrun.agents.printable import one_line
from simrun.cli.command import DONE, ERRORS, INTERRUPTED
from simrun.cli.commands.compare import Compare
from simrun.cli.sweeping import Sweep, Told
from simrun.cli.telling import say
from simrun.config.errors import ConfigError
from simrun.play.launch.slurm import queued

EVERY, PLAIN = 0.5, 60.0
"""Seconds between two looks at what jobs say, and between lines where no terminal shows them as they come."""
LOOK, PATIENCE = 5.0, 20.0
"""Seconds between two looks at a queue, and for which a launcher may not notice that it is empty."""


class Gone(Exception):
    """A launcher waits for jobs of which its queue holds none."""


class Waiting:
    """Begins with the sweep, where there is one: until then, and for a run by itself, it does nothing."""

    def __init__(self) -> None:
        self._sweep: Sweep | None = None
        self._over, self._seen = threading.Event(), dict[int, Told]()
        self._thread: threading.Thread | None = None
        self._gone, self._present, self._looked_at = False, math.inf, 0.0
        """Whether the queue has lost sight of jobs, when it last held any, and when it was last asked."""
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        Sweep.here, Sweep.begun = None, self._begin
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        Sweep.here = Sweep.begun = None
        self._leave()
        if kind is KeyboardInterrupt and self._sweep and self._sweep.apart:
            for each in self._sweep.told():
                if each.run and each.code is None:
                    say(f"{each.name}: left to itself; go on with: simrun resume {each.run}")

    def _begin(self, sweep: Sweep) -> None:
        self._sweep = sweep
        if not sweep.apart:
            return
        self._thread = threading.Thread(target=self._follow, args=(sweep,), name="sweep", daemon=True)
        self._thread.start()
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGINT, signal.SIGTERM):
                self._before[each] = signal.signal(each, self._interrupted)
            # what is started from here on inherits it: a terminal sends Ctrl-C to jobs too, and they are asked by
            # another way. The thread above still hears it for this process
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])

    def _interrupted(self, *_: object) -> None:
        """Ctrl-C: the jobs take up nothing new. The second leaves them. Gone where the thread beside found so."""
        if self._gone:
            raise Gone("jobs ended without a word, and the queue holds none of them any more")
        if self._sweep is None or self._sweep.stopping:
            raise KeyboardInterrupt
        self._sweep.stop()

    def _leave(self) -> None:
        """Show nothing more, and let signals do what they did."""
        self._over.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._before:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        while self._before:
            signal.signal(*self._before.popitem())

    def _follow(self, sweep: Sweep) -> None:
        """Runs beside the launcher: a line that changes on a terminal, one now and then elsewhere."""
        if not sys.stderr.isatty():
            self._looked(sweep, say, lambda _: None)
            return
        with Live(Text(""), console=Console(stderr=True), transient=True, auto_refresh=False) as live:

            def shown(line: str) -> None:
                live.console.print(Text(one_line(line)), soft_wrap=True)

            self._looked(sweep, shown, lambda line: live.update(Text(line), refresh=True))

    def _looked(self, sweep: Sweep, show: Callable[[str], None], live: Callable[[str], None]) -> None:
        began = shown = time.monotonic()
        over = False
        while not over:
            over = self._over.wait(EVERY)  # one more look after the end
            told, now = sweep.told(), time.monotonic()
            for news in self._news(told):
                show(news)
            line = progress(sweep, told, now - began)
            live(line)
            self._queue(sweep, now)
            if now - shown > PLAIN and not sys.stderr.isatty():
                shown = now
                show(line)

    def _queue(self, sweep: Sweep, now: float) -> None:
        """Where Slurm keeps no accounts, submitit waits for ever for a job that was killed."""
        if sweep.kind != "SlurmLauncher" or not self._before or now - self._looked_at < LOOK:
            return
        self._looked_at = now
        if not ids(sweep) or left(sweep):
            self._present = now
        elif now - self._present > PATIENCE and not self._gone and not self._over.is_set():
            self._gone = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)  # it sleeps: wake it

    def _news(self, told: Sequence[Told]) -> list[str]:
        """What jobs have to say that was not shown yet."""
        news = []
        for each in told:
            before, self._seen[each.number] = self._seen.get(each.number), each
            if each.run and not (before and before.run):
                news.append(f"{each.name}: {each.run}")
            if each.code is not None and (before is None or before.code is None):
                news.append(f"{each.name}: {f'{each.done} of {each.owed} episodes' if each.owed else 'ended'}")
        return news

    def broken(self, error: Exception) -> None:
        """A launcher gave up. Where a job of several was lost, others may still play: they are waited for."""
        sweep = self._sweep
        if sweep is None or not sweep.apart:
            raise error
        words = " ".join(str(error).split())[:400] or type(error).__name__
        if not sweep.told() and not ids(sweep):
            raise BackendError("request", f"hydra/launcher={sweep.launcher}: {words}") from None
        say(f"hydra/launcher={sweep.launcher}: {words}")
        while left(sweep):
            time.sleep(LOOK)

    def ended(self, as_json: bool) -> int:
        """What every run came to, all of them side by side, and which failed and why; the exit code of the sweep."""
        sweep = self._sweep
        if sweep is None:
            return DONE
        self._leave()
        told = sweep.told()
        if sweep.apart:
            show(sweep, told)
        if not sweep.stopping:
            compared([each.run for each in told if each.run and each.code in (DONE, ERRORS)], as_json)
        for line in failures(sweep, told):
            say(line)
        lost = len(lacking(sweep, told)) > 0
        codes = [ERRORS if each.code == INTERRUPTED else each.code or DONE for each in told]  # somebody ended that job
        return INTERRUPTED if sweep.stopping else max([*codes, ERRORS if lost else DONE])


def show(sweep: Sweep, told: Sequence[Told]) -> None:
    """To stdout what each job would have shown."""
    for each in told:
        if (out := sweep.file(each.number, "out")).is_file():
            sys.stdout.write(out.read_text(encoding="utf-8", errors="replace"))
    sys.stdout.flush()


def progress(sweep: Sweep, told: Sequence[Told], seconds: float) -> str:
    """All jobs in one line."""
    over = sum(each.code is not None for each in told)
    parts = [
        f"{over} of {sweep.runs or len(told)} runs ended, {len(told) - over} play",
        f"{sum(each.done for each in told)}/{sum(each.owed for each in told)} episodes",
        f"{sum(each.calls for each in told) / max(seconds, 1e-9):.1f} calls/s",
    ]
    if sweep.stopping:
        parts.append("stopping: waiting for the episodes in flight (Ctrl-C again leaves them)")
    return "  ".join(parts)


def failures(sweep: Sweep, told: Sequence[Told]) -> list[str]:
    """A line for each job that did not do all it should, and one for those that never began."""
    lines = []
    for each in told:
        way = f"; go on with: simrun resume {each.run}" if each.run else ""
        if each.code is None:
            lines.append(f"{each.name}: lost: the process that played it ended without a word{way}")
        elif each.code != DONE and (each.why or each.run):
            why = (each.why.splitlines() or ["it was interrupted"])[-1].removeprefix("simrun: ")
            lines.append(f"{each.name}: exit code {each.code}: {why}{way}")
    begun = {each.number for each in told}
    if never := [str(number) for number in lacking(sweep, told) if number not in begun]:
        lines.append(f"{len(never)} of {sweep.runs} combinations were not begun: #{', #'.join(never)}")
    return lines


def lacking(sweep: Sweep, told: Sequence[Told]) -> list[int]:
    """The combinations of which nobody has said how they ended."""
    ended = {each.number for each in told if each.code is not None}
    return [number for number in range(sweep.runs or 0) if number not in ended] or [
        each.number for each in told if each.code is None
    ]


def compared(runs: Sequence[str], as_json: bool) -> None:
    """Side by side, or why they cannot be: that is no fault of a run."""
    if len(runs) < 2:
        return
    try:
        Compare(references=tuple(runs), out=str(Path(runs[0]).parents[1]), trust=True).run(as_json)
    except ConfigError as error:
        say(f"these {len(runs)} runs are not set side by side: {error}")


def ids(sweep: Sweep) -> list[str]:
    """What submitit calls its jobs, as far as any were taken."""
    if sweep.jobs is None or not sweep.jobs.is_dir():
        return []
    return [each.name for each in sweep.jobs.iterdir() if each.name[:1].isdecimal() and each.is_dir()]


def left(sweep: Sweep) -> bool:
    """Whether jobs of submitit wait or play, of which it has lost sight."""
    if sweep.kind == "SlurmLauncher":
        return any(queued(array) for array in {each.partition("_")[0] for each in ids(sweep)})
    return any(_alive(int(each)) for each in ids(sweep) if each.isdecimal())


def _alive(process: int) -> bool:
    """Whether a process that this one has started has not ended."""
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
