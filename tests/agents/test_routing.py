"""Which replica answers: worked through by hand."""

import pytest

from simrun.agents.backends import routing
from simrun.agents.backends.routing import Router


def test_first_calls_go_to_the_least_loaded_and_ties_to_the_first():
    router = Router(3)
    assert [router.place(session) for session in "abc"] == [0, 1, 2]
    router.done(1)
    assert router.place("d") == 1


def test_a_tie_goes_to_the_replica_with_the_fewest_sessions():
    router = Router(2)
    router.done(router.place("a"))  # idle again, but home to a
    assert router.place("b") == 1


def test_a_session_stays_although_another_replica_is_idle():
    router = Router(2)
    assert [router.place("a"), router.place("a"), router.place("a")] == [0, 0, 0]
    assert router.in_flight == [3, 0]


def test_arms_of_a_pair_meet_on_one_replica():
    router = Router(4)
    assert [router.place(session, pair) for session, pair in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b"))] == [
        0,
        0,
        1,
        1,
    ]


def test_an_arm_follows_its_pair_after_the_first_arm_is_over():
    router = Router(2)
    assert router.place("a1", "a") == 0
    assert router.place("b1", "b") == 1
    router.done(0)
    router.release("a1")
    router.place("c1", "c")  # goes to 0, which now has no fewer in flight than 1
    assert router.place("a2", "a") == 0


def test_a_session_moves_when_its_home_is_over_the_bound_and_stays_where_it_went():
    router = Router(2, spill=2, share=0)
    assert [router.place("a") for _ in range(3)] == [0, 0, 0]
    assert router.place("a") == 1  # 3 in flight at home is more than 0 + 2
    assert router.sessions == [0, 1]
    for replica in (0, 0, 0, 1):
        router.done(replica)
    assert router.place("a") == 1


def test_the_share_widens_the_bound_with_the_load():
    router = Router(2, spill=1, share=0.5)
    router.in_flight = [4, 2]  # 2 * 1.5 + 1 = 4: not over
    router.place("a", "p")
    assert router.in_flight == [4, 3]  # new, no pair: to the least loaded
    router.in_flight = [2, 4]
    assert router.place("a") == 1
    assert router.place("a") == 0  # 5 in flight at home is more than 4


def test_a_new_arm_leaves_its_pair_when_that_replica_is_over_the_bound_and_the_pair_keeps_its_place():
    router = Router(2, spill=1, share=0)
    assert [router.place(arm, "p") for arm in ("p1", "p2", "p3")] == [0, 0, 1]
    router.done(0)
    router.done(0)
    assert router.place("p4", "p") == 0


def test_what_is_over_is_forgotten():
    router = Router(2)
    for number in range(100):
        router.done(router.place(f"s{number}"))
        router.release(f"s{number}")
    router.release("never placed")
    assert router.sessions == [0, 0]
    assert not router._home


def test_only_the_latest_pairs_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(routing, "REMEMBERED", 2)
    router = Router(2)
    for pair in ("a", "b", "a", "c"):  # b is the one that was used longest ago
        router.place(f"{pair}1", pair)
    assert list(router._pairs) == ["a", "c"]


def test_a_call_cannot_end_twice():
    router = Router(2)
    router.done(router.place("a"))
    with pytest.raises(ValueError, match="replica 0 has no call in flight"):
        router.done(0)


def test_no_replicas_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Router(0)
