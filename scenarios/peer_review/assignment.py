"""Who reviews which paper: a bipartite graph within everybody's load, without conflicts of interest."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import networkx as nx
import numpy as np

from simrun.scenarios.peer_review.texts import weights

Way = Literal["random", "affinity"]
TRIES = 50
"""How often conflicts are drawn, until they leave an assignment."""
FINE = 1_000_000
"""Costs are whole numbers for the flow that assigns: so many steps lie between no affinity and full affinity."""


@lru_cache(maxsize=1024)
def boards(
    papers: tuple[str, ...],
    topics: tuple[str, ...],
    reviewers: tuple[str, ...],
    each: int,
    load: int,
    conflicts: int,
    way: Way,
    seed: int,
) -> Mapping[str, tuple[str, ...]]:
    """Who reviews each paper, drawn by `seed`: the same in every arm of a case and repeat.

    `topics` says what each paper is about. A reviewer has conflicts with so many papers, by lot; the lot is cast again
    where it leaves no assignment. For the way `affinity` a reviewer has worked on what two papers of the venue, by lot,
    are about. ValueError where it cannot be met.
    """
    rng = np.random.default_rng(seed)
    for _ in range(TRIES if conflicts else 1):
        barred = conflicting(papers, reviewers, conflicts, rng) if conflicts else frozenset[tuple[str, str]]()
        affinity = _affinity(papers, topics, reviewers, way, rng)
        found = assigned(papers, reviewers, each, load, affinity, barred)
        if not (short := [paper for paper, those in found.items() if len(those) < each]):
            return found
    raise ValueError(
        f"{each} reviewers cannot be found for {', '.join(short[:3])}: {len(reviewers)} reviewers with at most {load} "
        f"papers and {conflicts} conflicts each, for {len(papers)} papers; raise scenario.load or scenario.committee, "
        "or lower scenario.reviewers or scenario.conflicts"
    )


def _affinity(
    papers: Sequence[str], topics: Sequence[str], reviewers: Sequence[str], way: Way, rng: np.random.Generator
) -> dict[tuple[str, str], float]:
    if way == "random":
        return by_lot(papers, reviewers, rng)
    works = {one: " ".join(rng.choice(topics, min(2, len(topics)), replace=False)) for one in reviewers}
    return by_words(works, dict(zip(papers, topics, strict=True)))


def assigned(
    papers: Sequence[str],
    reviewers: Sequence[str],
    each: int,
    load: int,
    affinity: Mapping[tuple[str, str], float],
    conflicts: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, tuple[str, ...]]:
    """`each` reviewers for every paper, at most `load` papers for every reviewer, affinity (reviewer, paper) as high as
    can be in all; by lot where the affinities are drawn. Where that cannot be met some papers have fewer.

    It is the flow of least cost, which is exact.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for reviewer in reviewers:
        graph.add_edge("from", f"r:{reviewer}", capacity=load, weight=0)
    for paper in papers:
        graph.add_edge(f"p:{paper}", "to", capacity=each, weight=0)
        for reviewer in reviewers:
            if (reviewer, paper) not in conflicts:
                cost = -round(FINE * affinity.get((reviewer, paper), 0.0))
                graph.add_edge(f"r:{reviewer}", f"p:{paper}", capacity=1, weight=cost)
    flow = nx.max_flow_min_cost(graph, "from", "to")
    return {paper: tuple(each for each in reviewers if flow[f"r:{each}"].get(f"p:{paper}")) for paper in papers}


def by_lot(papers: Sequence[str], reviewers: Sequence[str], rng: np.random.Generator) -> dict[tuple[str, str], float]:
    """Affinities that are drawn: any assignment is as likely as any other that they lead to."""
    drawn = rng.random((len(reviewers), len(papers)))
    return {
        (reviewer, paper): float(drawn[row, column])
        for row, reviewer in enumerate(reviewers)
        for column, paper in enumerate(papers)
    }


def conflicting(
    papers: Sequence[str], reviewers: Sequence[str], each: int, rng: np.random.Generator
) -> frozenset[tuple[str, str]]:
    """So many papers of each reviewer, by lot, which that reviewer must not read."""
    return frozenset(
        (reviewer, str(paper))
        for reviewer in reviewers
        for paper in rng.choice(papers, min(each, len(papers)), replace=False)
    )


def by_words(works: Mapping[str, str], papers: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """How much of a paper's words stand in what a reviewer has worked on: the cosine of their TF-IDF weights, 0 to 1.

    `works` holds a text for each reviewer, `papers` one for each paper. Source: Charlin and Zemel 2013,
    the Toronto paper matching system.
    """
    rows = weights([*works.values(), *papers.values()])
    likeness = rows[: len(works)] @ rows[len(works) :].T
    return {
        (reviewer, paper): float(likeness[row, column])
        for row, reviewer in enumerate(works)
        for column, paper in enumerate(papers)
    }
