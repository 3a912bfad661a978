"""How fast a run was played and how near that came to what its engines can do:
sampled while it plays, summed up afterwards."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from simrun.agents.backends.base import Backend, BackendError, Gauges
from simrun.agents.records import Record
from simrun.log import files
from simrun.play.admission import Admission
from simrun.play.engines import Engines
from simrun.play.watch import Watch

FILE = "pace.jsonl"
EVERY, TICK = 1.0, 0.02
"""Seconds between samples, and between looks at how late the event loop is."""
WINDOW = 10.0
"""Seconds of play in one observation of an engine's rates: a call's tokens are counted when it ends."""
WINDOWS = 6
"""Observations below which no rates are told."""


class Sample(Record):
    """One line of pace.jsonl. Calls and tokens count from the beginning of the session (a run, or a resume of it)."""

    session: float
    """When it began, Unix time."""
    at: float
    calls: int
    prompt: int
    cached: int
    output: int
    playing: int
    """Episodes in flight."""
    left: int | None = None
    """Episodes that will still begin; None in samples that did not count them."""
    running: float | None = None
    """Sequences that the engines are decoding; this and the next three are None where no engine tells."""
    waiting: float | None = None
    kv_used: float | None = None
    preemptions: int | None = None
    lag_mean: float
    """Seconds by which the event loop came late, mean and most since the last sample."""
    lag_most: float


class Pace(Record):
    """What the samples of a run come to. Rates are per second of play: neither pauses between sessions nor the loading
    of engines count."""

    seconds: float
    calls_per_second: float
    prompt_tokens_per_second: float
    output_tokens_per_second: float
    playing: float
    """Mean number of episodes in flight."""
    cached_share: float | None
    """Share of prompt tokens that came from a cache; None without prompt tokens."""
    running: float | None
    """Mean number of sequences that the engines decoded at once."""
    waiting: float | None
    kv_used: float | None
    preemptions: int | None
    lag_mean_ms: float
    lag_most_ms: float
    prefill_rate: float | None = None
    """Uncached prompt tokens per second that the engines can read, and `decode_rate` output tokens per
    second that they can write: the least rates under which no ten seconds of this run were faster than
    possible. None for runs too short to tell."""
    decode_rate: float | None = None
    bound_seconds: float | None = None
    """Uncached prompt tokens / prefill rate + output tokens / decode rate: no run of these tokens can be shorter."""
    bound_share: float | None = None
    """bound_seconds / seconds, 0 to 1; up is better, and 1 an engine that never waited."""
    tail_seconds: float | None = None
    """From the second on in which nothing was left to begin, so that whoever ended left a place empty, to the end.
    None where that took less than a second."""
    tail_idle: float | None = None
    """Share of the tail's places (the most episodes that were in flight) that were empty, 0 to 1."""
    tail_cost: float | None = None
    """The same of the places of the whole run, 0 to 1; down is better. More episodes for each place make it less."""


class Look(Record):
    """What one process sees of its engines and of its own event loop."""

    gauges: Gauges | None = None
    late: tuple[float, ...] = (0.0,)
    """Seconds by which the loop came late, at each look since the last one."""


class Observer:
    """Looks at the engines of this process and at its loop; hands the gauges on to admission."""

    def __init__(self, engines: Engines, admission: Admission):
        self._engines, self._admission = engines, admission
        self._late: list[float] = [0.0]

    async def tick(self) -> None:
        """Watch how late the loop is, until cancelled."""
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            self._late.append(max(time.perf_counter() - due, 0.0))

    async def look(self) -> Look:
        """All that was seen since the last look."""
        gauges = [told for backend in self._engines.all() if (told := await self._asked(backend))]
        late, self._late = tuple(self._late), [0.0]
        return Look(gauges=together(gauges), late=late)

    async def _asked(self, backend: Backend) -> Gauges | None:
        """A backend's gauges; what it cannot tell now it is asked again in a second."""
        try:
            async with asyncio.timeout(EVERY):
                told = await backend.gauges()
        except (BackendError, TimeoutError):
            return None
        if told is not None:
            self._admission.told(backend, told)
        return told


