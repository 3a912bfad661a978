"""The contract of a subcommand: its fields are what it takes, `run` is what it does; and the menu of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, DirectoryPath, Field

from simrun.agents.records import Record
from simrun.config import modules
from simrun.config.errors import ConfigError, unknown

COMMANDS = "simrun.cli.commands"

DONE, UNEXPECTED, USAGE, ERRORS, REFUSED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes: complete; a fault of ours; usage, config or digest; finished with trials in error; a submission
that is refused; one that somebody has to look at; interrupted after a clean flush."""


@dataclass(frozen=True)
class Word:
    """Marks a field that is given as a plain word, in the order of the fields; a tuple takes all that are left."""

    shown: str


@dataclass(frozen=True)
class Value:
    """Names the value of an option `field=VALUE`. A bool field needs no mark: it is the flag `--field`."""

    shown: str


@dataclass(frozen=True)
class Dashed(Value):
    """The same for an option that is written `--field VALUE`, as Hydra has it, or with a `key` of its own."""

    key: str = ""


@dataclass(frozen=True)
class Rest:
    """Marks the tuple of key=value that Hydra reads, as for a run: every key that is no field of the command."""


Out = Annotated[
    str, Value("DIR"), Field(description="Where runs are kept: a folder, or a URL such as s3://BUCKET/PREFIX.")
]
Trust = Annotated[
    bool,
    Value("true"),
    Field(description="You know whose run it is: do what its manifest says, and import the classes that it names."),
]
Mine = Annotated[
    DirectoryPath | None,
    Dashed("DIR"),
    Field(description="A folder laid out like configs/ with your own axes, biases, mitigations and experiments."),
]
Overrides = Annotated[
    tuple[str, ...], Rest(), Field(description="As for a run: `simrun --help` lists the options and their defaults.")
]


class Command(Record):
    """One subcommand. The first paragraph of its docstring says what it does, the one below each field what that is.

    A field is an option `field=VALUE`, a bool one the flag `--field`, one marked `Word` a plain word. A rule between
    fields is a pydantic validator that raises ValueError.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)
    name: ClassVar[str]
    """As typed; the name of its module."""
    daily: ClassVar[bool] = True
    """Whether the first screen of help has a line for it; else only its name."""
    reads: ClassVar[tuple[str, ...]] = ()
    """With which names the keys of its `Overrides` begin; () for any, which Hydra then checks."""

    def run(self, as_json: bool) -> int:
        """Do it, and return the exit code; one JSON value to stdout where `as_json`. ConfigError for what cannot be."""
        raise NotImplementedError

    @classmethod
    def about(cls) -> str:
        """What it does, in a line: the first paragraph of its docstring."""
        return modules.about(cls)

    @classmethod
    def refusal(cls, key: str, known: Sequence[str]) -> ConfigError:
        """The error for an option that is not among the `known`."""
        return unknown(f"option of {cls.name}", key, known)


class OfRuns(Command):
    """Base of what is done with runs that were played: none of it changes what was asked for."""

    out: Out = "runs"
    trust: Trust = False

    @classmethod
    def refusal(cls, key: str, known: Sequence[str]) -> ConfigError:
        """An option of the run itself is refused with the reason."""
        from simrun.config.options import Config

        if key.lstrip("+~").partition(".")[0] not in Config.model_fields:
            return super().refusal(key, known)
        return ConfigError(
            f"{key}: a run keeps the config that it began with; begin a new one to change it. "
            f"{cls.name} takes: {', '.join(known)}"
        )


class OfRun(OfRuns):
    """Base of what is done with one of them."""

    reference: Annotated[str, Word("RUN")] = "last"
    """A run: its folder or URL, the end of its name, or `last` for the newest."""

    def path(self) -> Path:
        """The folder of the run; ConfigError lists those there are."""
        from simrun.log.places import find

        return find(self.reference, self.out)


class Reporting(OfRun):
    """Base of what ends in the report of a run."""

    full: bool = False
    """The whole report, in place of its few lines."""


def names() -> tuple[str, ...]:
    """Every subcommand: a module of simrun.cli.commands."""
    return modules.names(COMMANDS)


def command(name: str) -> type[Command]:
    """The subcommand of this name; only its own module is imported."""
    return modules.demanded(COMMANDS, name, Command)
