"""The forms of a decision for a person: what can be typed, what a typed line fills, what a page asks for."""

from collections.abc import Mapping
from typing import Any

Form = Mapping[str, Any]
"""A JSON schema: of one decision, or of several under `anyOf`."""


def options(form: Form | None) -> list[Form]:
    """The decisions that a form allows, none where any text will do."""
    return list((form or {}).get("anyOf", [form] if form else []))


def verb(option: Form) -> str:
    """The word that says which decision it is, "" where there is only one."""
    return next((str(part["const"]) for part in option.get("properties", {}).values() if "const" in part), "")


def free(option: Form) -> dict[str, Any]:
    """The fields of a decision that are to be filled."""
    return {field: part for field, part in option.get("properties", {}).items() if "const" not in part}


def fixed(option: Form) -> dict[str, Any]:
    """Those that say which it is."""
    return {field: part["const"] for field, part in option.get("properties", {}).items() if "const" in part}


def invitation(form: Form | None) -> str:
    """What can be typed, in words."""
    if not form:
        return "Say what you like."
    several = options(form)
    if len(several) == 1 and not verb(several[0]):
        return "Your answer: " + ", then ".join(f"{name(field)} ({shape(part)})" for field, part in free(form).items())
    moves = [" ".join((verb(each), *(name(field).upper() for field in list(free(each))[:1]))) for each in several]
    said = spoken(several)
    return f"You can type: {'  or  '.join(moves)}." + (
        f" A line without such a word is what you {said}." if said else ""
    )


def spoken(several: list[Form]) -> str:
    """The one verb that speaks to somebody, "" where there is none or it is not clear which."""
    speaks = [verb(each) for each in several if verb(each) in SPEAKING and len(free(each)) == 1]
    return speaks[0] if len(speaks) == 1 else ""


SPEAKING = ("ask", "say", "tell", "reply", "answer", "speak", "talk")
"""Verbs of decisions that are words to somebody."""


def chosen(form: Form | None, typed: str) -> tuple[Form, dict[str, Any]]:
    """The form that a typed line begins to fill, and what it fills of it; both empty for text that is said as it is."""
    if not form or typed.startswith("{"):
        return {}, {}
    several = options(form)
    word, _, rest = typed.partition(" ")
    for option in several:
        fields = free(option)
        if verb(option) and word.lower().strip(":") == verb(option).lower() and bool(rest.strip()) == bool(fields):
            return option, fixed(option) | (value(*next(iter(fields.items())), rest.strip()) if fields else {})
        if not verb(option) and fields and len(several) == 1:
            return option, value(*next(iter(fields.items())), typed)
    return {}, {}


def unfinished(form: Form | None, typed: str) -> str:
    """What is missing after a verb that was typed alone, "" where nothing is."""
    for option in options(form):
        if verb(option) and typed.lower().strip(":. ") == verb(option).lower() and free(option):
            return name(next(iter(free(option))))
    return ""


def strays(form: Form | None, typed: str) -> bool:
    """Whether a line fills nothing of the one form that is asked for, or names a move and nothing of it; where there
    are several, plain text may be one of them."""
    if not form or typed.startswith("{"):
        return False
    return bool(unfinished(form, typed)) or ("anyOf" not in form and not chosen(form, typed)[1])


def left(option: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a form that are not filled yet."""
    return {field: part for field, part in option.get("properties", {}).items() if field not in given} if given else {}


def value(field: str, part: Form, typed: str) -> dict[str, Any]:
    """A typed value of a field, empty where it is left out or is none of its kind."""
    if not typed:
        return {}
    match part.get("type"):
        case "integer":
            return {field: int(typed)} if typed.lstrip("-").isdigit() else {}
        case "number":
            try:
                return {field: float(typed)}
            except ValueError:
                return {}
        case "boolean":
            words = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
            return {field: words[typed.lower()]} if typed.lower() in words else {}
        case "array":
            return {field: [item.strip() for item in typed.split(",") if item.strip()]}
        case _ if known := part.get("enum"):
            by_word = {str(option).lower(): option for option in known}
            return {field: by_word[typed.lower()]} if typed.lower() in by_word else {}
        case _:
            return {field: typed}


def name(field: str) -> str:
    """A field as a person reads it."""
    return field.replace("_", " ")


def shape(part: Form) -> str:
    """What a field takes, as a person would like to read it."""
    match part.get("type"):
        case "array":
            return "several, with commas between"
        case "integer" if "minimum" in part:
            return f"{part['minimum']} to {part['maximum']}"
        case "boolean":
            return "yes or no"
        case "string":
            return " or ".join(map(str, part["enum"])) if "enum" in part else "in words"
        case kind:
            return str(part.get("const", kind))


def described(form: Form | None) -> list[dict[str, Any]]:
    """The decisions with their fields, as a page makes its form of them."""
    return [
        {
            "verb": verb(option),
            "fields": [
                {"field": field, "name": name(field), "hint": shape(part), **_kind(part)}
                for field, part in free(option).items()
            ],
        }
        for option in options(form)
    ]


def _kind(part: Form) -> dict[str, Any]:
    if part.get("type") == "boolean":
        return {"choices": ["yes", "no"]}
    return {"choices": list(map(str, part["enum"]))} if "enum" in part else {}


def filled(form: Form | None, which: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """What a page sent, as a decision: empty where a field is no value of its kind, or there is no such decision."""
    option = next((each for each in options(form) if verb(each) == which), None)
    if option is None:
        return {}
    given = dict(fixed(option))
    for field, part in free(option).items():
        told = value(field, part, str(typed.get(field, "")).strip())
        if typed.get(field, "").strip() and not told:
            return {}
        given |= told
    return given
