"""The report's figures from the tables: the layout by pairs, contrasts of single arms and of
sets, by hand; and draws that are shared."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import duckdb
import numpy as np
import orjson
import pandas as pd
import pytest
from conftest import config

from simrun import Run
from simrun.agents.records import Record
from simrun.estimate.paired import clustered_mean
from simrun.log.manifest import Manifest
from simrun.plan.arms import Arm, cell
from simrun.plan.contrasts import contrasts as contrasts_of
from simrun.plan.design import planned
from simrun.plan.factors import Factor
from simrun.scenarios.outcome import Better, Outcome, Range
from simrun.score.compared import Contrast, pairs
from simrun.score.contrasts import contrasts
from simrun.score.layout import DONE, ERROR, OWED, UNPLANNED, Layout, laid_out

NAN = np.nan


class Came(Outcome):
    accuracy = "right"
    right: Annotated[bool | None, Better("higher")] = None
    score: Annotated[int | None, Better("higher"), Range(1, 10)] = None


def manifest(known, cases: tuple[str, ...], repeats: int = 1, **changes) -> Manifest:
    """Two arms and the noise floor, on cases of these names."""
    plan = planned(
        config(vary={"patient": {"gender": ["woman", "man"]}}, cases=1, repeats=repeats, design={"controls": ["same"]}),
        known,
    )
    return Manifest.of(plan, 0.0).model_copy(update={"cases": cases, **changes})


def fractional(known, cases: tuple[str, ...]) -> Manifest:
    """Half of 2 x 2 x 2, in which no two arms differ in one factor alone, and two controls of planted agents."""
    factors = tuple(
        Factor(role=role, what=what, kind=kind, levels=levels)
        for role, what, kind, levels in (
            ("patient", "gender", "axis", ("woman", "man")),
            ("patient", "age", "axis", ("30", "70")),
            ("doctor", "mitigation", "mitigation", ("none", "blinding")),
        )
    )
    levels = [("woman", "30", "none"), ("woman", "70", "blinding"), ("man", "30", "blinding"), ("man", "70", "none")]
    arms = [cell(factors, each).model_copy(update={"name": " ".join(each)}) for each in levels]
    first = arms[0].sets
    controls = [Arm(name=name, sets=first, control=name) for name in ("same", "positive reference", "positive")]
    found = (*arms, *controls)
    told = {"factors": factors, "arms": found, "contrasts": contrasts_of(found, factors, "fractional")}
    return manifest(known, cases).model_copy(update=told)


def tables(rows: list[tuple[str, str, int, str, dict[str, Any]]]) -> duckdb.DuckDBPyConnection:
    """Rows of (case, arm, repeat, state, outcomes) as the sealed tables that a layout is read
    from; a list is a series, a dict by subject."""
    connection = duckdb.connect()
    episodes = pd.DataFrame([row[:4] for row in rows], columns=["case", "arm", "repeat", "state"])
    outcomes = [
        (*row[:3], name, turn, subject, each)
        for row in rows
        for name, value in row[4].items()
        for subject, own in (value.items() if isinstance(value, dict) else [(None, value)])
        for turn, each in (enumerate(own) if isinstance(own, list) else [(None, own)])
    ]
    connection.register("episodes", episodes)
    connection.register(
        "outcomes",
        pd.DataFrame(outcomes, columns=["case", "arm", "repeat", "outcome", "turn", "subject", "value"]).astype(
            {"value": float, "turn": "Int32", "subject": "string"}
        ),
    )
    return connection


WOMAN, MAN = "patient.gender=woman", "patient.gender=man"
ROWS = [
    ("b", WOMAN, 0, "done", {"right": 1, "score": 4, "told": None}),
    ("b", MAN, 0, "done", {"right": 0, "score": None, "told": None}),
    ("a", MAN, 1, "done", {"right": 1, "score": 9, "told": None}),
    ("a", WOMAN, 1, "done", {"right": 0, "score": 7, "told": None}),
    ("a", WOMAN, 0, "done", {"right": 1, "score": 5, "told": None}),
    ("a", MAN, 0, "error", {}),
    ("a", "same", 0, "owed", {}),
    ("a", "same", 1, "done", {"right": 0, "score": 7, "told": None}),
]


@pytest.fixture
def laid(known) -> Layout:
    return laid_out(tables(ROWS), manifest(known, ("b", "a"), 2), tuple(Came.measured()))


def test_the_layout_puts_every_row_in_its_pair_and_arm(laid):
    assert (laid.cases, laid.arms, laid.repeats) == (("a", "b"), (WOMAN, MAN, "same"), 2)
    assert laid.case.tolist() == [0, 0, 1, 1]
    assert laid.state.tolist() == [[DONE, ERROR, OWED], [DONE, DONE, DONE], [DONE, DONE, UNPLANNED], [UNPLANNED] * 3]
    np.testing.assert_equal(laid.table("right", [MAN, WOMAN]), [[NAN, 1], [1, 0], [0, 1], [NAN, NAN]])
    np.testing.assert_equal(laid.table("score", [WOMAN]), [[5], [7], [4], [NAN]])
    assert laid.done([WOMAN, MAN]).tolist() == [False, True, True, False]
    assert laid.rows(["b", "a"], 1).tolist() == [2, 0]


def test_one_outcome_flat_where_it_was_observed(laid):
    seen = laid.observed("score", [MAN, WOMAN])
    assert seen.value.tolist() == [9, 5, 7, 4]
    assert [laid.arms[arm] for arm in seen.arm] == [MAN, WOMAN, WOMAN, WOMAN]
    assert (seen.case.tolist(), seen.repeat.tolist()) == ([0, 0, 0, 1], [1, 0, 1, 0])
    assert len(laid.observed("right").value) == 6


def test_no_outcome_and_no_episode_make_an_empty_layout(known):
    none = laid_out(tables([("a", WOMAN, 0, "owed", {})]), manifest(known, ("a",)), tuple(Came.measured()))
    assert np.isnan(none.values).all()
    found = contrasts(manifest(known, ("a",)), none, Came)
    assert {(each.pairs, each.p, each.detectable, each.missing_p) for each in found} == {(0, None, None, None)}


def test_a_trial_that_is_there_twice_is_refused(known):
    with pytest.raises(ValueError, match=r"sealed/episodes.parquet has a trial twice"):
        laid_out(tables([ROWS[0], ROWS[0]]), manifest(known, ("a", "b"), 2), tuple(Came.measured()))


def test_a_contrast_by_hand(known, laid):
    """Man minus woman: right 1 - 0 in a, 0 - 1 in b; the score 9 - 7 in a, and missing for the man in b."""
    right, score, *_ = contrasts(manifest(known, ("b", "a"), 2), laid, Came)
    assert (right.difference, right.pairs, right.cases, right.differing, right.flip_rate, right.p) == (0, 2, 2, 2, 1, 1)
    assert right.reasons == {"infrastructure error": 1}
    assert (score.difference, score.pairs, score.missing_difference, score.missing_p) == (2, 1, 0.5, 1)
    assert score.reasons == {"infrastructure error": 1, "value missing in an arm": 1}
    assert (score.family, score.note) == ("secondary", "")
    assert (right.placebo_flip_rate, right.excess_flips) == (None, None)  # no placebo was played: there is no floor


def test_a_design_that_can_find_nothing_says_so(known, laid):
    """Two cases: the smallest p is 1/2, and the verdict is open, whatever was seen."""
    right, *_ = contrasts(manifest(known, ("b", "a"), 2), laid, Came)
    assert (right.detectable, right.least_flips, right.shown_within) == (None, 6, pytest.approx(0.9, abs=0.1))
    assert right.verdict.kind == "inconclusive"


def test_a_fractional_design_compares_levels_over_all_arms_and_the_planted_arm_with_its_own(known):
    found = fractional(known, ("a",)).contrasts
    assert [(each.arm, each.reference, each.arms, each.references, each.control) for each in found] == [
        (
            "patient.gender=man",
            "patient.gender=woman",
            ("man 30 blinding", "man 70 none"),
            ("woman 30 none", "woman 70 blinding"),
            False,
        ),
        (
            "patient.age=70",
            "patient.age=30",
            ("woman 70 blinding", "man 70 none"),
            ("woman 30 none", "man 30 blinding"),
            False,
        ),
        (
            "doctor.mitigation=blinding",
            "doctor.mitigation=none",
            ("woman 70 blinding", "man 30 blinding"),
            ("woman 30 none", "man 70 none"),
            False,
        ),
        ("same", "woman 30 none", ("same",), ("woman 30 none",), True),
        ("positive", "positive reference", ("positive",), ("positive reference",), True),
    ]


def test_sets_of_arms_by_hand(known):
    """Scores of the four arms: 4 6 8 8 in a, so that men get 8 - 5 = 3 more; 2 2 3
    missing in b; an arm of c is not played yet."""
    given = fractional(known, ("a", "b", "c"))
    arms = [arm.name for arm in given.arms]
    scores = {"a": (4, 6, 8, 8), "b": (2, 2, 3, None), "c": (1, 1, 1)}
    rows = [
        (case, arm, 0, "done", {"score": score})
        for case, of in scores.items()
        for arm, score in zip(arms, of, strict=False)
    ]
    layout = laid_out(tables([*rows, ("c", arms[3], 0, "owed", {})]), given, tuple(Came.measured()))
    gender = next(each for each in contrasts(given, layout, Came) if each.outcome == "score")
    assert (gender.arm, gender.difference, gender.pairs, gender.flip_rate) == ("patient.gender=man", 3, 1, None)
    # half of the men's, in one of two pairs
    assert (gender.missing_difference, gender.note) == (
        0.25,
        "averaged over the other factors",
    )
    assert gender.reasons == {"not played yet": 1, "value missing in an arm": 1}
    first = pairs(layout, "score", given.contrasts[0])
    assert first.whole().difference().tolist() == [3]
    # at worst the missing score is 1 and men get 2 - 2 = 0 in b, at best 10 and 6.5 - 2 = 4.5: means 1.5 and 3.75
    low, high = clustered_mean([3, 0], [0, 1], -9, 9).low, clustered_mean([3, 4.5], [0, 1], -9, 9).high
    assert (gender.worst_low, gender.worst_high) == (low, high)


def against(arms: tuple[str, ...], references: tuple[str, ...]) -> Contrast:
    return Contrast(arm="x", reference="y", arms=arms, references=references, why="treatment")


def test_two_arms_are_the_smallest_sets(laid):
    one = pairs(laid, "right", against((MAN,), (WOMAN,)))
    assert one.difference().tolist() == [1, -1]
    assert pairs(laid, "right", against((MAN, MAN), (WOMAN,))).difference().tolist() == [1, -1]


@pytest.mark.slow
def test_the_order_of_rows_changes_no_byte(play: Callable[..., Run]):
    done = play(
        "backend.group=Black",
        "backend.effect=0.3",
        cases=None,
        repeats=2,
        vary={"patient": {"ethnicity": ["White", "Black"]}},
    )
    before = told(done)
    for name in ("episodes", "outcomes"):
        file, draft = done.path / "sealed" / f"{name}.parquet", done.path / "draft.parquet"
        shuffled = f"FROM read_parquet('{file}') AS row ORDER BY hash(row)"
        duckdb.sql(f"COPY ({shuffled}) TO '{draft}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
        draft.replace(file)
    assert told(Run(done.path)) == before


def told(run: Run) -> tuple[bytes, dict[str, bytes]]:
    report: Record = run.write_report()
    return orjson.dumps(report.model_dump(mode="json")), {
        file.name: file.read_bytes() for file in Path(run.path / "report").glob("**/*") if file.is_file()
    }
