"""What llama.cpp's server tells of the next token, exactly and for the tokens that one asks about."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from simrun.agents.backends.weighing import Next
from simrun.agents.records import NEVER

Post = Callable[..., Awaitable[Any]]
"""(path, fields of the body) -> the JSON that comes back."""
MANY = 64
"""Most probable tokens that are told at once."""
PUSH = 100.0
"""Added to the logits of the candidates: nothing else is drawn then, and float32 keeps five digits beside it."""
PLAIN = {"n_predict": 1, "temperature": 1.0, "samplers": ["temperature"]}
"""One token, drawn from all there are as they are."""


def asking(prompt: str, post: Post, **request: Any) -> Next:
    """How an engine is asked what comes after a prompt; `request` says in which slot, and whether that is kept."""

    async def ask(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
        pushed = {"logit_bias": [[token, PUSH] for token in candidates], "prompt": [prompt, *said], **PLAIN, **request}
        heard = (await post("/completion", n_probs=MANY, **pushed))["completion_probabilities"][0]
        # probabilities are told of the logits as they are; with the push one of the candidates is drawn, so that of
        # at least one it is told how probable it is among all tokens, however improbable
        told = {each["id"]: each["logprob"] for each in (*heard["top_logprobs"], heard)}
        if told.keys() >= set(candidates):
            return {token: _log(told[token]) for token in candidates}
        asked = {"n_probs": len(candidates), "post_sampling_probs": True}
        shared = (await post("/completion", **asked, **pushed))["completion_probabilities"][0]["top_probs"]
        shares = {each["id"]: math.log(each["prob"]) if each["prob"] > 0 else NEVER for each in shared}
        return {token: shares[token] - shares[heard["id"]] + _log(heard["logprob"]) for token in candidates}

    return ask


def _log(told: float) -> float:
    return max(told, NEVER)
