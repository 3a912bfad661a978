"""`simrun submit prepare`: who will play what, told before the run, so that the board draws its seed."""

from pathlib import Path
from typing import Annotated

from simrun.cli.command import DONE, Command, Dashed, Overrides, Word
from simrun.cli.telling import tell


class SubmitPrepare(Command):
    """Commit to a run before it is played: which suite, by which model, and who.

    It opens the engine to ask who answers, and plays nothing. The board draws the seed for the file that is written
    (`simrun board draw`); the run is then `simrun suite=NAME seed=DRAWN backend=...`.
    """

    name = "submit_prepare"
    reads = ("backend", "model", "url")
    suite: Annotated[str, Word("SUITE")]
    """The suite that will be played."""
    who: Annotated[Path, Dashed("FILE")]
    """Who will hand it in, as for `submit pack`."""
    output: Annotated[Path, Dashed("FILE", key="-o")]
    """The commitment, to be given to the board."""
    overrides: Overrides = ()

    def run(self, as_json: bool) -> int:
        """ConfigError for engine settings that the suite does not allow, BackendError where no engine can be opened."""
        from simrun.leaderboard.packing import who
        from simrun.leaderboard.preparing import prepared
        from simrun.log.files import replace

        made = prepared(self.suite, self.overrides, who(self.who))
        replace(self.output, made.model_dump_json(indent=2).encode() + b"\n")
        lines = (
            f"{self.output}: {made.who.name} will play {made.suite}@{made.version} by {'; '.join(made.answers)}",
            f"commitment {made.digest}",
            f"give the file to the board, which draws the seed: simrun board draw FOLDER {self.output}",
        )
        tell(made.model_dump_json() if as_json else "\n".join(lines), as_json)
        return DONE
