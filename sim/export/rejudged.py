"""Judges of this project asked of what stands in logs of others: what they find is one more score of a sample."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from simrun.agents.backends.base import Backend
from simrun.agents.judges.base import Judge, Question, Said, Verdict
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Reply, form
from simrun.config.errors import ConfigError
from simrun.config.options import Config
from simrun.export.sampled import Fields, Sampled
from simrun.plan.roles import speaking
from simrun.stage.drive import anywhere
from simrun.stage.judging import Asking, askings
from simrun.stage.seeds import Seeds
from simrun.stage.stage import SILENCE, asked

WRITTEN = ("user", "tool")
"""Whose lines no model said: the data set's, and what tools returned."""
Identities = Mapping[str, Mapping[str, Any]]


def rejudged(samples: Sequence[Sampled], config: Config, fields: Fields) -> tuple[tuple[Sampled, ...], Identities]:
    """The samples with what each judge found, as `judge.key`, and what answered for each judge.

    A verdict by turn counts as its mean over the turns that have one. Nothing is kept of what was asked: a log of
    somebody else's has no chain to stand in. ConfigError for a judge that needs what no such log holds, BackendError
    where one could not be asked.
    """
    judges = config.judges()
    for each in judges:
        _check(each)
    backends = {each.name: speaking(each, config, config.played()) for each in judges if not each.alone}
    # the arms of a pair have the same luck, as in a run of ours
    lucks = [Seeds(config.seed, each.fields.get(fields.pair, each.id), each.epoch) for each in samples]
    return anywhere(_asked(samples, judges, backends, lucks))


def _check(judge: Judge) -> None:
    if lacking := [*judge.needs, *(["the same case in the first arm"] if judge.compares else [])]:
        raise ConfigError(
            f"judge={judge.name} needs {', '.join(lacking)}, which a log of others does not lay before it"
        )
    if judge.identity != "shown":
        raise ConfigError(f"judge.identity={judge.identity}: by which words arms show, a log of others does not say")


async def _asked(
    samples: Sequence[Sampled], judges: Sequence[Judge], backends: Mapping[str, Backend], lucks: Sequence[Seeds]
) -> tuple[tuple[Sampled, ...], Identities]:
    room = asyncio.Semaphore(min((each.concurrency for each in backends.values()), default=64))

    async def one(sample: Sampled, luck: Seeds) -> Sampled:
        async with room:
            return await _judged(sample, judges, backends, luck)

    opened: list[Backend] = []
    try:
        for each in backends.values():
            await each.open()
            opened.append(each)
        found = tuple(await asyncio.gather(*map(one, samples, lucks)))
        told = {name: each.identity() for name, each in backends.items()}
    finally:
        for each in opened:
            await each.close()
    return found, {each.name: {**told.get(each.name, {"rules": "its own"}), "version": each.version} for each in judges}


async def _judged(sample: Sampled, judges: Sequence[Judge], backends: Mapping[str, Backend], luck: Seeds) -> Sampled:
    if sample.failed:
        return sample
    lines = tuple((role, words) for role, words in sample.lines if role != "system")
    said = Said(lines=lines, written=tuple(at for at, (role, _) in enumerate(lines) if role in WRITTEN))
    scores, bounded = dict(sample.scores), set(sample.bounded)
    for asking in askings(judges, said, None, luck):
        chats = [] if asking.judge.alone else list(_chats(asking, sample, luck))
        kinds = (asking.judge.decision,)
        answers = [await backends[asking.judge.name].reply(chat) for chat in chats]
        replies = [Reply.of(answer, kinds, chat.told) for answer, chat in zip(answers, chats, strict=True)]
        for name, verdict in asking.found(iter(replies)).items():
            scores[name] = _number(verdict)
            bounded |= {name} if _yes_or_no(verdict) else set()
    return sample.model_copy(update={"scores": scores, "bounded": frozenset(bounded)})


def _chats(asking: Asking, sample: Sampled, luck: Seeds) -> Iterator[Chat]:
    """What the judge is asked: each question by itself, as after an episode of ours."""
    kinds = (asking.judge.decision,)
    prompt = Message(role="system", content=asking.judge.agent(asking.said).prompt())
    for nth, question in enumerate(asking.questions):
        messages, digest = asked(question.messages or (prompt, _question(question)), kinds)
        yield Chat(
            session=f"{sample.log}/{sample.id}/{sample.epoch}",
            role=asking.judge.name,
            nth=nth,
            messages=messages,
            form=form(kinds),
            seed=luck.number(asking.judge.name, nth),
            digest=digest,
            priority=1,
        )


def _question(question: Question) -> Message:
    return Message(role="user", content=question.cue or SILENCE)


def _number(verdict: Verdict) -> float | None:
    told = [float(each) for each in (verdict if isinstance(verdict, tuple) else (verdict,)) if each is not None]
    return fmean(told) if told else None


def _yes_or_no(verdict: Verdict) -> bool:
    return all(
        each is None or isinstance(each, bool) for each in (verdict if isinstance(verdict, tuple) else (verdict,))
    )
