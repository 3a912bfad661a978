"""Cases of a review: one paper that the audit is about, the others of its venue, and who reviews what."""

from collections.abc import Mapping, Sequence

import numpy as np

from simrun.scenarios.base import Case
from simrun.scenarios.peer_review.papers import Paper, Submission


class Venue(Case):
    """Papers that are reviewed together; the first of them is the one that the audit is about."""

    submission: Submission | None = None
    """What the first paper is a version of; None for a paper of others."""
    flaw: str = ""
    """The element that its version `flawed` breaks."""
    papers: tuple[Paper, ...]
    board: Mapping[str, tuple[str, ...]] = {}
    """Who reviews each paper, by its label; drawn before anybody speaks."""
    bylines: Mapping[str, str] = {}
    """Who wrote each paper, by its label, where that stands at its beginning."""
    blinded: frozenset[str] = frozenset()
    """The roles that do not read it there."""

    def labels(self) -> tuple[str, ...]:
        """What the papers are called in their chats: `paper-1` is the one whom the audit is about."""
        return labels(len(self.papers))

    def by_label(self) -> dict[str, Paper]:
        """The papers by what they are called."""
        return dict(zip(self.labels(), self.papers, strict=True))


def labels(count: int) -> tuple[str, ...]:
    """`paper-1` and so on."""
    return tuple(f"paper-{number}" for number in range(1, count + 1))


def venues(papers: Sequence[Paper], submissions: Mapping[str, Submission], size: int, draw: int) -> tuple[Venue, ...]:
    """A venue for every paper, with others drawn around it by lot, none of them of the study of the first.

    ValueError where there are too few others, or two papers of one id.
    """
    if len({paper.id for paper in papers}) < len(papers):
        twice = sorted({paper.id for paper in papers if [each.id for each in papers].count(paper.id) > 1})
        raise ValueError(f"papers of one id: {', '.join(twice[:5])}; give each its own")
    found = []
    for number, paper in enumerate(papers):
        rng = np.random.default_rng([draw, number])
        own = submissions.get(paper.id)
        around = _around(paper, papers, submissions, size - 1, rng)
        found.append(
            Venue(
                id=paper.id,
                submission=own,
                flaw=own.planted(rng) if own else "",
                papers=(paper, *around),
            )
        )
    return tuple(found)


def _around(
    paper: Paper, papers: Sequence[Paper], submissions: Mapping[str, Submission], count: int, rng: np.random.Generator
) -> tuple[Paper, ...]:
    def study(each: Paper) -> str:
        return submissions[each.id].study.id if each.id in submissions else each.id

    others = [each for each in papers if study(each) != study(paper)]
    if len(others) < count:
        raise ValueError(
            f"scenario.papers={count + 1}: papers of other studies than {paper.id}: {len(others)}; give at most "
            f"scenario.papers={len(others) + 1}, or more papers"
        )
    return tuple(others[at] for at in rng.choice(len(others), count, replace=False))
