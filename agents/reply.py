"""From the text an engine returned to what was said and decided, or why nothing was."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import ValidationError

from simrun.agents.reading.bare import bare, label, labelled, marked, sentence
from simrun.agents.reading.decisions import NONE, Read, decided, plain, whole
from simrun.agents.reading.refusal import refused
from simrun.agents.reading.thoughts import spoken, thoughts
from simrun.agents.reading.values import Coercion, coercion, of
from simrun.agents.records import Answer, Record

Problem = Literal["refused", "unreadable", "truncated"]
"""Why a reply holds no decision. All three are findings about the model, never errors of the run."""


D = TypeVar("D", bound="Decision")


class Decision(Record):
    """A reply that decides something: sampled under its JSON schema, read tolerantly without one."""

    also: ClassVar[Mapping[str, str]] = {}
    """What else people call the fields: in small letters -> the field."""
    own_form: ClassVar[bool] = False
    """It is written in a form of its own, as a model was trained to: no schema is asked for, and only `from_text` reads
    it."""

    def spoken(self) -> str:
        """What those who hear the speaker hear of this decision; "" for nothing."""
        return self.model_dump_json()

    @classmethod
    def labels(cls) -> Mapping[str, str]:
        """By what the fields are called, in small letters -> the field; the one that must be there also "answer"."""
        return _labels(cls)

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read a reply that is nothing but an answer in words, None when this is none; override for other forms."""
        if said := labelled(text, cls.labels()):
            return cls.from_json({name: sentence(value) for name, value in said.items()})
        needed = next(iter(_needed(cls)), "")
        if len(_needed(cls)) != 1 or of(cls.model_fields[needed]) is str:
            return None
        answers = (answer for answer in (bare(text), marked(text)) if answer)
        return next((made for answer in answers if (made := cls.from_json({needed: answer}))), None)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self | None:
        """Validate a decoded object; keys that this decision does not know are ignored, and what need not be there and
        is wrong is left out."""
        known, labels, given = _coercions(cls), _labels(cls), dict[str, Any]()
        for key, value in fields.items():
            name = key if key in known else labels.get(label(key))
            if name is None:
                continue
            try:
                given[name] = known[name](value)
            except ValueError:
                if cls.model_fields[name].is_required():
                    return None
        return _validated(cls, given) if given and given.keys() >= _needed(cls) else None


def _validated(kind: type[D], given: dict[str, Any]) -> D | None:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        wrong = {str(each["loc"][0]) if each["loc"] else "" for each in error.errors()}
    if not wrong <= {name for name in given if _droppable(kind, name)}:
        return None
    return kind.model_validate({name: value for name, value in given.items() if name not in wrong})


@cache
def _needed(kind: type[Decision]) -> frozenset[str]:
    """The fields that must be there."""
    return frozenset(name for name, field in kind.model_fields.items() if field.is_required())


@cache
def _labels(kind: type[Decision]) -> Mapping[str, str]:
    needed = _needed(kind)
    answer = {"answer": next(iter(needed))} if len(needed) == 1 else {}
    return {**answer, **kind.also, **{label(name): name for name in kind.model_fields}}


@cache
def _coercions(kind: type[Decision]) -> Mapping[str, Coercion]:
    return {name: coercion(field) for name, field in kind.model_fields.items()}


def _droppable(kind: type[Decision], name: str) -> bool:
    """Whether a field may fail alone: not where it must be there, nor where it says which kind this is."""
    field = kind.model_fields[name]
    return not field.is_required() and len(getattr(of(field), "__args__", ("", ""))) > 1


@cache
def form(kinds: tuple[type[Decision], ...]) -> Mapping[str, Any] | None:
    """JSON schema for a reply that must be one of `kinds`; None when any text will do."""
    if any(kind.own_form for kind in kinds):
        return None
    schemas = [_strict(kind.model_json_schema(mode="serialization")) for kind in kinds]
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0] if schemas else None


