"""simrun: a laboratory for auditing LLM agents.

`run("scenario=clinic", cases=4)` plays a run and returns it; `load("last")` opens one that was played;
`compare([one, other])` sets several side by side.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "compare", "load", "run"]

if TYPE_CHECKING:
    from simrun.report.compare import compare
    from simrun.report.run import Run, load, run


def __getattr__(name: str) -> Any:
    # pandas and the rest are loaded when somebody asks, so that `simrun --help` is quick
    if name in ("Run", "compare", "load", "run"):
        import importlib

        return getattr(
            importlib.import_module("simrun.report.compare" if name == "compare" else "simrun.report.run"), name
        )
    raise AttributeError(f"module 'simrun' has no attribute {name!r}")
