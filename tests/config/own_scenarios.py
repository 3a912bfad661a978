"""A scenario and a backend outside the package, each in its few lines, and classes that lack what they need."""

from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np

from simrun.agents.backends.base import Backend
from simrun.agents.backends.scripted import Rule, Scripted
from simrun.agents.reply import Decision
from simrun.scenarios.base import Case, File, Play, Scenario, Turn, heard
from simrun.scenarios.outcome import Better, Outcome


class Say(Decision):
    """Yes or no."""

    yes: bool


class Said(Outcome):
    """What the clerk said."""

    accuracy: ClassVar[str] = "yes"
    yes: Annotated[bool | None, Better("higher")]


class Counter(Scenario):
    """Options of a clerk who says yes or no."""

    name: ClassVar[str] = "counter"
    outcome: ClassVar[type[Outcome]] = Said
    script: ClassVar[tuple[Rule, ...]] = (Rule(chance=0.5, say={"yes": True}, otherwise={"yes": False}),)
    contrast: ClassVar[Any] = {"client": {"gender": ("man", "woman")}}

    clients: int = 6
    forms: Annotated[str, File()] = ""

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
        said = yield Turn("clerk", reply=Say, cue="Yes or no?")
        return Said(yes=said.decision.yes if said.decision else None)


class Half(Scenario):
    """Without most of it."""

    name: ClassVar[str] = "half"

    def bank(self) -> Any:
        return (), ()


class Unnamed(Counter):
    """Called what is no name of a folder."""

    name: ClassVar[str] = "../counter"


class Polite(Scripted):
    """Scripted, with an option of its own."""

    name: ClassVar[str] = "polite"
    bows: int = 1


class Mute(Backend):
    """Without a reply."""

    name: ClassVar[str] = "mute"
