"""All trials of a plan by their ids, without holding one of them."""

from collections.abc import Iterator, Mapping

import numpy as np

from simrun.plan.design import Plan
from simrun.stage.roll import Roll
from simrun.stage.trial import Trial


class Trials(Mapping[str, Trial]):
    """Id -> trial, in playing order, 18 to 36 bytes each: where a trial stands in the plan says what it is."""

    def __init__(self, plan: Plan):
        self._plan, self._roll = plan, Roll()
        self._cases = tuple(plan.cases)
        each = [plan.repeats * len(plan.played_by(case)) for case in self._cases]
        self._first = np.cumsum([0, *each])
        """Where each case begins."""
        for place, trial in enumerate(plan.trials()):
            self._roll.note(trial.id, place)

    def __len__(self) -> int:
        return len(self._roll)

    def __iter__(self) -> Iterator[str]:
        return (trial.id for trial in self._plan.trials())

    def __contains__(self, trial: object) -> bool:
        return trial in self._roll

    def __getitem__(self, trial: str) -> Trial:
        if (place := self._roll.get(trial)) is None:
            raise KeyError(trial)
        nth = int(np.searchsorted(self._first, place, side="right")) - 1
        arms = self._plan.played_by(self._cases[nth])
        repeat, arm = divmod(place - int(self._first[nth]), len(arms))
        return Trial(id=trial, case=self._cases[nth], arm=arms[arm], repeat=repeat)
