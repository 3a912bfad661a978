"""What servers really send when something is wrong, or merely unusual: bodies in the shapes of public documentation and
bug reports, with made-up names and numbers. Each table has one kind: name -> (HTTP status, body)."""

from collections.abc import Mapping
from typing import Any

import orjson
from stub import Fault, completion, raw

Shape = tuple[int, str]


def openai(message: str, code: Any = None, kind: str | None = "invalid_request_error", **more: Any) -> str:
    """The envelope that most use."""
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code, **more}}).decode()


def told(**fields: Any) -> str:
    """Any other object."""
    return orjson.dumps(fields).decode()


def sent(shape: Shape) -> Fault:
    """A shape as a fault of the stub."""
    status, body = shape
    return raw(body.encode(), status)


def page(status: str) -> str:
    """A proxy's page."""
    return f"<html>\r\n<head><title>{status}</title></head>\r\n<body><h1>{status}</h1><hr>nginx/1.24</body></html>"


def ended(word: str | None, text: str | None = "It hurt", **more: Any) -> Shape:
    """HTTP 200 with this finish_reason."""
    body = completion(text)
    body["choices"][0] |= {"finish_reason": word, **more}
    return 200, orjson.dumps(body).decode()


BROKEN: Mapping[str, Shape] = {
    **{
        f"finish {word}": ended(word)
        for word in (
            *("error", "abort", "aborted", "ERROR", "network_error", "cancelled", "timeout", "time_limit", "failed"),
            *("insufficient_system_resource", "not_finished", "engine_error", "FINISH_REASON_UNSPECIFIED", "OTHER"),
            *("USER_CANCEL", "load", "unload", "generation_failed", "internal-error", "server error"),
        )
    },
    "OpenRouter, upstream died": ended("error", "It hu", error={"code": 502, "message": "Provider disconnected"}),
    "OpenRouter, error beside a stop": ended("stop", "It hu", error={"code": 502, "message": "Upstream error"}),
    "OpenRouter, no choices": (200, told(error={"message": "Internal Server Error", "code": 500}, user_id="u")),
    "choices null": (200, told(id="x", object="chat.completion", choices=None, error={"code": 500, "message": "oops"})),
    "choices empty": (200, told(choices=[], error={"message": "no worker is free", "code": "service_unavailable"})),
    "error as text": (200, told(error="CUDA error: an illegal memory access was encountered")),
    "detail": (200, told(detail="Internal error")),
    "code alone": (200, told(choices=None, code=503)),
    "error beside a good choice": (200, orjson.dumps(completion("8") | {"error": {"code": 500}}).decode()),
    "MiniMax internal": (200, told(choices=None, base_resp={"status_code": 1013, "status_msg": "internal error"})),
    "proxy": (502, page("502 Bad Gateway")),
    "Anthropic overloaded": (529, told(type="error", error={"type": "overloaded_error", "message": "Overloaded"})),
    "Go deadline": (500, told(error={"message": "context deadline exceeded", "type": "api_error"})),
    "Go deadline, as a page": (
        504,
        "upstream: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    ),
    "Ollama busy": (503, told(error="server busy, please try again.  maximum pending requests exceeded")),
    "Ollama runner": (500, openai("llama runner process has terminated: exit status 2", None, "api_error")),
    "TGI": (
        500,
        told(error="Request failed during generation: Server error: CUDA out of memory", error_type="generation"),
    ),
    "vLLM engine died": (500, told(object="error", message="EngineCore encountered an issue", code=500)),
    "Groq flex": (498, openai("Flex tier capacity exceeded", "capacity_exceeded")),
    "Cloudflare": (524, page("524 A timeout occurred")),
}
"""The server failed, whatever HTTP says."""

LIMITED: Mapping[str, Shape] = {
    "OpenRouter in 200": (200, told(error={"code": 429, "message": "Rate limit exceeded"}, choices=None)),
    "OpenRouter in a choice": ended("error", "", error={"code": 429, "message": "Provider returned error"}),
    "as text in 200": (200, told(error={"code": "429", "message": "slow down"})),
    "by its word in 200": (200, told(error={"code": "rate_limit_exceeded", "message": "slow down"})),
    "in a 500": (500, told(error={"code": 429, "message": "upstream is over its limit"})),
    "MiniMax": (200, told(choices=None, base_resp={"status_code": 429, "status_msg": "rate limit"})),
    "OpenAI": (
        429,
        openai(
            "Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3.",
            "rate_limit_exceeded",
            "requests",
        ),
    ),
    "Gemini a minute": (
        429,
        told(
            error={
                "code": 429,
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s"}],
            }
        ),
    ),
    "upstream pool": (
        429,
        openai(
            "Provider returned error",
            429,
            metadata={"raw": "m is temporarily rate-limited upstream. Please retry shortly"},
        ),
    ),
    "Anthropic": (429, told(type="error", error={"type": "rate_limit_error", "message": "Number of request tokens"})),
}

CUT = (
    *("length", "max_tokens", "model_length", "MAX_TOKENS", "max_output_tokens", "token_limit", "max-tokens"),
    *("model_context_window_exceeded", "MaxTokens", "length_limit", "ERROR_LIMIT", "max_length"),
)
"""Words for the token limit."""
STOPPED = (
    *(None, "stop", "STOP", "eos", "eos_token", "stop_sequence", "end_turn", "COMPLETE", "tool_calls", "done", ""),
    *("function_call", "function_call_filter: MALFORMED_FUNCTION_CALL", "null"),
)
"""Words for an end that the model chose."""
WITHHELD = (
    *("content_filter", "SAFETY", "safety", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "refusal"),
    *("sensitive", "guardrail_intervened", "content_filtered", "content_filter: SAFETY", "ERROR_TOXIC", "blocked"),
)
"""Words for a policy that took the reply back."""

POLICY = "https://platform.openai.com/docs/guides/reasoning#advice-on-prompting"
FLAGGED: Mapping[str, Shape] = {
    "OpenAI": (
        400,
        openai(
            f"Invalid prompt: your prompt was flagged as potentially violating our usage policy. See {POLICY}",
            "invalid_prompt",
        ),
    ),
    "OpenAI, words only": (400, openai("Your request was rejected as a result of our safety system.", None)),
    "Azure": (
        400,
        openai(
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "content_filter",
            None,
            innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}},
        ),
    ),
    "LiteLLM of Azure": (
        400,
        openai(
            "litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - The response was filtered",
            "400",
            None,
            provider_specific_fields={"innererror": {"code": "ResponsibleAIPolicyViolation"}},
        ),
    ),
    "OpenRouter": (
        403,
        openai(
            'acme/m-1 requires moderation on Acme. Your input was flagged for "violence". No credits were charged.',
            403,
            metadata={"reasons": ["violence"], "flagged_input": "He hit me", "provider_name": "Acme"},
        ),
    ),
    "OpenRouter in 200": (
        200,
        told(error={"code": 403, "message": "Your input was flagged", "metadata": {"reasons": ["hate"]}}),
    ),
    "xAI": (
        403,
        told(
            code="The caller does not have permission to execute the specified operation",
            error="Content violates usage guidelines. Team: t, API key ID: k, Model: m, Failed check: SAFETY_CHECK_TYPE_BIO",
        ),
    ),
    "DeepSeek": (400, openai("Content Exists Risk", "invalid_request_error")),
    "Moonshot": (400, openai("The request was rejected because it was considered high risk", None, "content_filter")),
    "DashScope": (
        400,
        openai("Input data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed"),
    ),
    "Zhipu": (400, told(error={"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"})),
    "MiniMax": (200, told(choices=None, base_resp={"status_code": 1026, "status_msg": "input new_sensitive"})),
    "Anthropic": (
        400,
        told(
            type="error",
            error={"type": "invalid_request_error", "message": "Output blocked by content filtering policy"},
        ),
    ),
    "Cloudflare gateway": (
        424,
        told(success=False, errors=[{"code": 2016, "message": "Prompt blocked due to security configurations"}]),
    ),
    "Portkey": (446, openai("The guardrail checks failed", None, "hooks_failed")),
    "Gemini native": (200, told(promptFeedback={"blockReason": "PROHIBITED_CONTENT"}, usageMetadata={})),
    "Vertex": (400, openai("The prompt is blocked due to prohibited contents", 400)),
    "Bedrock": (400, told(message="The guardrail blocked the input", type="GuardrailIntervened")),
    "legal reasons": (451, openai("The content was blocked by our moderation", None)),
    "plain words": (403, "Request blocked by content policy"),
}
"""A policy stopped one chat."""

