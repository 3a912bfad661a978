"""How many cases and repeats a paired audit needs, and what given ones can find: worked out before a token is spent."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.estimate.bounded import share_below
from simrun.estimate.paired import LEVEL
from simrun.estimate.power import ALPHA, fewest, flip_power, least_flips

SCORES = stats.norm.ppf((np.arange(64) + 0.5) / 64)
SCORES /= SCORES.std()
"""What cases are taken to differ by around their mean, in standard deviations."""


class Variances(Record):
    """Variances of the paired differences d_ij (case i, repeat j), in squared units of the outcome.

    total = between + within.
    """

    total: float
    between: float | None
    """Of the cases' own true differences; None, as `within`, where a pilot of one repeat cannot tell them apart."""
    within: float | None
    """Of the repeats of one case."""

    def of_mean(self, repeats: float) -> float:
        """Variance over cases of the mean of a case's `repeats` (math.inf: however many): between + within / repeats.

        ValueError for more than one repeat where only the total is known.
        """
        if self.between is None or self.within is None:
            if repeats != 1:
                raise ValueError(f"repeats={repeats}: only the total variance is known, which tells of repeats=1 alone")
            return self.total
        return self.between + self.within / repeats


def variances_assumed(effect: float, base: float = 0.6, icc: float = 0.3, agreement: float = 0.8) -> Variances:
    """Variances of the paired differences of a yes-or-no outcome, from three assumptions; all are shares.

    The reference arm is right with probability `base` = p, in case i with its own p_i: var(p_i) = icc p (1 - p) = icc
    v. Without an effect, the other arm gives the same answer in a share k of the cases, under the same seeds; the
    others it reads afresh, with a p_i and seeds of their own, so that 1 - agreement = 2 (1 - k) v of all pairs
    differ. `agreement` is therefore at least 1 - 2 v, that of two arms that have nothing in common. The effect then
    turns a share h = effect / q of the answers of the more frequent kind, whose rate is q = max(p, 1 - p), into the
    other kind (the rarer kind would give smaller variances). Hence
        total = (1 - h) (1 - agreement) + effect - effect^2
        between = icc [(1 - h) (1 - agreement) + h^2 v],  within = total - between.
    Arms that differ only by chance have a smaller `between` than this: then fewer cases and more repeats would do as
    well. ConfigError for an effect or an agreement that cannot be. The split into components is that of Snijders and
    Bosker 1993, doi:10.3102/10769986018003237.
    """
    v = base * (1 - base)
    noise, turned = noise_assumed(effect, base, agreement), effect / max(base, 1 - base)
    total, between = noise + effect - effect**2, icc * (noise + turned**2 * v)
    return Variances(total=total, between=between, within=total - between)


def noise_assumed(effect: float, base: float = 0.6, agreement: float = 0.8) -> float:
    """The share of pairs that differ by chance under the assumptions of variances_assumed: (1 - h) (1 - agreement).

    ConfigError for an effect or an agreement that cannot be.
    """
    room, v = max(base, 1 - base), base * (1 - base)
    if not 0 < effect < room:
        raise ConfigError(
            f"target={effect:g}: with base={base:g} a yes-or-no outcome can change by less than {room:g}; "
            "give a share, such as 0.05"
        )
    if not 1 - 2 * v <= agreement <= 1:
        raise ConfigError(
            f"agreement={agreement:g}: with base={base:g} two unrelated answers already agree in {1 - 2 * v:.3g}; "
            "give that or more, at most 1"
        )
    return (1 - effect / room) * (1 - agreement)


def variances_from_pilot(arms: Sequence[tuple[ArrayLike, ArrayLike]]) -> Variances:
    """Variances of the paired differences of a pilot, by one-way analysis of variance over cases, pooled over its arms.

    Each arm is (differences (n,), cases (n,)), one entry a pair. within = MSW and between = (MSB - MSW) / n0, at least
    0, with n0 the mean number of repeats, corrected for unequal ones: n0 = sum_arms (N - sum n_i^2 / N) / sum_arms
    (cases - 1). With one pair a case only their sum, MSB, is known. The effect of each arm is taken out; that of
    the pilot on the variances is not. ConfigError below two cases. Source: Snijders and Bosker 1993,
    doi:10.3102/10769986018003237 (the components); Atenafu et al. 2012, doi:10.1186/1471-2288-12-126 (the
    estimator).
    """
    parts = [
        _squares(np.asarray(differences, dtype=float), np.asarray(cases))
        for differences, cases in arms
        if len(np.asarray(cases))
    ]
    across, inside, cases_less_one, spare, weight = np.sum(parts, axis=0) if parts else np.zeros(5)
    if cases_less_one < 1:
        raise ConfigError("the spread over cases needs pairs of at least 2 cases")
    between_squares = float(across / cases_less_one)
    if not spare:
        return Variances(total=between_squares, between=None, within=None)
    within = float(inside / spare)
    between = max(0.0, (between_squares - within) / float(weight / cases_less_one))
    return Variances(total=between + within, between=between, within=within)


