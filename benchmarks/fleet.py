"""How near a fleet of 1 to 512 GPUs comes to as many times one, and what its tail costs: a simulation by events.

    python benchmarks/fleet.py [--json] [--small]

What is real: the plan, its blocks and their order (simrun.play.blocks), the equal shares that `blocks=I/N` and
`launch=slurm workers=N` cut, and that a worker takes the next trial of its blocks whenever a place is free. What is
simulated: engines. Four GPUs are a node, and a node is one worker with a router over its four replicas; every GPU
decodes up to 256 sequences, one token each a step, and a step takes BASE + EACH seconds a sequence. The law was
measured at one point: vLLM 0.32 on one H200 wrote 117,450 tokens of clinic in 10.6 s with 256 sequences, reading
included (docs/gpu.md, "What ran on a GPU"; a model of 135M parameters), 23.1 ms a step; how that parts into base and
sequences is taken from benchmarks/routing.py, where it is 12 to 15.4. An episode holds one sequence from its first
token to its last. Tokens of an episode are drawn as there, too (turns log-normal, 20 at most), 360 in the mean; the
clinic on the card had 332. The cases of an audit differ: a third of the variance of the log of the turns is the
case's.

`of_linear`: the time that all tokens take if every slot of every GPU is always in use, over the time that it took
(1 is best). `tail_cost`: of all slot-seconds, those that stood idle after the first slot fell idle; `tail_idle`: of
the slot-seconds after that moment. `equal`: one share a worker. `leased`: block by block to whoever is free, as SQLite
does on one machine and as a pool of actors could beyond it. `tasks`: eight equal shares for each worker, handed to
whoever has ended the one before, as Ray and job arrays with more tasks than nodes do; a task ends before the next one
begins. `start`: seconds until a worker's engines are loaded, drawn between that and a quarter more; each task opens its
engines anew. 97 s were measured on the card for the first start, and about 30 s for later ones.

`orders`: one GPU plays 2,048 episodes, 64 cases by 16 repeats by two arms, in the order of the plan, or with the
longest first, pairs kept together, as far as somebody knew how long they are: `cases`, the true mean of each case, by
blocks of whole cases (the most that any prediction from a case could save); `learnt`, half of the repeats of all cases
in the order of the plan, and then the cases by the means of what they came to (which takes blocks apart); `episodes`,
each pair's own longer episode (which nobody can know). `saves` is the share of the time in the order of the plan.
`case_share`: of the variance of the log of the turns, what is the case's. Before a run nothing is known that could
order blocks: each holds all arms, and the same options.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from timed import least, main

from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.plan.design import Plan, planned
from simrun.play.blocks import Blocks, shares

NODE, SLOTS = 4, 256
STEP = 256 * 10.6 / 117_450
"""Seconds of a step with all slots in use, as measured."""
BASE, EACH = (STEP * part / (0.012 + 256 * 0.00006) for part in (0.012, 0.00006))
CASE = 1 / 3
"""Share of the variance of the log of the turns that is the case's."""
GPUS = (1, 4, 16, 64, 256, 512)
TASKS = 8
OPENINGS = 14
"""Of a pool of applicants, who are the cases."""
ORDERS = ("plan", "cases", "learnt", "episodes")

Tokens = NDArray[np.float64]


class Played(NamedTuple):
    """What came of one fleet."""

    seconds: float
    """Until the last episode ended, loading included."""
    first: float
    """When the first slot fell idle for good."""
    idle: float
    """Slot-seconds that stood idle from then on."""
    slots: int
    ideal: float

    def told(self) -> dict[str, float]:
        """The figures of a row."""
        tail = max(self.seconds - self.first, 1e-9)
        return {
            "of_linear": round(self.ideal / self.seconds, 4),
            "seconds": round(self.seconds, 1),
            "tail_seconds": round(tail, 1),
            "tail_idle": round(self.idle / (self.slots * tail), 4),
            "tail_cost": round(self.idle / (self.slots * self.seconds), 4),
        }


def step(running: int) -> float:
    """Seconds in which every running sequence gets one token."""
    return BASE + EACH * running


class Worker(NamedTuple):
    """One process: what it plays, task after task, and its GPUs."""

    tasks: Iterator[Iterator[float]]
    gpus: int
    starts: Iterator[float]
    """Seconds that each task's engines take to load."""