class Sampler:
    """Writes a line a second to pace.jsonl while a run plays."""

    def __init__(self, run: Path, watch: Watch):
        self._file, self._watch, self._session = run / FILE, watch, time.time()

    async def follow(self, look: Callable[[], Awaitable[Look]]) -> None:
        """Sample until cancelled, and once more then."""
        seen = Look()
        try:
            while True:
                seen = await look()
                self._write(seen)
                await asyncio.sleep(EVERY)
        finally:
            self._write(Look(late=seen.late))

    def _write(self, seen: Look) -> None:
        watch = self._watch
        told = seen.gauges.model_dump(include={"running", "waiting", "kv_used", "preemptions"}) if seen.gauges else {}
        sample = Sample(
            session=self._session,
            at=time.time(),
            calls=watch.calls,
            prompt=watch.prompt,
            cached=watch.cached,
            output=watch.output,
            playing=watch.playing,
            left=0 if watch.stopping else max(watch.owed - watch.done - watch.errors.total() - watch.playing, 0),
            lag_mean=float(np.mean(seen.late)),
            lag_most=max(seen.late),
            **told,
        )
        # how fast it goes is not worth a run: what cannot be written here is left out
        with contextlib.suppress(files.NoRoom, OSError), open(files.appending(self._file), "ab") as lines:
            lines.write(orjson.dumps(sample.model_dump(exclude_none=True)) + b"\n")


def together(found: Sequence[Gauges]) -> Gauges | None:
    """Sums over engines, the mean of shares; None where no engine tells."""
    if not found:
        return None
    known = {
        name: [value for gauges in found if (value := getattr(gauges, name)) is not None]
        for name in Gauges.model_fields
    }
    return Gauges(
        **{name: (np.mean(own) if name == "kv_used" else sum(own)) if own else None for name, own in known.items()}
    )


