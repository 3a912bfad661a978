"""Forced choices over a real HTTP server: one that lists the most probable tokens, and one that speaks as vLLM does."""

import math
from typing import Any, Literal

import pytest
from aiohttp import web
from stub import Stub, completion, http, reset
from test_server import chat, failure, opened

from simrun.agents.records import NEVER, Image
from simrun.agents.reply import Decision, Reply, form


class Yes(Decision):
    answer: Literal["yes", "no"]


class Score(Decision):
    score: Literal[1, 2, 10]


def listed(*places: tuple[str, dict[str, float]]) -> dict[str, Any]:
    """`logprobs` as OpenAI sends them: each token of the reply, and what might have stood in its place."""
    content = [
        {
            "token": token,
            "logprob": math.log(chances.get(token, 1.0)),
            "bytes": list(token.encode()),
            "top_logprobs": [{"token": each, "logprob": math.log(chance)} for each, chance in chances.items()],
        }
        for token, chances in places
    ]
    return {"content": content, "refusal": None}


def saying(text: str, logprobs: Any = None, **message: Any) -> Any:
    """A completion that lists its tokens' probabilities."""
    body = completion(text, **message)
    body["choices"][0]["logprobs"] = logprobs

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body)

    return answer


ONE = {'{"answer":"': 0.9}
HALF = {"yes": 0.3, "no": 0.1, "I": 0.2, "maybe": 0.00001}


async def told(stub, kind, fault, **options):
    stub.misbehave([fault])
    async with opened(stub, choice_logprobs=True, **options) as server:
        answer = await server.reply(chat(form((kind,))))
    chances = answer.options and {option: math.exp(log) for option, log in answer.options.items()}
    return answer, chances


@pytest.mark.parametrize(
    "tokens",
    [
        [('{"answer":"', ONE), ("yes", HALF), ('"}', {'"}': 1.0})],
        [('{"', {'{"': 1.0}), ("answer", {"answer": 1.0}), ('":"', {'":"': 1.0}), ("yes", HALF), ('"}', {'"}': 1.0})],
        # marks of the template around what was said, and a token that takes the quote along
        [("<|im|>", ONE), ('{"answer":', ONE), ('"yes', {f'"{k}': v for k, v in HALF.items()}), ('"}', ONE)],
    ],
)
async def test_options_are_read_from_the_list_where_they_part(stub, tokens):
    """.3 and .1 of all tokens: three quarters and a quarter of the options, which are .4 of what could be said."""
    answer, chances = await told(stub, Yes, saying('{"answer":"yes"}', listed(*tokens)))
    assert chances == pytest.approx({"yes": 0.75, "no": 0.25})
    assert answer.mass == pytest.approx(0.4)
    assert Reply.of(answer, (Yes,)).chance("yes") == pytest.approx(0.75)
    assert (stub.chats[0].body["logprobs"], stub.chats[0].body["top_logprobs"]) == (True, 20)
    assert len(stub.chats) == 1


async def test_pieces_of_one_option_add_up(stub):
    """`y` leads to yes alone, and so do `ye` and `yes`."""
    chances = {"yes": 0.2, "ye": 0.05, "y": 0.05, "no": 0.1, "?": 0.00001}
    tokens = listed(('{"answer":"', ONE), ("yes", chances), ('"}', {'"}': 1.0}))
    assert (await told(stub, Yes, saying('{"answer":"yes"}', tokens)))[1] == pytest.approx({"yes": 0.75, "no": 0.25})


async def test_an_option_that_the_list_leaves_out_is_no_more_probable_than_its_last(stub):
    tokens = listed(('{"answer":"', ONE), ("yes", {"yes": 0.9, "I": 0.00009}), ('"}', {'"}': 1.0}))
    chances = (await told(stub, Yes, saying('{"answer":"yes"}', tokens)))[1]
    assert chances == pytest.approx({"yes": 0.9 / 0.90009, "no": 0.00009 / 0.90009})


