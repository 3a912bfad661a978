"""A group over a network: who hears whom, what is asked, what it comes to, and what is refused."""

from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from conftest import config

from simrun import run
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.treatment import audited
from simrun.scenarios.choosing import Chosen, weighed
from simrun.scenarios.dialogue.group import Agreement, Group, GroupCase
from simrun.scenarios.dialogue.networks import read
from simrun.scenarios.dialogue.spreading import GroupOutcome, distances, moved, spread

MUSLIM = {"subject": {"persona": {"religion": "Muslim"}}}
INFECTED = {**MUSLIM, "member": {"bias": "religion", "dose": 3}}
NULLS = {"member": {"biased": [0, 2]}, "scenario": {"hearing": ["true", "false"]}}


def asked(known: Catalogue, vary: Any = None, roles: Any = None, cases: Any = 2, **options: Any) -> Plan:
    scenario = {"name": "dialogue", "mode": "group", **options}
    fields = {"vary": {} if vary is None else vary, "roles": roles or MUSLIM, "design": {"controls": []}}
    return planned(config(scenario=scenario, cases=cases, **fields), known)


def case(group: Group) -> GroupCase:
    return group.bank()[0][0]


def heard(group: Group, seed: int = 0) -> "nx.DiGraph[str]":
    return group.hears(case(group), np.random.default_rng(seed))


def ties(group: Group, seed: int = 0) -> dict[str, int]:
    """By how many each member is heard."""
    return dict(heard(group, seed).out_degree())


# Who hears whom


@pytest.mark.parametrize(
    ("options", "degrees"),
    [
        ({"graph": "complete"}, {7: 8}),
        ({"graph": "ring"}, {2: 8}),
        ({"graph": "ring", "members": 3}, {2: 3}),
        ({"graph": "star"}, {7: 1, 1: 7}),
        ({"graph": "star", "members": 2}, {1: 2}),
        ({"graph": "small_world", "rewiring": 0}, {4: 8}),
        ({"graph": "random", "density": 1}, {7: 8}),
    ],
)
def test_the_graph_that_is_asked_for(options, degrees):
    graph = heard(Group(**options))
    assert Counter(dict(graph.out_degree()).values()) == degrees
    assert nx.is_weakly_connected(graph)
    assert set(graph.nodes) == set(Group(**options).team_members())


@pytest.mark.parametrize("options", [{"graph": "random", "density": 0}, {"graph": "small_world", "rewiring": 1}])
def test_a_drawn_graph_is_in_one_piece_and_drawn_anew(options):
    group = Group(members=12, **options)
    graphs = [heard(group, seed) for seed in range(20)]
    assert all(nx.is_strongly_connected(graph) for graph in graphs)
    assert len({frozenset(graph.edges) for graph in graphs}) > 10
    assert set(heard(group, 3).edges) == set(heard(group, 3).edges)


def test_a_graph_is_the_same_in_every_arm_and_another_in_another_repeat(known):
    plan = asked(known, NULLS, INFECTED, graph="random", members=6)
    name = next(iter(plan.cases))
    drawn = {
        repeat: {
            own.cast(plan.cases[name], own.seeds(plan.trial(name, arm, repeat)))[0].hearing
            for arm, own in plan.castings.items()
        }
        for repeat in range(4)
    }
    assert {len(arms) for arms in drawn.values()} == {1}
    assert len({next(iter(arms)) for arms in drawn.values()}) == 4


def test_the_stage_hears_what_the_play_counts_with(known):
    """`hears` and `drawn` draw the same graph: distances are those along which it was heard."""
    plan = asked(known, graph="random")
    own = plan.castings[plan.arms[0].name]
    (first, *_), seeds = plan.cases.values(), own.seeds(next(plan.trials()))
    fitted = own.cast(first, seeds)[0]
    assert tuple(own.scenario.hears(first, seeds.rng("hears")).edges) == tuple(
        own.scenario.hears(fitted, seeds.rng("other")).edges
    )


@pytest.mark.parametrize(("place", "first"), [("hub", {7}), ("leaf", {1})])
def test_who_carries_it_sits_where_it_is_said(place, first):
    group = Group(graph="star", carriers=place)
    assert {ties(group, seed)["member_1"] for seed in range(8)} == first
    assert {ties(Group(graph="star"), seed)["member_1"] for seed in range(40)} == {1, 7}


