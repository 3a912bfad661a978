"""The three things that are asked of a batch endpoint: take a file, answer it as a batch, and give what came of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NoReturn, TypeVar

import aiohttp
import orjson

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.batch.parts import REQUESTS, Part
from simrun.agents.backends.completions import PASSING
from simrun.agents.backends.completions.bodies import decoded
from simrun.agents.backends.completions.hosted import Hosted

T = TypeVar("T")
ANSWERED_AT = "/v1/chat/completions"
"""What each request asks for, as batch files and batches name it."""
MARK = "simrun"
"""Key of a batch's metadata that has the name of its part."""
PAGE = 100
"""Batches in a page of their list."""
UNLISTED = (404, 405, 501)


class Endpoint(Hosted):
    """`/files` and `/batches` of an OpenAI-compatible provider."""

    window: str = "24h"
    """Within which time the provider is to answer; OpenAI takes no other."""

    async def _upload(self, part: Part) -> str:
        """Send a file of requests; what the endpoint calls it."""

        async def once() -> str:
            with part.path(REQUESTS).open("rb") as file:
                form = aiohttp.FormData()
                form.add_field("purpose", "batch")
                name = part.path(REQUESTS).name
                form.add_field("file", file, filename=name, content_type="application/jsonl")
                writer = form()
                assert isinstance(writer, aiohttp.MultipartWriter)
                return str((await self._json("POST", "/files", writer))["id"])

        return await self._insisted(once)

    async def _begin(self, part: Part) -> str:
        """Have an uploaded file answered; what the endpoint calls the batch.

        Whether a request that failed was heard all the same, only the list of batches can tell: it is asked before the
        next attempt, here and in a later process.
        """

        async def once() -> str:
            if part.state.asked and (begun := await self._begun(part)):
                return begun
            part.told(asked=True)
            asked = {
                "input_file_id": part.state.file,
                "endpoint": ANSWERED_AT,
                "completion_window": self.window,
                "metadata": {MARK: part.name},
            }
            return str((await self._json("POST", "/batches", orjson.dumps(asked)))["id"])

        return await self._insisted(once)

    async def _begun(self, part: Part) -> str:
        """The batch of a part in the endpoint's list, "" where it has none. BackendError where it has no list."""
        async for batch in self._batches(part):
            if (batch.get("metadata") or {}).get(MARK) == part.name or batch.get("input_file_id") == part.state.file:
                return str(batch["id"])
        return ""

    async def _batches(self, part: Part) -> AsyncIterator[Mapping[str, Any]]:
        after = ""
        while True:
            path = f"/batches?limit={PAGE}{after}"
            status, headers, raw = await self._at.request("GET", path)
            if status in UNLISTED:
                raise BackendError(
                    "request",
                    f"{self._at.base}/batches gives no list (HTTP {status}), and without it nobody knows whether the "
                    f"batch of the file {part.state.file} was begun. Look at the provider's: put the id of that batch "
                    f'as "batch" into {part.path()}, or delete that file where there is none, and resume',
                )
            listed = self._told_by(status, headers, raw, path)
            found = listed.get("data")
            for each in found if isinstance(found, list) else ():
                if isinstance(each, Mapping) and each.get("id"):
                    yield each
            if not (listed.get("has_more") and found):
                return
            after = f"&after={found[-1]['id']}"

    async def _look(self, batch: str) -> Mapping[str, Any]:
        """How far a batch is."""
        return await self._json("GET", f"/batches/{batch}")

    async def _fetch(self, part: Part, kind: str, file: str) -> None:
        """Keep a file of the endpoint's, an empty one where it has none."""

        async def once() -> None:
            path = f"/files/{file}/content"
            with part.arriving(kind) as out:
                if file:
                    status, headers, raw = await self._at.request("GET", path, into=out)
                    if not 200 <= status < 300:
                        self._refused(status, headers, raw)

        await self._insisted(once)

    async def _discard(self, file: str) -> None:
        """Have a file of requests removed that nobody will ask for."""
        try:
            await self._at.request("DELETE", f"/files/{file}")
        except BackendError:
            return  # it lies there, and costs nothing to answer

    async def _insisted(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, and ask again while what fails may pass."""
        began, attempt = asyncio.get_running_loop().time(), 0
        while True:
            try:
                return await ask()
            except BackendError as error:
                if attempt == self.retries or error.kind not in PASSING:
                    raise
                await self._pause(error, attempt, began)
                attempt += 1

    async def _json(
        self, method: str, path: str, body: bytes | aiohttp.MultipartWriter | None = None
    ) -> Mapping[str, Any]:
        told = self._told_by(*await self._at.request(method, path, body), path)
        if not told.get("id"):
            raise BackendError("malformed", f"{self._at.base}{path} sent no object with an id: {str(told)[:200]}")
        return told

    def _told_by(self, status: int, headers: Mapping[str, str], raw: bytes, path: str) -> Mapping[str, Any]:
        if not 200 <= status < 300:
            self._refused(status, headers, raw)
        try:
            told = decoded(raw)
        except ValueError:
            told = None
        if not isinstance(told, Mapping):
            shown = self._at.clean(raw.decode("utf-8", "replace"))[:200]
            raise BackendError("malformed", f"{self._at.base}{path} sent no JSON object: {shown!r}")
        return told

    def _refused(self, status: int, headers: Mapping[str, str], raw: bytes) -> NoReturn:
        self._failure(status, headers, raw, self._at.base)
        raise BackendError("request", f"{self._at.base} refused (HTTP {status}): {self._at.clean(str(raw[:300]))}")
