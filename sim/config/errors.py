"""What is wrong with what was asked for, and what would do."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class ConfigError(Exception):
    """A run that cannot be as it was asked for, and what to change."""


def unknown(kind: str, name: str, known: Sequence[str]) -> ConfigError:
    """The error for a name that is not on a menu."""
    close = get_close_matches(name, known, 1)
    return ConfigError(
        f"no {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else ".") + f" There are: {', '.join(known)}"
    )


def explained(error: ValidationError) -> str:
    """The first things wrong with a record, in one line: field, what came, what would do."""
    return "; ".join(_told(item) for item in error.errors()[:3])


def _told(item: "ErrorDetails") -> str:
    what = item["msg"].removeprefix("Value error, ")
    # what is wrong with several fields together names them itself
    return f"{'.'.join(map(str, item['loc']))}: {what}, got {item['input']!r}"[:300] if item["loc"] else what
