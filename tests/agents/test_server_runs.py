"""Runs on a server that misbehaves: what it costs, what it never changes, and what is written of its key."""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count, repeat
from pathlib import Path

import orjson
import pytest
from shapes import Shape, one
from stub import FINAL, MODEL, PASSING, Fault, Seen, Stub, a_third, completion, echo, hang, http, raw

from simrun import Run, run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions.standing import ENOUGH
from simrun.agents.records import Answer
from simrun.cli import main as cli
from simrun.cli.command import ERRORS
from simrun.report.report import Report
from simrun.report.run import resume
from simrun.scenarios.clinic.consultation import Consultation

QUICK = {"timeout": 2, "deadline": 8, "retries": 2, "backoff": 0.01}
KEY = "sk-secret-0123456789abcdef"


def asked(stub: Stub, out: Path, *overrides: str) -> list[str]:
    quick = [f"backend.{option}={value}" for option, value in QUICK.items()]
    return [
        *(
            "scenario=clinic",
            "design.controls=[same]",
            "scenario.questions=4",
            "cases=3",
            "vary.patient.ethnicity=[White,Black]",
        ),
        *("backend=server", f"backend.url={stub.url}", *quick, f"out={out}", *overrides),
    ]


def play(stub: Stub, out: Path, *overrides: str) -> Run:
    return run(*asked(stub, out, *overrides))


def files_with(secret: str, folder: Path) -> list[str]:
    return [str(file) for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


def logged_calls(path: Path) -> Counter[tuple[str, str, int, int]]:
    lines = [orjson.loads(line) for file in (path / "log").glob("*.jsonl") for line in file.read_bytes().splitlines()]
    return Counter(
        (line["trial"], line["role"], line["nth"], line.get("attempt", 0)) for line in lines if line["kind"] == "call"
    )


def outcomes(of: Run) -> list[str]:
    return sorted(of.outcomes.to_csv(columns=["trial", "outcome", "value", "text"], index=False).splitlines())


EVERY = [fault for fault, _ in (*PASSING.values(), *MODEL.values(), *FINAL.values())]


def test_a_key_that_the_server_gives_away_is_in_no_file(stub, tmp_path, monkeypatch, capfd):
    stub.key = KEY
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    stub.misbehave(a_third([echo(500), echo(200), echo(404)], seed=1))
    told = play(stub, tmp_path)
    assert "***" in " ".join(told.episodes.message)
    assert all(KEY not in frame.to_csv() for frame in (told.episodes, told.turns, told.calls, told.outcomes))
    assert not files_with(KEY, tmp_path)
    assert KEY not in "".join(capfd.readouterr())


def test_a_bad_server_costs_episodes_and_no_outcome(stub, tmp_path):
    stub.misbehave(a_third(EVERY, seed=1))
    bad = play(stub, tmp_path, "repeats=3")
    state = bad.episodes.set_index("trial").state
    assert set(stub.wrong) == set(EVERY)
    assert set(state) == {"done", "error"}
    assert set(bad.episodes.error) <= {"", *(kind for _, kind in (*PASSING.values(), *FINAL.values()))}
    assert set(bad.outcomes.trial) == set(state[state == "done"].index)
    stub.listing = http(503)
    with pytest.raises(BackendError, match="503"):
        resume(bad.path)
    stub.listing = None
    stub.misbehave()
    assert resume(bad.path).complete
    assert set(logged_calls(bad.path).values()) == {1}


@pytest.mark.slow
def test_faults_of_infrastructure_change_no_result(stub, tmp_path):
    healthy = play(stub, tmp_path / "healthy")
    stub.misbehave(a_third([fault for fault, _ in PASSING.values()], seed=2))
    bad = play(stub, tmp_path / "bad", "backend.retries=1")
    assert set(outcomes(bad)) <= set(outcomes(healthy))
    stub.misbehave()
    resumed = resume(bad.path)
    assert outcomes(resumed) == outcomes(healthy)
    assert len(resumed.calls) == len(healthy.calls) == len(logged_calls(bad.path))


def test_pairs_with_an_episode_in_error_are_left_out_with_the_reason(stub, tmp_path):
    stub.misbehave(lambda seen: http(500) if "Ethnicity: Black" in str(seen.body) else None)
    report = play(stub, tmp_path).scored
    white, black, same = report.arms
    assert [(arm.n, arm.errors, arm.calls > 0) for arm in (white, black, same)] == [
        (3, 0, True),
        (0, 3, False),
        (3, 0, True),
    ]
    assert black.accuracy is None
    found = {each.arm: (each.pairs, each.reasons) for each in report.contrasts if each.outcome == "concluded"}
    assert found == {black.name: (0, {"infrastructure error": 3}), "same": (3, {})}
    assert report.errors == {"server": 3}


def test_the_arms_of_a_pair_share_the_seeds_on_the_wire(stub, tmp_path):
    calls = play(stub, tmp_path, "backend.max_tokens=77").calls
    assert sorted(calls.seed) == sorted(seen.body["seed"] for seen in stub.chats)
    assert {seen.body["max_tokens"] for seen in stub.chats} == {77}
    first = calls[(calls.role == "doctor") & (calls.nth == 0)]
    assert sorted(first.seed.value_counts()) == [
        1,
        1,
        1,
        2,
        2,
        2,
    ]  # 3 cases: one seed for White and Black, another for `same`


def test_a_key_that_is_withdrawn_stops_the_run(stub, tmp_path):
    stub.misbehave(lambda _: http(401) if len(stub.chats) > 20 else None)
    stopped = play(stub, tmp_path, "concurrency=1")
    assert "refused the key" in stopped.stopped
    counts = stopped.episodes.state.value_counts()
    assert counts["error"] == 1
    assert min(counts["done"], counts["owed"]) > 0


@pytest.mark.parametrize(
    ("url", "why"), [("", "HTTP 503"), ("backend.url=http://me:hunter2@127.0.0.1:9/v1", "OPENAI_API_KEY")]
)
def test_a_run_that_cannot_begin_leaves_nothing(stub, tmp_path, url, why):
    stub.listing = http(503)
    with pytest.raises(BackendError, match=why):
        play(stub, tmp_path, *filter(None, [url]))
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_answers_outlive_a_run_that_cannot_be_sealed(stub, tmp_path, monkeypatch):
    told, brief = count(), Consultation.brief
    monkeypatch.setattr(Consultation, "brief", lambda *given: f"{brief(*given)} {next(told)}")
    bad = play(stub, tmp_path)
    assert set(bad.episodes.error) == {"replay"}
    assert all("the prompt is not the logged one" in why for why in bad.episodes.message)
    assert not bad.complete
    assert len(logged_calls(bad.path)) == len(bad.calls) > 0


async def test_in_a_notebook_a_server_that_is_not_there_is_told_the_same(stub, tmp_path):
    with pytest.raises(BackendError, match="cannot connect"):
        play(stub, tmp_path, "backend.url=http://127.0.0.1:9/v1")


def test_a_server_that_always_hangs_ends_by_the_deadline_with_exit_code_3(stub, tmp_path, monkeypatch, capsys):
    stub.misbehave(repeat(hang))
    monkeypatch.setattr(sys, "argv", ["simrun"])
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        cli.main([*asked(stub, tmp_path, "backend.timeout=60", "backend.deadline=1"), "--json"])
    assert ended.value.code == ERRORS == 3
    assert time.monotonic() - began < 15
    told = Report.model_validate_json(capsys.readouterr().out)
    assert told.value("missing", "errors") == {"timeout": 9}
    assert not any(arm["n"] for arm in told.table("arms", "arms"))


def flagged(shape: Shape) -> Callable[[Seen], Fault | None]:
    """Every prompt that tells of one group meets it."""
    return lambda seen: shape.fault() if "Ethnicity: Black" in str(seen.body["messages"]) else None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["OpenAI", "Azure", "OpenRouter", "xAI"])
