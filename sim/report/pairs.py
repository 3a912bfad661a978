"""The pairs of a run as its page lists them: which arms are compared, what each episode came to, whose words are
kept."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simrun.agents.printable import printable
from simrun.plan.contrasts import Contrast
from simrun.report.render.columns import texts
from simrun.score.layout import DONE, Codes
from simrun.score.scored import Scored

MOST = 4_000_000
"""Values that a page holds: of a larger run it lists the declared outcomes, and as many others as there is room for."""
PROBLEMS = ("refused", "unreadable", "truncated")
"""What may be wrong with a reply; in the page's flags the first is 1, the next 2, then 4."""
JUDGED = 8
"""The flag of an episode of which a judge who was asked about it found something."""


class Listed:
    """One run's pairs. An episode's place is `pair * arms + arm`, the pairs in the order of the layout."""

    def __init__(self, run: Scored):
        self.run, self.layout = run, run.layout
        self.arms = len(self.layout.arms)

    @cached_property
    def comparisons(self) -> tuple[Contrast, ...]:
        """One arm against one other; what is no control comes first."""
        single = [each for each in self.run.manifest.contrasts if each.single]
        return tuple(sorted(single, key=lambda each: each.control))

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The declared ones first, then as many of the others as there is room for."""
        primary, known = self.run.manifest.primary, self.layout.outcomes
        every = dict.fromkeys((*primary, *self.run.outcome.measured(), *known))
        room = max(MOST // max(self.layout.state.size, 1), len(primary))
        return tuple(name for name in every if name in known)[:room]

    @cached_property
    def episodes(self) -> tuple[NDArray[np.object_], Codes]:
        """The trial of each place, "" where none was planned, and its flags."""
        flags = " + ".join(f"(coalesce({name}, 0) > 0)::INT * {2**bit}" for bit, name in enumerate(PROBLEMS))
        query = f'SELECT "case", repeat, arm, trial, {flags} AS flags FROM episodes ORDER BY ALL'
        columns = self.run.tables.sql(query).fetchnumpy()
        case = {name: code for code, name in enumerate(self.layout.cases)}
        row = np.array([case[name] for name in columns["case"]], dtype=np.int64) * self.layout.repeats
        place = (row + columns["repeat"]) * self.arms + self.layout.columns(columns["arm"])
        trials, found = (
            np.full(self.layout.state.size, "", dtype=object),
            np.zeros(self.layout.state.size, dtype=np.int64),
        )
        trials[place], found[place] = columns["trial"], columns["flags"]
        return trials, found

    def kept(self, most: int) -> Mapping[str, int]:
        """Whose transcripts the page holds: trial -> place. Pairs that came out differently in a declared outcome
        first, of what is no control before the controls, then others spread evenly over the run; whole pairs."""
        trials, places = self.episodes[0], dict[int, None]()
        for row, columns in self._wanted():
            if len(places) > most - 2:
                break
            places.update(dict.fromkeys(row * self.arms + column for column in columns))
        done = self.layout.state.reshape(-1) == DONE
        return {str(trials[place]): place for place in places if done[place]}

    def _wanted(self) -> Iterator[tuple[int, tuple[int, int]]]:
        others: list[tuple[int, tuple[int, int]]] = []
        for each in self.comparisons:
            flipped = self._flipped(each)
            columns = (self._column(each.references), self._column(each.arms))
            yield from ((row, columns) for row in np.flatnonzero(flipped).tolist())
            others += ((row, columns) for row in np.flatnonzero(~flipped).tolist())
        # a step that has no divisor in common with their number visits each once, far apart
        step = next((each for each in (7919, 7927, 7933) if len(others) % each), 1)
        yield from (others[at * step % len(others)] for at in range(len(others)))

    def _flipped(self, each: Contrast) -> NDArray[np.bool_]:
        primary = [self.layout.outcomes.index(name) for name in self.run.manifest.primary if name in self.outcomes]
        values = self.layout.values[primary]
        apart = values[:, :, self._column(each.arms)] != values[:, :, self._column(each.references)]
        there = ~np.isnan(values[:, :, [self._column(each.arms), self._column(each.references)]]).any(axis=2)
        flipped: NDArray[np.bool_] = (apart & there).any(axis=0)
        return flipped

    def _judged(self) -> NDArray[np.bool_]:
        asked = tuple(f"{name}." for name in self.run.manifest.judges)
        own = [at for at, name in enumerate(self.layout.outcomes) if name.startswith(asked)]
        found: NDArray[np.bool_] = (~np.isnan(self.layout.values[own])).any(axis=0).reshape(-1)
        return found

    def _column(self, arms: tuple[str, ...]) -> int:
        return self.layout.arms.index(arms[0])

    def told(self) -> dict[str, Any]:
        """All that the list needs: plain values, and columns as flat arrays with a NaN where a value is missing."""
        kind, primary = self.run.outcome, self.run.manifest.primary
        better = {name: each.direction for name, each in kind.measured().items()}
        outcomes = [
            {
                "name": name,
                "primary": name in primary,
                "better": better.get(name, "neither"),
                "values": np.round(self.layout.values[self.layout.outcomes.index(name)].reshape(-1), 6),
            }
            for name in self.outcomes
        ]
        return {
            "arms": self.layout.arms,
            "cases": texts([printable(name) for name in self.layout.cases]),
            "repeats": self.layout.repeats,
            "done": (self.layout.state.reshape(-1) == DONE).astype(np.int64),
            "flags": self.episodes[1] | JUDGED * self._judged(),
            "outcomes": outcomes,
            "comparisons": [self._comparison(each) for each in self.comparisons],
        }

    def _comparison(self, each: Contrast) -> dict[str, Any]:
        """Which columns, and whose prompts differ as a whole: a bias, a measure against it, an option."""
        arms = {arm.name: arm for arm in self.run.manifest.arms}
        one, other = arms[each.arms[0]].settings, arms[each.references[0]].settings
        axes = self.run.manifest.catalogue.axes
        apart = [name.split(".", 1) for name in {**one, **other} if one.get(name) != other.get(name)]
        return {
            "arm": self._column(each.arms),
            "reference": self._column(each.references),
            "why": each.why,
            "factor": each.factor,
            "roles": sorted(role for role, what in apart if what not in axes),
        }
