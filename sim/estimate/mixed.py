"""Linear mixed effects: a difference between arms beside crossed random effects of case, wording and name."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize, stats

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Cells, Floats
from simrun.estimate.paired import LEVEL

MOST = 1e7
"""The largest variance of a component, in units of the residual's."""
LEAST: Mapping[str, int] = {"wording": 10, "name": 50}
"""Levels from which on a factor can speak for others of its kind; of names that only one arm has, in each arm."""
SLOPE = " x arm"


class MixedEffects(Record):
    """The difference between two arms, and where the variance of the values comes from."""

    difference: float | None
    """The arm minus the reference; None where the model cannot be fitted."""
    low: float | None = None
    high: float | None = None
    error: float | None = None
    freedom: int | None = None
    """Degrees of freedom of the interval: of the units that the difference rests on."""
    only: Mapping[str, int] = {}
    """The factors of which the interval holds for the levels that were played only, and how many these are; for others
    of their kind than those it says nothing."""
    spread: float | None = None
    """Standard deviation of the difference between cases; None where it cannot be told from the residual."""
    shares: Mapping[str, float] = {}
    """Of the variance of one value, by component and `residual`; they sum to 1. Empty where the model cannot be
    fitted."""
    levels: Mapping[str, int] = {}
    """How many of each component in the model."""
    left_out: Mapping[str, str] = {}
    """Components that are not in the model, and why."""
    converged: bool = False
    reason: str = ""
    """Why there is no estimate, "" where there is one."""
    n: int


def mixed_effects(
    values: ArrayLike,
    arms: ArrayLike,
    reference: object,
    cases: ArrayLike,
    wordings: ArrayLike | None = None,
    names: ArrayLike | None = None,
    least: Mapping[str, int] = LEAST,
) -> MixedEffects:
    """The difference between an arm and the reference that is to hold for other
    cases than those drawn, and for other wordings and names where there are enough of them.

    value = mean + arm + case + case x arm + wording + wording x arm + name + name x arm + residual; all but mean and
    arm are random, independent and crossed; fitted by restricted maximum likelihood, profiled as in Bates et al. 2015,
    doi:10.18637/jss.v067.i01. Arguments are (n,), an entry an episode; `arms` has two labels. Any real number; 0 is no
    effect. Without the slope by arm of a factor that both arms have, an interval would hold for its levels only (Barr
    et al. 2013, doi:10.1016/j.jml.2012.11.001); of names that only one arm has, the names' own variance is that slope.
    The interval is a t interval, on the least of: cases less 1, the levels of each factor with a slope less 1, those of
    each factor of which each level has one arm less 2. Repeats share their case x arm effect, so they do not narrow
    it; without repeats that effect is part of the residual. Of 0/1 values it is a difference of rates.

    A factor of fewer than `least` levels cannot speak for others: its slope is left out, and where each level has one
    arm so is the factor (`left_out`, `only`); the interval then holds for the mean over these levels as the cases drew
    them, whose scatter is that of the cases or the residual.

    Ours and not statsmodels', whose MixedLM needs seconds and stops unconverged or with a wrong error where a component
    is near 0; where it converges within its bounds, the two agree (tests/test_mixed.py). ValueError for missing values,
    or unless there are two arms. Source: Baayen, Davidson and Bates 2008, doi:10.1016/j.jml.2007.12.005.
    """
    value, arm, case = (
        arrays.numbers("values", values),
        arrays.labels("arms", arms, least=2),
        arrays.labels("cases", cases),
    )
    others = {"wording": wordings, "name": names}
    given = {name: arrays.labels(f"{name}s", column) for name, column in others.items() if column is not None}
    arrays.aligned(values=value, arms=arm, cases=case, **given)
    if len(sides := np.unique(arm)) > 2:
        raise ValueError(f"arms: two are compared at a time, got {sides.tolist()}; keep the rows of two")
    side = np.where(arm == arrays.known("reference", reference, arm), -0.5, 0.5)
    return _estimated(value, side, random_effects(side, case, given, least))


@dataclass(frozen=True, slots=True)
class Crossed:
    """A random effect whose levels cross the cases."""

    codes: Cells
    """Which level, (n,)."""
    column: Floats
    """What its effect is a multiple of, (n,): ones, or the arms' contrast for a slope."""


@dataclass(frozen=True, slots=True)
class Random:
    """What is random in a model: columns within each case, and factors that cross the cases."""

    case: Cells
    within: Mapping[str, Floats]
    """`case` (ones) and `case x arm` (the arms' contrast), (n,) each."""
    crossed: Mapping[str, Crossed]
    left_out: Mapping[str, str]
    only: Mapping[str, int]

    def levels(self) -> dict[str, int]:
        """How many levels each component has."""
        return dict.fromkeys(self.within, _count(self.case)) | {
            name: _count(each.codes) for name, each in self.crossed.items()
        }


