"""What a model thinks aloud is not said: it is neither heard nor read for decisions."""

import re

from simrun.agents.reading.objects import is_object

_NAMES = (
    r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|analysis|inner_monologue|monologue)"
)
_OPENING = (
    rf"<{_NAMES}(?:\s[^<>]{{0,80}})?>",
    r"\[think(?:ing)?\]",
    r"<\|(?:begin_of_thought|start_thinking|thinking)\|>",
    "◁think▷",
    r"(?:<\|start\|>assistant)?<\|channel\|>\s{0,9}(?:analysis|commentary)\b",
    r"<\|channel>\s{0,9}thought",
)
_CLOSING = (
    rf"</\s{{0,9}}{_NAMES}\s{{0,9}}>",
    r"\[/think(?:ing)?\]",
    r"<\|(?:end_of_thought|end_thinking|/thinking)\|>",
    "◁/think▷",
    r"<\|channel\|>\s{0,9}final\s{0,9}(?:<\|constrain\|>\s{0,9}\w{0,20}\s{0,9})?<\|message\|>",
    r"<channel\|>",
)
MARK = re.compile(f"(?=[<[◁])(?:(?P<closing>{'|'.join(_CLOSING)})|(?P<opening>{'|'.join(_OPENING)}))", re.IGNORECASE)
"""Where a thought begins or ends, in the marks of the model families that we know of."""
UNMARKED = {"analysis": "assistantfinal", "here is my thought process:": "here is my response:"}
"""Thoughts whose marks are plain words: how the reply begins -> what ends the thought."""
_BEGUN = re.compile(
    r"^\s*(?:<\|begin_of_solution\|>|<\|start_response\|>|<\|im_start\|>assistant\b|<\|start\|>assistant<\|message\|>)",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"<\|(?:im_end|end|return|eot_id|eom_id|endoftext|end_of_text|end_of_turn|end_of_solution|end_response|"
    r"end_of_turn_token)\|>|</s>|<end_of_turn>|<eos>",
    re.IGNORECASE,
)


def spoken(text: str) -> str:
    """What stands after the last closing mark.

    A template may have opened the thought, so that only its end is seen. Where nothing follows the last mark, what
    stands outside of thoughts was said.
    """
    if (
        "<" not in text
        and "[" not in text
        and "◁" not in text
        and not text[:40].lstrip().lower().startswith(("an", "h"))
    ):
        return text
    marks = list(MARK.finditer(text))
    if (marks or "<" in text) and is_object(text):  # what is quoted within a decision ends nothing
        return text
    end, opened = _around(text, marks)
    said = _bare(text[end:opened])
    if not said.strip() and any(mark["closing"] for mark in marks):
        said = _bare("".join(_outside(text, marks)))
    return said


def thought(text: str) -> str:
    """What stands before what is said, with the mark that closes it; all of a reply that is nothing but a thought, and
    "" where nothing was thought."""
    marks = list(MARK.finditer(text))
    if is_object(text):
        return ""
    end, opened = _around(text, marks)
    return text[:end] if text[end:opened].strip() or not marks else text


def worded(text: str) -> bool:
    """Whether a thought's marks are plain words, in place of tokens of their own that the engine did not show."""
    return _unmarked(text) > 0


def _around(text: str, marks: list[re.Match[str]]) -> tuple[int, int | None]:
    """From where, and up to where, something is said."""
    closing = next((mark for mark in reversed(marks) if mark["closing"]), None)
    end = max(closing.end() if closing else 0, _unmarked(text))
    opened = next((mark for mark in marks if mark.start() >= end), None)
    return end, opened.start() if opened else None


def thoughts(text: str, said: str) -> int:
    """How many words of an answer are not in what was said of it (`spoken`), marks left out: what was thought aloud.

    0 where nothing was dropped; a template's own marks are no words.
    """
    if text is said or text == said:
        return 0
    return max(0, len(MARK.sub(" ", _bare(text)).split()) - len(said.split()))


def _unmarked(text: str) -> int:
    start = text[:40].lstrip().lower()
    for begun, ended in UNMARKED.items():
        if start.startswith(begun) and (at := text.lower().rfind(ended)) >= 0:
            return at + len(ended)
    return 0


def _outside(text: str, marks: list[re.Match[str]]) -> list[str]:
    """The parts of a text outside of its thoughts; all before the end of one that was not opened is a thought."""
    parts = list[str]()
    begin: int | None = 0
    for mark in marks:
        if mark["closing"]:
            parts = [] if begin is not None else parts
            begin = mark.end()
        elif begin is not None:
            parts.append(text[begin : mark.start()])
            begin = None
    return parts if begin is None else [*parts, text[begin:]]


def _bare(text: str) -> str:
    """Without the marks of a template; what follows the end of the turn was written for somebody else."""
    if "<" not in text:
        return text
    text = _BEGUN.sub("", text)
    ended = _ENDED.search(text)
    return text[: ended.start()] if ended else text
