"""An indexed Job for Kubernetes: a pod a share, which it starts again where it fails. Nothing is applied here."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import Field

from simrun.config.errors import ConfigError
from simrun.log import files
from simrun.log.store.address import url
from simrun.play.launch.base import Job, Launcher
from simrun.play.watch import Watch


class Kubernetes(Launcher):
    """Writes the manifest of an indexed Job; you apply it with kubectl."""

    name: ClassVar[str] = "kubernetes"
    resumes: ClassVar[bool] = False

    image: str | None = None
    """A container image in which this version of simrun is installed."""
    claim: str | None = None
    """The PersistentVolumeClaim (ReadWriteMany) on which the run's folder lies; none for a run in a store (out=URL)."""
    at: str | None = None
    """Where that volume is mounted, here and in the pods alike: a folder above the run's."""
    secret: str | None = None
    """The Secret whose keys are environment variables of the pods, such as the credentials of the store."""
    account: str | None = None
    """The ServiceAccount of the pods, where that has the right to the store."""
    namespace: str | None = None
    gpus: int = Field(0, ge=0)
    """For each pod."""
    cpus: float = Field(1, gt=0)
    """For each pod."""
    memory: float = Field(4, gt=0)
    """GiB for each pod."""
    retries: int = Field(3, ge=0)
    """How often a pod may fail before the Job does (each index for itself)."""

    async def play(self, job: Job, watch: Watch) -> None:
        """Write the manifest beside the run, and say what to type."""
        target = job.path.parent / "launched" / f"{job.path.name}.yaml"
        text = self.text(job)
        files.folder(target.parent)
        target.write_text(text, encoding="utf-8")
        watch.stopping = (
            f"launch=kubernetes: kubectl apply -f {target}; when the job is over, simrun resume {job.place} joins what "
            "was played, and plays what is still owed"
        )

    def text(self, job: Job) -> str:
        """The manifest as YAML. ConfigError for what is missing of it."""
        return yaml.safe_dump(self.manifest(job), sort_keys=False, width=120)

    def manifest(self, job: Job) -> Mapping[str, Any]:
        """The manifest. ConfigError for what is missing of it."""
        for field, about in (("image", "an image with simrun"), ("claim", "the claim of the volume the run is on")):
            if not getattr(self, field) and not (field == "claim" and url(job.path)):
                raise ConfigError(f"launch=kubernetes: launch.{field} is missing: {about}")
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": f"simrun-{job.path.name}"[:63].rstrip("-.").lower(),
                **({"namespace": self.namespace} if self.namespace else {}),
            },
            "spec": {
                "completionMode": "Indexed",
                "completions": len(job.shares),
                "parallelism": len(job.shares),
                "backoffLimitPerIndex": self.retries,
                "template": {"spec": self._pod(job)},
            },
        }

    def _pod(self, job: Job) -> Mapping[str, Any]:
        at = None if url(job.path) else self._mounted(job.path)
        given = [f"concurrency={job.concurrency}"] if job.concurrency else []
        words = shlex.join(["exec", "simrun", "worker", job.place, *given, "trust=true"])
        limits = {"cpu": f"{self.cpus:g}", "memory": f"{self.memory:g}Gi"}
        gpus = {"nvidia.com/gpu": self.gpus} if self.gpus else {}
        return {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 60,  # SIGTERM first: what is in flight has time to end
            "containers": [
                {
                    "name": "worker",
                    "image": self.image,
                    "command": ["sh", "-c", f'{words} "blocks=$JOB_COMPLETION_INDEX/{len(job.shares)}"'],
                    "resources": {"requests": limits, "limits": {**limits, **gpus}},
                    **({"envFrom": [{"secretRef": {"name": self.secret}}]} if self.secret else {}),
                    **({"volumeMounts": [{"name": "runs", "mountPath": str(at)}]} if at else {}),
                }
            ],
            **({"serviceAccountName": self.account} if self.account else {}),
            **({"volumes": [{"name": "runs", "persistentVolumeClaim": {"claimName": self.claim}}]} if at else {}),
        }

    def _mounted(self, run: Path) -> Path:
        at = Path(self.at).resolve() if self.at else run.resolve().parent.parent
        if not run.resolve().is_relative_to(at):
            raise ConfigError(
                f"launch=kubernetes: launch.at={at}: {run} is not below it; give a folder above the run's"
            )
        return at
