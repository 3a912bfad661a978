"""What scripted agents tell of their own choices."""

import math
from typing import Literal

import pytest

from simrun.agents.backends.scripted import Rule, Scripted
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Decision, Reply, form


class Say(Decision):
    answer: Literal["yes", "no"]


class Score(Decision):
    score: Literal[1, 2, 3, 4] | None


def chat(kind, text="A woman asks.", seed=1):
    user = Message(role="user", content=text)
    return Chat(session="t", role="clerk", nth=0, messages=(user,), form=form((kind,)), seed=seed, digest="")


async def told(backend, kind, **more):
    answer = await backend.model_copy(update={"choice_logprobs": True}).reply(chat(kind, **more))
    chances = answer.options and {option: math.exp(log) for option, log in answer.options.items()}
    return chances, answer.mass, answer.unweighed


def ruled(chance, say="yes", otherwise="no", **more):
    return Scripted(rules=(Rule(chance=chance, say=say, otherwise=otherwise),), **more)


@pytest.mark.parametrize(
    ("backend", "chances", "mass"),
    [
        (ruled(0.7), {"yes": 0.7, "no": 0.3}, 1),
        (ruled(1.0), {"yes": 1, "no": 0}, 1),
        (ruled(0.7, say={"answer": "no"}, otherwise={"answer": "yes"}), {"yes": 0.3, "no": 0.7}, 1),
        (ruled(0.7, group="woman", effect=0.2), {"yes": 0.5, "no": 0.5}, 1),
        (ruled(0.7, group="(?<!wo)man", effect=0.2), {"yes": 0.7, "no": 0.3}, 1),
        (ruled(0.1, group="woman", effect=0.2), {"yes": 0, "no": 1}, 1),  # no chance is below 0
        (ruled(0.6, otherwise="I cannot help with that."), {"yes": 1, "no": 0}, 0.6),  # declines with .4
        (Scripted(), {"yes": 0.5, "no": 0.5}, 1),
    ],
)
async def test_a_rule_tells_its_own_chances(backend, chances, mass):
    found = await told(backend, Say)
    assert found[0] == pytest.approx(chances)
    assert found[1] == pytest.approx(mass)


async def test_what_is_invented_is_invented_evenly():
    """Null is one of two branches, and each of the four numbers a quarter of the other."""
    assert (await told(Scripted(), Score))[0] == pytest.approx({**dict.fromkeys("1234", 1 / 8), "null": 1 / 2})
    drawn = [Reply.of(await Scripted().reply(chat(Score, seed=seed)), (Score,)).decision for seed in range(400)]
    assert all(drawn)
    assert sum(each.score is None for each in drawn) / 400 == pytest.approx(1 / 2, abs=0.1)


async def test_a_script_without_an_option_is_not_weighed():
    assert await told(ruled(0.6, say="Perhaps.", otherwise="Who knows?"), Say) == (None, None, "unread")
    assert (await ruled(0.6).reply(chat(Say))).options is None  # nobody asked
