"""The client side of `/v1/chat/completions`: one pooled aiohttp session, and failures told apart."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import orjson
from pydantic import Field

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.completions import bodies
from simrun.agents.backends.completions.connection import Connection, Refused, Response
from simrun.agents.backends.completions.faults import Fault
from simrun.agents.backends.completions.pauses import pause
from simrun.agents.backends.completions.remedies import remedy
from simrun.agents.backends.manners import Manners
from simrun.agents.images import data_url
from simrun.agents.records import Answer, Chat, Image, Message

PASSING = ("connection", "timeout", "rate_limit", "server", "malformed")
"""Kinds of errors that may be over at the next attempt."""
LOOK, TELL = 5.0, 30.0
"""Seconds between looks at a server that loads its model, at most, and between words about it."""


class Loading(BackendError):
    """The server loads its model, and will answer when it has."""


class Unfit(BackendError):
    """The chat template takes no chat of this shape; `told` is how the server says so."""

    def __init__(self, message: str, told: str):
        super().__init__("rejected", message)
        self.told = told


class ChatCompletions(Backend):
    """The client side of `/v1/chat/completions`, shared by every backend that speaks it."""

    temperature: float = Field(0.7, ge=0)
    """How freely words are drawn: 0 takes the likeliest, 1 draws as probable as the model has them."""
    max_tokens: int = Field(256, ge=1)
    """Longest reply, in tokens; a reply that meets it is `truncated`."""
    timeout: float = Field(120, gt=0)
    """Seconds for one attempt."""
    deadline: float = Field(600, gt=0)
    """Seconds for a call with all its attempts."""
    retries: int = Field(4, ge=0)
    """Further attempts after a failure of infrastructure: 429, 5xx, resets, timeouts, bodies that are no answer."""
    backoff: float = Field(0.5, ge=0)
    """Seconds before the first retry, doubled at each; a server's Retry-After goes before it."""
    patience: float = Field(1800, gt=0)
    """Seconds that a server may take to load its model: large ones load for minutes."""
    free_form: bool = False
    """Send no JSON schema with decisions, for servers that cannot take one; replies are then read tolerantly."""
    fold: bool = False
    """Give rules as part of what the user says first, and join messages of one role in a row, for chat templates
    that drop them without a word; a server that refuses them is given them so by itself."""
    extra: Mapping[str, Any] = {}
    """Merged into each request body; null removes a field."""

    @cached_property
    def _at(self) -> Connection:
        return Connection()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with changes; of a backend that is open one that asks over the same connections."""
        made = super().model_copy(update=update, deep=deep)
        if self._at.session is not None:
            vars(made)["_at"] = self._at
        return made

    def _connect(self, bases: Sequence[str], key: str, model: str) -> None:
        self._at.open(bases, key, model, Manners.folding() if self.fold else Manners(), self.timeout)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._at.close()

    def release(self, session: str) -> None:
        """A trial is over: no replica is home to it any more."""
        self._at.router.release(session)

    def identity(self) -> dict[str, Any]:
        """Who answered, and how chats were put where a template took them in no other shape."""
        put = {"system": "folded into what the user says first"} if not self._at.manners.system else {}
        put |= {"runs": "of one role joined"} if not self._at.manners.runs else {}
        return super().identity() | ({"roles": put} if put else {})

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat, trying again while infrastructure fails and the deadline allows."""
        replica, formed = self._at.router.place(chat.session, chat.pair), chat.form is not None
        number = self._at.standing.begin(formed)
        try:
            answer = await self._asked(chat, self._at.bases[replica])
        except BackendError as error:
            if error.kind == "rejected" and self._at.standing.refused(formed, number):
                raise BackendError("request", f"{error}; none of the first chats was answered") from None
            raise
        finally:
            self._at.standing.end(formed, number)
            self._at.router.done(replica)
        self._at.standing.answered(formed)
        return answer

    async def _asked(self, chat: Chat, base: str) -> Answer:
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(self.deadline) as clock:
                while True:
                    try:
                        answer = await self._attempts(chat, base)
                    except Loading as error:
                        clock.reschedule(None)
                        await self._loaded(base, error)
                        clock.reschedule(now() + self.deadline)
                    else:
                        self._at.loading.pop(base, None)
                        return answer
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {base} within deadline={self.deadline:g} s") from None

    async def _loaded(self, base: str, error: Loading) -> None:
        """Wait for a server that loads its model, until it is worth another look; BackendError when it takes too
        long."""
        now = asyncio.get_running_loop().time()
        since, told = self._at.loading.get(base, (now, now - TELL))
        if now - since >= self.patience:
            raise BackendError(
                "server", f"{error}; it has not been done within backend.patience={self.patience:g} s"
            ) from None
        if now - told >= TELL:
            told = now
            print(f"simrun: {error}; {now - since:.0f} of {self.patience:g} s waited", file=sys.stderr, flush=True)
        self._at.loading[base] = (since, told)
        await asyncio.sleep(min(error.retry_after or 1.0, LOOK, since + self.patience - now))

    async def _attempts(self, chat: Chat, base: str) -> Answer:
        began, refused, attempt = asyncio.get_running_loop().time(), 0, 0
        while True:
            manners = self._at.manners
            try:
                answer = await self._once(chat, base)
                return answer.model_copy(update={"attempts": attempt + 1}) if attempt else answer
            except Loading:
                raise
            except Unfit as error:
                self._learned(manners, error)
            except BackendError as error:
                if told := self._fallen():
                    raise BackendError("engine", told) from None
                refused += isinstance(error, Refused)
                if refused == self.retries + 1:
                    raise _down(error, refused, began) from None
                if attempt == self.retries or error.kind not in PASSING:
                    raise
                await self._pause(error, attempt, began)
                attempt += 1

    async def _pause(self, error: BackendError, attempt: int, began: float) -> None:
        """Wait before the next attempt; the error where that would be too late."""
        wait = error.retry_after if error.retry_after is not None else self.backoff * 2**attempt
        if asyncio.get_running_loop().time() + wait >= began + self.deadline:
            raise BackendError(
                error.kind, f"{error}; waiting {wait:g} s more would pass deadline={self.deadline:g} s"
            ) from None
        await asyncio.sleep(wait)

    def _learned(self, asked: Manners, error: Unfit) -> None:
        """Ask in another shape from now on; the error where there is none left to try."""
        if self._at.manners != asked:  # another chat has learned it meanwhile
            return
        taught = asked.taught(error.told)
        if taught is None:
            raise error
        self._at.manners = taught

    def _fallen(self) -> str | None:
        """How a server that this backend runs itself has ended, None while none has."""
        return None

    async def _once(self, chat: Chat, base: str) -> Answer:
        body = self._sent(chat)
        wired = orjson.dumps(body)
        status, headers, raw = await self._at.request("POST", "/chat/completions", wired, base, self._routed(chat))
        return await self._heard(chat, self._answer(status, headers, raw, base, list(body)), raw)

    async def _heard(self, chat: Chat, answer: Answer, raw: bytes) -> Answer:
        """An answer with what else its body tells."""
        return answer

    def _routed(self, chat: Chat) -> Mapping[str, str]:
        """Headers by which a router on the way may tell where a chat belongs."""
        return {}

    async def _told_beside(
        self, path: str, body: Mapping[str, Any], base: str, also: Mapping[str, str] | None = None
    ) -> Response:
        """What a server says to a question that changes nothing there: asked again where the connection was lost, as
        one is that it had kept open and closes at that moment."""
        sent = orjson.dumps(body)
        for attempt in range(self.retries):
            try:
                return await self._at.request("POST", path, sent, base, also)
            except BackendError as error:
                if error.kind != "connection" or self._fallen():
                    raise
            await asyncio.sleep(min(self.backoff, 0.1) * attempt)
        return await self._at.request("POST", path, sent, base, also)

    def _sent(self, chat: Chat) -> dict[str, Any]:
        return {key: value for key, value in self._body(chat).items() if value is not None}

    def _body(self, chat: Chat) -> dict[str, Any]:
        shape = None
        if chat.form and not self.free_form:
            # servers that ask for `strict` refuse a choice at the root of a schema under it; the others hold to it
            # anyway
            strict = "anyOf" not in chat.form
            shape = {"type": "json_schema", "json_schema": {"name": "decision", "strict": strict, "schema": chat.form}}
        return {
            "model": self._at.model,
            "messages": self._wired(chat),
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": chat.seed,
            "response_format": shape,
        } | dict(self.extra)

    def _wired(self, chat: Chat) -> list[Any]:
        """The messages, for orjson to write into a body."""
        fitted = self._at.manners.fit(chat.messages)
        return [wire(message) if message.images else message.encoded for message in fitted]

    def _answer(
        self, status: int, headers: Mapping[str, str], raw: bytes, base: str, sent: Sequence[str] = ()
    ) -> Answer:
        if not 200 <= status < 300:
            return self._failure(status, headers, raw, base, sent)
        try:
            data = bodies.decoded(raw)
            if (told := bodies.failure(data)) is not None:
                return self._told(Fault.within(status, told), headers, raw, base, sent)
            choice = bodies.first(data)
            if choice is None:
                raise LookupError("no choices")
            ended = bodies.ending(choice)
            if ended == "broken":
                why = choice.get("finish_reason")
                raise BackendError("server", f"{base} gave the reply up (HTTP {status}, finish_reason {why!r})")
            return bodies.answer(choice, data.get("usage"), ended)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            shown = self._at.clean(raw.decode("utf-8", "replace"))[:200]
            raise BackendError(
                "malformed", f"{base} sent no chat completion ({type(error).__name__}): {shown!r}"
            ) from None

    def _failure(
        self, status: int, headers: Mapping[str, str], raw: bytes, base: str, sent: Sequence[str] = ()
    ) -> Answer:
        return self._told(Fault.of(status, raw), headers, raw, base, sent)

    def _told(self, fault: Fault, headers: Mapping[str, str], raw: bytes, base: str, sent: Sequence[str]) -> Answer:
        """What a fault comes to: an answer where it is the model's behaviour, else the error of its kind."""
        wait = pause(headers, fault.text)
        meaning, said = fault.meaning(wait is not None), self._said(fault, raw)
        if meaning == "refused":
            return Answer(text="", finish="refused")
        if meaning in ("server", "request", "rejected") and Manners().taught(fault.text):
            raise Unfit(_line(base, "takes no chat of this shape", fault, said), fault.text)
        if meaning == "rejected" and fault.draft is not None:
            return Answer(text=fault.draft)  # the model could not hold to the form: its failure, and no fault
        if meaning == "auth":
            raise self._unauthorised(fault.status, said)
        if meaning == "loading":
            raise Loading("server", _line(base, DOING[meaning], fault, said), retry_after=wait)
        if meaning in ("request", "rejected"):
            way = remedy(fault, sent, self.extra)
            meaning, said = "rejected" if way is None else "request", f"{said}; {way}" if way else said
        raise BackendError(meaning, _line(base, DOING[meaning], fault, said), retry_after=wait)

    def _said(self, fault: Fault, raw: bytes) -> str:
        """The words of an error as they may be shown: a page without its tags, and never the key."""
        page = raw.lstrip()[:1] == b"<"
        return self._at.clean(fault.text if page else raw.decode("utf-8", "replace"))[:500]

    def _unauthorised(self, status: int, said: str) -> BackendError:
        return BackendError("auth", f"{self._at.base} refused the key (HTTP {status}): {said}")


