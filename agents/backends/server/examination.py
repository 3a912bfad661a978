"""Which kind of server answers, and what is unusual about its answers, read off what it sends to a few questions."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from simrun.agents.backends.completions import bodies
from simrun.agents.records import Answer, Chat, Message

PAGES = ("/version", "/props", "/api/version", "/info", "/health/liveliness", "/get_model_info", "/api/v0/models")
"""What is asked beside `/v1`; each of them is had by one kind of server."""
HOSTS = {
    "api.openai.com": "OpenAI",
    "openai.azure.com": "Azure OpenAI",
    "openrouter.ai": "OpenRouter",
    "api.mistral.ai": "Mistral",
    "api.anthropic.com": "Anthropic",
    "generativelanguage.googleapis.com": "Gemini",
    "together.xyz": "Together",
    "api.groq.com": "Groq",
    "api.deepseek.com": "DeepSeek",
    "api.x.ai": "xAI",
    "huggingface.co": "Hugging Face",
}
SCORE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 10}},
    "required": ["score"],
    "additionalProperties": False,
}
RULES, ASKED = "You answer in one word.", "Is water wet?"


def question(*said: str, form: Mapping[str, Any] | None = None) -> Chat:
    """A small chat: the rules, and what the user says, in messages in a row."""
    messages = (Message(role="system", content=RULES), *(Message(role="user", content=text) for text in said))
    return Chat(session="doctor", role="doctor", nth=0, messages=messages, form=form, seed=7, digest="doctor")


def kind(
    host: str, headers: Mapping[str, str], cards: Mapping[str, Mapping[str, Any]], pages: Mapping[str, Any]
) -> str:
    """The name of a server, with its version where it tells one; "" for one that shows no sign that is known."""
    owners = {str(card.get("owned_by", "")).lower() for card in cards.values()}
    known = [
        (str(headers.get("Server", "")).lower().startswith("llama.cpp"), "llama.cpp"),
        ("vllm" in owners, "vLLM"),
        ("sglang" in owners or "/get_model_info" in pages, "SGLang"),
        ("/health/liveliness" in pages, "LiteLLM"),
        ("model_id" in _told(pages, "/info"), "TGI"),
        ("/api/v0/models" in pages or "organization_owner" in owners, "LM Studio"),
        ("version" in _told(pages, "/api/version"), "Ollama"),
        ("default_generation_settings" in _told(pages, "/props"), "llama.cpp"),
    ]
    name = next((name for found, name in known if found), "")
    name = name or next((name for end, name in HOSTS.items() if host == end or host.endswith(f".{end}")), "")
    pages_of = {"vLLM": "/version", "TGI": "/info", "Ollama": "/api/version"}
    version = _told(pages, pages_of.get(name, "")).get("version", "")
    return f"{name} {version}".strip()


def _told(pages: Mapping[str, Any], page: str) -> Mapping[str, Any]:
    told = pages.get(page)
    return told if isinstance(told, Mapping) else {}


def unusual(status: int, raw: bytes, answer: Answer) -> Iterator[str]:
    """What about an answer is not as the OpenAI API has it, and is allowed for."""
    if status != 200:
        yield f"HTTP {status} with a good answer"
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        yield "its bodies are no strict JSON (a byte order mark, NaN, or half characters), and are read all the same"
        data = bodies.decoded(raw)
    choice = bodies.first(data) or {}
    message = choice.get("message") or {}
    if choice.get("finish_reason") not in ("stop", "length", "content_filter"):
        yield f"finish_reason {choice.get('finish_reason')!r} is read as {bodies.ending(choice)!r}"
    if not isinstance(message.get("content"), str | None):
        yield "content comes in parts: text is read, thoughts are not"
    if message.get("reasoning_content") or message.get("reasoning"):
        yield "thoughts come beside the content, and are not read"
    if answer.prompt_tokens is None or answer.output_tokens is None:
        yield "it tells no counts of tokens"
    elif answer.cached_tokens is None:
        yield "it does not tell how much of a prompt came from its cache"


def held(answer: Answer) -> bool:
    """Whether a decision was held to its form."""
    try:
        told = orjson.loads(answer.text)
    except orjson.JSONDecodeError:
        return False
    return (
        isinstance(told, dict) and list(told) == ["score"] and type(told["score"]) is int and 0 <= told["score"] <= 10
    )
