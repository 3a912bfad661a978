"""Explaining gaps: which pairs, in which order, how long, and what a reader of known ways comes to."""

import json
import re
from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest

from simrun import run
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.scenarios.base import Turn
from simrun.scenarios.peer_review.explain import REASONS, Explain, ExplainOutcome, Favoured, Hypothesis, Order
from simrun.scenarios.peer_review.pairs import Pair, Pairs, drawn
from simrun.scenarios.peer_review.papers import Paper


def paper(name: str, rating: float | None = None) -> Paper:
    return Paper(
        id=name, title=f"Title {name}", text=f"## Abstract\nText of {name}.\n\n## Methods\nNot shown.", rating=rating
    )


def five(lower_first: bool = False) -> Pairs:
    pairs = [
        Pair(id=str(at), higher=paper(f"high-{at}"), lower=paper(f"low-{at}"), lower_first=lower_first)
        for at in range(5)
    ]
    return Pairs(id="five", pairs=tuple(pairs))


def played(
    mode: Explain, case: Pairs, judge: Callable[[str], str], reasons: Any = ("soundness",) * 20, order: Any = REASONS
) -> tuple[ExplainOutcome, list[Turn]]:
    """Plays it with a reader that judges by `judge(cue)` and takes its rules' reasons in turn."""
    beats, value, turns, rules = mode.play(case, np.random.default_rng(0)), None, [], iter(reasons)
    while True:
        try:
            beat = beats.send(value)
        except StopIteration as stop:
            return stop.value, turns
        asked = beat if isinstance(beat, tuple) else (beat,)
        turns += asked
        said = []
        for turn in asked:
            match turn.reply:
                case kind if kind is Order:
                    text = json.dumps({"order": list(order)})
                case kind if kind is Hypothesis:
                    text = json.dumps({"rule": f"Rule {len(turns)}.", "reason": next(rules)})
                case _:
                    text = judge(turn.cue)
            said.append(Reply.of(Answer(text=text), turn.kinds()))
        value = tuple(said) if isinstance(beat, tuple) else said[0]


def better(cue: str) -> str:
    """The right answer."""
    return json.dumps({"better": "A" if "Paper A: Title high" in cue else "B"})


# Pairs


def test_pairs_are_those_that_lie_apart_each_once():
    rated = [(paper(name), rating) for name, rating in (("a", 1), ("b", 4), ("c", 2), ("d", 4))]
    found = drawn(rated, 2, 4, [0])
    assert {(pair.higher.id, pair.lower.id) for pair in found} == {("b", "a"), ("b", "c"), ("d", "a"), ("d", "c")}
    assert len(drawn(rated, 3, 2, [0])) == 2  # 4 - 1, twice
    with pytest.raises(ValueError, match=r"scenario.pairs=5: pairs of papers that differ by .* or more: 4; lower"):
        drawn(rated, 2, 5, [0])
    with pytest.raises(ValueError, match="or more: 0; lower"):
        drawn([], 2, 2, [0])


def test_pairs_of_ours_differ_in_quality_and_are_drawn_in_both_orders():
    cases, faults = Explain(sets=4).bank()
    pairs = [pair for case in cases for pair in case.pairs]
    assert (len(cases), len(pairs), faults) == (4, 32, ())
    assert all(10 * (pair.higher.sound - pair.lower.sound) >= 2 for pair in pairs)
    assert 8 < sum(pair.lower_first for pair in pairs) < 24
    assert Explain(sets=4).bank() == (cases, faults)
    assert Explain(sets=4, draw=1).bank()[0] != cases


def test_pairs_of_a_file_of_rated_papers(tmp_path):
    rows = ["title,abstract,ratings", *(f"Paper {at},Abstract {at},{at}" for at in range(1, 6)), "Unrated,Abstract,"]
    (tmp_path / "rated.csv").write_text("\n".join(rows))
    cases, faults = Explain(data=str(tmp_path / "rated.csv"), gap=3, pairs=3, sets=1).bank()
    assert faults == ()
    assert {(pair.higher.rating, pair.lower.rating) for pair in cases[0].pairs} == {(5, 1), (5, 2), (4, 1)}


# The play


@pytest.mark.parametrize("swapped", [False, True])
def test_each_pair_is_judged_in_both_orders_the_drawn_one_first(swapped):
    mode = Explain(swapped=swapped)
    for lower_first in (False, True):
        _, turns = played(mode, five(lower_first), better)
        _, proposed, *judged = turns
        assert "Rated higher: Paper " + ("B" if lower_first != swapped else "A") in proposed.cue
        assert len(judged) == 10
        first = [re.findall(r"Paper A: Title (\w+)-(\d)", turn.cue)[0] for turn in judged]
        opened, then = ("low", "high") if lower_first != swapped else ("high", "low")
        assert first == [(name, str(at)) for at in range(5) for name in (opened, then)]
        assert all("Not shown" not in turn.cue for turn in turns)
        assert all(turn.private for turn in turns)


@pytest.mark.parametrize("lower_first", [False, True])
def test_a_reader_who_is_right_and_one_who_always_says_a(lower_first):
    right, _ = played(Explain(), five(lower_first), better)
    assert (right.explained, right.right, right.consistent, right.first) == (1, 1, 1, 0.5)
    assert (right.rounds, right.enough, right.by_round) == (1, 1, (1,))
    always, _ = played(Explain(), five(lower_first), lambda cue: '{"better": "A"}')
    assert (always.explained, always.right, always.consistent, always.first) == (0, 0.5, 0, 1)
    assert (always.rounds, always.enough, always.by_round) == (4, None, (0, 0, 0, 0))


