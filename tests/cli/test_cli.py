"""The command, as a user types it: another directory, wrong input, exit codes, one JSON object."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simrun.report.report import Report

SIMRUN = [sys.executable, "-c", "from simrun.cli.main import main; main()"]
CLINIC = ("scenario=clinic", "backend=scripted", "cases=2")


@pytest.fixture
def simrun(tmp_path: Path):
    """Runs the command in a folder of its own."""

    def ran(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | environment
        return subprocess.run(
            [*SIMRUN, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            input=stdin,
            env=env,
            check=False,
            timeout=120,
        )

    return ran


@pytest.mark.slow
def test_a_run_from_any_directory_says_where_it_is_and_how_to_go_on(simrun, tmp_path):
    done = simrun(*CLINIC)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "runs" / "clinic").iterdir()
    assert f"run    {path}" in done.stderr
    assert f"simrun resume {path}" in done.stderr
    assert done.stdout.startswith("clinic   What changes in clinic")
    assert f"report   {path / 'report' / 'report.md'}\n" in done.stdout
    assert done.stdout.count("\n") + done.stderr.count("\n") <= 15


@pytest.mark.slow
def test_more_cases_than_there_are_is_said(simrun):
    done = simrun("scenario=recruitment", "scenario.mode=occupation", "backend=scripted", "cases=999", "vary={}")
    assert re.search(r"cases=999: there are \d+ of this scenario, and all are played", done.stderr), done.stderr
    assert "of this scenario" not in simrun(*CLINIC).stderr


@pytest.mark.slow
def test_full_prints_the_whole_report(command, complete):
    code, out, _ = command("report", complete, "--full")
    assert (code, out) == (0, (complete / "report" / "report.md").read_text() + "\n")


@pytest.mark.slow
def test_json_is_one_object_and_nothing_else(simrun):
    done = simrun(*CLINIC, "--json", "vary.patient.gender=[woman,man]", "seed=7", "repeats=2")
    told = Report.model_validate_json(done.stdout)
    assert told.complete is True
    assert [arm["name"] for arm in told.table("arms", "arms")] == [
        *("patient.gender=woman", "patient.gender=man", "same", "placebo")
    ]
    assert {
        "outcome",
        "arm",
        "reference",
        "difference",
        "low",
        "high",
        "pairs",
        "flip_rate",
        "placebo_flip_rate",
        "excluded",
    } <= set(told.table("effects")[0])
    assert Path(told.run).is_dir()


@pytest.mark.slow
def test_the_subcommands_on_the_last_run(simrun):
    simrun(*CLINIC)
    listed = simrun("show", "last")
    assert listed.stdout.count(" done ") == 8
    place, trial = listed.stdout.split()[:2]
    for episode in (trial, place):
        transcript = simrun("show", "last", episode).stdout
        assert "doctor: What brings you here, and since when?" in transcript
        assert "solved:" in transcript
    assert simrun("report", "last", "--full").stdout.startswith("# clinic: ")
    again = simrun("replay", "last")
    assert "outcomes identical, report identical" in again.stdout
    resumed = simrun("resume", "last")
    assert (resumed.returncode, "8 of 8 episodes are done already" in resumed.stderr) == (0, True)


@pytest.mark.slow
def test_help_config_version_and_lists(simrun):
    assert "vary.patient.ethnicity=[White,Black]" in simrun("--help").stdout
    assert simrun().stdout == simrun("--help").stdout
    assert "questions: 20" in simrun("--cfg", "job").stdout
    assert simrun("--version").stdout.startswith("simrun ")
    for menu, entry in {
        "scenarios": "clinic",
        "biases": "doctor/recency",
        "axes": "ethnicity",
        "backends": "scripted",
        "metrics": "flip_rate",
    }.items():
        assert entry in simrun("list", menu).stdout
        assert entry in json.loads(simrun("list", menu, "--json").stdout)[menu]
    assert "scripted   usable" in simrun("doctor").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scenario=clinc"], "no scenario 'clinc'; did you mean 'clinic'?"),
        (["scenario=clinic", "scenario.question=3"], "did you mean 'questions'"),
        (["scenario=clinic", "backend=scripted", "backend.modle=x"], "no option of backend=scripted 'modle'"),
        (["clinic"], "no command 'clinic'"),
        (["show", "nothing"], "no run 'nothing'"),
        (["show", "--all"], "no option of show '--all'"),
        (["list", "biasses"], "did you mean 'biases'"),
        (["resume", "last", "concurrency=many"], "concurrency: Input should be a valid integer"),
        (["resume", "last", "seed=9"], "seed: a run keeps the config that it began with"),
        (["scenario=clinic", "backend=server", "url=http://127.0.0.1:9/v1"], "cannot connect to http://127.0.0.1:9/v1"),
        (["scenario=clinic", "backend=local", "model=none.gguf"], "no file 'none.gguf'; give the path of a GGUF file"),
        (["scenario=clinic", "backend=replay", "backend.run=nowhere"], "no logged calls under 'nowhere'"),
        (["scenario=clinic", "backend=replay"], "backend.run"),
        ([*CLINIC, "backend.rules=[{role: doctor}]"], "rules.0.say: Field required"),
        (["scenario=clinic", "scenario.data=missing.jsonl"], "missing.jsonl'; give the path of a file"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(simrun, tmp_path, arguments, message):
    done = simrun(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "runs").glob("*/*"))


@pytest.mark.slow
def test_a_sweep_plays_every_combination(simrun, tmp_path):
    done = simrun("-m", *CLINIC, "seed=1,2", "scenario.questions=3,4")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "runs" / "clinic").iterdir())) == 4


@pytest.mark.slow
def test_a_mode_has_the_options_of_its_own_only(simrun):
    done = simrun("scenario=recruitment", "scenario.mode=occupation", "backend=scripted", "cases=2", "--json")
    assert done.returncode == 0, done.stderr
    # two of gender by two of ethnicity, same and placebo
    assert Report.model_validate_json(done.stdout).value("design", "done") == 12
    asked = simrun("scenario=recruitment", "scenario.mode=occupation", "--cfg", "job").stdout
    assert "choices: 8" in asked
    assert "style:" not in asked


@pytest.mark.slow
def test_a_scenario_of_ones_own_is_played_from_the_command_line(simrun):
    own = ("scenario=own_scenarios:Counter", "backend=scripted", "cases=2", "--json")
    done = simrun(*own, PYTHONPATH=str(Path(__file__).parents[1] / "config"))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_users_own_axis_and_bias(simrun, tmp_path):
    (tmp_path / "mine" / "axis").mkdir(parents=True)
    (tmp_path / "mine" / "axis" / "shoes.yaml").write_text(
        'name: shoes\nabout: What they wear.\nstated: "Shoes: {level}."\nlevels:\n  boots: {}\n  sandals: {}\n'
    )
    done = simrun("--config-dir", "mine", *CLINIC, "vary.patient.shoes=[boots,sandals]", "--json")
    assert done.returncode == 0, done.stderr
    assert Report.model_validate_json(done.stdout).table("arms")[1]["name"] == "patient.shoes=sandals"
    assert "shoes" in simrun("list", "axes", "--config-dir", "mine").stdout
    assert "outcomes identical" in simrun("replay", "last").stdout  # the run keeps the axis that it was played with


@pytest.mark.slow
def test_a_broken_users_file_is_named(simrun, tmp_path):
    (tmp_path / "mine" / "axis").mkdir(parents=True)
    (tmp_path / "mine" / "axis" / "shoes.yaml").write_text("name: shoes\nlevels: {}\n")
    done = simrun("--config-dir", "mine", *CLINIC)
    assert done.returncode == 2
    assert "shoes.yaml: about: Field required" in done.stderr


SLOW = (
    "from simrun.agents.backends.scripted import Scripted; import asyncio; real = Scripted.reply\n"
    "async def reply(self, chat):\n    await asyncio.sleep(0.15)\n    return await real(self, chat)\n"
    "Scripted.reply = reply\nfrom simrun.cli.main import main; main()"
)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_what_was_answered_and_resume_goes_on(simrun, tmp_path, times):
    run = [sys.executable, "-c", SLOW, *CLINIC, "cases=8", "concurrency=2"]
    process = subprocess.Popen(run, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_for_calls(tmp_path, 9)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "simrun resume" in told
    before = logged(tmp_path, "call")
    assert len(before) >= 9
    assert simrun("resume", "last").returncode == 0
    after = logged(tmp_path, "call")
    assert after[: len(before)] == before
    assert len({(call["trial"], call["role"], call["nth"]) for call in after}) == len(after)
    assert len(logged(tmp_path, "episode")) == 32


@pytest.mark.slow
def test_sigterm_gives_those_in_flight_a_grace_and_then_owes_them(simrun, tmp_path):
    run = [sys.executable, "-c", SLOW.replace("0.15", "60 if len(chat.messages) > 4 else 0"), *CLINIC, "stop_grace=0.2"]
    process = subprocess.Popen(run, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_for_calls(tmp_path, 6)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "0.2 s at most" in told
    assert len(logged(tmp_path, "call")) >= 6
    assert not logged(tmp_path, "episode")


@pytest.mark.slow
def test_who_looks_at_a_run_leaves_nothing_behind_when_told_to_end(tmp_path):
    run = [sys.executable, "-c", SLOW.replace("0.15", "60 if len(chat.messages) > 4 else 0"), *CLINIC, "stop_grace=0.2"]
    pipes = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    (made := tmp_path / "made").mkdir()
    with subprocess.Popen(run, **pipes) as played:
        wait_for_calls(tmp_path, 6)
        looks = [sys.executable, "-m", "simrun", "view", "last", "--serve"]
        with subprocess.Popen(looks, **pipes, env=os.environ | {"TMPDIR": str(made)}) as seen:
            for _ in range(300):
                if found := list(made.glob("simrun-view-*/*/report/report.html")):
                    break
                time.sleep(0.1)
            seen.terminate()
        played.terminate()
    assert (len(found), seen.returncode) == (1, 128 + signal.SIGTERM)
    assert not list(made.glob("simrun-view-*"))


def logged(folder: Path, kind: str) -> list[dict]:
    lines = [
        json.loads(line)
        for file in sorted(folder.glob("runs/*/*/log/*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    return [line for line in lines if line["kind"] == kind]


def wait_for_calls(folder: Path, count: int) -> None:
    for _ in range(300):
        if sum(file.read_bytes().count(b'"kind":"call"') for file in folder.glob("runs/*/*/log/*.jsonl")) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the run did not get that far")


@pytest.mark.slow
def test_a_person_plays_the_doctor(simrun):
    typed = "Since when does it hurt?\nREQUEST TEST: vital signs\nDIAGNOSIS READY: scabies\n" * 3
    done = simrun(
        "scenario=clinic",
        "backend=scripted",
        "cases=[scabies]",
        "vary={}",
        "roles.doctor.backend=human",
        "--json",
        stdin=typed,
    )
    assert done.returncode == 0, done.stderr
    assert Report.model_validate_json(done.stdout).table("arms")[0]["accuracy"] == 1
    assert "You are a doctor" in done.stderr
    assert "\ndiagnose (diagnosis, differential," in done.stderr
    assert "JSON" not in done.stderr


@pytest.mark.slow
def test_a_person_who_leaves_is_owed_not_wrong(simrun):
    done = simrun(
        "scenario=clinic",
        "backend=scripted",
        "cases=[scabies]",
        "vary={}",
        "design.controls=[same]",
        "roles.doctor.backend=human",
        "--json",
        stdin="Hello?\n",
    )
    assert done.returncode == 3
    told = Report.model_validate_json(done.stdout)
    assert told.value("missing", "errors") == {"connection": 2}
    assert told.table("arms")[0]["accuracy"] is None
