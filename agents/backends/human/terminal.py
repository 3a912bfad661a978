"""A person at a terminal: wrapped text, a line to type, who is answering while one waits. All to stderr: stdout is for
results."""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simrun.agents.backends.human.forms import Form, chosen, invitation, left, name, shape, strays, unfinished, value
from simrun.agents.backends.human.wording import wrapped
from simrun.agents.printable import printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

LEAVE = ("quit", "exit")
"""Typed alone on a line, as good as Ctrl-D."""


class Left(Exception):
    """The person went."""


class Terminal:
    """Shows what a seat hears, and reads what it says."""

    def __init__(self) -> None:
        self._waiting = ""

    def sit(self, role: str) -> None:
        """Say who one is."""
        self.tell([f"=== You are the {role}. (Ctrl-D or quit leaves; simrun resume goes on later.)"])

    def tell(self, texts: Iterable[str]) -> None:
        """What the seat hears, broken at words."""
        width = min(shutil.get_terminal_size((100, 24)).columns, 100)
        print("\n" + wrapped(printable("\n\n".join(texts)), width), file=sys.stderr, flush=True)
        self._waiting = ""

    def wait(self, role: str) -> None:
        """Who is answering, said once."""
        if role != self._waiting:
            print(f"... the {role} is answering", file=sys.stderr, flush=True)
        self._waiting = role

    async def answered(self, role: str, form: Form | None) -> str:
        """What is typed: plain text, or the decision that it fills as JSON. Left where the person goes."""
        if form:
            self.tell([f"[{printable(invitation(form))}]"])
        typed, again = "", ""
        while not typed or (again != typed and strays(form, typed)):
            again = typed
            typed = await self._typed(f"{role}> ")
            if typed and again != typed and strays(form, typed):
                missing = unfinished(form, typed)
                told = f"{typed}: which {missing}?" if missing else f"not understood. {invitation(form)}"
                self.tell([f"[{printable(told)} Or type the same again, to have it said as it is.]"])
        option, given = chosen(form, typed)
        for field, part in left(option, given).items():
            given |= value(field, part, await self._typed(f"  {name(field)} ({shape(part)}; Enter leaves it out)> "))
        self._waiting = ""
        return json.dumps(given, ensure_ascii=False) if given else typed

    async def _typed(self, prompt: str) -> str:
        print(prompt, end="", file=sys.stderr, flush=True)
        try:
            typed = (await asyncio.to_thread(input)).strip()
        except EOFError:
            typed = LEAVE[0]
        if typed.lower() in LEAVE:
            raise Left
        return typed


async def at(address: str) -> None:
    """Sit, at this terminal, in a seat that another process serves at an address; until the play is over or one goes.

    ValueError where there is no such seat.
    """
    import aiohttp

    terminal, root, sat = Terminal(), address.rstrip("/"), False
    try:
        async with aiohttp.ClientSession(raise_for_status=True) as http:
            async with http.get(f"{root}/state") as told:
                terminal.sit((await told.json())["seat"] or "one in this seat")
            sat = True
            await _seated(terminal, http, root)
    except (aiohttp.ClientError, TimeoutError) as error:
        if not sat:
            raise ValueError(f"no seat at {address} ({error}); give the address that simrun play printed") from None
        terminal.tell(["The play has gone."])


async def _seated(terminal: Terminal, http: "ClientSession", root: str) -> None:
    """Hear, wait and answer, until it is over."""
    seen = done = 0
    while True:
        async with http.get(f"{root}/state", params={"since": seen}) as told:
            state = await told.json()
        if heard := [each["text"] for each in state["said"] if each["who"] != "you"]:
            terminal.tell(heard)
        seen += len(state["said"])
        if state["over"]:
            terminal.tell(["The play is over."])
            return
        if state["asked"] and state["asked"]["n"] != done:
            done = state["asked"]["n"]
            try:
                said = await terminal.answered(state["seat"], state["asked"]["form"])
            except Left:
                await http.post(f"{root}/leave", json={})
                return
            await http.post(f"{root}/say", json={"n": done, "text": said})
        elif state["waiting"]:
            terminal.wait(state["waiting"])
        await asyncio.sleep(0.2)
