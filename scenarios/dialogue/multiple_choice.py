"""Multiple-choice questions: our own and those made by rule, and files of others, MMLU-style CSV or JSON lines."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from simrun.scenarios.base import Case, Fault
from simrun.scenarios.dialogue.answers import LETTERS, MOST, Rows, answer, counted_from, listed_options, whole
from simrun.scenarios.dialogue.items import Item, made
from simrun.scenarios.fields import absent, ident, text
from simrun.scenarios.files import KINDS, Source, read, rows, source

ASKED = ("question", "query", "problem", "stem", "question_stem", "sentence", "prompt", "input", "goal", "ctx", "text")
BEFORE = ("context", "passage", "article", "paragraph", "background")
SUBJECT = ("subject", "category", "task", "domain", "topic", "subject_name")
IDENT = ("id", "question_id", "qid", "idx", "index")
"""What the columns are called: the first that is there counts."""
First = Literal["auto", 0, 1]
"""The number of the first option where a file gives its answers by number; `auto` finds it out from all of them."""
SPLITS = re.compile(r"[_-](?:test|dev|val|validation|train)$")
"""What MMLU's file names end in behind the subject."""
TIED = re.compile(r"\b(?:above|below|preceding|previous|foregoing|other (?:options|choices|answers))\b", re.IGNORECASE)
"""An option that speaks of the others by where they stand."""


class Question(Case):
    """A question with options, one of them right."""

    subject: str = ""
    question: str
    options: tuple[str, ...] = Field(min_length=2, max_length=MOST)
    answer: Annotated[int, Field(ge=0)]
    """Place of the right option, from 0."""
    why: str = ""
    """What makes it right; "" where the file does not say."""
    orders: tuple[tuple[int, ...], ...] = ()
    """The orders in which the options are shown, as places in `options`: the second is the first one turned round. One
    order only where options speak of each other."""

    def letter(self, nth: int, place: int) -> str:
        """Which letter an option has in the nth order."""
        return LETTERS[self.orders[nth].index(place)]

    def letters(self) -> str:
        """As many as there are options."""
        return LETTERS[: len(self.options)]

    def shown(self, nth: int) -> str:
        """The options in the nth order, a line each."""
        order = self.orders[nth]
        return "\n".join(f"{letter}. {self.options[at]}" for letter, at in zip(LETTERS, order, strict=False))

    def tied(self) -> bool:
        """Whether options speak of each other (all of the above; both A and C), so that their order is part of them."""
        letter = rf"\(?[{self.letters()}]\)?"
        two = rf"(?:only |both |either |neither )?{letter}(?:, {letter})*,? (?:and|or|nor|&) {letter}(?: only)?\.?"
        return any(TIED.search(option) or re.fullmatch(two, option, re.IGNORECASE) for option in self.options)


Found = tuple[tuple[Question, ...], tuple[Fault, ...]]
"""Questions, and the rows that are none."""


def questions(
    path: str, encoding: str, first: First, count: int, draw: int
) -> tuple[tuple[Question, ...], tuple[Fault, ...]]:
    """The questions of a file or a folder of files; "" for our own and `count` made by rule, fresh with every `draw`.

    The orders of the options are drawn, by `draw` too. FileNotFoundError where there is nothing, ValueError where
    nothing in it is a question.
    """
    found, faults = _given(path, encoding, first) if path else (_own(count, draw), ())
    rng = np.random.default_rng(draw)
    return tuple(_ordered(each, rng) for each in found), faults


def _ordered(question: Question, rng: np.random.Generator) -> Question:
    drawn = tuple(int(at) for at in rng.permutation(len(question.options)))
    if question.tied():
        return question.model_copy(update={"orders": (tuple(range(len(drawn))),)})
    return question.model_copy(update={"orders": (drawn, drawn[::-1])})


def _own(count: int, draw: int) -> tuple[Question, ...]:
    ours = source("", "dialogue/reasoning.jsonl", "")
    written = tuple(Item.model_validate(row) for _, row in rows(ours))
    return tuple(Question(**each.model_dump()) for each in (*written, *made(draw, count)))


def _given(path: str, encoding: str, first: First) -> Found:
    place = Path(path).expanduser()
    if not place.is_dir():
        return _file(source(path, "", "scenario.data", encoding), first)
    files = [file for file in sorted(place.rglob("*")) if file.suffix.lower() in KINDS]
    found: list[Question] = []
    faults: list[Fault] = []
    for file in files:
        try:
            own, wrong = _file(source(str(file), "", "scenario.data", encoding), first)
        except ValueError as error:
            own, wrong = (), (Fault(file=str(file), line=0, field="-", why=str(error)),)
        found += own
        faults += wrong
    if not found:
        first_fault = f"; first fault: {faults[0]}" if faults else f"; a file of them ends in {', '.join(KINDS)}"
        raise ValueError(f"scenario.data: {path} holds no question{first_fault}")
    if len({each.id for each in found}) < len(found):  # files that count from 0 each
        found = [each.model_copy(update={"id": f"{nth}-{each.id}"}) for nth, each in enumerate(found)]
    return tuple(found), tuple(faults)


def _file(file: Source, first: First) -> Found:
    subject = SPLITS.sub("", file.stem).replace("_", " ")
    found = list(rows(file, headless=headless))
    told = (_plain(row) for _, row in found if isinstance(row, dict))
    start = counted_from(told) if first == "auto" else int(first)

    def make(row: dict[str, Any], line: int) -> Question:
        return _question(_plain(row), f"{file.stem}-{line}", subject, start)

    return read(file, found, make, lambda question: question.id)


def headless(cells: Sequence[str]) -> Sequence[str] | None:
    """The names of the columns of a table without header (question, options, the right one's letter or number); None
    where its first row is a header, or something else."""
    named = {_name(cell) for cell in cells} & {*ASKED, "answer", "label"}
    last = cells[-1].strip() if cells else ""
    if named or len(cells) < 4 or not re.fullmatch(rf"[{LETTERS}]|\d", last, re.IGNORECASE):
        return None
    return ("question", *ascii_uppercase[: len(cells) - 2], "answer")


def _plain(row: Mapping[str, Any]) -> Rows:
    """The row by plain names; what a question holds as an object (ARC, CommonsenseQA) stands beside the rest."""
    inner = row.get("question")
    flat = {**row, **inner} if isinstance(inner, dict) else row
    kept = {_name(key): value for key, value in flat.items()}
    if isinstance(inner, dict):
        kept.pop("question", None)
    return kept


def _name(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip()).casefold()


def _question(row: Rows, otherwise: str, subject: str, first: int) -> Question:
    asked = next((key for key in ASKED if key in row), "")
    if not asked:
        raise KeyError("question")
    before = next((str(row[key]).strip() for key in BEFORE if not absent(row.get(key))), "")
    told = text(row[asked], asked).strip()
    options, labels = listed_options(row)
    topic = next((str(row[key]).strip() for key in SUBJECT if not absent(row.get(key))), subject)
    return Question(
        id=ident(next((row[key] for key in IDENT if key in row), None), otherwise),
        subject=topic,
        question=f"{before}\n\n{told}" if before else told,
        options=options,
        answer=answer(row, options, labels, first),
        why=whole(row.get("why") or row.get("explanation") or row.get("exp") or row.get("rationale")),
    )
