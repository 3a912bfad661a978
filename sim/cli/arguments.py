"""How the fields of a subcommand are written on the command line, and the usage and help that follow from them."""

import shutil
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Literal, get_origin

from pydantic.fields import FieldInfo

from simrun.cli.command import Command, Dashed, Rest, Value, Word, command, names

Form = Literal["word", "rest", "option", "flag"]
"""A plain word, key=value for Hydra, something with a value, something without."""


@dataclass(frozen=True)
class Argument:
    """One field as it is written."""

    field: str
    form: Form
    key: str
    """What tells an option or a flag from others: `out`, `--config-dir`, `--prompts`; "" for the rest."""
    shown: str
    """As in a usage: `RUN`, `key=value ...`, `out=DIR`, `--prompts`."""
    about: str
    default: Any = None
    required: bool = False
    several: bool = False

    @property
    def usage(self) -> str:
        """As in a usage, in brackets where it may be left out."""
        return self.shown if self.required else f"[{self.shown}]"

    @property
    def described(self) -> str:
        """What it is, and what it is when not given."""
        if self.default in (None, False, ()):
            return self.about
        default = ",".join(map(str, self.default)) if isinstance(self.default, tuple) else self.default
        return f"{self.about} Default: {default}."


JSON = Argument("", "flag", "--json", "--json", "One JSON object to stdout, for machines.")
SLURS = Argument(
    "", "flag", "--show-slurs", "--show-slurs", "Slurs as they were said, in what is shown and in reports; else masked."
)
EVERY = (JSON, SLURS)
"""What every subcommand takes, and every run."""


def arguments(kind: type[Command]) -> tuple[Argument, ...]:
    """What a subcommand takes: its words in order, then its options and flags."""
    each = [_argument(name, field) for name, field in kind.model_fields.items()]
    return tuple(sorted(each, key=lambda argument: argument.form != "word"))


def _argument(name: str, field: FieldInfo) -> Argument:
    form, key, shown = _written(name, field)
    return Argument(
        field=name,
        form=form,
        key=key,
        shown=shown,
        about=" ".join((field.description or "").split()),
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        required=field.is_required(),
        several=get_origin(field.annotation) is tuple,
    )


def _written(name: str, field: FieldInfo) -> tuple[Form, str, str]:
    dashed = f"--{name.replace('_', '-')}"
    match next((mark for mark in field.metadata if isinstance(mark, Word | Value | Rest)), None):
        case Word(shown):
            return "word", "", shown
        case Rest():
            return "rest", "", "key=value ..."
        case Dashed(shown, key):
            return "option", key or dashed, f"{key or dashed} {shown}"
        case Value(shown):
            return "option", name, f"{name}={shown}"
    return ("flag", dashed, dashed) if field.annotation is bool else ("option", name, f"{name}={name.upper()}")


def usage(kind: type[Command]) -> str:
    """How it is typed, in a line."""
    return " ".join(["simrun", kind.name.replace("_", " "), *(each.usage for each in (*arguments(kind), *EVERY))])


def manual(kind: type[Command]) -> str:
    """Its usage, what it does, and each of the things that it takes."""
    taken = (*arguments(kind), *EVERY)
    width = max(len(each.shown) for each in taken)
    room = max(60, shutil.get_terminal_size((120, 24)).columns)
    lines = [
        fill(each.described, room, initial_indent=f"  {each.shown:{width}}  ", subsequent_indent=" " * (width + 4))
        for each in taken
    ]
    beside = [f"usage: {usage(command(name))}" for name in names() if name.startswith(f"{kind.name}_")]
    return "\n".join([f"usage: {usage(kind)}", *beside, "", kind.about(), "", *lines])
