"""Why was one paper rated higher than another? Hypotheses in rounds, until few pairs are left that none explains."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Case, Fault, File, Play, Turn
from simrun.scenarios.choosing import chosen
from simrun.scenarios.outcome import Better, Event, Outcome, Range, Series
from simrun.scenarios.peer_review.base import PeerReview
from simrun.scenarios.peer_review.loaders import papers as given
from simrun.scenarios.peer_review.papers import Paper, own

READER = "reviewer"
Reason = Literal[
    "soundness", "novelty", "clarity", "evidence", "importance", "related work", "presentation", "reputation"
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""What can be said to matter; a fixed list, so that what is said and what explains can be compared."""
RULES = (
    "You study why scientific papers are rated higher or lower by their reviewers, from the papers' own abstracts.",
    "Scientific papers get higher and lower ratings, and you look for the reasons in their abstracts.",
    "In this task you find out, from abstracts, what makes reviewers rate one scientific paper above another.",
)
PRIOR = (
    "(Before you see any papers: put what matters to reviewers in order, the most important first, as JSON: "
    '{{"order": [{reasons}]}}.)'
)
PROPOSE = (
    "(In each of these pairs the first paper was rated clearly higher than the second:\n\n{pairs}\n\n"
    'State one rule that explains as many of them as possible, as JSON: {{"rule": "...", "reason": one of {reasons}}}.)'
)
APPLY = (
    "(Going by this rule alone: {rule}\n\nPaper A: {one}\n\nPaper B: {other}\n\n"
    'Which of the two would be rated higher? Answer as JSON: {{"better": "A"}} or {{"better": "B"}}.)'
)
SHOWN = 3
"""Pairs that are shown with the request for a rule."""
ABSTRACT = 1500
"""Characters of a paper that are shown."""


class Order(Decision):
    """What matters, the most important first."""

    order: tuple[Reason, ...]


class Hypothesis(Decision):
    """A rule, and what it is about."""

    rule: str
    reason: Reason


class Better2(Decision):
    """Which of two papers a rule favours."""

    better: Literal["A", "B"]


class Pairs(Case):
    """Pairs of papers; the first of each was rated higher."""

    pairs: tuple[tuple[Paper, Paper], ...]


class ExplainOutcome(Outcome):
    """What of the gaps a reviewer's rules explain."""

    primary: ClassVar[tuple[str, ...]] = ("explained",)
    planted_field: ClassVar[str] = "explained"

    explained: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the pairs that some rule explains: it favours the paper that was rated higher, in both orders."""
    by_round: Annotated[Series[float], Better("higher"), Range(0, 1)]
    rounds: int
    enough: Annotated[int | None, Better("lower"), Event(until="rounds", horizon="most")]
    """The round, from 1, after which less than `unexplained` of the pairs were left; None where none was."""
    consistent: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the judgements of a pair that are the same in both orders."""
    first: Annotated[float | None, Better("neither"), Range(0, 1)]
    """Share of the judgements that favour the paper read first; fair is .5."""
    prior_posterior: Annotated[float | None, Better("higher"), Range(-1, 1)]
    """Spearman's correlation over the reasons of their place in what is said to matter, and the pairs that rules about
    them explain; None where either does not vary."""


