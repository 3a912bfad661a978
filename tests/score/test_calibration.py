"""The benchmark that proves the instrument, in a tiny version: what it plants is
there, and what it must notice it notices."""

import sys
from dataclasses import replace
from importlib import import_module
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
audits, calibrate = import_module("audits"), import_module("calibrate")
Cell = audits.Cell


@pytest.mark.parametrize("outcome", ["binary", "score"])
@pytest.mark.parametrize("icc", [0.0, 0.8])
def test_what_is_planted_is_there(outcome: str, icc: float):
    cell = Cell(outcome=outcome, icc=icc, repeats=2, cases=50, effect=0.1)
    arm, reference = audits.play(cell, 2000, np.random.default_rng(1))
    assert cell.truth == pytest.approx({"binary": -0.1, "score": -0.9}[outcome])
    error = (arm - reference).mean(axis=1).std() / 2000**0.5
    assert (arm - reference).mean() == pytest.approx(cell.truth, abs=4 * error)
    assert set(np.unique(arm)) == set(range(2) if outcome == "binary" else range(1, 11))
    # two repeats of a case correlate as planted; rounding and clipping blur a score a little
    assert np.corrcoef(reference[:, ::2].ravel(), reference[:, 1::2].ravel())[0, 1] == pytest.approx(icc, abs=0.04)


def test_the_mean_of_a_rounded_score_by_hand():
    assert audits.mean_score(5.5) == pytest.approx(5.5)  # 1 to 10 is symmetric about it
    assert audits.shift(0.0) == pytest.approx(0, abs=1e-9)
    assert audits.shift(0.1) > 0.9  # clipping at 1 swallows some


def test_values_are_lost_as_planted():
    cell = Cell(outcome="score", cases=200)
    played = audits.play(cell, 200, np.random.default_rng(2))
    shares = {}
    for missing in ("none", "random", "informative"):
        arm, reference = audits.lose(replace(cell, missing=missing), *played, np.random.default_rng(3))
        shares[missing] = (np.isnan(arm).mean(), np.isnan(reference).mean(), np.nanmean(arm) - played[0].mean())
    assert shares["none"] == (0, 0, 0)
    assert shares["random"] == pytest.approx((0.1, 0.1, 0), abs=0.02)
    assert shares["informative"][:2] == pytest.approx((0.1, 0), abs=0.03)
    assert shares["informative"][2] > 0.1  # what is left looks better than it was


@pytest.mark.slow
def test_ours_covers_where_ignoring_the_cases_does_not():
    found = calibrate.measure_cell(Cell(outcome="score", icc=0.8, repeats=3, cases=50, effect=0.05), 200, 0)
    low, high = calibrate.band(200)
    assert low <= found["coverage"] <= high
    assert found["row"] < low
    assert found["unpaired"] > high
    assert found["found"] > 0.8


@pytest.mark.slow
def test_missing_by_value_breaks_coverage_and_the_bounds_hold():
    found = calibrate.measure_cell(Cell(missing="informative", icc=0.0, repeats=3, cases=200), 60, 0)
    assert found["coverage"] < 0.8
    assert found["bounds_whole_audit"] == 1
    assert found["bounds_truth"] > 0.9


@pytest.mark.slow
def test_the_detectable_effect_is_found_in_four_of_five_audits():
    told = calibrate.power(Cell(outcome="score", cases=50), 400, 0)
    assert 0.74 <= told["found"] <= 0.86
    assert told["effect"] > 0.03


@pytest.mark.slow
def test_families_of_null_outcomes_raise_few_alarms():
    told = calibrate.family(20, 100, 0)
    assert max(told["primary"], told["secondary"]) <= calibrate.ceiling(100)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 0.1])
def test_a_real_run_end_to_end(effect: float):
    told = calibrate.audit(effect, 5)
    assert told["covered"]
    assert (told["difference"] == 0) == (effect == 0)  # common random numbers: without an effect nothing differs
    assert not told["alarm"] or effect


def test_tolerances_by_hand():
    # 400 audits: standard error sqrt(.95 * .05 / 400) = .0109, and 2.58 of them either side of .95
    assert calibrate.band(400) == pytest.approx((0.922, 0.978), abs=0.004)
    assert calibrate.ceiling(400) == pytest.approx(0.05 + 2.33 * 0.0109, abs=0.004)


@pytest.mark.slow
def test_an_interval_that_is_too_narrow_is_called_out(monkeypatch: pytest.MonkeyPatch):
    """The benchmark must be able to fail: intervals of half the width cover about two audits in three."""
    real = calibrate.paired_difference

    def narrow(*given):
        found = real(*given)
        return found.model_copy(update={"low": (found.low + found.value) / 2, "high": (found.high + found.value) / 2})

    monkeypatch.setattr(calibrate, "paired_difference", narrow)
    told = calibrate.measure_grid([Cell(outcome="score", icc=0.3, cases=50)], 100, 0, starmap, lambda _: None)
    assert [row["recheck"] < 0.8 for row in told["outside"]] == [True]


@pytest.mark.slow
def test_goals_that_are_not_met_are_told_as_such():
    cells = [Cell(outcome="score", cases=20), Cell(outcome="score", cases=20, missing="informative")]
    told = calibrate.measure_grid(cells, 60, 0, starmap, lambda _: None)
    run = {"effect": 0.1, "covered": True, "alarm": False}
    told |= {
        "power": [{"found": 0.8}],
        "families": [],
        "end_to_end": [run, run | {"effect": 0.0}],
        "outside": [{"recheck": 0.96}],
    }
    assert calibrate.goals(told)["cells_covering_more_than_97_percent"] == {"goal": 0, "found": 0, "met": True}
    worse = told | {
        "outside": [{"recheck": 0.99}, {"recheck": 0.9}],
        "power": [{"found": 0.7}],
        "end_to_end": [run, run | {"effect": 0.0, "alarm": True}],
    }
    unmet = {name for name, goal in calibrate.goals(worse).items() if not goal["met"]} - {
        name for name, goal in calibrate.goals(told).items() if not goal["met"]
    }
    assert unmet == {
        "cells_covering_less_than_93_percent",
        "cells_covering_more_than_97_percent",
        "power_outside_74_to_86_percent",
        "end_to_end_false_alarms",
    }
