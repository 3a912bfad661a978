"""One job array of Slurm, through submitit: a task a share. The log is the checkpoint: a task that was preempted,
requeued or out of time goes on where it was."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.play.blocks import Share
from simrun.play.launch.base import Job, Launcher
from simrun.play.sharing import play_share
from simrun.play.watch import Watch

EVERY = 2.0
"""Seconds between two looks at the queue: what a cluster's scheduler bears of many users."""


class Slurm(Launcher):
    """A job array on a cluster with Slurm. The run's folder (out=DIR) must be seen from all nodes; of a run in a store
    (out=URL) only what submitit keeps, in ~/.local/state/simrun."""

    name: ClassVar[str] = "slurm"

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: int = Field(60, ge=1)
    """Minutes that a task may take; one that needs longer is requeued, and goes on."""
    gpus: int = Field(0, ge=0)
    """For each task: for an engine that it starts beside itself (backend=server backend.launch=true, backend=vllm)."""
    cpus: int = Field(1, ge=1)
    """For each task."""
    memory: float | None = Field(None, gt=0)
    """GB for each task."""
    requeues: int = Field(8, ge=0)
    """How often a task that ran out of time may be requeued."""
    parallel: int | None = Field(None, ge=1)
    """Tasks that may run at one time; any number when not given."""
    setup: tuple[str, ...] = ()
    """Lines of shell before a task begins, such as `module load cuda`."""
    options: Mapping[str, str | int | bool] = {}
    """Further options of sbatch, as launch.options.NAME=VALUE."""

    async def play(self, job: Job, watch: Watch) -> None:
        """Submit the array, and wait until the queue has nothing of it any more; when the run is to stop, cancel it."""
        array = await asyncio.to_thread(self._submitted, job)
        cancelled = False
        while await asyncio.to_thread(queued, array):
            if watch.stopping and not cancelled:
                await asyncio.to_thread(_ran, "scancel", array)
                cancelled = True
            await asyncio.sleep(EVERY)

    def _submitted(self, job: Job) -> str:
        """The id of the array. ConfigError where Slurm or submitit is not here, BackendError where Slurm refuses."""
        try:
            import submitit
            from submitit.core.utils import FailedJobError
        except ImportError:
            raise ConfigError("launch=slurm needs submitit: pip install 'simrun[slurm]'") from None
        if shutil.which("sbatch") is None:
            raise ConfigError(
                "launch=slurm: no sbatch here; begin the run on a login node of the cluster, or use launch=manual"
            )
        executor = submitit.AutoExecutor(_folder(job.path), cluster="slurm", slurm_max_num_timeout=self.requeues)
        executor.update_parameters(**self._parameters(len(job.shares)))
        work = Work(job.place, job.concurrency)
        try:
            jobs = executor.map_array(work, [each.first for each in job.shares], [each.last for each in job.shares])
        except (FailedJobError, OSError, subprocess.SubprocessError) as error:
            told = " ".join(str(error).split())[:400]
            raise BackendError("request", f"launch=slurm: the job array was not submitted: {told}") from None
        return str(jobs[0].job_id).partition("_")[0]

    def _parameters(self, tasks: int) -> dict[str, Any]:
        given = {
            "slurm_partition": self.partition,
            "slurm_account": self.account,
            "slurm_qos": self.qos,
            "mem_gb": self.memory,
            "slurm_gpus_per_node": self.gpus or None,
            "slurm_setup": list(self.setup) or None,
        }
        return {
            "name": "simrun",
            "timeout_min": self.time,
            "cpus_per_task": self.cpus,
            "slurm_array_parallelism": self.parallel or tasks,
            "slurm_additional_parameters": {"requeue": True, **self.options},
            **{key: value for key, value in given.items() if value is not None},
        }


@dataclass(frozen=True)
class Work:
    """What a task does; submitit writes it to a file of its own, beside the run and never read from there."""

    run: str
    """Its folder, or its URL."""
    concurrency: int | None

    def __call__(self, first: int, last: int) -> str:
        """Play the blocks; a task that was told to end before it was done asks to be started again."""
        watch = play_share(self.run, Share(first, last), self.concurrency)
        if watch.stopping == "interrupted":
            _requeue()
        return f"blocks {first}-{last}: {watch.done} of {watch.owed} episodes are played {watch.stopping}".strip()

    def checkpoint(self, first: int, last: int) -> Any:
        """The same again: what was answered is in the log."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, first, last)


def _folder(run: Path) -> Path:
    """Where submitit keeps what it is to start: outside the run's folder, which others may send."""
    return run.parent / "launched" / run.name


def _requeue() -> None:
    """Ask Slurm to start this task again; where it is being cancelled for good, Slurm does not."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    _ran("scontrol", "requeue", f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID", ""))


def queued(array: str) -> bool:
    """Whether anything of an array is waiting or running. squeue knows it on every cluster; sacct needs a data base."""
    return bool(_ran("squeue", "--noheader", "--array", "--jobs", array, "--format", "%i"))


def _ran(*command: str) -> str:
    # a scheduler that is busy or restarting answers late: then nothing is known, and it is asked again
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and command[0] == "squeue" and "Invalid job id" not in done.stderr:
        return "unknown"
    return done.stdout.strip()
