"""What the caller of an environment asks for beside the options of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from simrun.envs.rewards import Fair, Reward, accuracy

Tokenizer = Callable[[Sequence[Mapping[str, str]]], Sequence[int]]
"""Messages, each with `role` and `content` -> token ids, such as `lambda messages:
tokenizer.apply_chat_template(messages)`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Each is a keyword of every environment; all other keywords are options of the run."""

    reward: Reward | Fair = accuracy
    """What an episode pays at its end."""
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
        return cls(**{key: value for key, value in options.items() if key in own}), {
            key: value for key, value in options.items() if key not in own
        }
