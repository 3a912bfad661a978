"""`simrun launch kubernetes`: the manifest with which a cluster plays a run that was begun."""

import json
from typing import Annotated

from pydantic import Field, PositiveInt

from simrun.cli.command import DONE, OfRun, Overrides, Value
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError


class LaunchKubernetes(OfRun):
    """Print the manifest of an indexed Job that plays a run begun with launch=manual or launch=kubernetes.

    `launch.image=IMAGE launch.claim=NAME` say in what and on which volume; a run that was begun with them has them.
    """

    name, daily = "launch_kubernetes", False
    reads = ("launch",)
    workers: Annotated[PositiveInt | None, Value("N")] = None
    """Pods; as the run began when not given."""
    dry_run: Annotated[bool, Field(description="Print it and apply nothing: there is nothing else.")] = False
    overrides: Overrides = ()

    def run(self, as_json: bool) -> int:
        """The manifest, as YAML or as JSON. ConfigError for what is missing of it."""
        from simrun.config.composition import changed
        from simrun.log.manifest import Manifest
        from simrun.play.blocks import Blocks, shares
        from simrun.play.launch.base import Job
        from simrun.play.launch.kubernetes import Kubernetes

        path = self.path()
        manifest = Manifest.read(path, self.trust)
        begun = manifest.config.launch if manifest.config.launch.get("name") == Kubernetes.name else {}
        config = changed(manifest.config.model_copy(update={"launch": begun}), self.overrides, {}, ("launch",))
        own = Kubernetes.of({key: value for key, value in config.launch.items() if key != "name"})
        if not self.dry_run:
            raise ConfigError("simrun applies nothing to a cluster: add --dry-run, and pipe it to kubectl apply -f -")
        parts = shares(len(Blocks(manifest.plan())), self.workers or manifest.config.workers)
        job = Job(path, parts, manifest.config.concurrency)
        tell(json.dumps(own.manifest(job)) if as_json else own.text(job).rstrip(), as_json)
        return DONE
