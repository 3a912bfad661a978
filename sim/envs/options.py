"""What the caller of an environment asks for beside the options of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import index
from pathlib import Path
from typing import Any, Self

from simrun.config.errors import ConfigError, unknown
from simrun.envs.rewards import Fair, Reward, accuracy, named

Tokenizer = Callable[[Sequence[Mapping[str, str]]], Sequence[int]]
"""Messages, each with `role` and `content` -> token ids, such as `lambda messages:
tokenizer.apply_chat_template(messages)`."""
RESET = ("case", "arm", "repeat")
"""What the options of a reset can fix."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Each is a keyword of every environment; all other keywords are options of the run. ConfigError for what cannot
    be."""

    reward: Reward | Fair = accuracy
    """What an episode pays at its end; also by name, such as "chosen" or "package.module:function"."""
    max_turns: int | None = None
    """What the caller may say in an episode before it is truncated."""
    tokenizer: Tokenizer | None = None
    """Then `info["tokens"]` holds token ids."""
    log: str | Path | None = None
    """A folder in which the episodes are kept as a run."""
    config_dir: str | Path | None = None
    """A folder of axes, biases and experiments of one's own."""

    @classmethod
    def apart(cls, options: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """The terms among the keywords of an environment, and the others."""
        own = {field.name for field in fields(cls)}
        terms = {key: value for key, value in options.items() if key in own}
        if (reward := terms.pop("reward", None)) is not None:
            terms["reward"] = named(reward)
        if (most := terms.get("max_turns")) is not None:
            terms["max_turns"] = whole("max_turns", most, 1, "; leave it out for no limit")
        if (tokenizer := terms.get("tokenizer")) is not None and not callable(tokenizer):
            raise ConfigError(f"tokenizer={tokenizer!r}: expected a function of messages, or None")
        return cls(**terms), {key: value for key, value in options.items() if key not in own}


def whole(name: str, value: Any, least: int, way: str = "") -> int:
    """A whole number, of Python or NumPy, as Python's. ConfigError for none, or one below the least."""
    try:
        found = least - 1 if isinstance(value, bool) else index(value)
    except TypeError:
        found = least - 1
    if found < least:
        raise ConfigError(f"{name}={value!r}: expected a whole number from {least} on{way}")
    return found


def seeded(seed: Any) -> int | None:
    """A seed as Python's whole number, None for none. ConfigError for what is no seed."""
    return None if seed is None else whole("seed", seed, 0, ", or None")


def fixed(options: Mapping[str, Any], repeats: int) -> dict[str, Any]:
    """The options of a reset, with the repeat as Python's number. ConfigError for an option that there is not, or a
    repeat that is not played."""
    for key in options:
        if key not in RESET:
            raise unknown("option of a reset", str(key), RESET)
    given = dict(options)
    if "repeat" in given and whole("repeat", given["repeat"], 0) >= repeats:
        raise ConfigError(f"no repeat {given['repeat']}: repeats={repeats} has 0 to {repeats - 1}; make it with more")
    return given | ({"repeat": index(given["repeat"])} if "repeat" in given else {})
