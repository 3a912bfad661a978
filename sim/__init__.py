"""simrun: a laboratory for auditing LLM agents.

`run("scenario=clinic", cases=4)` plays a run and returns it; `load("last")` opens one that was played.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "load", "run"]

if TYPE_CHECKING:
    from simrun.runs import Run, load, run


def __getattr__(name: str) -> Any:
    # pandas and the rest are loaded when somebody asks, so that `simrun --help` is quick
    if name in ("Run", "load", "run"):
        import importlib

        return getattr(importlib.import_module("simrun.runs"), name)
    raise AttributeError(f"module 'simrun' has no attribute {name!r}")
