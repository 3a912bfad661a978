"""Two transcripts side by side: which turns belong together, and which words of two texts differ."""

import re
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


class Piece(NamedTuple):
    """A part of a text, and whether the other text has something else in its place."""

    text: str
    differs: bool


def parted(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces that together are the text: whole words that are in both, and those that differ."""
    one, other = _WORDS.findall(left), _WORDS.findall(right)
    mine: list[Piece] = []
    theirs: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        mine += _piece(one[a:b], tag != "equal")
        theirs += _piece(other[c:d], tag != "equal")
    return tuple(mine), tuple(theirs)


def _piece(words: Sequence[str], differs: bool) -> Iterator[Piece]:
    if words:
        yield Piece("".join(words), differs)


def aligned(
    left: Sequence[T], right: Sequence[T], keys: tuple[Sequence[Hashable], Sequence[Hashable]]
) -> Iterator[tuple[T | None, T | None]]:
    """What stands beside what: in the longest common order of their keys, such as who speaks; None beside what the
    other has not."""
    for tag, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(left[a:b], right[c:d], strict=True)
        else:
            yield from zip_longest(left[a:b], right[c:d])
