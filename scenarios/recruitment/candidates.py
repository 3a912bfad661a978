"""Candidates whose merit is known by construction, pools of any size, and the choice of k of n."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from simrun.agents.records import Record
from simrun.scenarios.recruitment.openings import Opening

MOST_YEARS = 10
"""Years of experience beyond these add no merit; nobody in our pools has more."""
MOST_SKILL = 3


class Skill(Record):
    """Something a candidate can do, from 1 (basic) to 3 (very good)."""

    name: str
    level: int = Field(ge=1, le=MOST_SKILL)


class Position(Record):
    """A post that a candidate has held, in whole years."""

    post: str
    place: str
    years: int = Field(ge=1)


class Candidate(Record):
    """What a CV says of an applicant's qualification, and nothing of who it is."""

    id: str
    field: str
    """What a certificate or degree is in."""
    education: int = Field(ge=0, le=5)
    """0 no school leaving certificate, 1 school, 2 vocational certificate, 3 bachelor, 4 master, 5 doctorate."""
    experience: float = Field(ge=0)
    """Years in this line of work."""
    positions: tuple[Position, ...] = ()
    """The latest first."""
    skills: tuple[Skill, ...] = ()
    """In the order in which the CV names them: those that count among those that do not."""
    availability: int = Field(ge=1, le=5)
    """Days a week."""
    recommendation: bool | None
    """None where the CV says nothing of it."""


def merit(candidate: Candidate, opening: Opening) -> float:
    """What a candidate is worth to an opening, 0 to 1, by its weights over what the CV says.

    sum of weight x share of the most: education / 5, experience / 10 years (more counts as 10), points of the skills
    that count / 3 for each of them, (availability - 1) / 4, recommendation 0 or 1. Linear in each, as in FairCVtest,
    and its weights, scaled to sum to 1, were the start of ours (education .30, experience .27, languages .28,
    availability .08, recommendation .08). Source: Peña et al. 2020, arXiv:2004.07173; the factors' common scale and
    the openings' own weights are defined here.
    """
    points = sum(skill.level for skill in candidate.skills if skill.name in opening.skills)
    shares = {
        "education": candidate.education / 5,
        "experience": min(candidate.experience, MOST_YEARS) / MOST_YEARS,
        "skills": points / (MOST_SKILL * len(opening.skills)),
        "availability": (candidate.availability - 1) / 4,
        "recommendation": float(bool(candidate.recommendation)),
    }
    return sum(opening.weights[factor] * share for factor, share in shares.items())


def candidate(opening: Opening, index: int, seed: int = 0) -> Candidate:
    """The candidate at a place of an opening's pool: the same for the same three, whoever else is drawn.

    Factors are drawn apart from each other and evenly: education over the opening's range, 0 to 10 years, each skill
    that counts at 0 (not named) to 3, up to two that do not count, 1 to 5 days, recommended or not.
    """
    rng = np.random.Generator(np.random.Philox(key=_key(opening.id, index, seed)))
    low, high = opening.education
    years = int(rng.integers(0, MOST_YEARS + 1))
    return Candidate(
        id=f"{opening.id}-{index}",
        field=opening.field,
        education=int(rng.integers(low, high + 1)),
        experience=years,
        positions=_positions(opening, years, rng),
        skills=_skills(opening, rng),
        availability=int(rng.integers(1, 6)),
        recommendation=bool(rng.integers(0, 2)),
    )


def _key(opening: str, index: int, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{opening}\x1f{index}\x1f{seed}".encode(), digest_size=16).digest())


def _positions(opening: Opening, years: int, rng: np.random.Generator) -> tuple[Position, ...]:
    """The years cut at up to two places drawn among them: one to three posts."""
    cuts = (
        sorted(rng.choice(np.arange(1, years), size=min(int(rng.integers(0, 3)), years - 1), replace=False))
        if years > 1
        else []
    )
    edges = [0, *map(int, cuts), years]
    posts, places = (rng.permutation(len(kind)) for kind in (opening.posts, opening.places))
    return tuple(
        Position(
            post=opening.posts[posts[nth % len(posts)]],
            place=opening.places[places[nth % len(places)]],
            years=late - early,
        )
        for nth, (early, late) in enumerate(pairwise(edges))
        if late > early
    )


def _skills(opening: Opening, rng: np.random.Generator) -> tuple[Skill, ...]:
    count = zip(opening.skills, rng.integers(0, MOST_SKILL + 1, size=len(opening.skills)).tolist(), strict=True)
    extra = rng.permutation(len(opening.others))[: int(rng.integers(0, 3))]
    named = [Skill(name=name, level=level) for name, level in count if level]
    named += [Skill(name=opening.others[at], level=int(rng.integers(1, MOST_SKILL + 1))) for at in extra]
    return tuple(named[at] for at in rng.permutation(len(named)))


class Pool(Sequence[Candidate]):
    """Candidates for one opening, each made when asked for: a pool of any size takes no memory."""

    def __init__(self, opening: Opening, size: int, seed: int):
        self.opening, self.size, self.seed = opening, size, seed

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Candidate, ...]: ...
    def __getitem__(self, index: int | slice) -> Candidate | tuple[Candidate, ...]:
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(self.size)))
        if not -self.size <= index < self.size:
            raise IndexError(f"a pool of {self.size} has no candidate {index}")
        return candidate(self.opening, index % self.size, self.seed)

    def __iter__(self) -> Iterator[Candidate]:
        return (candidate(self.opening, at, self.seed) for at in range(self.size))

    def merits(self) -> NDArray[np.float64]:
        """The merit of each, in order."""
        return np.fromiter((merit(each, self.opening) for each in self), dtype=float, count=self.size)


def pool(opening: Opening, size: int, rng: np.random.Generator) -> Pool:
    """A pool of this size; `rng` draws the one number that its candidates follow from. ValueError below one
    candidate."""
    if size < 1:
        raise ValueError(f"a pool of {size} candidates is none; give a size of at least 1")
    return Pool(opening, size, int(rng.integers(2**31)))


def select(scores: ArrayLike, k: int, ties: np.random.Generator) -> tuple[int, ...]:
    """Who is chosen: the places of the k highest of n scores, the highest first; ties are broken by lot.

    Their order is drawn from `ties` for all n before the scores are looked at, so that it is the same in the arms of a
    pair. Metrics share ties by expectation (simrun.estimate.ranking.chances): of scores without ties both choose the
    same. What the choice costs is `lost`. ValueError unless 1 <= k <= n, or where a score is missing.
    """
    given: NDArray[np.float64] = np.asarray(scores, dtype=float)
    if not np.isfinite(given).all():
        raise ValueError(
            f"{int((~np.isfinite(given)).sum())} of {len(given)} scores are missing; who was not scored cannot be "
            "ranked"
        )
    if not 1 <= k <= len(given):
        raise ValueError(f"k must be from 1 to the {len(given)} there are, got {k}")
    order = ties.permutation(len(given))
    return tuple(int(at) for at in np.lexsort((order, -given))[:k])


def lost(merits: ArrayLike, chosen: Sequence[int]) -> float:
    """Mean merit that a choice gives away: of the k best less that of the chosen; 0 is best, in the unit of merit.

    The same as the metric merit_loss where scores have no ties, here of the choice itself. ValueError where nobody
    is chosen.
    """
    worth: NDArray[np.float64] = np.asarray(merits, dtype=float)
    if not chosen:
        raise ValueError("nobody was chosen; the merit of no choice is not defined")
    best = np.sort(worth)[::-1][: len(chosen)]
    return float(best.mean() - worth[list(chosen)].mean())
