"""The contract of a backend, and the one error it may raise."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from simrun.agents.records import Answer, Chat, Record

ErrorKind = Literal["connection", "timeout", "rate_limit", "server", "malformed", "context", "request", "auth", "replay"]


class BackendError(Exception):
    """Infrastructure failed: the episode is owed again, and nothing is said about the model.

    `kind` is the class under which reports count it.
    """

    def __init__(self, kind: ErrorKind, message: str, *, retry_after: float | None = None):
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.retry_after = retry_after


class Backend(Record):
    """Options are fields; what runs is opened once, shared by all roles and episodes, and closed at the end."""

    name: ClassVar[str]

    concurrency: int = Field(64, ge=1)
    """Episodes in flight, unless the run's own `concurrency` says otherwise."""

    async def open(self) -> None:
        """Load or connect; BackendError with the way out when that cannot work."""

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat; BackendError when infrastructure failed after all retries."""
        raise NotImplementedError

    def release(self, session: str) -> None:
        """A trial is over: nothing with this session will be asked again."""

    async def close(self) -> None:
        """Give back what `open` took."""

    def takes_images(self) -> bool:
        """Whether messages may carry images."""
        return False

    def note(self) -> str:
        """A sentence that every report on this backend must carry, "" for none."""
        return ""

    def identity(self) -> dict[str, Any]:
        """Engine, version, model: what the manifest must say to make a figure traceable. Call it once open."""
        return {"backend": self.name}

    @classmethod
    def usable(cls) -> str | None:
        """None when this backend can run here, else what is missing and the command that helps."""
        return None
