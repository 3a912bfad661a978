"""What is unusual about an answer that is right, over HTTP: it never costs the answer."""

import math
from typing import Any

import orjson
import pytest
from stub import Fault, completion, raw
from test_server import chat, opened

from simrun.agents.records import MOST_TOKENS, Answer
from simrun.agents.reply import Reply
from simrun.scenarios.clinic.moves import Rating

SAID = '{"score": 8}'


def body(**more: Any) -> bytes:
    return orjson.dumps(completion(SAID) | more)


def message(content: Any, **more: Any) -> Fault:
    return raw(body(choices=[{"message": {"content": content, **more}}]))


def part(text: Any, kind: str = "text") -> dict[str, Any]:
    return {"type": kind, "text": text}


TEXT = body()
UNUSUAL = {
    "201": raw(TEXT, 201),
    "202": raw(TEXT, 202),
    "byte order mark": raw(b"\xef\xbb\xbf" + TEXT),
    "blanks before": raw(b"\n   \n" + TEXT),
    "UTF-16": raw(b"\xff\xfe" + TEXT.decode().encode("utf-16-le")),
    "NaN": raw(TEXT[:-1] + b', "logprobs": {"content": [{"logprob": NaN}, {"logprob": -Infinity}]}}'),
    "too large a number": raw(TEXT[:-1] + b', "seed": 1e999}'),
    "a lone surrogate elsewhere": raw(TEXT[:-1] + b', "reasoning": "\\ud83d"}'),
    "bytes that are no UTF-8": raw(TEXT[:-1] + b', "reasoning": "\xff\xfe"}'),
    "a line break in a string": raw(TEXT[:-1] + b', "reasoning": "a\nb"}'),
    "no usage": raw(body(usage=None)),
    "usage as a list": raw(body(usage=[1, 2])),
    "usage as words": raw(body(usage="none")),
    "details as words": raw(body(usage={"prompt_tokens": 11, "prompt_tokens_details": "none"})),
    "error null": raw(body(error=None)),
    "error empty": raw(body(error={})),
    "text in a part": message([part(SAID)]),
    "text in parts": message([part('{"sco'), part('re": 8}')]),
    "a thought before": message([{"type": "thinking", "thinking": [part('{"score": 1}')]}, part(SAID)]),
    "a thought that is hidden": message([{"type": "redacted_thinking", "data": "x"}, part(SAID, "output_text")]),
    "a thought as text": message([part('{"score": 1}', "reasoning"), part(SAID)]),
    "parts as strings": message(['{"score":', " 8}"]),
    "one part, no list": message(part(SAID)),
    "text with a value": message([part({"value": SAID, "annotations": []})]),
    "a part without a type": message([{"text": SAID}]),
    "reasoning beside it": message(SAID, reasoning_content='{"score": 1}', reasoning="8?"),
    "refusal empty": message(SAID, refusal=""),
    "two choices": raw(body(choices=[{"message": {"content": said}} for said in (SAID, '{"score": 1}')])),
}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in UNUSUAL.items()])
async def test_what_is_unusual_about_an_answer_does_not_cost_it(stub, fault):
    stub.misbehave([fault])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)
    assert answer.attempts == 1
    assert orjson.loads(orjson.dumps(answer.model_dump())) == answer.model_dump()  # it can be logged


async def test_half_a_surrogate_pair_becomes_a_replacement(stub):
    stub.misbehave([raw(TEXT.replace(b'{\\"score\\": 8}', b"It hurts \\ud83d a lot \\ud83d\\ude00"))])
    async with opened(stub) as server:
        answer = await server.reply(chat(form=None))
    assert answer.text == "It hurts \ufffd a lot \N{GRINNING FACE}"
    assert orjson.loads(orjson.dumps(answer.text)) == answer.text


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        *((number, number) for number in (0, 11, MOST_TOKENS)),
        *((11.0, 11), ("11", 11), (" 7 ", 7)),
        *(
            (number, None)
            for number in (11.5, -1, 2**63, 2**64, 10**30, MOST_TOKENS + 1, "many", "", True, [3], {"n": 3})
        ),
        *((None, None), (1e300, None), (math.inf, None), (math.nan, None)),
    ],
)
async def test_a_count_of_tokens_is_a_count_or_none(stub, told, kept):
    number = orjson.dumps(told) if not isinstance(told, float | int) or abs(told) < 2**63 else str(told).encode()
    number = {math.inf: b"Infinity"}.get(told, number) if isinstance(told, float) else number
    number = b"NaN" if isinstance(told, float) and math.isnan(told) else number
    usage = b'"usage": {"prompt_tokens": %b, "completion_tokens": %b, "prompt_tokens_details": {"cached_tokens": %b}}'
    stub.misbehave([raw(body(usage=0).replace(b'"usage":0', usage % (number, number, number)))])
    async with opened(stub) as server:
        answer = await server.reply(chat())
    assert (answer.prompt_tokens, answer.output_tokens, answer.cached_tokens) == (kept, kept, kept)
    assert Reply.of(answer, (Rating,)).decision == Rating(score=8)


@pytest.mark.parametrize(
    "options", [{"yes": -0.1, "no": math.nan}, {"yes": -0.1, "no": -math.inf}, {"yes": None, "no": 0}]
)
def test_options_without_a_number_are_none_at_all(options):
    assert Answer(text="yes", options=options).options is None
