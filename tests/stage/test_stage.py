"""The engine: what a role hears, in which order, and that its chat only grows."""

from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pytest

from simrun.agents.agent import Agent
from simrun.agents.records import Answer
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Case, Line, Play, Scenario, Turn
from simrun.scenarios.outcome import Better, Outcome
from simrun.stage.seeds import Seeds
from simrun.stage.stage import SILENCE, Stage


class Vote(Decision):
    """A number."""

    number: int

    def spoken(self) -> str:
        return f"I say {self.number}"


class Sum(Outcome):
    """All votes together."""

    total: int
    drawn: float


class Panel(Scenario):
    """Two vote at once, a third hears them, is asked aside, and speaks."""

    name: ClassVar[str] = "panel"
    about: ClassVar[str] = "test"
    outcome: ClassVar[type[Outcome]] = Sum

    def roles(self) -> tuple[str, ...]:
        return ("ann", "bob", "chair")

    def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
        return nx.DiGraph([("ann", "chair"), ("bob", "chair"), ("clerk", "ann"), ("chair", "ann")])

    def play(self, case: Any, rng: np.random.Generator) -> Play:
        yield Line("clerk", "We begin.")
        votes = yield (Turn("ann", reply=Vote, cue="Vote now."), Turn("bob", reply=Vote))
        yield Turn("chair", reply=Vote, cue="Aside: what do you think?", private=True)
        last = yield Turn("chair", cue="Sum up.")
        yield Turn("ann")
        return Sum(total=sum(vote.decision.number for vote in votes) + len(last.text), drawn=float(rng.random()))


def stage(seeds: Seeds | None = None) -> Stage:
    cast = {role: Agent(role=role, brief=f"You are {role}.") for role in ("ann", "bob", "chair")}
    return Stage(Panel(), Case(id="c"), cast, seeds or Seeds(1, "c", 0), "t1")


def vote(number: int) -> Reply:
    return Reply.of(Answer(text=f'{{"number": {number}}}'), (Vote,))


def text(stage: Stage, turn: Turn) -> list[str]:
    return [message.content for message in stage.chat(turn).messages]


def test_simultaneous_turns_are_unheard_by_each_other_and_both_heard_after():
    play = stage()
    ann, bob = play.pending()
    assert text(play, ann) == ["You are ann.", "Clerk: We begin.\n\nVote now."]
    play.say(ann, vote(2))
    assert play.pending() == (bob,)
    assert text(play, bob) == ["You are bob.", SILENCE]
    play.say(bob, vote(3))
    (chair,) = play.pending()
    assert text(play, chair) == ["You are chair.", "Ann: I say 2\nBob: I say 3\n\nAside: what do you think?"]


def test_a_private_turn_reaches_nobody_and_is_not_remembered():
    play = stage()
    for turn, number in zip(play.pending(), (2, 3), strict=True):
        play.say(turn, vote(number))
    play.say(play.pending()[0], vote(9))
    (public,) = play.pending()
    assert text(play, public)[1:] == ["Ann: I say 2\nBob: I say 3\n\nSum up."]
    play.say(public, Reply(text="five"))
    (ann,) = play.pending()
    assert text(play, ann) == ["You are ann.", "Clerk: We begin.", '{"number": 2}', "Chair: five"]


def test_a_chat_only_grows_but_for_its_last_message():
    play = stage()
    ann, bob = play.pending()
    before = play.chat(ann).messages
    play.say(ann, vote(1))
    play.say(bob, vote(1))
    play.say(play.pending()[0], vote(1))
    play.say(play.pending()[0], Reply(text="x"))
    after = play.chat(play.pending()[0]).messages
    assert after[: len(before) - 1] == before[:-1]
    assert before[-1].content.startswith(after[len(before) - 1].content)  # only the cue is gone


def test_the_outcome_is_what_the_play_returns():
    play = stage()
    for turn, number in zip(play.pending(), (2, 3), strict=True):
        play.say(turn, vote(number))
    play.say(play.pending()[0], vote(9))
    play.say(play.pending()[0], Reply(text="five"))
    assert not play.over
    play.say(play.pending()[0], Reply(text="bye"))
    assert play.over
    assert play.outcome.total == 2 + 3 + 4
    assert play.pending() == ()


