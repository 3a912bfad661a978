"""One episode that is being stepped: the stage, and which of its turns the caller speaks."""

from collections.abc import Set
from functools import cache
from typing import Any

import orjson

from simrun.agents.quoting import attributed
from simrun.agents.records import Chat
from simrun.agents.reply import Decision, Reply, form
from simrun.envs.options import Tokenizer
from simrun.envs.spaces import Heard
from simrun.scenarios.base import Turn
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial


class Live:
    """A trial on its stage.

    `seats` are the roles that the caller plays in this arm; `spent` counts what they have said.
    """

    def __init__(self, stage: Stage, trial: Trial, seats: Set[str]):
        self.stage, self.trial, self.seats = stage, trial, seats
        self.spent = 0
        self._asked: dict[str, tuple[Turn, Chat]] = {}
        self._mine: tuple[Turn, ...] | None = None

    def mine(self) -> tuple[Turn, ...]:
        """The turns that the caller must speak now."""
        if self._mine is None:
            self._mine = tuple(turn for turn in self.stage.pending() if turn.role in self.seats)
        return self._mine

    def moved(self) -> None:
        """Others have spoken."""
        self._mine = None

    def wait(self, turn: Turn, chat: Chat) -> None:
        """A turn waits for the caller; of several questions at the same time the first is asked first."""
        self._asked.setdefault(turn.role, (turn, chat))

    def asked(self, role: str) -> tuple[Turn, Chat] | None:
        """What a role is asked now, None when it is not due; of several questions at the same time the first."""
        if role not in self._asked:
            turn = next((turn for turn in self.mine() if turn.role == role), None)
            if turn is None:
                return None
            self._asked[role] = turn, self.stage.chat(turn)
        return self._asked[role]

    def say(self, turn: Turn, reply: Reply) -> None:
        """Somebody whose turn is pending speaks."""
        self.stage.say(turn, reply)
        self._mine = None
        if turn.role in self.seats:
            self.spent += 1
            self._asked.pop(turn.role, None)

    def observation(self, role: str) -> Heard:
        """All that a role was told and has heard, what it is asked last; "" when it is not due."""
        asked = self.asked(role)
        return Heard(asked[1].text()) if asked else Heard()

    def info(self, role: str, tokenizer: Tokenizer | None = None) -> dict[str, Any]:
        """What an agent may know beside the text; of a role that is not due only the trial."""
        told: dict[str, Any] = {
            "trial": self.trial.id,
            "case": self.trial.case,
            "arm": self.trial.arm,
            "repeat": self.trial.repeat,
        }
        asked = self.asked(role)
        if asked is None:
            return told | {"due": False}
        turn, chat = asked
        messages = chat.messages  # frozen, as a backend would get them
        told |= {
            "due": True,
            "private": turn.private,
            "nth": chat.nth,
            "messages": messages,
            "form": _form(turn.kinds()),
            "digest": chat.digest,
        }
        if tokenizer:
            told["tokens"] = tuple(
                tokenizer([{"role": message.role, "content": message.content} for message in messages])
            )
        return told

    def transcript(self, start: int = 0) -> str:
        """What was said from the entry `start` on, a line each; asides are marked."""
        return "\n".join(
            attributed(f"{entry.role}{' (aside)' if entry.kind == 'private' else ''}", entry.heard or entry.text)
            for entry in self.stage.transcript[start:]
        )


@cache
def _form(kinds: tuple[type[Decision], ...]) -> str:
    """The JSON schema that an answer must follow, as text; "" for free text."""
    schema = form(kinds)
    return orjson.dumps(schema).decode() if schema else ""
