"""Forced choices on the embedded engine, against its probabilities of all tokens and against what it says."""

import json
import math
from collections import Counter
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import PrivateAttr
from scipy.stats import chisquare
from test_local import chat

from simrun.agents.backends import choice
from simrun.agents.backends.local import Local
from simrun.agents.backends.weighing import weigh
from simrun.agents.reply import Decision, Reply
from simrun.estimate.paired import margin
from simrun.scenarios.choosing import weighed
from simrun.scenarios.recruitment.deciding import FIT
from simrun.scenarios.recruitment.decisions import Fit

pytestmark = pytest.mark.engine
PLAIN = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
"""Nothing is cut off: a reply is drawn from all there is."""
WHOLE = {"temperature": 1.0, "samplers": ["temperature"], "n_predict": 1, "n_probs": 10**6}


class Yes(Decision):
    answer: Literal["yes", "no"]


class Name(Decision):
    name: Literal["Ann", "Anna", "Annabel", "kind", "kindly"]


class Marked(Decision):
    """Its options part in the middle of a character, of which the engine tells nothing by itself."""

    mark: Literal["🙂", "🙃", "中", "丰", "x"]


class Reasoned(Decision):
    why: str
    answer: Literal["yes", "no"]


class Counted(Local):
    """Keeps how many prompt tokens each question for one token had to read."""

    _read: list[int] = PrivateAttr(default_factory=list)

    async def _post(self, path: str, **body: Any) -> Any:
        told = await super()._post(path, **body)
        if path == "/completion":
            self._read.append(told["timings"]["prompt_n"])
        return told


@pytest.fixture
async def engine():
    local = Counted(slots=2, context=1024, threads=1, max_tokens=40, temperature=1, choice_logprobs=True, extra=PLAIN)
    await local.open()
    yield local
    await local.close()


def question(text, kind, **more):
    return chat("You answer as JSON.", text, kinds=(kind,), **more)


async def by_hand(engine: Local, asked, answer) -> tuple[dict[str, float], list[float]]:
    """The options' probabilities out of those of all tokens, and what each place leaves to other tokens."""
    wired = [{"role": message.role, "content": message.content} for message in asked.messages]
    prompt = (await engine._post("/apply-template", messages=wired))["prompt"]
    written = choice.alternatives(answer.text, choice.of(asked.form))
    tokens = {option: await engine._tokens(text) for option, text in written.items()}
    left: list[float] = []
    (blank,) = await engine._tokens("\n")  # drawn, whatever is told: nothing is told where half a character is drawn

    async def ask(said, candidates):
        asked = {"prompt": [prompt, *said], "id_slot": 1, "logit_bias": [[blank, 100.0]], **WHOLE}
        told = (await engine._post("/completion", **asked))["completion_probabilities"]
        every = {each["id"]: each["logprob"] for each in told[0]["top_logprobs"]}
        assert sum(map(math.exp, every.values())) == pytest.approx(1, abs=1e-3)
        left.append(sum(math.exp(log) for token, log in every.items() if token not in candidates))
        return {token: every[token] for token in candidates}

    return (await weigh(tokens, ask)).options, left


@pytest.mark.parametrize(("kind", "parted"), [(Yes, 1), (Name, 3)])
async def test_options_have_the_probabilities_that_the_whole_vocabulary_gives_them(engine, kind, parted):
    asked = question("Is snow black, and who says so?", kind)
    answer = await engine.reply(asked)
    read = list(engine._read)
    expected, left = await by_hand(engine, asked, answer)
    assert answer.options == pytest.approx(expected, abs=2e-4)
    assert answer.mass == pytest.approx(1 - left[0], abs=1e-3)
    assert len(left) == parted
    # what was read and written is not read again, however often one asks: one token is, since its output is wanted
    assert len(read) <= 2 * parted
    assert max(read) == 1


async def test_options_that_part_within_a_character_are_weighed_too(engine):
    asked = question("Which mark?", Marked)
    answer = await engine.reply(asked)
    expected, _ = await by_hand(engine, asked, answer)
    assert answer.options == pytest.approx(expected, abs=2e-4)
    assert sum(map(math.exp, answer.options.values())) == pytest.approx(1)


