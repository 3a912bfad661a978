"""A third party's training loop that knows only Gymnasium.

Needs stable-baselines3, which brings torch: pip install stable-baselines3.
"""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed")


def test_ppo_of_stable_baselines3_learns_in_the_doctors_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2] / "benchmarks"), *sys.path])
    from loops import learned

    torch.set_num_threads(1)
    first, last = learned(4000, seed=0)
    assert first < 0.2 < 0.35 < last
