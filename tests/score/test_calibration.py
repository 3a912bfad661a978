"""The calibration itself: what is planted is there, by hand; a wrong interval is called out; cells are kept."""

import json
import sys
from importlib import import_module
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
calibrate, calibration_page, dialogues, dialogue_page, shares = map(
    import_module, ("calibrate", "calibration_page", "dialogues", "dialogue_page", "shares")
)
consultations, families, flips, laws, looked, power, ratios, tables = map(
    import_module,
    ("consultations", "families", "flips", "laws", "looked", "power", "ratios", "tables"),
)
Talk = dialogues.Talk
RNG = np.random.default_rng(3)


# What is planted


def test_chances_of_flips_by_hand():
    # a reference that succeeds in 20 %, an arm in 30 %: with one luck it only gains, with two 24 % go up and 14 % down
    assert flips.Cell(rate=0.2, shared=1.0, effect=0.1, one_way=True).chances() == pytest.approx((0.1, 0.0))
    assert flips.Cell(rate=0.2, shared=0.0, effect=0.1).chances() == pytest.approx((0.24, 0.14))
    # not one way: half of the rate, .05 at most, is lost beside
    assert flips.Cell(rate=0.2, shared=1.0, effect=0.1).chances() == pytest.approx((0.15, 0.05))
    for cell in flips.grid(small=False):
        up, down = cell.chances()
        assert up - down == pytest.approx(cell.effect)
        assert 0 < up + down <= 1


def test_the_grid_is_as_large_as_was_asked_for():
    cells = flips.grid(small=False)
    for field, least in (
        ("cases", {12, 30, 60, 120, 200}),
        ("rate", {0.01, 0.05, 0.2, 0.5}),
        ("shared", {0.0, 0.5, 1.0}),
        ("repeats", {0, 1, 10}),
        ("one_way", {True, False}),
    ):
        assert {getattr(cell, field) for cell in cells} >= least
    assert len({cell.effect for cell in cells}) == 4
    runs = [*consultations.grid(small=False), *dialogues.grid(small=False)]
    assert len(runs) + len(import_module("reviews").grid(small=False)) >= 24
    assert all(cell.private > 0 for cell in runs)


@pytest.mark.parametrize("repeats", [0, 10])
def test_repeats_are_played_as_planted(repeats: int):
    cell = flips.Cell(cases=20_000, rate=0.2, shared=0.5, effect=0.1, repeats=repeats)
    sample = flips.played(cell, np.random.default_rng(1))
    assert sample.reference.mean() == pytest.approx(0.2, abs=0.01)
    assert sample.means.mean() == pytest.approx(0.1, abs=0.02)
    assert len(sample.case) == 20_000 * (10 if repeats else 2.8)  # a fifth has ten, the others one


def test_the_mirror_image_of_a_sample_is_told_as_such():
    for up, down in ((0, 0), (3, 1), (9, 0)):
        arm, reference = np.zeros(30), np.zeros(30)
        reference[:up], arm[up : up + down] = 1, 1
        told = flips.told(flips.Pairs(arm, reference, np.arange(30), 0.0, 1.0))
        assert told == pytest.approx(flips.counted(30, down, up), abs=1e-7)


def test_what_is_summed_is_all_that_can_come():
    chances = [chance for *_, chance in flips.outcomes(60, 0.1, 0.05)]
    assert sum(chances) == pytest.approx(1, abs=1e-6)
    ups = sum(up * chance for up, _, chance in flips.outcomes(60, 0.1, 0.05))
    assert ups == pytest.approx(6, abs=1e-4)


def test_coverage_of_few_flips_one_way_is_exact():
    """One flip or more of 60 at .054, all one way: the t interval holds what is true of 4 in 5; ours is Clopper and
    Pearson's, which misses where fewer flips come than it can hold."""
    cell = flips.Cell(60, 0.2, 1.0, 0.054, one_way=True)
    found = flips.measure(cell, 0, 0)
    law = stats.binom.pmf(np.arange(61), 60, 0.054)
    held = [low <= 0.054 <= high for low, high in (flips.counted(60, up, 0)[:2] for up in range(61))]
    assert found["audits"] is shares.EXACT
    assert found["coverage"] == pytest.approx(law[np.array(held)].sum(), abs=1e-6)
    assert found["coverage"] >= 0.975
    assert found["t_coverage"] < 0.9


