"""What `verifiers` finds under the name `simrun-verifiers`: it looks for a module of that name at the
top level, and for what `__all__` lists."""

from simrun.envs.verifiers import OneCall, SeatEnv, Trials

__all__ = ["OneCall", "SeatEnv", "Trials"]
