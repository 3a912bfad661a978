"""Run by vLLM's own interpreter: tries the backend out, and prints what it found as JSON."""

import asyncio
import json
import os
import signal
import sys
from multiprocessing import active_children

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.vllm import Vllm
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Reply, form
from simrun.config.menus import catalogue, modes
from simrun.config.options import Config
from simrun.plan.design import planned
from simrun.scenarios.base import Turn
from simrun.scenarios.clinic.moves import Rating
from simrun.scenarios.recruitment import Recruitment
from simrun.stage.drive import drive

MODEL = sys.argv[1]
SMALL = {"context": 2048, "max_tokens": 24, "engine": {"distributed_executor_backend": "uni"}}
STORY = "You are a patient with a long story that you like to tell. " * 25


def chat(*texts: str, seed: int = 1, kinds=()) -> Chat:
    roles = ("system", *("user", "assistant") * len(texts))
    messages = tuple(Message(role=role, content=text) for role, text in zip(roles, texts, strict=False))
    return Chat(session="t", role="doctor", nth=0, messages=messages, form=form(kinds), seed=seed, digest="")


async def mode(name: str, backend: Vllm) -> dict:
    """Two episodes of a mode of recruitment on one engine that is open already."""
    few = {"questions": 1, "applicants": 3, "places": 1, "auditor": name == "panel"}
    own = modes(Recruitment)[name].model_fields
    options = {"name": "recruitment", "mode": name} | {key: value for key, value in few.items() if key in own}
    roles = {"judge": {"backend": "scripted"}} if name in ("interview", "letter") else {}
    config = Config.of(
        {
            "scenario": options,
            "backend": {"name": "scripted"},
            "roles": roles,
            "cases": 2,
            "vary": {},
            "design": {"controls": []},
        }
    )
    plan, found = planned(config, catalogue()), {"calls": 0, "unreadable": 0}

    async def ask(turn: Turn, asked: Chat) -> Reply:
        reply = Reply.of(await backend.reply(asked), turn.kinds())
        found["calls"] += 1
        found["unreadable"] += bool(turn.kinds()) and reply.problem == "unreadable"
        return reply

    await asyncio.gather(*(drive(plan.stage(trial), ask) for trial in plan.trials()))
    return found


async def failure(backend: Vllm) -> BackendError:
    try:
        await backend.open()
    except BackendError as error:
        return error
    raise AssertionError("it opened")


async def main() -> dict:
    found = {}
    found["no model"] = str(await failure(Vllm(model="/nowhere/at/all")))
    found["wrong option"] = str(await failure(Vllm(model=MODEL, engine={"max_num_seq": 3})))
    one, two = Vllm(model=MODEL, **SMALL), Vllm(model=MODEL, **SMALL, temperature=1, choice_logprobs=True)
    await one.open()
    await two.open()
    found["one engine"] = one._engine is two._engine and one._engine.users == 2
    seeds = range(8)
    found["alone"] = [(await one.reply(chat("You are a patient.", "Tell me.", seed=seed))).text for seed in seeds[:3]]
    beside = await asyncio.gather(*(one.reply(chat("You are a patient.", "Tell me.", seed=seed)) for seed in seeds))
    found["together"] = [answer.text for answer in beside][:3]
    first = await one.reply(chat(STORY, "How are you?"))
    second = await one.reply(chat(STORY, "How are you?", first.text, "And since when?"))
    found["second turn"] = [second.cached_tokens, first.prompt_tokens]
    rating = [
        two.reply(chat("You are a patient.", "From 1 to 10, how sure are you?", seed=seed, kinds=(Rating,)))
        for seed in range(32)
    ]
    answers = await asyncio.gather(*rating)
    import math

    found["options"] = {option: math.exp(value) for option, value in answers[0].options.items()}
    found["sum"] = sum(found["options"].values())
    found["draws"] = [answer.text for answer in answers]
    roomy = Vllm(model=MODEL, **SMALL | {"max_tokens": 60})
    await roomy.open()
    found["modes"] = {name: await mode(name, roomy) for name in modes(Recruitment)}
    await roomy.close()
    try:
        await one.reply(chat("You are a doctor.", "word " * 3000))
    except BackendError as error:
        found["too long"] = error.kind
    long = Vllm(model=MODEL, **SMALL | {"max_tokens": 1900}, sampling={"ignore_eos": True})
    await long.open()
    task = asyncio.create_task(long.reply(chat("You are a patient.", "Tell me.")))
    await asyncio.sleep(2)
    before = (await one.gauges()).running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await one.reply(chat("You are a patient.", "Tell me."))  # the engine tells of itself when it works
    found["running before and after"] = [before, (await one.gauges()).running]
    task = asyncio.create_task(long.reply(chat("You are a patient.", "Tell me.", seed=2)))
    await asyncio.sleep(1)
    for child in active_children():
        os.kill(child.pid, signal.SIGKILL)
    try:
        await task
    except BackendError as error:
        found["dead"] = [error.kind, str(error)]
    for backend in (one, two, long):
        await backend.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
