"""How long to wait until a server is asked again, as far as it tells."""

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_UNIT = r"(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b"
_AGAIN = re.compile(
    rf"(?:try again|retry)[^\d\n]{{0,12}}\s((?:\d+(?:\.\d+)?\s?(?:{_UNIT}|[hm](?=\d))\s?)+)", re.IGNORECASE
)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|milli|h|m|s)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


_MOST = 86_400.0
"""Seconds; whoever says that it takes longer than a day, by a date of the next century or a figure, tells nothing."""


def pause(headers: Mapping[str, str], text: str = "") -> float | None:
    """Seconds to wait, None where nothing is told: by the headers, as a number or a date, else by what is said."""
    told = _told(headers, text)
    return None if told is None or told > _MOST else told


def _told(headers: Mapping[str, str], text: str) -> float | None:
    if (exact := _number(headers.get("Retry-After-Ms", ""))) is not None:
        return exact / 1000
    after = headers.get("Retry-After", "")
    if after:
        seconds = _number(after)
        return seconds if seconds is not None else _until(after, headers.get("Date", ""))
    said = _AGAIN.search(text)
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PIECE.findall(said[1])) if said else None


def _number(told: str) -> float | None:
    try:
        seconds = float(told)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(date: str, now: str) -> float | None:
    """Seconds until a date, by the server's own clock where it shows one."""
    try:
        then = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    try:
        begun = parsedate_to_datetime(now).timestamp()
    except (ValueError, OverflowError, TypeError):
        begun = time.time()
    return max(0.0, then - begun)
