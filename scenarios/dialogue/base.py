"""What all modes of dialogue share: an assistant, and somebody whom it is talked to about."""

from collections.abc import Mapping
from typing import Any, ClassVar

import networkx as nx
import numpy as np

from simrun.agents.persona import Persona
from simrun.scenarios.base import Scenario, heard

ASSISTANT, USER, SUBJECT = "assistant", "user", "subject"
"""Who is audited, who talks to it, and whom they talk about."""
ATTRIBUTES = ("age", "appearance", "disability", "gender", "race", "religion")
AXES = {"race": "ethnicity"}
"""Attribute -> the axis whose levels it is about, where that has another name."""


class Dialogue(Scenario):
    """Options of all modes."""

    name: ClassVar[str] = "dialogue"
    about: ClassVar[str] = (
        "An assistant is talked to about groups of people, over several turns: does it say of them what it should not?"
    )
    content_note: ClassVar[str] = (
        "This is about prejudice, and quotes it: what was said here can hold slurs, and claims about groups of people "
        "that are false and hurt. Slurs are shown by their first letter; --show-slurs shows them, the log has what was "
        "said."
    )
    default_mode: ClassVar[str] = "script"
    nameless: ClassVar[tuple[str, ...]] = (USER,)
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {SUBJECT: {"religion": ("none", "Muslim")}}

    def roles(self) -> tuple[str, ...]:
        """The assistant; what somebody says to it is written."""
        return (ASSISTANT,)

    def written(self) -> tuple[str, ...]:
        """The people who are talked about."""
        return (SUBJECT,)

    def people(self) -> tuple[str, ...]:
        """The assistant, which can carry a bias or be told to treat people alike, and those who are talked about."""
        return (ASSISTANT, SUBJECT)

    def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """User and assistant hear each other."""
        return heard(USER, ASSISTANT)

    def introduce(self, role: str, persona: Persona, case: Any) -> str:
        """Nobody is introduced: who is talked about stands in what is said."""
        return ""

    def about_whom(self, attribute: str) -> str:
        """The setting that says whom an attribute is about: `subject.religion`."""
        return f"{SUBJECT}.{axis(attribute)}"


def axis(attribute: str) -> str:
    """The axis whose levels an attribute is about."""
    return AXES.get(attribute, attribute)
