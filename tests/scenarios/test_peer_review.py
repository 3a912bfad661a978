"""A review: who is asked what, who hears whom, and what is decided."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from reviewing import SHORT, asked, by, kinds, outcomes, signed, spoken, staged

from simrun.scenarios.peer_review.assignment import assigned, boards
from simrun.scenarios.peer_review.deciding import above, decided, places, ranked
from simrun.scenarios.peer_review.forms import bar, review, scale, written
from simrun.scenarios.peer_review.papers import own
from simrun.scenarios.peer_review.review import ReviewMode
from simrun.scenarios.peer_review.scripts import known as facts
from simrun.scenarios.peer_review.venues import venues
from simrun.stage.stage import Stage

ONE, TWO = "reviewer_1", "reviewer_2"
ALL = {"desk": True, "draft": True, "revision": True, "reviewers": 2}


def heard(stage: Stage, role: str, chat: str = "paper-1") -> str:
    """All that was said to somebody in one chat, without what they said themselves."""
    seat = stage._seats[role, chat]
    return "\n".join([each.content for each in seat.messages if each.role == "user"] + seat.heard)


# Who is asked what


def test_all_phases_in_order(known):
    stage = staged(asked(known, **ALL))
    both = lambda kind: [(ONE, kind), (TWO, kind)]  # noqa: E731
    assert kinds(spoken(stage, signed)) == [
        ("chair", "Desk"),
        *both("Review"),  # drafts
        *both("Review"),
        ("author", "text"),
        ("author", "text"),  # an answer to each
        ("author", "text"),  # what has changed
        ("chair", "text"),  # opens the discussion
        *both("text"),
        *both("Again"),
        ("chair", "MetaReview"),
    ]


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        ({"desk": False}, {"Desk": 1}),
        ({"draft": False}, {"Review": 2}),
        ({"rebuttal": False}, {"author text": 2}),
        ({"revision": False}, {"author text": 1}),
        ({"rounds": 0}, {"chair text": 1, "reviewer text": 2, "Again": 2}),
        ({"rounds": 2}, {"chair text": -1, "reviewer text": -2}),
        ({"meta": False}, {"MetaReview": 1}),
        ({"meta": False, "desk": False}, {"MetaReview": 1, "Desk": 1, "chair text": 1}),
        (
            {"reviews": False, "draft": False, "rebuttal": False, "revision": False},
            {"Review": 4, "author text": 3},
        ),
        ({"decide": "none"}, {}),
        ({"chairing": "authoritarian"}, {"chair text": 1}),
        ({"numeric": False, "decide": "chair"}, {"Again": 2}),
    ],
)
def test_each_phase_can_be_switched_off(options, left_out, known):
    def counted(**fields):
        turns = kinds(spoken(staged(asked(known, **{**ALL, **fields})), signed))
        return Counter(f"{role.partition('_')[0]} text" if kind == "text" else kind for role, kind in turns)

    whole = counted()
    whole.subtract(left_out)
    assert +whole == counted(**options)


def test_a_draft_is_heard_by_nobody_and_the_final_review_counts(known):
    stage = staged(asked(known, draft=True, reviewers=2, rounds=0))
    turns = spoken(
        stage, lambda turn, chat: json.dumps({"summary": "s", "overall": 3 + chat.nth}) if chat.form else "x"
    )
    assert stage.outcome.initial == 4
    drafts = [turn for turn, chat in turns if turn.role == ONE and chat.nth == 0]
    assert [turn.to for turn in drafts] == [()]
    assert all(text in turns[2][0].cue for text in ("tied to a place", "borne out", "tone"))
    plain = staged(asked(known, draft=True, numeric=False, decide="chair"))
    assert not [cue for cue in (turn.cue for turn, _ in spoken(plain, signed)) if "score" in cue]


def test_without_numbers_the_chair_decides_and_nothing_is_scored(known):
    stage = staged(asked(known, numeric=False, decide="chair"))
    turns = spoken(stage, by())
    assert "There are no scores" in turns[0][1].text()
    assert set(turns[0][1].form["properties"]) == {"summary", "strengths", "weaknesses", "questions"}
    assert (stage.outcome.score, stage.outcome.spread, stage.outcome.accepted) == (None, None, True)
    assert set(stage.outcome.before.values()) == {None}


# Who hears whom


@pytest.fixture
def venue(known):
    """Two papers, three reviewers, everything played; nobody says what another does."""
    stage = staged(asked(known, papers=2, revision=True))
    return stage, spoken(stage, signed)


def test_reviewers_do_not_hear_each_other_before_the_discussion(venue):
    _, turns = venue
    for turn, chat in turns:
        if turn.role == ONE and turn.kinds() and turn.kinds()[0].__name__ == "Review":
            assert "reviewer_" not in chat.text()
    talk = next(chat for turn, chat in turns if turn.role == ONE and not turn.kinds() and turn.chat == "paper-1")
    assert all(f"{other}/paper-1/0" in talk.messages[-1].content for other in (TWO, "reviewer_3"))
    assert "reviewer_2/paper-1/1" not in talk.text()  # nor those who speak at the same time


def test_nobody_is_told_again_what_they_wrote_themselves(venue):
    stage, _ = venue
    for role in (ONE, TWO, "reviewer_3"):
        assert f"{role}/" not in heard(stage, role)
        assert f"{role}/paper-1/0" in "".join(each.content for each in stage._seats[role, "paper-1"].messages)


def test_authors_hear_the_reviews_of_their_own_paper_only(venue):
    stage, _ = venue
    assert {chat for role, chat in stage._seats if role == "author_2"} == {"", "paper-2"}
    told = heard(stage, "author_2", "paper-2")
    assert all(f"reviewer_{nth}/paper-2/0" in told for nth in (1, 2, 3))
    assert "paper-1" not in told
    assert "/paper-2/1" not in told  # nor the discussion of it


def test_an_answer_reaches_its_reviewer_and_the_others_with_the_review(venue):
    _, turns = venue
    before = {turn.role: chat.text() for turn, chat in turns if not turn.kinds() and turn.chat == "paper-1"}
    assert [turn.to[0] for turn, _ in turns if turn.role == "author"][:3] == [ONE, TWO, "reviewer_3"]
    assert "Author: I say author/paper-1/1." in before[TWO]
    assert "Author to Reviewer 1: I say author/paper-1/0." in before[TWO]
    assert "Author: I say author/paper-1/0." not in before[TWO]
    assert "author/paper-1/3" in before[TWO]  # what has changed, all hear


@pytest.mark.parametrize(
    ("chairing", "reviews", "paper", "subject"),
    [
        ("inclusive", True, True, "this paper and what was said of it"),
        ("authoritarian", False, True, "of this paper and|Sum up this paper,"),
        ("conformist", True, False, "what was said of this paper"),
    ],
)
def test_what_a_chair_reads_follows_from_how_it_chairs(chairing, reviews, paper, subject, known):
    plan = asked(known, {"author": {"affiliation": ["unknown", "famous"]}}, chairing=chairing, revision=True)
    stage = staged(plan)
    turn, chat = spoken(stage, signed)[-1]
    assert turn.kinds()[0].__name__ == "MetaReview"
    assert ("reviewer_1/paper-1/0" in chat.text()) == ("author/paper-1/0" in chat.text()) == reviews
    assert ("reviewer_1/paper-1/2" in chat.text()) == reviews  # the discussion
    assert ("[Submission]" in chat.text()) == paper
    assert any(each in turn.cue for each in subject.split("|"))
    assert "[About the author] Affiliation: a small regional university." in chat.text()


def test_a_reviewer_has_a_chat_for_each_paper_and_one_bias(known):
    plan = asked(known, papers=3, reviewers=1, roles={"reviewer": {"bias": "malicious", "dose": 3}}, **SHORT)
    turns = spoken(staged(plan), signed)
    assert [turn.chat for turn, _ in turns] == ["paper-1", "paper-2", "paper-3"]
    assert all("You want the papers of others to be rejected" in chat.text() for _, chat in turns)
    assert len({chat.seed for _, chat in turns}) == 3


# Boards


def test_a_board_keeps_to_loads_and_conflicts_and_is_the_same_in_every_arm(known):
    options = {"papers": 6, "committee": 9, "reviewers": 3, "load": 2}
    plan = asked(known, {"author": {"affiliation": ["unknown", "famous"]}}, cases=2, **options)
    drawn = {
        (case, repeat): {
            arm: own.cast(plan.cases[case], own.seeds(plan.trial(case, arm, repeat)))[0].board
            for arm, own in plan.castings.items()
        }
        for case in plan.cases
        for repeat in range(2)
    }
    for arms in drawn.values():
        one, other = arms.values()
        assert one == other
        assert {len(set(reviewers)) for reviewers in one.values()} == {3}
        assert max(Counter(each for reviewers in one.values() for each in reviewers).values()) <= 2
    assert len({json.dumps(next(iter(arms.values()))) for arms in drawn.values()}) > 1


def test_assignment_by_words_and_without_conflicts():
    papers = ("p1", "p2")
    affinity = {("a", "p1"): 0.9, ("a", "p2"): 0.1, ("b", "p1"): 0.8, ("b", "p2"): 0.7}
    assert assigned(papers, ("a", "b"), 1, 1, affinity) == {"p1": ("a",), "p2": ("b",)}
    assert assigned(papers, ("a", "b"), 1, 1, affinity, frozenset({("a", "p1")})) == {"p1": ("b",), "p2": ("a",)}
    topics = ("bees hedges", "bees hedges", "tickets buses", "tickets buses")
    board = boards(("p1", "p2", "p3", "p4"), topics, tuple("abcdefgh"), 2, 1, 0, "affinity", 3)
    assert sorted(each for those in board.values() for each in those) == list("abcdefgh")


def test_conflicts_are_drawn_until_they_leave_an_assignment():
    papers, reviewers = tuple(f"p{number}" for number in range(5)), tuple("abcdef")
    for seed in range(30):  # about every third draw of conflicts bars four of six reviewers from some paper
        board = boards(papers, papers, reviewers, 3, 5, 2, "random", seed)
        assert {len(set(those)) for those in board.values()} == {3}
        assert max(Counter(each for those in board.values() for each in those).values()) <= 3
    with pytest.raises(ValueError, match=r"cannot be found for p.*6 reviewers with at most 2 papers and 2 conf"):
        boards(papers, papers, reviewers, 3, 2, 2, "random", 0)


def test_a_venue_has_no_other_paper_of_the_same_study():
    submissions = own(0)
    found = venues([each.paper() for each in submissions], {each.id: each for each in submissions}, 25, 0)
    assert len(found) == len(submissions)
    for venue in found:
        ids = [paper.id for paper in venue.papers]
        assert len(set(ids)) == 25
        assert sum(each.rpartition("-")[0] == ids[0].rpartition("-")[0] for each in ids) == 1


# Decisions


@pytest.mark.parametrize(
    ("rate", "papers", "accepted"),
    [(0.3, 9, 3), (0.3, 10, 3), (0.3, 11, 3), (0.3, 25, 8), (0.5, 9, 5), (0.15, 10, 2), (0.35, 10, 4), (1, 11, 11)],
)
def test_accepted_is_rate_times_papers_halves_rounded_up(rate, papers, accepted, known):
    assert places(rate, papers) == accepted
    if papers < 25:
        plan = asked(known, papers=papers, rate=rate, decide="rate", reviewers=1, cases=1, **SHORT)
        (found,) = outcomes(plan, by())["reference"]
        assert sum(found.paper_accepted.values()) == accepted
        taken = [found.paper_scores[label] for label, yes in found.paper_accepted.items() if yes]
        left = [found.paper_scores[label] for label, yes in found.paper_accepted.items() if not yes]
        assert not left or min(taken) >= max(left)


def test_ties_are_decided_by_lot_alike_whatever_was_scored():
    scores = dict.fromkeys("abcd", 5.0)
    drawn = [ranked(scores, 2, np.random.default_rng(seed)) for seed in range(60)]
    share = Counter(name for each in drawn for name, yes in each.items() if yes)
    assert all(20 <= share[name] <= 40 for name in "abcd")  # 30 +- 3.9
    missing = [ranked({**scores, "a": None}, 2, np.random.default_rng(seed)) for seed in range(60)]
    for with_all, without in zip(drawn, missing, strict=True):
        assert without["a"] is None
        assert not with_all["a"] or sum(filter(None, without.values())) == 2
        assert with_all["a"] or {k: v for k, v in with_all.items() if k != "a"} == {
            k: v for k, v in without.items() if k != "a"
        }
    # sums in another order are no difference
    assert ranked({"a": (0.1 + 0.2 + 0.3) / 3, "b": (0.3 + 0.2 + 0.1) / 3}, 1, np.random.default_rng(1)) in (
        {"a": True, "b": False},
        {"a": False, "b": True},
    )


def test_rules_of_decision_by_hand():
    scores = {"p1": 6.0, "p2": 5.9, "p3": None, "p4": 9.0}
    rng = np.random.default_rng(0)
    assert above(scores, 6) == {"p1": True, "p2": False, "p3": None, "p4": True}
    assert decided("rate", scores, {}, ["p3"], 6, 2, rng) == {"p1": True, "p2": False, "p3": False, "p4": True}
    assert decided("rate", scores, {}, [], 6, 4, rng) == {"p1": True, "p2": True, "p3": None, "p4": True}
    said = {"p1": False, "p2": True, "p4": None}
    assert decided("chair", scores, said, ["p3"], 6, 2, rng) == {"p1": False, "p2": True, "p3": False, "p4": None}
    assert set(decided("none", scores, said, ["p3"], 6, 2, rng).values()) == {None}


def test_a_declined_paper_has_no_score_and_is_not_accepted(known):
    plan = asked(known, papers=3, reviewers=2, desk=True, decide="rate", rate=1)

    def says(turn, chat):
        if turn.kinds() and turn.kinds()[0].__name__ == "Desk":
            return {"paper-1": '{"review": false}', "paper-2": "Well."}.get(turn.chat, '{"review": true}')
        return signed(turn, chat)

    stage = staged(plan)
    turns = spoken(stage, says)
    assert {turn.chat for turn, _ in turns if turn.role != "chair"} == {"paper-2", "paper-3"}
    found = stage.outcome
    assert (found.declined, found.score, found.accepted, found.initial, found.before) == (True, None, False, None, {})
    assert found.paper_accepted == {"paper-1": False, "paper-2": True, "paper-3": True}
    assert (found.others_score, found.others_accepted) == (7, 1)


def test_an_unreadable_review_is_missing_and_never_0(known):
    def says(turn, chat):
        return "I would rather not say." if turn.role == ONE and turn.kinds() else signed(turn, chat)

    stage = staged(asked(known, reviewers=3))
    spoken(stage, says)
    found = stage.outcome
    assert (found.before[ONE], found.after[ONE], found.score, found.spread, found.shift) == (None, None, 7, 0, 0)
    silent = staged(asked(known, reviewers=1, decide="rate", papers=2, rate=0.5))
    spoken(silent, lambda turn, chat: "?" if turn.kinds() and turn.chat == "paper-1" else signed(turn, chat))
    assert (silent.outcome.score, silent.outcome.accepted, silent.outcome.others_accepted) == (None, None, 1)


def test_scores_that_are_all_a_step_lower_spread_alike(known):
    def spread(*given):
        stage = staged(asked(known, **SHORT))
        said = dict(zip((ONE, TWO, "reviewer_3"), given, strict=True))
        spoken(stage, lambda turn, chat: json.dumps({"summary": "s", "overall": said[turn.role]}))
        return stage.outcome.spread

    assert spread(7, 7, 6) == spread(6, 6, 5) == spread(4, 4, 3) == pytest.approx(1 / 3**0.5)


def test_a_review_without_a_lesser_score_still_counts():
    said = review(scale("1-6")).from_json({"summary": "s", "overall": 4, "novelty": 17})
    assert (said.overall, said.novelty, said.clarity) == (4, None, None)
    assert review(scale("1-6")).from_json({"summary": "s", "overall": 7, "novelty": 3}) is None


@pytest.mark.parametrize(
    ("given", "steps", "words", "threshold"),
    [
        ("1-10", tuple(range(1, 11)), "a whole number from 1 to 10", 6),
        ("1-6", tuple(range(1, 7)), "a whole number from 1 to 6", 4),
        ((1, 3, 5, 6, 8, 10), (1, 3, 5, 6, 8, 10), "one of 1, 3, 5, 6, 8, 10", 6),
    ],
)
def test_a_scale_stands_in_the_form_and_in_the_rules(given, steps, words, threshold, known):
    assert (scale(given), written(scale(given)), bar(scale(given))) == (steps, words, threshold)
    stage = staged(asked(known, scale=given, reviewers=1))
    chat = stage.chat(stage.pending()[0])
    form = chat.form["properties"]["overall"]
    assert tuple(form.get("enum", range(form.get("minimum", 0), form.get("maximum", 0) + 1))) == steps
    assert words in chat.text()
    assert ReviewMode(scale=given).bar == threshold
    known_of = [facts(own(0)[0].paper().model_copy(update={"sound": n / 6}), steps, threshold) for n in range(7)]
    falling = [float(each["score"]) for each in known_of]
    assert all(one <= other for one, other in pairwise(falling))
    assert set(falling) <= set(steps)
    if given == "1-10":
        assert falling == [2, 3, 4, 6, 7, 8, 9]
