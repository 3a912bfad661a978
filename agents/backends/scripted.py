"""Rules instead of a model: for tests, dry runs, and agents with a planted bias of known size."""

import hashlib
import json
import math
import random
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from simrun.agents.backends import choice
from simrun.agents.backends.base import Backend
from simrun.agents.records import NEVER, Answer, Chat, Record

EVERYBODY = "(?s)."
"""Regular expression that finds the group in every chat."""
Script = str | Mapping[str, Any]
"""Text, or the fields of a decision; {slots} are filled from the chat's facts (`truth`, `anchor`, ...)."""


class Rule(Record):
    """What is said, and how surely, in the chats that this rule is about. The first rule that fits speaks."""

    role: str = ""
    """Whose turn; "" for anybody's."""
    turn: int | None = None
    """Which of the role's turns, from 0; None for any."""
    when: str = ""
    """Regular expression searched in the whole chat."""
    say: Script
    chance: float = Field(1.0, ge=0, le=1)
    otherwise: Script = ""
    """Said with the remaining probability."""
    shows: str = ""
    """What a judge should find in what is said, by the name of its figure such as `biased`; "" where that is not
    known."""
    shows_otherwise: str = ""
    """The same of `otherwise`."""

    @field_validator("when")
    @classmethod
    def _expression(cls, given: str) -> str:
        try:
            re.compile(given)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return given

    def fits(self, chat: Chat, text: str) -> bool:
        """Whether this rule is about this chat."""
        return (
            self.role in ("", chat.role)
            and self.turn in (None, chat.nth)
            and (not self.when or re.search(self.when, text) is not None)
        )


class Scripted(Backend):
    """Agents that follow rules; where no rule fits, something valid is drawn from the call's seed.

    What is drawn comes from the call's seed, which the arms of a pair share: an agent without a planted bias treats
    them alike, but for the share of its calls that is `private`: those it treats alike on average.
    """

    name: ClassVar[str] = "scripted"

    rules: tuple[Rule, ...] = ()
    """What is said when; the scenario's own script when not given."""
    group: str = ""
    """Planted bias: regular expression that finds the group in a chat, for example Black."""
    effect: float = Field(0.0, ge=-1, le=1)
    """Planted bias: by how much the chance of every rule that has one falls for that group."""
    choice_logprobs: bool | None = None
    """With each decision that is a forced choice, how probable each option is by the rules, the planted bias included.
    None is: where `outcomes` asks for it."""
    private: float = Field(0.0, ge=0, le=1)
    """Share of the calls whose luck also depends on what the chat says: the arms of a pair do not share it where their
    chats differ, as those of a model do not, and so pairs differ in both directions."""

    async def reply(self, chat: Chat) -> Answer:
        """What the first fitting rule says."""
        chat = self._lucky(chat)
        text = chat.text()
        rule = next((rule for rule in self.rules if rule.fits(chat, text)), None)
        chance = self._chance(rule, text) if rule else 1.0
        said = _said(rule, chance, chat) if rule else invent(chat.form, random.Random(chat.seed))
        told = _weighed(rule, chance, chat) if self.choice_logprobs else {}
        spent = {"prompt_tokens": text.count(" ") + 1, "cached_tokens": 0, "output_tokens": len(said.split())}
        return Answer(text=said, **spent, **told)

    def _lucky(self, chat: Chat) -> Chat:
        """The chat with the seed that decides: its own, or where luck is private what seed and prompt come to."""
        if not self.private or _hashed(chat.seed, "private") / 2**31 >= self.private:
            return chat
        return chat.model_copy(update={"seed": _hashed(chat.seed, chat.digest)})

    def _chance(self, rule: Rule, text: str) -> float:
        """How probable it is that a rule's `say` is said."""
        planted = 0 < rule.chance < 1 and self.group and re.search(self.group, text)
        return rule.chance - self.effect if planted else rule.chance

    def divisible(self) -> bool:
        """Rules need no engine."""
        return True

    def identity(self) -> dict[str, Any]:
        """The planted bias is part of the identity: nobody may take these figures for a model's."""
        planted = {"planted": self.effect, "where": self.group} if self.group and self.effect else {}
        private = {"private": self.private} if self.private else {}
        return super().identity() | {"rules": len(self.rules)} | planted | private

    def note(self) -> str:
        """Says that no model was asked."""
        planted = (
            f", with a planted effect of {self.effect:g} where the chat matches {self.group!r}"
            if self.group and self.effect
            else ""
        )
        private = f"; {self.private:.0%} of its luck depends on what the chat says" if self.private else ""
        return f"Played by scripted rules, not by a language model{planted}{private}."