def random_effects(
    side: Floats, cases: arrays.Names, factors: Mapping[str, arrays.Names], least: Mapping[str, int] = LEAST
) -> Random:
    """The components whose variances can be told apart, and why the others are left out;
    `side` tells the arms apart, if there are two."""
    case, arm = _codes(cases), _codes(side)
    seen = {"arm": arm, "case": case, "case and arm": _crossed(case, arm)}
    left_out = {
        "case": _aliased(case, {"arm": arm}),
        "case x arm": _aliased(seen["case and arm"], {"arm": arm, "case": case}),
    }
    ones, crossed, only = np.ones(len(case)), dict[str, Crossed](), dict[str, int]()
    for name, labels in factors.items():
        codes = _codes(labels)
        if (levels := _levels(codes, arm)) < least.get(name, 2):
            only[name] = levels
        for part, by, column in ((name, codes, ones), (name + SLOPE, _crossed(codes, arm), side)):
            if part != name and left_out.get(name):  # its intercepts already are another's, or in one arm only
                break
            claims = part != name or _nested(codes, arm)
            few = _few(name, levels, least) if claims and name in only else ""
            left_out[part] = _aliased(by, seen) or few
            if not left_out[part]:
                crossed[part], seen[part.replace(SLOPE, " and arm")] = Crossed(codes, column), by
    within = {name: column for name, column in (("case", ones), ("case x arm", side)) if not left_out[name]}
    return Random(case, within, crossed, {name: why for name, why in left_out.items() if why}, only)


def _nested(codes: Cells, arm: Cells) -> bool:
    """Whether each level is in one of the two arms only."""
    return _count(arm) > 1 and _count(_crossed(codes, arm)) == _count(codes)


def _levels(codes: Cells, arm: Cells) -> int:
    """How many levels a factor has; of one whose levels have one arm each, in the arm that has fewest."""
    if not _nested(codes, arm):
        return _count(codes)
    return min(len(np.unique(codes[arm == side])) for side in np.unique(arm))


def _few(name: str, levels: int, least: Mapping[str, int]) -> str:
    return f"{levels} of them cannot speak for other {name}s: {least[name]} are needed"


def _codes(labels: NDArray[np.generic]) -> Cells:
    codes: Cells = np.unique(labels, return_inverse=True)[1]
    return codes


def _count(codes: Cells) -> int:
    return int(codes.max(initial=-1)) + 1


def _crossed(one: Cells, other: Cells) -> Cells:
    return _codes(one * _count(other) + other)


def _aliased(codes: Cells, seen: Mapping[str, Cells]) -> str:
    """Why the variance of a factor cannot be told from another's, "" where it can."""
    count = _count(codes)
    if count < 2:
        return "one level"
    same = (name for name, other in seen.items() if _count(other) == count == _count(_crossed(codes, other)))
    return next(
        (f"its levels are those of {name}" for name in same),
        "one row a level, so it is part of the residual" if count == len(codes) else "",
    )


def _freedom(side: Floats, random: Random) -> int:
    """Of what the difference rests on.

    Names that only one arm has are part of what sets the arms apart, and so are slopes: the rule of containment.
    """
    arm = _codes(side)
    cases = _count(random.case)
    bounds = [cases - 1 if cases > 1 else len(side) - 2]
    for name, each in random.crossed.items():
        if name.endswith(SLOPE) or _nested(each.codes, arm):
            bounds.append(_count(each.codes) - (1 if name.endswith(SLOPE) else 2))
    return min(bounds)


