"""Guessing one of two groups from numbers: logistic regression, each row guessed from rows of other cases."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from simrun.estimate.columns import Cells, Floats

Truths = NDArray[np.bool_]


def guessed(label: ArrayLike, features: ArrayLike, cases: ArrayLike, folds: int = 5, seed: int = 0) -> Truths:
    """Which of two groups each row is guessed to be of, by a model that saw neither the row nor its case: (n,).

    As in `leaned`.
    """
    return leaned(label, features, cases, folds, seed) > 0


def leaned(label: ArrayLike, features: ArrayLike, cases: ArrayLike, folds: int = 5, seed: int = 0) -> Floats:
    """The logarithm of the odds that each row is of the group, by a model that saw neither the row nor its case: (n,).

    `label` (n,) true or false, `features` (n,) or (n, d), `cases` (n,).
    ValueError where there are fewer cases than folds.
    """
    truth, table = np.asarray(label, dtype=bool), np.asarray(features, dtype=float).reshape(len(np.asarray(label)), -1)
    fold = parted(truth, cases, folds, seed)
    found = np.zeros(len(truth))
    for each in range(folds):
        seen = fold != each
        middle, spread = table[seen].mean(axis=0), table[seen].std(axis=0)
        standard = (table - middle) / np.where(spread > 0, spread, 1)
        weights = fitted(truth[seen], standard[seen])
        found[~seen] = standard[~seen] @ weights[1:] + weights[0]
    return found


def parted(label: ArrayLike, cases: ArrayLike, folds: int, seed: int = 0) -> Cells:
    """The fold of each row (n,): a case stands in one fold, and every fold has about the same share of either label.

    Cases are dealt one by one, those of many rows first, otherwise in an order of the seed's: each to the fold that has
    the smallest share of the labels that the case brings.
    """
    truth, (names, place) = np.asarray(label, dtype=bool), np.unique(np.asarray(cases), return_inverse=True)
    if len(names) < folds:
        raise ValueError(f"cases: {len(names)} of them cannot be parted into {folds} folds; lower folds")
    brings = np.column_stack([np.bincount(place[side], minlength=len(names)) for side in (truth, ~truth)]).astype(float)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-brings[order].sum(axis=1), kind="stable")]
    share, has, fold = brings / brings.sum(axis=0) ** 2, np.zeros((folds, 2)), np.empty(len(names), dtype=np.intp)
    for case in order:
        fold[case] = (has @ share[case]).argmin()
        has[fold[case]] += brings[case]
    return fold[place]


def fitted(label: Truths, features: Floats) -> Floats:
    """Weights (1 + d,) of a logistic regression, the intercept first, which alone is
    not held back by a standard normal prior."""
    sign = np.where(label, 1.0, -1.0)
    table = np.column_stack([np.ones(len(label)), features])

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (table @ weights)
        slope = weights * np.r_[0, np.ones(features.shape[1])]
        value = -special.log_expit(margin).sum() + slope @ slope / 2
        return float(value) / len(label), (slope - table.T @ (sign * special.expit(-margin))) / len(label)

    start = np.zeros(table.shape[1])
    found: Floats = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6}).x
    return found
