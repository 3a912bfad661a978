"""A form answered out of scores of people: how those fill it who score and do not speak."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simrun.agents.records import Record


class Unanswerable(ValueError):
    """A form that no score of anybody fills."""


def asks(form: Mapping[str, Any] | None) -> tuple[bool, bool]:
    """Whether a form asks for the score of one person, and whether for those of several."""
    fields = (form or {}).get("properties", {}).values()
    return any(each.get("type") in ONE for each in fields), any(_labels(each) for each in fields)


def _labels(schema: Mapping[str, Any]) -> bool:
    return "enum" in schema or "enum" in schema.get("items", {})


ONE = ("number", "integer", "boolean")
"""Types of a field that the score of one person fills."""


def rising(scale: tuple[float, float], what: str) -> None:
    """ValueError where the first of two scores is not the lower one."""
    if scale[0] >= scale[1]:
        raise ValueError(f"scale: the lower {what} first, got {scale[0]:g} and {scale[1]:g}")


class Filling(Record):
    """How scores become numbers, and from which on the answer is yes."""

    scale: tuple[float, float] = (0.0, 1.0)
    """The scores that become the least and the greatest number of a form."""
    bar: float | None = None
    """None: nobody can say yes or no."""

    def fill(self, form: Mapping[str, Any] | None, one: float | None, several: Mapping[str, float]) -> dict[str, Any]:
        """Each field of a form: a number is the score of the `one` person, yes or no whether it reaches the bar; a
        choice among `several`, by label, is the one of the highest score, an order is theirs from the highest down,
        equal ones by label, and so many of several are the first of it. Unanswerable for anything else."""
        fields = (form or {}).get("properties", {})
        return {name: self._field(schema, one, several) for name, schema in fields.items()}

    def _field(self, schema: Mapping[str, Any], one: float | None, several: Mapping[str, float]) -> Any:
        match schema:
            case {"type": "number" | "integer" as kind} if one is not None:
                number = self._scaled(one, schema)
                return round(number) if kind == "integer" else number
            case {"type": "boolean"} if one is not None and self.bar is not None:
                return one >= self.bar
            case {"enum": list(labels)}:
                return _order(several, labels)[0]
            case {"type": "array", "items": {"enum": list(labels)}}:
                return _order(several, labels)[: schema.get("maxItems")]
            case _:
                raise Unanswerable(
                    f"it answers with numbers, yes or no, and labels of people, not with {json.dumps(dict(schema))}"
                )

    def _scaled(self, score: float, schema: Mapping[str, Any]) -> float:
        """The score as a number of the form; as it is where the form has no bounds."""
        if "minimum" not in schema or "maximum" not in schema:
            return score
        low, high = self.scale
        share = min(max((score - low) / (high - low), 0.0), 1.0)
        return float(schema["minimum"] + share * (schema["maximum"] - schema["minimum"]))


def _order(scores: Mapping[str, float], labels: Sequence[str]) -> list[str]:
    """The labels from the highest score to the lowest; Unanswerable where they are not people of the text."""
    if missing := set(labels) - set(scores):
        raise Unanswerable(f"no CV is headed {', '.join(sorted(missing))}; it chooses among people whose CVs it reads")
    return sorted(labels, key=lambda label: (-scores[label], label))
