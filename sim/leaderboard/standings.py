"""Who stands where: entries of one suite and version, ranked together on each question of it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.ranks import Places, rank_intervals
from simrun.leaderboard.board import Entry
from simrun.leaderboard.scores import ACCURACY, Measured, Part, Scores
from simrun.leaderboard.submission import Who

Key = tuple[str, str, str, str]
"""Suite of the run, what, arm, reference: what a figure is known by in several submissions."""


class Standing(Record):
    """An entry with its scores, as it stands on a board."""

    entry: Entry
    scores: tuple[Scores, ...]
    """By version of the metrics, the oldest first."""
    who: Who | None = None
    """None where the packed file was erased."""
    cost: float | None = None
    reports: tuple[str, ...] = ()
    """The page of each run, from the board's own; () where none could be made."""
    fault: str = ""
    """Why not."""

    @property
    def name(self) -> str:
        """Its models, as it is called on the board."""
        return ", ".join(self.entry.added.evidence.get("models", ())) or self.entry.id

    @property
    def suite(self) -> str:
        """`name@version`"""
        return str(self.entry.added.evidence["suite"])

    @property
    def standing(self) -> str:
        """ranked, demonstration, custom, or withdrawn."""
        return "withdrawn" if self.entry.withdrawn else str(self.entry.added.evidence["standing"])

    @property
    def now(self) -> Scores:
        """By the newest version of the metrics that it was scored under."""
        return self.scores[-1]

    def figures(self) -> Iterator[tuple[Part, Measured, Key]]:
        """Every figure, with its run and its key."""
        for part in self.now.parts:
            for each in part.measured:
                yield part, each, (part.suite, *each.key)


def ranked(standings: Sequence[Standing]) -> Mapping[tuple[str, Key], Places]:
    """Id of the entry, question -> the places that it may have there, among all of its suite and version that are
    ranked and were scored under the same metrics. On gaps nobody is ranked who cannot do the task or never answers."""
    pools: dict[tuple[str, int, Key], list[tuple[str, Measured]]] = {}
    for each in standings:
        for part, found, key in each.figures() if each.standing == "ranked" else ():
            if found.by_case and (found.what == ACCURACY or not part.inabilities):
                pools.setdefault((each.suite, each.now.metrics, key), []).append((each.entry.id, found))
    return {
        (id, key): place
        for (_, _, key), own in pools.items()
        for (id, _), place in zip(own, _places([found for _, found in own]), strict=True)
    }


def _places(found: Sequence[Measured]) -> list[Places]:
    cases = sorted(set().union(*(each.by_case for each in found)))
    values = np.array([[each.by_case.get(case, np.nan) for case in cases] for each in found])
    return rank_intervals(values, "higher" if found[0].what == ACCURACY else "near 0", found[0].span)
