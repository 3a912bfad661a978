"""`simrun replay`: play a run again from its log."""

import json

from simrun.cli.command import DONE, OfRun
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError


class Replay(OfRun):
    """Play a run again from its log and compare: the same outcomes, the same report to the byte."""

    name = "replay"

    def run(self, as_json: bool) -> int:
        """ConfigError when it does not come out the same."""
        from simrun.report.run import rebuild

        run, same = rebuild(self.path(), self.trust)
        if same is False:
            raise ConfigError(
                f"the outcomes of {run.path} are reproduced, but its report was not: the log, the report, its code or "
                "packages have changed since; nothing was written (simrun report writes it anew)"
            )
        episodes, calls = int((run.episodes.state == "done").sum()), len(run.calls)
        report = "identical" if same else "written"
        if as_json:
            tell(json.dumps({"run": str(run.path), "episodes": episodes, "calls": calls, "report": report}), as_json)
        else:
            tell(f"{episodes} episodes and {calls} calls replayed: outcomes identical, report {report} ({run.path})")
        return DONE
