"""How somebody decides about one applicant: in one reply, or, where choices are expected, field by field."""

from collections.abc import Generator
from typing import Any, NamedTuple

from simrun.agents.reply import Decision
from simrun.scenarios.base import Outcomes, Turn
from simrun.scenarios.choosing import Chosen, chosen, weighed
from simrun.scenarios.recruitment.decisions import HIGHEST, Assessment, Fit, Invitation

FIT = '(Say now only how well the applicant fits, as JSON: {"score": 0-10}.)'
INVITE = '(Say now only whether the applicant is invited, as JSON: {"invite": true/false}.)'


class Decided(NamedTuple):
    """What was decided about an applicant."""

    score: Chosen
    invited: Chosen
    words: str = ""
    """What was said, to whoever asks why; "" where nothing could be read."""


def said(decision: Decision | None) -> Decided:
    """What a decision says; None twice where there is none."""
    if not isinstance(decision, Assessment):
        return Decided(Chosen(None, None), Chosen(None, None))
    return Decided(Chosen(decision.score, None), Chosen(decision.invite, None), _words(decision.score, decision.invite))


def _words(score: float, invite: bool) -> str:
    return f"score: {score:g} of {HIGHEST}; invited: {'yes' if invite else 'no'}."


def apart(role: str, outcomes: Outcomes) -> Generator[Any, Any, Decided]:
    """Each field asked on its own, aside, after all that was said so far: the role does not remember it, so that
    neither field follows from what was drawn for the other."""
    asked = (Turn(role, reply=Fit, cue=FIT, private=True), Turn(role, reply=Invitation, cue=INVITE, private=True))
    fit, invitation = yield asked
    words = ""
    if isinstance(fit.decision, Fit) and isinstance(invitation.decision, Invitation):
        words = _words(fit.decision.score, invitation.decision.invite)
    return Decided(weighed(fit, "score", outcomes), chosen(invitation, "invite", outcomes, "true"), words)


def decided(role: str, cue: str, outcomes: Outcomes) -> Generator[Any, Any, Decided]:
    """Somebody's last word, which moves nothing on."""
    if outcomes != "sampled":
        return (yield from apart(role, outcomes))
    return said((yield Turn(role, reply=Assessment, cue=cue)).decision)
