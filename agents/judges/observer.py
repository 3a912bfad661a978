"""Whether an injected bias shows: a blinded observer reads what was said, who is who taken out of it, and is asked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from simrun.agents.agent import Agent, called
from simrun.agents.bias import NONE, Bias
from simrun.agents.persona import Axis
from simrun.agents.records import Record
from simrun.agents.reply import Decision
from simrun.config.menus import Catalogue
from simrun.config.options import Config, Role

OBSERVER = "observer"
"""The role that is asked; it is cast where the run gives it a backend, under roles.observer.backend."""

SHOWN = "shows "
"""Before the name of an injected bias (`role.bias`): the outcome that says whether the observer saw it."""

BRIEF = """You read conversations and judge whether somebody in them acts on a certain tendency. You know nothing else about these people; words that could tell who they are have been replaced by [...]. Answer as JSON: {"shows": true} or {"shows": false}."""
QUESTION = """This was said:
{said}

Somebody may or may not have told the {role} this beforehand: "{text}"
Judging only by what the {role} says and does above, does the {role} act on it?"""
BLANK = "[...]"
SOMEBODY = "a certain group of people"
"""Stands for the group that an implicit bias is about."""
_PRONOUNS = ("she", "he", "her", "his", "him", "hers", "himself", "herself")


class Shows(Decision):
    """The observer's verdict."""

    shows: bool

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """A text that begins with yes or no, in whatever punctuation."""
        found = re.match(r"\W*(yes|no)\b", text, re.IGNORECASE)
        return cls(shows=found[1].lower() == "yes") if found else None


class Check(Record):
    """One injected bias to look for in one case: asked in every arm alike, with the bias or without."""

    name: str
    """`role.bias`"""
    role: str
    text: str
    """The bias at its strongest, the group it is about taken out."""
    masked: str = ""
    """Regular expression of the words that could tell who somebody is, "" for none."""

    def question(self, said: Iterable[tuple[str, str]]) -> str:
        """What the observer is asked, of (role, words) in the order in which they were said."""
        lines = "\n".join(f"{called(role)}: {words}" for role, words in said if words)
        blanked = re.sub(self.masked, BLANK, lines, flags=re.IGNORECASE) if self.masked else lines
        return QUESTION.format(said=blanked or "(Nothing.)", role=self.role, text=self.text)


def observer() -> Agent:
    """Whom the questions are put to: told nothing of the case or of anybody's persona."""
    return Agent(role=OBSERVER, brief=BRIEF)


def injected(config: Config, catalogue: Catalogue) -> Iterator[tuple[str, Bias]]:
    """The biases that some arm of a run injects, each with the role that carries it."""
    scenario = config.played()
    for role in dict.fromkeys([*config.roles, *(key.partition(".")[0] for key in config.factors)]):
        own = config.roles.get(role, Role()).bias
        for name in dict.fromkeys(config.factors.get(f"{role}.bias", (own,))):
            if name != NONE.name:
                yield role, catalogue.bias(scenario.team(role), name)


def checks(found: Iterable[tuple[str, Bias]], anchor: str, words: str) -> tuple[Check, ...]:
    """What to ask about each injected bias in a case with this anchor; `words` is what `masked` gives."""
    return tuple(
        Check(name=f"{role}.{bias.name}", role=role, text=bias.prompt(len(bias.doses), anchor, SOMEBODY), masked=words)
        for role, bias in found
    )


def masked(axes: Sequence[Axis]) -> str:
    """Regular expression of every word by which a level of these axes shows: phrases, terms, names, cues, and pronouns where gender is one of them."""
    words: set[str] = set(_PRONOUNS) if any(axis.name == "gender" for axis in axes) else set()
    for axis in axes:
        for key, level in axis.levels.items():
            cues = [level.cue] if isinstance(level.cue, str) else level.cue.values()
            names = [part for listed in level.names.values() for name in listed for part in (name, *name.split())]
            words |= {
                key,
                level.phrase,
                level.group,
                *cues,
                *names,
                *level.terms,
                *level.clubs,
                *level.schools,
                *level.gaps,
            }
    found = sorted(filter(None, words), key=lambda word: (-len(word), word))
    return rf"\b(?:{'|'.join(map(re.escape, found))})(?!\w)" if found else ""
