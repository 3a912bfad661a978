"""How servers say what is wrong, in codes and in words: they share neither, so what they have in common is looked for;
what each of them says stands in a test."""

import re


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


_SAID = (
    r"(?:\b(?:context|prompt|inputs?|sequence|session|messages?|conversation|chat)\b(?! deadline| cancel|=)|"
    r"\b(?:input|prompt|context)_(?:tokens?|length|window)|\btokens\b|\btoken (?:count|limit|length))"
)
"""What may be too long; not in `context deadline exceeded`, which is a timeout, nor in `context=...`, a place in a
schema."""
_MUCH = (
    r"(?:\bexceed\w*|\boverflow\w*|\btoo ?(?:long|large|big)\b|\b(?:longer|larger|greater) than\b|"
    r"\bover (?:the )?limit\b|\bmust (?:be <=|have less)|\bbeyond\b|\d\)? ?> ?\w*\d)"
)
CONTEXT_CODE = _pattern(
    r"context_?(length|window|size)_?exceed|exceed_context_size|request_too_large|tokens_limit_reached",
    r"string_above_max_length|input_too_long|prompt_too_long|^(40303|1261|1039)$",
)
CONTEXT = _pattern(
    rf"{_SAID}[^\n]{{0,80}}?{_MUCH}",
    r"context_(length|window|size)_exceed",
    rf"{_MUCH}[^\n]{{0,60}}?{_SAID}",
    r"max(imum)?[ _-](\w+ ){0,4}?(context|prompt|input|sequence|model)[ _-](len|tokens?|window|size|limit)",
    r"context (length|window|size)( is)?( of)?( only)? [\dk]+ tokens|reached context length",
    r"context (window )?((is )?(full|exceeded)|limit reached)|\bn_ctx\b|inputtoolong|input_ids length",
    r"tokens? (count )?[^\n]{0,60}supports? up to|maximum (input|prompt)\b",
    r"too many (input |prompt |total )?tokens|(prompt|input) length[^.\n]{0,40}should be \[",
    r"max_(completion_)?tokens must be at least \d+, got -",
    r"reduce (the length of )?(the|your) (messages|prompt|input)|tokens must be reduced",
    r"(request|payload|entity|body|content)( entity| body| content| size)?( is)? too large|超长",
)
"""How they say that a chat is too long."""
LATE = _pattern(r"deadline|time[d -]*out|queue|grpc|concurren|memory")
"""Said by a server that fails while it speaks of a chat."""
LIMIT = _pattern(r"max(_completion|_output|_new)?_tokens|maxOutputTokens")
TOO_LARGE = _pattern(r"request too large|tokens must be reduced|long context")
"""Said with a rate limit that no waiting would ever meet."""
REFUSED_CODE = _pattern(
    r"content_?(filter|policy|moderat|safety|violat)|moderation|guardrail|polic(y|ies)_?violation|_policy$|data_?inspection",
    r"^invalid_prompt$|prohibited_content|safety_(block|violation|check)|^(safety|blocklist|blacklist|spii|jailbreak)",
    r"sensitive|censor|unsafe|^rai_|^(1301|1026|1027|2016|2017)$",
)
REFUSED = _pattern(
    r"content[ _-]?(filter|polic(?!y_fallback)|moderat|management polic|safety|violat)|responsible ?ai",
    r"\bflagged\b|moderation|guardrail|jailbreak|censor|prompt (attack|injection) (was )?detected|harm categor",
    r"\bnsfw\b|\bwithheld\b|hate speech|self-harm|llama ?guard",
    r"\b(unsafe|disallowed|inappropriate)\b|sensitive (words?|content|information|material|topic)",
    r"(violat|breach)[^.\n]{0,60}(polic|guideline|terms|rules)|(usage|acceptable use|safety) (polic|guideline)",
    r"(prompt|input|content|request|response|output|message)s?\b[^.\n]{0,40}(blocked|filtered|rejected|denied)[^.\n]{0,80}"
    r"(polic|safety|filter|risk|security|harm|sensitive|prohibited)",
    r"content exists risk|considered high risk|safety (system|filter|setting|check|violation)",
    r"(harmful|prohibited) (content|material)|敏感|违规|不安全",
)
"""How they say that a policy stopped this chat."""
ACCOUNT = _pattern(
    r"(account|organi[sz]ation|project|workspace|api[ _-]?key)s?\b[^.\n]{0,60}"
    r"(disabled|deactivated|suspended|banned|terminated|restricted|not active)",
    r"(country|region|location|territory)[^.\n]{0,60}not (supported|available|allowed)",
)
"""It is whoever asks that is shut out, and not what was asked."""
AUTH_CODE = _pattern(
    r"invalid_api_key|incorrect_api_key|api_key_invalid|authentication_?error|^unauthenticated$",
    r"account_deactivated|organization_restricted|^(1004|token_expired)$",
)
AUTH = _pattern(
    r"api[ _-]?key[^.\n]{0,40}(invalid|incorrect|not valid|missing|expired|revoked|not found|required)",
    r"(invalid|incorrect|missing|no|wrong|malformed|expired)[^.\n]{0,20}\b(api[ _-]?key|access token|credentials)\b",
)
QUOTA_CODE = _pattern(
    r"insufficient_?(user_)?(quota|credit|balance|fund)|billing|payment_required|exceeded_current_quota|arrear",
    r"credit_?balance|budget_?exceeded|freetieronly|^(1113|1008)$",
)
QUOTA = _pattern(
    r"\b(insufficient|enough|no|out of|more)[ _](quota|credits?|balance|funds?|budget)\b",
    r"\b(balance|credits?|budget|funds|free trial|spend)\b[^.\n]{0,40}\b(insufficient|not enough|"
    r"exhausted|exceeded|too low|ended|reached|depleted|expired|used up|empty|negative)",
    r"used all available credit|exceeded your (current|monthly)[^.\n]{0,20}(quota|credits)|spending limit",
    r"key limit exceeded|usage limit|ExceededTokenBudget|monthly quota|can only afford|payment (required|method)",
    r"recharge|arrear|overdue[ -]payment|余额不足|欠费",
)
"""How they say that nothing is left to pay with."""
SOON = _pattern(r"per[ _-]?(min|sec|hour)|\b(RPM|TPM|RPS)\b")
"""It will be there again soon: a limit of the rate, whatever it is called."""
TODAY = re.compile(r"\b(per|a)[ -]?day\b|\bdaily\b[^.\n]{0,30}(limit|quota)|\b(TPD|RPD)\b", re.IGNORECASE)
TODAY_GEMINI = "PerDay"
"""Stands in the name of a quota, beside a delay of seconds that would not help."""
OVERLOADED = _pattern(r"rate_?limit|too_many_requests|resource_exhausted|throttl")
LOADING = _pattern(
    r"\bloading\b|still load|(is|being) (loaded|downloaded)|not (been )?loaded yet|warm(ing)?[ -]up|cold[ -]start",
    r"(is|are|still) (starting|initiali[sz]ing|waking|scaling)|scal(ing|ed?) (up|from)|not (yet )?ready",
)
BUSY = _pattern("overload|busy")
FIREWALL = _pattern(r"you have been blocked|triggered the security|security service to protect itself")
"""A page of a firewall before the server: it reads prompts, and takes some for attacks."""
NO_MODEL = _pattern(
    r"model_?not_?found|no such model|(unknown|invalid|unsupported) model|could ?n.?t find[^.\n]{0,20}model",
    r"\bmodels?\b[^\n]{0,100}(not found|not exist|n't exist|unknown\b|not (a )?valid|not available|decommissioned|"
    r"deprecated|not (been )?loaded|not served|no access|not have access)",
    r"model=[^\n]{0,100}no healthy deployments|not a valid model|multiple models are loaded",
    r"no (models? loaded|endpoints found)|not a chat model|deployment[^.\n]{0,60}(not exist|not found)",
    r"\bmodel\b [^\s]+ is not supported|not supported by any provider|access (to )?(the )?model",
)
NO_PICTURES = _pattern(
    r"(image|vision|multi-?modal)[^.\n]{0,60}(not|n't|un)[ -]?support|(not|n't) (support|accept|take)[^.\n]{0,30}image",
    r"not a multi-?modal|image_url[^\n]{0,60}(invalid|unknown|expected|not)",
)
