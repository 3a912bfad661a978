"""Texts made together: who does what, who is asked where reviewers disagree, and what the texts are like."""

import json
import re
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from simrun import run
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.scenarios.base import Turn
from simrun.scenarios.peer_review.making import SynthesisOutcome
from simrun.scenarios.peer_review.synthesise import Synthesise, Topics
from simrun.scenarios.peer_review.texts import diversity, realism, weights

TOPICS = Topics(id="two", topics=("bees", "trams"))


def played(mode: Synthesise, said: Any, case: Topics = TOPICS) -> tuple[SynthesisOutcome, list[tuple[Turn, ...]]]:
    """Plays it with what `said(turn)` answers."""
    beats, value, turns = mode.play(case, np.random.default_rng(0)), None, []
    while True:
        try:
            beat = beats.send(value)
        except StopIteration as stop:
            return stop.value, turns
        turns.append(beat)
        value = tuple(Reply.of(Answer(text=said(turn)), turn.kinds()) for turn in beat)


def scoring(scores: list[int], settled: str = '{"score": 9}') -> Any:
    """Writes of its topic, rates in turn, and settles."""
    left = iter(scores)

    def said(turn: Turn) -> str:
        if not turn.reply:
            return f"We study {'bees' if 'bees' in turn.cue else 'trams'}."
        return settled if " of 10" in turn.cue else json.dumps({"score": next(left)})

    return said


def test_roles_rotate_and_nobody_reviews_or_settles_an_own_text():
    mode = Synthesise(workers=5, texts=5)
    case = Topics(id="five", topics=tuple(f"topic {number}" for number in range(5)))
    _, (writing, rating, settling) = played(mode, lambda turn: "A text." if not turn.reply else _by(turn.role), case)
    members = mode.members()
    assert sorted(turn.role for turn in writing) == list(members)
    assert all(turn.private for turn in (*writing, *rating, *settling))
    for number, turn in enumerate(writing):
        at = members.index(turn.role)
        own = {each.role for each in rating[3 * number : 3 * number + 3]}
        assert own == set(members) - {turn.role, members[(at + 1) % 5]}
    assert sorted(turn.role for turn in rating) == sorted(members * 3)
    assert sorted(turn.role for turn in settling) == list(members)


def _by(role: str) -> str:
    return json.dumps({"score": 2 * int(role[-1]) - 1})


def test_who_writes_first_is_drawn():
    firsts = set()
    for seed in range(20):
        beats = Synthesise().play(TOPICS, np.random.default_rng(seed))
        firsts.add(next(beats)[0].role)
    assert firsts == set(Synthesise().members())


@pytest.mark.parametrize(
    ("bound", "score", "kept", "adjudicated"), [(2, 6.5, 0.5, 0.5), (6, 4.5, 0, 0), (5.9, 6.5, 0.5, 0.5)]
)
def test_an_adjudicator_is_asked_only_above_the_bound(bound, score, kept, adjudicated):
    """Bees get 8 and 2, apart by 6 and 5 in the mean; trams 3 and 5, apart by 2 and 4 in the mean. Settled: 9."""
    outcome, turns = played(Synthesise(texts=2, bound=bound), scoring([8, 2, 3, 5]))
    assert len(turns) == (3 if adjudicated else 2)
    assert (outcome.score, outcome.kept, outcome.adjudicated) == (score, kept, adjudicated)
    assert (outcome.spread, outcome.approved, outcome.words) == (4, 0.25, 3)
    if adjudicated:
        assert [turn.cue for turn in turns[2] if "8, 2" in turn.cue and "We study bees." in turn.cue]


def test_what_was_made_says_where_it_comes_from():
    outcome, turns = played(Synthesise(texts=2), scoring([8, 2, 3, 5]))
    writers, raters = [turn.role for turn in turns[0]], [turn.role for turn in turns[1]]
    assert [json.loads(line) for line in outcome.made.splitlines()] == [
        {
            "topic": "bees",
            "writer": writers[0],
            "text": "We study bees.",
            "scores": {raters[0]: 8, raters[1]: 2},
            "settled": 9,
            "adjudicator": turns[2][0].role,
            "score": 9,
        },
        {
            "topic": "trams",
            "writer": writers[1],
            "text": "We study trams.",
            "scores": {raters[2]: 3, raters[3]: 5},
            "settled": None,
            "score": 4,
        },
    ]
    assert outcome.by_writer == {
        member: {writers[0]: 9, writers[1]: 4}.get(member) for member in Synthesise().members()
    }
    assert outcome.by_reviewer[raters[0]] is not None


def test_a_refusal_is_not_rated_and_an_unreadable_score_is_missing():
    said = scoring([7, 7])
    outcome, turns = played(
        Synthesise(texts=2), lambda turn: "I'm sorry, but I can't help with that." if "bees" in turn.cue else said(turn)
    )
    assert len(turns[1]) == 2
    assert len(outcome.made.splitlines()) == 1
    assert (outcome.score, outcome.diversity) == (7, None)
    unread, _ = played(Synthesise(texts=2), scoring([8, 2, 5, 5], settled="Hm."))
    assert (unread.score, unread.kept, unread.adjudicated) == (5, 0, 0.5)  # of the other text alone
    none, turns = played(Synthesise(texts=2), lambda turn: "")
    assert len(turns) == 1
    assert (none.score, none.adjudicated, none.made) == (None, None, "")