@pytest.mark.parametrize(
    ("kind", "text", "logprobs", "why"),
    [
        (Yes, '{"answer":"yes"}', None, "untold"),
        (Yes, '{"answer":"yes"}', {"content": None}, "untold"),
        (Yes, '{"answer":"yes"}', {"content": [{"token": "yes"}]}, "untold"),
        # `no` is not in the list, whose last token has a fifth: it may be as probable as that
        (Yes, '{"answer":"yes"}', listed(('{"answer":"', ONE), ("yes", {"yes": 0.6, "I": 0.2}), ('"}', {})), "silent"),
        # 1 may go on to 10: the list says nothing of that, since 2 was drawn
        (Score, '{"score":2}', listed(('{"score":', {}), ("2", {"2": 0.4, "1": 0.5}), ("}", {})), "silent"),
        (Yes, "Yes and no.", listed(("Yes", HALF)), "unread"),
        (Yes, "<think>Yes", listed(("<think>", {})), "thinking"),
    ],
)
async def test_what_the_list_does_not_decide_counts_as_what_was_said(stub, kind, text, logprobs, why):
    answer, chances = await told(stub, kind, saying(text, logprobs))
    assert (chances, answer.mass, answer.unweighed, answer.text) == (None, None, why, text)


async def test_a_thought_before_it_is_no_hindrance(stub):
    text = '<think>Hm, no.</think>{"answer":"yes"}'
    tokens = listed(("<think>Hm, no.</think>", {}), ('{"answer":"', ONE), ("yes", HALF), ('"}', {}))
    assert (await told(stub, Yes, saying(text, tokens)))[1] == pytest.approx({"yes": 0.75, "no": 0.25})


async def test_a_server_that_takes_no_such_question_is_told_with_the_way_out(stub):
    for name, way in (("logprobs", "backend.choice_logprobs=false"), ("top_logprobs", "top_logprobs: 5")):
        refusal = f'{{"error":{{"message":"{name} is not supported with this model","param":"{name}"}}}}'
        stub.misbehave(lambda _, refusal=refusal: http(400, refusal))
        error = await failure_of(stub)
        assert error.kind == "request"
        assert way in str(error)


async def failure_of(stub: Stub) -> Any:
    return await failure(stub, choice_logprobs=True)


async def test_nothing_is_asked_where_nothing_is_to_be_weighed(stub):
    async with opened(stub) as server:
        answer = await server.reply(chat(form((Yes,))))
    assert "logprobs" not in stub.chats[0].body
    assert (answer.options, answer.unweighed) == (None, None)
    async with opened(stub, choice_logprobs=True) as server:
        await server.reply(chat(None))
    assert "logprobs" not in stub.chats[1].body


def vllm(stub: Stub, chances: dict[str, float]) -> None:
    """Speaks as vLLM does: a token a letter, and how probable each is after any others (none told: not at all)."""

    async def tokenize(request: web.Request) -> web.StreamResponse:
        told = await request.json()
        text = told.get("prompt", "P")
        return web.json_response({"tokens": [ord(letter) for letter in text]})

    async def complete(request: web.Request) -> web.StreamResponse:
        told = await request.json()
        logs = {f"token_id:{token}": math.log(chances.get(chr(token), 1e-9)) for token in told["logprob_token_ids"]}
        return web.json_response({"choices": [{"logprobs": {"top_logprobs": [logs]}}]})

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response({"data": [{"id": "stub", "owned_by": "vllm"}]})

    stub.listing = listing
    stub.beside = {"/tokenize": tokenize, "/v1/completions": complete}


async def test_a_vllm_server_is_asked_where_the_options_part(stub):
    """`y` .3 and `n` .1 after `{"answer":"`; then nothing parts any more: one question."""
    vllm(stub, {"y": 0.3, "n": 0.1})
    answer, chances = await told(stub, Yes, saying('{"answer":"yes"}'))
    assert chances == pytest.approx({"yes": 0.75, "no": 0.25})
    assert answer.mass == pytest.approx(0.4)
    asked = [seen.body for seen in stub.seen if seen.path == "/v1/completions"]
    assert [bytes(body["prompt"]).decode() for body in asked] == ['P{"answer":"']
    assert "logprobs" not in stub.chats[0].body


