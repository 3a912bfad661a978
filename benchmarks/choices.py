"""Forced choices on the embedded engine: what option probabilities cost beside samples, and whether the two agree.

    python benchmarks/choices.py [--json] [--small]

Statements are put to the small model that ships, as yes or no and as A or B. Once each with `choice_logprobs`, and so
often without as a run would that takes samples; all replies at temperature 1, nothing cut off. Told: replies, and
questions for one token beside them, that one probability needs (a sample of 10 has a standard error of up to .16),
prompt tokens that these read, seconds, and
the difference between the two ways over all statements with the margin within which they are shown to agree (two
one-sided tests at 5 %; declared: .05). Four minutes on two cores; --small one, without the goal on agreement, for which
it has too few samples.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import PrivateAttr
from scipy.stats import chi2
from timed import least, main, most

from simrun.agents.backends.local import Local
from simrun.agents.records import Answer, Chat, Message
from simrun.agents.reply import Decision, Reply, form
from simrun.estimate.paired import clustered_mean, margin
from simrun.report.sections.choices import MARGIN

SAMPLES = 10
"""Samples a statement that a run takes which has no probabilities."""
DRAWN = 30
"""Replies a statement that are drawn here, enough for the margin: 1,260 in all."""
STATEMENTS = (
    *(
        "Snow is black.",
        "Bread is made from flour.",
        "A week has nine days.",
        "Cats can fly.",
        "Salt dissolves in water.",
    ),
    *("Trains run on rails.", "The sea is sweet.", "Ice is cold.", "Tea is a drink.", "A triangle has four sides."),
    *("Honey is made by bees.", "Winter is warmer than summer.", "Paper burns.", "Two and two is five."),
)
SYSTEM = "You judge statements. Answer with JSON."


class YesNo(Decision):
    """In words."""

    answer: Literal["yes", "no"]


class Letter(Decision):
    """By a letter."""

    answer: Literal["A", "B"]


class Counted(Local):
    """Keeps what its questions for option probabilities cost."""

    _reads: list[int] = PrivateAttr(default_factory=list)
    """Prompt tokens that each had to read."""

    async def _post(self, path: str, **body: Any) -> Any:
        told = await super()._post(path, **body)
        if path == "/completion":
            self._reads.append(told["timings"]["prompt_n"])
        return told


def chats(statements: Sequence[str]) -> Iterator[tuple[Chat, type[Decision], str]]:
    """Each statement as yes or no, and as A or B in both orders; with the option that agrees."""
    for number, statement in enumerate(statements):
        for kind, cue, agrees in (
            (YesNo, "Is that true? Answer yes or no.", "yes"),
            (Letter, "A: that is true. B: that is false. Answer A or B.", "A"),
            (Letter, "A: that is false. B: that is true. Answer A or B.", "B"),
        ):
            messages = (Message(role="system", content=SYSTEM), Message(role="user", content=f"{statement} {cue}"))
            name = f"{number}-{cue[:12]}"
            chat = Chat(session=name, role="r", nth=0, messages=messages, form=form((kind,)), seed=0, digest="")
            yield chat, kind, agrees


async def whole(small: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """All statements both ways."""
    plain = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
    engine = Counted(slots=2, context=512, threads=1, max_tokens=24, temperature=1, extra=plain, choice_logprobs=True)
    await engine.open()
    try:
        return await both(
            engine, list(chats(STATEMENTS[:3] if small else STATEMENTS)), SAMPLES if small else DRAWN, tell
        )
    finally:
        await engine.close()


async def both(
    engine: Counted, asked: Sequence[tuple[Chat, type[Decision], str]], samples: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """What each way costs and comes to; one statement after the other, so that load on the machine hits both alike."""
    drawing = engine.model_copy(update={"choice_logprobs": False})
    expected, drawn, answers = [], [], list[Answer]()
    seconds = {"once": 0.0, "often": 0.0}
    for number, (chat, kind, agrees) in enumerate(asked):

        async def once(chat: Chat = chat) -> list[Answer]:
            return [await engine.reply(chat)]

        async def often(chat: Chat = chat, first: int = 1 + number * samples) -> list[Answer]:
            seeds = range(first, first + samples)  # of its own: what was drawn for one says nothing of another
            return [await drawing.reply(chat.model_copy(update={"seed": seed})) for seed in seeds]

        told = {}
        for way in (once, often) if number % 2 else (often, once):  # whoever comes first reads the prompt
            began = time.perf_counter()
            told[way.__name__] = await way()
            seconds[way.__name__] += time.perf_counter() - began
        answers += told["once"]
        said = told["often"]
        engine.release(chat.session)
        expected.append(Reply.of(answers[-1], (kind,)).chance(agrees))
        drawn.append([getattr(Reply.of(each, (kind,)).decision, "answer", None) == agrees for each in said])
        tell(f"{chat.messages[-1].content}: expected {expected[-1]:.3f}, {sum(drawn[-1])} of {samples} drawn")
    reads = engine._reads
    figures = {
        "statements": len(asked),
        "replies_expected": 1,
        "replies_sampled": SAMPLES,
        "replies_drawn": samples,
        "seconds_ratio": seconds["often"] * SAMPLES / samples / seconds["once"],
        "questions_a_choice": len(reads) / len(asked),
        "read_again_a_choice": sum(reads) / len(asked),
    }
    return figures | agreement(np.array(expected), np.array(drawn, dtype=float)) | masses(answers)


def agreement(expected: Any, drawn: Any) -> dict[str, Any]:
    """Expected less drawn: the mean with its interval over draws from these statements, the margin within which it
    lies, and whether each statement's count is one that its probability gives (chi-square over all of them)."""
    each = (expected[:, None] - drawn).reshape(-1)
    found, apart = clustered_mean(each, np.arange(len(each)), -1, 1), expected - drawn.mean(axis=1)
    spread = expected * (1 - expected) / drawn.shape[1]
    statistic = float((np.square(apart) / spread).sum())
    return {
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "agree_within": margin(each, -1, 1),
        "p_of_counts": float(chi2.sf(statistic, len(apart))),
    }


def masses(answers: Sequence[Answer]) -> dict[str, float]:
    """How much of what the model would have said leads to an option."""
    found = [answer.mass for answer in answers if answer.mass is not None]
    return {"mass_mean": float(np.mean(found)), "mass_least": min(found)}


def measure(small: bool, tell: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The whole benchmark."""
    figures = asyncio.run(whole(small, tell))
    goals = {
        "questions_a_choice": most(figures["questions_a_choice"], 2),
        "read_again_a_choice": most(figures["read_again_a_choice"], 2),
        "seconds_ratio": least(figures["seconds_ratio"], SAMPLES / 3),
    }
    return figures, goals if small else {**goals, "agree_within": most(figures["agree_within"], MARGIN)}


if __name__ == "__main__":
    main(__doc__, measure)
