"""Answers out of the log of an earlier run, to the same questions only."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson
from pydantic import PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.records import Answer, Call, Chat


class Answers:
    """Logged calls by trial, role, turn and attempt: given again only to the prompt that they answered."""

    def __init__(self, calls: Iterable[Call] = ()):
        self._calls = {(call.trial, call.role, call.chat, call.nth, call.attempt): call for call in calls}
        self._given: set[tuple[str, str, str, int, int]] = set()

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, chat: Chat) -> Answer | None:
        """The answer to a chat, None when it was never asked; BackendError when something else was asked there."""
        key = chat.session, chat.role, chat.chat, chat.nth, chat.attempt
        call = self._calls.get(key)
        self._given.add(key)
        if call is not None and call.digest != chat.digest:
            raise BackendError(
                "replay",
                f"trial {chat.session}, {chat.speaker} turn {chat.nth}: the prompt is not the logged one "
                f"(digest {chat.digest}, logged {call.digest}): the scenario, a case or a text has changed since",
            )
        if call is not None and call.seed != chat.seed:
            raise BackendError(
                "replay",
                f"trial {chat.session}, {chat.speaker} turn {chat.nth}: logged with seed {call.seed}, and the plan has "
                f"{chat.seed}: the log was changed, or seeds are drawn otherwise since",
            )
        return None if call is None else call.answer

    def unasked(self) -> tuple[str, ...]:
        """The calls that no chat has asked for, in words."""
        left = self._calls.keys() - self._given
        return tuple(f"{role} turn {nth}, attempt {attempt}" for _, role, _, nth, attempt in sorted(left))


class Replay(Backend):
    """The answers of the run in folder `run`, for the roles that play on this backend."""

    name: ClassVar[str] = "replay"

    run: str
    """Folder of the run whose answers are given again."""

    _answers: Answers = PrivateAttr(default_factory=Answers)

    async def open(self) -> None:
        """Read the log."""
        self._answers = Answers(logged_calls(Path(self.run)))
        if not len(self._answers):
            raise BackendError(
                "request",
                f"backend.run: no logged calls under {self.run!r}; give the folder of a run (it has log/*.jsonl)",
            )

    async def reply(self, chat: Chat) -> Answer:
        """The logged answer; BackendError where the log has none."""
        if (answer := self._answers.get(chat)) is None:
            raise BackendError(
                "replay", f"{self.run} has no answer for {chat.speaker} turn {chat.nth} of trial {chat.session}"
            )
        return answer

    def divisible(self) -> bool:
        """A log can be read by many."""
        return True

    def identity(self) -> dict[str, Any]:
        """Which run is replayed."""
        return super().identity() | {"run": self.run}


def logged_calls(run: Path) -> Iterator[Call]:
    """The calls in a run's log; lines that are torn or of another kind are passed over."""
    for part in sorted((run / "log").glob("*.jsonl")):
        for line in part.read_bytes().splitlines():
            if b'"kind":"call"' in line[:200] and line.endswith(b"}"):
                fields = orjson.loads(line)
                yield Call.model_validate({key: fields[key] for key in Call.model_fields if key in fields})