@pytest.mark.parametrize("law", sorted(laws.LAWS))
@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_laws_have_the_means_that_they_are_said_to_have(law: str, effect: float):
    sample, truth = laws.LAWS[law](laws.Cell(law, 40_000, effect), np.random.default_rng(7))
    there = ~np.isnan(sample.arm)
    found, off = (sample.arm - sample.reference)[there], 4 * np.nanstd(sample.arm - sample.reference) / 200
    if law == "lost" and not effect:
        assert found.mean() > truth + off  # what is left looks better than it was
    elif law != "lost":
        assert found.mean() == pytest.approx(truth, abs=off)


@pytest.mark.parametrize("figure", sorted(ratios.FIGURES))
def test_ratios_tend_to_what_is_true(figure: str):
    found, truth = ratios.FIGURES[figure](ratios.Cell(figure, 20_000, 0.5, 0.3), np.random.default_rng(7))
    assert found.value == pytest.approx(truth, rel=0.05, abs=0.01)


def test_arrays_are_compared_as_a_run_is():
    """Six of twelve cases go up in the first arm, none in the second."""
    values = np.zeros((1, 12, 3))
    values[0, :6, 1] = 1
    first, second = tables.compared(values, tables.kind_of(1, 0), ("yes0",))
    assert (first.difference, first.p, first.family) == (0.5, 2 / 64, "primary")
    assert (second.difference, second.p) == (0, 1)
    assert first.p_adjusted == pytest.approx(4 / 64)


# That it can fail


def test_an_interval_that_is_too_narrow_is_called_out(monkeypatch: pytest.MonkeyPatch):
    real = flips.PairedDifference

    class Narrow(real):
        def measure(self, sample):
            found = super().measure(sample)
            return found.model_copy(update={"low": found.value - 0.01, "high": found.value + 0.01})

    monkeypatch.setattr(flips, "PairedDifference", Narrow)
    row = flips.measure(flips.Cell(60, 0.5, 0.0, 0.1, repeats=0), 30, 0)
    assert shares.fails(row, flips.COVERS, flips.ALARMS) == ["coverage"]
    goals = calibrate.goals({"flips": [row]})
    assert [name for name, goal in goals.items() if not goal["met"]] == [
        "cells_that_fail",
        "flips_coverage_upper_end_worst_cell",
    ]


def test_what_fails_and_what_is_in_doubt_by_hand():
    # 450 of 500 is .9: its upper end at 99.9 % is .938; 440 is .88: .921
    doubt = {"audits": 500, "coverage": 0.9}
    assert shares.most(0.9, 500) == pytest.approx(0.938, abs=0.002)
    assert (shares.doubtful(doubt, ["coverage"], []), shares.fails(doubt, ["coverage"], [])) == (True, [])
    assert shares.fails(doubt | {"coverage": 0.88}, ["coverage"], []) == ["coverage"]
    exact = {"audits": shares.EXACT, "coverage": 0.929, "false": 0.051}
    assert shares.fails(exact, ["coverage"], ["false"]) == ["coverage", "false"]
    assert not shares.doubtful(exact, ["coverage"], ["false"])


def test_ends_of_shares_by_hand():
    assert shares.most(1.0, 200) == 1
    assert shares.most(0.0, 200) == pytest.approx(1 - 0.001 ** (1 / 200))
    assert shares.sure(1.0, 200) == pytest.approx(0.001 ** (1 / 200))
    # with a true share of .93, 173 of 200 or fewer are found once in 1207 times, 174 or fewer once in 566
    assert shares.most(173 / 200, 200) < 0.93 < shares.most(174 / 200, 200)


# Cells are kept


def test_cells_are_kept_and_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cells, played = [families.Cell("outcomes", 12, 1, rate) for rate in (0.2, 0.5)], []

    def counting(cell, audits, seed):
        played.append((cell.rate, audits, seed))
        return {"cases": 12, "audits": audits, "primary": 0.5 if seed == 0 and cell.rate == 0.5 else 0.02}

    monkeypatch.setattr(families, "grid", lambda small: cells)
    monkeypatch.setattr(families, "measure", counting)

    def go(audits: int) -> None:
        calibrate.measure(["families"], True, audits, 100, 0, tmp_path, starmap, lambda text: None)

    go(20)
    assert played == [(0.2, 20, 0), (0.5, 20, 0), (0.5, 100, 1)]  # the second is in doubt: oftener, with other seeds
    assert [row["audits"] for row in calibrate.kept("families", True, 0, tmp_path)] == [20, 100]
    go(20)
    assert len(played) == 3
    calibrate.place(tmp_path, "families", cells[0], 0).unlink()
    go(20)
    assert played[3:] == [(0.2, 20, 0)]
    go(40)
    assert len(played) == 7  # more audits than are kept


