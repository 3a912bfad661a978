"""Who judges, as a config has it: a name, a list of names, or a mapping with their options."""

from collections.abc import Mapping
from typing import Any

LABELS = "labels"
"""The option of a panel that names a file of what people said of what it judges."""
SWAPPED = 0.2
"""Share of the cases that a judge reads once more with other people in them, where a new run does not say."""


def sampled(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a user asks for, with the share of cases that judges read with other people in them: no default of the
    class, so that a run that was judged without it stays as it was judged."""
    judge = told.get("judge")
    asked = isinstance(judge, Mapping) and bool(judge.get("names"))
    return {**told, "judge": {"swap": SWAPPED, **judge}} if asked and isinstance(judge, Mapping) else dict(told)


def panel(given: Any) -> dict[str, Any]:
    """Who judges, as a mapping with `names`: a name, a list of names, or such a mapping.

    ValueError for anything else.
    """
    rest = dict(given) if isinstance(given, Mapping) else {"names": given}
    names = rest.pop("names", ())
    if not isinstance(names, str | list | tuple | None):
        raise ValueError(f"judge takes the name of a judge, or a list of names, got {names!r}")
    names = (names,) if isinstance(names, str) else tuple(names or ())
    labels = rest.get("labels")
    if not isinstance(labels, str | None):
        raise ValueError(f"judge.labels takes a file, got {labels!r}")
    if not all(isinstance(name, str) for name in names):
        raise ValueError("judge takes the name of a judge, or a list of names")
    return {**rest, "names": tuple(dict.fromkeys(names))} if names or labels else {}
