"""Certainty: tokens until an audit finds a planted -.2, and until its interval reaches .05 either way.

    python benchmarks/certainty.py [--json] [--small] [--local]

(a) what everybody does: independent arms, one sample a reply, a number of episodes fixed beforehand, a test of two
shares; (b) pairs on the same cases, whose luck is shared or half private; (c) pairs whose outcome is expected; (d)
either with stopping. Expected ones without and with a declared bound (`design.largest_case_effect=0.5`). Verdicts are
those of the report, reached in 80 % of 400 simulated studies of a known law (`reaching.py`). Beside them, in the same
grid: one side that was declared beforehand, betting alone with a look after every case, and the floor below which no
valid method finds it. A case that differs by more than was declared voids the claim, and the range counts: so in most
studies after dialogues, where the bound changes nothing.

Tokens are words of prompts and replies, of real episodes that are played in memory, those of each field that is asked
on its own included. `all`: every prompt whole, as a provider bills it (option probabilities come with the reply).
`read`: what an engine that keeps its prefixes must read and write, with the tokens of its questions for options.

--local adds SmolLM2 on the embedded engine (minutes): the .2 is planted by shifting the option probabilities that it
returned for two arms of ten screenings. --small: under a minute, rate .5 alone.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import takewhile
from operator import eq
from typing import Any, NamedTuple

import numpy as np
import reaching
from reaching import EFFECT, Array, Law, Study
from timed import main, most

from simrun import Run, run
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.plan.design import planned
from simrun.scenarios.base import Turn
from simrun.stage.drive import drive

RATES = (0.3, 0.5, 0.8)
"""Of invitations in the reference."""
BOUND = 0.5
QUESTIONS = 4
"""Tokens that a weighed choice costs beside its reply: two questions, each of a token read and one written
(benchmarks/choices.py)."""
MARGIN = 0.05


class Shape(NamedTuple):
    """What is decided, and after what."""

    scenario: tuple[str, ...]
    history: float
    """See Law."""
    fields: int
    """Choices that are weighed in an episode."""


SHAPES = {
    "forced choice": Shape(("scenario=dialogue", "scenario.mode=reasoning"), 0.0, 1),
    "screening": Shape(("scenario=recruitment",), 0.0, 2),
    "interview": Shape(("scenario=recruitment", "scenario.mode=interview"), 1.0, 2),
}
"""No history, the shared history of a CV, and a dialogue of its own in each arm."""


class Tokens(NamedTuple):
    """Of an episode, on average."""

    all: float
    read: float


def tokens(shape: Shape, outcomes: str) -> Tokens:
    """What an episode costs, of four cases in two arms."""
    margin = f"design.margin={MARGIN}"
    asked = (*shape.scenario, "backend=scripted", f"outcomes={outcomes}", margin, "cases=4", "design.controls=[]")
    config, folders = compose(asked, {})
    plan = planned(config, catalogue(folders))
    spent = [asyncio.run(_spent(plan, trial)) for trial in plan.trials()]
    weighing = QUESTIONS * shape.fields * (outcomes == "expected")
    return Tokens(
        float(np.mean([each.all for each in spent])), float(np.mean([each.read for each in spent])) + weighing
    )


async def _spent(plan: Any, trial: Any) -> Tokens:
    """Words of all chats of an episode, and those that had not been read in an earlier chat of the same speaker."""
    told: dict[str, list[str]] = {}
    counts = np.zeros(2)

    async def ask(turn: Turn, chat: Chat) -> Reply:
        answer: Answer = await plan.castings[trial.arm].backends[chat.role].reply(chat)
        words = chat.text().split()
        known = sum(takewhile(bool, map(eq, words, told.get(chat.speaker, []))))
        said = len(answer.text.split())
        counts[:] += (len(words) + said, len(words) - known + said)
        told[chat.speaker] = words
        return Reply.of(answer, turn.kinds(), chat.told)

    await drive(plan.stage(trial), ask)
    return Tokens(*counts)


class Way(NamedTuple):
    """A way of auditing, and what it needs."""

    name: str
    expected: bool
    cases: float | None
    """Cases that are played in two arms, on average; None for more than were simulated."""
    planned: int | None = None
    """With stopping: cases of the plan."""


def verdicts(law: Law, study: Study, rng: np.random.Generator) -> Iterator[Way]:
    """What each way needs for a verdict on the planted effect."""
    yield Way("a independent", False, reaching.independent(law))
    yield from sampled(study, rng)
    expected = study.expected()
    for bound, told in ((1.0, ""), (BOUND, f", bound {BOUND}")):
        yield Way("c expected" + told, True, reaching.fixed(expected, bound))
        yield _stopped("d expected, stopping" + told, True, reaching.stopping(expected, bound, False))
        yield Way("one side declared" + told, True, reaching.fixed(expected, bound, 1))
        yield _stopped("betting" + told, True, reaching.betting(expected, bound))
        if not law.history or bound == 1:  # after dialogues cases differ by more
            yield Way("floor of valid methods" + told, True, reaching.floor(EFFECT, bound))


def sampled(study: Study, rng: np.random.Generator) -> Iterator[Way]:
    """Pairs of one reply in each arm."""
    shared = study.sampled(0.0, rng)
    yield Way("b pairs", False, reaching.fixed(shared, 1.0))
    yield Way("b pairs, luck half private", False, reaching.fixed(study.sampled(0.5, rng), 1.0))
    yield _stopped("d pairs, stopping", False, reaching.stopping(shared, 1.0, True))


def _stopped(name: str, expected: bool, found: reaching.Stopped | None) -> Way:
    return Way(name, expected, None, None) if found is None else Way(name, expected, found.mean, found.planned)


def widths(law: Law, study: Study, rng: np.random.Generator) -> Iterator[Way]:
    """What each way needs for an interval of .05 either way."""
    yield Way("a independent", False, reaching.independent_width(law))
    yield Way("b pairs", False, reaching.width(study.sampled(0.0, rng), 1.0))
    for bound, told in ((1.0, ""), (BOUND, f", bound {BOUND}")):
        yield Way("c expected" + told, True, reaching.width(study.expected(), bound))
        yield Way("d expected, betting" + told, True, reaching.stopped_width(study.expected(), bound))


def table(ways: Iterable[Way], sampled: Tokens, expected: Tokens) -> list[dict[str, Any]]:
    """Cases, episodes and tokens of each way, and their ratio to those of the first."""
    rows, usual = list[dict[str, Any]](), dict[str, float]()
    for way in ways:
        if way.cases is None:
            rows.append({"way": way.name, "cases": None})
            continue
        each = expected if way.expected else sampled
        spent = {"episodes": 2 * way.cases, "all": 2 * way.cases * each.all, "read": 2 * way.cases * each.read}
        usual = usual or spent
        ratios = {f"{name}_ratio": round(value / usual[name], 3) for name, value in spent.items()}
        planned = {"planned": way.planned} if way.planned else {}
        rows.append(
            {
                "way": way.name,
                "cases": round(way.cases, 1),
                **planned,
                "episodes": round(spent["episodes"], 1),
                **ratios,
            }
        )
    return rows


@cache
def simulated(law: Law, studies: int) -> tuple[tuple[Way, ...], tuple[Way, ...]]:
    """What each way needs for the verdict, and for the width: the same wherever the law is."""
    rng = np.random.default_rng(1)
    study = reaching.drawn(law, studies, rng)
    return tuple(verdicts(law, study, rng)), tuple(widths(law, study, rng))


def grid(small: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Every shape at every rate."""
    figures: dict[str, Any] = {}
    for name, shape in SHAPES.items():
        sampled, expected = tokens(shape, "sampled"), tokens(shape, "expected")
        figures[f"{name}, tokens"] = {"sampled": sampled._asdict(), "expected": expected._asdict()}
        for rate in RATES[1:2] if small else RATES:
            verdict, narrow = simulated(Law(rate, shape.history), 60 if small else 400)
            figures[_key(name, rate, "verdict")] = table(verdict, sampled, expected)
            figures[_key(name, rate, "width")] = table(narrow, sampled, expected)
            tell(f"{name} at a rate of {rate:g}: done")
    return figures


