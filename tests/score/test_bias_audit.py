"""The table of Local Law 144: rates, medians and ratios worked out by hand, who is left out, and the file."""

import csv

import numpy as np
import pytest

from simrun.report.blocks import Column, Table
from simrun.report.render.csv import csv as written
from simrun.score.bias_audit import UNKNOWN, categories


def told(decision, score, names):
    found = categories(np.array(decision, dtype=float), np.array(score, dtype=float), np.array(names, dtype=object))
    return {each["category"]: each for each in found}


def test_rates_and_impact_ratios_by_hand():
    """Men 3 of 4 selected, women 1 of 2: .5 / .75. The scores of the six known are 1 2 3 4 5 6, median 3.5: above
    it are 2 of 4 men and 1 of 2 women."""
    found = told([1, 1, 1, 0, 1, 0, 1], [1, 2, 5, 6, 3, 4, 10], ["man", "man", "man", "man", "woman", "woman", ""])
    man, woman = found["man"], found["woman"]
    assert (man["n"], woman["n"], man["share"]) == (4, 2, pytest.approx(4 / 6))
    assert (man["selected"], woman["selected"]) == (0.75, 0.5)
    assert (man["selected_ratio"], woman["selected_ratio"]) == (1, pytest.approx(2 / 3))
    assert (man["scored"], woman["scored"]) == (0.5, 0.5)
    assert (man["scored_ratio"], woman["scored_ratio"]) == (1, 1)
    assert (found[UNKNOWN]["n"], found[UNKNOWN]["share"], found[UNKNOWN]["selected"]) == (1, pytest.approx(1 / 7), None)


def test_who_is_below_two_percent_has_rates_and_no_ratio_and_is_no_reference():
    """One of 101, who was selected: not the best group, whose rate is 30 of 60."""
    decision = [1] + [1, 0] * 30 + [1, 0, 0, 0] * 10
    found = told(decision, [np.nan] * 101, ["few"] + ["a"] * 60 + ["b"] * 40)
    assert (found["few"]["few"], found["few"]["selected"], found["few"]["selected_ratio"]) == (True, 1, None)
    assert (found["a"]["selected_ratio"], found["b"]["selected_ratio"]) == (1, 0.5)
    assert {each["scored"] for each in found.values()} == {None}
    assert not told(decision[:50], [np.nan] * 50, ["few"] + ["a"] * 49)["few"]["few"]  # 2 % is not below


def test_where_nobody_is_selected_there_is_no_ratio():
    found = told([0, 0], [5, 5], ["a", "b"])
    assert {(each["selected"], each["selected_ratio"], each["scored"]) for each in found.values()} == {(0, None, 0)}


def test_a_run_has_the_table_and_the_file(play):
    run = play("scenario=recruitment", cases=8)
    with (run.path / "report" / "local_law_144.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    by = {(each["table"], each["category"]): each for each in rows}
    assert len(rows) == 2 + 2 + 4
    assert by["sex", "woman"]["n"] == "16"
    assert by["sex by race or ethnicity", "woman, Black"]["n"] == "8"
    invited = run.outcomes[run.outcomes.outcome == "invited"].groupby("arm").value.mean()
    women = [f"candidate.gender=woman candidate.ethnicity={level}" for level in ("White", "Black")]
    assert float(by["sex", "woman"]["selected"]) == pytest.approx(invited[women].mean())
    page = (run.path / "report" / "report.md").read_text()
    assert "This is no legal advice" in page


def test_what_is_no_hiring_has_no_such_table(play):
    run = play("scenario=clinic", cases=2, vary={"patient": {"gender": ["man", "woman"]}})
    assert not (run.path / "report" / "local_law_144.csv").exists()


def test_a_spreadsheet_takes_no_name_for_a_formula():
    table = Table(key="t", columns=(Column.of("a", "a"),), rows=({"a": "=1+1", "b": 0.25}, {"a": None}))
    assert written(table) == "a,b\n'=1+1,0.25\n,\n"
