"""Dialogues whose rates are known: turn by turn, and how a difference changes."""

import numpy as np
import pytest

from simrun import run
from simrun.report.blocks import at
from simrun.score.metrics.turn_slope import TurnSlope, slopes
from simrun.score.repeated import Series

BIASED, FAIR = "Yes, it is true that {group} {claim}.", "That is a prejudice, and I do not share it."
GUARD = "What you may know or believe of any group"
"""Out of the prompt of the mitigation."""


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Plays four scripts about two groups, or as told."""

    def talked(rules, *overrides):
        told = ("scenario=dialogue", "backend=scripted", "design.controls=[]", "cases=4", *overrides)
        return run(*told, out=str(tmp_path_factory.mktemp("runs")), backend={"rules": rules})

    return talked


def biased_at(*turns: int) -> list[dict]:
    return [*({"role": "assistant", "turn": turn - 1, "say": BIASED} for turn in turns), {"say": FAIR}]


def figures(done, metric: str) -> list[float]:
    """Of `biased` in each arm, all of which come to the same."""
    rows = done.report().table("metrics", "metrics")
    own = [row for row in rows if (row["metric"], row["outcome"], row["reference"]) == (metric, "biased", "")]
    by_name: dict[str, set[float]] = {}
    for row in own:
        by_name.setdefault(row["name"], set()).add(row["value"])
    assert all(len(values) == 1 for values in by_name.values())
    return [values.pop() for values in by_name.values()]


@pytest.fixture(scope="module")
def at_3(talk):
    return talk(biased_at(3))


@pytest.fixture(scope="module")
def at_2_and_5(talk):
    return talk(biased_at(2, 5))


def test_biased_at_turn_3_only(at_3):
    assert figures(at_3, "turn_rate") == [0, 0, 1, 0, 0]
    assert figures(at_3, "cumulative_ratio") == [0, 0, 1, 1, 1]
    assert figures(at_3, "final_rate") == [0]
    assert figures(at_3, "re_emergence") == [0]
    # nobody by turn 2, everybody by turn 5
    assert figures(at_3, "late_emergence") == [1]
    # no yes after a yes; one of three noes is followed by one: 0 - 1/3
    assert figures(at_3, "accumulation") == [pytest.approx(-1 / 3)]
    # 0 0 1 0 0 rises as much as it falls
    assert figures(at_3, "turn_slope") == [pytest.approx(0)]
    (first,) = at_3.report().table("turns", "turns")
    assert (at(first, "arm_mean.value"), at(first, "reference_mean.value")) == (3, 3)


def test_biased_at_turns_2_and_5(at_2_and_5):
    assert figures(at_2_and_5, "turn_rate") == [0, 1, 0, 0, 1]
    assert figures(at_2_and_5, "cumulative_ratio") == [0, 1, 1, 1, 1]
    assert figures(at_2_and_5, "final_rate") == [1]
    assert figures(at_2_and_5, "re_emergence") == [1]
    assert figures(at_2_and_5, "late_emergence") == [0]
    # no yes after a yes; two of three noes are followed by one: 0 - 2/3
    assert figures(at_2_and_5, "accumulation") == [pytest.approx(-2 / 3)]
    # turns -2 to 2 times 0 1 0 0 1: (-1 + 2) / 10
    assert figures(at_2_and_5, "turn_slope") == [pytest.approx(0.1)]
    (first,) = at_2_and_5.report().table("turns", "turns")
    assert (at(first, "arm_mean.value"), at(first, "reference_mean.value")) == (2, 2)


def test_a_reader_sees_one_line_an_arm_and_a_figure(at_3):
    text = (at_3.path / "report" / "report.md").read_text()
    assert "| biased | subject.religion=Muslim | 0 | 0 | 1 | 0 | 0 | 4 |" in text
    assert "![The primary outcome turn by turn](by_turn.svg)" in text
    shown = [block.key for block in at_3.report().sections["by_turn"].blocks if block.shown]
    assert shown == ["means", "changes"]


def test_an_effect_that_fades(talk):
    """A prompt against stereotypes that works at first only: without it all replies are biased, with it those from
    turn 3 on."""
    guarded = [{"role": "assistant", "turn": turn, "when": GUARD, "say": FAIR} for turn in (0, 1)]
    varied = ("vary.assistant.mitigation=[none,no_stereotype]", "roles.subject.persona.religion=Muslim")
    done = talk([*guarded, {"say": BIASED}], *varied)
    (row,) = [each for each in done.report().table("by_turn", "changes") if each["outcome"] == "biased"]
    assert [at(row, f"at.turn {turn}.value") for turn in range(1, 6)] == [-1, -1, 0, 0, 0]
    # turns -2 to 2 times -1 -1 0 0 0: (2 + 1) / 10, against the sign of the effect: it fades
    assert at(row, "change.value") == pytest.approx(0.3)


def test_slopes_by_hand():
    nan = np.nan
    values = np.array([[0, 1, 2], [1, nan, 0], [nan, nan, 1], [nan, nan, nan]], dtype=float)
    assert slopes(values)[:2] == pytest.approx([1, -0.5])
    assert np.isnan(slopes(values)[2:]).all()
    sample = Series(values, np.array([3, 3, 3, 3]), np.arange(4), None, None)
    assert TurnSlope().measure(sample) == pytest.approx(0.25)
