"""Audits of peer review with a planted prestige bias, played in memory: reviewers follow rules, and so do chairs.

Half of the luck is private to an arm (`backend.private=0.5`), so that pairs differ in both directions, as with a model.
What is true of each audit is computed here, from binomial chances, and not by the code that decides about papers.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import unlogged
from shares import alarm, alarming, covering, holds, most, sure

from simrun.agents.records import Chat
from simrun.plan.design import Plan
from simrun.scenarios.base import Turn
from simrun.scenarios.peer_review.base import CHAIR, REVIEWER
from simrun.scenarios.peer_review.papers import Paper
from simrun.scenarios.peer_review.review import ReviewMode
from simrun.scenarios.peer_review.venues import Venue
from simrun.score.contrasts import ContrastResult
from simrun.stage.trial import Trial

LEVELS = ("unknown", "famous", "middling")
"""Of the author's affiliation: the reference, that of the planted gap, and one that is treated as the reference."""
GROUP = "world renown"
"""What a reviewer who prefers famous authors must read."""
SCORE, ACCEPTED = "score", "accepted"
OTHERS_SCORE, OTHERS_ACCEPTED = "others_score", "others_accepted"
OWN = "paper-1"
"""The paper that the audit is about."""
REVIEWERS, FULL = 3, 0.8
"""Of a paper; and the chance that a reviewer gives what it deserves where nothing is planted, and not a step less."""
DESERVED = {0: 9, 2: 7, 4: 4, 5: 3}
"""By how many of its six elements are flawed, what a paper deserves, 1 to 10."""
BAR = 7.0
"""The mean score from which a single paper is accepted: of middle quality, where all give it what it deserves."""
VENUE, RATE, PLACES = 10, 0.3, 3
"""Papers of a venue, the share that is accepted, and how many these are."""
LARGE, ALL, FOUND = 0.15, 60, 0.9
"""In how many of the audits of all papers of ours the larger gap should be found."""


@dataclass(frozen=True)
class Review:
    """What is planted."""

    gap: float = 0.0
    """By how many points a famous author's paper is given more, on average."""
    cases: int = 20
    papers: int = 1
    """Of a venue: one is decided about by the bar, several by their rank at the exact rate."""
    phases: str = "reviews"
    """reviews (and the decision), or all five."""
    blind: str = "single"
    version: str = "original"
    private: float = 0.5
    """Share of the luck that the arms of a pair do not share."""

    @property
    def seen(self) -> float:
        """The gap that reviewers can have: none where they do not know the author."""
        return self.gap if self.blind == "single" or self.version == "identified" else 0.0


STEP = 1
"""Points by which a review can be moved, and so a paper's mean: what is declared as the largest effect of a case."""


def planned_run(review: Review, seed: int) -> Plan:
    """A run as it is asked for on the command line."""
    deciding = {"decide": "rate", "rate": RATE} if review.papers > 1 else {"threshold": BAR}
    phases = {} if review.phases == "all" else {"rebuttal": False, "rounds": 0, "meta": False}
    who = {"blind": review.blind, "version": review.version, "papers": review.papers, "reviewers": REVIEWERS}
    return unlogged.asked(
        {
            "scenario": {"name": "peer_review", **who, **deciding, **phases},
            # a rule is followed the less surely the larger the effect: here more surely
            "backend": {"name": "scripted", "private": review.private, "group": GROUP, "effect": -review.gap},
            "vary": {"author": {"affiliation": LEVELS}},
            "design": {"controls": (), "largest_case_effect": {SCORE: STEP}},
            "cases": review.cases,
            "seed": seed,
        }
    )


def chances(deserved: int, full: float) -> dict[int, float]:
    """What three reviewers give a paper in all -> how probable that is."""
    least = REVIEWERS * (deserved - 1)
    return {
        least + whole: comb(REVIEWERS, whole) * full**whole * (1 - full) ** (REVIEWERS - whole)
        for whole in range(REVIEWERS + 1)
    }


def over_the_bar(deserved: int, full: float) -> float:
    """How probable it is that a paper's mean score reaches the bar."""
    return sum(chance for given, chance in chances(deserved, full).items() if given >= REVIEWERS * BAR)


def among_the_best(deserved: int, full: float, others: Sequence[int], places: int) -> float:
    """How probable it is that a paper is among the best of a venue, whose others deserve so much; ties by lot."""
    return sum(
        chance * _placed(given, tuple(sorted(others)), places) for given, chance in chances(deserved, full).items()
    )


@cache
def _placed(given: int, others: tuple[int, ...], places: int) -> float:
    """The same of a paper that was given so much: by how many are above it and how many beside it."""
    ranks: Mapping[tuple[int, int], float] = {(0, 0): 1.0}
    for other in others:
        after: dict[tuple[int, int], float] = defaultdict(float)
        for (above, beside), chance in ranks.items():
            for theirs, share in chances(other, FULL).items():
                after[above + (theirs > given), beside + (theirs == given)] += chance * share
        ranks = after
    return sum(chance * min(max(places - above, 0) / (beside + 1), 1) for (above, beside), chance in ranks.items())


def accepted(venue: Venue, full: float) -> float:
    """How probable it is that the first paper of a venue is accepted."""
    first, *others = (deserved(paper) for paper in venue.papers)
    if not others:
        return over_the_bar(first, full)
    return among_the_best(first, full, others, PLACES)


def deserved(paper: Paper) -> int:
    """What a paper deserves."""
    return DESERVED[len(paper.flaws)]


