"""The text of one cell of a table, the same in every renderer."""

from collections.abc import Callable, Mapping
from typing import Any

from simrun.report.blocks import Column, Row, Scalar, Table, at
from simrun.report.figures import figure, interval

ARROW = {"higher": " ↑", "lower": " ↓", "neither": ""}
"""Which way an outcome is better."""


def cell(column: Column, row: Row) -> str:
    """What a row says in a column, `-` for nothing."""
    return _written(column.form, column.pattern, [_found(row, key) for key in column.keys])


def texts(table: Table) -> list[list[str]]:
    """What a person is shown of a table: the cells of each row."""
    return [[cell(column, row) for column in table.columns if column.shown] for row in table.rows]


def strong(column: Column, row: Row) -> bool:
    """Whether it stands out: a declared outcome among others."""
    return column.form == "outcome" and _found(row, column.keys[2]) == "primary"


def scalar(given: Scalar) -> str:
    """A value with its unit."""
    return f"{_written(given.form, '{}', [given.value])} {given.unit}".strip()


def _found(row: Row, key: str) -> Any:
    try:
        return at(row, key)
    except KeyError:
        return None


def _written(form: str, pattern: str, values: list[Any]) -> str:
    if form in _TOGETHER:
        return _TOGETHER[form](*values)
    return pattern.format(*(_ALONE[form](value) for value in values))


def _interval(signed: bool) -> Callable[..., str]:
    def written(value: float | None, low: float | None, high: float | None, instead: str | None = None) -> str:
        return instead or interval(value, low, high, signed=signed)

    return written


def _mean(mean: float | None, of: int | None, there: int | None) -> str:
    return figure(mean) + (f" ({of})" if of != there else "")


def _groups(values: Mapping[str, float], numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {figure(value)} ({numbers[name]})" for name, value in values.items())


def _list(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {told}" for name, told in value.items()) or "-"
    return ", ".join(map(str, value or ())) or "-"


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


_TOGETHER: Mapping[str, Callable[..., str]] = {
    "outcome": lambda name, better, _: f"{name}{ARROW[better]}",
    "interval": _interval(False),
    "signed interval": _interval(True),
    "groups": _groups,
    "mean": _mean,
}
_ALONE: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "count": _text,
    "list": _list,
    "figure": figure,
    "signed": lambda value: figure(value, signed=True),
    "share": lambda value: "-" if value is None else f"{100 * value:.3g} %",
}
