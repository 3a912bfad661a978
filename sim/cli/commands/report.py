"""`simrun report`: the report of a run, computed anew."""

from simrun.cli.command import DONE, Reporting


class Report(Reporting):
    """Write the report of a run again, from its log."""

    name = "report"

    def run(self, as_json: bool) -> int:
        """An incomplete run has a report too: that is no failure of this command."""
        from simrun.cli.terminal import ended
        from simrun.log.store.sending import sent
        from simrun.report.run import rebuild

        run, _ = rebuild(self.path(), self.trust, spare=True, renew=True)
        sent(run.path)
        ended(run, as_json, self.full)
        return DONE
