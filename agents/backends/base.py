"""The contract of a backend, and the one error it may raise."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from simrun.agents.backends.crowd import Crowd
from simrun.agents.price import Price
from simrun.agents.records import Answer, Chat, Record

ErrorKind = Literal[
    "connection",
    "timeout",
    "rate_limit",
    "server",
    "malformed",
    "context",
    "rejected",
    "request",
    "auth",
    "quota",
    "engine",
    "replay",
]
"""`context` and `rejected` concern one chat: the same would fail again, others go on. `auth`, `request` (the
configuration), `quota` (nothing is left to pay with) and `engine` (it died) would meet every further episode as well:
the run stops."""


class BackendError(Exception):
    """Infrastructure failed: the episode is owed again, and nothing is said about the model.

    `kind` is the class under which reports count it.
    """

    def __init__(self, kind: ErrorKind, message: str, *, retry_after: float | None = None):
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.retry_after = retry_after


class Away(Exception):
    """The answer is given later than this process lives, or is there and cannot be fetched now: nothing failed, and
    nothing is said of the episode, which stays owed. The message says how to go on."""


class Gauges(Record):
    """What an engine says of itself at one moment; None where it does not tell.

    Of several replicas the sum (the mean, for shares).
    """

    running: float | None = None
    """Sequences that are being decoded."""
    waiting: float | None = None
    """Requests in its queue."""
    kv_used: float | None = None
    """Share of the KV cache in use, 0 to 1."""
    kv_tokens: int | None = None
    """Tokens that the KV cache holds at most."""
    preemptions: int | None = None
    """Sequences that were put out for want of KV cache, since the engine began."""


class Backend(Record):
    """Options are fields; what runs is opened once, shared by all roles and episodes, and closed at the end."""

    name: ClassVar[str]
    prefixes: ClassVar[bool] = False
    """Whether what the engine computed for one chat's beginning serves every chat that begins alike."""

    asked_again: ClassVar[bool] = True
    """Whether a decision of it that could not be read is asked for once more."""

    watches: ClassVar[bool] = False
    """Whether it is told, by `notice`, that somebody else is asked."""

    deferred: ClassVar[bool] = False
    """Whether its answers come together and much later, perhaps to another process: `keep`
    tells it who plays, so that it knows when nobody else is about to ask, and `leave` to wait no longer."""

    concurrency: int = Field(64, ge=1)
    """Episodes in flight, unless the run's own `concurrency` says otherwise."""

    @classmethod
    def settled(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Options with what they name made certain, once, when a run is asked for: a file's digest, say. What is
        settled stays. ValueError for what is not there."""
        return given

    def seeded(self, seed: int) -> Self:
        """The same with what of it is drawn by the run's seed."""
        return self

    def keyed(self) -> str:
        """What of it makes another chat of the same words, and so enters the digests of its chats; "" for nothing."""
        return ""

    def keep(self, run: Path, crowd: Crowd) -> None:
        """The folder of the run that it will be asked for, for what must outlive the process, and who plays in it;
        told before it is opened."""

    async def open(self) -> None:
        """Load or connect; BackendError with the way out when that cannot work."""

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat; BackendError when infrastructure failed after all retries."""
        raise NotImplementedError

    def notice(self, role: str) -> None:
        """Somebody whom another backend plays is asked: a person who waits wants to know whom for."""

    def leave(self) -> None:
        """The user wants to go: whoever waits for what comes later is told `Away`."""

    def release(self, session: str) -> None:
        """A trial is over: nothing with this session will be asked again."""

    async def close(self) -> None:
        """Give back what `open` took."""

    async def gauges(self) -> Gauges | None:
        """How busy the engine is now; None where it does not tell. Asked about once a second while a run plays."""
        return None

    def claims(self) -> Mapping[str, float]:
        """Share of each device that this backend will take, such as {"gpu 0": 0.9}:
        checked over all backends before any loads."""
        return {}

    def divisible(self) -> bool:
        """Whether several processes may each open this backend and share one engine behind it."""
        return False

    def takes_images(self) -> bool:
        """Whether messages may carry images."""
        return False

    def holds(self) -> tuple[int, int] | None:
        """How many tokens a chat can have, prompt and reply together, and how many a reply; None where that is known
        only once the engine is open."""
        return None

    def costs(self) -> tuple[Price, int] | None:
        """What its tokens cost, and how many a reply has at most; None where nobody has said."""
        return None

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
