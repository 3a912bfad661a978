"""How much of the prompts comes from the KV cache: our layout against one that
writes the whole dialogue anew for each turn.

    python benchmarks/prefix.py [--json] [--small]

Real consultations of the clinic (questions and answers are scripted, so that both layouts ask the same), on vLLM on
the CPU and on the embedded engine, one call after another, the arms of a pair adjacent. The other layout is the
common one: rules with a count of the questions asked at the top, then the dialogue so far in one piece, as
AgentClinic (arXiv:2405.07960) writes it. What is possible is the longest beginning that a prompt shares with an
earlier one, in whole blocks of the cache for vLLM: 32 tokens, the least that it takes on a CPU (its own choice
there is 128, on GPUs 16).

Then every mode of dialogue and of peer review as a script plays it, a case at a time, with its samples, repeats, arms
and (where it has one) the opposite polarity. On vLLM all calls count, a chat's first too: what one arm or sample begins
with serves the others, such as a paper that its reviewers, author and chair all read. The embedded engine keeps a
chat's own history, and no more: that is what is possible there.

Needs the environment of the marked tests: python tests/agents/vllm_venv.py. 30 minutes on two cores; --small 4, half of
it for vLLM to start.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import aiohttp
from timed import DIALOGUE, PAIRS, least, main
from vllm_here import GPU, SMALL, here

from simrun.agents.backends.base import Backend
from simrun.agents.backends.local import Local
from simrun.agents.backends.server import Server
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Reply
from simrun.config.composition import compose
from simrun.config.menus import catalogue, modes, scenario
from simrun.plan.design import planned
from simrun.stage.drive import at_once

Tokens = Callable[[Sequence[Message]], Awaitable[list[int]]]


@dataclass(frozen=True)
class Work:
    """What is asked."""

    clinic: list[Chat]
    modes: dict[str, dict[str, list[Chat]]]
    """By scenario and mode."""


CONTEXT, BLOCK = 3072, 16 if GPU else 32
MODES = {"dialogue": (40, 200), "peer_review": (28, 84)}
"""The scenarios of which every mode is asked, with so many chats, of `--small` and else: two and six reviews of a paper
have 28 and 84, each some 1,700 tokens long."""
SLOTS = 8
"""As many as talk at the same time in a group."""


def consultations(questions: int, cases: int) -> list[Chat]:
    """Every chat of a pair of episodes a case of the clinic, in playing order."""
    asked = (*PAIRS[:-1], f"cases={cases}", "backend=scripted", f"scenario.questions={questions}")
    return list(chats(asked, {"backend": {"rules": DIALOGUE}}))


def by_mode(name: str, most: int) -> dict[str, list[Chat]]:
    """The first so many chats of every mode of a scenario, as it is played when a run does not say."""
    found = {}
    for mode, kind in modes(scenario(name)).items():
        controls = ",".join({"mirror"} & set(kind.artefacts))
        asked = (f"scenario={name}", f"scenario.mode={mode}", "backend=scripted", "cases=2", "repeats=2")
        found[mode] = list(islice(chats((*asked, f"design.controls=[{controls}]"), {}), most))
    return found


def chats(asked: Sequence[str], options: Mapping[str, Any]) -> Iterator[Chat]:
    """Every chat of a run of scripted agents, in playing order."""
    config, folders = compose(asked, options)
    plan = planned(config, catalogue(folders))
    for trial in plan.trials():
        backends, stage = plan.castings[trial.arm].backends, plan.stage(trial)
        while not stage.over:
            turns = [(turn, stage.chat(turn)) for turn in stage.pending()]
            for turn, chat in turns:
                yield chat
                stage.say(turn, Reply.of(at_once(backends[turn.role].reply(chat)), turn.kinds(), chat.told))


def rewritten(chat: Chat) -> Chat:
    """The same chat as others lay it out: a count at the top, and the dialogue in one string."""
    rules, *said = chat.messages
    told = "\n".join(f"{message.role}: {message.content}" for message in said)
    system = Message(role="system", content=f"You have asked {chat.nth} of 20 questions so far.\n{rules.content}")
    user = Message(role="user", content=f"Here is the dialogue so far:\n{told}\nNow continue.")
    return chat.model_copy(update={"messages": (system, user), "session": f"{chat.session}-rewritten"})


@dataclass
class Count:
    """Prompt tokens of calls from the second turn of each chat on; `all_read` counts every call's uncached ones."""

    every: bool = False
    """A chat's first call counts as well."""
    own: bool = False
    """Possible is what a chat shares with its own earlier calls."""
    prompt: int = 0
    cached: int = 0
    possible: int = 0
    all_prompt: int = 0
    all_read: int = 0
    seen: dict[str, list[list[int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, chat: Chat, ids: list[int], prompt: int, cached: int, block: int | None) -> None:
        """One answered call."""
        known = self.seen[f"{chat.session}/{chat.speaker}" if self.own else ""]
        shared = max((common(ids, before) for before in known), default=0)
        known.append(ids)
        self.all_prompt, self.all_read = self.all_prompt + prompt, self.all_read + prompt - cached
        if chat.nth or self.every:
            # at least one token is read in any case: its output is wanted
            most = min(shared, len(ids) - 1)
            self.prompt, self.cached = self.prompt + prompt, self.cached + cached
            self.possible += most if block is None else most // block * block

    def told(self) -> dict[str, Any]:
        """Shares from the second turn on, and what was read in all."""
        return {
            "prompt_tokens": self.all_prompt,
            "read_tokens": self.all_read,
            "cached_share": round(self.cached / self.prompt, 4),
            "possible_share": round(self.possible / self.prompt, 4),
            "of_the_possible": round(self.cached / self.possible, 4) if self.possible else None,
        }


def common(one: Sequence[int], two: Sequence[int]) -> int:
    """Length of the beginning that two sequences share."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


async def counted(
    backend: Backend, asked: Sequence[Chat], tokens: Tokens, block: int | None, count: Count
) -> dict[str, Any]:
    """Ask all chats, one after another."""
    for chat in asked:
        answer = await backend.reply(chat.model_copy(update={"form": None}))
        count.add(chat, await tokens(chat.messages), answer.prompt_tokens or 0, answer.cached_tokens or 0, block)
    return count.told()


def wired(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


async def asked(
    backend: Any,
    work: Work,
    how: Callable[[aiohttp.ClientSession, str], Tokens],
    block: Callable[[], Awaitable[int | None]],
) -> dict[str, Any]:
    """Both layouts on one engine, the other one first: it leaves nothing in the cache that ours begins with. Then the
    modes of other scenarios, which share nothing with them either."""
    await backend.open()
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {backend._at.key}"}) as session:
            tokens, size = how(session, backend._at.base.removesuffix("/v1")), await block()
            other = await counted(backend, [rewritten(chat) for chat in work.clinic], tokens, size, Count())
            ours = await counted(backend, work.clinic, tokens, size, Count())
            talked = {
                name: {
                    mode: {"chats": len(own)}
                    | await counted(backend, own, tokens, size, Count(every=size is not None, own=size is None))
                    for mode, own in by.items()
                }
                for name, by in work.modes.items()
            }
    finally:
        await backend.close()
    return {
        "block": size,
        "ours": ours,
        "rewritten": other,
        "times_fewer_read": round(other["read_tokens"] / ours["read_tokens"], 2),
    } | talked


async def on_vllm(work: Work) -> dict[str, Any]:
    """vLLM's server."""
    home = here()
    backend = Server(
        launch=True,
        python=str(home.python),
        model=str(home.model),
        context=CONTEXT,
        engine={**SMALL, "max_num_seqs": 4, "block_size": BLOCK},
        max_tokens=1,
        timeout=600,
    )

    def how(session: aiohttp.ClientSession, root: str) -> Tokens:
        async def tokens(messages: Sequence[Message]) -> list[int]:
            async with session.post(f"{root}/tokenize", json={"messages": wired(messages)}) as response:
                return list((await response.json())["tokens"])

        return tokens

    async def block() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(backend._at.base.removesuffix("/v1") + "/metrics") as response,
        ):
            found = re.search(r'block_size="(\d+)"', await response.text())
            assert found
            return int(found[1])

    return await asked(backend, work, how, block)


async def on_local(work: Work) -> dict[str, Any]:
    """The embedded engine."""
    backend = Local(slots=SLOTS, context=CONTEXT, max_tokens=1)

    def how(session: aiohttp.ClientSession, root: str) -> Tokens:
        async def tokens(messages: Sequence[Message]) -> list[int]:
            async with session.post(f"{root}/apply-template", json={"messages": wired(messages)}) as response:
                text = (await response.json())["prompt"]
            async with session.post(f"{root}/tokenize", json={"content": text}) as response:
                return list((await response.json())["tokens"])

        return tokens

    async def block() -> None:
        return None

    return await asked(backend, work, how, block)


async def whole(small: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    others = {name: by_mode(name, most[not small]) for name, most in MODES.items()}
    work = Work(consultations(3 if small else 20, 1), others)
    figures: dict[str, Any] = {"chats": len(work.clinic)}
    engines = {"vllm": on_vllm, "local": on_local} if Local.usable() is None else {"vllm": on_vllm}
    for name, engine in engines.items():
        figures[name] = await engine(work)
        tell(f"{name}: {figures[name]}")
    return figures


def measure(small: bool, tell: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The whole benchmark."""
    figures = asyncio.run(whole(small, tell))
    goals = {}
    for name in [name for name in ("vllm", "local") if name in figures]:
        goals[f"{name}_of_the_possible"] = least(figures[name]["ours"]["of_the_possible"], 0.9)
        goals[f"{name}_times_fewer_read"] = least(figures[name]["times_fewer_read"], 3)
        for played in MODES:
            for mode, told in figures[name][played].items():
                if told["of_the_possible"] is not None:
                    goals[f"{name}_{played}_{mode}_of_the_possible"] = least(told["of_the_possible"], 0.9)
    return figures, goals


if __name__ == "__main__":
    main(__doc__, measure)