def test_a_role_that_is_not_due_cannot_speak():
    play = stage()
    with pytest.raises(ValueError, match=r"'chair' is not due .* due are: \['ann', 'bob'\]"):
        play.say(Turn("chair"), Reply(text="me first"))


def test_seeds_come_from_run_case_repeat_role_and_turn_and_nothing_else():
    seeds = [stage(Seeds(1, "c", 0)).chat(turn).seed for turn in stage().pending()]
    assert seeds == [stage(Seeds(1, "c", 0)).chat(turn).seed for turn in stage().pending()]
    others = [Seeds(2, "c", 0), Seeds(1, "d", 0), Seeds(1, "c", 1), Seeds(1, "c", 0, "same")]
    first = [stage(seeds).chat(stage().pending()[0]).seed for seeds in others]
    assert len({seeds[0], seeds[1], *first}) == 6
    assert all(0 <= seed < 2**31 for seed in first)


def test_randomness_of_a_play_is_handed_to_it():
    def drawn(seeds: Seeds) -> float:
        return float(seeds.rng().random())

    assert drawn(Seeds(1, "c", 0)) == drawn(Seeds(1, "c", 0))
    assert drawn(Seeds(1, "c", 0)) != drawn(Seeds(1, "c", 1))


def test_an_opening_is_said_before_anybody_speaks_and_an_introduction_heard_before_that():
    cast = {role: Agent(role=role, brief=role) for role in ("bob", "chair")}
    cast["ann"] = Agent(role="ann", brief="ann", introduction="[About ann] Age: 40.", opening="Good morning.")
    play = Stage(Panel(), Case(id="c"), cast, Seeds(1, "c", 0))
    ann, bob = play.pending()
    assert text(play, ann) == ["ann", SILENCE, "Good morning.", "Clerk: We begin.\n\nVote now."]
    play.say(ann, vote(1))
    play.say(bob, vote(1))
    assert text(play, play.pending()[0])[1].startswith("[About ann] Age: 40.\nAnn: Good morning.\nAnn: I say 1")


def test_equal_digests_are_equal_prompts():
    one, two = stage(), stage(Seeds(9, "c", 5))
    assert one.chat(one.pending()[0]).digest == two.chat(two.pending()[0]).digest
    assert one.chat(one.pending()[0]).digest != one.chat(one.pending()[1]).digest


def test_who_hears_whom_may_be_drawn_by_case_and_seed_and_moves_no_other_draw():
    class Drawn(Panel):
        def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
            return nx.DiGraph([("ann", "bob")]) if rng.random() < 0.5 else nx.DiGraph([("bob", "ann")])

    cast = {role: Agent(role=role, brief="") for role in ("ann", "bob", "chair")}

    def edges(seed: int) -> set[tuple[str, str]]:
        heard = Stage(Drawn(), Case(id="c"), cast, Seeds(seed, "c", 0))._heard
        return {(role, other) for role, others in heard.items() for other in others}

    drawn, again = [edges(seed) for seed in range(20)], [edges(seed) for seed in range(20)]
    assert drawn == again
    assert {("ann", "bob")} in drawn
    assert {("bob", "ann")} in drawn
    seeds = Seeds(1, "c", 0)
    assert seeds.rng().random() != seeds.rng("hears").random()


def test_outcome_fields_say_which_way_is_better_and_how_far_they_go():
    from simrun.scenarios.clinic.consultation import ClinicOutcome

    measured = ClinicOutcome.measured()
    assert measured["solved"] == Better("higher")
    assert "diagnosis" not in measured
    assert (ClinicOutcome.span("confidence").low, ClinicOutcome.span("confidence").high) == (1, 10)
    assert (ClinicOutcome.span("solved").low, ClinicOutcome.span("solved").high) == (0, 1)
    assert ClinicOutcome.span("words") is None
