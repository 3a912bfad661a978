"""What was typed after a subcommand becomes its fields; what it does not declare is refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from simrun.cli.arguments import EVERY, Argument, arguments, usage
from simrun.cli.command import Command
from simrun.config.errors import ConfigError, explained

C = TypeVar("C", bound=Command)


def parsed(kind: type[C], given: Sequence[str]) -> C:
    """The subcommand as it was asked for; ConfigError names the first thing that is wrong, and what would do."""
    options = {each.key: each for each in arguments(kind) if each.key}
    rest = next((each.field for each in arguments(kind) if each.form == "rest"), None)
    words: list[str] = []
    values: dict[str, Any] = {}
    overrides: dict[str, str] = {}
    for key, value in _pairs(given, options):
        if not key:
            words.append(value)
        elif key in values or key in overrides:
            raise ConfigError(f"{key} is given twice, the second time as {value!r}; give it once. usage: {usage(kind)}")
        elif key in options:
            values[key] = value
        elif rest and not key.startswith("-") and (not kind.reads or key.partition(".")[0] in kind.reads):
            overrides[key] = f"{key}={value}"
        else:
            raise kind.refusal(key, [*options, *kind.reads, *(each.key for each in EVERY)])
    fields = {options[key].field: options[key].form == "flag" or value for key, value in values.items()}
    if rest and overrides:
        fields[rest] = tuple(overrides.values())
    return _checked(kind, fields | _placed(kind, words))


def _pairs(given: Sequence[str], options: Mapping[str, Argument]) -> Iterator[tuple[str, str]]:
    """Key and value of everything that was typed; "" is the key of a plain word, and the value of a flag."""
    left = iter(given)
    for typed in left:
        key, sign, value = typed.partition("=")
        known = options.get(key)
        if "/" in key or not (sign or typed.startswith("-")):  # a path may hold a sign: ./a=b.jsonl
            yield "", typed
        elif known and known.form == "flag":
            if sign:
                raise ConfigError(f"{key} takes no value, got {value!r}; write {known.shown}")
            yield key, ""
        elif known:
            value = value if sign else next(left, "")
            if not value or value.startswith("--"):
                raise ConfigError(f"{key} came without a value; write {known.shown}: {known.described}")
            yield key, value
        else:
            yield key, value


def _placed(kind: type[Command], words: Sequence[str]) -> dict[str, Any]:
    """Plain words in the fields that they are for."""
    placed: dict[str, Any] = {}
    left = list(words)
    for each in arguments(kind):
        if each.form == "word" and left:
            placed[each.field] = tuple(left) if each.several else left[0]
            left = [] if each.several else left[1:]
    if left:
        raise ConfigError(f"{kind.name} does not take {left[0]!r}; usage: {usage(kind)}")
    return placed


def _checked(kind: type[C], fields: Mapping[str, Any]) -> C:
    for each in arguments(kind):
        if each.required and each.field not in fields:
            raise ConfigError(f"{each.shown} is missing: {each.about} usage: {usage(kind)}")
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(f"{explained(error)}; simrun {kind.name} --help tells of each option") from None
