"""Columns of a page's data: typed arrays, deflated and in base64, which a browser reads without a parser of numbers."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

TYPES = ("u1", "<i2", "<i4", "<f8")
"""Of each column the first that holds all of its values; a missing value is a NaN, which only the last one has."""
Packed = dict[str, str]


def numbers(values: NDArray[np.generic]) -> Packed:
    """A flat column of numbers: `type`, one of TYPES without the sign of its order, and `data`."""
    kind = next(each for each in TYPES if each == TYPES[-1] or _holds(each, values))
    return {"type": kind.lstrip("<"), "data": packed(values.astype(kind).tobytes())}


def texts(values: Sequence[str]) -> Packed:
    """A column of texts, as one JSON list."""
    return {"type": "json", "data": packed(json(values))}


def packed(data: bytes) -> str:
    """Deflated (zlib, RFC 1950), in base64."""
    return base64.b64encode(zlib.compress(data, 6)).decode()


def json(value: Any) -> bytes:
    """Compact JSON."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def _holds(kind: str, values: NDArray[np.generic]) -> bool:
    reach = np.iinfo(kind)
    with np.errstate(invalid="ignore"):
        whole = bool((values == np.floor(values.astype(np.float64))).all())  # a NaN equals nothing
    return whole and (not values.size or bool(reach.min <= values.min() and values.max() <= reach.max))
