"""Reviewers, authors and chairs who follow rules: what they say, and what they know of the paper in front of them."""

import re
from collections.abc import Mapping, Sequence

from simrun.agents.backends.scripted import Rule
from simrun.scenarios.peer_review.base import CHAIR
from simrun.scenarios.peer_review.forms import SCORED, Steps
from simrun.scenarios.peer_review.papers import Paper
from simrun.scenarios.peer_review.prompts import DESK, DISCUSS, OPEN, REBUT, REVISE

UNFLAWED = "There is little to object to."
"""In the place of the flaws, where a paper has none that is known."""


def asked(wordings: Sequence[str]) -> str:
    """Regular expression that finds a question in the chat of whoever is asked it, in any of its wordings."""
    return "|".join(re.escape(each.partition("{")[0]) for each in wordings)


def given(score: str, named: str = "{named}") -> dict[str, str]:
    """What a scripted reviewer hands in, before the discussion and after it: one score for everything."""
    return {"summary": "A study.", "weaknesses": named, "why": "", **dict.fromkeys(SCORED, score)}


RULES: tuple[Rule, ...] = (
    Rule(role=CHAIR, when=asked(DESK), say={"review": True, "why": ""}),
    Rule(role=CHAIR, when=asked(OPEN), say="Please compare your reviews."),
    Rule(role=CHAIR, say={"summary": "The reviews speak for themselves.", "accept": "{accept}"}),
    Rule(when=asked(REBUT), say="We thank the reviewer and have nothing to add."),
    Rule(when=asked(REVISE), say="We have made the text clearer."),
    Rule(when=asked(DISCUSS), say="I stand by my review."),
    Rule(chance=0.8, say=given("{score}"), otherwise=given("{low}")),
)
"""Competent reviewers, who now and then give a step less; a planted bias makes them do so more often."""


def known(paper: Paper, steps: Steps, bar: float) -> Mapping[str, str]:
    """What rules may say of a paper.

    `score`: what it deserves, which falls by at least a step with each further flaw of six on a scale of ten; `low`: a
    step less; `middle`, `top` and `bottom` of the scale; `accept`: whether what it deserves reaches the bar; `named`: a
    sentence that names its flaws; `hidden`: yes or no.
    """
    last = len(steps) - 1
    at = int(last * (0.1 + 0.8 * (0.5 if paper.sound is None else paper.sound)) + 0.5)
    return {
        "score": f"{steps[at]:g}",
        "low": f"{steps[max(0, at - 1)]:g}",
        "middle": f"{steps[last // 2]:g}",
        "top": f"{steps[-1]:g}",
        "bottom": f"{steps[0]:g}",
        "accept": str(steps[at] >= bar).lower(),
        "named": " ".join(paper.whats.values()) or UNFLAWED,
        "hidden": "yes" if paper.hidden else "no",
    }
