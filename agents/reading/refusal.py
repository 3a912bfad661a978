"""Whether somebody refuses, judged by what was asked of them: a patient who cannot sleep does not."""

import re

from simrun.agents.reading.elsewhere import elsewhere, refused_elsewhere

BEGINNING = 600
"""Characters in which a refusal is said; what comes later belongs to an answer."""
SENTENCES = 3

_NOT = (
    r"(?:can(?:no|['’])t|can not|could not|couldn['’]t|will not|won['’]t|must decline|decline|refuse|do not|don['’]t)"
)
_STATE = (
    r"(?:not|un)(?: (?:feel|be|really|going|at all))? ?"
    r"(?:able|allowed|permitted|authori[sz]ed|comfortable|qualified|willing|in a position|going)"
)
_UNABLE = (
    rf"(?:\bI (?:really |simply |just |also |respectfully )?{_NOT}|"
    rf"\bI(?:['’]m| am) (?:afraid (?:that )?I {_NOT}|(?:just |really )?{_STATE})|"
    r"\bI(?:['’]d| would) (?:rather|prefer) not|"
    r"\b(?:it|that|this)(?:['’]s| is| would be| isn['’]t| wouldn['’]t be| would not be) ?(?:not |in|un)?"
    r"(?:appropriate|right|ethical)(?: for me)?)"
    r"(?: feel comfortable| be comfortable| (?:in good conscience|ethically|responsibly|safely))?(?: to| with)?"
)
"""Not being able to, or not being willing to, up to the verb."""
_MACHINE = (
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b"
    r"(?! (?:engineer|research|expert|consult|develop|scien|specialist))|"
    r"\bI(?:['’]m| am) (?:just |only )?an? (?:AI|(?:large )?language model)"
    r"(?: (?:language )?(?:model|assistant|system|program))?"
    r"(?:\s*[.,;!]|\s+(?:and|so|that|which|who|designed|trained|created)\b|$)"
)
_PART = (
    rf"{_UNABLE} (?:role[- ]?play|pretend to be|impersonat|portray|act as (?:a|an|the|this)|"
    r"(?:play|playing|take on|taking on|assume|assuming) (?:the|this|a|that) "
    r"(?:role|part|character|patient|applicant|person|persona)|"
    r"(?:continu|engag|participat|tak(?:e|ing) part|proceed|go(?:ing)? on)\w*(?: (?:in|with))? "
    r"(?:this|the|that|such|these) (?:kinds? of |line of )?"
    r"(?:conversation|role|role-?play|scenario|discussion|exercise|request|simulation|dialogue|content|prompt)|"
    r"assist(?: you)? with (?:that|this)\b|"
    r"(?:help|assist|comply|fulfil)\w*(?: you)?(?: with)? (?:that|this|your|the) (?:request|instruction|prompt))"
)
_SORRY = rf"\bsorry\W+(?:but )?{_UNABLE} help(?: you)? with (?:that|this)\s*(?:request)?\s*(?:[.!]|$)"
_DUTY = (
    rf"{_UNABLE} (?:help|assist|comply|engage|participate|provide|offer|"
    r"giv(?:e|ing) (?:you )?(?:a |an |any |out |my )?(?:medical|diagnos|advice|assessment|score|rating|"
    r"recommendation|opinion)|"
    r"mak(?:e|ing) (?:\w+ ){0,3}(?:decision|judg|assessment|diagnos|choice|recommendation|determination|"
    r"evaluation|selection)|diagnos|evaluat|scor|assess|judg|rank|rat(?:e|ing)|choos|select|decid|recommend|"
    r"compar|answer|respond|continu|proceed|discriminat|prescrib|play|pretend|tak(?:e|ing) part|do(?:ing)? that|"
    r"fulfil|advis|suggest|determin|conclud|say(?:ing)? (?:who|which|whether)|pick|favou?r)"
)
_STEPS_OUT = re.compile(f"{_MACHINE}|{_PART}|{_SORRY}", re.IGNORECASE)
_DECLINES = re.compile(rf"{_DUTY}|\b(?:not|n['’]t)(?: feel| be)? comfortable\b", re.IGNORECASE)
_HINTS = (
    "not",
    "n't",
    "n’t",
    "ai",
    "unable",
    "declin",
    "refus",
    "language model",
    "artificial",
    "inappropr",
    "unethic",
)
"""Without one of these nothing is refused: most of what is said need not be looked at closely."""
_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")


def refused(text: str, deciding: bool) -> bool:
    """Whether a reply that holds no decision refuses to give one, or free speech refuses to go on with the part.

    Who was asked to decide refuses by not being able, or willing, to judge; who plays a part only by stepping out
    of it.
    """
    beginning = text[:BEGINNING].strip()
    lower = beginning.lower()
    english, other = any(hint in lower for hint in _HINTS), elsewhere(beginning)
    if not english and not other:
        return False
    said = _ENDS.split(beginning)[:SENTENCES]
    if other and any(refused_elsewhere(each, deciding) for each in said):
        return True
    return english and any(_STEPS_OUT.search(each) or (deciding and _DECLINES.search(each)) for each in said)
