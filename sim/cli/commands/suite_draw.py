"""`simrun suite draw`: other cases of a suite, which nobody knows."""

from pathlib import Path
from typing import Annotated

from simrun.cli.command import DONE, Command, Dashed, Value, Word
from simrun.cli.telling import tell


class SuiteDraw(Command):
    """Draw a private half of a suite: other cases of the same generators, played and checked like the public ones.

    The board tells the hash of the file that is written; `--show` tells the file itself, once models were held against
    it. Suites of a fixed bank of cases have no private half.
    """

    name = "suite_draw"
    suite: Annotated[str, Word("SUITE")]
    """The suite."""
    output: Annotated[Path, Dashed("FILE", key="-o")]
    """The file: a new one, and with `--show` one that is there. It must not lie where the board is published."""
    board: Annotated[Path, Value("FOLDER")]
    """The board whose decisions tell of it."""
    who: Annotated[str, Dashed("NAME")]
    """Who decides."""
    show: bool = False
    """Tell the file itself: it is held against the hash first."""

    def run(self, as_json: bool) -> int:
        """ConfigError for a suite whose cases cannot be drawn anew, and for a half of which no hash was told."""
        from simrun.config.errors import ConfigError
        from simrun.leaderboard import private

        given = private.read(self.output) if self.show else private.drawn(self.suite)
        if given.suite != self.suite:
            raise ConfigError(f"{self.output} is of {given.suite}, not of {self.suite}")
        if self.show:
            made = private.show(self.board, given, self.who)
        else:
            private.write(self.output, given)
            made = private.commit(self.board, given, self.who)
        play = f"{given.played} backend=...; submit pack and submit check take private={self.output}"
        lines = (f"{made.why}: its hash is {given.digest}", f"play it: {play}")
        tell(made.model_dump_json() if as_json else "\n".join(lines), as_json)
        return DONE