def test_the_page_tells_of_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calibration_page, "DOCS", tmp_path)
    row = flips.measure(flips.Cell(12, 0.2, 1.0, 0.1, one_way=True), 0, 0)
    for figures, words in ((row, "**0 fail**"), (row | {"coverage": 0.5}, "**1 fail**")):
        told = {"figures": {"flips": [json.loads(json.dumps(figures))]}, "goals": calibrate.goals({"flips": [figures]})}
        calibration_page.write(told)
        page = (tmp_path / "calibration.md").read_text()
        assert words in page
        assert ("50.00%" in page) == ("1 fail" in words)
    assert (tmp_path / "calibration.svg").exists()


def test_power_is_planted_and_read_off_the_verdict():
    cell = power.Cell("yes", 30, 1, True)
    values = power._yes(power.Cell("yes3", 20_000, 2, True), 0.2, np.random.default_rng(1))
    assert (values.mean(axis=0) - 0.25) == pytest.approx([0, 0.2, 0], abs=0.02)
    scores = power._scores(power.Cell("score", 20_000, 2, True), 0.7, np.random.default_rng(1))
    assert scores.mean(axis=0) == pytest.approx([5, 5.7, 5], abs=0.05)
    found = [power._study(cell, 0.6, np.random.default_rng(seed))[0] for seed in range(5)]
    assert all(found)  # 18 of 30 go up, and at most a few down
    assert not power._study(cell, 0.0, np.random.default_rng(1))[0]
    rows = [{"planted": True, "power": each} for each in (0.7, 0.8, 0.85)]
    told = power.goals(rows)
    assert told["power_at_detectable_mean"]["found"] == pytest.approx(0.7833, abs=1e-4)
    assert told["power_at_detectable_cells_outside"]["found"] == 1


def test_looks_say_what_is_false_by_hand():
    cell = looked.Cell("flips", "decided", 2, 60, 0.3)
    one = {"low": 0.2, "high": 0.4, "verdict": "difference"}
    other = {"low": -0.1, "high": 0.1, "verdict": "equivalent"}
    said = [looked.Followed.model_construct(**each) for each in (one, other)]
    assert looked._beside(cell, tuple(said), 30) == {"coverage": 1.0, "false": False, "found": True, "played": 0.5}
    wrong = [said[0], said[0]]
    assert looked._beside(cell, tuple(wrong), 30)["false"]
    alike = [looked.Followed.model_construct(**one | {"verdict": "equivalent"}), said[1]]
    assert looked._beside(cell, tuple(alike), 30)["false"]  # at or beyond the margin


# Whole parts, few audits


@pytest.mark.slow
@pytest.mark.parametrize("part", [part for part in calibrate.PARTS if part not in ("dialogues", "reviews")])
def test_the_small_grid_of_a_part_holds(part: str):
    own = calibrate.module(part)
    rows = [own.measure(cell, 30, 0) for cell in own.grid(small=True)[:6]]
    assert not [names for row in rows if (names := shares.fails(row, own.COVERS, own.ALARMS))]


@pytest.mark.slow
def test_a_run_end_to_end_has_a_null_with_chance_in_it():
    cell = consultations.Cell("recruitment", 0.0, 12, through="run")
    invited = [each for seed in (1, 2) for each in consultations.contrasts_of(cell, seed) if each.outcome == "invited"]
    assert any(each.differing for each in invited)


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
    rows = [dialogues.measure(Talk(read, gap, 36), 12, 0) for gap in (0.0, 0.2)]
    assert all(goal["met"] for goal in dialogues.goals([*rows, talked()]).values())
    for row in rows:
        assert row["value"] == pytest.approx(row["truth"], abs=4 * (0.5 / 36 / 5 / 12) ** 0.5)
        assert row.get("corrected", row["gap"]) == pytest.approx(row["gap"], abs=0.1)
    assert rows[1]["found"] > rows[0]["found"]
