"""Replies as models give them, with how a person reads them, and how simrun does."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simrun.agents.judges.observer import Shows
from simrun.agents.judges.same_disease import Same
from simrun.agents.judges.supported_claims import Supported
from simrun.agents.records import Answer
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.choosing import choice
from simrun.scenarios.clinic.moves import Ask, Diagnose, OrderTest, Rating, RequestImage
from simrun.scenarios.recruitment.decisions import Assessment, ranking

OWN = Path(__file__).with_name("replies.jsonl")
MOVES = (Ask, OrderTest, RequestImage, Diagnose)
KINDS: dict[str, tuple[type[Decision], ...]] = {
    "assessment": (Assessment,),
    "choice": (choice(("A", "B")),),
    "doctor_last_move": (Diagnose,),
    "doctor_move": MOVES,
    "observer": (Shows,),
    "occupation": (choice(("Nurse", "Software developer", "Pilot")),),
    "patient": (),
    "ranking": (ranking(("A", "B", "C")),),
    "rating": (Rating,),
    "same_disease": (Same,),
    "verdict": (Supported,),
}
"""What was asked for, by the kind of a row."""
HARD = (
    "\n",
    "{",
    '{"',
    '\\"',
    '{"a":',
    "[",
    " ",
    "I can't ",
    "{,",
    '{"score": 5, "invite": true} ',
    "<think>",
    "</think>",
    "or ",
    "score: 8\n",
    "\\boxed{8}",
    "not ",
    '{"result":',
    "{}",
    '"\n',
    "*",
    "it is ",
    "<|channel|>",
    "- ",
    "`",
)
"""What a reader could be slow at, over and over."""
PROBLEMS = (None, "refused", "unreadable", "truncated")
SAID: dict[str, Callable[[Any], Any]] = {
    "Assessment": lambda made: [made.score, made.invite],
    "Choice": lambda made: made.choice,
    "Ranking": lambda made: list(made.ranking),
    "Rating": lambda made: made.score,
    "Same": lambda made: made.same,
    "Shows": lambda made: made.shows,
    "Supported": lambda made: made.verdict,
    "Ask": lambda made: f"ASK:{made.question}",
    "OrderTest": lambda made: f"TEST:{made.test}",
    "RequestImage": lambda made: "IMG",
    "Diagnose": lambda made: f"DX:{made.diagnosis}",
}


@dataclass(frozen=True)
class Row:
    """A reply to something that was asked for, and what a person reads in it; None or a problem for no decision."""

    kind: str
    text: str
    want: Any
    finish: Any = "stop"
    told: str = ""
    """What the chat was told before."""

    def reply(self) -> Reply:
        """As simrun reads it."""
        return Reply.of(Answer(text=self.text, finish=self.finish), KINDS[self.kind], lambda: self.told)

    def read(self) -> Any:
        """The decision, what was said in free text, or the problem."""
        found = self.reply()
        if found.decision is not None:
            return SAID[type(found.decision).__name__](found.decision)
        return found.problem or found.text.strip()

    def outcome(self) -> str:
        """right, again (asked once more), misread (another decision), invented (one where there is none), or lost (a
        decision or free speech taken for a refusal, or a problem taken for another)."""
        got, decided = self.read(), self.want not in PROBLEMS
        if got == self.want or (self.want is None and got in (*PROBLEMS, self.text.strip())):
            return "right"
        if self.want == "ASK" and str(got).startswith("ASK"):
            return "right"
        if got in ("unreadable", "truncated"):
            return "again" if KINDS[self.kind] and decided else "lost"
        if got == "refused":
            return "lost"
        return "misread" if decided else "invented"


def rows(path: Path = OWN) -> Iterator[Row]:
    """Of a file of JSON lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Row(**json.loads(line))
