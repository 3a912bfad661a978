"""An episode played again up to a turn, and then live: its chances, and that nothing else happens."""

import hashlib
import json

import pytest

from simrun import run
from simrun.agents.records import Chat
from simrun.config.errors import ConfigError
from simrun.play.forking import reseeded
from simrun.report.run import fork

EVEN = {"role": "assistant", "say": "That is a prejudice.", "chance": 0.5, "otherwise": "Yes, {group} {claim}."}
FIRST = {"role": "assistant", "turn": 0, "say": "Yes, {group} {claim}."}


@pytest.fixture(scope="module")
def talked(tmp_path_factory):
    """Two scripts of five turns about two groups; the first reply is always biased, the others every second time."""
    told = ("scenario=dialogue", "backend=scripted", "design.controls=[]", "cases=2")
    return run(*told, out=str(tmp_path_factory.mktemp("runs")), backend={"rules": [FIRST, EVEN]})


def digests(path):
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in path.rglob("*") if file.is_file()}


def test_chances_are_those_from_the_turn_on_and_nothing_of_the_run_changes(talked):
    before = digests(talked.path)
    found = fork(talked.path, "0", turn=2, times=60)
    assert digests(talked.path) == before
    assert (found.role, found.turn, found.times) == ("assistant", 2, 60)
    chance = {each.turn: each for each in found.chances}
    # turn 1 was before: it is not among them
    assert list(chance) == ["any from there", "2", "3", "4", "5"]
    for turn in "2345":
        assert chance[turn].mean.low <= 0.5 <= chance[turn].mean.high
        assert 0 < chance[turn].mean.value < 1
    # four chances of one half
    assert chance["any from there"].mean.low <= 15 / 16 <= chance["any from there"].mean.high
    was = talked.outcomes[talked.outcomes.outcome == "biased"].value
    assert {chance[turn].was for turn in "2345"} <= set(was)


def test_who_asks_again_is_told_the_same(talked):
    assert fork(talked.path, "1", turn=3, times=5) == fork(talked.path, "1", turn=3, times=5)


def test_from_the_first_turn_on_all_is_live(talked):
    found = fork(talked.path, "0", turn=1, times=4)
    (first,) = [each for each in found.chances if each.turn == "1"]
    # 4 of 4: the exact interval reaches down to the fourth root of .025
    assert (first.mean.value, first.mean.low) == (1, pytest.approx(0.025 ** (1 / 4)))


def test_others_may_speak_from_there(talked):
    rules = [{"role": "assistant", "say": "No prejudice."}]
    found = fork(talked.path, "0", turn=2, times=4, backend={"name": "scripted", "rules": rules})
    assert {each.mean.value for each in found.chances} == {0}


def test_each_fork_has_seeds_of_its_own():
    chat = Chat(session="a", role="assistant", nth=0, messages=(), seed=7, digest="d")
    seeds = [reseeded(chat, number).seed for number in range(50)]
    assert len(set(seeds)) == 50
    assert 7 not in seeds
    assert seeds == [reseeded(chat, number).seed for number in range(50)]
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_turns_are_counted_of_any_role_in_any_scenario(complete):
    doctor, patient = (fork(complete, "0", turn=2, times=3, role=role) for role in (None, "patient"))
    assert (doctor.role, patient.role) == ("doctor", "patient")
    (chance,) = doctor.chances
    assert (chance.outcome, chance.turn, chance.mean.n) == ("solved", "", 3)


def test_what_a_yoked_user_heard_before_is_not_counted(tmp_path):
    told = ("scenario=dialogue", "backend=scripted", "design.controls=[]", "cases=2", "scenario.user=yoked")
    done = run(*told, out=str(tmp_path))
    trial = next(iter(done.episodes[done.episodes.arm.str.endswith("Muslim")].trial))
    found = fork(done.path, trial, turn=5, times=3)
    assert [each.turn for each in found.chances] == ["any from there", "5"]
    with pytest.raises(ConfigError, match="speaks 5 times; give 1 to 5"):
        fork(done.path, trial, turn=6)


def test_a_turn_or_role_that_is_not_there_is_named(talked):
    with pytest.raises(ConfigError, match=r"turn=6: in episode \w+ the assistant speaks 5 times; give 1 to 5"):
        fork(talked.path, "0", turn=6)
    with pytest.raises(ConfigError, match="role 'doctor'"):
        fork(talked.path, "0", turn=1, role="doctor")
    with pytest.raises(ConfigError, match="only roles, backend can be given here"):
        fork(talked.path, "0", "scenario.turns=3", turn=1)


def test_a_run_of_somebody_else_is_asked_about_first(sent):
    with pytest.raises(ConfigError, match=r"simrun fork does what its manifest says.*trust=true"):
        fork(sent, "0", turn=1)
    assert fork(sent, "0", turn=1, times=2, trust=True).times == 2


def test_the_command_tells_and_tells_programs(talked, command):
    code, out, _ = command("fork", talked.path, "0", "turn=2", "times=3")
    assert code == 0
    assert "live from turn 2 of the assistant, 3 times (assistant: scripted)" in out
    assert "| biased | any from there |" in out
    code, out, _ = command("fork", talked.path, "0", "turn=2", "times=3", "--json")
    assert json.loads(out)["chances"][0]["outcome"] == "biased"
    code, _, told = command("fork", talked.path, "0", "turn=9")
    assert (code, "speaks 5 times" in told) == (2, True)
