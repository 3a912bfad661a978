"""Forced choices on servers that tell the most probable tokens at each place of a reply, as OpenAI's interface has it
(`logprobs`, `top_logprobs`), and nothing else.

They tell only what could have stood in the reply that was drawn, so options can be weighed that part once. That is
sound where the list holds all that matters: what it leaves out is no more probable than its last token.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from simrun.agents.backends.choice import Untold
from simrun.agents.backends.weighing import Weights
from simrun.agents.records import NEVER

MOST = 20
"""Alternatives that are asked for: as many as OpenAI tells."""
LEAST = 1e-3
"""Share of the options' probability that may be unknown, or belong to no single option."""


def weighed(written: Mapping[str, str], text: str, told: Any) -> Weights:
    """Weigh options out of a reply's own log-probabilities; `written` is how it would read with each.

    Untold("untold") where the server gave none; Untold("silent") where what it told does not decide it: the options
    part more than once, or one that may well be probable is not in the list.
    """
    place = _place(written, text, _listed(told))
    if place is None:
        raise Untold("untold")
    at, tokens, least = place
    found: dict[str, float] = dict.fromkeys(written, 0.0)
    shared = 0.0
    for token, chance in tokens.items():
        fit = [option for option, own in written.items() if token and _leads(token, own[at:])]
        if len(fit) == 1:
            found[fit[0]] += chance
        elif fit:
            shared += chance
    mass = sum(found.values())
    missing = [option for option, chance in found.items() if not chance]
    if not mass or shared + least * len(missing) > LEAST * mass:
        raise Untold("silent")
    # a token may lead to several options that only later part: what is told of it is shared among them
    found |= dict.fromkeys(missing, max(least, shared / max(len(missing), 1)))
    total = sum(found.values())
    # where a grammar left nothing else, what is not in the list has no probability at all
    options = {option: math.log(chance / total) if chance > 0 else NEVER for option, chance in found.items()}
    return Weights(options, min(1.0, mass))


def _listed(told: Any) -> Sequence[Mapping[str, Any]]:
    """The tokens of a reply as the server lists them."""
    content = told.get("content") if isinstance(told, dict) else None
    return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []


def _place(
    written: Mapping[str, str], text: str, tokens: Sequence[Mapping[str, Any]]
) -> tuple[int, dict[str, float], float] | None:
    """Where in the reply the token begins in which the options part, the tokens that might have stood there with their
    probabilities, and what no other token has more than; None where the server does not tell."""
    said = "".join(str(each.get("token", "")) for each in tokens)
    offset = said.rfind(text)  # a thought, and marks of the template, may stand around what was said
    parted = next((n for n, letters in enumerate(zip(*written.values(), strict=False)) if len(set(letters)) > 1), None)
    if offset < 0 or parted is None:
        return None
    at = -offset
    for each in tokens:
        end = at + len(str(each.get("token", "")))
        if 0 <= at <= parted < end:
            listed = _chances(each.get("top_logprobs") or ())
            return (at, _chances((each,)) | listed, min(listed.values())) if listed else None
        at = end
    return None


def _chances(tokens: Sequence[Any]) -> dict[str, float]:
    """Token -> its probability."""
    logs = {str(each.get("token", "")): each.get("logprob") for each in tokens if isinstance(each, dict)}
    return {
        token: math.exp(min(log, 0.0))
        for token, log in logs.items()
        if isinstance(log, int | float) and math.isfinite(log)
    }


def _leads(token: str, rest: str) -> bool:
    """Whether a token is the beginning of an option, or takes it whole."""
    return rest.startswith(token) or token.startswith(rest)
