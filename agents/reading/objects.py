"""The JSON objects in a text, read as leniently as no other meaning is possible, in time linear in its length."""

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|[{}]')
"""A string, to its end or to that of its line, or a brace. Possessive: nothing is read twice."""
_BRACE = re.compile(r"[{}]")
_LOOSE = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|,(?=\s*+[}\]])')
"""What people add to JSON: comments, and a comma after the last item."""
_LITERAL = 4000
"""Characters of the longest object that is tried as Python's."""
_OPEN = 3
"""Braces that may be missing at the end."""


class Found(NamedTuple):
    """An object of a text, from `start` to `end`."""

    start: int
    end: int
    text: str
    fields: Mapping[str, Any] | None
    """None where it cannot be decoded, or says two things of one field."""


class Contradiction(ValueError):
    """An object that says two things of one field."""


def objects(text: str) -> list[Found]:
    """The outermost objects, in order; of one that cannot be decoded those that stand in it."""
    if (only := _only(text)) is not None:  # the usual case, and the quickest
        return [only]
    whole = text.strip()
    if whole[:1] == '"' and isinstance(said := _strict(whole), str):
        return [Found(0, len(text), found.text, found.fields) for found in objects(said)]
    found = list(_found(text, _TOKEN))
    if any(each.fields is not None for each in found):
        return found
    # a quote that is not closed hides the braces after it
    return list(_found(text, _BRACE)) or found


def _only(text: str) -> Found | None:
    """The object of a text in which there is no other brace."""
    start = text.find("{")
    try:
        fields, end = _DECODER.raw_decode(text, start) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        return None
    alone = isinstance(fields, dict) and text.find("{", end) < 0 and text.find("}", end) < 0
    return Found(start, end, text[start:end], fields) if alone else None


def is_object(text: str) -> bool:
    """Whether a text is one JSON object and nothing else."""
    whole = text.strip()
    return whole[:1] == "{" and whole[-1:] == "}" and isinstance(_strict(whole), dict)


def _found(text: str, token: re.Pattern[str]) -> Iterator[Found]:
    closed, left = _spans(text, token)
    budget, waiting = 4 * len(text), closed[::-1]
    while waiting:
        (start, end), inner = waiting.pop()
        fields = _read(text[start:end])
        budget -= end - start
        if fields is None and inner and budget > 0:
            waiting.extend(inner[::-1])
        else:
            yield Found(start, end, text[start:end], fields)
    rest = text[left[0] :].rstrip("` \n") if left and len(left) <= _OPEN else ""
    if rest and rest[-1] not in ",:" and (fields := _read(rest + "}" * len(left))) is not None:
        yield Found(left[0], len(text), text[left[0] :], fields)


Span = tuple[tuple[int, int], "list[Any]"]
"""From where to where, and the spans within."""


def _spans(text: str, token: re.Pattern[str]) -> tuple[list[Span], list[int]]:
    """Matching braces, and those that were never closed."""
    outer: list[Span] = []
    begun: list[tuple[int, list[Span]]] = []
    at = text.find("{")
    while at >= 0 and (found := token.search(text, at)):
        at = found.end()
        if found[0] == "{":
            begun.append((found.start(), []))
        elif found[0] == "}" and begun:
            start, inner = begun.pop()
            (begun[-1][1] if begun else outer).append(((start, at), inner))
        if not begun:
            at = text.find("{", at)  # outside of objects a quote is only a quote
    return [*outer, *(span for _, inner in begun for span in inner)], [start for start, _ in begun]


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        value = _decoded(text)
        if value is None:
            value = _decoded(_LOOSE.sub(lambda loose: loose[1] or "", text))
        if value is None and len(text) <= _LITERAL:
            value = _literal(text)
    except Contradiction:
        return None
    return value if isinstance(value, dict) else None


def _strict(text: str) -> Any:
    """None where it is no JSON, or says two things of one field."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except Contradiction:
        raise
    except (ValueError, RecursionError):
        return None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs) and any(fields[key] != value for key, value in pairs):
        raise Contradiction(f"{next(key for key, value in pairs if fields[key] != value)!r} is said twice")
    return fields


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_distinct)


def _literal(text: str) -> Any:
    """As Python writes it: single quotes, True, None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