def test_a_reader_who_cannot_be_read_comes_to_nothing():
    outcome, _ = played(Explain(), five(), lambda cue: "Who knows?")
    assert (outcome.explained, outcome.right, outcome.consistent, outcome.first) == (None, None, None, None)
    assert (outcome.rounds, outcome.enough, outcome.prior_posterior) == (4, None, None)


@pytest.mark.parametrize(
    ("unexplained", "rounds", "enough"),
    [(0.2, 4, None), (0.25, 4, 4), (0.5, 3, 3), (0.7, 2, 2)],
)
def test_rounds_go_on_until_less_than_the_given_share_is_left(unexplained, rounds, enough):
    """One pair of five is explained a round: .8, .6, .4, .2 are left; .2 is not less than .2."""
    outcome, turns = played(Explain(unexplained=unexplained), five(), _one_a_round())
    assert (outcome.rounds, outcome.enough) == (rounds, enough)
    assert outcome.by_round == pytest.approx((0.2, 0.4, 0.6, 0.8)[:rounds])
    judged = [turn for turn in turns if turn.reply is Favoured]
    assert len(judged) == 2 * sum((5, 4, 3, 2)[:rounds])  # what is explained is not asked again


def test_with_nothing_unexplained_it_ends_when_no_pair_is_left():
    outcome, _ = played(Explain(unexplained=0, most=10), five(), _one_a_round())
    assert (outcome.rounds, outcome.enough, outcome.explained) == (5, 5, 1)


def _one_a_round() -> Callable[[str], str]:
    """Of the pairs that are left the first is explained, by the first rule that is held against it."""
    rules: list[str] = []

    def judge(cue: str) -> str:
        rule, at = re.findall(r"Rule \d+\.", cue)[0], int(re.findall(r"Title high-(\d)", cue)[0])
        rules.extend([rule] if rule not in rules else [])
        return better(cue) if at == rules.index(rule) else '{"better": "A"}'

    return judge


def test_rules_that_failed_are_told_in_the_next_round():
    _, turns = played(Explain(most=3), five(), lambda cue: '{"better": "A"}')
    first, second, third = (turn.cue for turn in turns if turn.reply is Hypothesis)
    assert "tried before" not in first
    assert re.findall(r'\(\d\) "Rule \d+\."', second) == ['(1) "Rule 2."']
    assert len(re.findall(r'\(\d\) "Rule \d+\."', third)) == 2


def test_prior_against_posterior_by_hand():
    """Only rules about soundness explain. Places 8 to 1 against seven shares of 0 (rank 4 each) and one of 1 (rank 8):
    14 / sqrt(42 x 14) = 1 / sqrt(3) when it is said to matter most, and the opposite when least."""
    most, _ = played(Explain(), five(), better)
    least, _ = played(Explain(), five(), better, order=REASONS[::-1])
    assert most.prior_posterior == pytest.approx(1 / sqrt(3))
    assert least.prior_posterior == pytest.approx(-1 / sqrt(3))
    assert most.by_reason == {**dict.fromkeys(REASONS, 0.0), "soundness": 1.0}
    assert (most.said["soundness"], least.said["soundness"]) == (1, 8)
    two, _ = played(Explain(), five(), _one_a_round(), ("novelty", "clarity", "novelty", "novelty"))
    assert (two.by_reason["novelty"], two.by_reason["clarity"]) == pytest.approx((0.6, 0.2))
    unnamed, _ = played(Explain(), five(), better, order=REASONS[1:])
    assert unnamed.said["soundness"] is None
    assert unnamed.prior_posterior == pytest.approx(-1 / sqrt(3))  # what is not named stands last


@pytest.mark.parametrize("wording", range(3))
def test_every_wording_asks_the_same_and_the_script_knows_it(wording):
    _, turns = played(Explain(wording=wording), five(), better)
    for turn in turns:
        fitting = next(rule for rule in Explain.script if re.search(rule.when, turn.cue))
        assert set(fitting.say) == set(turn.kinds()[0].model_fields)
        assert not re.search(r"\{\w+\}|\{\{", turn.cue)


# Runs


def _effect(tmp_path: Any, *overrides: str) -> tuple[float, float]:
    """What the default contrast does to the share of right judgements, and to what is explained."""
    played = run(
        "scenario=peer_review",
        "scenario.mode=explain",
        "scenario.sets=15",
        "backend=scripted",
        "cases=null",
        "design.controls=[]",
        *overrides,
        out=str(tmp_path),
    )
    means = played.outcomes.groupby(["outcome", "arm"])["value"].mean()
    arms = "reviewer.bias=novelty", "reviewer.bias=none"
    found = [means[field][arms[0]] - means[field][arms[1]] for field in ("right", "explained")]
    return found[0], found[1]


@pytest.mark.slow
def test_a_planted_chance_is_found_and_none_where_none_is(tmp_path):
    """15 sets x 8 pairs x 2 orders: the standard error of a share near .65 is .03."""
    right, explained = _effect(tmp_path, "backend.group='New ideas'", "backend.effect=0.3")
    assert right == pytest.approx(-0.3, abs=0.09)
    assert explained < -0.1
    assert _effect(tmp_path) == (0, 0)


def test_the_control_of_the_opposite_order_can_be_played(tmp_path):
    played = run(
        "scenario=peer_review",
        "scenario.mode=explain",
        "backend=scripted",
        "cases=2",
        "design.controls=[swap]",
        out=str(tmp_path),
    )
    assert played.complete
