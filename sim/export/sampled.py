"""Samples of somebody else's log: who they are, what they came to, what was said."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simrun.agents.records import Record
from simrun.config.errors import ConfigError, unknown

MISSING = "N"
"""Inspect's letter for no answer: it counts there as 0, and here as missing."""
LETTERS: Mapping[str, float] = {"C": 1.0, "I": 0.0, "P": 0.5}
"""Right, wrong, partly right."""
WORDS: Mapping[str, float] = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
LARGEST = 1e12
"""No score is farther from 0: what is larger is none."""
SHORT = 200
"""Characters of a name that are kept."""


class Sampled(Record):
    """One sample of one log."""

    log: str
    """Name of the file."""
    id: str
    epoch: int
    fields: Mapping[str, str]
    """What may say which arm, pair and case it is of: metadata under its own names, and `eval.model`, `eval.task`,
    `eval.log`, `eval.task_args.NAME`, `sample.id`."""
    scores: Mapping[str, float | None]
    """By name; None where there is no number in it."""
    bounded: frozenset[str] = frozenset()
    """The scores that are right, wrong, yes or no: from 0 to 1."""
    failed: bool = False
    """It ended in an error."""
    lines: tuple[tuple[str, str], ...] = ()
    """What was said, as role and text; () where nobody asked for it."""


class Fields(Record):
    """Where arm, pair and case stand."""

    arm: str
    pair: str
    case: str

    @classmethod
    def of(cls, samples: Sequence[Sampled], arm: str | None, pair: str | None, case: str | None) -> "Fields":
        """As given, else `arm`, `pair` (where samples have none, their id) and `case` (where they have none, the
        pair). ConfigError for a field that no sample has."""
        known = list(dict.fromkeys(key for each in samples for key in each.fields))
        chosen = pair or ("pair" if "pair" in known else "sample.id")
        told = cls(arm=arm or "arm", pair=chosen, case=case or ("case" if not pair and "case" in known else chosen))
        for what, field in told.model_dump().items():
            if field not in known:
                raise ConfigError(f"{what}={field}: {unknown('field', field, known)}; give {what}=FIELD, one of these")
        return told


class Row(Record):
    """One score of one sample."""

    log: str
    sample: str
    epoch: int
    arm: str
    pair: str
    case: str
    score: str
    value: float | None
    """None where it is missing, which is never 0."""
    state: str
    """`scored`, `missing` (no number in it), or `error` (the sample ended in one)."""


def rows(samples: Sequence[Sampled], fields: Fields) -> Iterator[Row]:
    """Every score of every sample; a score that only others have is missing in a sample. Those that lack a field are
    left out."""
    names = tuple(dict.fromkeys(name for each in samples for name in each.scores))
    for each in samples:
        if not {fields.arm, fields.pair, fields.case} <= each.fields.keys():
            continue
        who = {name: each.fields[field] for name, field in fields.model_dump().items()}
        for name in names:
            value = each.scores.get(name)
            state = "error" if each.failed else "missing" if value is None else "scored"
            known = {"log": each.log, "sample": each.id, "epoch": each.epoch, "score": name, "state": state}
            yield Row(**known, **who, value=None if each.failed else value)


def numbers(name: str, value: Any) -> Iterator[tuple[str, float | None, bool]]:
    """The numbers in a score: name, number or None, whether it is from 0 to 1."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from numbers(f"{name}.{str(key)[:SHORT]}", each)
    elif isinstance(value, list):
        yield from ((f"{name}.{at}", *_number(each)) for at, each in enumerate(value))
    else:
        yield name, *_number(value)


def _number(value: Any) -> tuple[float | None, bool]:
    if isinstance(value, bool):
        return float(value), True
    if isinstance(value, int | float):
        return _finite(value), False
    if not isinstance(value, str):
        return None, False
    known = LETTERS.get(value.strip(), WORDS.get(value.strip().lower()))
    if known is not None:
        return known, True
    try:
        told = float(value)
    except ValueError:
        return None, value.strip() == MISSING
    return _finite(told), False


def _finite(value: float) -> float | None:
    return float(value) if abs(value) <= LARGEST else None  # nor is what is no number
