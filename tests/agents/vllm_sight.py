"""Run by vLLM's own interpreter: shows a model pictures, in process or launched, and prints what it said as JSON.

vllm_sight.py MODEL FOLDER vllm|server    # FOLDER holds red.png and blue.png
"""

import asyncio
import json
import sys
from typing import Any, Literal

from simrun.agents.backends.server import Server
from simrun.agents.backends.vllm import Vllm
from simrun.agents.images import located, seen
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Decision, form


class Yes(Decision):
    """What is asked."""

    answer: Literal["yes", "no"]


def chat(folder: str, picture: str) -> Chat:
    """The question beside a picture, "" for none."""
    images = (located(seen(picture, folder), folder),) if picture else ()
    told = (Message(role="system", content="You look."), Message(role="user", content="Is it red?", images=images))
    return Chat(session=picture, role="doctor", nth=0, messages=told, form=form((Yes,)), seed=1, digest="")


async def main(model: str, folder: str, kind: str) -> list[dict[str, Any]]:
    """Red, blue, red again, and nothing."""
    more = {"model": model, "images": True, "context": 1024, "max_tokens": 24, "choice_logprobs": True}
    alone = {"distributed_executor_backend": "uni"}
    backend = Vllm(engine=alone, **more) if kind == "vllm" else Server(launch=True, patience=300, **more)
    await backend.open()
    try:
        return [
            (await backend.reply(chat(folder, picture))).model_dump(mode="json")
            for picture in ("red.png", "blue.png", "red.png", "")
        ]
    finally:
        await backend.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
