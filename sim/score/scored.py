"""One run as its sections read it: the tables by pairs, and the figures that several of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from simrun.log.looks import Look
from simrun.plan.contrasts import Contrast
from simrun.play.speed import Pace
from simrun.score.arms import ArmResult, arms
from simrun.score.contrasts import ContrastResult, contrasts
from simrun.score.counts import ALL, Counts, counts, errors
from simrun.score.layout import asked
from simrun.score.looks import Followed, followed
from simrun.score.manipulations import Manipulation, manipulations
from simrun.score.samples import RunValues

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, eq=False, kw_only=True)
class Scored(RunValues):
    """A run's values, and each shared figure, computed when it is first asked for and then kept."""

    name: str
    """Of its folder."""
    tables: "duckdb.DuckDBPyConnection"
    """With the views that `simrun.log.tables.TABLES` documents."""
    pace: Pace | None
    """How fast it was played; None for a run without samples."""
    looks: tuple[Look, ...] = ()
    """The looks at it while it was played, where it could stop before its last case."""

    @property
    def comparisons(self) -> tuple[Contrast, ...]:
        """What is compared that is no control, as far as it is one arm with one other."""
        return tuple(each for each in self.manifest.contrasts if not each.control and not each.note)

    @property
    def complete(self) -> bool:
        """Every owed episode has an outcome."""
        return self.played.done == self.played.episodes - self.played.unowed

    @property
    def played(self) -> Counts:
        """Counts of all arms together."""
        return self.counts[ALL]

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """Arm -> its counts."""
        return counts(self.tables)

    @cached_property
    def errors(self) -> Mapping[str, int]:
        """Class of error -> episodes that it ended; they are owed again."""
        return errors(self.tables)

    @cached_property
    def arms(self) -> tuple[ArmResult, ...]:
        """What each arm came to, the reference first."""
        return arms(self.manifest, self.layout, self.counts)

    @cached_property
    def contrasts(self) -> tuple[ContrastResult, ...]:
        """Every outcome of every comparison; where one looked while it was played, with the figures of the looks."""
        own = {each.of: each.figures() for each in self.followed}
        found = contrasts(self.manifest, self.layout, self.outcome, asked(self.tables, self.layout))
        return tuple(each.model_copy(update=own.get((each.outcome, each.arm, each.reference), {})) for each in found)

    @cached_property
    def followed(self) -> tuple[Followed, ...]:
        """The questions that were looked at while the run was played, as far as it was."""
        return followed(self.manifest, self.layout, [each.cases for each in self.looks])

    @cached_property
    def manipulations(self) -> tuple[Manipulation, ...]:
        """Whether the biases that were injected show."""
        return manipulations(self.manifest, self.layout)
