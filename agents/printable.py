"""Text of anybody's made fit to show: without what a terminal, or whoever reads a page, would obey instead of reading,
and with slurs masked. All that is shown of what was said passes through here."""

import re

from simrun.agents.slurs import masked

_OBEYED = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline: colours, titles, the clipboard, bells
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing: words in another order
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # nothing to be seen
    "\u2028\u2029\ud800-\udfff"  # lines of another kind, halves of characters
)
_UNSAFE = re.compile(f"[{_OBEYED}]")
_BREAKS = re.compile("[\n\t]")


def printable(text: str) -> str:
    """The text with every such character as its escape, such as \\x1b, and slurs by their first letter; its lines
    stay."""
    return escaped(masked(text))


def escaped(text: str) -> str:
    """The text with every such character as its escape, and slurs as they are: for whoever asks to see them."""
    return _UNSAFE.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same of what stands in one line: a newline in it is an escape too."""
    return _BREAKS.sub(_escape, printable(text))


def indented(text: str, by: str = "    ") -> str:
    """The same of what was said: further lines stand below it, so that none looks like the next speaker's."""
    return printable(text).replace("\n", f"\n{by}")


def printable_json(text: str) -> str:
    """JSON that says the same without such characters, slurs by their first letter. They stand in its strings alone,
    where an escape is theirs."""
    return _UNSAFE.sub(lambda found: _coded(ord(found[0])), masked(text, escaped=True))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _coded(point: int) -> str:
    if point < 0x10000:
        return f"\\u{point:04x}"
    return f"\\u{0xD800 + ((point - 0x10000) >> 10):04x}\\u{0xDC00 + ((point - 0x10000) & 0x3FF):04x}"
