"""What a model call costs the client in CPU: in process, over HTTP, and with other clients on the same requests.

    python benchmarks/overhead.py [--json] [--small]

A tight dialogue of doctor and patient in the clinic (42 calls an episode, 64 in flight), through the public way from
config to log; sealing and report are told apart. Beside it a short consultation (7 calls an episode), and the clinic,
`scenario=dialogue` and `scenario=peer_review` with 10 each: a call costs the more, the fewer an episode has, since
casting is shared by them. A dialogue without a judge reads each reply by its words, which the clinic does not: that is
told apart as well. The prompts of a review hold a paper, and are hashed like all. In process the scripted backend
answers at once; over HTTP a server in another process does. The other clients (bare aiohttp, httpx, AsyncOpenAI) send
the same requests, 64 in flight, and read the text of each answer; they keep no records and play nothing. CPU is
`time.process_time` of the client's process, all threads, divided by calls: the least over rounds, since other processes
can only add to it. Needs httpx and openai; a client that is not installed is left out.
"""

import asyncio
import gc
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import orjson
from timed import DIALOGUE, PAIRS, least, main, most, now, played, spread

from simrun.agents.backends.replay import Answers, logged_calls
from simrun.agents.backends.server import Server
from simrun.agents.judges.words import manner
from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.log.chain import read
from simrun.report.run import Run
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven

IN_FLIGHT = 64
Ask = Callable[[Mapping[str, Any]], Awaitable[str]]
"""One request, and the text of its answer."""


@contextmanager
def stub() -> Iterator[str]:
    """The address of a server in another process."""
    with subprocess.Popen([sys.executable, Path(__file__).with_name("answering.py")], stdout=subprocess.PIPE) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


TALKS = (
    "scenario=dialogue",
    "scenario.turns=10",
    "vary.subject.religion=[none,Muslim]",
    "design.controls=[]",
    "cases=4",
    "backend=scripted",
)
"""Eight episodes a repeat of dialogue, with 10 calls each: as many as a consultation with 4 questions has."""
REVIEWS = (
    "scenario=peer_review",
    "scenario.reviewers=2",
    "vary.author.affiliation=[unknown,famous]",
    "design.controls=[]",
    "cases=4",
    "backend=scripted",
)
"""The same of peer review: all five phases of one paper with two reviewers."""


def ours(
    out: Path, rounds: int, *overrides: str, of: tuple[str, ...] = PAIRS, **options: Any
) -> tuple[dict[str, Any], Run]:
    """CPU milliseconds a call, over rounds of the same run; and the last round's."""
    asked = (*of, f"concurrency={IN_FLIGHT}", *overrides)
    played(out, *asked, "repeats=1", **options)  # what is loaded, compiled and cached once
    rows = []
    for _ in range(rounds):
        gc.collect()
        run, times = played(out, *asked, **options)
        calls = len(run.calls)
        rows.append((1000 * times.playing[0] / calls, 1000 * times.after[0] / calls, calls / times.playing[1]))
    cpu, after, pace = zip(*rows, strict=True)
    told = {
        "calls": calls,
        "cpu_ms": spread(cpu),
        "sealing_and_report_ms": spread(after),
        "calls_per_second": spread(pace),
    }
    return told, run


def staged(run: Run) -> tuple[list[dict[str, Any]], float]:
    """Every request of a run, and the CPU milliseconds a call that its stages alone
    take to be played again from their answers."""
    plan, answers = run.manifests[0].plan(), Answers(logged_calls(run.path))
    body = Server()._body
    cpu, chats = 0.0, []

    def answered(turn: Turn, chat: Chat) -> Reply:
        chats.append(chat)
        answer = answers.get(chat)
        assert answer
        return Reply.of(answer, turn.kinds(), chat.told)

    for trial in plan.trials():
        began = now()[0]
        driven(plan.stage(trial), answered)
        cpu += now()[0] - began
    sent = (orjson.loads(orjson.dumps(body(chat) | {"model": "stub"})) for chat in chats)
    bodies = [{key: value for key, value in each.items() if value is not None} for each in sent]
    return bodies, 1000 * cpu / len(chats)


def reading(run: Run) -> float:
    """CPU milliseconds a line to read a log and check its chain."""
    began = now()[0]
    lines = sum(1 for _ in read(run.path))
    return 1000 * (now()[0] - began) / lines


def by_words(run: Run) -> float:
    """CPU milliseconds to find in a reply what it does with a claim."""
    plan, said = run.manifests[0].plan(), run.turns[run.turns.role == "assistant"].groupby("trial").text.agg(list)
    casts = ((plan.castings[each.arm], plan.cases[each.case], each) for each in plan.trials())
    cases = [(own.cast(case, own.seeds(trial))[0], said[trial.id]) for own, case, trial in casts]
    began = now()[0]
    for case, replies in cases:
        for reply in replies:
            manner(reply, case.claim, case.group)
    return 1000 * (now()[0] - began) / sum(len(replies) for _, replies in cases)


