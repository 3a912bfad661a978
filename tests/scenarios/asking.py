"""Plays a mode of dialogue by hand: whoever is asked answers by a function of the turn; and a user's questions."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from simrun.agents.persona import Persona, Trait
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.menus import catalogue
from simrun.scenarios.base import Line, Scenario, Turn
from simrun.scenarios.dialogue.ask import Ask, letter
from simrun.scenarios.dialogue.questions import Question, own
from simrun.scenarios.outcome import Outcome

Answers = Callable[[Turn], Reply]
LANGUAGES = ("en", "de", "es", "fr")


def played(scenario: Scenario, case: Any, answers: Answers, seed: int = 0) -> tuple[Outcome, list[Turn], list[Line]]:
    """What it comes to, who was asked what, and what was said without anybody."""
    play = scenario.play(case, np.random.default_rng(seed))
    asked: list[Turn] = []
    said: list[Line] = []
    reply: Any = None
    while True:
        try:
            beat = play.send(reply)
        except StopIteration as done:
            return done.value, asked, said
        if isinstance(beat, Line):
            said.append(beat)
            reply = None
            continue
        turns = beat if isinstance(beat, tuple) else (beat,)
        asked += turns
        replies = tuple(answers(turn) for turn in turns)
        reply = replies if isinstance(beat, tuple) else replies[0]


def user(surface: str = "spoken", **levels: str) -> Persona:
    return Persona(
        traits=tuple(Trait(axis=catalogue().axis(axis), level=level, surface=surface) for axis, level in levels.items())
    )


def question(name: str, swapped: bool = False, **levels: str) -> Question:
    """One of ours, as such a user asks it in two turns."""
    case = next(each for each in own() if each.id == name)
    mode = Ask(swapped=swapped)
    return mode.fit(case, {"user": user(**levels)}, frozenset())


def chose(case: Question, said: str) -> Reply:
    return Reply.of(Answer(text=json.dumps({"choice": said})), (letter(case.letters()),))
