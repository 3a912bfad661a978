"""Word vectors out of a file in word2vec's text form, of the words that are asked for only."""

import gzip
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from simrun.scenarios.base import Fault

Found = Mapping[str, NDArray[np.float64]]


def vectors(path: str, words: Collection[str]) -> tuple[Found, tuple[Fault, ...]]:
    """The vectors of these words, and the lines that hold none.

    A line is a word and its numbers, white space between them; a first line of two numbers (how many words, how many
    numbers each) may be there, and the file may be packed with gzip. A word is found as it stands or in small letters,
    one of several words with _ between them. FileNotFoundError where there is no file, ValueError where it is in
    another form.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise FileNotFoundError(
            f"scenario.vectors: no file {path!r}; give word vectors in word2vec's text form, also packed (.gz)"
        )
    spelled: dict[str, list[tuple[int, str]]] = {}
    for word in words:
        for rank, form in enumerate(_forms(word)):
            spelled.setdefault(form, []).append((rank, word))
    try:
        with _opened(place) as file:
            return _read(place, file, spelled)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(
            f"{place}: not word2vec's text form ({error}); a binary file must be saved as text first, for example by "
            "gensim's save_word2vec_format(binary=False)"
        ) from None


def _forms(word: str) -> tuple[str, ...]:
    """How a word may be spelled in the file, the likeliest first."""
    joined = word.replace(" ", "_")
    return tuple(dict.fromkeys((joined, joined.lower(), word.replace(" ", "-").lower())))


def _opened(place: Path) -> IO[str]:
    with place.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(place, "rt", encoding="utf-8") if packed else place.open(encoding="utf-8")


def _read(
    place: Path, file: IO[str], spelled: Mapping[str, Sequence[tuple[int, str]]]
) -> tuple[Found, tuple[Fault, ...]]:
    found: dict[str, tuple[int, NDArray[np.float64]]] = {}
    faults: list[Fault] = []
    size = 0
    for number, form, numbers in _lines(file):
        size = size or len(numbers.split())
        # of two spellings of a word the likelier one counts
        wanted = [(rank, word) for rank, word in spelled.get(form, ()) if word not in found or rank < found[word][0]]
        if not wanted:
            continue
        vector = _vector(numbers, size)
        if isinstance(vector, str):
            faults.append(Fault(file=str(place), line=number, field=form, why=vector))
        else:
            found |= {word: (rank, vector) for rank, word in wanted}
    if not size:
        raise ValueError(f"{place}: no line holds a word and its numbers")
    return {word: vector for word, (_, vector) in found.items()}, tuple(faults)


def _lines(file: IO[str]) -> Iterator[tuple[int, str, str]]:
    """Line number, word and the text of its numbers, without the header."""
    for number, line in enumerate(file, 1):
        form, numbers = (*line.split(None, 1), "", "")[:2]
        if number == 1 and form.isdecimal() and numbers.strip().isdecimal():
            continue
        if numbers.strip():
            yield number, form, numbers


def _vector(numbers: str, size: int) -> NDArray[np.float64] | str:
    """The numbers, or what is wrong with them."""
    try:
        vector = np.array(numbers.split(), dtype=np.float64)
    except ValueError as error:
        return f"not all numbers ({error})"
    if len(vector) != size:
        return f"{len(vector)} numbers, and the first word has {size}"
    return vector if np.isfinite(vector).all() else "a number is infinite or NaN"
