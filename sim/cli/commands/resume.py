"""`simrun resume`: go on with a run."""

from typing import Annotated

from pydantic import PositiveInt

from simrun.cli.command import Reporting, Value


class Resume(Reporting):
    """Go on with a run where it stopped: nothing that was answered is asked again."""

    name = "resume"
    concurrency: Annotated[PositiveInt | None, Value("N")] = None
    """Episodes in flight, at least 1; as the run began when not given."""
    tokens: Annotated[PositiveInt | None, Value("N")] = None
    """A budget of tokens, those of earlier sessions included; as the run began when not given."""

    def run(self, as_json: bool) -> int:
        """Play what is owed."""
        from simrun.cli.terminal import Progress, ended
        from simrun.report.run import resume

        return ended(resume(self.path(), Progress(), self.concurrency, self.trust, self.tokens), as_json, self.full)
