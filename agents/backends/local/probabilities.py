"""What llama.cpp's server tells of the next token, exactly and for the tokens that one asks about."""

import math
from collections.abc import Sequence
from typing import Any

from simrun.agents.backends.choice import Untold
from simrun.agents.backends.local.pictures import After, Post
from simrun.agents.backends.weighing import Next
from simrun.agents.records import NEVER

MANY = 64
"""Most probable tokens that are told at once."""
EVERY = 10**6
"""More than any vocabulary has."""
PUSH = 100.0
"""Added to the logits of the candidates: nothing else is drawn then, and float32 keeps five digits beside it."""
PLAIN = {"n_predict": 1, "temperature": 1.0, "samplers": ["temperature"]}
"""One token, drawn from all there are as they are."""


def asking(after: After, post: Post, **request: Any) -> Next:
    """How an engine is asked what comes `after` a prompt; `request` says in which slot, and whether that is kept."""

    async def one(**body: Any) -> dict[str, Any] | None:
        told = (await post("/completion", **body)).get("completion_probabilities")
        return told[0] if told else None

    async def whole(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
        """Of a token that is half a character the engine tells nothing; beside a blank it tells of all there are."""
        blank = (await post("/tokenize", content="\n"))["tokens"][-1]
        body = {**PLAIN, **request, "logit_bias": [[blank, PUSH]], "prompt": await after(said)}
        if not (heard := await one(n_probs=EVERY, **body)):
            raise Untold("silent")
        told = {each["id"]: each["logprob"] for each in heard["top_logprobs"]}
        return {token: _log(told[token]) for token in candidates}

    async def ask(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
        bias = [[token, PUSH] for token in candidates]
        pushed = {"logit_bias": bias, "prompt": await after(said), **PLAIN, **request}
        if not (heard := await one(n_probs=MANY, **pushed)):
            return await whole(said, candidates)
        # probabilities are told of the logits as they are; with the push one of the candidates is drawn, so that of
        # at least one it is told how probable it is among all tokens, however improbable
        told = {each["id"]: each["logprob"] for each in (*heard["top_logprobs"], heard)}
        if told.keys() >= set(candidates):
            return {token: _log(told[token]) for token in candidates}
        asked = {"n_probs": len(candidates), "post_sampling_probs": True}
        if not (drawn := await one(**asked, **pushed)):
            return await whole(said, candidates)
        shared = drawn["top_probs"]
        shares = {each["id"]: math.log(each["prob"]) if each["prob"] > 0 else NEVER for each in shared}
        return {token: shares[token] - shares[heard["id"]] + _log(heard["logprob"]) for token in candidates}

    return ask


def _log(told: float) -> float:
    return max(told, NEVER)
