"""Leakage."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.guessing import guessed


class Leakage(Record):
    """How well an attribute can be guessed, beyond always guessing the most common one."""

    value: float
    """Accuracy minus the majority rate."""
    accuracy: float
    majority: float


def leakage(
    attribute: ArrayLike, features: ArrayLike, cases: ArrayLike | None = None, folds: int = 5, seed: int = 0
) -> Leakage:
    """How much of a protected attribute scores or embeddings give away.

    Cross-validated accuracy of a logistic regression (standardised features, stratified shuffled folds) minus
    the rate of the most common value. `attribute` (n,), `features` (n,) or (n, d), `cases` (n,): rows of one case never
    stand on both sides of a fold. At most 1; 0, or a little below by chance, is no leak, higher is worse. Only linear
    leaks are found. ValueError unless there are two values, or where one has fewer rows than there are folds.
    Source: Peña et al. 2020, arXiv:2004.07173 (FairCVtest).
    """
    label, given = arrays.labels("attribute", attribute, least=2), np.asarray(features, dtype=float)
    table = given.reshape(len(given), -1)
    case = arrays.labels("cases", np.arange(len(label)) if cases is None else cases)
    arrays.aligned(attribute=label, features=table, cases=case)
    names, counts = np.unique(label, return_counts=True)
    if counts.min() < folds:
        raise ValueError(
            f"attribute: each value needs at least {folds} rows for {folds} folds, the rarest has {counts.min()}; lower folds"
        )
    if len(names) > 2:
        raise ValueError(
            f"attribute: give two values to tell apart, got {names.tolist()}; compare two groups at a time"
        )
    guess = names[guessed(label == names[1], table, case, folds, seed).astype(int)]
    accuracy, majority = float(np.mean(guess == label)), float(counts.max() / len(label))
    return Leakage(value=accuracy - majority, accuracy=accuracy, majority=majority)
