"""How probable each option of a forced choice is to a model, read from its own next-token probabilities.

The ways in which a reply would read form a tree of tokens; one question to the engine at each place where they part
tells how likely each way on is.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from simrun.agents.backends.choice import Untold
from simrun.agents.records import NEVER

Next = Callable[[Sequence[int], Sequence[int]], Awaitable[Mapping[int, float]]]
"""(tokens said so far, candidates) -> log-probability of each candidate to come next, of all tokens that could."""


Encode = Callable[[str], Awaitable[list[int]]]
"""A text -> its tokens, the marks of a chat template counted as such and none added."""
ANCHOR = "\n"
"""What a text is encoded after: some tokenizers put a blank before the first word of all that they are given."""


class Weights(NamedTuple):
    """How probable the options of a choice are."""

    options: dict[str, float]
    """Log-probability of each, natural; their probabilities sum to 1."""
    mass: float
    """Where they first part, the share of all that the model could say there which leads to one of them, 0 to 1."""


async def noted(weights: Awaitable[Weights]) -> dict[str, Any]:
    """Weights as an answer has them, or why there are none."""
    try:
        found = await weights
    except Untold as untold:
        return {"unweighed": untold.why}
    return {"options": found.options, "mass": found.mass}


async def tokenised(texts: Mapping[str, str], encode: Encode) -> dict[str, list[int]]:
    """The tokens of each text as they are within a reply."""
    before = await encode(ANCHOR)
    after = await asyncio.gather(*(encode(ANCHOR + text) for text in texts.values()))
    apart = all(tokens[: len(before)] == before for tokens in after)
    if not apart:  # the anchor has merged with what comes after it
        return dict(zip(texts, await asyncio.gather(*map(encode, texts.values())), strict=True))
    return {option: tokens[len(before) :] for option, tokens in zip(texts, after, strict=True)}


async def weigh(written: Mapping[str, Sequence[int]], ask: Next) -> Weights:
    """Weigh the options, given the tokens of the reply that takes each.

    At each place where replies part, only the tokens that lead on to one of them count, so this is what a model that is
    held to the options would choose at temperature 1 (their usual tokenisation taken for the only one). Where one is
    the beginning of another, its share is what does not go on to the other. Untold("alike") where two have the same
    tokens, Untold("silent") where the engine tells no number.
    """
    if len({tuple(tokens) for tokens in written.values()}) < len(written):
        raise Untold("alike")
    found: dict[str, float] = {}
    masses: list[float] = []
    await _descend(dict(written), 0, 0.0, ask, found, masses)
    return Weights({option: found[option] for option in written}, masses[0] if masses else 1.0)


async def _descend(
    written: Mapping[str, Sequence[int]],
    depth: int,
    above: float,
    ask: Next,
    found: dict[str, float],
    masses: list[float],
) -> None:
    if len(written) == 1:
        found[next(iter(written))] = above
        return
    ends = [option for option, tokens in written.items() if len(tokens) == depth]
    ways: dict[int, dict[str, Sequence[int]]] = {}
    for option, tokens in written.items():
        if option not in ends:
            ways.setdefault(tokens[depth], {})[option] = tokens
    if len(ways) + len(ends) == 1:  # nothing parts here: no question
        heard: Mapping[int, float] = dict.fromkeys(ways, 0.0)
    else:
        going = next(tokens for option, tokens in written.items() if option not in ends)
        heard = await ask(going[:depth], list(ways))
        if not all(map(math.isfinite, heard.values())):
            raise Untold("silent")
        masses.append(1.0 if ends else min(1.0, math.exp(_total(list(heard.values())))))
    if ends:
        found[ends[0]] = above + rest(list(heard.values()))
        total = 0.0
    else:
        total = _total(list(heard.values()))
    for token, part in ways.items():
        await _descend(part, depth + 1, above + heard[token] - total, ask, found, masses)


def _total(logs: Sequence[float]) -> float:
    """The logarithm of the sum of what these are logarithms of."""
    most = max(logs)
    return most + math.log(sum(math.exp(value - most) for value in logs))


def rest(logs: Sequence[float]) -> float:
    """The log-probability of everything else than what has these."""
    left = 1.0 - sum(map(math.exp, logs))
    return math.log(left) if left > 0 else NEVER
