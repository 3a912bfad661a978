"""A seat as a page on 127.0.0.1: its address holds a secret, and nothing but this page can post to it."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any

from aiohttp import web

from simrun.agents.backends.human.forms import Form, chosen, described, filled, invitation
from simrun.agents.backends.human.terminal import Left
from simrun.agents.printable import printable

LONGEST = 20_000
"""Characters that a person can say at once."""
GRACE = 2.0
"""Seconds that the end of a play waits for the page to hear of it."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """One seat: what was said, what is asked, who is answering."""

    def __init__(self, seat: str) -> None:
        self.seat, self.waiting = seat, ""
        self._said: list[dict[str, str]] = []
        self._asked: dict[str, Any] | None = None
        self._answer: asyncio.Future[str] | None = None
        self._over, self._heard = False, asyncio.Event()
        self._questions = 0
        self._token = secrets.token_urlsafe(24)
        self._host = ""
        self._runner: web.AppRunner | None = None

    async def open(self) -> str:
        """Serve it on a free port; the address, which is all that is needed to sit there."""
        app = web.Application(client_max_size=8 * LONGEST, middlewares=[self._guarded])
        root = f"/{self._token}"
        app.router.add_get(f"{root}/", self._shown)
        app.router.add_get(f"{root}/state", self._state)
        app.router.add_post(f"{root}/say", self._say)
        app.router.add_post(f"{root}/leave", self._leave)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        return f"http://{self._host}{root}/"

    async def close(self) -> None:
        """Tell whoever looks that it is over, and stop."""
        self._over = True
        if self._runner is None:
            return
        if self._said:
            with suppress(TimeoutError):  # nobody looks any more
                await asyncio.wait_for(self._heard.wait(), GRACE)
        await self._runner.cleanup()

    def tell(self, texts: Iterable[str]) -> None:
        """What the seat hears."""
        self._said += [{"who": "told", "text": printable(text)} for text in texts]

    async def answered(self, role: str, form: Form | None) -> str:
        """What the person says: plain text, or the decision as JSON. Left where the person goes."""
        self.seat, self.waiting = self.seat or role, ""
        self._questions += 1
        self._asked = {"n": self._questions, "form": form, "can": described(form), "how": invitation(form)}
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._asked = self._answer = None

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only under this name (no other that leads here), and posts only from the page itself or from no page."""
        if request.host != self._host:
            raise web.HTTPForbidden(text="not under this name")
        if request.method == "POST":
            if request.headers.get("Origin", f"http://{self._host}") != f"http://{self._host}":
                raise web.HTTPForbidden(text="not from another page")
            if request.content_type != "application/json":
                raise web.HTTPUnsupportedMediaType(text="JSON only")
        answer = await handler(request)
        answer.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    async def _shown(self, _: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        page = files(__package__).joinpath("data", "seat.html").read_text(encoding="utf-8")
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=page.replace("NONCE", nonce), content_type="text/html", headers=headers)

    async def _state(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if self._over:
            self._heard.set()
        return web.json_response(
            {
                "seat": self.seat,
                "said": self._said[int(since) if since.isdecimal() else 0 :],
                "asked": self._asked,
                "waiting": self.waiting,
                "over": self._over,
            }
        )

    async def _say(self, request: web.Request) -> web.Response:
        told = await _object(request)
        if self._asked is None or self._answer is None or told.get("n") != self._asked["n"]:
            raise web.HTTPConflict(text="this is not asked now")
        text = _read(self._asked["form"], told)
        if not text or len(text) > LONGEST:
            raise web.HTTPUnprocessableEntity(text=f"not understood. {self._asked['how']}")
        self._said.append({"who": "you", "text": str(told.get("text") or _spoken(text))})
        if not self._answer.done():
            self._answer.set_result(text)
        self._asked = None
        return web.json_response({})

    async def _leave(self, request: web.Request) -> web.Response:
        await _object(request)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Left())
        return web.json_response({})


async def _object(request: web.Request) -> Mapping[str, Any]:
    try:
        told = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="no JSON") from None
    if not isinstance(told, dict):
        raise web.HTTPBadRequest(text="no object")
    return told


def _read(form: Form | None, told: Mapping[str, Any]) -> str:
    """A decision out of the fields of the page's form, or a line as it was typed."""
    typed = told.get("fields")
    if isinstance(typed, dict):
        given = filled(form, str(told.get("verb", "")), {str(key): str(each) for key, each in typed.items()})
        return json.dumps(given, ensure_ascii=False) if given else ""
    text = str(told.get("text", "")).strip()
    _, given = chosen(form, text)
    return json.dumps(given, ensure_ascii=False) if given else text


def _spoken(text: str) -> str:
    """A decision as a line of the transcript."""
    return "; ".join(f"{key.replace('_', ' ')}: {each}" for key, each in json.loads(text).items())