class Gpu:
    """Sequences that all advance together: each ends when the common count of tokens reaches its own."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.count = 0.0

    def fill(self, lengths: Sequence[float]) -> int:
        """Begin with these; how many places are left empty."""
        self.ends = [self.count + each for each in lengths]
        heapq.heapify(self.ends)
        return SLOTS - len(self.ends)

    def due(self, now: float) -> float:
        """When the next one ends."""
        return now + (self.ends[0] - self.count) * step(len(self.ends))


def fleet(workers: Sequence[Worker], total: float) -> Played:
    """Play all tasks of all workers."""
    events: list[tuple[float, int, int]] = []
    gpus = [[Gpu() for _ in range(worker.gpus)] for worker in workers]
    running: list[Iterator[float]] = [iter(()) for _ in workers]
    idle: list[list[float]] = [[] for _ in workers]
    """Of each worker, since when each free slot is idle; emptied where another task fills it again."""
    area, first, clock = 0.0, np.inf, 0.0

    def begin(index: int, now: float) -> None:
        """The next task of a worker whose GPUs are all empty."""
        nonlocal area
        if (task := next(workers[index].tasks, None)) is None:
            return
        running[index] = task
        ready = now + next(workers[index].starts)
        area += sum(ready - since for since in idle[index])
        idle[index] = []
        lengths = list(itertools.islice(task, SLOTS * workers[index].gpus))
        for nth, gpu in enumerate(gpus[index]):
            idle[index] += [ready] * gpu.fill(lengths[nth :: workers[index].gpus])
            if gpu.ends:
                heapq.heappush(events, (gpu.due(ready), index, nth))

    for index in range(len(workers)):
        begin(index, 0.0)
    first = min((since for own in idle for since in own), default=np.inf)
    while events:
        clock, index, nth = heapq.heappop(events)
        gpu = gpus[index][nth]
        gpu.count = gpu.ends[0]
        if (length := next(running[index], None)) is not None:
            heapq.heapreplace(gpu.ends, gpu.count + length)
        else:
            heapq.heappop(gpu.ends)
            idle[index].append(clock)
            first = min(first, clock)
        if gpu.ends:
            heapq.heappush(events, (gpu.due(clock), index, nth))
        elif not any(each.ends for each in gpus[index]):
            begin(index, clock)
    area += sum(clock - since for own in idle for since in own)
    slots = SLOTS * sum(worker.gpus for worker in workers)
    return Played(clock, first, area, slots, total * step(SLOTS) / slots)


class Audit:
    """A real plan's blocks, and the tokens of each of their episodes."""

    def __init__(self, cases: int, repeats: int, seed: int = 0):
        asked = (
            "scenario=recruitment",
            "vary={candidate: {ethnicity: [White, Black]}}",
            "design.controls=[]",
            "backend=scripted",
            f"scenario.pool={-(-cases // OPENINGS)}",
            f"cases={cases}",
            f"repeats={repeats}",
        )
        config, folders = compose(asked, {})
        self.plan: Plan = planned(config, catalogue(folders))
        self.blocks = Blocks(self.plan)
        rng, self._case = np.random.default_rng(seed), dict[str, float]()
        sizes, tokens = [0], []
        for block in self.blocks:
            case = [self._of(trial.case, rng) for trial in block]
            tokens.append(drawn(np.array(case), rng))
            sizes.append(len(block))
        self.tokens: Tokens = np.concatenate(tokens)
        self.ends = np.cumsum(sizes)

    def _of(self, case: str, rng: np.random.Generator) -> float:
        if case not in self._case:
            self._case[case] = rng.normal()
        return self._case[case]

    def told(self, blocks: Iterable[int]) -> Iterator[float]:
        """The tokens of the episodes of some blocks, in playing order."""
        for block in blocks:
            yield from self.tokens[self.ends[block] : self.ends[block + 1]].tolist()


def drawn(case: Tokens, rng: np.random.Generator, share: float = CASE) -> Tokens:
    """Tokens of consultations, whose cases are so far from the mean: the turns of each, and what is said in them."""
    luck = share**0.5 * case + (1 - share) ** 0.5 * rng.normal(size=len(case))
    turns = np.minimum(20, 1 + np.exp(1.1 + 0.8 * luck).astype(int))
    nth = np.repeat(np.arange(len(case)), turns)
    said = rng.integers(12, 46, len(nth)) + np.minimum(160, rng.lognormal(3.6, 0.5, len(nth)))
    found: Tokens = np.bincount(nth, weights=said, minlength=len(case)) + 3 * 8
    return found


def starts(start: float, seed: int) -> Iterator[float]:
    """Seconds that loading takes, again and again."""
    rng = np.random.default_rng(seed)
    while True:
        yield start * (1 + rng.random() / 4)


