"""A batch endpoint for tests: `/v1/files` and `/v1/batches` as OpenAI documents them, over real HTTP.

with Provider() as provider:      # answers each batch at the first look
    provider.status = "in_progress"   # ... or not before this is "completed", "expired", "cancelled", "failed"
    provider.line = lambda request: ...   # what comes of a request, None for no line
    provider.faults = {"POST /v1/batches": [http(500)]}   # what goes wrong, one for each request to come
    provider.asked                        # custom_id -> how often it was in a batch that was begun
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from stub import Fault, Stub, completion, right

Line = Callable[[Mapping[str, Any]], bytes | None]


def answered(request: Mapping[str, Any]) -> bytes:
    """The line of a right answer."""
    return line(request["custom_id"], 200, completion(right(request["body"])))


def line(one: str, status: int, body: Any) -> bytes:
    """A line of an output file."""
    response = {"status_code": status, "request_id": "req_1", "body": body}
    return orjson.dumps({"id": "batch_req_1", "custom_id": one, "response": response, "error": None})


def unmet(one: str, code: str) -> bytes:
    """A line of a file of errors."""
    error = {"code": code, "message": "This request could not be executed."}
    return orjson.dumps({"id": "batch_req_1", "custom_id": one, "response": None, "error": error})


class Provider(Stub):
    """The endpoint, beside what a stub serves."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.line, self.errors, self.beside_lines = "completed", answered, lambda _: None, b""
        """How every batch is; what comes of each request in the output and in the file of errors; what else stands in
        the output."""
        self.why: Any = None
        self.listed, self.page = True, 2
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        """`POST /v1/files`, ... -> how many were served."""
        self.faults: dict[str, list[Fault | None]] = {}
        self.reached: dict[str, threading.Event] = {}
        """What is to hang once it was done, so that its client can be killed before it hears of it."""
        self.cut = ""
        """A file whose content stops in the middle."""

    def routes(self) -> list[web.RouteDef]:
        """All paths."""
        return [
            web.post("/v1/files", self._served(self._file)),
            web.get("/v1/files/{id}/content", self._served(self._content)),
            web.delete("/v1/files/{id}", self._served(self._deleted)),
            web.post("/v1/batches", self._served(self._batch)),
            web.get("/v1/batches", self._served(self._batches)),
            web.get("/v1/batches/{id}", self._served(self._look)),
            *super().routes(),
        ]

    def hanging(self, what: str) -> threading.Event:
        """Let this request be done and never answered; the event is set once it was."""
        self.reached[what] = threading.Event()
        return self.reached[what]

    def _served(self, handler: Callable[[web.Request], Any]) -> Any:
        async def serve(request: web.Request) -> web.StreamResponse:
            resource = request.match_info.route.resource
            what = f"{request.method} {resource.canonical if resource else ''}"
            self.counts[what] += 1
            fault = self.faults[what].pop(0) if self.faults.get(what) else None
            if fault:
                await request.read()
                return await fault(request)
            answer: web.StreamResponse = self._locked(request) or await handler(request)
            if what in self.reached:
                self.reached[what].set()
                await asyncio.sleep(3600)
            return answer

        return serve

    async def _file(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        assert form["purpose"] == "batch"
        one = f"file-in{len(self.files)}"
        self.files[one], self.names[one] = upload.file.read(), upload.filename
        return web.json_response({"id": one, "object": "file", "filename": upload.filename, "purpose": "batch"})

    async def _deleted(self, request: web.Request) -> web.StreamResponse:
        self.files.pop(request.match_info["id"])
        return web.json_response({"id": request.match_info["id"], "deleted": True})

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        told = orjson.loads(await request.read())
        assert told["endpoint"] == "/v1/chat/completions"
        assert told["completion_window"] == "24h"
        requests = [orjson.loads(each) for each in self.files[told["input_file_id"]].splitlines()]
        assert all((each["method"], each["url"]) == ("POST", "/v1/chat/completions") for each in requests)
        self.asked.update(each["custom_id"] for each in requests)
        one = f"batch_{len(self.batches)}"
        self.batches[one] = {"id": one, "object": "batch", "status": "validating", **told}
        return web.json_response(self.batches[one])

    async def _batches(self, request: web.Request) -> web.StreamResponse:
        if not self.listed:
            return web.Response(status=404, text="404: Not Found")
        every = list(reversed(self.batches.values()))
        after = next((at + 1 for at, each in enumerate(every) if each["id"] == request.query.get("after")), 0)
        page = every[after : after + self.page]
        return web.json_response({"object": "list", "data": page, "has_more": after + self.page < len(every)})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return web.Response(status=404, text='{"error": {"message": "No batch found with this id."}}')
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = self.status
            if self.status == "failed":
                batch["errors"] = {"object": "list", "data": [self.why]}
            elif self.status in ("completed", "expired", "cancelled"):
                self._end(batch)
        return web.json_response(batch)

    def _end(self, batch: dict[str, Any]) -> None:
        requests = [orjson.loads(each) for each in self.files[batch["input_file_id"]].splitlines()]
        for kind, line in (("output", self.line), ("error", self.errors)):
            came = b"".join(each + b"\n" for request in reversed(requests) if (each := line(request)))
            came += self.beside_lines if kind == "output" else b""
            if came:
                batch[f"{kind}_file_id"] = f"file-{kind}-{batch['id']}"
                self.files[f"file-{kind}-{batch['id']}"] = came

    async def _content(self, request: web.Request) -> web.StreamResponse:
        content = self.files[request.match_info["id"]]
        if self.cut and "GET /v1/files/{id}/content" in self.reached:
            response = web.StreamResponse(headers={"Content-Length": str(len(content))})
            await response.prepare(request)
            await response.write(content[: len(content) // 2])
            return response
        return web.Response(body=content, content_type="application/octet-stream")