def _estimated(value: Floats, side: Floats, random: Random) -> MixedEffects:
    freedom = _freedom(side, random)
    found = (
        fit(value, np.stack([np.ones(len(value)), side], axis=1), random)
        if freedom > 0
        else "too few cases or names for an interval"
    )
    if isinstance(found, str):
        return MixedEffects(
            difference=None,
            reason=found,
            only=random.only,
            levels=random.levels(),
            left_out=random.left_out,
            n=len(value),
        )
    difference, error = float(found.fixed[1]), float(found.errors[1])
    reach, slope = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error, found.variances.get("case x arm")
    return MixedEffects(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        error=error,
        freedom=freedom,
        only=random.only,
        spread=None if slope is None else float(np.sqrt(slope)),
        shares=found.shares(),
        levels=random.levels(),
        left_out=random.left_out,
        converged=True,
        n=len(value),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model."""

    fixed: Floats
    """Fixed effects, in the order of their columns."""
    errors: Floats
    variances: Mapping[str, float]
    """By component, and `residual`."""

    def shares(self) -> dict[str, float]:
        """Of the variance of one value, by component; with arms at -1/2 and 1/2 that of a slope counts a quarter."""
        parts = {name: variance / 4 if name.endswith(SLOPE) else variance for name, variance in self.variances.items()}
        return {name: part / sum(parts.values()) for name, part in parts.items()}


def fit(value: Floats, fixed: Floats, random: Random) -> Fit | str:
    """Restricted maximum likelihood, or why it has no answer.

    `value` is (n,), `fixed` (n, columns), its first column ones.
    """
    if not len(value) or np.ptp(value) == 0:
        return "all values are the same"
    # in units of their own deviation, so that the search begins and stops alike whatever the outcome's unit
    centre, scale, names = float(value.mean()), float(value.std()), [*random.within, *random.crossed]
    model = _model((value - centre) / scale, fixed, random)
    if len(value) <= fixed.shape[1] or model.solved(np.full(len(names), MOST)).residual < 1e-6:
        return "nothing is left for a residual: the components explain every value"
    ratios = model.best()
    if ratios is None:
        return "the fit did not converge"
    found = model.solved(ratios)
    variances = {
        name: float(ratio * found.residual * scale**2)
        for name, ratio in zip([*names, "residual"], [*ratios, 1], strict=True)
    }
    effects = found.effects * scale + np.eye(fixed.shape[1])[0] * centre
    return Fit(effects, np.sqrt(np.diag(np.linalg.inv(found.information)) * found.residual) * scale, variances)


@dataclass(frozen=True, slots=True)
class Solved:
    """The model at given ratios of variance: what least squares then gives."""

    effects: Floats
    information: Floats
    """Inverse of the effects' covariance, in units of the residual variance."""
    residual: float
    determinant: float
    """Logarithm, of the values' covariance and of the information."""


@dataclass(frozen=True, slots=True)
class Model:
    """All that the likelihood needs of the data: sums of products.

    With L crossed levels, p fixed columns, C cases and w columns within.
    """

    n: int
    sizes: tuple[int, ...]
    """Levels of each crossed factor."""
    products: Floats
    """Of crossed levels, fixed columns and values: (L + p + 1, L + p + 1)."""
    within: Floats
    """Of the columns within each case: (C, w, w)."""
    between: Floats
    """Of these with all others: (C, w, L + p + 1)."""

    def solved(self, ratios: Floats) -> Solved:
        """Generalised least squares: the cases are eliminated first, each by
        itself, then the crossed levels together."""
        columns, levels = self.within.shape[1], sum(self.sizes)
        deviations, crossed = np.sqrt(ratios[:columns]), np.repeat(np.sqrt(ratios[columns:]), self.sizes)
        blocks = np.eye(columns) + deviations[:, None] * self.within * deviations
        beside = deviations[:, None] * self.between
        kept = self.products - np.tensordot(beside, np.linalg.solve(blocks, beside), axes=((0, 1), (0, 1)))
        lower = linalg.cholesky(np.eye(levels) + crossed[:, None] * kept[:levels, :levels] * crossed, lower=True)
        half = linalg.solve_triangular(lower, crossed[:, None] * kept[:levels, levels:], lower=True)
        left = kept[levels:, levels:] - half.T @ half
        effects = np.asarray(np.linalg.solve(left[:-1, :-1], left[:-1, -1]), dtype=float)
        squares = float(left[-1, -1] - left[-1, :-1] @ effects)
        logs = (
            np.linalg.slogdet(blocks)[1].sum(),
            2 * np.log(np.diag(lower)).sum(),
            np.linalg.slogdet(left[:-1, :-1])[1],
        )
        return Solved(effects, left[:-1, :-1], max(squares, 0.0) / (self.n - len(effects)), float(sum(logs)))

    def deviance(self, ratios: Floats) -> float:
        """Minus twice the restricted log likelihood, but for a constant, at the best residual variance."""
        found = self.solved(ratios)
        return found.determinant + (self.n - len(found.effects)) * float(np.log(max(found.residual, 1e-300)))

    def best(self) -> Floats | None:
        """The ratios of variance at the least deviance, None where the search found no end.

        Over deviations and by simplex: a search by gradient can end beside the optimum where a
        variance is 0, and mostly some variance is.
        """
        components = self.within.shape[1] + len(self.sizes)
        if not components:
            return np.empty(0)

        def at(deviations: Floats) -> float:
            return self.deviance(np.square(deviations))

        most, start = 500 * components, np.full(components, 0.5)
        found = optimize.minimize(at, start, method="Nelder-Mead", tol=1e-8, options={"maxfev": most, "maxiter": most})
        return np.square(found.x) if found.success else None


def _model(value: Floats, fixed: Floats, random: Random) -> Model:
    sizes = tuple(_count(each.codes) for each in random.crossed.values())
    columns = np.hstack(
        [
            *(
                np.eye(size)[each.codes] * each.column[:, None]
                for size, each in zip(sizes, random.crossed.values(), strict=True)
            ),
            fixed,
            value[:, None],
        ]
    )
    own = np.stack([*random.within.values()], axis=1) if random.within else np.empty((len(value), 0))
    order = np.argsort(random.case, kind="stable")
    starts = np.searchsorted(random.case[order], np.arange(_count(random.case)))

    def by_case(other: Floats) -> Floats:
        summed: Floats = np.add.reduceat(own[order][:, :, None] * other[order][:, None, :], starts, axis=0)
        return summed

    return Model(len(value), sizes, columns.T @ columns, by_case(own), by_case(columns))