class Explain(PeerReview):
    """Options of explaining gaps."""

    mode: ClassVar[str] = "explain"
    outcome: ClassVar[type[Outcome]] = ExplainOutcome
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"scenario": {"swapped": ("false", "true")}}
    script: ClassVar[tuple[Rule, ...]] = (
        Rule(when="put what matters to reviewers in order", say={"order": list(REASONS)}),
        Rule(
            when="State one rule that explains", say={"rule": "Sound methods are rated higher.", "reason": "soundness"}
        ),
    )

    data: Annotated[str, File()] = ""
    """Papers of others with ratings; "" pairs ours, of high and of low quality."""
    pairs: int = Field(8, ge=2)
    """Pairs of an episode."""
    sets: int = Field(10, ge=1)
    """Cases: sets of pairs that are drawn."""
    gap: float = Field(2.0, gt=0)
    """By how much the ratings of a pair of given papers differ at least."""
    most: int = Field(4, ge=1, le=20)
    """Rounds at most."""
    unexplained: float = Field(0.2, ge=0, lt=1)
    """The share of pairs below which no further rule is asked for."""

    def roles(self) -> tuple[str, ...]:
        """One reader."""
        return (READER,)

    def people(self) -> tuple[str, ...]:
        """It can carry a bias."""
        return (READER,)

    def hears(self, case: Pairs, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """It hears nobody."""
        return nx.DiGraph()

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """Sets of pairs by lot. ValueError where there are too few papers apart."""
        if self.data:
            found, faults = given(self.data, self.encoding)
            rated = [(paper, paper.rating) for paper in found if paper.rating is not None]
        else:
            rated, faults = [(each.paper(), 10 * (each.paper().sound or 0)) for each in own(self.draw)], ()
        able = [(one, other) for one, high in rated for other, low in rated if high - low >= self.gap]
        if len(able) < self.pairs:
            raise ValueError(
                f"{len(able)} pairs of papers differ by scenario.gap={self.gap:g} or more, and scenario.pairs={self.pairs}: "
                "lower one of them, or give more papers with ratings"
            )
        return tuple(self._set(number, able) for number in range(self.sets)), faults

    def _set(self, number: int, able: Sequence[tuple[Paper, Paper]]) -> Pairs:
        rng = np.random.default_rng([self.draw, number])
        return Pairs(
            id=f"pairs-{number}", pairs=tuple(able[at] for at in rng.choice(len(able), self.pairs, replace=False))
        )

    def brief(self, role: str, case: Pairs) -> str:
        """What is looked for."""
        return self.said(RULES)

    def play(self, case: Pairs, rng: np.random.Generator) -> Play:
        """What matters, asked beforehand; then rules, each held against every pair that is left, in both orders."""
        reasons = ", ".join(f'"{reason}"' for reason in REASONS)
        prior = yield Turn(READER, reply=Order, cue=PRIOR.format(reasons=reasons), private=True)
        left = list(range(len(case.pairs)))
        by_reason: dict[Reason, int] = dict.fromkeys(REASONS, 0)
        judged: list[tuple[Reply, Reply]] = []
        by_round: list[float] = []
        while len(by_round) < self.most and len(left) >= max(1e-9, self.unexplained * len(case.pairs)):
            shown = sorted(rng.permutation(left)[:SHOWN].tolist())
            said = yield Turn(READER, reply=Hypothesis, cue=_proposed(case, shown, reasons), private=True)
            rule = said.decision
            if isinstance(rule, Hypothesis):
                both = yield from self._applied(case, left, rule.rule)
                judged += both
                done = {
                    at
                    for at, (one, other) in zip(left, both, strict=True)
                    if _favours(one, "A") and _favours(other, "B")
                }
                by_reason[rule.reason] += len(done)
                left = [at for at in left if at not in done]
            by_round.append(1 - len(left) / len(case.pairs))
        return self._outcome(prior, judged, by_round, by_reason)

    def _applied(self, case: Pairs, left: Sequence[int], rule: str) -> Any:
        """A rule held against pairs, all at the same time: the better paper first, then second."""
        turns = []
        for at in left:
            better, worse = (_short(paper) for paper in case.pairs[at])
            for one, other in ((better, worse), (worse, better)):
                turns.append(
                    Turn(READER, reply=Better2, cue=APPLY.format(rule=rule, one=one, other=other), private=True)
                )
        replies = yield tuple(turns)
        return list(zip(replies[::2], replies[1::2], strict=True))

    def _outcome(
        self,
        prior: Reply,
        judged: Sequence[tuple[Reply, Reply]],
        by_round: Sequence[float],
        by_reason: Mapping[Reason, int],
    ) -> ExplainOutcome:
        firsts = [chosen(reply, "better", self.outcomes, "A").value for pair in judged for reply in pair]
        known = [each for each in firsts if each is not None]
        both = [(one, other) for one, other in judged if one.decision and other.decision]
        enough = next((at for at, share in enumerate(by_round, 1) if 1 - share < self.unexplained), None)
        return ExplainOutcome(
            explained=by_round[-1] if judged else None,
            by_round=tuple(by_round),
            rounds=len(by_round),
            enough=enough,
            consistent=sum(_favours(one, "A") == _favours(other, "B") for one, other in both) / len(both)
            if both
            else None,
            first=sum(known) / len(known) if known else None,
            prior_posterior=_agreement(prior, by_reason),
        )


def _proposed(case: Pairs, shown: Sequence[int], reasons: str) -> str:
    pairs = "\n\n".join(
        f"Pair {number}\nHigher: {_short(case.pairs[at][0])}\nLower: {_short(case.pairs[at][1])}"
        for number, at in enumerate(shown, 1)
    )
    return PROPOSE.format(pairs=pairs, reasons=reasons)


def _short(paper: Paper) -> str:
    """Title and abstract, or how the text begins."""
    body = paper.text.removeprefix("## Abstract").strip().partition("\n\n## ")[0]
    return f"{paper.title}. {body[:ABSTRACT]}"


def _favours(reply: Reply, wanted: str) -> bool:
    return isinstance(reply.decision, Better2) and reply.decision.better == wanted


def _agreement(prior: Reply, by_reason: Mapping[Reason, int]) -> float | None:
    """Spearman's correlation of importance as it is said and as it explains."""
    from scipy.stats import spearmanr

    if not isinstance(prior.decision, Order) or not prior.decision.order or len(set(by_reason.values())) < 2:
        return None
    order = prior.decision.order
    said = [-order.index(reason) if reason in order else -len(REASONS) for reason in REASONS]
    return float(spearmanr(said, [by_reason[reason] for reason in REASONS]).statistic)
