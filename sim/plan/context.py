"""What does not fit an engine's context is refused before the play, with the figure that would do."""

import math
from typing import TYPE_CHECKING

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.plan.casting import Casting
from simrun.scenarios.base import Turn
from simrun.stage.drive import at_once, driven

if TYPE_CHECKING:
    from simrun.plan.design import Plan

CHARACTERS = 3.2
"""Of a token, reckoned low: English prose has 4 to 5 in the tokenisers of the models in use, tables and JSON fewer."""
STEP = 1024
"""A context that would do is named as a multiple of it."""
AGAIN = 100
"""Tokens of the question by which a reply that could not be read, and that stands before it, is asked for again."""
FILLER = "word "


def check_context(plan: "Plan") -> None:
    """ConfigError where a chat may outgrow the context of the engine that is to answer it, as far as that is known.

    In a scenario that is `lengthy`, every arm's longest case is played by its script, each reply being made as long as
    the engine that gives it lets it be: no play of these options has longer prompts.
    """
    for own in plan.castings.values():
        if not own.scenario.lengthy or not any(backend.holds() for backend in own.backends.values()):
            continue
        most = longest(plan, own)
        short = [role for role in most if (held := own.backends[role].holds()) and most[role] > held[0]]
        if short:
            role = max(short, key=lambda role: most[role])
            raise ConfigError(
                f"arm {own.arm.name!r}: the {role} may be asked with up to {most[role]} tokens, reply included, which "
                f"is more than backend.context of backend={own.backends[role].name} holds; set "
                f"backend.context={STEP * math.ceil(most[role] / STEP)}, or have less read and said: fewer reviewers, "
                "rounds or phases, or a smaller backend.max_tokens"
            )


def longest(plan: "Plan", own: Casting) -> dict[str, int]:
    """Tokens of each role's longest prompt and of the reply to it, in the arm's longest case."""
    fitting = [case for case in plan.cases.values() if plan.plays(case.id, own.arm.name)]
    case = max(fitting, key=lambda case: len(case.model_dump_json()))
    stage = own.stage(case, plan.trial(case.id, own.arm.name, 0))
    rules, found = Scripted(rules=own.scenario.script), dict[str, int]()
    room = {role: (backend.holds() or (0, 0))[1] for role, backend in own.backends.items()}

    def answer(turn: Turn, chat: Chat) -> Reply:
        again = room[turn.role] + AGAIN if chat.form and own.reask else 0
        reckoned = math.ceil(len(chat.text()) / CHARACTERS) + room[turn.role] + again
        found[turn.role] = max(found.get(turn.role, 0), reckoned)
        said = Reply.of(at_once(rules.reply(chat)), turn.kinds(), chat.told)
        return lengthened(said, int(room[turn.role] * CHARACTERS))

    driven(stage, answer)
    return found


def lengthened(reply: Reply, length: int) -> Reply:
    """A reply of so many characters, whose decision, where it has one, is as long in the words that others hear."""
    more = FILLER * (max(0, length - len(reply.text)) // len(FILLER))
    decision = reply.decision
    if decision is not None:
        words = next((name for name, value in decision if isinstance(value, str)), None)
        decision = decision.model_copy(update={words: f"{getattr(decision, words)} {more}"}) if words else decision
    return reply.model_copy(update={"text": f"{reply.text} {more}", "decision": decision})