@asynccontextmanager
async def bare_aiohttp(url: str) -> Any:
    """A pooled session, orjson both ways, and nothing else."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), headers={"Content-Type": "application/json"}
    ) as session:

        async def ask(body: Mapping[str, Any]) -> str:
            async with session.post(f"{url}/chat/completions", data=orjson.dumps(body)) as response:
                return str(orjson.loads(await response.read())["choices"][0]["message"]["content"])

        yield ask


@asynccontextmanager
async def httpx(url: str) -> Any:
    """httpx.AsyncClient as its documentation has it."""
    import httpx

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=120) as client:

        async def ask(body: Mapping[str, Any]) -> str:
            return str(
                (await client.post(f"{url}/chat/completions", json=body)).json()["choices"][0]["message"]["content"]
            )

        yield ask


@asynccontextmanager
async def openai(url: str) -> Any:
    """AsyncOpenAI as its documentation has it."""
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

        async def ask(body: Mapping[str, Any]) -> str:
            return str((await client.chat.completions.create(**body)).choices[0].message.content)

        yield ask


CLIENTS: dict[str, Callable[[str], Any]] = {"aiohttp": bare_aiohttp, "httpx": httpx, "openai": openai}
"""By the package that must be installed."""


def others(
    url: str, client: Callable[[str], Any], bodies: Sequence[Mapping[str, Any]], rounds: int
) -> dict[str, float]:
    """CPU milliseconds a call of another client."""

    async def send(ask: Ask, work: Sequence[Mapping[str, Any]]) -> float:
        left, began = iter(work), now()[0]

        async def worker() -> None:
            for body in left:
                assert await ask(body)

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        return 1000 * (now()[0] - began) / len(work)

    async def session() -> dict[str, float]:
        async with client(url) as ask:
            await send(ask, bodies[: 2 * IN_FLIGHT])  # connections are made once
            return spread([await send(ask, bodies) for _ in range(rounds)])

    gc.collect()
    return asyncio.run(session())


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    rounds, repeats = (3, 4) if small else (7, 12)
    rules = {"backend": {"rules": DIALOGUE}}
    with TemporaryDirectory() as folder, stub() as url:
        out = Path(folder)
        figures: dict[str, Any] = {}
        figures["in_process"], run = ours(out, rounds, "backend=scripted", f"repeats={repeats}", **rules)
        tell(f"in process: {figures['in_process']['cpu_ms']}")
        bodies, figures["stage_alone_ms"] = staged(run)
        figures["log_read_ms_a_line"] = reading(run)
        figures["short_consultation"], _ = ours(out, rounds, "backend=scripted", f"repeats={4 * repeats}")
        figures["ten_calls_in_the_clinic"], _ = ours(
            out, rounds, "backend=scripted", f"repeats={4 * repeats}", "scenario.questions=4", **rules
        )
        figures["ten_calls_of_dialogue"], talked = ours(out, rounds, f"repeats={4 * repeats}", of=TALKS)
        figures["reading_by_words_ms"] = by_words(talked)
        tell(f"dialogue: {figures['ten_calls_of_dialogue']['cpu_ms']}")
        figures["ten_calls_of_peer_review"], _ = ours(out, rounds, f"repeats={4 * repeats}", of=REVIEWS)
        tell(f"peer review: {figures['ten_calls_of_peer_review']['cpu_ms']}")
        figures["over_http"], _ = ours(out, rounds, "backend=server", f"backend.url={url}", f"repeats={repeats}")
        tell(f"over HTTP: {figures['over_http']['cpu_ms']}")
        for name, client in CLIENTS.items():
            if find_spec(name):
                slow = name != "aiohttp"
                work = bodies[: 200 if small else 500] if slow else bodies
                figures[name] = {
                    "calls": len(work),
                    "cpu_ms": others(url, client, work, (1 if small else 3) if slow else rounds),
                }
                tell(f"{name}: {figures[name]['cpu_ms']}")
    return figures, goals(figures)


def goals(figures: Mapping[str, Any]) -> dict[str, Any]:
    """CPU a call, absolute as the project promises it, and as ratios to other clients
    on the same machine in the same minutes."""
    process, http = (figures[name]["cpu_ms"]["least"] for name in ("in_process", "over_http"))
    clinic, talk = (figures[f"ten_calls_{name}"]["cpu_ms"]["least"] for name in ("in_the_clinic", "of_dialogue"))
    after = figures["in_process"]["sealing_and_report_ms"]["least"]
    ratios = {name: figures[name]["cpu_ms"]["least"] / http for name in CLIENTS if name in figures}
    limits = {"httpx": 3.0, "openai": 5.0}
    return {
        "in_process_ms_a_call": most(process, 0.10),
        "over_http_ms_a_call": most(http, 0.50),
        "over_http_times_bare_aiohttp": most(http / figures["aiohttp"]["cpu_ms"]["least"], 1.6),
        "sealing_and_report_of_playing": most(after / process, 0.25),
        "dialogue_times_the_clinic": most(talk / clinic, 1.0),
        "dialogue_without_its_words_times_the_clinic": most((talk - figures["reading_by_words_ms"]) / clinic, 1.0),
        **{f"{name}_times_ours": least(ratios[name], limit) for name, limit in limits.items() if name in ratios},
    }


if __name__ == "__main__":
    main(__doc__, measure)
