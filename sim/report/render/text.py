"""Free text in Markdown: words of anybody's (names, levels, notes, errors) that become words on the page, and nothing
else. Strong words and code, which our own sentences have, stay."""

import re

from simrun.agents.printable import printable

_ENTITIES = (
    (re.compile(r"&(?=#?\w+;)"), "&amp;"),  # an entity could stand for any of the others
    (re.compile(r"<(?=[A-Za-z/!?])"), "&lt;"),  # a tag or a link in angle brackets
    (re.compile(r"\](?=[(\[:])"), "&#93;"),  # a link, an image, what a link refers to
)
_LEADING = re.compile(r"^(?=#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|([-*_=])\s*(?:\1\s*)+$|`{3}|~{3}|\||\[)")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_PIPES = re.compile(r"(\\*)\|")


def words(text: str) -> str:
    """In the middle of a line: no tag, no link, no new line. An entity does what no backslash before it can undo."""
    line = printable(" ".join(re.split(r"[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]+", text)))
    for mark, entity in _ENTITIES:
        line = mark.sub(entity, line)
    return line


def paragraph(text: str) -> str:
    """At the beginning of a line: neither a heading nor a list, a quotation, a rule, a table or code."""
    line = words(text).strip()
    return _NUMBERED.sub(r"\1\\\2", _LEADING.sub(r"\\", line))


def cell(text: str) -> str:
    """In a table: no new column."""
    return _PIPES.sub(lambda found: f"{found[1]}{found[1]}\\|", words(text))