def test_flagged_prompts_are_refusals_of_their_arm_and_stop_nobody(stub, tmp_path, name):
    stub.misbehave(flagged(one("refused", name)))
    told = play(stub, tmp_path)
    assert not told.stopped
    assert told.complete
    refused = told.calls[told.calls.finish == "refused"].trial
    black = told.episodes[told.episodes["patient.ethnicity"] == "Black"].trial
    assert set(refused) == set(black) != set()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [("context", "TGI"), ("rejected", "OpenRouter"), ("rejected", "firewall")])
def test_chats_that_are_refused_one_by_one_cost_their_episodes_only(stub, tmp_path, kind, name):
    stub.misbehave(flagged(one(kind, name)))
    told = play(stub, tmp_path, "concurrency=1")
    assert not told.stopped
    assert told.scored.errors == {kind: 3}
    assert dict(told.episodes.state.value_counts()) == {"done": 6, "error": 3}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [("quota", "OpenAI"), ("request", "model, vLLM"), ("request", "seed, words")]
)
def test_what_every_chat_would_meet_stops_the_run_with_its_reason(stub, tmp_path, kind, name):
    shape = one(kind, name)
    stub.misbehave(lambda _: shape.fault() if len(stub.chats) > 20 else None)
    told = play(stub, tmp_path, "concurrency=1")
    assert (shape.way or "nothing left to pay with") in told.stopped
    assert dict(told.scored.errors) == {kind: 1}
    stub.misbehave()
    assert resume(told.path).complete


def test_a_refusal_of_every_chat_that_says_nothing_stops_the_run_soon(stub, tmp_path):
    stub.misbehave(repeat(http(400, "no")))
    # a busy machine that is late is asked once more, and these would be counted too: here nobody is late
    told = play(stub, tmp_path, "cases=20", "backend.timeout=60", "backend.deadline=120")
    assert "none of the first chats was answered" in told.stopped
    assert len(stub.chats) <= 64 + ENOUGH  # those that were in flight


def test_the_option_that_a_hint_names_works_as_it_is_typed(stub, tmp_path):
    stub.misbehave(lambda seen: one("request", "seed, words").fault() if "seed" in seen.body else None)
    stopped = play(stub, tmp_path / "with")
    way = re.search(r"backend\.extra=\{.*?\}", stopped.stopped)
    assert way is not None
    assert play(stub, tmp_path / "without", way[0]).complete


def test_roles_that_were_folded_on_the_way_stand_in_the_manifest(stub, tmp_path):
    shape = one("roles", "Gemma")
    stub.misbehave(lambda seen: shape.fault() if seen.body["messages"][0]["role"] == "system" else None)
    told = play(stub, tmp_path)
    assert told.complete
    assert {engine["roles"]["system"] for engine in told.manifests[0].engines.values()} == {
        "folded into what the user says first"
    }


def test_counts_that_are_none_neither_kill_the_tables_nor_a_run_that_has_them_in_its_log(stub, tmp_path):
    absurd = completion('{"score": 8}') | {"usage": {"prompt_tokens": 2**63, "completion_tokens": 1.5}}
    stub.misbehave(a_third([raw(orjson.dumps(absurd))], seed=3))
    told = play(stub, tmp_path)
    assert told.complete
    assert told.calls.prompt_tokens.isna().any()
    old = Answer.model_validate({"text": "8", "prompt_tokens": 2**63, "options": {"yes": None}})
    assert (old.text, old.prompt_tokens, old.options) == ("8", None, None)
