"""The option that helps where a server refuses what a request asks for."""

from collections.abc import Iterable

from simrun.agents.backends.completions import phrases
from simrun.agents.backends.completions.faults import Fault, named

SCHEMA = (
    *("response_format", "response format", "json_schema", "schema", "grammar", "guided_json", "guided decoding"),
    *("structured_outputs", "structured outputs", "json mode", "output_config"),
)
"""How servers call the form that a decision is held to."""
LENGTH = ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
OPTIONS = {
    "priority": "backend.priority=false",
    "logprobs": "backend.choice_logprobs=false: forced choices then count as what was said",
    "top_logprobs": "backend.extra={top_logprobs: 5} where it takes fewer, else backend.choice_logprobs=false",
}
"""Parameters that an option of their own switches off."""


def remedy(fault: Fault, sent: Iterable[str], own: Iterable[str]) -> str | None:
    """What to do about a fault that every chat would meet: "" where nobody can tell; None for a fault that names
    nothing of the request's, and may concern this chat alone.

    `sent` are the parameters of the request, `own` those that come from backend.extra.
    """
    sent, own = set(sent), set(own)
    if own and (name := named(own, fault)):
        return f"take {name} out of backend.extra"
    if "response_format" in sent and named(SCHEMA, fault):
        return "if it does not take this form of a decision, set backend.free_form=true"
    if name := named(LENGTH, fault):
        return _shorter(name, fault)
    if name := named(sorted(sent - {"model", "messages"}), fault):
        return OPTIONS.get(name) or f"to send it without {name}, set backend.extra={{{name}: null}}"
    if phrases.NO_PICTURES.search(fault.text):
        return "take a model that sees images, or cases without"
    if phrases.NO_MODEL.search(fault.text) or "model" in fault.parameters:
        return "set backend.model to a model that it has"
    if fault.status in (404, 405, 410):
        return "is backend.url right? It usually ends in /v1"
    return "" if fault.meaning() == "request" else None


def _shorter(name: str, fault: Fault) -> str:
    if "max_completion_tokens" in fault.text and "max_tokens" in fault.text and "too large" not in fault.text:
        return "set backend.extra={max_tokens: null, max_completion_tokens: 256}"
    return "set backend.max_tokens to what this model can write"
