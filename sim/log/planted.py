"""What scripted agents are known to have done: what a judge should find in it."""

from collections.abc import Iterator, Mapping

from simrun.agents.backends.base import Backend
from simrun.agents.backends.scripted import Rule, Scripted, fill
from simrun.agents.judges.base import Scalar, Verdict
from simrun.stage.stage import Stage

PLANTED = "planted"
"""Whose verdicts these are, in the place of a judge's name."""


def planted(backends: Mapping[str, Backend], stage: Stage) -> dict[str, Verdict]:
    """By `planted.KEY`, what each reply of the first role shows whose rules say so; {} where no rules do.

    A reply that is none of what the rules say is None.
    """
    for role, backend in backends.items():
        rules = backend.rules if isinstance(backend, Scripted) else ()
        known = {
            text: shows for rule in rules if rule.role in ("", role) for text, shows in _known(rule, stage.facts())
        }
        if known and role not in stage.judging:
            said = [each.text.strip() for each in stage.seen() if (each.role, each.kind) == (role, "turn")]
            names = dict.fromkeys(known.values())
            return {f"{PLANTED}.{name}": tuple(_shows(known.get(text), name) for text in said) for name in names}
    return {}


def _known(rule: Rule, facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for script, shows in ((rule.say, rule.shows), (rule.otherwise, rule.shows_otherwise)):
        if shows:
            yield fill(script, facts).strip(), shows


def _shows(found: str | None, name: str) -> Scalar:
    return None if found is None else found == name
