"""Provider batch endpoints (`/v1/files`, `/v1/batches`): all that a run asks at the same time goes as one file, and the
answers come within a day, to whichever process looks then."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import orjson
from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Away, BackendError
from simrun.agents.backends.batch.endpoint import ANSWERED_AT, Endpoint
from simrun.agents.backends.batch.gathering import Asked, Gathering
from simrun.agents.backends.batch.parts import ERRORS, OUTPUT, REQUESTS, Part
from simrun.agents.backends.batch.results import CANCELLED, LATE, Left, Result, result
from simrun.agents.backends.completions import PASSING, Unfit
from simrun.agents.backends.crowd import Crowd
from simrun.agents.price import Price
from simrun.agents.records import Answer, Chat

FOLDER = "batches"
"""Of a run, in which its batches are kept."""
OVER = ("completed", "failed", "expired", "cancelled")
"""How a batch ends; every other status is one of a batch that goes on."""
REFUSED = 400
"""Stands in the place of a status where a whole batch failed: what is said of it decides."""
AT_ONCE = 256
"""Answers that are given before the episodes that wait for them go on."""
MEGABYTE = 1_000_000
UNASKED = {"wait", "poll", "poll_most", "concurrency", "price", "rounds", "parallel", "timeout", "deadline"}
"""Options that change nothing of what is asked, nor of whom."""


class Batch(Endpoint):
    """Batches at `url`: cheaper, and answered within a day. The requests of all episodes in flight go as one; the run's
    folder knows of each step, so that whoever resumes the run asks for nothing again."""

    name: ClassVar[str] = "batch"
    deferred: ClassVar[bool] = True

    url: str = "https://api.openai.com/v1"
    """The endpoint's address; it has `/files` and `/batches`."""
    concurrency: int = Field(50_000, ge=1)
    """Episodes in flight, all of whose requests go together; each takes memory while it waits."""
    timeout: float = Field(600, gt=0)
    """Seconds for one request to the endpoint; a file of 200 MB is one."""
    deadline: float = Field(3600, gt=0)
    """Seconds for a request to the endpoint with all its attempts; how long a batch takes is not bounded."""
    rounds: int = Field(1, ge=1)
    """Batches one after another that an episode may take: one for each request that depends on an earlier answer, each
    of up to `window`. A scenario that takes more is refused before anything is sent."""
    requests: int = Field(50_000, ge=1)
    """Requests in a batch, at most, as the provider has it."""
    megabytes: float = Field(200, gt=0)
    """Size of the file of a batch, at most: millions of bytes."""
    parallel: int | None = Field(None, ge=1)
    """Batches in flight at most, where the provider limits what may wait in its queue; all when not given."""
    wait: bool = True
    """Whether to wait for the answers; false sends, and leaves: `simrun resume RUN` looks once whether they are there.
    """
    price: Price | None = None
    """What a million tokens cost here, {read: 0.05, written: 0.2}, off the provider's list for batches: told as a sum
    before the run begins."""
    poll: float = Field(10, gt=0)
    """Seconds between the first two looks at a batch, doubled at each."""
    poll_most: float = Field(300, gt=0)
    """Seconds between two looks at most."""

    _folder: Path | None = PrivateAttr(None)
    _run: Path = PrivateAttr(Path())
    _crowd: Crowd = PrivateAttr(default_factory=Crowd)
    _gathering: Gathering = PrivateAttr()
    _waiting: dict[str, dict[str, Asked]] = PrivateAttr(default_factory=dict)
    """Name of a part -> those who wait for it, by id."""
    _known: dict[str, Part] = PrivateAttr(default_factory=dict)
    """Id -> the part in which it was asked, and has an answer, or may come to have one."""
    _unsent: list[Part] = PrivateAttr(default_factory=list)
    """What an earlier process had no time to send."""
    _tasks: dict[str, asyncio.Task[None]] = PrivateAttr(default_factory=dict)
    _made: int = PrivateAttr(0)
    _going: bool = PrivateAttr(False)
    """Whether nobody waits any more."""
    _lanes: AbstractAsyncContextManager[Any] = PrivateAttr(default_factory=nullcontext)

    def keep(self, run: Path, crowd: Crowd) -> None:
        """Batches are kept in the run's folder, apart from those of other options."""
        own = self.model_dump(exclude_defaults=True, exclude=UNASKED, mode="json")
        told = orjson.dumps(own, option=orjson.OPT_SORT_KEYS)
        self._run, self._crowd = run, crowd
        self._folder = run / FOLDER / hashlib.blake2b(told, digest_size=6).hexdigest()

    async def open(self) -> None:
        """Connect, and find what earlier processes have asked. BackendError outside of a run, which is what keeps the
        batches."""
        if self._folder is None:
            raise BackendError(
                "request",
                "backend=batch answers runs alone, whose folder keeps what was asked; here use backend=server url=...",
            )
        self._check_address()
        self._connect([self.url], os.environ.get(self.key_env, "").strip(), self.model)
        self._lanes = asyncio.Semaphore(self.parallel) if self.parallel else nullcontext()
        self._gathering, self._going, self._made = Gathering(self._crowd, self._send), False, 0
        self._waiting, self._known, self._unsent, self._tasks = {}, {}, [], {}
        try:
            await self._models(self._at.base)
            for part in Part.found(self._folder):
                self._made += 1
                await self._found(part)
        except BaseException:
            await self.close()
            raise

    async def _found(self, part: Part) -> None:
        """A part of an earlier process: its answers are there or will be, unless it was never sent."""
        if not part.state.batch and part.state.asked and (begun := await self._insisted(lambda: self._begun(part))):
            part.told(batch=begun)
        if part.state.batch:
            self._known |= dict.fromkeys(set(part.state.ids).difference(part.state.unanswered), part)
        else:
            self._unsent.append(part)

    async def close(self) -> None:
        """Disconnect; what was sent goes on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await super().close()

    def leave(self) -> None:
        """Whoever waits for a batch is told that it is answered later."""
        self._going = True
        for part in {id(each): each for each in self._known.values() if each.state.batch}.values():
            if part.name in self._tasks:  # those that are being sent are sent first
                self._tasks[part.name].cancel()
        for each in self._gathering.pending.values():
            each.fail(self._away())

    def _away(self) -> Away:
        return Away(
            f"what was sent is being answered at {self._at.base}; to take the answers up, at any time: "
            f"simrun resume {self._run}"
        )

    async def _asked(self, chat: Chat, base: str) -> Answer:
        body = self._sent(chat)
        one = _id(chat, body)
        line = orjson.dumps({"custom_id": one, "method": "POST", "url": ANSWERED_AT, "body": body}) + b"\n"
        if len(line) > self.megabytes * MEGABYTE:
            raise BackendError(
                "request", f"a request of {len(line)} bytes is more than backend.megabytes={self.megabytes:g} allows"
            )
        asked = Asked(one, chat, tuple(body), line, asyncio.get_running_loop().create_future())
        if part := self._known.get(one):
            self._await(part, (asked,))
        else:
            self._gathering.pending[one] = asked
        if self._going:
            asked.fail(self._away())
        with self._crowd.asking(chat.session):
            return await asked.answer

    def _send(self) -> None:
        """Everybody waits: what is pending goes, in the files of an earlier process as far as they hold just that."""
        pending, self._gathering.pending = self._gathering.pending, {}
        everybody = list(pending.values())
        try:
            self._put(pending)
        except Exception as error:  # nobody sees to those who would wait
            for each in everybody:
                each.fail(Away(str(error) if isinstance(error, Away) else f"{type(error).__name__}: {error}"))

    def _put(self, pending: dict[str, Asked]) -> None:
        """What is pending in parts, each of which is seen to."""
        for part in self._unsent:
            if pending.keys() >= set(part.state.ids) and (part.state.file or part.path(REQUESTS).is_file()):
                self._await(part, [pending.pop(one) for one in part.state.ids])
            else:
                self._tasks[part.name] = asyncio.create_task(self._dropped(part))
        self._unsent = []
        for group in self._cut(pending.values()):
            part = Part.new(self._own(), self._made, ((each.id, each.line) for each in group))
            self._made += 1
            self._await(part, group)

    def _own(self) -> Path:
        assert self._folder is not None
        return self._folder

    def _cut(self, asked: Iterable[Asked]) -> Iterator[list[Asked]]:
        """Requests in groups that a batch may have."""
        group, size = list[Asked](), 0
        for each in asked:
            if group and (len(group) == self.requests or size + len(each.line) > self.megabytes * MEGABYTE):
                yield group
                group, size = [], 0
            group.append(each)
            size += len(each.line)
        if group:
            yield group

    def _await(self, part: Part, asked: Iterable[Asked]) -> None:
        """These wait for a part; somebody sees to it."""
        waiting = self._waiting.setdefault(part.name, {})
        for each in asked:
            each.line = b""
            waiting[each.id] = each
            self._known[each.id] = part
        if part.name not in self._tasks or self._tasks[part.name].done():
            self._tasks[part.name] = asyncio.create_task(self._seen_to(part))

    async def _seen_to(self, part: Part) -> None:
        waiting, why = self._waiting[part.name], ""
        try:
            if not part.state.status or not part.came():
                async with self._lanes:
                    await self._sent_off(part)
                    await self._ended(part)
            while waiting:
                with self._crowd.held():
                    await self._given(part, waiting)
        except BackendError as error:
            why = f"{error}; nothing that was asked is lost: simrun resume {self._run}"
        except Away as away:
            why = str(away)
        except asyncio.CancelledError:  # nobody waits any more
            why = str(self._away())
        except Exception as error:  # those who wait would wait for ever
            why = f"{type(error).__name__}: {error}; simrun resume {self._run} goes on"
        for each in waiting.values():
            each.fail(Away(why))
        waiting.clear()

    async def _sent_off(self, part: Part) -> None:
        """See to it that the endpoint has the requests, and was told to answer them."""
        if part.state.batch:
            return
        if self._going:
            raise self._away()
        if not part.state.file:
            part.told(file=await self._upload(part))
        part.told(batch=await self._begin(part))
        part.drop(REQUESTS)
        self._say(f"batch {part.state.batch} at {self._at.base} has {len(part.state.ids)} requests")

    async def _ended(self, part: Part) -> None:
        """Wait until a batch is over, and keep what came of it. Away where nobody waits so long."""
        delay = self.poll
        while True:
            try:
                batch = await self._look(part.state.batch)
            except BackendError as error:
                if error.kind not in PASSING:
                    raise
                batch = {}  # it may be there at the next look
            status = str(batch.get("status", "")).lower()
            if status in OVER:
                break
            if not self.wait and self.parallel:
                self._going = True  # what has no lane yet is not sent either
            if not self.wait or self._going:
                raise self._away()
            await asyncio.sleep(delay)
            delay = min(2 * delay, self.poll_most)
        for kind, file in ((OUTPUT, "output_file_id"), (ERRORS, "error_file_id")):
            await self._fetch(part, kind, str(batch.get(file) or ""))
        part.told(status=status, why=_why(batch))

    async def _given(self, part: Part, waiting: dict[str, Asked]) -> None:
        """Give everybody who waits for a part the answer or the error that came of it."""
        due, errors, left = dict(waiting), dict[str, BackendError](), Left(part)
        for number, line in enumerate(part.lines()):
            found = result(line)
            if left.out(found) or found is None or (asked := due.get(found.id)) is None:
                continue
            try:
                answer = await self._came(found, asked)
            except BackendError as error:
                errors.setdefault(found.id, error)
                continue
            left.answered.add(found.id)
            del due[found.id], waiting[found.id]
            if not asked.answer.done():
                asked.answer.set_result(answer)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # episodes end beside it, and give their memory back
        part.told(read=True, unanswered=tuple(sorted({*part.state.unanswered, *due})))
        for one, asked in due.items():
            del waiting[one]
            self._known.pop(one, None)
            asked.fail(errors.get(one) or self._unmet(part))
        self._say(left.told(len(errors.keys() & due.keys()), len(due)))

    async def _came(self, found: Result, asked: Asked) -> Answer:
        """A line as what it would be of a server that answers at once."""
        if found.code in LATE:
            raise BackendError(
                "timeout", f"{self._at.base}: a batch came to its end before this request ({found.code})"
            )
        if found.code == CANCELLED:
            raise BackendError("server", f"{self._at.base}: a batch was cancelled before this request")
        try:
            answer = self._answer(found.status, {}, found.body, self._at.base, asked.sent)
        except Unfit as error:
            raise BackendError("rejected", f"{error}; ask it in a shape that it takes: backend.fold=true") from None
        return await self._heard(asked.chat, answer, found.body)

    def _unmet(self, part: Part) -> BackendError:
        """Why a request has no line among those that came."""
        batch, status = f"{self._at.base}: batch {part.state.batch}", part.state.status
        if status == "failed":
            return self._failed(batch, part.state.why)
        if status == "completed":
            return BackendError("malformed", f"{batch} is completed, and nothing in its files is for this request")
        return BackendError("timeout" if status == "expired" else "server", f"{batch} {status} before this request")

    def _failed(self, batch: str, why: str) -> BackendError:
        if "token_limit" in why:
            way = "wait until others are over, or let fewer wait at once: backend.parallel=1, or fewer backend.requests"
            return BackendError("rate_limit", f"{batch} failed: {why}; {way}")
        try:
            self._failure(REFUSED, {}, why.encode(), self._at.base)
        except BackendError as error:
            return BackendError(error.kind, str(error).replace(self._at.base, f"{batch} failed;", 1))
        return BackendError("request", f"{batch} failed: {why}")

    async def _dropped(self, part: Part) -> None:
        """A file of an earlier process whose requests are not those of now: nobody is to answer it."""
        if part.state.file:
            await self._discard(part.state.file)
        part.drop(REQUESTS, "")

    @staticmethod
    def _say(told: str) -> None:
        if told:
            print(f"simrun: {told}", file=sys.stderr, flush=True)

    def costs(self) -> tuple[Price, int] | None:
        """As the option `price` says."""
        return (self.price, self.max_tokens) if self.price else None

    def identity(self) -> dict[str, Any]:
        """Where the answers came from; the address is shown, never the key."""
        return super().identity() | {"url": self.url, "model": self._at.model, "window": self.window}


def _id(chat: Chat, body: Mapping[str, Any]) -> str:
    """Who asks what: another body, of a prompt or an option that has changed, is another request."""
    who = [chat.session, chat.role, chat.chat, chat.nth, chat.attempt]
    return hashlib.blake2b(orjson.dumps([who, body]), digest_size=16).hexdigest()


def _why(batch: Mapping[str, Any]) -> str:
    """What the endpoint says of a batch that failed."""
    errors = batch.get("errors")
    return orjson.dumps({"error": errors}).decode()[:2000] if errors else ""
