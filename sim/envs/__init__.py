"""The scenarios as environments: PettingZoo's (`aec`, `parallel`) and Gymnasium's
(`gymnasium.make("simrun/Clinic-v0", seat="doctor")`).

The same stage as a run's, stepped by whoever calls; importing this package registers one Gymnasium id a scenario.
"""

from typing import TYPE_CHECKING, Any

from simrun.envs.registry import register
from simrun.envs.rewards import Fair, Reward, accuracy, chosen

__all__ = ["Fair", "Reward", "accuracy", "aec", "chosen", "parallel", "register"]

if TYPE_CHECKING:
    from simrun.envs.simultaneous import parallel
    from simrun.envs.turn_based import aec

register()


def __getattr__(name: str) -> Any:
    # PettingZoo is imported when somebody asks for it: Gymnasium alone is enough for the others
    if name in ("aec", "parallel"):
        import importlib

        return getattr(
            importlib.import_module(f"simrun.envs.{'turn_based' if name == 'aec' else 'simultaneous'}"), name
        )
    raise AttributeError(f"module 'simrun.envs' has no attribute {name!r}")
