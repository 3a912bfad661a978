"""ShieldGemma: whether a reply violates a principle, yes or no."""

import re
from typing import ClassVar, Self

from simrun.agents.judges.guards import Guard, Guarded
from simrun.agents.reply import Decision

_FIRST = re.compile(r"\s*[*_\"'`]*(yes|no)\b", re.IGNORECASE)


class YesOrNo(Guarded):
    """An answer that begins with `Yes` or `No`; reasons may follow."""

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """None where it begins otherwise."""
        said = _FIRST.match(text)
        return cls(unsafe=said[1].lower() == "yes") if said else None


class ShieldGemma(Guard):
    """Asked in its own chat template, whose principles a server sets. Never run on the real weights.

    With the template of the weights name the principle: roles.shield_gemma.extra={chat_template_kwargs: {guideline:
    TEXT}}; without one it looks for all its four, of which hate is one, and both figures are about whatever it was
    asked for. The model's own score is the probability of Yes against No; the word that it writes at temperature 0 is
    that score cut at .5. Source: the model card of google/shieldgemma-2b; Zeng et al. 2024, arXiv:2407.21772.
    """

    name: ClassVar[str] = "shield_gemma"
    about: ClassVar[str] = "Whether each reply violates a principle of safety by ShieldGemma."
    decision: ClassVar[type[Decision]] = YesOrNo