def played(audit: Audit, gpus: int, way: str, start: float = 0.0) -> dict[str, Any]:
    """A row: one fleet."""
    nodes = -(-gpus // NODE)
    count = len(audit.blocks)
    cut = shares(count, nodes * (TASKS if way == "tasks" else 1))
    whole = [range(share.first, share.last + 1) for share in cut]
    tasks: list[Iterator[Iterable[int]]]
    if way == "equal":
        tasks = [iter((each,)) for each in whole]
    elif way == "tasks":
        tasks = [iter(whole)] * nodes
    else:
        common = iter(range(count))
        tasks = [iter((common,)) for _ in range(nodes)]
    workers = [Worker(map(audit.told, own), min(gpus, NODE), starts(start, nth)) for nth, own in enumerate(tasks)]
    found = fleet(workers, float(audit.tokens.sum()))
    head = {"gpus": gpus, "episodes_a_gpu": round(len(audit.tokens) / gpus), "way": way, "start": start}
    return head | {"episodes_per_second": round(len(audit.tokens) / found.seconds, 1)} | found.told()


def ordered(share: float, order: str, seed: int) -> float:
    """Seconds of one GPU, SLOTS in flight, for 2,048 episodes of 64 cases by 16 repeats by two arms."""
    rng = np.random.default_rng([seed, round(100 * share)])
    case = rng.normal(size=64)
    tokens = np.array([drawn(np.full(32, each), rng, share) for each in case])
    known = np.array([drawn(np.full(4000, each), np.random.default_rng(seed), share).mean() for each in case])
    longest = np.argsort(-known, kind="stable")
    if order == "cases":
        tokens = tokens[longest]
    if order == "learnt":  # the first half of the repeats in the order of the plan, of all cases, then by their means
        first, rest = tokens[:, :16], tokens[:, 16:]
        tokens = np.concatenate([first.reshape(-1), rest[np.argsort(-first.mean(axis=1), kind="stable")].reshape(-1)])
    pairs = tokens.reshape(-1, 2)
    if order == "episodes":
        pairs = pairs[np.argsort(-pairs.max(axis=1), kind="stable")]
    lengths = iter(pairs.reshape(-1).tolist())
    return fleet([Worker(iter((lengths,)), 1, starts(0, seed))], float(tokens.sum())).seconds


def orders(small: bool) -> dict[str, dict[str, float]]:
    """What an order by length would save, of the time in the order of the plan; means over seeds."""
    found = {}
    for share in (0.0, CASE, 2 / 3):
        seconds = {
            order: float(np.mean([ordered(share, order, seed) for seed in range(2 if small else 10)]))
            for order in ORDERS
        }
        saved = {f"{order}_saves": round(1 - seconds[order] / seconds["plan"], 4) for order in ORDERS[1:]}
        found[f"case_share {share:.2f}"] = {"plan_seconds": round(seconds["plan"], 1), **saved}
    return found


def fleets(small: bool) -> Iterator[dict[str, Any]]:
    """Rows: one plan for ever more GPUs, ever more episodes for the most GPUs, and engines that have to load."""
    cases, most = (512, 16) if small else (20_480, 512)
    audit = Audit(cases, 8 if small else 24)
    for gpus, way in itertools.product((each for each in GPUS if each <= most), ("equal", "leased")):
        yield played(audit, gpus, way)
    for repeats in (2, 16) if small else (3, 12, 49, 244):
        audit = Audit(cases, repeats)
        for way in ("equal", "leased"):
            yield played(audit, most, way)
    audit = Audit(256 if small else 2_560, 16 if small else 244)  # of the same size for each GPU: an eighth of both
    for start, way in itertools.product((0.0, 30.0, 97.0), ("equal", "leased", "tasks")):
        yield played(audit, most // 8, way, start)


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    rows = []
    for row in fleets(small):
        rows.append(row)
        tell(str(row))
    gpus, episodes = max((row["gpus"], row["episodes_a_gpu"]) for row in rows)
    far = {row["way"]: row["of_linear"] for row in rows if (row["gpus"], row["episodes_a_gpu"]) == (gpus, episodes)}
    goals = {} if small else {f"{gpus} GPUs, {way}, of linear": least(value, 0.9) for way, value in far.items()}
    return {"rows": rows, "step_ms": round(1000 * STEP, 2), "orders": orders(small)}, goals


if __name__ == "__main__":
    main(__doc__, measure)
