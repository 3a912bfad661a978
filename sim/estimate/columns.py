"""What metrics ask of their columns: flat, of one length, without gaps; decisions of 0 and 1; groups to compare."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Cells = NDArray[np.intp]


def numbers(name: str, values: ArrayLike) -> Floats:
    """The column as floats (n,); ValueError when it is not flat or a value is missing or infinite."""
    found: Floats = np.asarray(values, dtype=float)
    _flat(name, found)
    if not np.isfinite(found).all():
        raise ValueError(
            f"{name}: {int((~np.isfinite(found)).sum())} values are missing or infinite; leave those rows "
            "out and count them as excluded"
        )
    return found


def decisions(name: str, values: ArrayLike) -> Floats:
    """A column of 0 and 1 as floats (n,); ValueError for any other value."""
    found = numbers(name, values)
    if wrong := sorted(set(found.tolist()) - {0.0, 1.0}):
        raise ValueError(f"{name}: decisions must be 0 or 1, got {wrong[:5]}; compare a score with its threshold first")
    return found


def labels(name: str, values: ArrayLike, least: int = 0) -> Names:
    """A column of labels as text (n,); ValueError for a missing one, or when
    fewer than `least` different ones are there."""
    given: NDArray[Any] = np.asarray(values, dtype=object)
    _flat(name, given)
    if missing := sum(value is None or (isinstance(value, float) and math.isnan(value)) for value in given.tolist()):
        raise ValueError(f"{name}: {missing} labels are missing; leave those rows out and count them as excluded")
    found: Names = given.astype(np.str_)
    if len(there := np.unique(found)) < least:
        raise ValueError(f"{name}: {least} different values are needed to compare, got {there.tolist()}")
    return found


def aligned(**columns: NDArray[Any]) -> None:
    """ValueError unless the columns are of one length."""
    if len({len(column) for column in columns.values()}) > 1:
        raise ValueError(
            "columns must be of one length, got "
            f"{', '.join(f'{name} {len(column)}' for name, column in columns.items())}"
        )


def known(name: str, label: object, column: Names) -> str:
    """The label as text; ValueError when the column has no such label."""
    if str(label) not in column:
        raise ValueError(f"{name} {str(label)!r} is not among {np.unique(column).tolist()}")
    return str(label)


def by_group(values: Floats, groups: Names) -> dict[str, Floats]:
    """The values of each group, groups in alphabetical order."""
    return {str(group): values[groups == group] for group in np.unique(groups)}


def ratio(above: ArrayLike, below: ArrayLike) -> Floats:
    """One divided by the other: infinite where only the second is 0, not a number where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.divide(above, below)
    return found


def finite(value: float) -> float | None:
    """The value, or None where a library answered nan or infinity for what is undefined."""
    return float(value) if np.isfinite(value) else None


def _flat(name: str, column: NDArray[Any]) -> None:
    if column.ndim != 1:
        raise ValueError(f"{name}: a flat column (n,) is needed, got the shape {column.shape}")
