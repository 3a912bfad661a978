"""backend=batch against a real HTTP endpoint: whole, killed at each step, refused, and what it may not ask twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import config
from logs import lines, played
from provider import Provider, answered, line, unmet
from stub import completion, http

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.plan.design import planned
from simrun.play import session
from simrun.play.session import Session

QUICK = {"poll": 0.02, "poll_most": 0.05, "retries": 2, "backoff": 0.01}
CALLS = 6


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


def plan(provider: Provider, runs: Path, known: Any, scenario: Any = None, **fields: Any) -> Any:
    """Two cases in two arms and a control, of one call each."""
    own = fields.pop("backend", {})
    backend = {"url": provider.url} | (own if "name" in own else {"name": "batch", **QUICK, **own})
    asked = {"cases": 2, "vary": {"candidate": {"gender": ["man", "woman"]}}, **fields}
    mode = scenario or {"name": "recruitment", "mode": "screen"}
    made = config(scenario=mode, **{"out": str(runs), **asked})
    return planned(made.model_copy(update={"backend": backend}), known)


@pytest.fixture
def begin(provider: Provider, tmp_path: Path, known: Any) -> Any:
    return lambda **fields: session.start(plan(provider, tmp_path / "runs", known, **fields), None)  # type: ignore[arg-type]


def again(path: Path) -> Session:
    return session.resume(path, None)  # type: ignore[arg-type]


def errors(path: Path) -> Counter[str]:
    told = [orjson.loads(each) for each in lines(path)]
    return Counter(each["error"] for each in told if each["kind"] == "error")


def whole(done: Session, provider: Provider) -> None:
    """All is played, each call is logged once, and nothing was asked twice."""
    assert done.manifest.complete
    calls, outcomes = played(done.path)
    assert len(calls) == len(set(calls)) == len(outcomes) == CALLS
    assert len(provider.asked) == CALLS
    assert set(provider.asked.values()) == {1}


# What a run is


def test_a_run_by_batch_is_what_the_live_server_makes_of_it(begin, provider, capfd):
    done = begin()
    whole(done, provider)
    assert len(provider.batches) == 1
    assert not list(done.path.glob("batches/*/*.requests.jsonl"))
    assert "has 6 requests" in capfd.readouterr().err
    live = begin(backend={"name": "server"})
    assert played(live.path) == played(done.path)


@pytest.mark.parametrize(("limit", "batches"), [({"requests": 4}, [4, 2]), ({"megabytes": 0.008}, None)])
def test_requests_are_cut_as_the_provider_has_it(begin, provider, limit, batches):
    done = begin(backend=limit)
    whole(done, provider)
    sizes = [len(provider.files[each["input_file_id"]]) for each in provider.batches.values()]
    held = [provider.files[each["input_file_id"]].count(b"\n") for each in provider.batches.values()]
    assert sorted(held, reverse=True) == batches if batches else max(sizes) <= 8000 and len(sizes) > 1


def test_blocks_of_the_runs_concurrency_go_one_after_another(begin, provider):
    done = begin(concurrency=4)
    whole(done, provider)
    assert [provider.files[each["input_file_id"]].count(b"\n") for each in provider.batches.values()] == [4, 2]


def test_two_models_are_two_batches_that_wait_beside_each_other(begin, provider):
    provider.models = ("a", "b")
    done = begin(vary={"recruiter": {"model": ["a", "b"]}})
    whole(done, provider)
    assert (len(provider.batches), len(list(done.path.glob("batches/*")))) == (2, 2)


def test_what_came_may_be_removed_and_is_fetched_again(begin, provider):
    provider.line = lambda request: answered(request) if request["custom_id"] < "8" else None
    left = begin()
    missing = errors(left.path)["malformed"]
    for each in left.path.glob("batches/*/*.jsonl"):
        each.unlink()
    provider.line = answered
    done = again(left.path)
    assert done.manifest.complete
    assert provider.asked.total() == CALLS + missing


def test_dependent_calls_are_refused_with_their_number_before_anything_is_sent(begin, provider):
    scenario = {"name": "dialogue", "mode": "ask"}
    with pytest.raises(ConfigError, match=r"asks 2 times.*backend\.rounds=2"):
        begin(scenario=scenario, vary=None)
    assert not provider.counts
    done = begin(scenario=scenario, vary=None, backend={"rounds": 2})
    assert done.manifest.complete
    assert (len(provider.batches), set(provider.asked.values())) == (2, {1})


def test_what_makes_batches_small_or_splits_their_keeping_is_refused(begin, provider, known):
    for fields, told in (
        ({"workers": 2}, "lives in one process"),
        ({"launch": {"name": "manual"}, "workers": 2}, "play it here, without launch"),
        ({"out": "s3://bucket/runs"}, "play it on a disk"),
        (
            {"scenario": {"name": "clinic"}, "vary": None, "roles": {"patient": {"backend": "server"}}},
            "concurrency=50000",
        ),
    ):
        with pytest.raises((ConfigError, BackendError), match=told):
            begin(**fields)
    assert not provider.asked


# A process that is killed, or leaves


KILLED = ["POST /v1/files", "POST /v1/batches", "GET /v1/batches/{id}", "GET /v1/files/{id}/content"]


# a process of its own costs seconds: the step at which nobody knows whether it was taken stands for the others
@pytest.mark.parametrize(
    "step", [each if each == "POST /v1/batches" else pytest.param(each, marks=pytest.mark.slow) for each in KILLED]
)
def test_a_kill_at_each_step_asks_for_nothing_again(provider, tmp_path, step):
    reached = provider.hanging(step)
    provider.cut = "output"
    with began(provider, tmp_path) as process:
        assert reached.wait(60)
        process.kill()
    provider.reached.clear()
    (path,) = tmp_path.glob("recruitment/2*")
    begun = len(provider.batches)
    done = again(path)
    whole(done, provider)
    assert (begun, len(provider.batches)) == (step != KILLED[0], 1)


@pytest.mark.slow
def test_ctrl_c_leaves_the_batch_running_and_says_how_to_go_on(provider, tmp_path):
    provider.status = "in_progress"
    reached = provider.hanging("GET /v1/batches/{id}")
    with began(provider, tmp_path) as process:
        assert reached.wait(60)
        provider.reached.clear()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    (path,) = tmp_path.glob("recruitment/2*")
    assert process.returncode == 130, told
    assert "simrun resume" in told
    assert not errors(path)
    provider.status = "completed"
    whole(again(path), provider)


def began(provider: Provider, out: Path) -> "subprocess.Popen[str]":
    """The same run, in a process of its own."""
    options = [f"backend.{name}={value}" for name, value in QUICK.items()]
    what = ["scenario=recruitment", "scenario.mode=screen", "backend=batch", f"backend.url={provider.url}", *options]
    what += ["cases=2", "vary.candidate.gender=[man,woman]", "design.controls=[same]", f"out={out}"]
    return subprocess.Popen(
        [sys.executable, "-m", "simrun", *what],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


def test_a_run_that_does_not_wait_sends_and_leaves_and_looks_once_at_each_resume(begin, provider):
    provider.status = "in_progress"
    left = begin(backend={"wait": False, "requests": 4})
    assert (len(provider.batches), provider.asked.total()) == (2, CALLS)
    assert f"simrun resume {left.path}" in left.stopped
    assert again(left.path).stopped == left.stopped
    assert not errors(left.path)
    provider.batches["batch_0"]["status"], provider.status = "in_progress", "completed"
    whole(again(left.path), provider)


def test_with_a_lane_for_one_a_second_batch_is_sent_when_the_first_is_over(begin, provider):
    provider.status = "in_progress"
    left = begin(backend={"wait": False, "requests": 4, "parallel": 1})
    assert len(provider.batches) == 1
    provider.status = "completed"
    whole(again(left.path), provider)
    assert len(provider.batches) == 2


def test_a_file_whose_requests_are_not_those_of_now_is_never_begun(begin, provider):
    provider.faults["POST /v1/batches"] = [http(500)] * 3
    left = begin()
    (state,) = left.path.glob("batches/*/*.json")
    told = orjson.loads(state.read_bytes())
    # as if the process had been killed before it asked, and a prompt had changed since
    state.write_bytes(orjson.dumps(told | {"asked": False, "ids": ["0" * 32, *told["ids"][1:]]}))
    whole(again(left.path), provider)
    assert provider.counts["DELETE /v1/files/{id}"] == 1


# What comes back


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_half_of_a_batch_that_ended_early_is_used_and_the_rest_asked_again(begin, provider, status, capfd):
    half: dict[str, bool] = {}

    def first(request: Any) -> bool:
        return half.setdefault(request["custom_id"], len(half) % 2 == 0)

    provider.status = status
    provider.line = lambda request: answered(request) if first(request) else None
    provider.errors = lambda request: None if first(request) else unmet(request["custom_id"], f"batch_{status}")
    left = begin()
    assert errors(left.path) == {"timeout" if status == "expired" else "server": 3}
    assert "3 requests are owed" in capfd.readouterr().err
    provider.status, provider.line, provider.errors = "completed", answered, lambda _: None
    done = again(left.path)
    assert done.manifest.complete
    assert len(played(done.path)[0]) == CALLS
    assert provider.asked == {one: 1 if first({"custom_id": one}) else 2 for one in half}


def test_lines_that_are_none_or_nobodys_or_come_twice_are_left_out_and_missing_ones_owed(begin, provider, capfd):
    sent: list[str] = []

    def odd(request: Any) -> bytes | None:
        sent.append(request["custom_id"])
        match len(sent):
            case 1:
                return None
            case 2:
                return answered(request) + b"\n" + line(request["custom_id"], 200, completion("something else"))
            case 3:
                return line(request["custom_id"], 200, {"choices": []})
            case 4:
                return line(request["custom_id"], 500, {"error": {"message": "overloaded"}}) + b"\n" + answered(request)
        return answered(request)

    provider.line = odd
    provider.beside_lines = (
        b'{"custom_id": \n[]\n{"custom_id": 7}\n' + line("f" * 32, 200, completion("foreign")) + b"\n"
    )
    left = begin()
    assert errors(left.path) == {"malformed": 2}
    told = capfd.readouterr().err
    assert "2 requests are owed (1 errors)" in told
    for words in (
        "3 lines that cannot be read",
        "1 lines for requests that it did not have",
        "1 lines for requests that",
    ):
        assert words in told
    provider.line, provider.beside_lines = answered, b""
    done = again(left.path)
    assert done.manifest.complete
    assert (len(played(done.path)[0]), provider.asked.total()) == (CALLS, CALLS + 2)


def test_errors_of_a_line_are_those_of_the_live_server(begin, provider):
    said = [
        (400, {"error": {"code": "context_length_exceeded", "message": "maximum context length is 9 tokens"}}),
        (429, {"error": {"message": "Rate limit reached"}}),
        (500, {"error": {"message": "oops"}}),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}),
    ]
    failing: dict[str, Any] = {}

    def told(request: Any) -> Any:
        return failing.setdefault(request["custom_id"], said.pop(0) if said else None)

    provider.line = lambda request: None if told(request) else answered(request)
    provider.errors = lambda request: line(request["custom_id"], *told(request)) if told(request) else None
    left = begin()
    assert errors(left.path) == {"context": 1, "rate_limit": 1, "server": 1}
    assert sum(b'"finish":"refused"' in each for each in lines(left.path)) == 1


@pytest.mark.parametrize(
    ("why", "kind", "way"),
    [
        (
            {"code": "token_limit_exceeded", "message": "Enqueued token limit reached for stub."},
            "rate_limit",
            "parallel=1",
        ),
        ({"code": "model_not_found", "message": "The model `stub` does not exist."}, "request", "does not exist"),
        ({"code": "billing_hard_limit_reached", "message": "Billing hard limit has been reached"}, "quota", "limit"),
    ],
)
def test_a_batch_that_failed_is_owed_and_says_why(begin, provider, why, kind, way):
    provider.status, provider.why = "failed", why
    left = begin()
    assert errors(left.path) == {kind: CALLS}
    assert any(way in orjson.loads(each).get("message", "") for each in lines(left.path))
    provider.status = "completed"
    assert again(left.path).manifest.complete


# The endpoint itself


@pytest.mark.parametrize("what", [*KILLED, "GET /v1/batches"])
@pytest.mark.parametrize("status", [429, 500])
def test_what_passes_is_tried_again(begin, provider, what, status):
    if what == "GET /v1/batches":  # it is looked at where it is not known whether a batch was begun
        provider.faults["POST /v1/batches"] = [http(500)]
    provider.faults[what] = [http(status, retry_after=0.01)]
    whole(begin(), provider)


def test_a_batch_that_was_begun_though_the_answer_was_lost_is_found_in_the_list(begin, provider, monkeypatch):
    heard = provider._batch

    async def lost(request: Any) -> Any:
        await heard(request)
        return await http(500)(request)

    monkeypatch.setattr(provider, "_batch", lost)
    provider.batches |= {f"old_{at}": {"id": f"old_{at}", "status": "completed"} for at in range(3)}
    done = begin()
    whole(done, provider)
    assert provider.counts["POST /v1/batches"] == 1


def test_without_a_list_nothing_is_asked_twice_and_the_user_decides(begin, provider):
    provider.faults["POST /v1/batches"], provider.listed = [http(500)], False
    left = begin()
    assert "gives no list" in left.stopped
    with pytest.raises(BackendError, match="Look at the provider's"):
        again(left.path)
    assert not provider.asked
    (state,) = left.path.glob("batches/*/*.json")
    state.unlink()
    whole(again(left.path), provider)


@pytest.mark.parametrize("what", KILLED)
def test_a_key_that_is_refused_stops_the_run_and_loses_nothing(begin, provider, what):
    provider.faults[what] = [http(401, "Incorrect API key provided.")]
    left = begin()
    assert "OPENAI_API_KEY" in left.stopped
    assert f"simrun resume {left.path}" in left.stopped
    assert not errors(left.path)
    whole(again(left.path), provider)


def test_who_is_no_run_is_told_that_a_folder_must_keep_what_is_asked(begin, provider):
    from simrun.agents.backends.batch import Batch
    from simrun.stage.drive import anywhere

    with pytest.raises(BackendError, match="answers runs alone"):
        anywhere(Batch(url=provider.url).open())


def test_forced_choices_ask_for_log_probabilities_as_the_live_server_does(begin, provider):
    done = begin(scenario={"name": "clinic", "mode": "vignette"}, vary=None, outcomes="both")
    assert not done.stopped
    assert done.manifest.complete
    (file,) = (each["input_file_id"] for each in provider.batches.values())
    bodies = [orjson.loads(each)["body"] for each in provider.files[file].splitlines()]
    assert {(each["logprobs"], each["top_logprobs"]) for each in bodies} == {(True, 20)}
    logged = [orjson.loads(each) for each in lines(done.path)]
    assert {each["answer"]["unweighed"] for each in logged if each["kind"] == "call"} == {"untold"}
