"""Several runs from one command: they end side by side, or with why they cannot."""

import json
import subprocess
import sys

import pytest

SMALL = ("backend=scripted", "cases=3", "vary.patient.ethnicity=[White,Black]", "design.controls=[same]")


def swept(command, tmp_path, *arguments):
    return command("-m", *SMALL, f"out={tmp_path}", f"hydra.sweep.dir={tmp_path}/sweeps", *arguments)


@pytest.mark.slow
def test_a_sweep_ends_in_one_comparison(command, tmp_path):
    code, told, _ = swept(command, tmp_path, "scenario.questions=5,10")
    assert code == 0
    assert told.count("verdict  ") == 2
    assert told.count("# clinic: 2 runs side by side") == 1
    assert "| scenario.questions | 5 | 10 |" in told


@pytest.mark.slow
def test_a_sweep_for_machines_ends_in_a_comparison_too(command, tmp_path):
    code, told, _ = swept(command, tmp_path, "scenario.questions=5,10", "--json")
    *runs, comparison = [json.loads(line) for line in told.splitlines()]
    assert (code, len(runs)) == (0, 2)
    assert comparison["differing"] == {"scenario.questions": [5, 10]}


@pytest.mark.slow
def test_what_cannot_be_compared_is_said_and_is_no_fault(command, tmp_path):
    asked = ("backend=scripted", "cases=3", "scenario=clinic,recruitment", f"hydra.sweep.dir={tmp_path}/sweeps")
    code, told, said = command("-m", *asked, f"out={tmp_path}")
    assert code == 0
    assert "side by side" not in told
    assert "these 2 runs are not set side by side: " in said
    assert "only runs of one scenario compare" in said


def test_one_run_is_set_beside_nothing(command, tmp_path):
    _, told, said = swept(command, tmp_path, "scenario.questions=5")
    assert "side by side" not in told + said


@pytest.mark.slow
def test_completion_for_a_shell_knows_the_menus(tmp_path):
    install = [sys.executable, "-m", "simrun", "-sc", "install=bash"]
    script = subprocess.run(install, capture_output=True, text=True, check=True).stdout
    assert "complete -o nospace -o default -F hydra_bash_completion simrun" in script
