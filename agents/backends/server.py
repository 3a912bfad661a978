"""Any OpenAI-compatible server, such as `vllm serve`: one pooled aiohttp session, and failures told apart."""

import asyncio
import base64
import mimetypes
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import orjson
from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.records import Answer, Chat, Message

CONTEXT = re.compile(r"context.*(exceed|maximum|longer)|(exceed|maximum|longer).*context|token count.*exceeds", re.DOTALL | re.IGNORECASE)
"""How servers say that a chat is too long; they share no error code for it."""


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
    _base: str = PrivateAttr("")
    _key: str = PrivateAttr("")
    _model: str = PrivateAttr("")

    def _connect(self, base: str, key: str, model: str) -> None:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        # the runner bounds what is in flight; a second bound here would only queue where no gauge sees it
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self._session = aiohttp.ClientSession(headers=headers, connector=connector, timeout=aiohttp.ClientTimeout(total=self.timeout))
        self._base, self._key, self._model = base.rstrip("/"), key, model

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat, trying again while infrastructure fails and the deadline allows."""
        body = orjson.dumps({key: value for key, value in self._body(chat).items() if value is not None})
        try:
            async with asyncio.timeout(self.deadline):
                return await self._attempts(body)
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {self._base} within deadline={self.deadline:g} s") from None

    async def _attempts(self, body: bytes) -> Answer:
        now = asyncio.get_running_loop().time
        until = now() + self.deadline
        for attempt in range(self.retries + 1):
            try:
                status, headers, raw = await self._request("POST", "/chat/completions", body)
                return self._answer(status, headers, raw).model_copy(update={"attempts": attempt + 1})
            except BackendError as error:
                if attempt == self.retries or error.kind in ("auth", "request", "context"):
                    raise
                wait = error.retry_after if error.retry_after is not None else self.backoff * 2**attempt
                if now() + wait >= until:
                    raise BackendError(error.kind, f"{error}; waiting {wait:g} s more would pass deadline={self.deadline:g} s") from None
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Mapping[str, str], bytes]:
        if self._session is None:
            raise RuntimeError(f"backend {self.name} was asked before it was opened")
        try:
            async with self._session.request(method, self._base + path, data=body, allow_redirects=False) as response:
                return response.status, response.headers, await response.read()
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {self._base} within timeout={self.timeout:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise BackendError("connection", f"cannot connect to {self._base}: {error.os_error.strerror or error.os_error}") from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            # keys travel in headers only, but an error's text is not ours: mask it all the same
            raise BackendError("connection", self._clean(f"{self._base}: {type(error).__name__}: {error}")) from None

    def _body(self, chat: Chat) -> dict[str, Any]:
        shape = None
        if chat.form and not self.free_form:
            # servers that ask for `strict` refuse a choice at the root of a schema under it; the others hold to it anyway
            strict = "anyOf" not in chat.form
            shape = {"type": "json_schema", "json_schema": {"name": "decision", "strict": strict, "schema": chat.form}}
        return {
            "model": self._model,
            "messages": [_wire(message) for message in chat.messages],
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
            raise BackendError("malformed", f"{self._base} sent no chat completion ({type(error).__name__}): {shown!r}") from None

    def _failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
        said = self._clean(raw.decode("utf-8", "replace"))[:500]
        if status in (400, 403) and ("content_filter" in said or "content_policy" in said):
            return Answer(text="", finish="refused")  # a block by policy is the model's behaviour, not a fault
        if status in (401, 403):
            raise self._unauthorised(status, said)
        if status == 429:
            raise BackendError("rate_limit", f"{self._base} is over its rate limit (HTTP 429): {said}", retry_after=_seconds(headers))
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


class Server(ChatCompletions):
    """An OpenAI-compatible server at `url`; its key, if any, comes from the environment and is never written down."""

    name: ClassVar[str] = "server"

    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    """The model's name there; may be left out when the server has only one."""
    key_env: str = "OPENAI_API_KEY"
    """Environment variable that holds the API key."""
    images: bool = False
    """Whether this model takes images."""

    def takes_images(self) -> bool:
        """As the option `images` says: servers do not tell."""
        return self.images

    async def open(self) -> None:
        """Connect and ask which models there are, so that a wrong address, key or name is known before any trial."""
        if "@" in self.url:
            raise BackendError("request", f"backend.url must hold no password; put the key in the environment variable {self.key_env}")
        self._connect(self.url, os.environ.get(self.key_env, "").strip(), self.model)
        status, _, raw = await self._request("GET", "/models")
        if status in (401, 403):
            raise self._unauthorised(status, self._clean(raw.decode("utf-8", "replace"))[:200])
        if status != 200:
            if self.model:  # some servers have no list; the first call will tell
                return
            raise BackendError(
                "request", f"{self.url}/models answered HTTP {status}; is backend.url right (it usually ends in /v1)? Set backend.model"
            )
        try:
            served = [str(entry["id"]) for entry in orjson.loads(raw)["data"]]
        except (ValueError, LookupError, TypeError):
            served = []
        if not self.model and len(served) == 1:
            self._model = served[0]
        elif not self.model or (served and self.model not in served):
            given = f"has no model {self.model!r}" if self.model else "has several models" if served else "names no model"
            raise BackendError("request", f"{self.url} {given}; set backend.model to one of: {', '.join(served) or 'unknown'}")

    def _unauthorised(self, status: int, said: str) -> BackendError:
        return BackendError("auth", f"{super()._unauthorised(status, said)}; set the environment variable {self.key_env}")

    def identity(self) -> dict[str, Any]:
        """Where the answers came from; the address is shown, never the key."""
        return super().identity() | {"url": self.url, "model": self._model}


def _wire(message: Message) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.content}
    images = [{"type": "image_url", "image_url": {"url": _image(image)}} for image in message.images]
    return {"role": message.role, "content": [{"type": "text", "text": message.content}, *images]}


def _image(reference: str) -> str:
    """A URL as it is; a file as a data URL, since the server may not see our disk."""
    if reference.startswith(("http://", "https://", "data:")):
        return reference
    kind = mimetypes.guess_type(reference)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(Path(reference).read_bytes()).decode()}"


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is rare enough to fall back on our own backoff."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