@pytest.mark.parametrize("wording", range(3))
def test_every_wording_holds_topic_text_and_scores(wording):
    _, (writing, rating, settling) = played(Synthesise(texts=2, wording=wording), scoring([9, 1, 9, 1]))
    assert "bees" in writing[0].cue
    assert all(re.search(Synthesise.script[0].when, turn.cue) for turn in (*rating, *settling))
    assert "We study bees." in rating[0].cue
    assert "9, 1 of 10" in settling[0].cue or "gave 9, 1" in settling[0].cue
    assert not re.search(r"\{\w+\}|\{\{", "".join(turn.cue for turn in (*writing, *rating, *settling)))


# Real texts


def test_real_abstracts_are_drawn_for_each_set(tmp_path):
    lines = [json.dumps({"title": f"Paper {at}", "abstract": f"Abstract number {at}."}) for at in range(30)]
    (tmp_path / "real.jsonl").write_text("\n".join([*lines, '{"title": "x"}']))
    cases, faults = Synthesise(data=str(tmp_path / "real.jsonl"), against=5, sets=2).bank()
    assert [len(case.real) for case in cases] == [5, 5]
    assert cases[0].real != cases[1].real
    assert {*cases[0].real} <= {f"Abstract number {at}." for at in range(30)}
    assert [(fault.line, fault.field) for fault in faults] == [(31, "abstract")]
    (tmp_path / "one.csv").write_text("title,abstract\nAlone,Alone.\n")
    with pytest.raises(ValueError, match="one paper; give two or more"):
        Synthesise(data=str(tmp_path / "one.csv")).bank()


def test_diversity_by_hand():
    """`apple` stands in both of two texts: weight 1; `pear` in one: ln(3 / 2) + 1 = 1.405465."""
    assert diversity(["apple pear", "apple plum"]) == pytest.approx(1 - 1 / 2.975332, abs=1e-6)
    assert diversity(["apple pear", "pear apple"]) == pytest.approx(0, abs=1e-12)
    assert diversity(["apple", "plum", "fig"]) == 1
    assert diversity(["apple"]) is None


def test_realism_by_hand():
    """Two real texts that are the same; `pear` in all three: 1, `plum` in two: 1.287682, `kiwi` in one: 1.693147."""
    real = ["pear plum", "pear plum"]
    assert realism(["pear kiwi"], real) == pytest.approx(1 / np.sqrt((1 + 1.693147**2) * (1 + 1.287682**2)), abs=1e-6)
    assert realism(["plum pear"], real) == pytest.approx(1)
    assert realism(["stone"], real) == 0
    assert realism(["plum pear"], ["pear plum", "pear fig"]) == 1  # at most
    assert realism([], real) is None
    assert realism(["pear"], ["pear"]) is None
    assert realism(["pear"], ["pear", "plum"]) is None


def test_weights_are_those_of_scikit_learn():
    texts = ["The bee and the tram.", "A tram, a tram, and bees!", "Nothing of the kind."]
    theirs = TfidfVectorizer(token_pattern=r"[^\W\d_]{3,}").fit_transform(texts).toarray()
    assert weights(texts) == pytest.approx(theirs)


# Runs


@pytest.mark.slow
def test_a_planted_chance_is_found_in_what_reviewers_give(tmp_path):
    """4 texts x 2 scores in each of 25 sets: the standard error of a share of .5 is below .04."""
    options = "scenario=peer_review", "scenario.mode=synthesise", "backend=scripted", "scenario.sets=25", "cases=null"
    planted = ("backend.group='divided|not at one|How good'", "backend.effect=0.3")
    shares = []
    for overrides in ((), planted):
        done = run(*options, "vary.scenario.bound=[2,9]", "design.controls=[]", *overrides, out=str(tmp_path))
        means = done.outcomes.groupby(["outcome", "arm"])["value"].mean()
        assert means["approved"]["scenario.bound=2"] == means["approved"]["scenario.bound=9"]
        assert (means["adjudicated"]["scenario.bound=2"] > 0.1, means["adjudicated"]["scenario.bound=9"]) == (True, 0)
        shares.append(means["approved"]["scenario.bound=2"])
    assert shares == pytest.approx([0.8, 0.5], abs=0.08)
    lines = done.outcomes.query("outcome == 'made'").text
    assert len([json.loads(line) for made in lines for line in made.splitlines()]) == 2 * 25 * 4


def test_fewer_than_four_members_cannot_disagree(tmp_path):
    with pytest.raises(ConfigError, match="workers"):
        run(
            "scenario=peer_review",
            "scenario.mode=synthesise",
            "scenario.workers=3",
            "backend=scripted",
            out=str(tmp_path),
        )
