"""One episode being played: the only object that changes, and no I/O in it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from operator import eq, is_
from typing import Literal, NamedTuple

import networkx as nx
import orjson

from simrun.agents.agent import Agent, called
from simrun.agents.images import located
from simrun.agents.judges.base import Judge, Said, Verdict
from simrun.agents.quoting import attributed, disarmed
from simrun.agents.records import Chat, Image, Message
from simrun.agents.reply import Decision, Problem, Reply, form
from simrun.scenarios.base import Case, Line, Play, Scenario, Turn
from simrun.scenarios.outcome import Outcome
from simrun.stage.judging import Exchange, askings
from simrun.stage.reask import UNREAD, asked_again
from simrun.stage.seeds import Seeds

EMPTY = Said()
SILENCE = "(Nothing has been said.)"
"""Stands where somebody spoke who had heard nothing since, or must speak and is asked nothing either: chat templates
want a user before an assistant."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened on stage."""

    role: str
    kind: Literal["turn", "line", "private"]
    text: str
    heard: str
    """What the others heard of it; "" when nobody did."""
    nth: int | None = None
    decision: Decision | None = None
    problem: Problem | None = None
    chat: str = ""
    """Which of the role's chats it was said in."""
    hearers: tuple[str, ...] = ()
    """Who heard it, of those who are played by an agent."""


class Seat:
    """What one role has been told, has heard and has said in one chat, which only ever grows."""

    def __init__(self, prompt: str, folder: str = ""):
        self._folder = folder
        self.messages: list[Message] = []
        self.heard: list[str] = []
        self.images: list[Image] = []
        self.calls = 0
        self._hash = hashlib.blake2b(digest_size=12)
        self._append("system", prompt)

    def hear(self, text: str, images: tuple[Image, ...] = ()) -> None:
        """Keep until this role speaks: all it hears in between is one user message."""
        self.heard.append(text)
        self.images.extend(images)

    def say(self, text: str) -> None:
        """Close the user message, without any cue, and remember the own words."""
        self._append("user", self._listening(), tuple(self.images))
        self._append("assistant", disarmed(text))
        self.heard, self.images = [], []

    def asked(self, cue: str, shape: bytes) -> tuple[tuple[Message, ...], str]:
        """The messages that ask this role to speak now, and their digest."""
        content = "\n\n".join(filter(None, ("\n".join(self.heard), cue))) or SILENCE
        last = Message(role="user", content=content, images=tuple(self.images))
        digest = self._hash.copy()
        digest.update(_bytes(last) + shape)
        return (*self.messages, self._located(last)), digest.hexdigest()

    def _listening(self) -> str:
        return "\n".join(self.heard) or SILENCE

    def _append(
        self, role: Literal["system", "user", "assistant"], content: str, images: tuple[Image, ...] = ()
    ) -> None:
        message = Message(role=role, content=content, images=images)
        self.messages.append(self._located(message))
        self._hash.update(_bytes(message))

    def _located(self, message: Message) -> Message:
        """Where its images lie, which is no part of its digest: a file of cases may be moved."""
        if not message.images:
            return message
        found = tuple(located(image, self._folder) for image in message.images)
        return message.model_copy(update={"images": found})


class Due(NamedTuple):
    """A turn that is due: the how manieth of its role's chat it is, and that chat."""

    turn: Turn
    nth: int
    seat: Seat


def _bytes(message: Message) -> bytes:
    shown = (image.told for image in message.images)
    return "\x1f".join((message.role, message.content, *shown, "\x1e")).encode()


def _luck(turn: Turn, nth: int) -> tuple[str | int, ...]:
    return turn.luck or (*((turn.chat,) if turn.chat else ()), nth)


def asked(messages: tuple[Message, ...], kinds: tuple[type[Decision], ...]) -> tuple[tuple[Message, ...], str]:
    """A chat that is asked as it is, and its digest."""
    digest = hashlib.blake2b(b"".join(map(_bytes, messages)) + _shape(kinds), digest_size=12)
    return messages, digest.hexdigest()


def keyed(digest: str, key: str) -> str:
    """The digest of a chat to which an engine adds something of its own."""
    return hashlib.blake2b(f"{digest} {key}".encode(), digest_size=12).hexdigest() if key else digest


@cache
def _shape(kinds: tuple[type[Decision], ...]) -> bytes:
    return orjson.dumps(form(kinds), option=orjson.OPT_SORT_KEYS)


