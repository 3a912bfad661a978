"""How a command speaks: results to stdout, all else to stderr, and nothing that a terminal would obey."""

import sys

from simrun.agents.printable import one_line, printable, printable_json


def say(text: str) -> None:
    """One line to stderr."""
    print(one_line(text), file=sys.stderr, flush=True)


def tell(text: str, as_json: bool = False) -> None:
    """Lines to stdout, or one JSON value."""
    print(printable_json(text) if as_json else printable(text))
