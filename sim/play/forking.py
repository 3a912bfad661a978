"""An episode is played again up to a turn, and then live, several times: what was likely to come from there.

Nothing is written: neither the run nor anything beside it changes, and who asks for the same again gets the same seeds.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scipy.stats import binomtest

from simrun.agents.backends.replay import Answers
from simrun.agents.records import Call, Chat, Record
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError, unknown
from simrun.config.options import Config
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.log.chain import LogError, read
from simrun.log.lines import CALL, EPISODE
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan, planned
from simrun.play.admission import Admission
from simrun.play.answering import Answering
from simrun.play.engines import Engines
from simrun.play.replay import Calls, recalled
from simrun.play.watch import Watch
from simrun.scenarios.base import Turn
from simrun.scenarios.outcome import Outcome
from simrun.stage.drive import anywhere, drive, driven
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

ASKED = ("roles", "backend")
"""What may be given anew: who speaks from the turn on."""


class Chance(Record):
    """One outcome from a turn on."""

    outcome: str
    turn: str = ""
    """Of a value a turn: which one, or `any from there`; "" for what has one value an episode."""
    was: float | None
    """What it came to in the episode itself; None where that did not come to anything."""
    mean: Estimate
    """Over the forks that have a value; of yes and no the chance, with its exact interval (Clopper and Pearson 1934,
    doi:10.1093/biomet/26.4.404)."""
    missing: int
    """Forks without a value."""


class Forked(Record):
    """What came of an episode from a turn on."""

    run: str
    episode: str
    case: str
    arm: str
    role: str
    turn: int
    """From 1: this and what came after it was live."""
    times: int
    backends: tuple[str, ...]
    """Who answered."""
    chances: tuple[Chance, ...]


class Fork:
    """One episode of a run, up to a turn of a role."""

    def __init__(self, path: Path, manifest: Manifest, trial: str, turn: int, role: str | None = None):
        """`role` is whose turns are counted, the first of those who speak when not given. ConfigError for a role that
        has no such turn there."""
        self.path, self.manifest, self.turn, self._plan = path, manifest, turn, manifest.plan()
        self.trial = next(each for each in self._plan.trials() if each.id == trial)
        self.role = role = role or self._plan.castings[self.trial.arm].scenario.roles()[0]
        self._calls = _calls(path, manifest, self.trial)
        self._apart = self._plan.castings[self.trial.arm].scenario.apart
        known = self._plan.castings[self.trial.arm].backends
        if role not in known:
            raise unknown("role", role, list(known))
        spoken = len({(call.chat, call.nth) for call in self._calls if self._counted(call)})
        if turn > spoken:
            raise ConfigError(f"turn={turn}: in episode {trial} the {role} speaks {spoken} times; give 1 to {spoken}")

    def _counted(self, said: Call | Chat) -> bool:
        """Whether this is one of the turns that are counted: of the role, in a conversation that counts."""
        return said.role == self.role and said.chat not in self._apart

    def stage(self, name: str) -> Stage:
        """The episode, replayed to just before that turn, to be gone on with under another name. BackendError where it
        cannot be replayed as it is logged."""
        stage = self._plan.stage(self.trial)
        answers, spoken = Answers(self._calls), set[tuple[str, int]]()

        def answer(turn: Turn, chat: Chat) -> Reply | None:
            if self._counted(chat):
                spoken.add((chat.chat, chat.nth))
                if len(spoken) >= self.turn:
                    return None
            known = answers.get(chat)
            return None if known is None else Reply.of(known, turn.kinds(), chat.told)

        driven(stage, answer)
        stage.session = name
        return stage

    def was(self) -> Outcome | None:
        """What the episode itself came to, None where the log ends before."""
        stage = self._plan.stage(self.trial)
        recalled(stage, Answers(self._calls))
        return stage.outcome


def forked(fork: Fork, config: Config, times: int) -> Forked:
    """Play it on, so many times with seeds of its own each. `config` says who speaks."""
    return anywhere(_forked(fork, planned(config, fork.manifest.catalogue), times))


async def _forked(fork: Fork, live: Plan, times: int) -> Forked:
    # other arms may be played by other models
    engines = Engines(replace(live, castings={fork.trial.arm: live.castings[fork.trial.arm]}))
    answering = Answering(engines, None, Answers(), Watch(owed=times), Admission())
    places = asyncio.Semaphore(0)

    async def one(number: int) -> Outcome:
        async with places:
            stage = fork.stage(f"{fork.trial.id}.{number}")

            async def ask(turn: Turn, chat: Chat) -> Reply | None:
                return await answering.ask(fork.trial, turn, reseeded(chat, number))

            await drive(stage, ask)
            for backend in engines.all():
                backend.release(stage.session)
            assert stage.outcome is not None
            return stage.outcome

    async with engines:
        for _ in range(engines.concurrency):
            places.release()
        found = await asyncio.gather(*(one(number) for number in range(1, times + 1)))
        spoken = dict.fromkeys(
            f"{role}: {backend.identity().get('model') or backend.name}"
            for role, backend in live.castings[fork.trial.arm].backends.items()
        )
    return Forked(
        run=str(fork.path),
        episode=fork.trial.id,
        case=fork.trial.case,
        arm=fork.trial.arm,
        role=fork.role,
        turn=fork.turn,
        times=times,
        backends=tuple(spoken),
        chances=tuple(_chances(fork.manifest.primary, found, fork.was(), fork.turn)),
    )


def reseeded(chat: Chat, number: int) -> Chat:
    """A chat with a seed of its own for each fork: it follows from the chat's own, so that the same fork is the same
    again."""
    told = f"{chat.seed}\x1ffork\x1f{number}".encode()
    return chat.model_copy(update={"seed": int.from_bytes(hashlib.blake2b(told, digest_size=4).digest()) >> 1})


def _calls(path: Path, manifest: Manifest, trial: Trial) -> tuple[Call, ...]:
    """Those of one trial. LogError for a log that was changed."""
    calls, ended = Calls(), None
    for line in read(path, manifest.tip()):
        if line.kind == CALL and line.told("trial", str) == trial.id:
            calls.add(line)
        elif line.kind == EPISODE and line.told("trial", str) == trial.id:
            ended = ended or line.chain
    if not (found := calls.of(trial.id, ended)):
        raise LogError(f"{path}: nobody has spoken in episode {trial.id} yet; go on with simrun resume")
    return found


def _chances(names: Iterable[str], found: list[Outcome], was: Outcome | None, turn: int) -> Iterable[Chance]:
    for name in names:
        kind = type(found[0])
        if name not in kind.model_fields:
            continue  # of a judge that was asked after the play
        if kind.shapes()[name].turns and not kind.shapes()[name].subjects:
            yield from _by_turn(name, found, was, turn)
        else:
            yield _chance(name, "", [each.mean(name) for each in found], was.mean(name) if was else None, kind)


def _by_turn(name: str, found: list[Outcome], was: Outcome | None, turn: int) -> Iterable[Chance]:
    """Each turn from there on, and whether (or how much) in any of them."""
    series = [_numbers(getattr(each, name)) for each in found]
    own, kind = _numbers(getattr(was, name)) if was else [], type(found[0])
    yes = kind.span(name) is not None and {each for one in series for each in one} <= {0.0, 1.0, None}
    if yes:
        yield _chance(name, "any from there", [_any(one[turn - 1 :]) for one in series], _any(own[turn - 1 :]), kind)
    for at in range(turn - 1, max(map(len, series), default=0)):
        values = [one[at] if at < len(one) else None for one in series]
        yield _chance(name, str(at + 1), values, own[at] if at < len(own) else None, kind)


def _numbers(series: Iterable[float | bool | None]) -> list[float | None]:
    return [None if each is None else float(each) for each in series]


def _any(values: list[float | None]) -> float | None:
    there = [each for each in values if each is not None]
    return max(there) if there else None


def _chance(name: str, turn: str, values: list[float | None], was: float | None, kind: type[Outcome]) -> Chance:
    there = [each for each in values if each is not None]
    span = kind.span(name)
    limits = (span.low, span.high) if span else (None, None)
    # forks are drawn one by one: each is a cluster of its own
    mean = clustered_mean(there, range(len(there)), *limits)
    if there and set(there) <= {0.0, 1.0} and limits == (0, 1):
        exact = binomtest(round(sum(there)), len(there)).proportion_ci()
        mean = mean.model_copy(update={"low": float(exact.low), "high": float(exact.high)})
    return Chance(outcome=name, turn=turn, was=was, mean=mean, missing=len(values) - len(there))
