"""Audit of a treatment: between two texts of a pair, did what was meant to change do so, and nothing else?"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Literal

from simrun.agents.records import Record

Verdict = Literal["nothing", "missed", "intended", "more"]
"""No word changed; words changed, but none that was meant to; only such as were meant to; these and others."""

WORD = re.compile(r"\w+(?:['’-]\w+)*")
"""A word; a compound with a hyphen is one."""


class Change(Record):
    """Words that stand in one text in the place of others; "" for none."""

    before: str
    after: str
    intended: bool
    """Every changed word is part of a span that was meant to change."""


class Treatment(Record):
    """What differs between the two texts of a pair, and whether that is what was meant to."""

    verdict: Verdict
    changes: tuple[Change, ...]
    excess: tuple[str, ...]
    """Changed words outside the intended spans: of the reference text with `-` before them, of the other with `+`."""
    words: int
    """Words of the other text less those of the reference."""
    layout: bool
    """Punctuation differs, or in the same words case does; white space does not count."""


def treatment(reference: str, arm: str, intended: Sequence[str]) -> Treatment:
    """How `arm` differs from `reference`, word by word, where only the `intended` spans (of either text) may.

    Words are compared without case and punctuation, in which the two texts may differ as well (`layout`). A span counts
    wherever its words stand together. Not symmetric in what it reports, but in its verdict.
    """
    before, after = WORD.findall(reference), WORD.findall(arm)
    one, other = _plain(before), _plain(after)
    spans = [span for span in (tuple(_plain(WORD.findall(text))) for text in intended) if span]
    meant = _covered(one, spans), _covered(other, spans)
    changes: list[Change] = []
    excess: list[str] = []
    touched = False
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        outside = [f"-{before[at]}" for at in range(a, b) if at not in meant[0]] + [
            f"+{after[at]}" for at in range(c, d) if at not in meant[1]
        ]
        touched = touched or len(outside) < (b - a) + (d - c)
        changes.append(Change(before=" ".join(before[a:b]), after=" ".join(after[c:d]), intended=not outside))
        excess += outside
    layout = _unworded(reference) != _unworded(arm) or (not changes and before != after)
    return Treatment(
        verdict=_verdict(changes, touched, excess),
        changes=tuple(changes),
        excess=tuple(excess),
        words=len(after) - len(before),
        layout=layout,
    )


def together(parts: Sequence[Treatment]) -> Treatment:
    """Several parts of one pair of texts, each audited alone, as one treatment."""
    changes = tuple(change for part in parts for change in part.changes)
    excess = tuple(word for part in parts for word in part.excess)
    touched = any(part.verdict in ("intended", "more") for part in parts)
    return Treatment(
        verdict=_verdict(changes, touched, excess),
        changes=changes,
        excess=excess,
        words=sum(part.words for part in parts),
        layout=any(part.layout for part in parts),
    )


def _verdict(changes: Sequence[Change], touched: bool, excess: Sequence[str]) -> Verdict:
    return "nothing" if not changes else "missed" if not touched else "more" if excess else "intended"


def _plain(words: Iterable[str]) -> list[str]:
    return [word.lower().replace("’", "'") for word in words]


def _unworded(text: str) -> str:
    return "".join(WORD.sub("", text).split())


def _covered(words: Sequence[str], spans: Sequence[tuple[str, ...]]) -> set[int]:
    """The places of all words that stand in a span."""
    return {
        at + step
        for span in spans
        for at in range(len(words) - len(span) + 1)
        if tuple(words[at : at + len(span)]) == span
        for step in range(len(span))
    }


class Variant(Record):
    """One variant of one row of a file of treated texts."""

    row: int
    kind: str
    group: str
    found: Treatment


class Tally(Record):
    """How the variants of one kind and group fared."""

    kind: str
    group: str
    n: int
    verdicts: Mapping[Verdict, int]
    layout: int
    """Of them, those whose punctuation or case differs from the original's as well."""
    excess: float
    """Mean number of words changed beyond what was meant to be."""


def tally(variants: Sequence[Variant]) -> tuple[Tally, ...]:
    """Counts by kind and group, in the order in which they come."""
    kinds = dict.fromkeys((each.kind, each.group) for each in variants)
    return tuple(
        _tally(kind, group, [each.found for each in variants if (each.kind, each.group) == (kind, group)])
        for kind, group in kinds
    )


def _tally(kind: str, group: str, found: Sequence[Treatment]) -> Tally:
    return Tally(
        kind=kind,
        group=group,
        n=len(found),
        verdicts=Counter(each.verdict for each in found),
        layout=sum(each.layout for each in found),
        excess=sum(len(each.excess) for each in found) / len(found),
    )