def test_a_graph_of_a_file(tmp_path):
    graph = nx.DiGraph([("Ann", "Bo"), ("Bo", "Cy"), ("Bo", "Ann")])
    graph.add_node("Di")  # hears nobody and is heard by nobody
    nx.write_graphml(graph, tmp_path / "four.graphml")
    nodes, edges = read(str(tmp_path / "four.graphml"))
    assert (nodes, set(edges)) == (("Ann", "Bo", "Cy", "Di"), set(graph.edges))
    group = Group(data=str(tmp_path / "four.graphml"), members=4, carriers="hub")
    seats = heard(group)
    assert ties(group)["member_1"] == 2  # Bo is heard by two
    assert sorted(dict(seats.out_degree()).values()) == [0, 0, 1, 2]
    nx.write_graphml(nx.path_graph(3), tmp_path / "path.graphml")  # undirected: both ways
    assert len(read(str(tmp_path / "path.graphml"))[1]) == 4


# What is asked


def test_arms_differ_in_the_name_of_the_group_in_all_that_is_asked(known):
    vary = {"subject": {"religion": ["none", "Muslim"]}}
    for wording in range(3):
        for mirrored in (False, True):
            plan = asked(known, vary, cases=None, members=2, wording=wording, mirrored=mirrored)
            (pair,) = audited(plan).audited
            assert (pair.pairs, pair.amiss, dict(pair.verdicts)) == (6, (), {"intended": 6})


def test_who_hears_nobody_is_asked_the_same_as_often(known):
    plan = asked(known, {"scenario": {"hearing": ["true", "false"]}}, graph="ring", members=4)
    told = {}
    for arm in plan.arms:
        stage = plan.stage(plan.trial(next(iter(plan.cases)), arm.name, 0))
        asks = []
        while not stage.over:
            for turn in stage.pending():
                asks.append((turn.role, turn.cue, len(stage.chat(turn).messages)))
                stage.say(
                    turn, Reply(text="So be it.") if not turn.reply else Reply(text="", decision=Agreement(agree=4))
                )
        told[arm.name] = asks, {"Member" in words[-1] or "Member 1" in words[0] for words in stage.told().values()}
    one, other = told.values()
    assert one[0] == other[0]
    assert (one[1], other[1]) == ({True}, {False})


def test_a_bias_is_carried_by_k_of_n_and_the_others_have_its_control_text(known):
    plan = asked(known, NULLS, INFECTED, members=4)
    first = next(iter(plan.cases.values()))
    for arm in plan.arms:
        own = plan.castings[arm.name]
        cast = own.cast(first, own.seeds(next(plan.trials())))[1]
        carry = [role for role, agent in cast.items() if "Muslims" in agent.tendency]
        assert carry == list(own.scenario.carrying) == ([] if "biased=0" in arm.name else ["member_1", "member_2"])
        assert own.scenario.ever_carrying == ("member_1", "member_2")


# What it comes to

RING = tuple((f"m{a}", f"m{b % 4}") for a in range(4) for b in (a + 1, a + 3))
FOUR = ("m0", "m1", "m2", "m3")


def test_a_wave_worked_out_by_hand():
    said = [[True, False, False, False], [True, True, False, True], [True, True, None, True]]
    found = spread(FOUR, ["m0"], ["m0"], RING, said)
    assert found["biased"]["m2"] == (False, False, None)
    assert found["distance"] == {"m0": 0, "m1": 1, "m2": 2, "m3": 1}
    assert found["fair"] == pytest.approx(1 - 7 / 11)
    assert (found["reached"], found["reached_last"]) == (2 / 3, 1)  # m2 said nothing in the last round
    assert (found["reach_1"], found["reach_2"], found["reach_3plus"]) == (1, 0, None)
    assert (found["emerged"], found["rounds_to_spread"], found["rounds"], found["carriers"]) == (True, 2, 3, 1)


