"""What writes a run in the form of others, and the menu of those there are: a module each in simrun.export.targets."""

from pathlib import Path
from typing import ClassVar

from simrun.config import modules
from simrun.config.errors import ConfigError, unknown
from simrun.export.facts import portable
from simrun.report.run import Run

TARGETS = "simrun.export.targets"


class Exporter:
    """One form. What it writes is made of the log and the sealed tables as `show` and `report` read them."""

    name: ClassVar[str]
    """That of its module."""
    opens: ClassVar[str]
    """What opens it."""
    lost: ClassVar[str]
    """What is lost on the way."""
    suffix: ClassVar[str] = ""
    """How the name of its file ends; "" for what is a folder."""

    def export(self, run: Run, to: Path) -> Path:
        """Write the run there, each file in one step, and return where it is. LogError where that cannot be."""
        raise NotImplementedError

    def place(self, run: Run) -> Path:
        """Where it is written when nothing is said: in the current folder, under the run's name."""
        return Path(f"{portable(run.manifests[0].name)}{self.suffix or f'-{self.name}'}")

    @classmethod
    def about(cls) -> str:
        """What it is, in a line."""
        return modules.about(cls)


def names() -> tuple[str, ...]:
    """Every form; none of their modules is imported."""
    return modules.names(TARGETS)


def exporter(name: str) -> Exporter:
    """The exporter of this name. ConfigError lists those there are."""
    if name not in names():
        raise unknown("export", name, names())
    return modules.demanded(TARGETS, name, Exporter)()


def export(run: Run, name: str, to: Path | None = None) -> Path:
    """Write a run in a form; where it then is. ConfigError for several runs, and where `to` is of the wrong kind."""
    if len(run.paths) > 1:
        raise ConfigError("several runs are exported one by one")
    chosen = exporter(name)
    target = to or chosen.place(run)
    if target.exists() and target.is_dir() == bool(chosen.suffix):
        raise ConfigError(f"{target} is {'a folder' if chosen.suffix else 'a file'}, and {name} writes the other")
    return chosen.export(run, target)