def _squares(data: NDArray[np.float64], cases: NDArray[Any]) -> tuple[float, ...]:
    """Sums of squares across and inside cases, their degrees of freedom, and what they weigh."""
    _, index = np.unique(cases, return_inverse=True)
    sizes = np.bincount(index)
    means = np.bincount(index, weights=data) / sizes
    across, inside = float(sizes @ np.square(means - data.mean())), float(np.square(data - means[index]).sum())
    return across, inside, len(sizes) - 1, len(data) - len(sizes), len(data) - float(sizes @ sizes) / len(data)


class Asked(Record):
    """What an audit must find, by the verdict that its report prints."""

    variances: Variances
    span: float | None = None
    """The greatest difference that a case can have; None for an outcome without bounds."""
    power: float = 0.8
    level: float = ALPHA
    """What p has to be: alpha over the number of comparisons, the first step of the correction."""
    noise: float | None = None
    """Of a yes-or-no outcome: the share of pairs that differ either way by chance, 0 to 1; None where it is unknown."""


def finds(ask: Asked, target: float, cases: int, repeats: float) -> bool:
    """Whether so many cases and repeats get the verdict of a difference in a share `power` of audits.

    A yes-or-no outcome with one repeat: by the law of its flips (`power.flip_power`). Else the mean over cases must
    exceed, by the t_{power} standard errors that it scatters, both what the test of its p asks for, t_{1 - level/2}
    standard errors, and what the Dirichlet bound does, for normal scores of this variance; t on cases - 1 degrees of
    freedom (Bloom 1995, doi:10.1177/0193841X9501900504). Assumed variances are taken at the target, so that it is the
    closer the nearer to it.
    """
    if cases < max(2, least_flips(ask.level)):
        return False
    if repeats == 1 and ask.noise is not None:
        return flip_power(cases, target, ask.noise, ask.level) >= ask.power
    spread = math.sqrt(ask.variances.of_mean(repeats))
    error = spread / math.sqrt(cases)
    spare = target - float(stats.t.ppf(ask.power, cases - 1)) * error
    if spare < float(stats.t.ppf(1 - ask.level / 2, cases - 1)) * error:
        return False
    if ask.span is None:
        return True
    scores = np.clip(spare + spread * SCORES, -ask.span, ask.span)
    return share_below(scores, -ask.span, 0.0, cases / len(SCORES)) <= (1 - LEVEL) / 2


def detectable_with(ask: Asked, cases: int, repeats: float) -> float | None:
    """The smallest true difference that so many cases and repeats find, in units of the outcome; None: none is."""
    most = ask.span or 1e3 * math.sqrt(ask.variances.total)
    if ask.noise is not None:
        most = min(most, 1 - ask.noise)
    if not finds(ask, most, cases, repeats):
        return None
    least = 0.0
    while most - least > 1e-5 * (ask.span or most):
        middle = (least + most) / 2
        least, most = (least, middle) if finds(ask, middle, cases, repeats) else (middle, most)
    return most


def cases_needed(ask: Asked, target: float, repeats: float) -> int | None:
    """The fewest cases that find `target`; `repeats` = math.inf: however often each is repeated. None above 100,000."""
    return fewest(lambda cases: finds(ask, target, cases, repeats), max(2, least_flips(ask.level)))


def repeats_needed(ask: Asked, target: float, cases: int) -> int | None:
    """The fewest repeats with which `cases` find `target`; None where none would, or it cannot be told."""
    if ask.variances.between is None or not finds(ask, target, cases, math.inf):
        return None
    return fewest(lambda repeats: finds(ask, target, cases, repeats), 1)


