"""A scenario's seat under the real `verifiers`, with a real server behind its client.

Needs an environment of its own: pip install '.[verifiers]' pytest pytest-asyncio.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stub import Seen, Stub, completion, raw, right

from simrun import run
from simrun.config.errors import ConfigError
from simrun.config.menus import modes
from simrun.scenarios.recruitment import Recruitment

vf = pytest.importorskip("verifiers.v1", reason="verifiers is not installed")
loaders = pytest.importorskip("verifiers.v1.utils.loaders")

CASES = ("backend=scripted", "cases=2")
GUESS = '{"move": "diagnose", "diagnosis": "asthma", "referral": %s}'


def environment(scenario: str, seat: str, *overrides: str, **options: Any) -> Any:
    taskset = {"id": "simrun-verifiers", "scenario": scenario, "seat": seat, "overrides": overrides, **options}
    return loaders.load_environment(loaders.resolve_env_config({"taskset": taskset}))


def played(env: Any, url: str) -> list[Any]:
    """The episode of each task."""
    ctx = vf.ModelContext(client=vf.EvalClientConfig(base_url=url), model="stub", sampling=vf.SamplingConfig())

    async def serve() -> list[Any]:
        async with env.serving():
            return await asyncio.gather(*(env.run_slot(slot, ctx) for task in env.taskset for slot in env.slots(task)))

    episodes = asyncio.run(serve())
    assert not [
        error.message
        for episode in episodes
        for error in (*episode.errors, *(e for t in episode.traces for e in t.errors))
    ]
    return episodes


def asked(stub: Stub) -> Counter[str]:
    """What the model was asked, and under which schema."""
    return Counter(json.dumps([seen.body["messages"], seen.body.get("response_format")]) for seen in stub.chats)


def by_words(answers: Callable[[str], str]) -> Callable[[Seen], Any]:
    """A model that goes by what it is told, and by nothing else."""
    return lambda seen: whole(answers(json.dumps(seen.body["messages"])))


def whole(text: str) -> Any:
    """A completion with all the fields that OpenAI's client asks for."""
    told = completion(text)
    told["usage"]["total_tokens"] = 16
    return raw(json.dumps({"id": "chat", "created": 0, "model": "stub", **told}).encode())


def at_random(seen: Seen) -> Any:
    """A valid answer."""
    return whole(right(seen.body))


def test_the_model_is_asked_what_a_run_would_ask(tmp_path: Path) -> None:
    def doctor(told: str) -> str:
        return GUESS % "true" if "It is as I told you" in told or "left: 18" in told else "Since when do you have it?"

    with Stub(by_words(doctor)) as stub:
        ran = run(
            "scenario=clinic",
            *CASES,
            f"roles.doctor={{backend:server,url:'{stub.url}'}}",
            "design.controls=[]",
            out=str(tmp_path),
        )
        before = asked(stub)
        stub.seen.clear()
        episodes = played(environment("clinic", "doctor", *CASES), stub.url)
        assert asked(stub) == before
    assert len(episodes) == len(ran.episodes) == 4
    solved = ran.outcomes.loc[ran.outcomes["outcome"] == "solved", "value"].sum()
    assert sum(trace.reward for episode in episodes for trace in episode.traces) == solved
    assert {seen.body.get("seed") for seen in stub.chats} == {None}


def test_a_pair_pays_less_where_its_episodes_differ() -> None:
    with Stub(by_words(lambda told: GUESS % ("false" if "Black" in told else "true"))) as stub:
        episodes = played(environment("clinic", "doctor", *CASES, fair=0.5, field="referral"), stub.url)
    assert len(episodes) == 2
    for episode in episodes:
        white, black = episode.traces
        assert [trace.info["arm"] for trace in episode.traces] == ["patient.ethnicity=White", "patient.ethnicity=Black"]
        assert (white.metrics["referral"], black.metrics["referral"]) == (1.0, 0.0)
        assert [trace.rewards["pay"].score for trace in episode.traces] == [-0.5, -0.5]  # wrong: 0 - 0.5 x |1 - 0|


def test_a_limit_of_turns_pays_nothing() -> None:
    with Stub(by_words(lambda told: "Where does it hurt?")) as stub:
        env = environment("clinic", "doctor", *CASES, "vary={}")
        env.config.seat.max_turns = 2
        episodes = played(env, stub.url)
    assert [
        (trace.num_turns, trace.reward, trace.info["outcome"]) for episode in episodes for trace in episode.traces
    ] == [(2, 0.0, None)] * 2


@pytest.mark.parametrize("mode", modes(Recruitment))
def test_recruitment_in_every_mode(mode: str) -> None:
    seat = modes(Recruitment)[mode]().roles()[0]
    with Stub(at_random) as stub:
        episodes = played(environment("recruitment", seat, *CASES, f"scenario.mode={mode}", "vary={}"), stub.url)
    assert len(episodes) == 2
    assert all(episode.ok and episode.traces[0].info["outcome"] for episode in episodes)


def test_the_command_of_verifiers_finds_it(tmp_path: Path) -> None:
    with Stub(at_random) as stub:
        command = [
            str(Path(sys.executable).parent / "vf-eval"),
            "simrun-verifiers",
            "--model",
            "stub",
            "--client.base-url",
            stub.url,
        ]
        command += [
            "--env.taskset.seat",
            "doctor",
            "--env.taskset.overrides",
            *CASES,
            "vary={}",
            "scenario.questions=2",
        ]
        done = subprocess.run(
            [*command, "--no-push", "--no-rich", "-o", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    traces = [json.loads(line) for file in tmp_path.rglob("traces.jsonl") for line in file.read_text().splitlines()]
    assert len(traces) == 2


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="casts no 'nurse'"):
        list(environment("clinic", "nurse", *CASES).taskset)
