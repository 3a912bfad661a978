"""What is wrong with what was asked for, and what would do."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

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


def explained(error: ValidationError, kind: type[BaseModel] | None = None) -> str:
    """The first things wrong with a record, in one line: field, what came, what would do; of a field that there is
    not the closest name, where the `kind` of record is told."""
    return "; ".join(_told(item, kind) for item in error.errors()[:3])


def _told(item: "ErrorDetails", kind: type[BaseModel] | None) -> str:
    if kind and item["type"] == "extra_forbidden" and (known := _fields(kind, item["loc"][:-1])):
        *above, name = map(str, item["loc"])
        return str(unknown(f"option of {'.'.join(above)}" if above else "option", name, known))
    what = item["msg"].removeprefix("Value error, ")
    if item["type"] == "literal_error" and isinstance(item["input"], str):
        # pydantic lists what would do as "'full', 'blocks' or 'fractional'"
        close = get_close_matches(item["input"], re.findall(r"'([^']*)'", item["ctx"]["expected"]), 1)
        what += f"; did you mean {close[0]!r}?" if close else ""
    # what is wrong with several fields together names them itself
    return f"{'.'.join(map(str, item['loc']))}: {what}, got {item['input']!r}"[:300] if item["loc"] else what


def _fields(kind: type[BaseModel], where: Sequence[int | str]) -> list[str]:
    """The fields of a record, or of what is told in one of them, or in an entry of a list there; [] where that is no
    record."""
    for part in (each for each in where if isinstance(each, str)):
        field = kind.model_fields.get(part)
        told = (field.annotation, *get_args(field.annotation)) if field else ()
        inner = [each for each in told if isinstance(each, type) and issubclass(each, BaseModel)]
        if not inner:
            return []
        kind = inner[0]
    return list(kind.model_fields)