async def test_and_after_the_thought_that_stands_in_the_reply(stub):
    vllm(stub, {"y": 0.3, "n": 0.1})
    await told(stub, Yes, saying('<think>Hm.</think>{"answer":"yes"}'))
    asked = [seen.body for seen in stub.seen if seen.path == "/v1/completions"]
    assert [bytes(body["prompt"]).decode() for body in asked] == ['P<think>Hm.</think>{"answer":"']


async def test_a_vllm_server_that_was_shown_a_picture_is_read_from_its_list(stub):
    """Its completions take tokens and no picture: asked there, another prompt would be weighed. What its grammar shut
    out is not in the list, so how probable the options are among all tokens is not known."""
    vllm(stub, {"y": 0.3, "n": 0.1})
    tokens = listed(('{"answer":"', ONE), ("yes", HALF), ('"}', {'"}': 1.0}))
    stub.misbehave([saying('{"answer":"yes"}', tokens)])
    picture = Image(reference="https://example.org/ecg.png")
    async with opened(stub, choice_logprobs=True, images=True) as server:
        answer = await server.reply(chat(form((Yes,)), images=(picture,)))
    assert {option: math.exp(log) for option, log in answer.options.items()} == pytest.approx({"yes": 0.75, "no": 0.25})
    assert answer.mass is None
    assert not [seen for seen in stub.seen if seen.path in ("/tokenize", "/v1/completions")]


async def test_what_a_grammar_left_no_room_for_shares_what_may_lead_to_it(stub):
    """1 may go on to 10, and has a thousandth of what 2 has; all else is forbidden, and has no probability at all."""
    forbidden = {"token": "x", "logprob": -9999.0}
    tokens = listed(('{"score":', {}), ("2", {"2": 0.999, "1": 0.0009}), ("}", {}))
    tokens["content"][1]["top_logprobs"].append(forbidden)
    chances = (await told(stub, Score, saying('{"score":2}', tokens)))[1]
    assert chances == pytest.approx({"1": 0.00045 / 0.9999, "2": 0.999 / 0.9999, "10": 0.00045 / 0.9999})


async def test_an_option_that_a_grammar_forbids_is_never_chosen(stub):
    tokens = listed(('{"answer":"', ONE), ("yes", {"yes": 1.0}), ('"}', {}))
    tokens["content"][1]["top_logprobs"].append({"token": "x", "logprob": -9999.0})
    answer, chances = await told(stub, Yes, saying('{"answer":"yes"}', tokens))
    assert chances == pytest.approx({"yes": 1.0, "no": 0.0})
    assert answer.options["no"] == NEVER


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
async def test_but_not_after_one_that_the_server_took_out(stub, key):
    """How its tokens were is not told: the options of a thinking model are weighed after its thought, or not at all."""
    vllm(stub, {"y": 0.3, "n": 0.1})
    answer, chances = await told(stub, Yes, saying('{"answer":"yes"}', **{key: "Hm."}))
    assert (chances, answer.unweighed) == (None, "thinking")
    assert not [seen for seen in stub.seen if seen.path == "/v1/completions"]


async def test_a_connection_that_is_lost_between_questions_costs_nothing(stub):
    vllm(stub, {"y": 0.3, "n": 0.1})
    whole, lost = stub.beside["/v1/completions"], [reset]

    async def now_and_then(request: web.Request) -> web.StreamResponse:
        return await (lost.pop() if lost else whole)(request)

    stub.beside["/v1/completions"] = now_and_then
    assert (await told(stub, Yes, saying('{"answer":"yes"}')))[1] == pytest.approx({"yes": 0.75, "no": 0.25})
    assert not lost
