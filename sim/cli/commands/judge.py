"""`simrun judge`: ask a judge about what is logged."""

from simrun.cli.command import Overrides, Reporting


class Judge(Reporting):
    """Ask judges about what is already logged, append what they say, and report.

    `judge=NAME` chooses (`simrun list judges`), or `judge=[NAME,NAME]`; `roles.judge.backend=...` is who speaks.
    """

    name = "judge"
    reads = ("judge", "roles", "backend")
    overrides: Overrides = ()

    def run(self, as_json: bool) -> int:
        """What was played is not touched; asked for again, an interrupted judging goes on."""
        from simrun.cli.terminal import ended
        from simrun.report.run import judge

        return ended(judge(self.path(), *self.overrides, trust=self.trust), as_json, self.full)
