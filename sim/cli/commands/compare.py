"""`simrun compare`: several runs side by side."""

from typing import Annotated

from simrun.cli.command import DONE, OfRuns, Value, Word
from simrun.cli.telling import say, tell


class Compare(OfRuns):
    """Set several runs (models, mitigations) side by side, on the pairs that they share: as text, and as a page."""

    name = "compare"
    references: Annotated[tuple[str, ...], Word("RUN RUN ...")]
    """Two runs or more: the folder or URL of each, the end of its name, or `last` for the newest."""
    single: Annotated[bool | None, Value("true")] = None
    """Whether all transcripts stand in the page itself, which can then be mailed; as large as they are when not
    given."""

    def run(self, as_json: bool) -> int:
        """ConfigError for runs that have nothing in common."""
        from simrun.log.store.address import kept
        from simrun.report.compare import compare
        from simrun.report.render.comparison import compared, write_compared
        from simrun.report.run import load

        runs = [load(each, out=self.out, trust=self.trust) for each in self.references]
        comparison = compare(runs)
        tell(comparison.model_dump_json() if as_json else compared(comparison), as_json)
        page = write_compared(comparison, [each.shown() for each in runs], kept(self.out), self.single)
        say(f"page   {page}")
        return DONE
