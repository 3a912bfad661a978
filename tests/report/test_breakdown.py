"""Turn by turn, subject by subject, and what judges found, against figures worked out by hand from told_tables."""

import pytest
from scipy.stats import beta
from told_tables import MARKS, POINTS, Told

from simrun import Run, run
from simrun.report.blocks import Row, at
from simrun.report.render.markdown import markdown
from simrun.report.sections.by_subject import MOST, BySubject

ONLY = {"arm": "client.gender=woman", "reference": "client.gender=man"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    asked = ["scenario=told_tables:Tables", "backend=scripted", "judge=told_tables:Echoes", "cases=null"]
    return run(*asked, out=str(tmp_path_factory.mktemp("tables")))


def shown(row: Row, *keys: str) -> list[object]:
    return [at(row, key) for key in keys]


MEANS = ("arm_mean.value", "arm_mean.n", "reference_mean.value", "reference_mean.n")
DIFFERENCE = ("difference.value", "difference.low", "difference.high", "difference.n")
LEFT = ("arm_ended", "reference_ended", "arm_missing", "reference_missing")


def test_each_turn_by_hand(done):
    rows = done.report().table("by_turn", "by_turn")
    assert [(row["outcome"], row["turn"], {key: row[key] for key in ONLY}) for row in rows] == [
        ("marks", turn, ONLY) for turn in range(3)
    ]
    # woman 0 1 0, man 1 0 1
    assert shown(rows[0], *MEANS) == pytest.approx([1 / 3, 3, 2 / 3, 3])
    # differences -1 +1 -1: with one more at -1 the share at 1 is Beta(1, 3), with one more at 1 it is Beta(2, 2)
    low, high = -1 + 2 * (1 - 0.975 ** (1 / 3)), -1 + 2 * float(beta.ppf(0.975, 2, 2))
    assert shown(rows[0], *DIFFERENCE) == pytest.approx([-1 / 3, low, high, 3])
    assert shown(rows[0], *LEFT) == [0, 0, 0, 0]
    # woman 0 0 1, man 0 . 1: b's episode had ended; the two pairs agree, and the square root of .025 is .1581
    assert shown(rows[1], *MEANS) == pytest.approx([1 / 3, 3, 1 / 2, 2])
    assert shown(rows[1], *DIFFERENCE) == pytest.approx([0, -0.8419, 0.8419, 2], abs=1e-4)
    assert shown(rows[1], *LEFT) == [0, 1, 0, 0]
    # woman None . 1, man 1 . .: a was observed without a value; no pair has both
    assert shown(rows[2], *MEANS) == [1, 1, 1, 1]
    assert shown(rows[2], *DIFFERENCE) == [None, None, None, 0]
    assert shown(rows[2], *LEFT) == [1, 2, 1, 0]


def test_each_subject_by_hand(done):
    x, y = done.report().table("by_subject", "by_subject")
    assert [(row["outcome"], row["subject"]) for row in (x, y)] == [("points", "x"), ("points", "y")]
    # woman 2 3 4, man 1 3 2: differences 1 0 2, standard error 1/sqrt(3), t = 4.3027
    assert shown(x, *MEANS) == [3, 3, 2, 3]
    assert shown(x, *DIFFERENCE) == pytest.approx([1, 1 - 4.302653 / 3**0.5, 1 + 4.302653 / 3**0.5, 3], abs=1e-6)
    # woman 2 5 1, man 2 None .: one pair, and so no interval
    assert shown(y, *MEANS) == pytest.approx([8 / 3, 3, 2, 1])
    assert shown(y, *DIFFERENCE) == [0, None, None, 1]
    assert shown(y, "arm_missing", "reference_missing") == [0, 2]


def test_each_judge_by_hand(done):
    (row,) = done.report().table("judges", "judges")
    assert row["outcome"] == "echoes.woman"
    assert shown(row, *MEANS) == [1, 3, 0, 3]
    # three pairs agree on 1 within -1 to 1: the cube root of .025 is .2924, and 1 - (1 - .2924) * 2 is -.4152
    assert shown(row, *DIFFERENCE) == pytest.approx([1, -0.4152, 1, 3], abs=1e-4)


def test_a_person_is_shown_them(done):
    text = markdown(done.report())
    # woman 0 1 0, then 0 0 1, then one that was observed without a value and one
    assert "| marks | client.gender=woman | 0.333 | 0.333 | 1 (1) | 3 |" in text
    assert "| marks | client.gender=man | 0.667 | 0.5 (2) | 1 (1) | 3 |" in text
    assert "\n## Subject by subject\n" in text
    assert "\n## What judges found\n" in text
    assert MOST > 2
    assert BySubject().compute(done.scored)[0].shown


def test_nothing_where_no_outcome_has_such_a_field(undisturbed):
    report = Run(undisturbed).report()
    assert [report.sections[name].blocks for name in ("by_turn", "by_subject", "judges", "by_kind")] == [()] * 4


def test_an_episodes_value_is_the_mean_of_what_was_observed():
    told = Told(marks=MARKS["a", True], points=POINTS["b", True])
    assert (told.mean("marks"), told.mean("points")) == (0, 4)
    assert Told(marks=(None,), points={}).mean("marks") is None
