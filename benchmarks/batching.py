"""What is gained and lost where several replies are written at once: python benchmarks/batching.py [--small]

Needs simrun[steer]. The same chats with the same seeds, alone and beside each other, of unequal lengths: seconds, and
how many replies are the same.
"""

import argparse
import asyncio
import json
import time

from simrun.agents.backends.transformers import Transformers
from simrun.agents.backends.transformers.capability import SENTENCES
from simrun.agents.records import Chat, Message

BATCHES = (1, 1, 4, 8)


def chats(count: int) -> list[Chat]:
    """Of lengths that differ, so that shorter ones stand beside padding."""
    told = [" ".join(SENTENCES[at % len(SENTENCES) :][: 1 + at % 5]) for at in range(count)]
    return [
        Chat(
            session=str(at),
            role="reader",
            nth=0,
            messages=(Message(role="user", content=f"{text} Say the same in other words."),),
            seed=at,
            digest=str(at),
        )
        for at, text in enumerate(told)
    ]


async def written(asked: list[Chat], batch: int, tokens: int) -> tuple[list[str], float]:
    """The replies, and seconds."""
    backend = Transformers(batch=batch, max_tokens=tokens, temperature=0.7)
    await backend.open()
    try:
        begun = time.perf_counter()
        answers = await asyncio.gather(*(backend.reply(each) for each in asked))
        return [answer.text for answer in answers], time.perf_counter() - begun
    finally:
        await backend.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    small = parser.parse_args().small
    asked, tokens = chats(8 if small else 32), 16 if small else 48
    first: list[str] = []
    for batch in BATCHES:
        texts, seconds = asyncio.run(written(asked, batch, tokens))
        first = first or texts
        same = sum(one == other for one, other in zip(first, texts, strict=True))
        rate = sum(len(text.split()) for text in texts) / seconds
        told = {"batch": batch, "seconds": round(seconds, 1), "words_per_second": round(rate, 1)}
        print(json.dumps({**told, "same_as_alone": f"{same} of {len(texts)}"}))


if __name__ == "__main__":
    main()
