"""What a model is told in terms of JSON, in a person's words: prompts stay as they are, and a person reads them so."""

import re
from textwrap import fill

_LITERAL = re.compile(r"\{+\s*\"[^{}]*\}+")
_PAIR = re.compile(r"\"(\w+)\":\s*(\[[^\]]*\]|[^,\[\]]+)")
_ASIDE = re.compile(r"\((?:Answer|Write|Give|Put)[^(){}]*\bJSON\b[^(){}]*\{[^{}]*\}[^()]*\)")
"""A form in brackets and nothing else: what can be answered is said beside the question."""
_TAIL = re.compile(r",\s*(?:as|in) (?:one )?JSON(?: object)?\b(?=[.)])")
_SENTENCE = re.compile(r"[^.?!()\n]*\bJSON\b[^.?!(){}\n]*[.?!]")
_AS = re.compile(r"\b(?:as|in|with) (?:one |a )?JSON(?: object)?(?: of this form)?\b")
_JSON = re.compile(r"\b(?:one |a |an )?JSON(?: object)?(?: of this form)?\b")
_EMPTY = re.compile(r"[ \t]*\(\s*\)")


def in_words(text: str) -> str:
    """A prompt without JSON: its forms become names and ranges, and what only says how to write them is left out."""
    for pattern in (_ASIDE, _TAIL, _SENTENCE):
        text = pattern.sub("", text)
    text = _JSON.sub("this form", _AS.sub("in this form", text))
    return _EMPTY.sub("", _LITERAL.sub(lambda found: _named(found[0]), text)).strip()


def _named(literal: str) -> str:
    """`{"move": "test", "test": "..."}` as `test (test)`, `{"score": 0-10}` as `score (0-10)`."""
    pairs = _PAIR.findall(literal.strip("{}"))
    if pairs and pairs[0][0] == "move":
        verb = pairs[0][1].strip().strip('"')
        return f"{verb} ({', '.join(_spaced(name) for name, _ in pairs[1:])})"
    return " and ".join(f"{_spaced(name)}{_range(value.strip())}" for name, value in pairs) or "a few words"


def _range(value: str) -> str:
    plain = value.replace("true/false", "yes/no").replace('"', "")
    return "" if "..." in plain or not plain else f" ({plain})"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def wrapped(text: str, width: int) -> str:
    """Each line broken at words so that none is wider, 20 columns at least; what is one word is never broken."""
    width = max(width, 20)
    return "\n".join(
        fill(
            line, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False, subsequent_indent=""
        )
        for line in text.splitlines()
    )


def fresh(text: str, last: str) -> str:
    """A text without the lines that it begins with like the last one."""
    lines, old = text.splitlines(), last.splitlines()
    same = 0
    while same < min(len(lines), len(old)) and lines[same] == old[same]:
        same += 1
    return "\n".join(lines[same:]).strip() or text