def test_where_nobody_carries_it_distances_are_from_where_they_would_sit():
    found = spread(FOUR, [], ["m0"], RING, [[False] * 4])
    assert found["distance"] == {"m0": 0, "m1": 1, "m2": 2, "m3": 1}
    assert (found["reached"], found["emerged"], found["rounds_to_spread"], found["carriers"]) == (0, False, None, 0)
    nobody = spread(FOUR, [], [], RING, [[True, False, False, False]])
    assert (nobody["reached"], set(nobody["distance"].values()), nobody["reach_1"]) == (0.25, {None}, None)


def test_all_are_counted_where_everybody_carries_it_in_some_arm_and_nothing_is_made_of_nothing():
    assert spread(FOUR, FOUR, FOUR, RING, [[True] * 4])["reached"] == 1
    found = spread(FOUR, [], [], RING, [[None] * 4])
    assert [found[name] for name in ("fair", "reached", "reached_last", "emerged", "rounds_to_spread")] == [None] * 5


def test_distances_follow_who_hears_whom():
    assert distances(FOUR, ["m0"], (("m0", "m1"), ("m2", "m1"))) == {"m0": 0, "m1": 1, "m2": None, "m3": None}
    assert moved(("a", "b", "c"), {"a": 2, "b": 3, "c": None}, {"a": 5, "b": 4, "c": 7}) == 2


def test_a_scale_is_what_was_said_or_what_is_to_be_expected():
    said = Reply(text="", decision=Agreement(agree=6), options={"2": 0.5, "6": 0.5})
    assert weighed(said, "agree", "sampled") == Chosen(6, None)
    assert weighed(said, "agree", "expected") == Chosen(4, None)
    assert weighed(said, "agree", "both") == Chosen(4, 6)
    assert weighed(Reply(text="?", problem="unreadable"), "agree", "both") == Chosen(None, None)


def test_a_planted_bias_lowers_what_is_fair_and_a_mirrored_question_is_read_back(tmp_path):
    done = run(
        *("scenario=dialogue", "scenario.mode=group", "backend=scripted", "backend.group=Muslims", "backend.effect=1"),
        *("scenario.members=4", "scenario.rounds=2", "design.controls=[mirror]", "cases=3"),
        out=str(tmp_path),
    )
    scored = done.scored.layout
    fair, opinion = (scored.values[scored.outcomes.index(name)] for name in ("fair", "opinion"))
    none, muslim, mirror = (
        scored.arms.index(arm) for arm in ("subject.religion=none", "subject.religion=Muslim", "mirror")
    )
    assert (fair[:, muslim] == 0).all()  # a chance of .8 less 1
    assert (opinion[:, muslim] == 6).all()
    assert 0.5 < fair[:, none].mean() < 1
    assert (opinion[:, none] == opinion[:, mirror]).all()  # 2 asked so is 6 asked the other way
    assert set(scored.details["opinion"].subjects) == {f"member_{nth}" for nth in range(1, 5)}


def test_a_refusal_is_not_biased_and_what_was_cut_off_is_missing(known):
    group, first = Group(members=2), next(iter(asked(known).cases.values()))
    claim = f"Yes, it is true that Muslims {first.claim}."
    texts = iter([Reply(text=claim), Reply(text="I can't help.", problem="refused")])
    play = group.play(group.drawn(first.model_copy(update={"group": "Muslims"}), np.random.default_rng(0)), None)
    turns, ended = next(play), None
    cut = Reply(text=claim, problem="truncated")
    rounds = [[next(texts), next(texts)], [cut, Reply(text="That is a prejudice.")], [Reply(text=claim)] * 2]
    for said in (
        [Reply(text="?", problem="unreadable")] * 2,
        *rounds,
        [Reply(text="", decision=Agreement(agree=5))] * 2,
    ):
        assert [turn.role for turn in turns] == ["member_1", "member_2"]
        try:
            turns = play.send(tuple(said))
        except StopIteration as stop:
            ended = stop.value
    assert isinstance(ended, GroupOutcome)
    assert ended.biased == {"member_1": (True, None, True), "member_2": (False, False, True)}
    assert (ended.opinion_before["member_1"], ended.opinion["member_1"], ended.amplification) == (None, 5, None)


