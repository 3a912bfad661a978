"""The environments beside a real engine: llama.cpp with its real small model, in process and over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import gymnasium
import pytest

from simrun.agents.backends.local import Local
from simrun.envs import aec

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore::UserWarning")]
LOCAL: dict[str, Any] = {"seat": "doctor", "backend": {"name": "local", "max_tokens": 24, "context": 2048}, "cases": 2}
ASK, GUESS = {"move": "ask", "question": "Since when?"}, {"move": "diagnose", "diagnosis": "asthma"}


def test_one_seat() -> None:
    env = gymnasium.make("simrun/Clinic-v0", **LOCAL)
    env.reset(seed=1)
    seen, _, terminated, truncated, _ = env.step(ASK)
    assert (terminated, truncated) == (False, False)
    assert "\nPatient: " in seen
    _, _, terminated, _, info = env.step(GUESS)
    assert terminated
    assert info["outcome"].consult_again in range(1, 11)  # asked under a schema
    env.close()


def test_a_vector_shares_one_engine() -> None:
    envs = gymnasium.make_vec("simrun/Clinic-v0", num_envs=4, autoreset_mode="SameStep", **LOCAL)
    envs.reset(seed=1)
    seen, _, _, truncated, _ = envs.step([ASK] * 4)
    assert not truncated.any()
    assert all("\nPatient: " in text for text in seen)
    _, _, terminated, _, _ = envs.step([GUESS] * 4)
    assert terminated.all()
    assert len({play.session for play in envs.unwrapped._plays}) == 1
    envs.close()


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The embedded engine's own HTTP server."""
    local = Local(context=2048)
    with asyncio.Runner() as loop:
        loop.run(local.open())
        monkeypatch.setenv("OPENAI_API_KEY", local._at.key)
        yield local._at.base
        loop.run(local.close())


def test_agents_beside_a_server(url: str) -> None:
    env = aec(
        "backend=server", f"backend.url={url}", "backend.max_tokens=24", scenario="clinic", seats=("doctor",), cases=2
    )
    env.reset(seed=1)
    for action in (ASK, GUESS):
        env.step(action)
    assert env.terminations == {"doctor": True}
    assert env.infos["doctor"]["outcome"].consult_again in range(1, 11)
    env.close()
