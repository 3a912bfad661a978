"""A judge who is asked within a play."""

from collections.abc import Generator, Mapping
from typing import Any

from simrun.agents.judges.base import Judge, Said, Verdict
from simrun.scenarios.base import Beat, Turn


def consulted(judge: Judge, said: Said, role: str = "judge") -> Generator[Beat, Any, Mapping[str, Verdict]]:
    """Plays what a judge is asked within a play, each question aside, and returns what its answers come to."""
    questions = judge.questions(said)
    turns = tuple(Turn(role, reply=judge.decision, cue=each.cue, private=True) for each in questions)
    replies = (yield turns) if turns else ()
    return judge.tally(questions, [reply.decision for reply in replies])
