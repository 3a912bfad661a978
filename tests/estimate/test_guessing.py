"""Guessing a group: folds by hand, weights and guesses against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from simrun.estimate.guessing import fitted, guessed, parted


def drawn(seed, count=300, width=3):
    """Labels that two of the columns give away a little, in cases of one to several rows."""
    rng = np.random.default_rng(seed)
    label = rng.random(count) < 0.4
    return (
        label,
        rng.normal(size=(count, width)) + label[:, None] * np.array([0.8, 0.4, 0]),
        rng.integers(0, 120, count),
    )


def test_a_case_stands_in_one_fold_and_labels_are_spread():
    label, _, cases = drawn(0)
    fold = parted(label, cases, 5)
    assert all(len(set(fold[cases == case])) == 1 for case in cases)
    # 300 rows in five folds: 60 each, two fifths of them of the one label
    assert np.bincount(fold).tolist() == pytest.approx([60] * 5, abs=3)
    assert [label[fold == each].mean() for each in range(5)] == pytest.approx([label.mean()] * 5, abs=0.03)


def test_pairs_are_spread_to_the_row():
    """Ten cases with a row of either label: two cases, four rows a fold."""
    fold = parted(np.tile([True, False], 10), np.repeat(np.arange(10), 2), 5)
    assert np.bincount(fold).tolist() == [4] * 5
    assert (fold[::2] == fold[1::2]).all()


def test_the_seed_draws_the_folds_and_too_few_cases_are_refused():
    label, cases = np.tile([True, False], 20), np.repeat(np.arange(20), 2)
    assert (parted(label, cases, 5, 1) == parted(label, cases, 5, 1)).all()
    assert (parted(label, cases, 5, 1) != parted(label, cases, 5, 2)).any()
    with pytest.raises(ValueError, match="3 of them cannot be parted into 5 folds; lower folds"):
        parted([True, False, True], [1, 2, 3], 5)


@pytest.mark.parametrize("seed", range(5))
def test_weights_are_scikit_learns(seed):
    label, features, _ = drawn(seed)
    oracle = LogisticRegression(tol=1e-10, max_iter=10_000).fit(features, label)
    assert fitted(label, features) == pytest.approx(np.r_[oracle.intercept_, oracle.coef_[0]], abs=1e-4)


def test_without_a_column_that_tells_the_more_common_label_is_guessed():
    """Log odds of 3 to 1 are log 3: of a column of zeros only the intercept is learnt."""
    label = np.array([True, True, True, False])
    assert fitted(label, np.zeros((4, 1))) == pytest.approx([np.log(3), 0], abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_guesses_are_scikit_learns_on_the_same_folds(seed):
    label, features, cases = drawn(seed)
    oracle = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=10_000))
    folds = PredefinedSplit(parted(label, cases, 5, seed))
    assert (guessed(label, features, cases, 5, seed) == cross_val_predict(oracle, features, label, cv=folds)).all()


def test_what_says_it_all_is_guessed_and_a_case_is_not_recognised():
    label = np.arange(40) % 2 == 0
    assert (guessed(label, label, np.arange(40)) == label).all()
    of_case = np.repeat(label, 5)
    found = guessed(of_case, np.eye(40)[np.repeat(np.arange(40), 5)], np.repeat(np.arange(40), 5))
    assert (found == of_case).mean() <= 0.6