CONTEXT: Mapping[str, Shape] = {
    "TGI": (
        422,
        told(
            error="Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 256 "
            "`max_new_tokens`",
            error_type="validation",
        ),
    ),
    "TGI, prompt": (
        422,
        told(
            error="Input validation error: `inputs` must have less than 1024 tokens. Given: 1500",
            error_type="validation",
        ),
    ),
    "Anthropic": (
        400,
        told(
            type="error",
            error={"type": "invalid_request_error", "message": "prompt is too long: 214315 tokens > 200000 maximum"},
        ),
    ),
    "Anthropic, with the reply": (
        400,
        told(
            error={
                "type": "invalid_request_error",
                "message": "input length and `max_tokens` exceed context limit: 198000 + 8192 > 200000",
            }
        ),
    ),
    "Anthropic 413": (
        413,
        told(type="error", error={"type": "request_too_large", "message": "Request exceeds the maximum size"}),
    ),
    "LM Studio": (
        400,
        told(
            error="Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length "
            "of only 4096 tokens, which is not enough."
        ),
    ),
    "LM Studio, mid-way": (
        400,
        told(
            error="Reached context length of 4096 tokens with model (arch: m) that does not currently support mid-generation context overflow."
        ),
    ),
    "LM Studio, keep": (
        400,
        told(error="The number of tokens to keep from the initial prompt is greater than the context length."),
    ),
    "LM Studio MLX": (500, told(error="Context size has been exceeded.")),
    "vLLM": (
        400,
        told(
            object="error",
            message="This model's maximum context length is 4096 tokens. However, you requested 5256 tokens",
            code=400,
        ),
    ),
    "vLLM, the reply": (
        400,
        openai(
            "'max_tokens' or 'max_completion_tokens' is too large: 256. This model's maximum context length is 4096 tokens and your request has 4000 input tokens (256 > 4096 - 4000).",
            400,
        ),
    ),
    "vLLM's engine": (
        400,
        openai(
            "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller",
            400,
        ),
    ),
    "vLLM's engine as a 500": (
        500,
        told(message="The prompt (total length 5000) is too long to fit into the model (context length 4096)."),
    ),
    "vLLM, nothing left": (400, openai("max_tokens must be at least 1, got -904.", 400)),
    "vLLM, new": (
        400,
        openai(
            "You passed 5000 input tokens and requested 256 output tokens. However, the model's context length is only 4096 tokens",
            400,
        ),
    ),
    "SGLang": (
        400,
        told(
            object="error",
            message="Requested token count exceeds the model's maximum context length of 8192 tokens.",
            code=400,
        ),
    ),
    "llama.cpp": (
        400,
        told(
            error={
                "code": 400,
                "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 5000,
                "n_ctx": 4096,
            }
        ),
    ),
    "llama.cpp 500": (
        500,
        told(
            error={
                "code": 500,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "server_error",
            }
        ),
    ),
    "llama-cpp-python": (
        500,
        openai("Requested tokens (5000) exceed context window of 4096", None, "internal_server_error"),
    ),
    "Ollama": (400, openai("the input length exceeds the context length", None, "api_error")),
    "OpenAI": (
        400,
        openai(
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            "context_length_exceeded",
        ),
    ),
    "OpenAI, configured": (
        400,
        openai(
            "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
            "context_length_exceeded",
        ),
    ),
    "OpenAI, a string": (
        400,
        openai(
            "Invalid 'messages[1].content': string too long. Expected a string with maximum length 10485760",
            "string_above_max_length",
            param="messages[1].content",
        ),
    ),
    "OpenAI, never under the rate": (
        429,
        openai(
            "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 32000. The input or output tokens must be reduced in order to run successfully.",
            "rate_limit_exceeded",
            "tokens",
        ),
    ),
    "Groq": (
        413,
        openai(
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000",
            "rate_limit_exceeded",
            "tokens",
        ),
    ),
    "Groq, length": (400, openai("Please reduce the length of the messages or completion.", "context_length_exceeded")),
    "Mistral": (
        400,
        told(
            object="error",
            message="Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            type="invalid_request_error",
            code="3051",
        ),
    ),
    "Mistral, overall": (422, told(object="error", message="Too many tokens overall, split into more batches.")),
    "Together": (
        422,
        openai(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4000 `inputs` tokens and 256 `max_new_tokens`"
        ),
    ),
    "Fireworks": (400, openai("The prompt is too long: 135203, model maximum context length: 131071")),
    "xAI": (
        400,
        told(
            code="Client specified an invalid argument",
            error="This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        ),
    ),
    "Gemini": (
        400,
        told(
            error={
                "code": 400,
                "message": "The input token count (1300000) exceeds the maximum number of tokens allowed (1048575).",
                "status": "INVALID_ARGUMENT",
            }
        ),
    ),
    "Gemini in a list": (
        400,
        orjson.dumps(
            [
                {
                    "error": {
                        "code": 400,
                        "message": "The input token count exceeds the maximum number of tokens allowed 32768.",
                    }
                }
            ]
        ).decode(),
    ),
    "Bedrock": (400, told(message="Input is too long for requested model.")),
    "Cohere": (
        400,
        told(message="too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292."),
    ),
    "OpenRouter of another": (
        400,
        openai(
            "Provider returned error",
            400,
            metadata={
                "raw": openai("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
                "provider_name": "P",
            },
        ),
    ),
    "OpenRouter in 200": (
        200,
        told(
            error={
                "code": 400,
                "message": "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 tokens",
            }
        ),
    ),
    "LiteLLM": (
        400,
        openai(
            "litellm.ContextWindowExceededError: litellm.BadRequestError: This model's maximum context length is 100 tokens",
            "400",
        ),
    ),
    "Moonshot": (400, openai("Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)")),
    "DashScope": (400, openai("Range of input length should be [1, 30720]", "invalid_parameter_error")),
    "Zhipu": (400, told(error={"code": "1261", "message": "Prompt 超长"})),
    "MiniMax": (200, told(choices=None, base_resp={"status_code": 1039, "status_msg": "token limit"})),
    "FastChat": (400, told(object="error", message="This model's maximum context length is 2048 tokens.", code=40303)),
    "TensorRT-LLM": (
        400,
        told(message="Prompt length (5000) exceeds maximum input length (4096). Set log level to info"),
    ),
    "GitHub Models": (
        413,
        openai("Request body too large for m model. Max size: 8000 tokens.", "tokens_limit_reached"),
    ),
    "nginx": (413, page("413 Request Entity Too Large")),
    "Apache": (413, page("413 Payload Too Large")),
    "an empty 413": (413, ""),
}
"""The chat is longer than the model's context."""

OWED: Mapping[str, Shape] = {
    "OpenAI": (
        429,
        openai(
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            "insufficient_quota",
        ),
    ),
    "OpenAI, inactive": (
        429,
        openai(
            "Your account is not active, please check your billing details", "billing_not_active", "billing_not_active"
        ),
    ),
    "OpenAI, hard limit": (400, openai("Billing hard limit has been reached", "billing_hard_limit_reached")),
    "DeepSeek": (402, openai("Insufficient Balance", "invalid_request_error", "unknown_error")),
    "OpenRouter": (
        402,
        openai(
            "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 2000.",
            402,
        ),
    ),
    "OpenRouter in 200": (200, told(error={"code": 402, "message": "Insufficient credits"})),
    "OpenRouter free": (
        429,
        openai(
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", 429
        ),
    ),
    "Anthropic": (
        400,
        told(
            type="error",
            error={
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        ),
    ),
    "xAI": (
        403,
        told(
            code="Some resource has been exhausted",
            error="Your team has either used all available credits or reached its monthly spending limit.",
        ),
    ),
    "Moonshot": (
        429,
        openai(
            "Your account is suspended, please check your plan and billing details",
            None,
            "exceeded_current_quota_error",
        ),
    ),
    "Zhipu": (429, told(error={"code": "1113", "message": "余额不足或无可用资源包,请充值。"})),
    "DashScope": (
        400,
        openai("Access denied, please make sure your account is in good standing.", "Arrearage", "Arrearage"),
    ),
    "Hugging Face": (402, told(error="You have exceeded your monthly included credits for Inference Providers.")),
    "Gemini a day": (
        429,
        told(
            error={
                "code": 429,
                "message": "You exceeded your current quota",
                "details": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}, {"retryDelay": "17s"}],
            }
        ),
    ),
}
"""Nothing is left to pay with."""

SHUT: Mapping[str, Shape] = {
    "OpenAI": (401, openai("Incorrect API key provided: sk-x.", "invalid_api_key")),
    "Gemini": (
        400,
        orjson.dumps(
            [
                {
                    "error": {
                        "code": 400,
                        "message": "API key not valid. Please pass a valid API key.",
                        "status": "INVALID_ARGUMENT",
                    }
                }
            ]
        ).decode(),
    ),
    "xAI": (
        400,
        told(
            code="Client specified an invalid argument",
            error="Incorrect API key provided: xa***. You can obtain an API key from the console.",
        ),
    ),
    "account": (403, openai("Your account was disabled for violating our usage policies.", None)),
    "Groq": (400, openai("Organization has been restricted. Please reach out to support.", "organization_restricted")),
    "country": (
        403,
        openai(
            "Country, region, or territory not supported", "unsupported_country_region_territory", "request_forbidden"
        ),
    ),
    "nothing said": (403, "Forbidden"),
    "a page": (403, page("403 Forbidden")),
    "in 200": (200, told(error={"code": 401, "message": "No auth credentials found"})),
    "MiniMax": (200, told(choices=None, base_resp={"status_code": 1004, "status_msg": "login fail"})),
}
"""It is the key."""

ONE_CHAT: Mapping[str, Shape] = {
    "nothing said": (400, ""),
    "a page": (400, page("400 Bad Request")),
    "OpenRouter": (400, openai("Provider returned error", 400, metadata={"raw": "ERROR", "provider_name": "P"})),
    "characters": (400, openai("We could not parse the JSON body of your request.")),
    "content": (
        422,
        told(
            detail=[
                {
                    "type": "string_type",
                    "loc": ["body", "messages", 1, "content"],
                    "msg": "Input should be a valid string",
                    "input": "seed must be temperature",
                }
            ]
        ),
    ),
    "firewall": (
        403,
        "<html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1></html>",
    ),
    "empty": (400, openai("messages: text content blocks must be non-empty")),
    "teapot": (418, "I'm a teapot"),
}
"""Refused, and nothing says that others would be."""

SCHEMA, SEED, WARM = "backend.free_form=true", "backend.extra={seed: null}", "backend.extra={temperature: null}"
CONFIGURED: Mapping[str, tuple[int, str, str]] = {
    "model, OpenAI": (
        404,
        openai("The model `m` does not exist or you do not have access to it.", "model_not_found"),
        "backend.model",
    ),
    "model, vLLM": (
        404,
        told(object="error", message="The model `m` does not exist.", type="NotFoundError", code=404),
        "backend.model",
    ),
    "model, Ollama": (404, openai('model "m" not found, try pulling it first', None, "api_error"), "backend.model"),
    "model, LM Studio": (
        404,
        openai("No models loaded. Please load a model in the developer page", "model_not_found"),
        "backend.model",
    ),
    "model, OpenRouter": (400, openai("m is not a valid model ID", 400), "backend.model"),
    "model, project": (
        403,
        openai("Project `p` does not have access to model `m`", "model_not_found"),
        "backend.model",
    ),
    "model, Mistral": (
        400,
        told(object="error", message="Invalid model: m", type="invalid_model", code="1500"),
        "backend.model",
    ),
    "model, Groq": (
        400,
        openai("The model `m` has been decommissioned and is no longer supported.", "model_decommissioned"),
        "backend.model",
    ),
    "address": (404, told(detail="Not Found"), "backend.url"),
    "address, a page": (404, page("404 Not Found"), "backend.url"),
    "address, method": (405, told(detail="Method Not Allowed"), "backend.url"),
    "seed, Mistral": (
        422,
        told(
            detail=[
                {
                    "type": "extra_forbidden",
                    "loc": ["body", "seed"],
                    "msg": "Extra inputs are not permitted",
                    "input": 7,
                }
            ]
        ),
        SEED,
    ),
    "seed, Gemini": (
        400,
        told(
            error={
                "code": 400,
                "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
                "status": "INVALID_ARGUMENT",
            }
        ),
        SEED,
    ),
    "seed, words": (400, openai("Unrecognized request argument supplied: seed"), SEED),
    "seed, LiteLLM": (
        400,
        openai("litellm.UnsupportedParamsError: m does not support parameters: ['seed'], for model=m.", "400"),
        SEED,
    ),
    "temperature, OpenAI": (
        400,
        openai(
            "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
            "unsupported_value",
            param="temperature",
        ),
        WARM,
    ),
    "temperature, TGI": (
        422,
        told(error="Input validation error: `temperature` must be strictly positive", error_type="validation"),
        WARM,
    ),
    "temperature, words": (400, told(error="`temperature` is deprecated for this model and not supported"), WARM),
    "length, OpenAI": (
        400,
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "unsupported_parameter",
            param="max_tokens",
        ),
        "max_completion_tokens: 256",
    ),
    "length, too much": (
        400,
        openai(
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
            "invalid_value",
            param="max_tokens",
        ),
        "backend.max_tokens",
    ),
    "form, OpenAI": (
        400,
        openai(
            "Invalid schema for response_format 'decision': In context=('properties', 'score'), 'maximum' is not permitted.",
            None,
            param="response_format",
        ),
        SCHEMA,
    ),
    "form, older OpenAI": (
        400,
        openai(
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            None,
            param=None,
        ),
        SCHEMA,
    ),
    "form, DeepSeek": (400, openai("This response_format type is unavailable now: unsupported"), SCHEMA),
    "form, llama.cpp": (
        400,
        told(error={"code": 400, "message": "failed to parse grammar", "type": "invalid_request_error"}),
        SCHEMA,
    ),
    "form, vLLM": (400, openai("The provided JSON schema contains features not supported by xgrammar.", 400), SCHEMA),
    "form, pydantic": (
        422,
        told(
            detail=[
                {
                    "type": "literal_error",
                    "loc": ["body", "response_format", "type"],
                    "msg": "Input should be 'text' or 'json_object'",
                }
            ]
        ),
        SCHEMA,
    ),
    "form, LM Studio": (400, told(error="'response_format.type' must be 'json_schema' or 'text'"), SCHEMA),
    "form, not built": (
        501,
        told(
            error={"code": 501, "message": "json_schema is not supported by this server", "type": "not_supported_error"}
        ),
        SCHEMA,
    ),
}
"""Every chat would meet it: HTTP status, body, the option that the error has to name."""
UNRELATED = [name for name, (_, _, way) in CONFIGURED.items() if way != SCHEMA]

