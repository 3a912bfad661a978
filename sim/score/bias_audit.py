"""The figures of a bias audit by New York City's rules: selection and scoring rates and impact ratios, by sex, by race
or ethnicity, and by both."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.score.layout import Floats
from simrun.score.scored import Scored

SEX, RACE = "gender", "ethnicity"
"""The axes that the rules speak of as sex, and as race or ethnicity."""
TABLES = {"sex": (SEX,), "race or ethnicity": (RACE,), "sex by race or ethnicity": (SEX, RACE)}
UNKNOWN = "unknown"
FEW = 0.02
"""A category of less than this share of the data may be left out of the impact ratios."""

Names = NDArray[np.object_]


class Category(Record):
    """One category of one table."""

    setting: str
    """What else was varied, "" for nothing: each is an audit of its own."""
    table: str
    category: str
    n: int
    """Who was assessed: each person as often as played."""
    share: float
    """Of all whose category is known; of the unknown, of all."""
    selected: float | None
    """Selection rate: the mean of the decision, 0 to 1; None where nothing is decided."""
    selected_ratio: float | None
    """That rate over the highest of the table: 1 is the best off; None where it is not computed."""
    scored: float | None
    """Scoring rate: how many have a score above the median of all whose category is known."""
    scored_ratio: float | None
    few: bool
    """Below 2 % of the data, and so left out of the impact ratios."""


def categories(decision: Floats, score: Floats, names: Names) -> Iterator[dict[str, Any]]:
    """Each category of one table, and last the unknown, from (n,) decisions, scores (NaN where there is none) and names
    ("" where unknown).

    Impact ratio: a category's rate over the highest rate of the categories that are not `few`. Scoring rate: the share
    with a score above the sample's median. Source: Rules of the City of New York, title 6, sections 5-300 to 5-304,
    which implement Local Law 144 of 2021.
    """
    known = names != ""
    seen = score[known & ~np.isnan(score)]
    above = np.where(np.isnan(score), np.nan, score > (np.median(seen) if len(seen) else np.nan))
    found = [_category(decision, above, names == name, known) for name in sorted(set(names[known]))]
    for rate in ("selected", "scored"):
        best = max((each[rate] for each in found if not each["few"] and each[rate] is not None), default=None)
        for each in found:
            able = best and not each["few"] and each[rate] is not None
            each[f"{rate}_ratio"] = each[rate] / best if able else None
    for name, each in zip(sorted(set(names[known])), found, strict=True):
        yield {"category": name, **each}
    if not known.all():
        none = {"selected": None, "scored": None, "selected_ratio": None, "scored_ratio": None, "few": False}
        yield {"category": UNKNOWN, "n": int((~known).sum()), "share": float((~known).mean()), **none}


def _category(decision: Floats, above: Floats, rows: NDArray[np.bool_], known: NDArray[np.bool_]) -> dict[str, Any]:
    share = float(rows.sum() / known.sum())
    return {
        "n": int(rows.sum()),
        "share": share,
        "selected": _rate(decision[rows]),
        "scored": _rate(above[rows]),
        "few": share < FEW,
    }


def _rate(values: Floats) -> float | None:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def bias_audit(run: Scored) -> tuple[Category, ...]:
    """Every table of every setting; nothing where nobody is hired, or of nobody sex or race is known."""
    kind, about = run.outcome, run.manifest.scenario.focus()
    if not kind.hiring:
        return ()
    found: list[Category] = []
    for setting, arms in _settings(run).items():
        axes = {axis: _levels(run, about, axis, arms) for axis in (SEX, RACE)}
        decision, score = (_values(run, field, arms) for field in (kind.decision_field, kind.score_field))
        rows = ~(np.isnan(decision) & np.isnan(score))
        for table, own in TABLES.items():
            parts = [axes[axis][rows] for axis in own]
            if any((part != "").any() for part in parts) and all((part != "").any() for part in parts):
                names = _joined(parts)
                told = categories(decision[rows], score[rows], names)
                found += [Category.model_validate({"setting": setting, "table": table, **each}) for each in told]
    return tuple(found)


def _joined(parts: Sequence[Names]) -> Names:
    """The names of intersections; unknown where one of them is."""
    names = ["" if "" in each else ", ".join(each) for each in zip(*parts, strict=True)]
    return np.array(names, dtype=object)


def _settings(run: Scored) -> Mapping[str, list[str]]:
    """Arms that differ only in who is played stand together, under what else was varied."""
    found: dict[str, list[str]] = {}
    for arm, sets in run.settings.items():
        others = " ".join(f"{what}={level}" for what, level in sets.items() if what not in run.axes)
        found.setdefault(others, []).append(arm)
    return found


def _values(run: Scored, field: str, arms: Sequence[str]) -> Floats:
    """(arms x pairs,) of the episodes that finished, NaN else."""
    if not field:
        return np.full(len(arms) * len(run.layout.case), np.nan)
    parts = [np.where(run.layout.done([arm]), run.layout.table(field, [arm])[:, 0], np.nan) for arm in arms]
    return np.concatenate(parts)


def _levels(run: Scored, about: str, axis: str, arms: Sequence[str]) -> Names:
    """Who was played in each: as varied, as the run sets it, or as the case states it; "" where nothing is known."""
    fixed = run.manifest.config.roles.get(about)
    own = (fixed.persona if fixed else {}).get(axis, "")
    stated = next((each.levels for each in run.manifest.stated if each.name == f"{about}.{axis}"), {})
    cases = np.array([stated.get(case, "") for case in run.layout.cases], dtype=object)[run.layout.case]
    parts = []
    for arm in arms:
        level = run.settings[arm].get(f"{about}.{axis}", own)
        parts.append(np.full(len(cases), "" if level == "unstated" else level, dtype=object) if level else cases)
    return np.concatenate(parts)
