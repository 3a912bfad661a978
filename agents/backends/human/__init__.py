"""A person who plays: at the terminal, or in a browser or another terminal through a small page on 127.0.0.1."""

import asyncio
import sys
from typing import ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.human.terminal import Left, Terminal
from simrun.agents.backends.human.web import Page
from simrun.agents.backends.human.wording import fresh, in_words
from simrun.agents.records import Answer, Chat


class Human(Backend):
    """A person plays this role: reads what it hears and types what it says.

    Plain text is said as it is. Where a decision is asked for, the name of a move and its first field will
    do (`test blood count`), or a lone value where there is one field (`7`). Ctrl-D or `quit` leaves;
    `simrun resume` goes on at the same place.
    """

    name: ClassVar[str] = "human"
    asked_again: ClassVar[bool] = False  # who types is asked again by the terminal itself
    watches: ClassVar[bool] = True

    concurrency: int = Field(1, ge=1, le=1)
    """One person plays one episode at a time."""
    web: bool = False
    """Whether the seat is a page on 127.0.0.1, at an address that is printed, and not this terminal."""
    seat: str = ""
    """What the seat is called where its address is printed, so that several people find theirs."""

    _shown: dict[str, tuple[int, str]] = PrivateAttr(default_factory=dict)
    """Session and role -> how many messages were shown, and the last one."""
    _terminal: Terminal = PrivateAttr(default_factory=Terminal)
    _page: Page | None = PrivateAttr(None)
    _turn: asyncio.Lock = PrivateAttr(default_factory=asyncio.Lock)
    """Of several questions at once a person is asked one after the other."""

    async def open(self) -> None:
        """Serve the page, or refuse to start where nobody can type."""
        if self.web:
            self._page = Page(self.seat)
            address = await self._page.open()
            print(
                f"seat   {self.seat or 'of a person'}: {address} (in a browser; in another terminal: "
                f"simrun play at={address})",
                file=sys.stderr,
                flush=True,
            )
        elif sys.stdin is None or sys.stdin.closed:
            raise BackendError("request", "backend=human needs a terminal to type in, or backend.web=true")

    async def close(self) -> None:
        """The page says that it is over, and goes."""
        if self._page is not None:
            await self._page.close()
        self._page = None

    async def reply(self, chat: Chat) -> Answer:
        """Show what is new to this role, and hear what the person says."""
        async with self._turn:
            first, texts = not self._shown, self._new(chat)
            try:
                if self._page is not None:
                    self._page.tell(texts)
                    return Answer(text=await self._page.answered(chat.role, chat.form))
                if first:
                    self._terminal.sit(chat.role)
                self._terminal.tell(texts)
                return Answer(text=await self._terminal.answered(chat.role, chat.form))
            except Left:
                raise BackendError("connection", f"the person who played {chat.role!r} left") from None

    def notice(self, role: str) -> None:
        """Somebody else is asked."""
        if self._page is not None:
            self._page.waiting = role
        elif self._shown and not self._turn.locked():
            self._terminal.wait(role)

    def _new(self, chat: Chat) -> list[str]:
        """What this role was told since it was last asked, in words."""
        key = f"{chat.session}/{chat.speaker}"
        seen, last = self._shown.get(key, (0, ""))
        new = [message.content for message in chat.messages[seen:] if message.role != "assistant"]
        # asides are not remembered: the next question comes in the place of the last, after the same words
        if chat.messages[-1].content not in new:
            new.append(chat.messages[-1].content)
        self._shown[key] = len(chat.messages), chat.messages[-1].content
        return [told for text in new if (told := in_words(fresh(text, last)))]

    def release(self, session: str) -> None:
        """Forget what was shown of a trial that is over."""
        self._shown = {key: shown for key, shown in self._shown.items() if key.rpartition("/")[0] != session}
