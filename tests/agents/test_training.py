"""Networks that are taught: merit is learnt, a bias in the labels too, and what is to be removed is taken out."""

import sys

import numpy as np
import pytest
from conftest import shared
from samples import pool as people

from simrun.agents.backends.scorer.network import Network
from simrun.agents.backends.scorer.training import train
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.leakage import Leakage


def crowd(size: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two facts and gender; merit is .2 + .3 x the first + .1 x the second, whoever it is."""
    rng = np.random.default_rng(4)
    facts, woman = rng.random((size, 2)), rng.integers(0, 2, size)
    return np.column_stack([facts, woman]), 0.2 + facts @ [0.3, 0.1], woman


def fall(network: Network, rows: np.ndarray) -> float:
    """By how much the score of the same people falls when they are women."""
    man, woman = rows.copy(), rows.copy()
    man[:, 2], woman[:, 2] = 0, 1
    return float((network.scores(man) - network.scores(woman)).mean())


def test_a_network_learns_merit_and_nothing_else_from_blind_labels():
    pytest.importorskip("torch")
    rows, merit, _ = crowd()
    network = train(rows[:300], merit[:300])
    assert np.abs(network.scores(rows[300:]) - merit[300:]).max() < 0.02
    assert abs(fall(network, rows)) < 0.002
    assert (network.scores(rows[:300]) >= network.bar).sum() == 75
    assert network.about["training"]["rows"] == 300


def test_the_same_seed_gives_the_same_network():
    pytest.importorskip("torch")
    rows, merit, _ = crowd(100)
    one, same, other = (train(rows, merit, steps=20, seed=seed).scores(rows).tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_bias_in_the_labels_is_learnt_and_removal_takes_it_out():
    pytest.importorskip("torch")
    rows, merit, woman = crowd(1600)
    biased = merit - 0.1 * woman
    kept, removed = (train(rows, biased, woman, removal=removal) for removal in (0.0, 30.0))
    assert fall(kept, rows) == pytest.approx(0.1, abs=0.005)
    assert abs(fall(removed, rows)) < 0.025
    fresh, _, who = crowd(2000)
    assert Leakage().measure(people(kept.hidden(fresh), who)) > 0.4
    assert abs(Leakage().measure(people(removed.hidden(fresh), who))) < 0.08
    # merit itself is not thrown away with it
    assert np.corrcoef(removed.scores(rows), merit)[0, 1] > 0.98


def test_training_refuses_what_it_cannot_use(monkeypatch):
    pytest.importorskip("torch")
    rows, merit, woman = crowd(10)
    for arguments, options, message in (
        ((rows, merit[:9]), {}, r"got \(10, 3\) and \(9,\)"),
        ((rows, merit), {"removal": 1.0}, "give what is to be removed as `protected`"),
        ((rows, merit, woman[:9]), {}, "protected must be"),
        ((rows, merit, woman * 0), {"removal": 1.0}, r"two different values are needed .* got only \['0'\]"),
        ((rows * np.nan, merit), {}, "must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            train(*arguments, **options)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'simrun\[train\]'"):
        train(rows, merit)


def test_faircvtests_picture():
    """Labels of women are lowered by .119: taught on those, a network of one half scores
    the women of the other half so much lower."""
    pytest.importorskip("torch")
    with np.load(shared("recruitment/faircvtest_gender.npz")) as file:
        data = dict(file)
    facts, woman, face = data["profiles"][:, 2:14], data["profiles"][:, 1], data["profiles"][:, 14:34]
    half = np.arange(len(woman)) % 4 < 2
    assert np.mean(woman[half]) == pytest.approx(0.5, abs=0.02)

    def apart(features, label, removal=0.0):
        network = train(features[half], data[label][half], woman[half], removal=removal, units=4, steps=200)
        return GroupDifference().measure(people(network.scores(features[~half]), woman[~half]))

    chance = GroupDifference().measure(people(data["blind_labels"][~half], woman[~half]))
    assert apart(np.column_stack([facts, woman]), "blind_labels") == pytest.approx(chance, abs=0.005)
    assert apart(np.column_stack([facts, woman]), "biased_labels") == pytest.approx(chance - 0.119, abs=0.01)
    with_face = np.hstack([facts, face])
    assert -0.09 < apart(with_face, "biased_labels") - chance < -0.04
    assert abs(apart(with_face, "biased_labels", removal=30.0) - chance) < 0.012
