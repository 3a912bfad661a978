"""Somebody else's training loop in the doctor's seat: Stable-Baselines3's PPO,
which knows Gymnasium and nothing of simrun.

    python benchmarks/loops.py [--json] [--small]

The cases, the actions and the pay are those of train.py: which test to order and what to diagnose, 1 for
the right diagnosis less 0.05 a test. Gymnasium's own wrappers make numbers of what is heard (the hashed
words of the observation) and decisions of numbers; the loop runs as it is published. Without tests no
policy gets beyond 0.5. Needs stable-baselines3.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.wrappers import RecordEpisodeStatistics, TransformAction, TransformObservation
from stable_baselines3 import PPO
from timed import least, main
from train import DIAGNOSES, TESTS, bank, diagnosing, place

from simrun.envs.registry import name

WORDS = 512
ACTIONS = [*TESTS, *DIAGNOSES]


def bag(text: str) -> np.ndarray:
    """Which words a text has."""
    found = np.zeros(WORDS, dtype=np.float32)
    found[[place(word) for word in text.lower().split()]] = 1
    return found


def seated(folder: Path) -> Any:
    """The doctor's seat, in numbers."""
    data = (
        "backend=scripted",
        "scenario.questions=4",
        f"scenario.data={bank(folder)}",
        "vary={}",
        "cases=null",
        "repeats=100",
    )
    env = gymnasium.make(name("clinic"), seat="doctor", overrides=data, reward=diagnosing)
    env = TransformObservation(env, bag, gymnasium.spaces.Box(0, 1, (WORDS,)))
    env = TransformAction(env, ACTIONS.__getitem__, gymnasium.spaces.Discrete(len(ACTIONS)))
    return RecordEpisodeStatistics(env, buffer_length=500)


def learned(steps: int, seed: int) -> tuple[float, float]:
    """Mean pay of an untrained policy's last 500 episodes, or as many as it played, and of the trained one's."""
    with TemporaryDirectory() as folder:
        env = seated(Path(folder))
        model = PPO(
            "MlpPolicy", env, seed=seed, n_steps=512, batch_size=128, ent_coef=0.01, learning_rate=1e-3, device="cpu"
        )
        paid = []
        for part in (512, steps):
            model.learn(part, reset_num_timesteps=False)
            paid.append(float(np.mean(env.return_queue)))
        env.close()
    return paid[0], paid[1]


def measure(small: bool, say: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    torch.set_num_threads(1)  # a small network: more threads only wait for each other
    figures: dict[str, Any] = {}
    for seed in range(1 if small else 3):
        first, last = learned(10_000 if small else 40_000, seed)
        say(f"seed {seed}: {first:.2f} -> {last:.2f}")
        figures[f"seed {seed}"] = {"first": first, "last": last}
    return figures, {"pay at the end": least(min(each["last"] for each in figures.values()), 0.3 if small else 0.6)}


if __name__ == "__main__":
    main(__doc__, measure)
