"""How the words of others stand in a prompt, so that nothing in them looks like a line of ours or of somebody else.

Whoever speaks begins a line with their name. Every further line of the same words begins with a mark, so that a line
without it is never theirs. Words of one line stand as they are.
"""

import json
import re

from simrun.agents.agent import called

MARK = "  | "
"""Begins each further line of what one person said, or of a document in free words."""

_OURS = re.compile(r"\s*(?:[\[({]|\w[\w .'’-]{0,60}:)")
_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(
    r"<(?=[|｜])|<(?=<?/?(?:s|sys|bos|eos|pad|unk|start_of_turn|end_of_turn|bos_token|eos_token)>)|"
    r"\[(?=/?(?:inst|system_prompt|available_tools|tool_calls|tool_results)\])",
    re.IGNORECASE,
)
"""Begins a mark by which chat templates tell messages apart, and which some tokenizers read in any text."""


def lines(text: str) -> list[str]:
    """The lines of a text, whatever ends them."""
    return _BREAK.split(text)


def one_line(text: str) -> str:
    """A text whose lines follow each other on one."""
    return text if text.isprintable() else " ".join(line.strip() for line in lines(text) if line.strip())


def disarmed(text: str) -> str:
    """A text in which no mark of a chat template is left: a blank breaks it."""
    return _CONTROL.sub(r"\g<0> ", text) if "<" in text or "[" in text else text


def attributed(role: str, words: str) -> str:
    """What those who hear somebody read: a name, the words, and the mark before each further line of them."""
    first, *further = lines(words) if not words.isprintable() else [words]
    return disarmed("\n".join((f"{called(role)}: {first}", *map(_marked, further))))


def set_off(document: str) -> str:
    """A document in free words, which stands on lines of its own: the first of them is marked only where it begins as
    ours do, with a bracket or a name and a colon."""
    first, *further = lines(document)
    return disarmed("\n".join((_marked(first) if _OURS.match(first) else first, *map(_marked, further))))


def quoted(text: str) -> str:
    """A text in quotation marks that it cannot close, on one line: as JSON writes it."""
    return json.dumps("\n".join(lines(disarmed(text))), ensure_ascii=False)


def _marked(line: str) -> str:
    return f"{MARK}{line}".rstrip()