@contextlib.asynccontextmanager
async def beside(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine that never ends beside a block, and cancel it at the block's end."""
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def samples(run: Path) -> list[Sample]:
    """The samples of a run; a torn line is passed over."""
    file = run / FILE
    lines = file.read_bytes().split(b"\n") if file.is_file() else []
    return [sample for line in lines if (sample := _sample(line))]


def _sample(line: bytes) -> Sample | None:
    try:
        return Sample.model_validate_json(line)
    except ValueError:
        return None


def pace(found: Sequence[Sample], prefill_rate: float | None = None, decode_rate: float | None = None) -> Pace | None:
    """What samples come to; None without any.

    Rates that are known (tokens/s, of all engines together) go before those observed.
    """
    sessions: list[Sequence[Sample]] = [
        [sample for sample in found if sample.session == begun]
        for begun in dict.fromkeys(sample.session for sample in found)
    ]
    # a resume that had nothing to ask says nothing of the pace
    sessions = [_played(own) for own in sessions if own[-1].calls]
    found = [sample for own in sessions for sample in own]
    seconds = sum(map(_seconds, sessions))
    if seconds <= 0:
        return None
    ends = [own[-1] for own in sessions]
    calls, prompt, cached, output = (
        sum(getattr(end, name) for end in ends) for name in ("calls", "prompt", "cached", "output")
    )
    observed = rates(windows(found))
    reading, writing = prefill_rate or (observed and observed[0]), decode_rate or (observed and observed[1])
    bound = (prompt - cached) / reading + output / writing if reading and writing else None
    return Pace(
        seconds=round(seconds, 3),
        calls_per_second=calls / seconds,
        prompt_tokens_per_second=prompt / seconds,
        output_tokens_per_second=output / seconds,
        playing=float(np.mean([sample.playing for sample in found])),
        cached_share=cached / prompt if prompt else None,
        running=_mean([sample.running for sample in found]),
        waiting=_mean([sample.waiting for sample in found]),
        kv_used=_mean([sample.kv_used for sample in found]),
        preemptions=_grown(sessions),
        lag_mean_ms=1000 * float(np.mean([sample.lag_mean for sample in found])),
        lag_most_ms=1000 * max(sample.lag_most for sample in found),
        prefill_rate=reading,
        decode_rate=writing,
        bound_seconds=bound,
        bound_share=bound / seconds if bound is not None else None,
        **_tail(sessions),
    )


class Ending(NamedTuple):
    """The last part of a session, in which nothing was left to begin."""

    seconds: float
    empty: float
    """Seconds of empty places, all places together."""
    places: int


def ending(own: Sequence[Sample]) -> Ending | None:
    """Of one session; None where it ended with something left, or in the second in which the last episode began."""
    last = next((nth for nth, sample in enumerate(own) if sample.left == 0), None)
    places = max(sample.playing for sample in own)
    if last is None or own[-1].at <= own[last].at or not places:
        return None
    empty = sum(
        (places - (before.playing + after.playing) / 2) * (after.at - before.at)
        for before, after in pairwise(own[last:])
    )
    return Ending(own[-1].at - own[last].at, empty, places)


def _tail(sessions: Sequence[Sequence[Sample]]) -> dict[str, Any]:
    ends = [(own, end) for own in sessions if (end := ending(own))]
    if not ends:
        return {}
    empty = sum(end.empty for _, end in ends)
    return {
        "tail_seconds": round(sum(end.seconds for _, end in ends), 3),
        "tail_idle": empty / sum(end.seconds * end.places for _, end in ends),
        "tail_cost": empty / sum(_seconds(own) * max(each.playing for each in own) for own in sessions),
    }


def _seconds(own: Sequence[Sample]) -> float:
    """Of play, in one session."""
    return own[-1].at - (own[0].session if _busy(own[0]) else own[0].at)


def _played(own: Sequence[Sample]) -> Sequence[Sample]:
    """A session from the last sample before its first episode on: until then its engines were loading, for minutes."""
    first = next(number for number, sample in enumerate(own) if _busy(sample))
    return own[max(first - 1, 0) :]


def _busy(sample: Sample) -> bool:
    return bool(sample.calls or sample.playing)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _grown(sessions: Sequence[Sequence[Sample]]) -> int | None:
    """Preemptions over all sessions: an engine that was running before counts from its own beginning."""
    known = [[sample.preemptions for sample in own if sample.preemptions is not None] for own in sessions]
    return sum(own[-1] - own[0] for own in known if own) if any(known) else None


def windows(found: Sequence[Sample]) -> list[tuple[float, int, int]]:
    """Seconds, uncached prompt tokens and output tokens of each stretch of at least WINDOW seconds within a session."""
    stretches, since = [], None
    for sample in found:
        if since is None or sample.session != since.session:
            since = sample
        elif sample.at - since.at >= WINDOW:
            uncached = sample.prompt - sample.cached - since.prompt + since.cached
            stretches.append((sample.at - since.at, uncached, sample.output - since.output))
            since = sample
    return stretches


def rates(stretches: Sequence[tuple[float, int, int]]) -> tuple[float, float] | None:
    """Prefill and decode rate (tokens/s) under which no stretch was faster than
    possible, and the stretches come nearest to it.

    Seconds per token a, b >= 0 that make the sum of a u + b o over stretches largest with a u + b o <=
    seconds in each: a linear programme. None for fewer than WINDOWS stretches, or where one of the two
    cannot be told (extension: defined here).
    """
    from scipy.optimize import linprog

    busy = np.array([stretch for stretch in stretches if stretch[1] > 0 or stretch[2] > 0], dtype=float)
    if len(busy) < WINDOWS:
        return None
    found = linprog(-busy[:, 1:].sum(axis=0), A_ub=busy[:, 1:], b_ub=busy[:, 0], bounds=[(0, None)] * 2)
    if found.x is None or min(found.x) <= 0:
        return None
    return float(1 / found.x[0]), float(1 / found.x[1])
