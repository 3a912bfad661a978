"""What stands in a field of somebody's file, or what is wrong with it: errors name the field first."""

from collections.abc import Mapping
from math import isnan
from typing import Any

_NOTHING = frozenset({"", "nan", "none", "null", "n/a", "na", "#n/a", "<na>", "nat"})
_KINDS = {dict: "an object", list: "a list", bool: "a truth value", int: "a number", float: "a number"}


def absent(value: Any) -> bool:
    """Whether a cell says nothing: empty, or what tables write for a missing value, such as NaN."""
    return (
        value is None
        or (isinstance(value, float) and isnan(value))
        or (isinstance(value, str) and value.strip().casefold() in _NOTHING)
    )


def text(value: Any, field: str) -> str:
    """A text that must be there. ValueError for none, and for what is no text, such as a list or an object."""
    if absent(value):
        raise ValueError(f"{field}: {'empty' if value is None or not str(value).strip() else f'no text, but {value}'}")
    if not isinstance(value, str):
        raise ValueError(f"{field}: expected a text, got {kind(value)}")
    return value


def items(value: Any, field: str) -> tuple[str, ...]:
    """Texts of a list; one text is one item, nothing is none. ValueError for what is neither."""
    if absent(value):
        return ()
    if isinstance(value, str):
        return (value.strip(),)
    if not isinstance(value, list):
        raise ValueError(f"{field}: expected a list of texts, got {kind(value)}")
    return tuple(text(each, field) for each in value)


def table(value: Any, field: str) -> Mapping[str, Any]:
    """An object that must be there. ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{field}: expected an object, got {kind(value)}")
    return value


def ident(value: Any, otherwise: str) -> str:
    """An id as text, 0 too; `otherwise` where none is given. ValueError for what can be none."""
    if value is None or (isinstance(value, float) and isnan(value)) or not str(value).strip():
        return otherwise
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError(f"id: expected a text or a number, got {kind(value)}")
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def truth(value: Any, field: str) -> bool:
    """A truth value, also in words. ValueError for what is none."""
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = known.get(str(value).strip().casefold())
    if found is None:
        raise ValueError(f"{field}: expected true or false, got {cut(value)}")
    return found


def kind(value: Any) -> str:
    """What a value is, for a message."""
    return _KINDS.get(type(value), "nothing" if value is None else "a text")


def cut(value: Any) -> str:
    """A value for a message, and no more of it than tells which: a cell may be somebody's life."""
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
