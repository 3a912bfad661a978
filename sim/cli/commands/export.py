"""`simrun export`: a run in the form of others."""

import json
from pathlib import Path
from typing import Annotated

from simrun.cli.command import DONE, Dashed, OfRuns, Word
from simrun.cli.telling import tell


class Export(OfRuns):
    """Write a run in the form of other tools (`simrun list exports`).

    What opens each, and what is lost on the way: docs/exports.md.
    """

    name, daily = "export", False
    target: Annotated[str, Word("FORM")]
    """One of those that `simrun list exports` names."""
    reference: Annotated[str, Word("RUN")] = "last"
    """A run: its folder or URL, the end of its name, or `last` for the newest."""
    output: Annotated[Path | None, Dashed("PATH", key="-o")] = None
    """The file or folder to write; under the run's name in the current folder when not given."""

    def run(self, as_json: bool) -> int:
        """ConfigError for a form that there is not."""
        from simrun.export.exporter import export, exporter
        from simrun.report.run import load

        chosen = exporter(self.target)
        written = export(load(self.reference, out=self.out, trust=self.trust), self.target, self.output)
        told = f"{written}\nopens in: {chosen.opens}\nlost: {chosen.lost}"
        tell(json.dumps({"form": chosen.name, "written": str(written)}) if as_json else told, as_json)
        return DONE
