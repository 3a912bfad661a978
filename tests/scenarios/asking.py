"""Plays a mode of dialogue by hand: whoever is asked answers by a function of the turn."""

from collections.abc import Callable
from typing import Any

import numpy as np

from simrun.agents.reply import Reply
from simrun.scenarios.base import Line, Scenario, Turn
from simrun.scenarios.outcome import Outcome

Answers = Callable[[Turn], Reply]


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
