"""A sweep, as every process that has a part in it knows it: where its jobs say what they have done."""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from simrun.agents.records import Record
from simrun.log.files import replace

STOP = "stop"
"""A file of this name in a sweep's folder asks its jobs to take up nothing new, on whatever machine they are."""


class Told(Record):
    """What a job of a sweep says of itself."""

    number: int
    """Its place among the combinations, from 0."""
    what: str
    """How it differs from the others, as it was typed: `seed=2 scenario.questions=5`."""
    run: str = ""
    """The folder of its run, "" before there is one."""
    owed: int = 0
    done: int = 0
    """Episodes."""
    calls: int = 0
    code: int | None = None
    """As the command would exit; None while it plays."""
    why: str = ""
    """What it has to say of a failure."""

    @property
    def name(self) -> str:
        """How people are told of it."""
        return f"#{self.number} {self.what}".rstrip()


class Sweep(Callback):
    """Hydra makes one when a sweep begins, and hands it to every job, wherever a launcher has that played."""

    here: ClassVar["Sweep | None"] = None
    """The one that this process has a part in; None for a run by itself."""
    begun: ClassVar[Callable[["Sweep"], None] | None] = None
    """Who wants to know, in the process that begins it, that it does."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        """Where jobs say what they have done; None where nothing is swept."""
        self.launcher = self.kind = ""
        """As typed, and the name of its class."""
        self.apart = False
        """Whether jobs are played in other processes, several at one time."""
        self.runs: int | None = None
        """How many combinations there are; None where a sweeper of the user's finds them on the way."""
        self.together = 1
        """Of them, those that may play at one time."""
        self.jobs: Path | None = None
        """Where submitit keeps a folder for each of its jobs."""
        self._swept: frozenset[str] = frozenset()

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Here and once: before anything is launched."""
        hydra = config.hydra
        folder = Path(hydra.sweep.dir).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=folder))
        self.launcher = str(hydra.runtime.choices.get("hydra/launcher", "basic"))
        self.kind = str(hydra.launcher._target_).rpartition(".")[2]
        self.apart = self.kind != "BasicLauncher"
        params = OmegaConf.select(hydra, "sweeper.params") or {}
        asked = [*(f"{key}={value}" for key, value in params.items()), *hydra.overrides.task]
        self._swept, self.runs = swept(asked)
        limits = (self.runs, OmegaConf.select(hydra, "sweeper.max_batch_size"), _at_once(hydra.launcher))
        self.together = min((limit for limit in limits if limit), default=1) if self.apart else 1
        if kept := OmegaConf.select(hydra, "launcher.submitit_folder"):
            self.jobs = Path(kept.partition("%")[0])
        Sweep.here = self
        if Sweep.begun:
            Sweep.begun(self)

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Where the job is played, just before it is."""
        Sweep.here = self if self.folder else None

    def differing(self, overrides: Sequence[str]) -> str:
        """Of what a job was composed from, what others of the sweep have otherwise."""
        return " ".join(each.lstrip("+") for each in overrides if _key(each) in self._swept)

    def file(self, number: int, ending: str) -> Path:
        """Where a job's record (`json`), or what it would have shown (`out`, `err`), is kept."""
        assert self.folder is not None  # of a sweep that has begun
        return self.folder / f"{number}.{ending}"

    def tell(self, told: Told) -> None:
        """Keep what a job says of itself, in the place of what it said before."""
        replace(self.file(told.number, "json"), told.model_dump_json().encode())

    def told(self) -> list[Told]:
        """What every job that has begun says, by number."""
        if self.folder is None:
            return []
        found = filter(None, (_read(file) for file in self.folder.glob("*.json")))
        return sorted(found, key=lambda told: told.number)

    def stop(self) -> None:
        """Ask the jobs to end."""
        if self.folder:
            (self.folder / STOP).touch()

    @property
    def stopping(self) -> bool:
        """Whether they were asked to."""
        return self.folder is not None and (self.folder / STOP).exists()


def swept(overrides: Sequence[str]) -> tuple[frozenset[str], int | None]:
    """Which keys have several values, and how many combinations there are: None for ranges that no list tells."""
    several = [each for each in OverridesParser.create().parse_overrides(list(overrides)) if each.is_sweep_override()]
    counts = [len(list(each.sweep_iterator())) if each.is_discrete_sweep() else 0 for each in several]
    return frozenset(_key(each.input_line or "") for each in several), math.prod(counts) or None


def _at_once(launcher: Mapping[str, Any]) -> int | None:
    """How many jobs a launcher plays at one time; None where it says nothing of it."""
    if (jobs := launcher.get("n_jobs")) is None:
        return launcher.get("array_parallelism")
    import joblib

    return int(joblib.effective_n_jobs(jobs))


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


def _read(file: Path) -> Told | None:
    """None for a record that another machine's disk shows only in part."""
    try:
        return Told.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
