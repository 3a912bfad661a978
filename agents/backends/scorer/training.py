"""Trains networks that score, with a protected attribute kept in what they know of people or removed from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.backends.scorer.network import Floats, Network, Reading

if TYPE_CHECKING:
    from torch import Tensor

LACKING = "training a network needs torch: pip install 'simrun[train]' (playing one does not)"
BAR = 0.75
"""The quantile of its own scores from which on a network invites, unless it is told otherwise."""


def train(
    features: ArrayLike,
    labels: ArrayLike,
    protected: ArrayLike | None = None,
    *,
    removal: float = 0.0,
    reading: Reading | None = None,
    about: Mapping[str, Any] = {},
    units: int = 8,
    steps: int = 300,
    rate: float = 0.02,
    seed: int = 0,
) -> Network:
    """A network with one hidden layer that predicts labels from features, trained on all rows at once (Adam).

    It minimises (1 - R2 of the labels) + `removal` x R2 with which an adversary tells `protected` from the hidden
    units: 0 leaves it in, 30 takes next to all of it out. The adversary is the best that is linear in the units,
    their squares and their products, found anew by least squares at every step: unlike one that is trained in turn,
    it never lags behind. With the attribute goes merit in which its groups differ: chance differences of a few
    hundred rows are made up for too. `features` (n, d), `labels` (n,), `protected` (n,) of any values. The same
    arguments give the same network on the same machine. ImportError without torch; ValueError for rows that do not
    match, missing values, or a removal without an attribute. Source: Morales et al. 2021,
    doi:10.1109/TPAMI.2020.3015420 (SensitiveNets: an adversarial regulariser of a representation); Sadeghi et al.
    2019, arXiv:1910.07423 (adversaries solved in closed form); this adversary is defined here.
    """
    try:
        import torch
    except ImportError:
        raise ImportError(LACKING) from None
    given, target, groups = _checked(features, labels, protected, removal)
    centre, width = given.mean(axis=0), _width(given)
    level, unit = float(target.mean()), float(_width(target))
    rows, wanted, told = (
        torch.from_numpy(each) for each in ((given - centre) / width, (target - level) / unit, groups)
    )
    rng = np.random.default_rng(seed)
    zeros = partial(torch.zeros, dtype=torch.float64, requires_grad=True)
    inward = torch.from_numpy(rng.normal(0, given.shape[1] ** -0.5, (given.shape[1], units))).requires_grad_()
    weights = (inward, zeros(units), zeros(units), zeros(()))
    _descend(weights, rows, wanted, told, removal, steps, rate)
    first, offset, outward, shift = (each.detach().numpy() for each in weights)
    how = {"rows": len(given), "removal": removal, "units": units, "steps": steps, "rate": rate, "seed": seed}
    network = Network(
        centre,
        width,
        first,
        offset,
        outward * unit,
        level + unit * float(shift),
        bar=0.0,
        reading=reading,
        about={**about, "training": how},
    )
    return replace(network, bar=float(np.quantile(network.scores(given), BAR)))


def _descend(
    weights: "Sequence[Tensor]",
    rows: "Tensor",
    wanted: "Tensor",
    told: "Tensor",
    removal: float,
    steps: int,
    rate: float,
) -> None:
    """Changes the weights in place, as torch does."""
    import torch

    inward, offset, outward, shift = weights
    optimiser = torch.optim.Adam(weights, lr=rate)
    # the last steps are small ones, so that the weights come to rest
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for _ in range(steps):
        hidden = torch.tanh(rows @ inward + offset)
        loss = ((hidden @ outward + shift - wanted) ** 2).mean()
        if removal:
            loss = loss + removal * _told(hidden, told)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()


def _checked(
    features: ArrayLike, labels: ArrayLike, protected: ArrayLike | None, removal: float
) -> tuple[Floats, Floats, Floats]:
    """Features, labels, and the attribute as standardised columns, one for each of its values."""
    given: Floats = np.asarray(features, dtype=float)
    target: Floats = np.asarray(labels, dtype=float)
    if given.ndim != 2 or target.shape != (len(given),) or not len(given):
        raise ValueError(f"features (n, d) and labels (n,) are needed, got {given.shape} and {target.shape}")
    if not (np.isfinite(given).all() and np.isfinite(target).all()):
        raise ValueError("features and labels must be finite; leave out rows that miss one")
    if removal < 0 or (removal and protected is None):
        raise ValueError(f"removal={removal:g}: give what is to be removed as `protected`, and a strength of 0 or more")
    if protected is None:
        return given, target, np.zeros((len(given), 0))
    names = np.asarray(protected).astype(str)
    if names.shape != target.shape:
        raise ValueError(f"protected must be (n,) like the labels {target.shape}, got {names.shape}")
    if removal and len(np.unique(names)) < 2:
        raise ValueError(
            f"protected: two different values are needed to remove what tells them apart, got only {names[:1].tolist()}"
        )
    columns = (names[:, None] == np.unique(names)[None]).astype(float)
    return given, target, (columns - columns.mean(axis=0)) / _width(columns)


def _width(values: Floats) -> Floats:
    """Standard deviations, 1 where nothing varies."""
    found: Floats = np.asarray(values.std(axis=0))
    return np.where(found > 0, found, 1.0)


def _told(hidden: "Tensor", groups: "Tensor") -> "Tensor":
    """R2 of the best adversary: the share of the (standardised) groups' variance that is explained
    by the units, their squares and products."""
    import torch

    first, other = torch.triu_indices(hidden.shape[1], hidden.shape[1])
    seen = torch.cat([hidden, hidden[:, first] * hidden[:, other]], dim=1)
    seen = seen - seen.mean(dim=0)
    # by its own spread, so that a network cannot hide the attribute by making it small
    seen = seen / (seen.std(dim=0) + 1e-9)
    ridge = 1e-3 * len(seen) * torch.eye(seen.shape[1], dtype=seen.dtype)
    weights = torch.linalg.solve(seen.T @ seen + ridge, seen.T @ groups)
    share: Tensor = 1 - ((groups - seen @ weights) ** 2).mean()
    return share
