"""Classes that cannot be used, each for one reason."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from own_scenarios import Counter

from simrun.agents.backends.base import Backend
from simrun.agents.judges.base import Judge
from simrun.agents.reply import Decision
from simrun.scenarios.outcome import Better, Outcome, PerSubject, Series
from simrun.score.metric import Metric
from simrun.score.pool import Scores
from simrun.score.values import Episodes


class Silent(Backend):
    """Without a reply."""

    name: ClassVar[str] = "silent"


class Deaf(Judge):
    """Without questions and a tally."""

    name: ClassVar[str] = "deaf"
    decision: ClassVar[type[Decision]] = Decision

    def brief(self, said: Any) -> str:
        return ""


class Endless(Counter):
    """Without a play."""

    play = Counter.__mro__[1].play  # type: ignore[assignment]


class Listed(Outcome):
    """With a list."""

    said: Annotated[list[int], Better("neither")]


class Nested(Outcome):
    """With texts a turn."""

    said: Series[str]


class Mapped(Outcome):
    """With a mapping that is no PerSubject."""

    said: Mapping[str, float]


class Crossed(Outcome):
    """With subjects of subjects."""

    said: PerSubject[PerSubject[float]]  # type: ignore[valid-type]


class Lists(Counter):
    """Its outcome holds a list."""

    outcome: ClassVar[type[Outcome]] = Listed


class Nests(Counter):
    """Its outcome holds texts a turn."""

    outcome: ClassVar[type[Outcome]] = Nested


class Maps(Counter):
    """Its outcome holds a mapping."""

    outcome: ClassVar[type[Outcome]] = Mapped


class Crosses(Counter):
    """Its outcome holds subjects of subjects."""

    outcome: ClassVar[type[Outcome]] = Crossed


class Whole(Metric):
    """Has all it needs."""

    needs = Episodes
    low, high, fair, worse = 0, 1, None, ""
    undefined, source = "never", "none"

    def measure(self, sample: Any) -> float:
        return 0.0


class Unmeasured(Metric):
    """Without measure."""

    needs = Episodes
    low, high, fair, worse = 0, 1, None, ""
    undefined, source = "never", "none"


class Undeclared(Metric):
    """Says nothing of itself but what it needs."""

    needs = Episodes

    def measure(self, sample: Any) -> float:
        return 0.0


class Needy(Whole):
    """Needs what the run has not."""

    needs = Scores  # type: ignore[assignment]


class Aimless(Whole):
    """Needs what is no sample."""

    needs = int  # type: ignore[assignment]
