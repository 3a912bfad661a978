"""Applications ranked by embeddings: what is read of a chat, what comes of a server's vectors, and the real engine."""

from typing import Any

import numpy as np
import orjson
import pytest
from aiohttp import web
from stub import http

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.embedding import Embedding
from simrun.agents.backends.embedding.passages import Passages
from simrun.agents.backends.forms import Filling, Unanswerable, asks
from simrun.agents.names import stock
from simrun.agents.records import Chat, Message
from simrun.agents.reply import form
from simrun.scenarios.recruitment.decisions import Assessment, ranking, shortlist

RULES = "You are a recruiter. Answer as JSON.\n\nWard nurse in a hospital\n\nWhat counts: years."
POOL = (
    "Office: Here are the applications.\n\nApplicant B:\nCV\nTwo years.\n\nApplicant A:\nCV\nSix years.\n\n"
    "(Order, as JSON.)"
)


def chat(kind: Any, said: str = POOL, rules: str = RULES) -> Chat:
    messages = (Message(role="system", content=rules), Message(role="user", content=said))
    asked = form((kind,)) if kind else None
    return Chat(session="s", role="recruiter", nth=0, messages=messages, form=asked, seed=1, digest="d")


async def vectors(request: web.Request) -> web.StreamResponse:
    """By two words: years of experience near the advert, and names of Black women and men a little away from it."""
    body = await request.json()
    away = {name for listed in stock("Black").values() for name in listed}

    def vector(text: str) -> list[float]:
        planted = 0.5 if any(name in text for name in away) else 0.0
        return [2.0, float("Two years" in text) + planted, 0.0]

    data = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return web.json_response({"data": data[::-1], "usage": {"prompt_tokens": 7}})


def test_what_of_a_chat_is_advert_and_what_application():
    found = Passages()
    assert found.query(chat(None)) == "Ward nurse in a hospital\n\nWhat counts: years."
    assert found.people(chat(None)) == {"B": "CV\nTwo years.", "A": "CV\nSix years."}
    alone = chat(None, "[Application]\nCV\nSix years.\n\nSkills (good)\n\n(Decide now, as JSON.)")
    assert found.person(alone) == "CV\nSix years.\n\nSkills (good)"
    with pytest.raises(Unanswerable, match="no advert stands in it"):
        found.query(chat(None, rules="You are a recruiter."))


def test_a_form_is_filled_by_scores():
    """.75 of -1 to 1 is .875 of 10 points."""
    filling = Filling(scale=(-1, 1), bar=0.7)
    assert filling.fill(form((Assessment,)), 0.75, {}) == {"score": 9, "invite": True}
    scores = {"A": 0.1, "B": 0.3, "C": 0.1}
    assert filling.fill(form((ranking(("A", "B", "C")),)), None, scores) == {"ranking": ["B", "A", "C"]}
    assert filling.fill(form((shortlist(("A", "B", "C"), 2),)), None, scores) == {"invited": ["B", "A"]}
    assert [asks(form((kind,))) for kind in (Assessment, ranking(("A", "B")))] == [(True, False), (False, True)]
    with pytest.raises(Unanswerable, match="no CV is headed D"):
        filling.fill(form((ranking(("A", "D")),)), None, scores)


async def test_a_servers_vectors_make_the_order(stub):
    stub.beside["/v1/embeddings"] = vectors
    backend = Embedding(url=stub.url, model="stub", before_application="passage: ")
    await backend.open()
    answer = await backend.reply(chat(ranking(("A", "B"))))
    again = await backend.reply(chat(shortlist(("A", "B"), 1)))
    await backend.close()
    assert orjson.loads(answer.text) == {"ranking": ["A", "B"]}
    assert (orjson.loads(again.text), answer.prompt_tokens, again.prompt_tokens) == ({"invited": ["A"]}, 7, 0)
    asked = [each.body for each in stub.seen if each.path == "/v1/embeddings"]
    assert [each["input"][1:] for each in asked] == [["passage: CV\nTwo years.", "passage: CV\nSix years."]]


async def test_no_bar_no_words_and_no_vectors_are_refused(stub):
    stub.beside["/v1/embeddings"] = vectors
    backend = Embedding(url=stub.url, model="stub", retries=0)
    await backend.open()
    screen = chat(Assessment, "[Application]\nSix years.\n\n(Decide.)")
    with pytest.raises(BackendError, match=r"set backend.threshold=COSINE"):
        await backend.reply(screen)
    with pytest.raises(BackendError, match=r"only cosines and no words; use scenario.mode=rank, shortlist or compare"):
        await backend.reply(chat(None))
    stub.beside["/v1/embeddings"] = http(503)
    with pytest.raises(BackendError, match="503"):
        await backend.reply(chat(ranking(("A", "B"))))

    async def short(_: web.Request) -> web.StreamResponse:
        return web.json_response({"data": [{"index": 0, "embedding": [1.0]}]})

    stub.beside["/v1/embeddings"] = short
    with pytest.raises(BackendError, match=r"sent no embeddings .*vectors of shape \(1, 1\) for 3 texts"):
        await backend.reply(chat(ranking(("A", "B"))))
    await backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["rank", "shortlist"])
def test_a_planted_distance_is_found_by_the_figures_of_any_ranking(play, stub, mode):
    stub.beside["/v1/embeddings"] = vectors
    found = play(
        "scenario=recruitment",
        f"scenario.mode={mode}",
        "backend=embedding",
        f"backend.url={stub.url}",
        "backend.model=stub",
        vary={"candidate": {"ethnicity": ["White", "Black"]}},
        roles={"candidate": {"persona": {"gender": "woman"}}},
        cases=4,
    )
    chosen = found.outcomes[(found.outcomes.outcome == "chosen") & (found.outcomes.arm == "candidate.ethnicity=Black")]
    assert set(chosen.value) == {0}
    assert len(chosen) == 4
    assert "impact ratio" in found.path.joinpath("report", "report.md").read_text(encoding="utf-8").lower()


@pytest.mark.engine
async def test_the_small_models_own_vectors():
    """Of length 1, alike for like texts, and nearer for a text about the same than for one about another thing."""
    backend = Embedding(context=256)
    await backend.open()
    texts = ("A nurse on a ward.", "A nurse on a ward.", "A nurse who works on a ward.", "Compilers inline functions.")
    found, _ = await backend._vectors(texts)
    refused = None
    try:
        await backend._vectors(("word " * 400,))
    except BackendError as error:
        refused = error.kind
    told = backend.identity()
    await backend.close()
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    near = found @ found[0]
    assert near[1] == pytest.approx(1)
    assert near[2] > near[3]
    assert refused == "context"
    assert (told["backend"], told["pooling"], told["model"]) == ("embedding", "mean", "smollm2-135m")