def pilot_error(cases: int) -> tuple[float, float]:
    """By what factors a true variance may differ from that of a pilot of so many cases, 95 %: least and most.

    (n - 1) / chi2 at its .975 and .025 quantiles; the number of cases needed differs as much. ValueError below 2 cases.
    Source: Browne 1995, doi:10.1002/sim.4780141709.
    """
    if cases < 2:
        raise ValueError(f"cases={cases}: a variance takes at least 2")
    freedom = cases - 1
    most, least = (float(stats.chi2.ppf(share, freedom)) for share in ((1 + LEVEL) / 2, (1 - LEVEL) / 2))
    return freedom / most, freedom / least


class Choice(Record):
    """What one number of repeats asks for."""

    repeats: int
    cases: int | None
    """Needed for the target; None where 100,000 would not do."""
    episodes: int | None
    tokens: int | None
    detectable: float | None
    """With all cases of the bank; None without a pilot."""
    affordable: int | None
    """Cases that the budget pays for, at most the bank's; None without a budget."""
    affordable_detectable: float | None
    """With as many; None below two."""


class AuditPlan(Record):
    """The answer of `simrun plan`."""

    target: float
    power: float
    outcome: str | None
    pilot: str | None
    assumed: Mapping[str, float]
    """Empty with a pilot."""
    variances: Variances
    span: float | None
    """The greatest difference that a case can have; None for an outcome without bounds."""
    level: float
    """What p has to be, at the first step of the correction for all comparisons."""
    noise: float | None
    """Share of pairs of a yes-or-no outcome that differ either way by chance; None where it is unknown."""
    arms: int
    """Compared, the reference included."""
    controls: int
    block: int | None = None
    """Arms that each case plays of these, the reference among them (`design.cross=blocks`); None: all."""
    bank: int | None
    tokens_per_episode: float | None
    tokens: float | None
    limit: int | None
    """Cases needed however many repeats; None where a pilot of one repeat cannot tell."""
    choices: tuple[Choice, ...] = ()
    cheapest: int | None = None
    """The repeats of the choice with the fewest episodes among those that the bank allows; None where none is."""
    notes: tuple[str, ...] = ()
    """What follows, in words."""

    @property
    def asked(self) -> Asked:
        """What its figures rest on."""
        return Asked(variances=self.variances, span=self.span, power=self.power, level=self.level, noise=self.noise)

    @property
    def played(self) -> int:
        """Arms that a case plays, controls included."""
        return (self.block or self.arms) + self.controls

    def meeting(self, cases: int) -> int:
        """Of so many cases, those in which an arm meets the reference: (block - 1) / (arms - 1) of them in a block."""
        return cases * (self.block - 1) // (self.arms - 1) if self.block else cases

    def holding(self, pairs: int | None) -> int | None:
        """The fewest cases of which so many hold an arm beside the reference."""
        return -(-pairs * (self.arms - 1) // (self.block - 1)) if self.block and pairs is not None else pairs


def with_choices(plan: AuditPlan, repeats: Sequence[int]) -> AuditPlan:
    """The plan with a choice for each number of repeats, and the cheapest of them."""
    choices = tuple(choice(plan, each) for each in repeats)
    allowed = [one for one in choices if one.cases is not None and (plan.bank is None or one.cases <= plan.bank)]
    cheapest = min(allowed, key=lambda one: one.episodes or 0).repeats if allowed else None
    return plan.model_copy(update={"choices": choices, "cheapest": cheapest})


def choice(plan: AuditPlan, repeats: int) -> Choice:
    """What this number of repeats asks for under a plan; its `choices` are not looked at."""
    cases = plan.holding(cases_needed(plan.asked, plan.target, repeats))
    episodes = repeats * plan.played
    each = plan.tokens_per_episode
    affordable = min(int(plan.tokens // (episodes * each)), plan.bank or sys.maxsize) if plan.tokens and each else None

    def found(given: int | None) -> float | None:
        pairs = plan.meeting(given or 0)
        return detectable_with(plan.asked, pairs, repeats) if pairs > 1 else None

    return Choice(
        repeats=repeats,
        cases=cases,
        episodes=None if cases is None else cases * episodes,
        tokens=round(cases * episodes * each) if each and cases is not None else None,
        detectable=found(plan.bank),
        affordable=affordable,
        affordable_detectable=found(affordable),
    )