def _hashed(seed: int, what: str) -> int:
    """A number below 2**31 that says nothing of the seed."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\x1f{what}".encode(), digest_size=4).digest()) >> 1


def _said(rule: Rule, chance: float, chat: Chat) -> str:
    return fill(rule.say if chat.seed / 2**31 < chance else rule.otherwise, chat.facts)


def _weighed(rule: Rule | None, chance: float, chat: Chat) -> dict[str, Any]:
    """How probable each option of a forced choice is, as an answer has it."""
    asked = choice.of(chat.form)
    if asked is None:
        return {}
    chances = dict.fromkeys(asked.values, 0.0)
    if rule is None:
        chances |= _evenly((chat.form or {})["properties"][asked.field], chat.form or {})
    else:
        chance = min(max(chance, 0.0), 1.0)
        for script, share in ((rule.say, chance), (rule.otherwise, 1 - chance)):
            if share and (option := choice.taken(fill(script, chat.facts), asked)) is not None:
                chances[option] += share
    mass = sum(chances.values())
    if not mass:
        return {"unweighed": "unread"}
    logs = {option: math.log(share / mass) if share else NEVER for option, share in chances.items()}
    return {"options": logs, "mass": min(mass, 1.0)}


def _evenly(schema: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, float]:
    """How probable each option is to be invented: branches alike, and what each holds alike."""
    if several := schema.get("anyOf"):
        chances: dict[str, float] = {}
        for part in several:
            for option, share in _evenly(part, form).items():
                chances[option] = chances.get(option, 0.0) + share / len(several)
        return chances
    values = choice.values(schema, form) or ()
    return {choice.label(value): 1 / len(values) for value in values}


def fill(script: Script, facts: Mapping[str, str]) -> str:
    """A script as text, slots filled; slots without a fact stay as they are."""
    if isinstance(script, str):
        if "{" not in script:
            return script
        return re.sub(r"\{(\w+)\}", lambda slot: facts.get(slot[1], slot[0]), script)
    return json.dumps(_filled(script, facts))


def _filled(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item, facts) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, facts) for item in value]
    return fill(value, facts) if isinstance(value, str) else value


def invent(form: Mapping[str, Any] | None, rng: random.Random) -> str:
    """A valid answer drawn at random: a sentence for free text, else JSON under the schema."""
    return (
        json.dumps(_invented(form, rng, form.get("$defs", {})))
        if form
        else rng.choice(("I am not sure.", "It is as I told you.", "Please go on."))
    )


def _invented(form: Mapping[str, Any], rng: random.Random, defs: Mapping[str, Any]) -> Any:
    if "$ref" in form:
        return _invented(defs[form["$ref"].rpartition("/")[2]], rng, defs)
    if "const" in form:
        return form["const"]
    if options := form.get("enum"):
        return rng.choice(options)
    if options := form.get("anyOf"):
        return _invented(rng.choice(options), rng, defs)
    match form.get("type"):
        case "object":
            return {key: _invented(part, rng, defs) for key, part in form.get("properties", {}).items()}
        case "array":
            size = rng.randint(form.get("minItems", 0), form.get("maxItems", 3))
            return [_invented(form["items"], rng, defs) for _ in range(size)]
        case "integer":
            return rng.randint(form.get("minimum", 0), form.get("maximum", 10))
        case "number":
            return rng.uniform(form.get("minimum", 0), form.get("maximum", 1))
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case _:
            return rng.choice(("something", "nothing in particular", "the usual"))[: form.get("maxLength", 80)]
