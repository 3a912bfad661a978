"""The words themselves: which are said more in one arm than in the other, beyond those that say who somebody is."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simrun.agents.persona import masked
from simrun.agents.records import Record
from simrun.estimate.families import benjamini_hochberg
from simrun.estimate.power import ALPHA
from simrun.estimate.signs import sign_flip
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.report.figures import figure
from simrun.score.metrics.dirichlet_log_odds import DirichletLogOdds

LEAST = 10
"""Pairs of episodes in which a word must stand: fewer cannot tell anything after correction for the number of words."""
SMALLEST = 0.1
"""Log odds below which a word is not listed: where one arm says more of some words, all others become a smaller share
of its text."""
HEAD = ("word", "log odds", "times", "times in the reference", "pairs", "p adjusted")

Texts = dict[tuple[str, str, int], Counter[str]]
"""(arm, case, repeat) -> how often somebody said each word."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HONORIFICS = re.compile(r"\b(?:mr|mrs|ms|mx|miss|sir|madam|ma'am)\b\.?", re.IGNORECASE)


class Use(Record):
    """One word that is said more in one of two arms."""

    word: str
    log_odds: float
    """Above 0 it is said more in the arm; drawn towards 0 by a prior worth 500 words."""
    times: int
    reference_times: int
    pairs: int
    """In which either says it."""
    p_adjusted: float
    """Signs of whole cases flipped, Benjamini-Hochberg over all words tested."""


class Vocabulary(Record):
    """What one role says freely, in one arm against another."""

    role: str
    arm: str
    reference: str
    pairs: int
    """Of episodes in which both said something."""
    tested: int
    """Words that stand in enough pairs."""
    uses: tuple[Use, ...]
    """Those that differ, most first."""


def vocabularies(
    manifest: Manifest, episodes: pd.DataFrame, turns: pd.DataFrame, least: int = LEAST
) -> tuple[Vocabulary, ...]:
    """Every role that speaks freely, and does not judge, in every comparison of two arms.

    `episodes` and `turns` are a run's tables; the control `same` shows how much is chance. Words by which a level of
    the run's axes shows, pronouns and honorifics are left out, and so are texts that were refused or cut off.
    """
    free = turns[
        (turns.kind == "turn")
        & turns.decision.isna()
        & turns.problem.isna()
        & ~turns.role.isin(manifest.scenario.judges)
    ]
    told = free.merge(episodes.loc[episodes.state == "done", ["trial", "case", "arm", "repeat"]], on="trial")
    hidden = re.compile(masked(list(manifest.catalogue.axes.values())) or r"(?!)", re.IGNORECASE)
    said: dict[str, Texts] = defaultdict(lambda: defaultdict(Counter))
    for row in told.itertuples():
        said[str(row.role)][str(row.arm), str(row.case), int(str(row.repeat))].update(_words(str(row.text), hidden))
    pairs = [each for each in manifest.contrasts if not each.note]
    return tuple(_compared(role, each, said[role], least) for role in sorted(said) for each in pairs)


def _words(text: str, hidden: re.Pattern[str]) -> Iterator[str]:
    shown = _HONORIFICS.sub("\n", hidden.sub("\n", text))
    return (found[0].lower().replace("’", "'") for found in _WORD.finditer(shown))


def _compared(role: str, contrast: Contrast, said: Texts, least: int) -> Vocabulary:
    both = sorted(key[1:] for key in said if key[0] == contrast.arm and (contrast.reference, *key[1:]) in said)
    counts = [(said[contrast.arm, *key], said[contrast.reference, *key]) for key in both]
    words = sorted({word for pair in counts for side in pair for word in side})
    table = np.array([[[side[word] for word in words] for side in pair] for pair in counts], dtype=float).reshape(
        len(both), 2, len(words)
    )
    uses, tested = _uses(words, table, np.unique([key[0] for key in both], return_inverse=True)[1], least)
    return Vocabulary(
        role=role, arm=contrast.arm, reference=contrast.reference, pairs=len(both), tested=tested, uses=uses
    )


def _uses(
    words: Sequence[str], table: NDArray[np.float64], case: NDArray[np.int64], least: int
) -> tuple[tuple[Use, ...], int]:
    """Words that differ, and how many were tested; `table` is (pairs, 2, words)."""
    standing = (table.sum(axis=1) > 0).sum(axis=0)
    kept: list[int] = np.flatnonzero(standing >= least).tolist()
    if not kept:
        return (), 0
    times = table.sum(axis=0)
    log_odds = DirichletLogOdds().of(times[0], times[0].sum(), times[1], times[1].sum())
    # uses beyond what texts of this length have of the word: swapping the arms of a case turns the sign, whatever their
    # lengths
    beyond = table[:, :, kept] - table.sum(axis=2)[:, :, None] * (times.sum(axis=0) / times.sum())[kept]
    sums = np.zeros((case.max() + 1, len(kept)))
    np.add.at(sums, case, beyond[:, 0] - beyond[:, 1])
    p = benjamini_hochberg([sign_flip(column, np.arange(len(column))) or 0.0 for column in sums.T])
    found = [
        Use(
            word=words[at],
            log_odds=float(log_odds[at]),
            times=int(times[0, at]),
            reference_times=int(times[1, at]),
            pairs=int(standing[at]),
            p_adjusted=adjusted,
        )
        for at, adjusted in zip(kept, p, strict=True)
        if adjusted < ALPHA and abs(log_odds[at]) >= SMALLEST
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.log_odds), each.word))), len(kept)


def vocabulary_rows(found: Vocabulary) -> list[list[object]]:
    """The rows of a table under HEAD."""
    return [
        [
            each.word,
            figure(each.log_odds, signed=True),
            each.times,
            each.reference_times,
            each.pairs,
            figure(each.p_adjusted),
        ]
        for each in found.uses
    ]