def _down(error: BackendError, times: int, began: float) -> BackendError:
    spent = asyncio.get_running_loop().time() - began
    return BackendError(
        "engine",
        f"{error}, {times} times in {spent:.0f} s: the server is down. Start it again, and "
        "go on with: simrun resume last",
    )


DOING: Mapping[str, str] = {
    "context": "has no room for the chat, which is longer than the model's context",
    "loading": "is loading its model",
    "quota": "has nothing left to pay with",
    "rate_limit": "is over its rate limit",
    "rejected": "refused a chat",
    "request": "refused the request",
    "server": "failed",
}
"""What a server does that sends an error of a kind."""


def _line(base: str, doing: str, fault: Fault, said: str) -> str:
    return f"{base} {doing} (HTTP {fault.status}): {said}"


def wire(message: Message) -> dict[str, Any]:
    """A message as the OpenAI API has it."""
    if not message.images:
        return {"role": message.role, "content": message.content}
    images = [{"type": "image_url", "image_url": {"url": _url(image)}} for image in message.images]
    return {"role": message.role, "content": [{"type": "text", "text": message.content}, *images]}


def _url(image: Image) -> str:
    """A URL as it is; a file as a data URL, since the server may not see our disk. BackendError for no image."""
    try:
        return data_url(image)
    except ValueError as error:
        raise BackendError("request", str(error)) from None
