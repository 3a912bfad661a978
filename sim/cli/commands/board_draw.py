"""`simrun board draw`: the seed of a run that was committed to."""

from pathlib import Path
from typing import Annotated

from simrun.cli.command import DONE, Command, Dashed, Word
from simrun.cli.telling import tell


class BoardDraw(Command):
    """Draw the seed for a commitment, and write it into the board's decisions; asked again it tells the same.

    The seed follows from the commitment and the board's secret, whose hash the board told before (`simrun board
    secret`): whoever commits cannot know it, and once the secret is shown everybody can draw it again.
    """

    name = "board_draw"
    folder: Annotated[Path, Word("FOLDER")]
    """The board."""
    commitment: Annotated[Path, Word("COMMITMENT")]
    """The file that `simrun submit prepare` wrote."""
    secret: Annotated[Path, Dashed("FILE")]
    """The board's secret, which is kept elsewhere."""
    who: Annotated[str, Dashed("NAME")]
    """Who decides."""

    def run(self, as_json: bool) -> int:
        """ConfigError for what is no commitment, and for a secret of which the board has not told the hash."""
        from simrun.leaderboard import secret
        from simrun.leaderboard.commitment import draw, read

        given = read(self.commitment)
        made = draw(self.folder, given, secret.read(self.secret), self.who)
        seed = made.evidence["seed"]
        lines = (
            f"seed {seed} for {given.who.name}: {given.suite}@{given.version} by {'; '.join(given.answers)}",
            f"play it: simrun suite={given.suite} seed={seed} backend=...",
            f"then    : simrun submit pack last --who FILE commitment={self.commitment} -o FILE",
        )
        tell(made.model_dump_json() if as_json else "\n".join(lines), as_json)
        return DONE