@cache
def acceptance_gap(gap: float, papers: int) -> float:
    """By how much oftener a famous author's paper is accepted, over all papers of ours."""
    venues, _ = ReviewMode(papers=papers).bank()
    own = [venue for venue in venues if isinstance(venue, Venue)]
    return float(np.mean([accepted(venue, FULL + gap) - accepted(venue, FULL) for venue in own]))


def truths(review: Review) -> dict[str, float]:
    """Famous less unknown, by outcome."""
    more = acceptance_gap(review.seen, review.papers)
    own = {SCORE: review.seen, ACCEPTED: more}
    # the places are fixed: what the paper gains the others lose
    beside = {OTHERS_SCORE: 0.0, OTHERS_ACCEPTED: 0.0 - more / (review.papers - 1)} if review.papers > 1 else {}
    return own | beside


class Prompts:
    """The digests of what those who judge a paper were asked, by case, seat and turn, in each arm."""

    def __init__(self) -> None:
        self.digests: dict[tuple[str, str, str, int], set[str]] = defaultdict(set)

    def heard(self, trial: Trial, turn: Turn, chat: Chat) -> None:
        """One more."""
        if turn.role.partition("_")[0] in (REVIEWER, CHAIR):
            self.digests[trial.case, turn.role, turn.chat, chat.nth].add(chat.digest)

    def same(self, own: bool) -> float:
        """The share that is the same in all arms, of those about the author's paper or the others; NaN of none."""
        told = [len(arms) == 1 for (*_, paper, _), arms in self.digests.items() if (paper == OWN) == own]
        return float(np.mean(told)) if told else np.nan


def audit(review: Review, seed: int) -> dict[str, float]:
    """One audit against the truth; NaN for what is not asked of it."""
    prompts, true = Prompts(), truths(review)
    told = unlogged.compared(planned_run(review, seed), heard=prompts.heard)
    famous, middling = (
        {each.outcome: each for each in told.contrasts if each.arm == f"author.affiliation={level}"}
        for level in LEVELS[1:]
    )
    null = not review.seen
    primary = [by[name] for by in (middling, famous)[: 1 + null] for name in (SCORE, ACCEPTED)]
    secondary = [each for each in told.contrasts if each.family == "secondary"]
    figures: dict[str, float] = {}
    for name, value in true.items():
        figures |= against(name, famous[name], value)
    return figures | {
        "primary": alarm(primary),
        "secondary": alarm(secondary) if null else np.nan,
        "same_prompts": prompts.same(own=True),
        "same_prompts_of_others": prompts.same(own=False),
    }


def against(name: str, found: ContrastResult, true: float) -> dict[str, float]:
    """One outcome against what is true of it."""
    return {
        name: found.difference or 0.0,
        f"{name}_coverage": holds(found.low, found.high, true),
        f"{name}_found": not holds(found.low, found.high, 0),
        f"{name}_differing": found.differing,
    }


def grid(small: bool) -> list[Review]:
    """All cells: single papers, venues at an exact rate, all five phases, and authors who are not told."""
    if small:
        return [Review(LARGE, 12), Review(LARGE, 6, VENUE), Review(LARGE, 6, phases="all", blind="double")]
    gaps = (0.0, 0.05, LARGE)
    return [
        *(Review(gap, cases) for gap, cases in itertools.product(gaps, (20, ALL))),
        *(Review(gap, papers=VENUE) for gap in gaps),
        Review(LARGE, phases="all"),
        Review(LARGE, phases="all", blind="double"),
        Review(LARGE, papers=VENUE, blind="double"),
        Review(LARGE, ALL, blind="double", version="identified"),
    ]


def measure(review: Review, audits: int, seed: int) -> dict[str, Any]:
    """Shares and means over the audits of a cell."""
    told = pd.DataFrame([audit(review, seed + number) for number in range(audits)]).astype(float)
    figures = {name: round(float(mean), 5) for name, mean in told.mean().dropna().items()}
    true = {f"{name}_truth": round(value, 5) for name, value in truths(review).items()}
    return asdict(review) | {"audits": audits} | true | figures


def goals(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What every cell should reach, with what 1 in 1000 cells that do would miss by chance."""

    def least(*names: str) -> dict[str, Any]:
        ends = (f"{name}_coverage" for name in names)
        return covering(most(row[end], row["audits"]) for end in ends for row in rows if end in row)

    told = {
        "review_score_coverage_upper_end_worst_cell": least(SCORE),
        "review_acceptance_coverage_upper_end_worst_cell": least(ACCEPTED, OTHERS_ACCEPTED),
        "review_family_alarms_lower_end_worst_cell": alarming(
            sure(row[name], row["audits"]) for row in rows for name in ("primary", "secondary") if name in row
        ),
    }
    sizes = [row[f"{SCORE}_found"] for row in rows if large(row)]
    double = [row["same_prompts"] for row in rows if unseen(row)]
    if sizes:
        found = min(sizes)
        told["review_planted_bias_found"] = {"goal": f"at least {FOUND}", "found": found, "met": found >= FOUND}
    if double:
        same = min(double)
        told["review_same_prompts_under_double_blind"] = {"goal": 1, "found": same, "met": same == 1}
    return told


def large(row: Mapping[str, Any]) -> bool:
    """Whether a cell has the larger gap, seen, and all papers of ours."""
    return bool(row["gap"] == LARGE and row["cases"] == ALL and row[f"{SCORE}_truth"])


def unseen(row: Mapping[str, Any]) -> bool:
    """Whether nobody who judges can know who wrote the paper."""
    return row["blind"] == "double" and not leaks(row)


def leaks(row: Mapping[str, Any]) -> bool:
    """Whether the text itself says who wrote the paper."""
    return bool(row["version"] == "identified")


def weight(review: Review) -> float:
    """Of the audits that cells on arrays have: each plays a run."""
    return 0.4
