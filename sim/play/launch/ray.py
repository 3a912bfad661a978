"""Tasks of Ray, on a cluster that exists or on this machine: one a share, which Ray starts again where its process or
node dies. The log is the checkpoint."""

import asyncio
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.play.blocks import Share
from simrun.play.launch.base import Job, Launcher
from simrun.play.sharing import play_share
from simrun.play.watch import Watch

_TOKEN = Path.home() / ".ray" / "auth_token"
EVERY = 0.5
"""Seconds between two looks at the tasks."""


class Ray(Launcher):
    """A task a share on a cluster of Ray. The run's folder (out=DIR) must be seen from all nodes, or be in a store
    (out=URL), and simrun be installed on them."""

    name: ClassVar[str] = "ray"

    address: str | None = None
    """Of a cluster that exists: HOST:PORT, ray://HOST:PORT, or auto for the one of this machine (inside a Slurm job,
    `ray symmetric-run` starts one). When not given, RAY_ADDRESS, else one is started here and stopped again."""
    cpus: float = Field(1, gt=0)
    """For each task."""
    gpus: float = Field(0, ge=0)
    """For each task: for an engine that it holds (backend=vllm, backend=server backend.launch=true); a fraction
    shares one."""
    retries: int = Field(3, ge=0)
    """How often Ray starts a task again whose process or node has died."""

    async def play(self, job: Job, watch: Watch) -> None:
        """Start the tasks, and wait for all; when the run is to stop, they are told to."""
        ray = self._ray()
        ours = await asyncio.to_thread(self._joined, ray)  # slow: some ten seconds for one of this machine
        try:
            work = ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=self.retries)(_played)
            left = [work.remote(job.place, each.first, each.last, job.concurrency) for each in job.shares]
            while left:
                done, left = await asyncio.to_thread(ray.wait, left, num_returns=len(left), timeout=EVERY)
                for each in done:
                    self._heard(ray, each, watch)
                if watch.stopping:
                    for each in left:
                        ray.cancel(each, force=False)
        finally:
            if ours:
                await asyncio.to_thread(ray.shutdown)

    def _address(self) -> str | None:
        return self.address or os.environ.get("RAY_ADDRESS")

    def _ray(self) -> Any:
        known = self._address() or "RAY_AUTH_MODE" in os.environ or _TOKEN.is_file()
        if not known and "ray" not in sys.modules:
            # for a cluster of our own a token of our own: Ray would write one into the home folder. Once it is imported
            # it does not look again
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        try:
            import ray
        except ImportError:
            raise ConfigError("launch=ray needs Ray: pip install 'simrun[ray]'") from None
        return ray

    def _joined(self, ray: Any) -> bool:
        """Join the cluster; whether we have to leave it again. BackendError where it cannot be joined."""
        if ray.is_initialized():
            return False
        address = self._address()
        _check_there(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", **({} if address else _QUIET))
        except Exception as error:
            told = " ".join(str(error).split())[:300]
            raise BackendError(
                "request",
                f"launch=ray: cannot join {address or 'a cluster of this machine'}: {told}; where it asks for a token, "
                "copy the head's ~/.ray/auth_token here, or set RAY_AUTH_TOKEN",
            ) from None
        return True

    def _heard(self, ray: Any, task: Any, watch: Watch) -> None:
        try:
            told = ray.get(task)
        except (ray.exceptions.RayError, OSError) as error:
            cause = getattr(error, "cause", None) or error
            if isinstance(cause, BackendError | ConfigError):
                watch.stopping = watch.stopping or str(cause)
        else:
            watch.stopping = watch.stopping or told


def _check_there(address: str | None) -> None:
    """BackendError where nobody listens: Ray itself tries for minutes."""
    place = urlsplit(address if address and "://" in address else f"//{address or ''}")
    try:
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), timeout=10).close()
    except (OSError, ValueError) as error:
        raise BackendError("request", f"launch=ray: cannot join {address}: {error}; is the cluster up?") from None


_QUIET = {"include_dashboard": False, "configure_logging": False}


def _played(run: str, first: int, last: int, concurrency: int | None) -> str:
    """Play a share in a process of Ray's; why it ended early, if it did."""
    watch = play_share(run, Share(first, last), concurrency)
    return "" if watch.stopping == "interrupted" else watch.stopping
