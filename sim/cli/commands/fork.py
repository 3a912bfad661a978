"""`simrun fork`: what was likely to come of an episode from a turn on."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, PositiveInt

from simrun.cli.command import DONE, OfRun, Overrides, Value, Word
from simrun.cli.telling import tell

if TYPE_CHECKING:
    from simrun.play.forking import Forked


class Fork(OfRun):
    """Play an episode again up to a turn, and then live, several times: the chance of each outcome from there.

    Nothing of the run is changed, and nothing is kept but what is printed; asked for again, it has the same seeds.
    `backend=NAME` and `roles.ROLE.backend=NAME` let others speak from the turn on.
    """

    name, daily = "fork", False
    reads = ("roles", "backend")
    episode: Annotated[str, Word("EPISODE")]
    """The episode: its place in the list of `simrun show RUN`, from 0, or the beginning of its id."""
    turn: Annotated[PositiveInt, Value("K")]
    """The first turn that is live, from 1: what was said before it is kept."""
    times: Annotated[PositiveInt, Field(le=100_000), Value("M")] = 20
    """How often it is played on."""
    role: Annotated[str | None, Value("ROLE")] = None
    """Whose turns are counted; of those who speak the first when not given, such as the assistant or the doctor."""
    overrides: Overrides = ()

    def run(self, as_json: bool) -> int:
        """A row for each primary outcome."""
        from simrun.report.run import fork

        found = fork(
            self.path(),
            self.episode,
            *self.overrides,
            turn=self.turn,
            times=self.times,
            role=self.role,
            trust=self.trust,
        )
        tell(found.model_dump_json() if as_json else "\n".join(_told(found)), as_json)
        return DONE


def _told(found: "Forked") -> list[str]:
    from simrun.report.figures import figure, interval, table

    rows = [
        (
            each.outcome,
            each.turn or "-",
            figure(each.was),
            interval(each.mean.value, each.mean.low, each.mean.high),
            each.mean.n,
            each.missing,
        )
        for each in found.chances
    ]
    return [
        f"Episode {found.episode} ({found.case}, {found.arm}), live from turn {found.turn} of the {found.role}, "
        f"{found.times} times ({'; '.join(found.backends)}).",
        "",
        table(("outcome", "turn", "as played", "from there (95 %)", "n", "missing"), rows),
    ]
