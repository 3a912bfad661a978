"""The client side of `/v1/chat/completions`: one pooled aiohttp session, and failures told apart."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import orjson
from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.routing import Router
from simrun.agents.images import data_url
from simrun.agents.records import Answer, Chat, Message

CONTEXT = re.compile(
    r"context.*(exceed|maximum|longer)|(exceed|maximum|longer).*context|token count.*exceeds", re.DOTALL | re.IGNORECASE
)
"""How servers say that a chat is too long; they share no error code for it."""


class Refused(BackendError):
    """Nobody listens at the address."""


class ChatCompletions(Backend):
    """The client side of `/v1/chat/completions`, shared by every backend that speaks it."""

    temperature: float = Field(0.7, ge=0)
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
    free_form: bool = False
    """Send no JSON schema with decisions, for servers that cannot take one; replies are then read tolerantly."""
    extra: Mapping[str, Any] = {}
    """Merged into each request body; null removes a field."""

    _session: aiohttp.ClientSession | None = PrivateAttr(None)
    _bases: tuple[str, ...] = PrivateAttr(())
    _router: Router = PrivateAttr(Router(1))
    _key: str = PrivateAttr("")
    _model: str = PrivateAttr("")

    def _connect(self, bases: Sequence[str], key: str, model: str) -> None:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        # the runner bounds what is in flight; a second bound here would only queue where no gauge sees it
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self._session = aiohttp.ClientSession(
            headers=headers, connector=connector, timeout=aiohttp.ClientTimeout(total=self.timeout)
        )
        self._bases, self._key, self._model = tuple(base.rstrip("/") for base in bases), key, model
        self._router = Router(len(self._bases))

    @property
    def _base(self) -> str:
        """The address, of several the first."""
        return self._bases[0] if self._bases else ""

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def release(self, session: str) -> None:
        """A trial is over: no replica is home to it any more."""
        self._router.release(session)

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat, trying again while infrastructure fails and the deadline allows."""
        replica = self._router.place(chat.session, chat.pair)
        try:
            return await self._asked("/chat/completions", self._body(chat), self._bases[replica])
        finally:
            self._router.done(replica)

    async def _asked(self, path: str, body: Mapping[str, Any], base: str) -> Answer:
        wire = orjson.dumps({key: value for key, value in body.items() if value is not None})
        try:
            async with asyncio.timeout(self.deadline):
                return await self._attempts(path, wire, base)
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {base} within deadline={self.deadline:g} s") from None

    async def _attempts(self, path: str, body: bytes, base: str) -> Answer:
        now = asyncio.get_running_loop().time
        began, refused = now(), 0
        for attempt in range(self.retries + 1):
            try:
                status, headers, raw = await self._request("POST", path, body, base)
                return self._answer(status, headers, raw).model_copy(update={"attempts": attempt + 1})
            except BackendError as error:
                if told := self._fallen():
                    raise BackendError("engine", told) from None
                refused += isinstance(error, Refused)
                if refused == self.retries + 1:
                    raise BackendError(
                        "engine",
                        f"{error}, {refused} times in {now() - began:.0f} s: the server is down. Start it again, and "
                        "go on with: simrun resume last",
                    ) from None
                if attempt == self.retries or error.kind in ("auth", "request", "context"):
                    raise
                wait = error.retry_after if error.retry_after is not None else self.backoff * 2**attempt
                if now() + wait >= began + self.deadline:
                    raise BackendError(
                        error.kind, f"{error}; waiting {wait:g} s more would pass deadline={self.deadline:g} s"
                    ) from None
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    def _fallen(self) -> str | None:
        """How a server that this backend runs itself has ended, None while none has."""
        return None

    async def _request(
        self, method: str, path: str, body: bytes | None = None, base: str = ""
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._session is None:
            raise RuntimeError(f"backend {self.name} was asked before it was opened")
        base = base or self._base
        try:
            async with self._session.request(method, base + path, data=body, allow_redirects=False) as response:
                return response.status, response.headers, await response.read()
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {base} within timeout={self.timeout:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise Refused(
                "connection", f"cannot connect to {base}: {error.os_error.strerror or error.os_error}"
            ) from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            # keys travel in headers only, but an error's text is not ours: mask it all the same
            raise BackendError("connection", self._clean(f"{base}: {type(error).__name__}: {error}")) from None

    def _body(self, chat: Chat) -> dict[str, Any]:
        shape = None
        if chat.form and not self.free_form:
            # servers that ask for `strict` refuse a choice at the root of a schema under it; the others hold to it
            # anyway
            strict = "anyOf" not in chat.form
            shape = {"type": "json_schema", "json_schema": {"name": "decision", "strict": strict, "schema": chat.form}}
        return {
            "model": self._model,
            "messages": [wire(message) for message in chat.messages],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": chat.seed,
            "response_format": shape,
        } | dict(self.extra)

    def _answer(self, status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
        if status != 200:
            return self._failure(status, headers, raw)
        try:
            data = orjson.loads(raw)
            choice = data["choices"][0]
            message, usage = choice["message"], data.get("usage") or {}
            refused = message.get("refusal") or choice.get("finish_reason") == "content_filter"
            return Answer(
                text=message.get("refusal") or message.get("content") or "",
                finish="refused" if refused else "length" if choice.get("finish_reason") == "length" else "stop",
                prompt_tokens=usage.get("prompt_tokens"),
                output_tokens=usage.get("completion_tokens"),
                cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            shown = self._clean(raw.decode("utf-8", "replace"))[:200]
            raise BackendError(
                "malformed", f"{self._base} sent no chat completion ({type(error).__name__}): {shown!r}"
            ) from None

    def _failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
        said = self._clean(raw.decode("utf-8", "replace"))[:500]
        if status in (400, 403) and ("content_filter" in said or "content_policy" in said):
            return Answer(text="", finish="refused")  # a block by policy is the model's behaviour, not a fault
        if status in (401, 403):
            raise self._unauthorised(status, said)
        if status == 429:
            raise BackendError(
                "rate_limit", f"{self._base} is over its rate limit (HTTP 429): {said}", retry_after=_seconds(headers)
            )
        if status in (408, 409, 425) or status >= 500:
            raise BackendError("server", f"{self._base} failed (HTTP {status}): {said}", retry_after=_seconds(headers))
        if CONTEXT.search(said):
            raise BackendError("context", f"the chat is longer than the model's context (HTTP {status}): {said}")
        hint = "" if self.free_form else "; if it does not know this kind of schema, set backend.free_form=true"
        raise BackendError("request", f"{self._base} refused the request (HTTP {status}): {said}{hint}")

    def _unauthorised(self, status: int, said: str) -> BackendError:
        return BackendError("auth", f"{self._base} refused the key (HTTP {status}): {said}")

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


def wire(message: Message) -> dict[str, Any]:
    """A message as the OpenAI API has it."""
    if not message.images:
        return {"role": message.role, "content": message.content}
    images = [{"type": "image_url", "image_url": {"url": _image(image)}} for image in message.images]
    return {"role": message.role, "content": [{"type": "text", "text": message.content}, *images]}


def _image(reference: str) -> str:
    """A URL as it is; a file as a data URL, since the server may not see our disk. BackendError for no image."""
    try:
        return data_url(reference)
    except ValueError as error:
        raise BackendError("request", str(error)) from None


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is rare enough to fall back on our own backoff."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
