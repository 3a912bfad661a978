"""The options of a row of somebody's file, and which of them is right, in the forms in which files give them."""

import json
import re
from ast import literal_eval
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from string import ascii_uppercase
from typing import Any

from simrun.scenarios.fields import cut, kind

Rows = Mapping[str, Any]
"""A row, the names of its columns in small letters with _ for blanks."""
MOST = 10
"""Options of a question."""
LETTERS = ascii_uppercase[: MOST + 1]
"""Of the options, and of one more, which is to decline."""
OPTIONS = ("options", "choices", "endings", "candidates", "answers", "answer_choices", "choice_list")
ANSWER = (
    *("answer", "answer_key", "answerkey", "correct", "correct_answer", "correct_option", "correct_choice", "label"),
    *("gold", "target", "cop", "solution"),
)
"""What the columns are called: the first that is there and says something counts."""
INDEX = ("answer_index", "answer_idx", "gold_index", "correct_index")
COLUMNS = ("{}", "option_{}", "option{}", "choice_{}", "choice{}", "op{}", "ending{}", "ending_{}", "sol{}", "answer{}")
"""What a column for each option is called, with its letter or number in place of {}."""
MARKED = re.compile(r"\(?([A-Za-z])\s*[).:]\s*(.+)", re.DOTALL)
"""An option with its letter before it: A) 12."""


def listed_options(row: Rows) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options, and what the file calls each of them ("" where it only lists them).

    KeyError where there are none, ValueError where they are not at least two texts.
    """
    listed = next((key for key in OPTIONS if isinstance(_parsed(row.get(key)), list | dict)), "")
    found = list(_pairs(_parsed(row[listed]), listed)) if listed else list(_columns(row))
    if not found:
        raise KeyError("options")
    while found and not found[-1][1]:  # a table of four columns may hold questions with fewer options
        found.pop()
    labels, texts = tuple(label for label, _ in found), tuple(option for _, option in found)
    name = listed or "options"
    if "" in texts:
        raise ValueError(f"{name}: option {texts.index('') + 1} of {len(texts)} is empty")
    if not 2 <= len(texts) <= MOST:
        raise ValueError(f"{name}: {len(texts)} of them; a question has 2 to {MOST}")
    marks = [MARKED.fullmatch(option) for option in texts]
    if all(mark and mark[1].upper() == LETTERS[at] for at, mark in enumerate(marks)):
        return tuple(mark[2].strip() for mark in marks if mark), tuple(LETTERS[: len(texts)])
    return texts, labels


def _parsed(value: Any) -> Any:
    """A list or an object that stands in a cell of a table as text."""
    if not isinstance(value, str) or value.strip()[:1] not in ("[", "{"):
        return value
    for reader in (json.loads, literal_eval):
        try:
            return reader(value)
        except (ValueError, SyntaxError):
            continue
    return value


def _pairs(listed: Any, name: str) -> Iterator[tuple[str, str]]:
    """Label and text of each: of a list, of an object by label, of two lists of labels and texts."""
    if isinstance(listed, dict):
        texts, labels = listed.get("text"), listed.get("label")
        if isinstance(texts, list) and isinstance(labels, list):
            if len(texts) != len(labels):
                raise ValueError(f"{name}: {len(texts)} texts and {len(labels)} labels")
            yield from ((str(label), _text(each, name)) for label, each in zip(labels, texts, strict=True))
        else:
            yield from ((str(label), _text(each, name)) for label, each in listed.items())
        return
    for each in listed:
        if isinstance(each, dict):
            yield str(each.get("label", "")), _text(each.get("text"), name)
        else:
            yield "", _text(each, name)


def _columns(row: Rows) -> Iterator[tuple[str, str]]:
    """Columns of one form, by letter or by number from 0 or 1."""
    for form in COLUMNS:
        for names in ([*LETTERS.lower()], [str(nth) for nth in range(1, 11)], [str(nth) for nth in range(10)]):
            there = [name for name in names if form.format(name) in row]
            if len(there) > 1 and there == names[: len(there)]:
                # a column's number says not from where the answers count
                labels = [name.upper() if name.isalpha() else "" for name in there]
                yield from zip(
                    labels, (_text(row[form.format(name)], form.format(name)) for name in there), strict=True
                )
                return


def _text(value: Any, name: str) -> str:
    """An option as text; a number is one, and so is the word None. "" for nothing."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    if isinstance(value, list | dict):
        raise ValueError(f"{name}: expected a text for each option, got {kind(value)}")
    return str(value).strip()


def whole(value: Any) -> str:
    """A text that may be missing."""
    return value.strip() if isinstance(value, str) else ""


def answer(row: Rows, options: Sequence[str], labels: Sequence[str], first: int) -> int:
    """Place of the right option, from 0: by its label or letter, its number (from `first` on), or its text.

    ValueError where it is none of them, more than one, or not to be told from another with the same text.
    """
    key = next((key for key in (*ANSWER, *INDEX) if not _nothing(row.get(key))), "")
    if not key:
        named = next((key for key in (*ANSWER, *INDEX) if key in row), "")
        raise ValueError(f"{named}: says nothing") if named else KeyError("answer")
    place = _place(row[key], key, options, labels, first)
    if not 0 <= place < len(options):
        raise ValueError(f"{key}: {row[key]} of {len(options)} options, counted from {first} (scenario.first)")
    if list(options).count(options[place]) > 1:
        raise ValueError(f"options: the right one, {cut(options[place])}, stands there twice")
    return place


def counted_from(found: Iterable[Rows]) -> int:
    """From where the answers of a file count that are numbers: from 1 where none is 0 and one is as high as the number
    of its options; else from 0."""
    seen: set[int] = set()
    for row in found:
        value = next((row[key] for key in (*ANSWER, *INDEX) if not _nothing(row.get(key))), "")
        if not re.fullmatch(r"\d+(?:\.0)?", str(value).strip()):
            continue
        try:
            options, labels = listed_options(row)
        except (KeyError, ValueError):
            continue
        number = int(float(value))
        if str(number) not in (*options, *labels):
            seen.add(-1 if number == len(options) else number)
    return int(-1 in seen and 0 not in seen)


def _nothing(value: Any) -> bool:
    return value in (None, []) or (isinstance(value, float) and isnan(value)) or not str(value).strip()


def _place(value: Any, key: str, options: Sequence[str], labels: Sequence[str], first: int) -> int:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool | list | dict):
        raise ValueError(f"{key}: expected one letter, number or option, got {kind(value)}")
    if isinstance(value, int | float):
        return _numbered(value, key, labels, first)
    said = value.strip()
    bare = said.strip("().: ")
    named = [label.casefold() for label in labels] if all(labels) else list(LETTERS.lower()[: len(options)])
    if bare.casefold() in named:
        return named.index(bare.casefold())
    places = {at for at, option in enumerate(options) if option == said}
    if re.fullmatch(r"-?\d+(?:\.0)?", bare) and not places:
        return int(float(bare)) - first
    if (
        len(places) == 1
        and bare.isdecimal()
        and int(bare) - first not in places
        and 0 <= int(bare) - first < len(options)
    ):
        raise ValueError(f"{key}: {said} is one option's text and another's number; give its letter")
    if not places:
        raise ValueError(f"{key}: {cut(said)} is no letter, number or text of the {len(options)} options")
    return min(places)


def _numbered(value: float, key: str, labels: Sequence[str], first: int) -> int:
    if value != int(value):
        raise ValueError(f"{key}: {value} is no whole number")
    # choices that the file itself calls 1, 2, 3 and so on are meant by that
    return labels.index(str(int(value))) if str(int(value)) in labels else int(value) - first