async def test_an_option_weighs_what_it_would_be_drawn_with(engine):
    """100 replies: their counts against the probabilities, and one call's figures against the next call's."""
    asked = [question("Is snow black? Answer yes or no.", Yes, seed=seed, session=str(seed % 2)) for seed in range(100)]
    answers = [await engine.reply(each) for each in asked]
    shares = [Reply.of(answer, (Yes,)).chance("yes") for answer in answers]
    assert max(shares) - min(shares) < 1e-3
    drawn = Counter(json.loads(answer.text)["answer"] for answer in answers)
    expected = 100 * np.array([np.mean(shares), 1 - np.mean(shares)])
    assert chisquare([drawn["yes"], drawn["no"]], expected).pvalue > 1e-3


async def test_the_choice_is_weighed_after_the_reason_that_was_given(engine):
    asked = question("Is snow black? Give a short reason.", Reasoned)
    answer = await engine.reply(asked)
    expected, _ = await by_hand(engine, asked, answer)
    assert answer.options == pytest.approx(expected, abs=2e-4)
    assert json.loads(answer.text)["why"]


async def test_and_after_a_thought(engine):
    """The small model has none: what it would say after one that we give it."""
    asked, said = question("Is snow black?", Yes), '<think>It is white.</think>\n{"answer":"no"}'
    thought = await engine._weighed(asked, said, choice.of(asked.form))
    plain = await engine._weighed(asked, '{"answer":"no"}', choice.of(asked.form))
    by_text, _ = await by_hand(engine, asked, type("Said", (), {"text": said}))
    assert thought.options == pytest.approx(by_text, abs=2e-4)
    assert abs(thought.options["no"] - plain.options["no"]) > 1e-3


@pytest.mark.parametrize("said", ["Yes.", " yes", "Answer: YES", '{"answer": "yes"}'])
async def test_a_reply_in_words_is_weighed_in_its_own_words(engine, said):
    asked = chat("You answer with yes or no and nothing else.", "Is snow black?", kinds=(Yes,))
    found = await engine._weighed(asked, said, choice.of(asked.form))
    expected, _ = await by_hand(engine, asked, type("Said", (), {"text": said}))
    assert found.options == pytest.approx(expected, abs=2e-4)
    assert sum(map(math.exp, found.options.values())) == pytest.approx(1)


MARGIN = 0.1
"""Declared: 300 replies can show that the two ways agree within ten points (benchmarks/choices.py: within five)."""
SAID = ("Snow is black.", "Bread is made from flour.", "A week has nine days.", "Cats can fly.", "Paper burns.")
ASKED = ("Is that true? Answer yes or no.", "Is that false? Answer yes or no.")


@pytest.mark.slow
async def test_what_is_expected_and_what_is_drawn_agree_within_the_margin(engine):
    """Two one-sided tests at 5 %, over ten questions with 30 replies each at temperature 1."""
    drawing = engine.model_copy(update={"choice_logprobs": False})
    apart = []
    for number, text in enumerate(f"{said} {asked}" for said in SAID for asked in ASKED):
        expected = Reply.of(await engine.reply(question(text, Yes)), (Yes,)).chance("yes")
        chats = [question(text, Yes, seed=30 * number + seed) for seed in range(30)]
        drawn = [Reply.of(await drawing.reply(each), (Yes,)) for each in chats]
        apart += [expected - (each.decision.answer == "yes") for each in drawn]
    assert margin(apart, -1, 1) < MARGIN


@pytest.mark.slow
async def test_the_expectation_of_a_score_is_the_mean_of_what_is_drawn(engine):
    """How well somebody fits, 0 to 10, asked on its own as recruiters are: within 1.5 points, which 120 replies can
    show; one of the options is the beginning of another, and both count."""
    told = "You are a recruiter. Somebody who has baked bread for ten years applies to a bakery. " + FIT
    expected = weighed(Reply.of(await engine.reply(question(told, Fit)), (Fit,)), "score", "expected").value
    drawing = engine.model_copy(update={"choice_logprobs": False})
    drawn = [Reply.of(await drawing.reply(question(told, Fit, seed=seed)), (Fit,)) for seed in range(120)]
    assert margin([expected - each.decision.score for each in drawn], -10, 10) < 1.5