def test_a_judge_says_what_was_said_and_reads_what_each_had_heard(tmp_path):
    roles = ("roles.judge.backend=scripted", "scenario.members=3", "scenario.graph=ring", "scenario.rounds=2")
    done = run(
        *("scenario=dialogue", "scenario.mode=group", "backend=scripted", "design.controls=[]", "cases=2", *roles),
        out=str(tmp_path),
    )
    calls = done.calls[done.calls.role == "judge"]
    assert len(calls) == 2 * 2 * 3 * 2  # cases, arms, members, rounds
    assert set(done.outcomes[done.outcomes.outcome == "judged_by"].text) == {"judge"}
    texts = done.turns[(done.turns.role != "judge") & (done.turns.kind == "turn")].text
    biased = done.outcomes[done.outcomes.outcome == "biased"].value
    assert biased.mean() == texts.str.startswith("Yes, it is true").mean() > 0


# What is refused

EDGE = '<edge source="{}" target="{}"/>'
GRAPHML = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n<graph edgedefault="undirected">\n'
    '<node id="a"/>\n<node id="b"/>\n{}\n</graph></graphml>'
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"graph": "ring", "members": 2}, "graph=ring needs 3 members or more; give scenario.members=3"),
        ({"graph": "small_world", "members": 3}, "graph=small_world needs 4 members"),
        ({"graph": "small_world", "members": 4}, "scenario.neighbours=4: give an even number below scenario.members=4"),
        ({"graph": "small_world", "neighbours": 3}, "scenario.neighbours=3: give an even number"),
        ({"members": 1}, "members: Input should be greater than or equal to 2"),
        ({"members": 33}, "members: Input should be less than or equal to 32"),
        ({"carriers": 2}, r"says where those sit.*how many they are is said by vary.member.biased=\[0,2\]"),
        ({"carriers": "middle"}, "carriers: Input should be 'random', 'hub' or 'leaf'"),
        ({"graph": "tree"}, "graph: Input should be 'complete', 'star'"),
        ({"data": "/nowhere.graphml"}, "no file '/nowhere.graphml'; give the path of a GraphML file"),
    ],
)
def test_a_network_that_is_none_is_refused(options, message, known):
    with pytest.raises(ConfigError, match=message):
        asked(known, **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GRAPHML.format(EDGE.format("a", "c")), r"file.graphml:5: an edge has the unknown node 'c'.*nodes are a, b"),
        (GRAPHML.format(EDGE.format("a", "a")), r"file.graphml:5: 'a' would hear itself; leave that edge out"),
        (GRAPHML.format('<node id="b"/>'), r"file.graphml:5: node 'b' stands in line 4 too"),
        ("<graphml>\n<graph>", r"file.graphml:2: not XML"),
        ("<svg/>", "no <node> in it; give a GraphML file"),
        (GRAPHML.format('<node id="c"/>'), "has 3 nodes for 2 members; set scenario.members=3"),
        (GRAPHML.format("").replace('<node id="b"/>', ""), "has 1 nodes for 2 members; give one with 2 to 32 nodes"),
        ('<graph><node id="a"/><node id="b"/></graph>', "networkx cannot read it as GraphML"),
    ],
)
def test_a_file_that_is_no_network_is_named_with_its_line(text: str, message: str, known, tmp_path: Path):
    (tmp_path / "file.graphml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        asked(known, members=2, data=str(tmp_path / "file.graphml"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"vary": {"member": {"biased": [0, 9]}}, "roles": INFECTED},
            "vary.member.biased: 9 of 8: give how many of member_1, member_2",
        ),
        ({"vary": {"member": {"biased": [0, 1]}}, "roles": MUSLIM}, "the member has no bias; set roles.member.bias"),
        (
            {"vary": {"member": {"biased": [0, 1]}}, "roles": {"member": {"bias": "religion"}, "subject": {}}},
            r"no claim is about member.biased; set or vary one of: subject.age",
        ),
        (
            {"vary": {"member": {"biased": [0, 1]}}, "roles": {**MUSLIM, "member": {"bias": "age"}}},
            "bias 'age' is about a group on axis 'age', and the subject has none: set roles.member.target=LEVEL",
        ),
    ],
)
def test_carriers_that_are_none_are_refused(fields, message, known):
    with pytest.raises(ConfigError, match=message):
        asked(known, **fields)
