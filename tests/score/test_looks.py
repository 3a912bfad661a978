"""What looks come to, question by question: the verdicts, the family, and where a test of signs is not enough."""

from types import SimpleNamespace

import numpy as np
import pytest

from simrun.config.options import Design, Width
from simrun.estimate.betting import betting_intervals
from simrun.plan.contrasts import Contrast
from simrun.plan.looks import Question
from simrun.score import looks
from simrun.score.looks import Followed, followed, told

ARMS = Contrast(arm="B", reference="A", arms=("B",), references=("A",), why="treatment")


@pytest.fixture
def follow(monkeypatch):
    """Follows questions whose differences by case are given, after looks at blocks of four of forty cases."""

    def following(*values, stop="decided", bound=1.0, margin=None, signs=True) -> tuple[Followed, ...]:
        given = {f"q{nth}": np.asarray(each, dtype=float) for nth, each in enumerate(values)}
        asked = [Question(contrast=ARMS, outcome=name, bound=bound, margin=margin, signs=signs) for name in given]
        manifest = SimpleNamespace(
            questions=asked, config=SimpleNamespace(design=Design(stop=stop)), cases=tuple(map(str, range(40)))
        )
        monkeypatch.setattr(looks, "differences", lambda _, __, question: given[question.outcome])
        return followed(manifest, None, range(4, len(values[0]) + 1, 4))

    return following


def test_the_level_of_a_family_is_shared(follow):
    """Seven flips of 12 cases, all one way: .0156 of the .0208 that may be spent by then, and of half as much."""
    flips = [1.0] * 7 + [0.0] * 5
    (alone,) = follow(flips)
    assert (alone.verdict, alone.after, alone.p) == ("difference", 12, pytest.approx(2 / 2**7))
    both = follow(flips, flips)
    assert [each.verdict for each in both] == ["inconclusive"] * 2
    assert both[0].level == 0.025
    assert both[0].p is None  # the test goes on


def test_signs_are_enough_for_yes_or_no_and_a_score_has_to_be_bounded_too(follow):
    drops = [-3.0] * 8
    (sampled,) = follow(drops, bound=10)
    assert (sampled.verdict, sampled.after) == ("difference", 8)
    (score,) = follow(drops, bound=10, signs=False)
    assert (score.verdict, score.why, score.after) == ("inconclusive", looks.NOT_BOUNDED, None)
    assert score.low < 0 < score.high
    assert score.p == sampled.p == pytest.approx(2 / 2**8)
    (later,) = follow(drops * 4, bound=10, signs=False)
    assert later.verdict == "difference"
    assert later.high < 0
    assert 8 < later.after < 32


def test_a_difference_may_lie_within_the_margin(follow):
    (found,) = follow([0.1] * 36 + [0.2] * 4, margin=0.4, bound=0.5)
    assert found.verdict == "within the margin"
    assert 0 < found.low < found.high < 0.4
    assert found.shown_within <= 0.4
    assert "but within the margin of 0.4" in told(found)


def test_a_width_goes_by_betting_and_holm(follow):
    flips, none = [1.0] * 12, [0.0] * 12
    found = follow(flips, none, stop=Width(half_width=0.45))
    assert [each.verdict for each in found] == ["difference", "inconclusive"]
    assert found[0].p_adjusted == pytest.approx(2 * found[0].p)
    assert found[1].p_adjusted == 1
    for each, values in zip(found, (flips, none), strict=True):
        four, eight, twelve = betting_intervals(values, (4, 8, 12), 1.0)
        assert four.half_width > 0.45 >= eight.half_width
        assert (each.after, each.low, each.high) == (8, twelve.low, twelve.high)


def test_cases_without_a_difference_move_nothing(follow):
    flips = [1.0] * 7 + [0.0] * 5
    holes = [1.0, np.nan, 1, 1, 1, 1, 1, 1, np.nan, 0, 0, 0]
    (whole,), (some,) = follow(flips), follow(holes)
    assert (whole.cases, some.cases) == (12, 10)
    assert some.p == whole.p
    assert some.difference == pytest.approx(0.7)


def test_nothing_is_said_before_the_first_look(follow):
    assert follow([]) == ()