ROLES: Mapping[str, tuple[int, str, str]] = {
    "Gemma": (
        400,
        told(object="error", message="System role not supported", type="BadRequestError", code=400),
        "system",
    ),
    "Gemma, llama.cpp": (
        500,
        told(
            error={
                "code": 500,
                "message": "\n----\nWhile executing CallExpression at line 1\nError: Jinja Exception: System role not supported",
                "type": "server_error",
            }
        ),
        "system",
    ),
    "Gemma, LM Studio": (
        400,
        told(error='Error rendering prompt with jinja template: "Error: System role not supported"'),
        "system",
    ),
    "Gemma, Gemini's API": (
        400,
        told(
            error={
                "code": 400,
                "message": "Developer instruction is not enabled for models/gemma-3-27b-it",
                "status": "INVALID_ARGUMENT",
            }
        ),
        "system",
    ),
    "Mistral": (500, told(error={"code": 500, "message": "Only user and assistant roles are supported!"}), "system"),
    "Ministral": (
        500,
        told(error={"code": 500, "message": "Only user, assistant and tool roles are supported, got system."}),
        "system",
    ),
    "o1": (
        400,
        openai(
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            "unsupported_value",
            param="messages[0].role",
        ),
        "system",
    ),
    "words": (422, told(detail="system messages are not supported by this model"), "system"),
    "TGI": (
        422,
        told(
            error="Template error: invalid operation: Conversation roles must alternate user/assistant/user/assistant/... (in <string>:1)",
            error_type="template_error",
        ),
        "all",
    ),
    "Mistral, first": (400, told(message="Conversation roles must alternate user/assistant/user/assistant/..."), "all"),
    "Devstral": (
        500,
        told(
            error={
                "code": 500,
                "message": "Jinja Exception: After the optional system message, conversation roles must alternate user and assistant roles",
            }
        ),
        "runs",
    ),
    "Perplexity": (
        400,
        openai("After the (optional) system message(s), user and assistant roles should be alternating."),
        "runs",
    ),
    "Anthropic": (
        400,
        told(
            error={
                "type": "invalid_request_error",
                "message": 'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row',
            }
        ),
        "runs",
    ),
    "Mistral's API": (
        400,
        told(object="error", message="Unexpected role 'user' after role 'user'", code="3230"),
        "runs",
    ),
}
"""A chat template that takes no such order of roles, and what has to be given up: `system`, `runs` or both."""
