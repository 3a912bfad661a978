"""Options as they are told to people: key, what it takes, default, and the words below the field in its class."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from simrun.config.menus import options


class Described(NamedTuple):
    """One option."""

    key: str
    takes: str
    """Such as `int`, `full|blocks`, `[str,...]`; null stands for none."""
    default: str
    """"" where it has none, and has to be given."""
    about: str


def described(record: type[BaseModel], prefix: str = "") -> Iterator[Described]:
    """Every option of a class in the order of its fields; those of a record in a field come in its place."""
    words = _words(record)
    for name, default in options(record).items():
        field = record.model_fields[name]
        if isinstance(default, BaseModel):
            yield from described(type(default), f"{prefix}{name}.")
            continue
        told = " ".join((field.description or words.get(name, "")).split())
        yield Described(f"{prefix}{name}", _takes(field.annotation), _default(default), told)


@cache
def _words(record: type) -> Mapping[str, str]:
    """Field -> the docstring below it, in the class or the nearest of those that it is made from."""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if isinstance(base, type) and issubclass(base, BaseModel) and base is not BaseModel:
            found |= _below(base)
    return found


def _below(kind: type) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError, SyntaxError):  # a class that was made and not written
        return
    for field, after in pairwise(getattr(tree, "body", ())):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, words


def _takes(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "|".join(map(str, inner))
    if origin in (Union, UnionType):
        return "|".join(_takes(each) for each in inner)
    if annotation in (None, NoneType):
        return "null"
    if origin is not None and hasattr(annotation, "__metadata__"):
        return _takes(inner[0])
    if origin is tuple:
        return f"[{','.join(_takes(each) if each is not Ellipsis else '...' for each in inner)}]"
    if origin is not None and issubclass(origin, Mapping):
        return f"{{{_takes(inner[0])}: {_takes(inner[1])}}}" if inner else "{}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"{{{', '.join(annotation.model_fields)}}}"
    return str(getattr(annotation, "__name__", annotation))


def _default(value: Any) -> str:
    if repr(value) == "PydanticUndefined":
        return ""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return value or '""'
        case tuple() | list():
            return f"[{','.join(map(_default, value))}]"
        case Mapping():
            return f"{{{', '.join(f'{key}: {_default(each)}' for key, each in value.items())}}}"
    return str(value)
