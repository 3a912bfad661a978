"""Options of backends that are made of parts, such as `steer` with its `dose`: written as mappings, varied and changed
one by one, and settled once."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simrun.agents.backends.base import Backend
from simrun.agents.records import Record
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.config.options import Role


def parts(kind: type[Record]) -> dict[str, tuple[str, ...]]:
    """The options that are records themselves, and what those are made of."""
    fields = ((name, field.annotation) for name, field in kind.model_fields.items())
    return {
        name: tuple(made.model_fields) for name, made in fields if isinstance(made, type) and issubclass(made, Record)
    }


def flat(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Factors by name: {steer: {dose: [0, 1]}} is {steer.dose: [0, 1]}."""
    found: dict[str, Any] = {}
    for what, levels in factors.items():
        found |= {f"{what}.{part}": levels[part] for part in levels} if isinstance(levels, Mapping) else {what: levels}
    return found


def laid(kind: type[Record], *layers: Mapping[str, Any]) -> dict[str, Any]:
    """Options over options, part by part where one is a record; the last layer that says something counts."""
    parted, found = parts(kind), dict[str, Any]()
    for layer in layers:
        for key, value in layer.items():
            option, _, part = key.partition(".")
            told, before = {part: value} if part else value, found.get(option)
            if option in parted and isinstance(before, Mapping) and isinstance(told, Mapping):
                told = {**before, **told}
            found[option] = told
    return found


def settled(
    shared: Mapping[str, Any], roles: Mapping[str, "Role"], kind: Callable[[str], type[Backend]]
) -> dict[str, Any]:
    """The run's `backend` and `roles` with what their options name made certain; ConfigError for what is not there."""
    run, found = str(shared.get("name")), dict(roles)
    try:
        for role, own in roles.items():
            engine = kind(own.backend or run).settled(own.engine) if own.engine else own.engine
            if engine != own.engine:
                found[role] = own.model_copy(update={"engine": engine})
        return {"backend": kind(run).settled(shared), "roles": found}
    except ValueError as error:
        raise ConfigError(f"backend.{error}") from None