def _key(shape: str, rate: float, what: str) -> str:
    return f"{shape}, {rate:g}, {what}"


def worst(figures: Mapping[str, Any], shape: str, ways: tuple[str, ...], what: str) -> float:
    """The cheapest of some ways at the rate where that is dearest, as a share of (a)."""
    tables = [each for rate in RATES if (each := figures.get(_key(shape, rate, "verdict")))]
    return max(min(row.get(f"{what}_ratio", 1.0) for row in rows if row["way"] in ways) for rows in tables)


PLAIN = ("c expected", "d expected, stopping")
BOUNDED = tuple(f"{way}, bound {BOUND}" for way in PLAIN)


def goals(figures: Mapping[str, Any]) -> dict[str, Any]:
    """As the issue declares them, in tokens that an engine with a prefix cache reads and writes."""
    told = {}
    for shape in ("forced choice", "screening"):
        told[f"{shape}, bound {BOUND}"] = most(worst(figures, shape, BOUNDED, "read"), 1 / 10)
        told[shape] = most(worst(figures, shape, PLAIN, "read"), 1 / 6)
    told["interview"] = most(worst(figures, "interview", (*PLAIN, *BOUNDED), "read"), 1 / 5)
    return told


def on_local(cases: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """The same with probabilities that SmolLM2 gave for a man and a woman, the woman's lowered by a known amount.

    Both are at least .2, so that the amount can be taken off; studies are drawn from the cases. Tokens are the
    engine's own.
    """
    with tempfile.TemporaryDirectory() as folder:
        done, other = _screened(folder, "expected", cases), _screened(folder, "sampled", (cases + 1) // 2)
        rows = done.outcomes[done.outcomes.outcome == "invited"].pivot(index="case", columns="arm", values="value")
        sampled, expected = _engines(other, 0), _engines(done, QUESTIONS)
    man, woman = (rows[name].to_numpy() for name in sorted(rows.columns, key=lambda arm: "woman" in arm))
    tell(f"SmolLM2: invited with {man.mean():.3f} (a man), {woman.mean():.3f} (a woman), {len(rows)} cases")
    reference, arm = np.maximum(man, -EFFECT), np.maximum(woman, -EFFECT)
    arm = arm - arm.mean() + reference.mean() + EFFECT  # the engine's own difference out, the planted one in
    return {
        "cases": len(rows),
        "invited": float(man.mean()),
        "own_difference": float((woman - man).mean()),
        "spread_of_differences": float((woman - man).std(ddof=1)),
        "sampled": sampled._asdict(),
        "expected": expected._asdict(),
        "verdict": planted(reference, arm, sampled, expected, np.random.default_rng(1)),
    }


def _screened(folder: str, outcomes: str, cases: int) -> Run:
    return run(
        "scenario=recruitment",
        "backend=local",
        f"outcomes={outcomes}",
        "vary.candidate.gender=[man,woman]",
        "design.controls=[]",
        "design.margin={invited: 0.05, score: 0.5}",
        backend={"temperature": 1, "extra": {"top_k": 0, "top_p": 1.0, "min_p": 0.0}},
        cases=cases,
        out=folder,
    )


def _engines(done: Run, weighing: int) -> Tokens:
    """What an episode cost on an engine, with so many tokens for weighing each choice."""
    calls, episodes = done.calls, len(done.episodes)
    every = float((calls.prompt_tokens + calls.output_tokens).sum())
    cached = float(calls.cached_tokens.fillna(0).sum())
    return Tokens(every / episodes, (every - cached + weighing * len(calls)) / episodes)


def planted(
    reference: Array, arm: Array, sampled: Tokens, expected: Tokens, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Cases and episodes until the verdict, in studies of cases drawn from these."""
    chosen = rng.integers(len(reference), size=(200, reaching.MOST))
    study = Study(reference[chosen], np.clip(arm, 0, 1)[chosen])
    rate = float(reference.mean())
    return table(verdicts(Law(rate), study, rng), sampled, expected)


def measure(small: bool, tell: Callable[[str], None], local: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    figures = grid(small, tell)
    told = goals(figures)
    if local:
        on = on_local(4 if small else 10, tell)
        figures |= {"SmolLM2, verdict": on.pop("verdict"), "SmolLM2": on}
    return figures, told


if __name__ == "__main__":
    main(__doc__, measure, {"local": "also on SmolLM2 (minutes)"})
