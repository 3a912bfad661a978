"""What `simrun doctor url=...` tells of a server."""

import orjson
import pytest
import shapes
from stub import Stub, completion, http, raw
from test_server import opened

from simrun.agents.backends.server.examination import ASKED, RULES, SCORE, held, kind, question, unusual
from simrun.agents.records import Answer

VLLM = {"here": {"owned_by": "vllm"}}
SIGNS = {
    "vLLM 0.32.0": ("127.0.0.1", {"Server": "uvicorn"}, VLLM, {"/version": {"version": "0.32.0"}}),
    "vLLM": ("127.0.0.1", {}, VLLM, {}),
    "llama.cpp": ("127.0.0.1", {"Server": "llama.cpp"}, {"m.gguf": {"owned_by": "llamacpp"}}, {}),
    "SGLang": ("gpu", {}, {"m": {"owned_by": "sglang"}}, {"/get_model_info": {"model_path": "m"}}),
    "TGI 3.3.4": ("gpu", {}, {}, {"/info": {"model_id": "m", "version": "3.3.4"}}),
    "Ollama 0.12.3": ("127.0.0.1", {}, {"m:latest": {"owned_by": "library"}}, {"/api/version": {"version": "0.12.3"}}),
    "LM Studio": ("127.0.0.1", {}, {"m": {"owned_by": "organization_owner"}}, {"/api/v0/models": {"data": []}}),
    "LiteLLM": ("127.0.0.1", {}, {"m": {"owned_by": "openai"}}, {"/health/liveliness": "I'm alive!"}),
    "OpenRouter": ("openrouter.ai", {}, {}, {}),
    "Azure OpenAI": ("mine.openai.azure.com", {}, {}, {}),
    "": ("notopenrouter.ai", {}, {"m": {}}, {"/version": {"version": "9"}}),
}


@pytest.mark.parametrize(("name", "signs"), SIGNS.items(), ids=SIGNS)
def test_a_server_is_known_by_its_signs(name, signs):
    assert kind(*signs) == name


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ('{"score": 8}', True),
        ('{"score": 11}', False),
        ('{"score": "8"}', False),
        ('{"score": 8, "why": ""}', False),
        ("8", False),
        ("", False),
    ],
)
def test_a_decision_is_held_to_its_form_or_not(text, is_held):
    assert held(Answer(text=text)) is is_held


ODD = {
    "HTTP 201": (201, completion("x"), {}),
    "finish_reason 'eos' is read as 'stop'": (200, completion("x", "eos"), {}),
    "content comes in parts": (200, completion([{"type": "text", "text": "x"}]), {}),  # type: ignore[arg-type]
    "thoughts come beside": (200, completion("x", reasoning_content="hm"), {}),
    "no counts of tokens": (200, completion("x"), {"prompt_tokens": None}),
    "how much of a prompt came from its cache": (200, completion("x"), {"cached_tokens": None}),
}


@pytest.mark.parametrize(("found", "sent"), ODD.items(), ids=ODD)
def test_what_is_unusual_is_told(found, sent):
    status, body, changed = sent
    answer = Answer(text="x", **({"prompt_tokens": 1, "output_tokens": 1, "cached_tokens": 0} | changed))
    (told,) = unusual(status, orjson.dumps(body), answer)
    assert found in told


def test_a_body_that_is_no_strict_json_is_told_and_an_ordinary_one_is_not():
    answer = Answer(text="x", prompt_tokens=1, output_tokens=1, cached_tokens=0)
    plain = orjson.dumps(completion("x"))
    assert "no strict JSON" in " ".join(unusual(200, b"\xef\xbb\xbf" + plain, answer))
    assert not list(unusual(200, plain, answer))


async def test_a_server_is_examined_as_a_run_would_ask_it(stub):
    async with opened(stub) as server:
        told = await server.examined()
    assert told["server"] == f"of unknown kind at {stub.url}"
    assert (told["model"], told["decision"]) == ("stub", "held to its form")
    assert (told["roles"], told["unusual"]) == ("as they come", "nothing")
    assert "another text" not in told["text"]
    assert stub.chats[0].body["messages"][0] == {"role": "system", "content": RULES}
    assert question(ASKED, form=SCORE).messages[1].content == stub.chats[0].body["messages"][1]["content"]


async def test_what_it_lacks_is_found_and_told_with_what_helps(stub):
    system, schema = shapes.one("roles", "Gemma"), shapes.one("request", "form, LM Studio")

    def fault(seen):
        if seen.body["messages"][0]["role"] == "system":
            return system.fault()
        return schema.fault() if "response_format" in seen.body else raw(orjson.dumps(completion("x", "eos")))

    stub.misbehave(fault)
    async with opened(stub, model="other", listed=False) as server:
        told = await server.examined()
    assert "folded" in told["roles"]
    assert "backend.free_form=true" in told["decision"]
    assert "finish_reason 'eos'" in told["unusual"]
    assert told["model"] == "other; its list has no such name: listed=false"


def test_the_command_tells_it_as_lines_and_as_json(stub: Stub, command):
    code, out, _ = command("doctor", f"url={stub.url}")
    assert code == 0
    assert "held to its form" in out
    code, out, _ = command("doctor", f"url={stub.url}", "--json")
    assert orjson.loads(out)["model"] == "stub"


@pytest.mark.parametrize(
    ("given", "said"), [(["model=x"], "url=URL"), (["url=http://127.0.0.1:9/v1"], "cannot connect")]
)
def test_the_command_says_what_is_missing_or_in_the_way(command, given, said):
    code, _, err = command("doctor", *given)
    assert code == 2
    assert said in err


def test_a_server_that_refuses_all_is_a_failure_with_its_reason(stub: Stub, command):
    stub.misbehave(lambda _: http(401, "no"))
    code, _, err = command("doctor", f"url={stub.url}")
    assert code == 2
    assert "OPENAI_API_KEY" in err
