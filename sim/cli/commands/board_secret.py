"""`simrun board secret`: what a board draws seeds with, told by its hash before and itself afterwards."""

from pathlib import Path
from typing import Annotated

from simrun.cli.command import DONE, Command, Dashed, Word
from simrun.cli.telling import tell


class BoardSecret(Command):
    """Make the secret with which a board draws seeds, and tell its hash; `--show` tells the secret itself.

    The file must not lie where the board is published. Once it is shown, anybody can draw each seed again, and nothing
    more is drawn with it.
    """

    name = "board_secret"
    folder: Annotated[Path, Word("FOLDER")]
    """The board."""
    file: Annotated[Path, Word("FILE")]
    """Where the secret is kept: a new file, and with `--show` one that is there."""
    who: Annotated[str, Dashed("NAME")]
    """Who decides."""
    show: bool = False
    """Tell the secret itself: every draw is held against it first."""

    def run(self, as_json: bool) -> int:
        """ConfigError for a file that is there already, and for draws that do not come out again."""
        from simrun.leaderboard import secret

        if self.show:
            made = secret.show(self.folder, secret.read(self.file), self.who)
        else:
            made = secret.commit(self.folder, secret.made(self.file), self.who, "seeds are drawn with a secret")
        told = f"{made.why}: its hash is {made.evidence['secret']}"
        tell(made.model_dump_json() if as_json else told, as_json)
        return DONE
