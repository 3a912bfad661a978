"""One episode being played: the only object that changes, and no I/O in it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import orjson

from simrun.agents.agent import Agent, called
from simrun.agents.judges.observer import OBSERVER, Check, Shows
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Decision, Problem, Reply, form
from simrun.scenarios.base import Case, Line, Play, Scenario, Turn
from simrun.scenarios.outcome import Outcome
from simrun.stage.seeds import Luck

SILENCE = "(Nothing has been said.)"
"""Stands where somebody must speak who has heard nothing since: chat templates want a user before an assistant."""


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


class Seat:
    """What one role has been told, has heard and has said: its chat, which only ever grows."""

    def __init__(self, prompt: str):
        self.messages: list[Message] = []
        self.heard: list[str] = []
        self.images: list[str] = []
        self.calls = 0
        self._hash = hashlib.blake2b(digest_size=12)
        self._append("system", prompt)

    def hear(self, text: str, images: tuple[str, ...] = ()) -> None:
        """Keep until this role speaks: all it hears in between is one user message."""
        self.heard.append(text)
        self.images.extend(images)

    def say(self, text: str) -> None:
        """Close the user message, without any cue, and remember the own words."""
        self._append("user", self._listening(), tuple(self.images))
        self._append("assistant", text)
        self.heard, self.images = [], []

    def asked(self, cue: str, shape: bytes) -> tuple[tuple[Message, ...], str]:
        """The messages that ask this role to speak now, and their digest."""
        content = f"{self._listening()}\n\n{cue}" if cue else self._listening()
        last = Message(role="user", content=content, images=tuple(self.images))
        digest = self._hash.copy()
        digest.update(_bytes(last) + shape)
        return (*self.messages, last), digest.hexdigest()

    def _listening(self) -> str:
        return "\n".join(self.heard) or SILENCE

    def _append(self, role: Literal["system", "user", "assistant"], content: str, images: tuple[str, ...] = ()) -> None:
        message = Message(role=role, content=content, images=images)
        self.messages.append(message)
        self._hash.update(_bytes(message))


def _bytes(message: Message) -> bytes:
    return "\x1f".join((message.role, message.content, *message.images, "\x1e")).encode()


@cache
def _shape(kinds: tuple[type[Decision], ...]) -> bytes:
    return orjson.dumps(form(kinds), option=orjson.OPT_SORT_KEYS)


class Stage:
    """Drives one scenario generator: says who is due with what chat, takes what they say, and holds the outcome.

    The runner, the environments, replay and resume differ only in who answers.
    """

    def __init__(
        self,
        scenario: Scenario,
        case: Case,
        cast: Mapping[str, Agent],
        luck: Luck,
        session: str = "",
        checks: tuple[Check, ...] = (),
    ):
        self.session = session
        self.outcome: Outcome | None = None
        self.shown: dict[str, bool | None] = {}
        """Whether each injected bias showed, by the observer's word; empty where there is none."""
        self.transcript: list[Entry] = []
        self._luck = luck
        self._facts = scenario.facts(case)
        self._seats = {role: Seat(agent.prompt()) for role, agent in cast.items() if role not in scenario.written()}
        self._ears = scenario.hears(case, luck.rng("hears"))
        self._due: list[tuple[Turn, int]] = []
        self._said: list[Reply | None] = []
        self._alone = True
        self._pair = f"{luck.case}/{luck.repeat}"
        self._judges = (*scenario.judges, OBSERVER)
        self._play = self._observed(scenario.play(case, luck.rng()), checks)
        self._enter(scenario, cast)
        self._advance(None)

    @property
    def over(self) -> bool:
        """Whether the play has returned its outcome."""
        return self.outcome is not None

    def pending(self) -> tuple[Turn, ...]:
        """The turns that are due now, at the same time when there are several."""
        return tuple(turn for (turn, _), said in zip(self._due, self._said, strict=True) if said is None)

    def chat(self, turn: Turn) -> Chat:
        """What the speaker of a pending turn is asked."""
        turn, nth = self._due[self._index(turn)]
        kinds = turn.kinds()
        messages, digest = self._seats[turn.role].asked(turn.cue, _shape(kinds))
        seed = self._luck.number(turn.role, nth)
        return Chat(
            session=self.session,
            role=turn.role,
            nth=nth,
            messages=messages,
            form=form(kinds),
            seed=seed,
            digest=digest,
            pair=self._pair,
            priority=int(turn.role in self._judges),
            facts=self._facts,
        )

    def told(self) -> dict[str, tuple[str, ...]]:
        """All that each role has been told, as one text, and then what it is asked now, each by itself."""
        cues = [(turn.role, turn.cue) for turn in self.pending()]
        return {
            role: (
                "\n".join(message.content for message in seat.asked("", b"")[0]),
                *(cue for asked, cue in cues if asked == role),
            )
            for role, seat in self._seats.items()
        }

    def say(self, turn: Turn, reply: Reply) -> None:
        """A pending turn is spoken; the play goes on when everybody who was due has."""
        self._said[self._index(turn)] = reply
        if all(said is not None for said in self._said):
            due, replies = self._due, [said for said in self._said if said is not None]
            for (spoken, nth), said in zip(due, replies, strict=True):
                self._record(spoken, nth, said)
            self._advance(replies[0] if self._alone else tuple(replies))

    def _index(self, turn: Turn) -> int:
        for index, ((due, _), said) in enumerate(zip(self._due, self._said, strict=True)):
            if said is None and (due is turn or due == turn):
                return index
        raise ValueError(
            f"{turn.role!r} is not due to speak this turn; due are: {[due.role for due in self.pending()] or 'nobody, it is over'}"
        )

    def _observed(self, play: Play, checks: tuple[Check, ...]) -> Play:
        """The play, and after it the observer's verdict on what was said."""
        outcome = yield from play
        if checks:
            said = [(entry.role, entry.heard) for entry in self.transcript]
            asked = tuple(Turn(OBSERVER, reply=Shows, cue=check.question(said), private=True) for check in checks)
            verdicts = [reply.decision for reply in (yield asked)]
            self.shown = {
                check.name: found.shows if isinstance(found, Shows) else None
                for check, found in zip(checks, verdicts, strict=True)
            }
        return outcome

    def _enter(self, scenario: Scenario, cast: Mapping[str, Agent]) -> None:
        blind = {role for role, agent in cast.items() if agent.blind}
        for role, agent in cast.items():
            for hearer in self._ears.successors(role) if role in self._ears else ():
                if hearer in self._seats and (told := agent.veiled if hearer in blind else agent.introduction):
                    self._seats[hearer].hear(told)
        for role, agent in cast.items():
            if agent.opening:
                self._line(Line(role, agent.opening))

    def _advance(self, value: Reply | tuple[Reply, ...] | None) -> None:
        self._due, self._said = [], []
        try:
            beat = self._play.send(value)
            while isinstance(beat, Line):
                self._line(beat)
                beat = self._play.send(None)
        except StopIteration as end:
            self.outcome = end.value
            return
        self._alone = isinstance(beat, Turn)
        for turn in (beat,) if isinstance(beat, Turn) else beat:
            seat = self._seats[turn.role]
            self._due.append((turn, seat.calls))
            self._said.append(None)
            seat.calls += 1

    def _record(self, turn: Turn, nth: int, reply: Reply) -> None:
        heard = "" if turn.private else _words(turn.role, reply)
        kind: Literal["private", "turn"] = "private" if turn.private else "turn"
        self.transcript.append(Entry(turn.role, kind, reply.text, heard, nth, reply.decision, reply.problem))
        if not turn.private:
            self._seats[turn.role].say(reply.text.strip() or SILENCE)
            self._tell(turn.role, heard)

    def _line(self, line: Line) -> None:
        self.transcript.append(Entry(line.role, "line", line.text, line.text))
        if line.role in self._seats:
            self._seats[line.role].say(line.text)
        self._tell(line.role, line.text, line.images)

    def _tell(self, speaker: str, text: str, images: tuple[str, ...] = ()) -> None:
        for hearer in self._hearers(speaker) if text else ():
            hearer.hear(f"{called(speaker)}: {text}", images)

    def _hearers(self, speaker: str) -> list[Seat]:
        """The seats of those who hear a speaker; who is played by no agent, such as an examiner that looks things up, has none."""
        ears = self._ears.successors(speaker) if speaker in self._ears else ()
        return [self._seats[role] for role in ears if role in self._seats]


def _words(role: str, reply: Reply) -> str:
    """What others hear, without the label that models like to put before their own words."""
    return _label(role).sub("", reply.spoken())


@cache
def _label(role: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(called(role))}\s*:\s*", re.IGNORECASE)
