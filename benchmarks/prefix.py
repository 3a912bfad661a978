"""How much of the prompts comes from the KV cache: our layout against one that
writes the whole dialogue anew for each turn.

    python benchmarks/prefix.py [--json] [--small]

Real consultations of the clinic (questions and answers are scripted, so that both layouts ask the same), on vLLM on
the CPU and on the embedded engine, one call after another, the arms of a pair adjacent. The other layout is the
common one: rules with a count of the questions asked at the top, then the dialogue so far in one piece, as
AgentClinic (arXiv:2405.07960) writes it. What is possible is the longest beginning that a prompt shares with an
earlier one, in whole blocks of the cache for vLLM: 32 tokens, the least that it takes on a CPU (its own choice
there is 128, on GPUs 16). Needs the environment of the marked tests: python tests/agents/vllm_venv.py. 20 minutes
on two cores; --small 2 to 4, half of it for vLLM to start.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from simrun.config.menus import catalogue
from simrun.plan.design import planned

Tokens = Callable[[Sequence[Message]], Awaitable[list[int]]]
CONTEXT, BLOCK = 2048, 16 if GPU else 32


async def dialogues(questions: int, cases: int) -> list[Chat]:
    """Every chat of a pair of episodes a case, in playing order."""
    asked = (*PAIRS[:-1], f"cases={cases}", "backend=scripted", f"scenario.questions={questions}")
    config, folders = compose(asked, {"backend": {"rules": DIALOGUE}})
    plan, chats = planned(config, catalogue(folders)), []
    for trial in plan.trials():
        casting = plan.castings[trial.arm]
        stage = casting.stage(plan.cases[trial.case], trial)
        while not stage.over:
            for turn in stage.pending():
                chats.append(chat := stage.chat(turn))
                stage.say(turn, Reply.of(await casting.backends[turn.role].reply(chat), turn.kinds(), chat.told))
    return chats


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

    prompt: int = 0
    cached: int = 0
    possible: int = 0
    all_prompt: int = 0
    all_read: int = 0
    seen: list[list[int]] = field(default_factory=list)

    def add(self, chat: Chat, ids: list[int], prompt: int, cached: int, block: int | None) -> None:
        """One answered call."""
        shared = max((common(ids, before) for before in self.seen), default=0)
        self.seen.append(ids)
        self.all_prompt, self.all_read = self.all_prompt + prompt, self.all_read + prompt - cached
        if chat.nth:
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


async def counted(backend: Backend, chats: Sequence[Chat], tokens: Tokens, block: int | None) -> dict[str, Any]:
    """Ask all chats, one after another."""
    count = Count()
    for chat in chats:
        answer = await backend.reply(chat.model_copy(update={"form": None}))
        count.add(chat, await tokens(chat.messages), answer.prompt_tokens or 0, answer.cached_tokens or 0, block)
    return count.told()


def wired(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


async def both(
    backend: Any,
    chats: Sequence[Chat],
    how: Callable[[aiohttp.ClientSession, str], Tokens],
    block: Callable[[], Awaitable[int | None]],
) -> dict[str, Any]:
    """Both layouts on one engine, the other one first: it leaves nothing in the cache that ours begins with."""
    await backend.open()
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {backend._key}"}) as session:
            tokens, size = how(session, backend._base.removesuffix("/v1")), await block()
            other = await counted(backend, [rewritten(chat) for chat in chats], tokens, size)
            ours = await counted(backend, chats, tokens, size)
    finally:
        await backend.close()
    return {
        "block": size,
        "ours": ours,
        "rewritten": other,
        "times_fewer_read": round(other["read_tokens"] / ours["read_tokens"], 2),
    }


async def on_vllm(chats: Sequence[Chat]) -> dict[str, Any]:
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
            session.get(backend._base.removesuffix("/v1") + "/metrics") as response,
        ):
            found = re.search(r'block_size="(\d+)"', await response.text())
            assert found
            return int(found[1])

    return await both(backend, chats, how, block)


async def on_local(chats: Sequence[Chat]) -> dict[str, Any]:
    """The embedded engine."""
    backend = Local(slots=4, context=CONTEXT, max_tokens=1)

    def how(session: aiohttp.ClientSession, root: str) -> Tokens:
        async def tokens(messages: Sequence[Message]) -> list[int]:
            async with session.post(f"{root}/apply-template", json={"messages": wired(messages)}) as response:
                text = (await response.json())["prompt"]
            async with session.post(f"{root}/tokenize", json={"content": text}) as response:
                return list((await response.json())["tokens"])

        return tokens

    async def block() -> None:
        return None

    return await both(backend, chats, how, block)


async def whole(small: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    chats = await dialogues(*((3, 1) if small else (20, 1)))
    figures: dict[str, Any] = {"chats": len(chats)}
    engines = {"vllm": on_vllm, "local": on_local} if Local.usable() is None else {"vllm": on_vllm}
    for name, engine in engines.items():
        figures[name] = await engine(chats)
        tell(f"{name}: {figures[name]}")
    return figures


def measure(small: bool, tell: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The whole benchmark."""
    figures = asyncio.run(whole(small, tell))
    goals = {}
    for name in [name for name in ("vllm", "local") if name in figures]:
        goals[f"{name}_of_the_possible"] = least(figures[name]["ours"]["of_the_possible"], 0.9)
        goals[f"{name}_times_fewer_read"] = least(figures[name]["times_fewer_read"], 3)
    return figures, goals


if __name__ == "__main__":
    main(__doc__, measure)
