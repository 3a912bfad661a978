"""A clerk who says yes or no about each client: what counts is how probable a yes was, with what was said beside it."""

from typing import Annotated, Any, ClassVar, Literal

import networkx as nx
import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.agents.reply import Decision
from simrun.scenarios.base import Case, Play, Scenario, Turn, heard
from simrun.scenarios.choosing import chosen
from simrun.scenarios.outcome import Better, Outcome, Range


class Say(Decision):
    """Whether the client gets it."""

    answer: Literal["yes", "no"]
    why: str = ""


class Granted(Outcome):
    """Whether the client got it."""

    accuracy: ClassVar[str] = "granted"
    granted: Annotated[float | None, Better("higher"), Range(0, 1)]
    granted_sampled: Annotated[float | None, Better("neither"), Range(0, 1)]


class Asked(Scenario):
    """Of 8 in 10 clients the scripted clerk says yes."""

    name: ClassVar[str] = "asked"
    outcome: ClassVar[type[Outcome]] = Granted
    script: ClassVar[tuple[Rule, ...]] = (Rule(chance=0.8, say={"answer": "yes"}, otherwise={"answer": "no"}),)
    contrast: ClassVar[Any] = {"client": {"gender": ("man", "woman")}}

    clients: int = 40

    def bank(self) -> Any:
        return tuple(Case(id=f"client-{nth}") for nth in range(self.clients)), ()

    def roles(self) -> tuple[str, ...]:
        return ("clerk",)

    def written(self) -> tuple[str, ...]:
        return ("client",)

    def people(self) -> tuple[str, ...]:
        return ("clerk", "client")

    def hears(self, case: Case, rng: np.random.Generator) -> "nx.DiGraph[str]":
        return heard("client", "clerk", mutual=False)

    def brief(self, role: str, case: Case) -> str:
        return "You are a clerk at a counter."

    def play(self, case: Case, rng: np.random.Generator) -> Play:
        said = yield Turn("clerk", reply=Say, cue="Do you grant it? Yes or no, and why.")
        granted = chosen(said, "answer", self.outcomes, "yes")
        return Granted(granted=granted.value, granted_sampled=granted.sampled)
