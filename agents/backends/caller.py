"""Whoever steps an environment: what a seat says is the caller's action."""

from typing import ClassVar

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.records import Answer, Chat


class Caller(Backend):
    """The caller of an environment (simrun.envs) plays this role; no engine can answer for it."""

    name: ClassVar[str] = "caller"
    asked_again: ClassVar[bool] = False

    async def reply(self, chat: Chat) -> Answer:
        """BackendError: nobody steps an environment here."""
        raise BackendError(
            "request",
            f"the {chat.role} of this run is played through an environment; go on by making the same "
            "environment again with log=RUN, "
            "or play another run with backend=... for that role",
        )
