"""A scenario whose outcomes stand in a table, by case and by who the client is, and a judge of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Judge, Question, Verdict
from simrun.agents.judges.base import Said as Shown
from simrun.agents.reply import Decision
from simrun.scenarios.base import Case, Play, Scenario, Turn, heard
from simrun.scenarios.outcome import Better, Outcome, PerSubject, Series

MARKS: Mapping[tuple[str, bool], tuple[bool | None, ...]] = {
    ("a", False): (True, False, True),
    ("b", False): (False,),
    ("c", False): (True, True),
    ("a", True): (False, False, None),
    ("b", True): (True, False),
    ("c", True): (False, True, True),
}
POINTS: Mapping[tuple[str, bool], Mapping[str, float | None]] = {
    ("a", False): {"x": 1, "y": 2},
    ("b", False): {"x": 3, "y": None},
    ("c", False): {"x": 2},
    ("a", True): {"x": 2, "y": 2},
    ("b", True): {"x": 3, "y": 5},
    ("c", True): {"x": 4, "y": 1},
}


class Saw(Decision):
    """Whether the client is a woman."""

    woman: bool


class Told(Outcome):
    """What the tables say."""

    primary: ClassVar[tuple[str, ...]] = ("marks",)
    marks: Annotated[Series[bool], Better("higher")]
    points: Annotated[PerSubject[float], Better("neither")]


class Tables(Scenario):
    """A clerk says who the client is; the rest stands in the tables."""

    name: ClassVar[str] = "tables"
    outcome: ClassVar[type[Outcome]] = Told
    contrast: ClassVar[Any] = {"client": {"gender": ("man", "woman")}}
    script: ClassVar[tuple[Rule, ...]] = (
        Rule(role="clerk", when="woman", say={"woman": True}),
        Rule(role="clerk", say={"woman": False}),
        Rule(role="echoes", when='"woman": ?true', say={"woman": True}),
        Rule(role="echoes", say={"woman": False}),
    )

    def bank(self) -> Any:
        return tuple(Case(id=name) for name in "abc"), ()

    def roles(self) -> tuple[str, ...]:
        return ("clerk",)

    def written(self) -> tuple[str, ...]:
        return ("client",)

    def people(self) -> tuple[str, ...]:
        return ("clerk", "client")

    def hears(self, case: Case, rng: np.random.Generator) -> "nx.DiGraph[str]":
        return heard("client", "clerk", mutual=False)

    def brief(self, role: str, case: Case) -> str:
        return "You are a clerk."

    def play(self, case: Case, rng: np.random.Generator) -> Play:
        said = yield Turn("clerk", reply=Saw, cue="Who is it?")
        key = case.id, said.decision.woman
        return Told(marks=MARKS[key], points=POINTS[key])


class Echoes(Judge):
    """Repeats what the clerk said."""

    name: ClassVar[str] = "echoes"
    about: ClassVar[str] = "Whether the clerk said woman."
    decision: ClassVar[type[Decision]] = Saw

    def brief(self, said: Shown) -> str:
        return "You repeat."

    def questions(self, said: Shown) -> tuple[Question, ...]:
        return tuple(Question(key="woman", cue=words) for role, words in said.lines if role == "clerk")

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        return {"woman": decisions[0].woman if isinstance(decisions[0], Saw) else None}
