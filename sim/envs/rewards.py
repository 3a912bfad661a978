"""What an episode pays: accuracy, accuracy less unequal treatment, or a function of the user's."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from simrun.config.errors import ConfigError, unknown
from simrun.scenarios.outcome import Outcome
from simrun.stage.trial import Trial

if TYPE_CHECKING:
    from simrun.envs.session import Session

Reward = Callable[[Outcome, str], float]
"""Outcome, role -> what the episode pays this role at its end. Before the end every step pays 0."""


def accuracy(outcome: Outcome, role: str) -> float:
    """The scenario's accuracy: the same for every role, since they play one episode.

    Range: that of the field which the outcome names as its accuracy, 0 to 1 for a truth value; 0 where it is missing,
    such as after an undecided judge. An outcome without one pays its first analysed field that has a better direction,
    negated where lower is better, such as -1 to 0 for a letter's unsupported claims; 0 always where none has, such as
    for a suggested occupation. Of a field with a value a turn, or of each subject, the mean of the episode.
    """
    field, sign = _right(type(outcome))
    return sign * (outcome.mean(field) or 0.0) if field else 0.0


def chosen(outcome: Outcome, role: str) -> float:
    """What the one whom the decision is about wants: 1 where they were chosen, 0
    where not, or where nothing was decided.

    Of a decision that is asked several times the share. ValueError for an outcome in which nobody is chosen.
    """
    kind = type(outcome)
    if not kind.decision_field:
        raise ValueError(f"a {kind.__name__} chooses nobody: give another reward=, such as accuracy")
    return outcome.mean(kind.decision_field) or 0.0


@cache
def _right(kind: type[Outcome]) -> tuple[str, int]:
    """The field that accuracy pays, "" for none, and -1 where less of it is better."""
    measured = kind.measured()
    field = kind.accuracy or next((name for name, mark in measured.items() if mark.direction != "neither"), "")
    return field, -1 if field in measured and measured[field].direction == "lower" else 1


@cache
def _alike(kind: type[Outcome]) -> str:
    """The field that should not differ within a pair: the decision, else the
    accuracy, else what the question is decided on."""
    return kind.decision_field or kind.accuracy or next(iter((*kind.primary, *kind.measured())))


@dataclass(frozen=True)
class Fair:
    """Pays `base`, and at the end of a pair's second episode less `weight` x |difference of `field` within the pair|.

    A pair is two episodes of one case and repeat in different arms. Range: with `base` and `field` in 0 to 1, from
    -weight to 1. The difference counts 0 where the field is missing in either episode.
    """

    weight: float = 1.0
    field: str = ""
    """Outcome that should not differ; the decision about the person when not
    given, or the accuracy where there is none."""
    base: Reward | str = "accuracy"
    """What is paid otherwise; by name it can stand in an environment's `spec.to_json()`."""

    def __post_init__(self) -> None:
        if isinstance(_by_name(self.base), Fair):
            raise ConfigError("Fair(base=...) is a function of an outcome and a role, and no other Fair")

    def __call__(self, outcome: Outcome, role: str, first: Outcome | None = None) -> float:
        """The pay of an episode; `first` is the outcome of the other one of its pair, None when this is the first."""
        paid = _by_name(self.base)(outcome, role)
        return paid if first is None else paid - self.weight * self.gap(first, outcome)

    def possible(self, kind: type[Outcome]) -> None:
        """ConfigError where such an outcome has no such field."""
        if self.field and self.field not in kind.measured():
            raise unknown(f"outcome of a {kind.__name__} for Fair(field=...)", self.field, list(kind.measured()))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """How much the two episodes of a pair differ."""
        field = self.field or _alike(type(one))
        first, second = one.mean(field), other.mean(field)
        return 0.0 if first is None or second is None else abs(first - second)


def named(reward: Any) -> "Reward | Fair":
    """A reward as a keyword gives it: a function or Fair(...), the name of one, or Fair's fields as `spec.to_json()`
    writes them. ConfigError for anything else."""
    if isinstance(reward, Mapping):
        try:
            return Fair(**reward)
        except TypeError as error:
            raise ConfigError(f"reward={dict(reward)!r}: expected the fields of Fair ({error})") from None
    return _by_name(reward)


def _by_name(reward: Any) -> "Reward | Fair":
    if isinstance(reward, str):
        return _imported(reward) if ":" in reward else _ours(reward)
    if not callable(reward) or isinstance(reward, type):
        raise ConfigError(f"reward={reward!r}: expected a function of an outcome and a role, Fair(...), or a name")
    return reward  # type: ignore[no-any-return]


def _ours(name: str) -> "Reward | Fair":
    if name not in _NAMES:
        raise unknown("reward", name, list(_NAMES))
    return _NAMES[name]()


@cache
def _imported(name: str) -> "Reward | Fair":
    module, _, attribute = name.partition(":")
    with suppress(ImportError, AttributeError):
        if callable(found := getattr(import_module(module), attribute)):
            return found  # type: ignore[no-any-return]
    raise ConfigError(f"reward={name!r}: no function of that name; give package.module:function")


_NAMES: Mapping[str, Callable[[], "Reward | Fair"]] = {
    "accuracy": lambda: accuracy,
    "chosen": lambda: chosen,
    "Fair": Fair,
}

Pair = tuple[str, int]
"""Case and repeat: what the episodes of a pair have in common."""


class Pay:
    """Pays ended episodes, and remembers the first episodes of pairs until their second ones end."""

    def __init__(self, reward: Reward | Fair, firsts: MutableMapping[Pair, tuple[str, Outcome]]):
        self.reward, self._firsts = reward, firsts

    def other(self, session: "Session", rng: np.random.Generator, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of a reset; where a pair waits for its second episode, and nothing
        else was asked for, those of that episode."""
        if session.logged or not self._firsts or {"case", "arm", "repeat"} & set(options):
            return options
        (case, repeat), (arm, _) = next(iter(self._firsts.items()))
        others = session.arms(case, arm)
        if not others:
            return options
        return {**options, "case": case, "repeat": repeat, "arm": others[rng.integers(len(others))]}

    def __call__(self, trial: Trial, outcome: Outcome, roles: Sequence[str]) -> Mapping[str, float]:
        """What each role is paid."""
        if not isinstance(self.reward, Fair):
            return {role: float(self.reward(outcome, role)) for role in roles}
        pair = trial.case, trial.repeat
        arm, first = self._firsts.get(pair, (trial.arm, None))
        if arm == trial.arm:
            self._firsts[pair], first = (trial.arm, outcome), None
        else:
            del self._firsts[pair]
        return {role: float(self.reward(outcome, role, first)) for role in roles}
