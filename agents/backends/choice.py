"""Forced choices: how probable each option of a decision is to the model, read from its own next-token probabilities.

A decision with one free property, such as a yes or no or a score, can be written in as many ways as
it has options. Their token sequences form a tree; one question to the engine at each place where
they part tells how likely each way on is.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

MOST = 20
"""Options of a choice; integers between bounds count as one up to here."""

Next = Callable[[Sequence[int], Sequence[int]], Awaitable[Mapping[int, float]]]
"""(tokens said so far, candidates) -> log-probability of each candidate to come next."""


def options(form: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Each option of a forced choice and the answer, as JSON without white space, that takes
    it; None where the form is no such choice.

    A choice has exactly one property that is not fixed, and that one an enum, a boolean,
    constants, or an integer between bounds.
    """
    fixed: dict[str, Any] = {}
    free: dict[str, Sequence[Any]] = {}
    for name, schema in (form or {}).get("properties", {}).items():
        values = _values(schema, form or {})
        if values is None:
            return None
        (free if len(values) > 1 else fixed)[name] = values
    if len(free) != 1:
        return None
    ((choice, values),) = free.items()
    order = (form or {})["properties"]
    return {
        _label(value): orjson.dumps({name: value if name == choice else fixed[name][0] for name in order}).decode()
        for value in values
    }


def _values(schema: Mapping[str, Any], form: Mapping[str, Any]) -> Sequence[Any] | None:
    if "$ref" in schema:
        return _values(form["$defs"][schema["$ref"].rpartition("/")[2]], form)
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    if "anyOf" in schema:
        parts = [_values(part, form) for part in schema["anyOf"]]
        return None if None in parts else [value for part in parts for value in part or ()]
    if schema.get("type") == "boolean":
        return [True, False]
    if (
        schema.get("type") == "integer"
        and "minimum" in schema
        and "maximum" in schema
        and schema["maximum"] - schema["minimum"] < MOST
    ):
        return range(schema["minimum"], schema["maximum"] + 1)
    return None


def _label(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def weigh(written: Mapping[str, Sequence[int]], ask: Next) -> dict[str, float]:
    """Log-probability of each option, given the tokens of the answer that takes it; their probabilities sum to 1.

    At each place where answers part, only the tokens that lead on to one of them count, so this is what a model that is
    held to the options would choose at temperature 1 (their usual tokenisation taken for the only one). ValueError
    where one answer is the beginning of another, ArithmeticError where the engine tells no number.
    """
    found: dict[str, float] = {}
    await _descend(dict(written), 0, 0.0, ask, found)
    return {option: found[option] for option in written}


async def _descend(
    written: Mapping[str, Sequence[int]], depth: int, above: float, ask: Next, found: dict[str, float]
) -> None:
    if len(written) == 1:
        found[next(iter(written))] = above
        return
    if any(len(tokens) <= depth for tokens in written.values()):
        raise ValueError(f"of the options {', '.join(written)} the tokens of one begin those of another")
    ways: dict[int, dict[str, Sequence[int]]] = {}
    for option, tokens in written.items():
        ways.setdefault(tokens[depth], {})[option] = tokens
    if len(ways) == 1:  # nothing parts here: no question
        heard: Mapping[int, float] = dict.fromkeys(ways, 0.0)
    else:
        heard = await ask(next(iter(written.values()))[:depth], list(ways))
    if not all(map(math.isfinite, heard.values())):
        raise ArithmeticError(f"no log-probability: {list(heard.values())}")
    most = max(heard.values())
    total = most + math.log(sum(math.exp(value - most) for value in heard.values()))
    for token, part in ways.items():
        await _descend(part, depth + 1, above + heard[token] - total, ask, found)
