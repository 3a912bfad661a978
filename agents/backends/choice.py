"""Forced choices: which options a decision has, and how a reply would read that had taken another of them.

Options are weighed where the reply made its choice, after all that stands before it there: a thought, a blank, a
reason, or nothing. Over replies drawn from the model the mean of these probabilities is the probability of the option.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import orjson

from simrun.agents.reading.objects import objects
from simrun.agents.reading.thoughts import thought, worded
from simrun.agents.records import Unweighed

MOST = 20
"""Options of a choice; integers between bounds count as one up to here."""
TAIL = 40
"""Characters after an option that are kept: enough for the tokens in which its own end merges with what follows."""
SAYING = {"true": ("true", "yes"), "false": ("false", "no")}
"""What is said for a truth value in words, the same place in both for the same manner of speaking."""
STYLES: tuple[Callable[[str], str], ...] = (str, str.lower, str.capitalize, str.upper)


class Untold(Exception):
    """The options of a reply cannot be weighed, and why; the reply stands, as a sample of one."""

    def __init__(self, why: Unweighed):
        super().__init__(why)
        self.why: Unweighed = why


class Choice(NamedTuple):
    """The one field of a form that is a choice, and its options: what each is called -> its value."""

    field: str
    values: Mapping[str, Any]


def of(form: Mapping[str, Any] | None) -> Choice | None:
    """The forced choice that a form is; None where it is none.

    That is a form with exactly one field that has several values which can all be named: an enum, a boolean, constants,
    or an integer between bounds. Texts and numbers may stand beside it (a reason, before or after); a second choice may
    not, since one list of options could not say whose they are.
    """
    named = {name: each for name, schema in _fields(form) if (each := values(schema, form or {}))}
    free = {name: each for name, each in named.items() if len(each) > 1}
    if len(free) != 1:
        return None
    ((field, several),) = free.items()
    options = {label(value): value for value in several}
    return Choice(field, options) if len(options) == len(several) else None


def _fields(form: Mapping[str, Any] | None) -> Sequence[tuple[str, Mapping[str, Any]]]:
    return list((form or {}).get("properties", {}).items())


def values(schema: Mapping[str, Any], form: Mapping[str, Any]) -> Sequence[Any] | None:
    """All values of a schema, None where they cannot be named."""
    if "$ref" in schema:
        return values(form["$defs"][schema["$ref"].rpartition("/")[2]], form)
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    if several := schema.get("anyOf") or schema.get("oneOf"):
        parts = [values(part, form) for part in several]
        return None if None in parts else [value for part in parts for value in part or ()]
    match schema.get("type"):
        case "boolean":
            return [True, False]
        case "null":
            return [None]
        case "integer":
            return _between(schema)
    return None


def _between(schema: Mapping[str, Any]) -> Sequence[int] | None:
    least = schema["minimum"] if "minimum" in schema else schema.get("exclusiveMinimum", math.nan) + 1
    most = schema["maximum"] if "maximum" in schema else schema.get("exclusiveMaximum", math.nan) - 1
    step = schema.get("multipleOf", 1)
    if not (0 <= most - least < MOST * step and step % 1 == 0):  # nan: it has no such bound
        return None
    return [value for value in range(math.ceil(least), math.floor(most) + 1) if value % step == 0]


def label(value: Any) -> str:
    """What an option is called: a text as it is, anything else as JSON writes it (true, 7, null)."""
    value = value.value if isinstance(value, Enum) else value
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def alternatives(text: str, choice: Choice) -> dict[str, str]:
    """Each option and the reply as it would read with it, to a little beyond the option.

    Untold("thinking") where nothing comes after its thought, or the engine does not show that thought as it was
    written; Untold("unread") where it is not clear where the reply made its choice.
    """
    begin = len(thought(text))
    if begin and (worded(text) or not text[begin:].strip()):
        raise Untold("thinking")
    found = [each for each in objects(text[begin:]) if each.fields is not None and choice.field in each.fields]
    place = _in_object(text, begin, choice) if found else _in_words(text, begin, choice)
    if place is None or len(found) > 1:
        raise Untold("unread")
    tail = text[place.end : place.end + TAIL] if found else ""
    return {option: text[: place.start] + said + tail for option, said in place.spelt.items()}


def taken(text: str, choice: Choice) -> str | None:
    """The option that a reply took; None where that is not clear."""
    try:
        written = alternatives(text, choice)
    except Untold:
        return None
    return next((option for option, own in written.items() if text.startswith(own)), None)


class _Place(NamedTuple):
    """From where to where a reply names its option, and how it would have named each."""

    start: int
    end: int
    spelt: Mapping[str, str]


def _in_object(text: str, begin: int, choice: Choice) -> _Place | None:
    keyed = list(re.finditer(rf"{re.escape(json.dumps(choice.field))}\s*:\s*", text[begin:]))
    if len(keyed) != 1:
        return None
    start = begin + keyed[0].end()
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except ValueError:
        return None
    said = text[start:end]
    exact = {option: orjson.dumps(each).decode() for option, each in choice.values.items()}
    if exact.get(label(value)) == said:
        return _Place(start, end, exact)
    quoted = isinstance(value, str) and said == f'"{value}"'  # without escapes of its own
    spelt = next((each for family in _families(choice) if (each := _styled(family, value))), {}) if quoted else {}
    return _Place(start + 1, end - 1, spelt) if spelt else None


def _in_words(text: str, begin: int, choice: Choice) -> _Place | None:
    """Where exactly one option is named, once: `**Answer:** Yes.`"""
    places = [place for family in _families(choice) for place in _named(text, begin, family)]
    spans = {(place.start, place.end) for place in places}
    widest = [span for span in spans if not any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in spans)]
    if len(widest) != 1:
        return None
    return next(place for place in places if (place.start, place.end) == widest[0])


def _families(choice: Choice) -> Iterator[Mapping[str, str]]:
    """Option -> what is said for it, in each of the ways of saying them."""
    if choice.values.keys() <= SAYING.keys():
        yield from ({option: SAYING[option][way] for option in choice.values} for way in range(2))
    else:
        yield {option: option for option in choice.values}


def _named(text: str, begin: int, family: Mapping[str, str]) -> Iterator[_Place]:
    for word in family.values():
        for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text[begin:], re.IGNORECASE):
            if spelt := _styled(family, found[0]):
                yield _Place(begin + found.start(), begin + found.end(), spelt)


def _styled(family: Mapping[str, str], said: str) -> Mapping[str, str]:
    """Each option in the letters in which one was said: `YES` as `NO`; {} where none was said so."""
    for style in STYLES:
        if said in (spelt := {option: style(word) for option, word in family.items()}).values():
            return spelt
    return {}
