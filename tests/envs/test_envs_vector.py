"""The vector environment does what Gymnasium's own SyncVectorEnv does with as many single environments."""

import asyncio
from typing import Any

import gymnasium
import numpy as np
import pytest
from games import GAMES, Game
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Answer, Chat
from simrun.envs.registry import name

ASKED: dict[str, Any] = {"backend": "scripted", "cases": 3, "max_turns": 4}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def both(mode: AutoresetMode, game: Game) -> tuple[Any, Any]:
    asked: dict[str, Any] = {"seat": game.seat(), "overrides": game.overrides, **ASKED}
    ours = gymnasium.make_vec(name(game.scenario), num_envs=3, autoreset_mode=mode, **asked)
    theirs = SyncVectorEnv([lambda: gymnasium.make(name(game.scenario), **asked)] * 3, autoreset_mode=mode)
    ours.action_space.seed(1)
    return ours, theirs


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES, ids=str)
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_autoreset(mode: AutoresetMode, game: Game) -> None:
    ours, theirs = both(mode, game)
    assert ours.metadata["autoreset_mode"] is mode
    assert ours.single_action_space == theirs.single_action_space
    assert ours.observation_space == theirs.observation_space
    assert data_equivalence(ours.reset(seed=4), theirs.reset(seed=4))
    for step in range(14):
        actions = list(ours.action_space.sample())
        if step % 3 == 2:
            actions[step % 2] = '{"move": "diagnose", "diagnosis": "a cold"}'  # so that not all end at once
        one, other = ours.step(tuple(actions)), theirs.step(tuple(actions))
        assert data_equivalence(one, other), f"step {step}"
    ours.close()
    theirs.close()


def test_without_autoreset_the_caller_resets() -> None:
    ours, theirs = both(AutoresetMode.DISABLED, Game("clinic", ()))
    assert data_equivalence(ours.reset(seed=4), theirs.reset(seed=4))
    actions = ('{"move": "diagnose", "diagnosis": "a cold"}', "Where?", "When?")
    assert data_equivalence(ours.step(actions), theirs.step(actions))
    with pytest.raises(ValueError, match=r"environments \[0\] are over"):
        ours.step(actions)
    mask = np.array([True, False, False])
    assert data_equivalence(ours.reset(options={"reset_mask": mask}), theirs.reset(options={"reset_mask": mask.copy()}))
    assert data_equivalence(ours.step(actions), theirs.step(actions))
    with pytest.raises(ValueError, match="reset_mask"):
        ours.reset(options={"reset_mask": [True, False, False]})


def test_other_seats_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together = []
    reply, waiting = Scripted.reply, []

    async def slow(self: Scripted, chat: Chat) -> Answer:
        waiting.append(chat.session)
        await asyncio.sleep(0.01)
        together.append(len(waiting))
        return await reply(self, chat)

    env = gymnasium.make_vec("simrun/Clinic-v0", num_envs=8, seat="doctor", backend="scripted", cases=8)
    env.reset(seed=0)
    monkeypatch.setattr(Scripted, "reply", slow)
    env.step(("Where does it hurt?",) * 8)
    assert together == [8] * 8
    env.close()
