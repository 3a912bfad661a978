"""Incomplete blocks: which case plays which arms, what is owed, and what can be compared."""

from itertools import combinations

import numpy as np
import pytest
from conftest import config

from simrun.config.errors import ConfigError
from simrun.log.manifest import Manifest
from simrun.plan.blocks import dealt
from simrun.plan.design import planned
from simrun.plan.refusals import comparable

CASES = tuple(f"case {at}" for at in range(100))
FIVE = {"patient": {"ethnicity": ["White", "Black", "Asian", "Hispanic", "Middle Eastern"]}}


def arms(count: int) -> tuple[str, ...]:
    return ("reference", *(f"level {at}" for at in range(1, count)))


@pytest.mark.parametrize(("count", "block"), [(5, 3), (8, 4), (32, 4), (32, 8), (13, 12)])
def test_at_every_case_the_arms_were_dealt_to_as_many_cases_but_for_one(count: int, block: int):
    names = arms(count)
    played = dict.fromkeys(names[1:], 0)
    for own in dealt(CASES, names, block, seed=3).values():
        assert len(own) == block
        assert names[0] in own
        for arm in own - {names[0]}:
            played[arm] += 1
        assert max(played.values()) - min(played.values()) <= 1


def test_the_deal_follows_the_seed_and_a_longer_run_keeps_it():
    short, long = dealt(CASES[:20], arms(32), 4, 1), dealt(CASES, arms(32), 4, 1)
    assert list(long.items())[:20] == list(short.items())
    assert dealt(CASES, arms(32), 4, 2) != long


def test_who_does_not_fit_is_dealt_another():
    unfit = {(case, "level 1") for case in CASES[:50]}
    found = dealt(CASES, arms(8), 4, 1, unfit)
    assert not any((case, arm) in unfit for case, own in found.items() for arm in own)
    assert all(len(own) == 4 for own in found.values())
    assert sum("level 1" in own for own in found.values()) == pytest.approx(300 / 7, abs=1)  # it catches up


def variance(blocks: dict[str, frozenset[str]], names: tuple[str, ...]) -> float:
    """Of a difference from the reference by intrablock least squares, in the residual's, mean over the levels."""
    information = np.zeros((len(names), len(names)))
    for own in blocks.values():
        there = np.array([name in own for name in names], dtype=float)
        information += np.diag(there) - np.outer(there, there) / there.sum()
    return float(np.linalg.inv(information[1:, 1:]).diagonal().mean())


@pytest.mark.parametrize(("count", "block", "cases", "least"), [(8, 4, 28, 0.97), (32, 4, 62, 0.97), (32, 8, 62, 0.97)])
def test_the_deal_is_nearly_as_precise_as_a_balanced_design(count: int, block: int, cases: int, least: float):
    # a reference in each block, s levels r times, each two of them together in l = r (k - 2) / (s - 1) blocks of k: the
    # information on the levels is (r (k - 1) + l) / k on the diagonal less l / k throughout, so a difference from the
    # reference has variance k (1 + l / r) / (r (k - 1) + l)
    names, levels = arms(count), count - 1
    times = cases * (block - 1) / levels
    together = times * (block - 2) / (levels - 1)
    balanced = block * (1 + together / times) / (times * (block - 1) + together)
    found = variance(dealt(CASES[:cases], names, block, 1), names)
    assert least * found <= balanced <= found + 1e-12


def test_the_balanced_variance_by_hand():
    # blocks {reference, a, b}, {reference, a, c}, {reference, b, c}: r = 2, l = 1, k = 3: 3 x 1.5 / 5 = .9
    blocks = {str(at): frozenset({"reference", *pair}) for at, pair in enumerate(combinations("abc", 2))}
    assert variance(blocks, ("reference", "a", "b", "c")) == pytest.approx(0.9)


def test_a_plan_in_blocks_owes_what_is_dealt_and_controls_in_every_case(known):
    plan = planned(config(vary=FIVE, cases=12, repeats=2, design={"cross": "blocks", "block": 3}), known)
    trials = list(plan.trials())
    assert len(trials) == 12 * 2 * (3 + 1)
    reference = plan.arms[0].name
    for case in plan.cases:
        own = {trial.arm for trial in trials if trial.case == case}
        assert own == plan.blocks[case] | {"same"}
        assert reference in own
    assert [each.reference for each in plan.contrasts] == [reference] * 5
    assert plan.exclusions == ()  # not planned, and not left out
    full = {trial.id for trial in planned(config(vary=FIVE, cases=12, repeats=2), known).trials()}
    assert {trial.id for trial in trials} < full  # a trial keeps its id
    assert Manifest.of(plan, 0.0).owed == len(trials)


def test_in_blocks_what_differs_from_the_reference_in_one_factor_is_compared(known):
    two = {"patient": {"ethnicity": ["White", "Black", "Asian"], "gender": ["man", "woman"]}}
    plan = planned(config(vary=two, cases=20, design={"cross": "blocks", "block": 3, "controls": []}), known)
    assert len(plan.arms) == 6
    assert {each.arm for each in plan.contrasts} == {
        "patient.ethnicity=Black patient.gender=man",
        "patient.ethnicity=Asian patient.gender=man",
        "patient.ethnicity=White patient.gender=woman",
    }


@pytest.mark.parametrize(
    ("design", "cases", "said"),
    [
        ({"block": 5}, 20, "design.block=5: there are 5 arms.*at most 4, or design.cross=full"),
        ({"block": 1}, 20, "greater than or equal to 2"),
        ({"block": 2}, 5, "blocks of 2 each of 4 arms is dealt to two of 8 cases"),
    ],
)
def test_blocks_that_cannot_be_are_refused(design, cases, said, known):
    with pytest.raises(ConfigError, match=said):
        comparable(planned(config(vary=FIVE, cases=cases, design={"cross": "blocks", **design}), known))


def test_two_arms_have_no_blocks(known):
    with pytest.raises(ConfigError, match="2 arms cannot be told in smaller blocks"):
        planned(config(vary={"patient": {"gender": ["man", "woman"]}}, design={"cross": "blocks", "block": 2}), known)
