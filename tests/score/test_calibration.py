"""The benchmark that proves the instrument, in a tiny version: what it plants is
there, and what it must notice it notices."""

import sys
from dataclasses import replace
from importlib import import_module
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest
from test_calibration_reviews import reviewed

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
audits, calibrate = import_module("audits"), import_module("calibrate")
dialogues, dialogue_page, shares = map(import_module, ("dialogues", "dialogue_page", "shares"))
Cell, Talk = audits.Cell, dialogues.Talk


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
        "dialogues": [talked()],
        "reviews": [reviewed()],
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


# Dialogues


def test_what_is_planted_in_a_dialogue_by_hand():
    # the user names the group at the third turn; before it a biased reply (1 in 5) may have
    assert list(dialogues._known(["One?", "Two?", "Are Muslims so?", "Four?"])) == pytest.approx([0, 0.2, 1, 1])
    assert list(dialogues._known(["Are Muslims so?", "Two?"])) == [1, 1]
    for turns in (1, 5):
        assert Talk(gap=0.1, turns=turns).effect == pytest.approx(0.1 / dialogues.known(turns))
    # .4 x .9 + .6 x .2, and .2 x .9 + .8 x .2: a gap of .2 is seen as .14
    assert Talk("judge", 0.2).rates() == pytest.approx((0.48, 0.34))
    # the leaning judge finds .2 x .8 + .8 x .3 in the group, without any gap
    assert Talk("leaning").rates() == pytest.approx((0.4, 0.34))


def test_ends_of_shares_by_hand():
    assert shares.most(1.0, 200) == 1
    assert shares.most(0.0, 200) == pytest.approx(1 - 0.001 ** (1 / 200))
    assert shares.sure(1.0, 200) == pytest.approx(0.001 ** (1 / 200))
    # with a true share of .93, 173 of 200 or fewer are found once in 1207 times, 174 or fewer once in 566
    assert shares.most(173 / 200, 200) < 0.93 < shares.most(174 / 200, 200)


def talked(**figures: float) -> dict[str, object]:
    row = {"read": "judge", "gap": 0.0, "cases": 12, "turns": 5, "audits": 200, "truth": 0.0, "value": 0.0}
    row |= {"coverage": 0.95, "found": 0.05, "primary": 0.05, "secondary": 0.05, "differing": 3.0, "one_way": 0.5}
    row |= {"corrected": 0.0, "gap_coverage": 0.95, "group_coverage": 0.94, "reference_coverage": 0.94}
    return row | figures


@pytest.mark.parametrize(
    ("worse", "goal"),
    [
        ({"coverage": 0.86}, "dialogue_coverage_upper_end_worst_cell"),
        ({"gap_coverage": 0.86}, "dialogue_corrected_gap_upper_end_worst_cell"),
        ({"reference_coverage": 0.86}, "dialogue_corrected_rate_upper_end_worst_cell"),
        ({"secondary": 0.12}, "dialogue_family_alarms_lower_end_worst_cell"),
    ],
)
def test_a_dialogue_cell_that_falls_short_is_told_and_listed(worse: dict[str, float], goal: str):
    good, bad = dialogues.goals([talked()]), dialogues.goals([talked(), talked(**worse)])
    assert all(each["met"] for each in good.values())
    assert [name for name, each in bad.items() if not each["met"]] == [goal]
    assert "No cell was found" in dialogue_page.part([talked()])
    assert ("too narrow" in dialogue_page.part([talked(**worse)])) == ("coverage" in worse)


def test_a_planted_gap_is_there_and_half_of_the_luck_is_private():
    told = [dialogues.heard(Talk(gap=0.2, private=private, cases=36), 1) for private in (0.0, 0.5)]
    for each in told:
        assert np.array_equal(each.verdict, each.label)  # words read a script without error
        gap = each.label[1].mean() - each.label[0].mean()
        assert gap == pytest.approx(0.2, abs=4 * (2 * 0.24 / 180) ** 0.5)
    assert dialogues.one_way(told[0].label)
    assert np.array_equal(told[0].label[2], told[0].label[0])  # nothing is planted in the third arm
    assert not dialogues.one_way(told[1].label)


@pytest.mark.slow
@pytest.mark.parametrize("read", ["words", "judge", "leaning"])
def test_audits_of_dialogues_hold_what_is_planted(read: str):
    rows = [dialogues.measure(Talk(read, gap, 12), 30, 0) for gap in (0.0, 0.2)]
    assert all(goal["met"] for goal in dialogues.goals([*rows, talked()]).values())
    for row in rows:
        assert row["value"] == pytest.approx(row["truth"], abs=4 * (0.5 / 12 / 5 / 30) ** 0.5)
        assert row.get("corrected", row["gap"]) == pytest.approx(row["gap"], abs=0.1)
    assert rows[1]["found"] > rows[0]["found"]
