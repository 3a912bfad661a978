"""Turns until an event, against sums done by hand, scipy and statsmodels."""

import numpy as np
import pytest
from samples import event_pairs
from samples import events as of_events

from simrun.estimate.paired import unseen
from simrun.report.render.cells import texts
from simrun.report.sections.turns import COLUMNS, table, until
from simrun.score.metrics.restricted_mean_difference import RestrictedMeanDifference
from simrun.score.metrics.restricted_mean_turns import RestrictedMeanTurns
from simrun.score.samples import Located

NONE = float("nan")


def mean_turns(events, observed, cases, horizon, **options):
    return RestrictedMeanTurns(**options).measure(of_events(events, observed, cases, horizon))


def difference(arm, reference, cases, horizon):
    return RestrictedMeanDifference().measure(event_pairs(arm, reference, cases, horizon))


# five dialogues of four turns: biased at 1, at 3, never; one refuses to go on after 1 turn, one after 2
EVENTS, OBSERVED = [1, 3, NONE, NONE, NONE], [4, 4, 4, 1, 2]


def test_kaplan_meier_by_hand():
    # turn 1: 1 of 5, one leaves; turn 2: 0 of 3, one leaves; turn 3: 1 of 2; turn 4: 0 of 1
    found = mean_turns(EVENTS, OBSERVED, list("abcde"), 4)
    assert found.risk == (5, 3, 2, 1)
    assert found.curve == pytest.approx((4 / 5, 4 / 5, 2 / 5, 2 / 5))
    assert found.value == pytest.approx(1 + 4 / 5 + 4 / 5 + 2 / 5)
    assert (found.n, found.clusters, found.events, found.left) == (5, 5, 2, 2)


def test_an_event_at_the_last_turn_shows_with_a_horizon_beyond_it():
    assert mean_turns([4, None], [4, 4], list("ab"), 4).value == 4
    # a turn beyond the last was not watched: nobody is at stake in it, but the mean up to it needs the curve at turn 4
    # only
    found = mean_turns([4, None], [4, 4], list("ab"), 5)
    assert found.value == pytest.approx(1 + 1 + 1 + 1 + 1 / 2)
    assert found.curve == (1, 1, 1, 0.5, None)


def test_undefined_where_all_have_left():
    found = mean_turns([1, None], [4, 1], list("ab"), 4)
    assert (found.value, found.low, found.curve) == (None, None, (0.5, None, None, None))
    gone = mean_turns([1, 2], [4, 4], list("ab"), 4)  # all had it: later turns need nobody
    assert (gone.value, gone.curve) == (1.5, (0.5, 0, 0, 0))
    assert mean_turns([], [], [], 4).value is None


def test_certainty_is_not_claimed_where_nothing_happened():
    found = mean_turns([None] * 10, [4] * 10, range(10), 4)
    assert (found.value, found.high) == (4, 4)
    assert found.low == pytest.approx(4 - unseen(10) * 3)
    assert mean_turns([None, 2], [4, 4], ["a", "a"], 4).low is None


def random_turns(seed: int, n: int = 200):
    rng = np.random.default_rng(seed)
    event, leaves = rng.geometric(0.15, n), rng.geometric(0.1, n)
    observed = np.minimum(np.minimum(event, leaves), 12)
    return np.where(event <= observed, event, np.nan), observed, rng.integers(0, 40, n)


@pytest.mark.parametrize("seed", range(3))
def test_agreement_with_scipy_and_statsmodels(seed: int):
    from scipy import stats
    from statsmodels.duration.survfunc import SurvfuncRight

    events, observed, cases = random_turns(seed)
    found = mean_turns(events, observed, cases, 8, draws=200)
    happened = ~np.isnan(events)
    times = np.where(happened, events, observed)
    censored = stats.CensoredData(uncensored=times[happened], right=times[~happened])
    assert found.curve == pytest.approx(stats.ecdf(censored).sf.evaluate(np.arange(1, 9)), abs=1e-12)
    oracle = SurvfuncRight(times, happened.astype(float))
    # the step function of statsmodels, integrated from 0 to 8
    ends, heights = (
        np.r_[0, oracle.surv_times[oracle.surv_times < 8], 8],
        np.r_[1, oracle.surv_prob[oracle.surv_times < 8]],
    )
    assert found.value == pytest.approx(np.diff(ends) @ heights, abs=1e-9)


def test_the_interval_is_of_cases_not_of_episodes():
    events, observed, cases = random_turns(0)
    once = mean_turns(events, observed, cases, 8)
    again = mean_turns(np.tile(events, 10), np.tile(observed, 10), np.tile(cases, 10), 8)
    assert (again.value, again.low, again.high) == pytest.approx((once.value, once.low, once.high))
    assert once.low < once.value < once.high


def test_the_difference_is_paired():
    # one turn earlier in every case: the cases vary widely, the difference does not
    reference, arm = [2, 4, 6, 8], [1, 3, 5, 7]
    found = difference((arm, [9] * 4), (reference, [9] * 4), (range(4), range(4)), 9)
    assert found.value == pytest.approx(-1)
    # no draw differs, so the interval reaches as far as what could be unseen in four cases
    assert (found.low, found.high) == pytest.approx((-1 - unseen(4) * 7, -1 + unseen(4) * 9))
    crossed = difference((arm, [9] * 4), (reference, [9] * 4), (range(4), [3, 2, 1, 0]), 9)
    assert crossed.high - crossed.low > 10
    assert difference(([None], [1]), ([2], [4]), (["a"], ["a"]), 4).value is None


@pytest.mark.parametrize(
    ("events", "observed", "horizon", "said"),
    [
        ([5], [4], 4, "1 turns are not"),
        ([0], [4], 4, "from 1"),
        ([1.5], [4], 4, "whole"),
        ([1], [4], 0, "at least 1"),
        ([1], [4, 4], 4, "one length"),
    ],
)
def test_an_error_says_what_came(events, observed, horizon, said):
    with pytest.raises(ValueError, match=said):
        mean_turns(events, observed, ["a"], horizon)


def test_turns_of_a_contrast():
    # the arm is biased at 1 and 3 and never, the reference never but once at 4, which a horizon of 4 counts as none
    pairs = event_pairs(([1, 3, NONE], [4] * 3), ([NONE, 4, NONE], [4] * 3), (list("abc"), list("abc")), 4)
    found = until(Located(pairs, "first bias", arm="arm", reference="ref"))
    assert (found.arm_mean.value, found.reference_mean.value, found.difference.value) == pytest.approx(
        (8 / 3, 4, -4 / 3)
    )
    (row,) = texts(table(found))
    assert len(row) == len(COLUMNS)
    assert row[0] == "first bias"
    assert row[5:] == ["2, 1", "0, 0", "0.333, 0.667"]


def test_leaving_cases_out_comes_to_the_same_as_drawing_them(monkeypatch):
    from simrun.estimate import survival

    rng = np.random.default_rng(4)
    cases = np.arange(400) // 2
    events = np.where(rng.random(400) < 0.8, rng.integers(1, 9, 400), np.nan)
    observed = np.where(np.isnan(events), rng.integers(3, 9, 400), 8.0)
    drawn = mean_turns(events, observed, cases, 9)
    monkeypatch.setattr(survival, "MANY", 10)
    left_out = mean_turns(events, observed, cases, 9)
    assert left_out.value == drawn.value
    # 2,000 draws are themselves off by 3 %
    assert left_out.high - left_out.low == pytest.approx(drawn.high - drawn.low, rel=0.06)
