"""`simrun compare`: several runs side by side."""

from typing import Annotated

from simrun.cli.command import DONE, OfRuns, Word
from simrun.cli.telling import tell


class Compare(OfRuns):
    """Set several runs (models, mitigations) side by side, on the pairs that they share."""

    name = "compare"
    references: Annotated[tuple[str, ...], Word("RUN RUN ...")]
    """Two runs or more: the folder of each, the end of its name, or `last` for the newest."""

    def run(self, as_json: bool) -> int:
        """ConfigError for runs that have nothing in common."""
        from simrun.report.compare import compare
        from simrun.report.render.comparison import compared
        from simrun.report.run import load

        comparison = compare([load(each, out=self.out, trust=self.trust) for each in self.references])
        tell(comparison.model_dump_json() if as_json else compared(comparison), as_json)
        return DONE
