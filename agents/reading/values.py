"""What is given for a field, as the field's type has it: the ways in which people write a number, a yes, one of several
options, and an order of them."""

import re
import types
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

YES = frozenset("yes y yeah yep yup true on correct affirmative ja oui sí si sim да 是 是的 はい 네 예".split())  # noqa: SIM905
NO = frozenset("no n nope nah false off incorrect negative nein non não нет 否 不是 いいえ 아니요".split())  # noqa: SIM905
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SHORT = 200
"""Characters of the longest reply that can be nothing but an answer."""
_NUMBER = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)(?:\s?(?:/|out of|of|von|sur|de)\s?(\d{1,9})|\s?(?:points?|分))?")
_NOTHING = re.compile(
    r"\W*(?:unknown|none|null|n/?a|tbd|to be (?:determined|confirmed)|unclear|undetermined|unspecified|uncertain|"
    r"inconclusive|not (?:sure|known|clear)|no diagnosis|string)?\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:option|applicant|candidate|answer|choice|person|letter|label|number)\s+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[,;>\n→|]|\bthen\b)+\s*")
_PLACE = re.compile(r"(?:\d{1,2}(?:[.):]\s?|\s)|[-*•]\s)", re.ASCII)
WRAPPING = " \t\r\n*_`\"'“”‘’„«»「」"
"""What stands around an answer without belonging to it."""


Coercion = Callable[[Any], Any]
"""What is given -> the same as a field has it, where that is without doubt; else as it was given, to be refused by the
type itself. ValueError for what is no value of any field."""


def of(field: FieldInfo) -> Any:
    """The type of a field, None taken out of it; `int | float` as float."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        several = [each for each in get_args(kind) if each is not type(None)]
        return several[0] if len(several) == 1 else float if set(several) <= {int, float} else Any
    return kind


def coercion(field: FieldInfo) -> Coercion:
    """How what is given for a field becomes its value."""
    kind = of(field)
    if get_origin(kind) is tuple:
        options = get_args(get_args(kind)[0]) if get_origin(get_args(kind)[0]) is Literal else ()
        return (
            partial(order, options=options) if options else lambda given: (given,) if isinstance(given, str) else given
        )
    if kind in (int, float):
        return _single(partial(number, most=next((mark.le for mark in field.metadata if hasattr(mark, "le")), None)))
    if kind is bool:
        return _single(yes)
    if get_origin(kind) is Literal:
        return _single(partial(option, options=get_args(kind)))
    if kind is str:
        return partial(_words, needed=field.is_required())
    return lambda given: given


def _single(coerced: Coercion) -> Coercion:
    return lambda given: coerced(given[0] if isinstance(given, list) and len(given) == 1 else given)


def _words(given: Any, needed: bool) -> Any:
    given = given[0] if isinstance(given, list) and given else given
    if needed and (not isinstance(given, str) or _NOTHING.fullmatch(given[:SHORT])):
        raise ValueError(f"{given!r} says nothing")
    return given


def number(given: Any, most: float | None = None) -> Any:
    """A number, or text that is nothing but one: `8`, `8/10` and `8 out of ten` where 10 is the most, `eight`."""
    if isinstance(given, bool):
        raise ValueError("a number is no yes or no")
    if not isinstance(given, str):
        return given
    text = unicodedata.normalize("NFKC", given[:SHORT]).strip(WRAPPING + ".!").lower()
    text = re.sub(r"\b(?:" + "|".join(NUMBERS) + r")\b", lambda word: str(NUMBERS.index(word[0])), text)
    found = _NUMBER.fullmatch(text)
    if found is None or (found[2] and float(found[2]) != most):
        return given
    return float(found[1]) if "." in found[1] else int(found[1])


def yes(given: Any) -> Any:
    """Whether something is so, or text that is nothing but a yes or a no."""
    if isinstance(given, str):
        word = unicodedata.normalize("NFKC", given[:SHORT]).strip(WRAPPING + ".!。").casefold()
        return True if word in YES else False if word in NO else given
    return given


def option(given: Any, options: tuple[Any, ...]) -> Any:
    """The one of several options that a text names, in whatever case, number or wrapping; else what was given."""
    if not isinstance(given, str) or given in options:
        return given
    for text in (given, _LABEL.sub("", _plain(given), count=1)):
        same = [each for each in options if _plain(str(each)) == _plain(text)]
        same = same or [each for each in options if _plain(str(each)) + "s" == _plain(text) and len(str(each)) > 1]
        if len(same) == 1:
            return same[0]
    return given


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:SHORT]).casefold().replace("_", " ")
    return " ".join(text.strip(WRAPPING + ".,:;!。()[]").split())


def order(given: Any, options: tuple[Any, ...]) -> Any:
    """Options in an order, the first the best: a list of them, a text with them in a row, or places and who has them;
    one that is repeated counts where it stood first."""
    if isinstance(given, str):
        given = _row(given)
    if isinstance(given, Mapping):
        given = _placed(given)
    if not isinstance(given, list | tuple):
        return given
    return tuple(dict.fromkeys(option(_name(each), options) for each in given))


def _row(text: str) -> list[str]:
    parts = text.strip(WRAPPING + ".!。()[]")
    turned = "<" in parts
    if turned and ">" in parts:
        return [text]
    names = (parts.split("<") if turned else _BETWEEN.split(parts))[:: -1 if turned else 1]
    return [_PLACE.sub("", name.strip(), count=1) if _PLACE.match(name.strip()) else name for name in names]


def _placed(given: Mapping[str, Any]) -> Any:
    if all(str(key).strip(" .#").isdigit() for key in given):
        return [given[key] for key in sorted(given, key=lambda key: int(str(key).strip(" .#")))]
    if all(type(place) is int for place in given.values()) and len(set(given.values())) == len(given):
        return sorted(given, key=lambda key: int(given[key]))
    return given


def _name(given: Any) -> Any:
    if isinstance(given, Mapping):
        told = [
            given[key] for key in ("label", "letter", "name", "applicant", "candidate", "id", "option") if key in given
        ]
        return told[0] if told else next(iter(given.values())) if len(given) == 1 else given
    return given
