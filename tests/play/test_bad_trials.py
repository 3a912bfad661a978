"""Equal questions at once are told apart, and one trial that cannot be played again does not cost the others."""

import orjson
import pytest
from logs import lines, rechain

from simrun import load, run

ASKED = (
    "scenario=recruitment",
    "scenario.mode=interview",
    "backend=scripted",
    "cases=2",
    "roles.judge.backend=scripted",
)
CLAIM = {"role": "candidate", "say": "I led a team of four."}


@pytest.mark.slow
def test_a_judge_that_is_asked_twice_about_the_same_claim_is_replayed_shown_and_resumed(tmp_path, command):
    done = run(*ASKED, out=str(tmp_path / "runs"), backend={"rules": [CLAIM]})
    told = [orjson.loads(line) for line in lines(done.path)]
    asked = [(call["trial"], call["nth"]) for call in told if call["kind"] == "call" and call["role"] == "judge"]
    assert len(asked) == len(set(asked)) > 10
    for what in ("replay", "show", "resume"):
        assert command(what, done.path)[0] == 0, what


@pytest.fixture
def spoilt(play):
    """A run of which one episode's outcome is not what its answers come to, and another's call is logged twice."""
    done = play("cases=4")
    told = [orjson.loads(line) for line in lines(done.path)]
    ended = [line for line in told if line["kind"] == "episode"]
    ended[1]["outcome"]["questions"] += 1
    twice = next(line for line in told if line["kind"] == "call" and line["trial"] == ended[3]["trial"])
    told.insert(told.index(twice) + 1, dict(twice))
    rechain(done.path, told)
    return done, {ended[1]["trial"], ended[3]["trial"]}, len(ended)


@pytest.mark.slow
def test_the_others_are_shown_and_the_bad_ones_are_named(spoilt, command):
    done, bad, episodes = spoilt
    for table in (done.path / "sealed").iterdir():
        table.unlink()
    code, *_ = command("show", done.path)
    assert code == 0
    again = load(done.path)
    states = again.episodes.set_index("trial").error
    assert set(states[states == "replay"].index) == bad
    assert (again.episodes.state == "done").sum() == episodes - 2
    messages = again.episodes.set_index("trial").message[list(bad)]
    assert any("came out otherwise" in each for each in messages)
    assert any("logged twice" in each for each in messages)
    assert command("report", done.path)[0] == 0
    assert "cannot be played again as they are logged" in (done.path / "report" / "report.md").read_text()


def test_replay_refuses_what_show_leaves_out(spoilt, command):
    code, _, errors = command("replay", spoilt[0].path)
    assert code == 2
    assert "came out otherwise" in errors or "logged twice" in errors


def test_a_resumed_run_with_bad_trials_is_reported_and_not_complete(spoilt, command):
    done, bad, _ = spoilt
    assert command("resume", done.path)[0] != 0 or not load(done.path).complete
    notes = load(done.path).manifests[0].notes
    assert any("cannot be played again" in note and trial in note for note in notes for trial in bad)
