"""`simrun show`: an index to type, one episode, and both arms of a case side by side."""

import json
import shutil

import pytest

from simrun.config.errors import ConfigError
from simrun.report.run import Run

ARMS = ["patient.ethnicity=White", "patient.ethnicity=Black"]


@pytest.fixture(scope="module")
def run(undisturbed) -> Run:
    return Run(undisturbed)


def test_the_number_before_an_episode_shows_it(command, complete):
    lines = command("show", complete)[1].splitlines()
    assert [line.split()[0] for line in lines] == [*"012345"]
    assert f"{lines[4].split()[3]}  [{lines[4].split('[')[1].split(']')[0]}]" in command("show", complete, "4")[1]


def test_a_number_is_a_number_even_where_an_id_begins_so(run):
    order = list(run.episodes.sort_values("at", kind="stable")["trial"])
    assert [run.trial(str(place)) for place in range(6)] == order
    with pytest.raises(ConfigError, match="no episode 77: this run has 6, from 0 to 5"):
        run.trial("77")
    assert [run.trial(trial) for trial in order] == order


def test_the_beginning_of_several_ids_lists_what_it_matches(run, monkeypatch):
    episodes = run.episodes.copy()
    episodes["trial"] = ["ab1", "ab2", "cd", "12", "9ab", "x"]
    monkeypatch.setitem(vars(run), "episodes", episodes)
    with pytest.raises(ConfigError, match=r"2 episodes begin with 'ab': .*ab1.*ab2.*; give one of the numbers"):
        run.trial("ab")
    assert (run.trial("c"), run.trial("9a"), run.trial("12")) == ("cd", "9ab", "12")


@pytest.fixture
def case(run) -> str:
    return run.manifests[0].cases[0]


def test_both_arms_of_a_case_stand_side_by_side_with_what_was_told(command, complete, case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = command("show", complete, "--pair", case)
    assert code == 0
    for arm in ARMS:
        assert f"{case}  [{arm}]" in out
    (line,) = [line for line in out.splitlines() if "«White»" in line]
    assert "«Black»" in line
    assert "patient was told: You are a patient" in out
    assert "doctor: What brings you here" in out


def test_the_outcomes_that_differ_stand_below(command, complete):
    run = Run(complete)
    solved = run.outcomes[run.outcomes["outcome"] == "solved"]
    value = {(row.case, row.arm): row.value for row in solved.itertuples()}
    for case in run.manifests[0].cases:
        for arm in ("patient.ethnicity=Black", "same"):
            out = command("show", complete, "--pair", case, f"arm={arm}")[1]
            left, right = value[case, ARMS[0]], value[case, arm]
            assert (f"solved: {left:g} | {right:g}\n" in out) == (left != right)


def test_a_pair_for_machines_and_of_another_arm(command, complete, case):
    told = json.loads(command("show", complete, "--pair", case, "--json")[1])
    assert list(told) == ARMS
    assert told[ARMS[0]]["prompts"]
    assert "[same]" in command("show", complete, "--pair", case, "arm=same")[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--pair", "nobody"], "no case 'nobody'"),
        (["--pair", "CASE", "arm=sme"], "no arm that is compared 'sme'; did you mean 'same'?"),
        (["--pair", "CASE", "repeat=3"], "repeat 3 (of 0 to 0) has no outcome in patient.ethnicity=White"),
        (["--pair", "CASE", "0"], "EPISODE and --pair: show one at a time"),
        (["repeat=1"], "arm and repeat belong to a pair: give --pair CASE too"),
    ],
)
def test_what_is_no_pair_is_refused(command, complete, case, given, message):
    code, out, told = command("show", complete, *(case if each == "CASE" else each for each in given))
    assert (code, out) == (2, "")
    assert message in told


def test_the_end_of_several_names_lists_what_it_matches(command, complete, tmp_path):
    for name in ("a-7x", "b-7x", "c-8y"):
        shutil.copytree(complete, tmp_path / "runs" / "clinic" / name)
    out = f"out={tmp_path / 'runs'}"
    told = command("show", "7x", out)[2]
    assert "2 runs match '7x'" in told
    assert "a-7x, b-7x. Give a path" in told
    assert "c-8y" not in told
    assert "no run '9z'" in (told := command("show", "9z", out)[2])
    assert "c-8y" in told
