"""What a run that was played tells of the next one: the spread of its pairs, its size, its cost."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.config.errors import ConfigError, unknown
from simrun.estimate.sample_size import Variances, variances_from_pilot
from simrun.score.compared import pairs

if TYPE_CHECKING:
    from simrun.report.run import Run


class Pilot(Record):
    """What a run that was played tells of the next one."""

    run: str
    outcome: str
    variances: Variances
    span: float | None
    """The greatest value of the outcome minus the least; None when unbounded."""
    noise: float | None
    """Share of pairs of a yes-or-no outcome with one repeat that differ either way; None of others."""
    cases: int
    """Compared in the arm that has most."""
    arms: int
    controls: int
    bank: int | None
    """Cases that its scenario has; None where its file is gone."""
    tokens: float | None
    """Prompt and output tokens of a finished episode, mean over all arms; None where the backend does not count."""


def measured(run: "Run", outcome: str | None = None) -> Pilot:
    """What a pilot run tells of an outcome, its first primary one when not given; ConfigError when that is nothing."""
    manifest = run.manifests[0]
    kind = manifest.outcome
    field = outcome or manifest.primary[0]
    if field not in kind.measured():
        raise unknown("outcome", field, list(kind.measured()))
    found = _differences(run, field)
    variances = variances_from_pilot(found)
    if variances.total < 1e-12:
        raise ConfigError(
            f"pilot {run.path}: every pair came out the same in {field}, which tells nothing of its spread; "
            "play more cases, or assume"
        )
    controls = sum(1 for arm in manifest.arms if arm.control)
    return Pilot(
        run=str(run.path),
        outcome=field,
        variances=variances,
        span=bounds.high - bounds.low if (bounds := kind.span(field)) else None,
        noise=_noise(found, kind.span(field) is not None and manifest.repeats == 1),
        cases=max(len(np.unique(cases)) for _, cases in found),
        arms=len(manifest.arms) - controls,
        controls=controls,
        bank=_bank(run),
        tokens=_tokens(run),
    )


def _differences(run: "Run", field: str) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Paired differences and their cases, for each comparison of the run's report that is no control."""
    chosen = [each for each in run.manifests[0].contrasts if not each.control]
    if not chosen:
        raise ConfigError(
            f"pilot {run.path} compares no arm with its reference, only controls; give a run that varies something"
        )
    whole = [pairs(run.layout, field, each).whole() for each in chosen]
    found = [(each.difference(), each.case) for each in whole if len(each.case)]
    if max((len(np.unique(cases)) for _, cases in found), default=0) < 2:
        raise ConfigError(
            f"pilot {run.path} has {sum(len(cases) for _, cases in found)} pair(s) with a value of {field} in both "
            "arms, and needs pairs of at least 2 cases; resume it, play more cases, or leave pilot= out and assume"
        )
    return found


def _noise(found: list[tuple[NDArray[np.float64], NDArray[np.int64]]], single: bool) -> float | None:
    """Twice the rarer direction: what an effect turns all lies in the other."""
    values = np.concatenate([differences for differences, _ in found])
    if not single or not np.isin(values, (-1.0, 0.0, 1.0)).all():
        return None
    return float(2 * min((values > 0).mean(), (values < 0).mean()))


def _bank(run: "Run") -> int | None:
    try:
        return len(run.manifests[0].config.played().bank()[0])
    except (OSError, ValueError, ConfigError):
        return None  # a file of cases that was moved since; the rest of the pilot still tells


def _tokens(run: "Run") -> float | None:
    done = run.episodes[run.episodes.state == "done"]
    mean = float((done["prompt_tokens"].fillna(0) + done["output_tokens"].fillna(0)).mean())
    return mean if mean > 0 else None