def _strict(schema: Any) -> Any:
    """Drop titles, defaults and prose: engines compile the shape, and prose would differ between versions."""
    if isinstance(schema, dict):
        noise = {"default", "description"} | ({"title"} if isinstance(schema.get("title"), str) else set())
        strict = {key: _strict(value) for key, value in schema.items() if key not in noise}
        # a field with a default may be missing in a text form; an engine that can be held to a form states all
        return strict | ({"required": list(schema["properties"])} if "properties" in schema else {})
    return [_strict(item) for item in schema] if isinstance(schema, list) else schema


class Reply(Record):
    """What somebody said: the text, the decision if one was asked for and made, or why there is none."""

    text: str
    decision: Decision | None = None
    problem: Problem | None = None
    why: str = ""
    """What was wrong with a reply that is unreadable or truncated, for whoever asks again."""
    options: Mapping[str, float] | None = None
    """Of a forced choice, how probable each option was, summing to 1; None where the engine did not tell."""
    thought: int = 0
    """Words that were thought aloud and not said; 0 where there are none, or the engine keeps them to itself."""

    @classmethod
    def of(cls, answer: Answer, kinds: Sequence[type[Decision]] = (), told: Callable[[], str] = str) -> Self:
        """Read an answer as one of `kinds`, or as free text when there are none.

        `told` gives what its chat was told (`Chat.told`): what is quoted from there is no decision.
        """
        text = spoken(answer.text)
        read = cls._of(answer, text, kinds, told)
        thought = thoughts(answer.text, text)
        return read.model_copy(update={"thought": thought}) if thought else read

    @classmethod
    def _of(cls, answer: Answer, text: str, kinds: Sequence[type[Decision]], told: Callable[[], str]) -> Self:
        """The same of what was said, without the thoughts."""
        if answer.finish == "refused":
            return cls(text=text, problem="refused")
        if not kinds:
            return cls(text=text, problem=_problem(text, answer))
        found = _read(text, kinds, told, answer.finish == "length")
        if found.decision is not None:
            return cls(text=text, decision=found.decision, options=_shares(answer.options))
        if answer.finish == "length":
            return cls(text=text, problem="truncated", why=found.why)
        if found.why == REFUSED:
            return cls(text=text, problem="refused")
        return cls(text=text, problem="unreadable", why=found.why)

    def spoken(self) -> str:
        """What the others hear: the decision in words, or the text itself."""
        return self.text.strip() if self.decision is None else self.decision.spoken()

    def chance(self, *options: str) -> float | None:
        """How probable it was that one of these options would be chosen; None where the engine did not tell."""
        return None if self.options is None else sum(self.options.get(option, 0.0) for option in options)


def _shares(weights: Mapping[str, float] | None) -> Mapping[str, float] | None:
    """Log-probabilities as probabilities that sum to 1."""
    if not weights:
        return None
    most = max(weights.values())
    chances = {option: math.exp(weight - most) for option, weight in weights.items()}
    total = sum(chances.values())
    return {option: chance / total for option, chance in chances.items()}


REFUSED = "refused"


def _problem(text: str, answer: Answer) -> Problem | None:
    if answer.finish == "length":
        return "truncated"
    if not text.strip():
        return "unreadable"
    return "refused" if refused(text, deciding=False) else None


def _read(text: str, kinds: Sequence[type[Decision]], told: Callable[[], str], cut_off: bool) -> Read:
    """A decision as an object; where there is none, and no refusal, one in words."""
    try:
        if all(kind.own_form for kind in kinds):
            made = (each for kind in kinds if (each := kind.from_text(text)) is not None)
            return Read(decision=next(made, None), why=NONE)
        found = whole(text, kinds) if cut_off else decided(text, kinds, told)
        if found.decision is not None or cut_off:
            return found
        if refused(text, deciding=True):
            return Read(why=REFUSED)
        in_words = plain(text, kinds) if "{" not in text or "\\boxed{" in text else found
        return in_words if in_words.decision is not None else found
    except Exception as error:  # whatever a decision's own reading raises: the reply is at fault, not the run
        return Read(why=f"reading it failed: {error}"[:200])