class Stage:
    """Drives one scenario generator: says who is due with what chat, takes what they say, and holds the outcome.

    The runner, the environments, replay, resume and re-judging differ only in who answers (`simrun.stage.drive`).
    """

    def __init__(
        self,
        scenario: Scenario,
        case: Case,
        cast: Mapping[str, Agent],
        seeds: Seeds,
        session: str = "",
        judges: tuple[Judge, ...] = (),
        shown: Said = EMPTY,
        reask: int = 0,
        spared: frozenset[str] = frozenset(),
        exchange: Exchange | None = None,
        keys: Mapping[str, str] = {},
    ):
        """`judges` are asked after the play of what was said; `shown` is what they are shown beside it, `exchange`
        puts other people in the place of those whom the episode is about.

        A decision that could not be read is asked for again up to `reask` times, of everybody but those who are
        `spared`. `keys` says what the engine of a role adds to what that is asked, such as a vector at a dose.
        """
        self.session = session
        self.outcome: Outcome | None = None
        self.over = False
        """Whether the play has returned its outcome, and the judges have spoken."""
        self.judged: dict[str, Verdict] = {}
        """What the judges found, by `judge.key`."""
        self.transcript: list[Entry] = []
        self._scenario, self._case, self._cast, self._seeds = scenario, case, cast, seeds
        self._facts: dict[str, Mapping[str, str]] = {}
        """Of each chat."""
        self._introductions: dict[str, list[tuple[str, str | None]]] = {}
        """What each speaker is told of others, and in which of its chats: None is in all of them."""
        self._seats: dict[tuple[str, str], Seat] = {}
        self._heard: dict[str, tuple[str, ...]] = {}
        """By whom each speaker is heard, of those who are played by an agent."""
        self._due: list[Due] = []
        self._said: list[Reply | None] = []
        self._alone = True
        self._reask, self._spared, self._exchange, self._keys = reask, spared, exchange, keys
        self._pair = f"{seeds.case}/{seeds.repeat}"
        self._shown = shown
        self._judges = frozenset((*scenario.judges, *(judge.name for judge in judges)))
        self._play = self._judging(scenario.play(case, seeds.rng()), judges)
        self._enter(scenario.hears(case, seeds.rng("hears")))
        self._advance(None)

    @property
    def judging(self) -> frozenset[str]:
        """The roles that only judge."""
        return self._judges

    def pending(self) -> tuple[Turn, ...]:
        """The turns that are due now, at the same time when there are several."""
        return tuple(due.turn for due, said in zip(self._due, self._said, strict=True) if said is None)

    def chat(self, turn: Turn) -> Chat:
        """What the speaker of a pending turn is asked."""
        turn, nth, seat = self._due[self._index(turn)]
        kinds = turn.kinds()
        messages, digest = asked(turn.messages, kinds) if turn.messages else seat.asked(turn.cue, _shape(kinds))
        return Chat(
            session=self.session,
            role=turn.role,
            chat=turn.chat,
            nth=nth,
            messages=messages,
            form=form(kinds),
            seed=self._seeds.number(turn.role, *_luck(turn, nth)),
            digest=keyed(digest, self._keys.get(turn.role, "")),
            pair=self._pair,
            priority=int(turn.role in self._judges),
            facts=self.facts(turn.chat),
        )

    def facts(self, chat: str = "") -> Mapping[str, str]:
        """What rules may know of the case in one chat."""
        if chat not in self._facts:
            self._facts[chat] = self._scenario.facts(self._scenario.case_in(self._case, chat))
        return self._facts[chat]

    def again(self, turn: Turn, chat: Chat, reply: Reply, attempt: int) -> Chat | None:
        """What the speaker of a pending turn is asked after a reply to `chat` that could not be read; None where it is
        not asked again.

        Its seed follows from role, turn and attempt: no later seed moves.
        """
        if attempt > self._reask or chat.form is None or reply.problem not in UNREAD or turn.role in self._spared:
            return None
        luck = (*_luck(turn, chat.nth), "again", attempt)
        return asked_again(chat, reply, attempt, self._seeds.number(turn.role, *luck))

    def told(self) -> dict[str, tuple[str, ...]]:
        """All that each role has been told, as one text a chat (none of those apart), and then what it is asked now,
        each by itself.

        A chat in which something lies before a role is one also where nothing has been said in it.
        """
        for role in self._introductions:
            for chat in self._cast[role].reads:
                self._seat(role, chat)
        cues = [(turn.role, turn.cue) for turn in self.pending()]
        texts: dict[str, list[str]] = {}
        for role, seat in (
            (role, seat) for (role, chat), seat in self._seats.items() if chat not in self._scenario.apart
        ):
            texts.setdefault(role, []).append("\n".join(message.content for message in seat.asked("", b"")[0]))
        return {role: (*own, *(cue for asked, cue in cues if asked == role)) for role, own in texts.items()}

    def say(self, turn: Turn, reply: Reply) -> None:
        """A pending turn is spoken; the play goes on when everybody who was due has."""
        self._said[self._index(turn)] = reply
        if all(said is not None for said in self._said):
            due, replies = self._due, [said for said in self._said if said is not None]
            for spoken, said in zip(due, replies, strict=True):
                self._record(spoken, said)
            self._advance(replies[0] if self._alone else tuple(replies))

    def _index(self, turn: Turn) -> int:
        for same in (is_, eq):  # of equal turns the one that was handed out
            for index, due in enumerate(self._due):
                if same(due.turn, turn) and self._said[index] is None:
                    return index
        able = [each.role for each in self.pending()]
        raise ValueError(f"{turn.role!r} is not due to speak this turn; due are: {able or 'nobody, it is over'}")

    def _judging(self, play: Play, judges: tuple[Judge, ...]) -> Play:
        """The play, and after it what the judges say of it, all at the same time."""
        self.outcome = yield from play
        if not judges:
            return self.outcome
        asked = askings(judges, self.laid(), self._exchange, self._seeds)
        for each in asked:
            if not each.judge.alone:
                self._seats[each.judge.name, each.chat] = Seat(each.judge.agent(each.said).prompt())
        turns = tuple(turn for each in asked for turn in each.turns())
        replies = iter((yield turns) if turns else ())
        for each in asked:
            self.judged |= each.found(replies)
        return self.outcome

    def seen(self) -> list[Entry]:
        """What judges see of what happened: nothing that was asked aside, or said in a chat apart."""
        apart = self._scenario.apart
        return [entry for entry in self.transcript if entry.kind != "private" and entry.chat not in apart]

    def laid(self) -> Said:
        """What judges are shown of the episode when the play is over: what was said, which of it no model said, and
        what is laid beside."""
        heard = self.seen()
        lines = tuple((entry.role, entry.heard) for entry in heard)
        written = tuple(at for at, entry in enumerate(heard) if entry.kind == "line")
        assert self.outcome is not None
        evidence = self._scenario.evidence(self._case, self.outcome, lines)
        return self._shown.model_copy(update={"lines": lines, "written": written, "evidence": evidence})

    def _enter(self, ears: "nx.DiGraph[str]") -> None:
        written = self._scenario.written()
        speaking = [role for role in self._cast if role not in written]
        self._introductions = {role: [] for role in speaking}
        self._heard = {
            role: tuple(other for other in near if other in self._introductions) for role, near in ears.adjacency()
        }
        for role, agent in self._cast.items():
            for hearer in self._heard.get(role, ()):
                edge = ears.edges[role, hearer]
                told = agent.veiled if self._cast[hearer].blind else agent.introduction
                if told and not edge.get("unknown"):
                    self._introductions[hearer].append((told, edge.get("chat")))
        for role in speaking:
            self._seat(role, "")
        for role, agent in self._cast.items():
            if agent.opening:
                self._line(Line(role, agent.opening))

    def _seat(self, role: str, chat: str) -> Seat:
        """One chat of a role; each begins with who it is, and with whom it is introduced to."""
        seat = self._seats.get((role, chat))
        if seat is None:
            seat = self._seats[role, chat] = Seat(self._cast[role].prompt(chat), self._case.folder)
            for told, where in self._introductions[role]:
                if where in (None, chat):
                    seat.hear(told)
        return seat

    def _advance(self, value: Reply | tuple[Reply, ...] | None) -> None:
        self._due, self._said = [], []
        try:
            beat = self._play.send(value)
            while isinstance(beat, Line):
                self._line(beat)
                beat = self._play.send(None)
        except StopIteration:
            self.over = True
            return
        self._alone = isinstance(beat, Turn)
        for turn in (beat,) if isinstance(beat, Turn) else beat:
            seat = self._seat(turn.role, turn.chat)
            again = not self._alone and any(turn is due.turn for due in self._due)
            self._due.append(Due(replace(turn) if again else turn, seat.calls, seat))  # each is itself, however equal
            self._said.append(None)
            seat.calls += 1

    def _record(self, due: Due, reply: Reply) -> None:
        turn, nth, seat = due
        heard = "" if turn.private else _words(turn.role, reply)
        kind: Literal["private", "turn"] = "private" if turn.private else "turn"
        read, hearers = (reply.decision, reply.problem), self._hearers(turn) if heard else ()
        self.transcript.append(Entry(turn.role, kind, reply.text, heard, nth, *read, turn.chat, hearers))
        if not turn.private:
            seat.say(reply.text.strip() or SILENCE)
            self._tell(turn, heard)

    def _line(self, line: Line) -> None:
        hearers = self._hearers(line)
        self.transcript.append(Entry(line.role, "line", line.text, line.text, chat=line.chat, hearers=hearers))
        if line.role in self._introductions:
            self._seat(line.role, line.chat).say(line.text)
        self._tell(line, line.text, line.images)

    def _tell(self, spoken: Turn | Line, text: str, images: tuple[Image, ...] = ()) -> None:
        if not text:
            return
        said = disarmed(text) if spoken.role in self._scenario.nameless else attributed(spoken.role, text)
        for hearer in self._hearers(spoken):
            self._seat(hearer, spoken.chat).hear(said, images)

    def _hearers(self, spoken: Turn | Line) -> tuple[str, ...]:
        """Who hears what is spoken, in the chat of that name; who is played by no agent has none."""
        heard = self._heard.get(spoken.role, ())
        return heard if spoken.to is None else tuple(role for role in heard if role in spoken.to)


def _words(role: str, reply: Reply) -> str:
    """What others hear, without the label that models like to put before their own words."""
    return _label(role).sub("", reply.spoken())


@cache
def _label(role: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(called(role))}\s*:\s*", re.IGNORECASE)
