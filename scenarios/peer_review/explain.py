"""Why was one paper rated higher than another? Rules in rounds, until few pairs are left that none explains."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Artefact, Case, Fault, File, Play, Turn
from simrun.scenarios.choosing import chosen
from simrun.scenarios.outcome import Better, Event, Outcome, PerSubject, Range, Series
from simrun.scenarios.peer_review.base import PeerReview
from simrun.scenarios.peer_review.loaders import papers as given
from simrun.scenarios.peer_review.pairs import Pair, Pairs, drawn, short
from simrun.scenarios.peer_review.papers import own

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
_ORDER = ', as JSON: {{"order": [{reasons}]}}.)'
PRIOR = (
    "(Before you see any papers: put what matters to reviewers in order, the most important first" + _ORDER,
    "(No paper has been shown yet. What counts most with reviewers, and what least? Give the order, from most to least"
    + _ORDER,
    "(First, without any paper before you: in which order do these things weigh with reviewers, the weightiest first? "
    "Answer" + _ORDER,
)
_RULE = ', as JSON: {{"rule": "...", "reason": one of {reasons}}}.)'
PROPOSE = (
    "(In each of these pairs one paper was rated clearly higher than the other:\n\n{pairs}\n\n{tried}"
    "State one rule that explains as many of them as possible" + _RULE,
    "(Here are pairs of papers; reviewers rated one of each pair clearly above the other:\n\n{pairs}\n\n{tried}"
    "Which one rule accounts for the most of them? Give it" + _RULE,
    "(Each pair below holds a paper with a clearly higher rating and one with a lower:\n\n{pairs}\n\n{tried}"
    "Find one rule by which as many of the ratings as possible can be understood, and write it" + _RULE,
)
TRIED = "These rules were tried before and do not explain them: {rules}\n\n"
PAIR = "Pair {number}\nPaper A: {one}\nPaper B: {other}\nRated higher: Paper {better}"
_BETTER = ' as JSON: {{"better": "A"}} or {{"better": "B"}}.)'
APPLY = (
    "(Going by this rule alone: {rule}\n\nPaper A: {one}\n\nPaper B: {other}\n\n"
    "Which of the two would be rated higher? Answer" + _BETTER,
    "(Take this rule and nothing else: {rule}\n\nPaper A: {one}\n\nPaper B: {other}\n\n"
    "Which paper does it put above the other? Answer" + _BETTER,
    "(There is one rule: {rule}\n\nPaper A: {one}\n\nPaper B: {other}\n\n"
    "By that rule, which of these two papers gets the higher rating? Answer" + _BETTER,
)
SHOWN = 3
"""Pairs that are shown with the request for a rule."""
FIRST, SECOND = "higher-first", "higher-second"
"""The chats in which the higher paper of a pair is read first, and second."""


class Order(Decision):
    """What matters, the most important first."""

    order: tuple[Reason, ...]


class Hypothesis(Decision):
    """A rule, and what it is about."""

    rule: str
    reason: Reason


class Favoured(Decision):
    """Which of two papers a rule favours."""

    better: Literal["A", "B"]


class ExplainOutcome(Outcome):
    """What of the gaps a reviewer's rules explain. None is a missing value."""

    primary: ClassVar[tuple[str, ...]] = ("explained",)
    planted_field: ClassVar[str] = "right"

    explained: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the pairs that some rule explains: it favours the paper that was rated higher, in both orders. None
    where no judgement could be read."""
    right: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the judgements by the first rule, on all pairs and in both orders, that favour the paper that was rated
    higher: .5 is chance."""
    by_round: Annotated[Series[float], Better("higher"), Range(0, 1)]
    """Share of the pairs that are explained after each round."""
    rounds: int
    enough: Annotated[int | None, Better("lower"), Event(until="rounds", horizon="most")]
    """The round, from 1, after which less than `unexplained` of the pairs were left; None where none was."""
    consistent: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the pairs judged in both orders in which the same paper is favoured; by chance .5."""
    first: Annotated[float | None, Better("neither"), Range(0, 1)]
    """Share of the judgements that favour the paper read first; fair is .5."""
    prior_posterior: Annotated[float | None, Better("higher"), Range(-1, 1)]
    """Spearman's correlation over the reasons of their place in what is said to matter, and the pairs that rules about
    them explain; None where either does not vary."""
    by_reason: Annotated[PerSubject[float], Range(0, 1)]
    """Share of the pairs that rules about each reason explain: the posterior."""
    said: Annotated[PerSubject[float], Range(1, len(REASONS))]
    """The place of each reason in what is said to matter, from 1, None where it was not named: the prior."""


class Explain(PeerReview):
    """Options of explaining gaps."""

    mode: ClassVar[str] = "explain"
    outcome: ClassVar[type[Outcome]] = ExplainOutcome
    artefacts: ClassVar[tuple[Artefact, ...]] = ("swap",)
    lengthy: ClassVar[bool] = True
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {READER: {"bias": ("none", "novelty")}}
    script: ClassVar[tuple[Rule, ...]] = (
        Rule(when=r'\{"order": \[', say={"order": list(REASONS)}),
        Rule(when=r'\{"rule": ', say={"rule": "Sound methods are rated higher.", "reason": "soundness"}),
        Rule(when=r'\{"better": ', chance=0.8, say={"better": "{better}"}, otherwise={"better": "{worse}"}),
    )

    data: Annotated[str, File()] = ""
    """Papers of others with ratings, a file or a folder; "" pairs ours, by the share of their elements that are
    sound."""
    pairs: int = Field(8, ge=2)
    """Pairs of an episode."""
    sets: int = Field(10, ge=1)
    """Cases: sets of pairs that are drawn."""
    gap: float = Field(2.0, gt=0)
    """By how much the ratings of a pair differ at least, in the unit of the file; ours lie between 0 and 10."""
    most: int = Field(4, ge=1, le=20)
    """Rounds at most."""
    unexplained: float = Field(0.2, ge=0, lt=1)
    """The share of pairs below which no further rule is asked for; 0 until none is left."""

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
        sets = (drawn(rated, self.gap, self.pairs, [self.draw, number]) for number in range(self.sets))
        return tuple(Pairs(id=f"pairs-{number}", pairs=each) for number, each in enumerate(sets)), faults

    def brief(self, role: str, case: Pairs) -> str:
        """What is looked for."""
        return self.said(RULES)

    def case_in(self, case: Pairs, chat: str) -> Pairs:
        """All pairs with the higher paper first, or second: what a scripted reader knows."""
        if chat not in (FIRST, SECOND):
            return case
        turned = {"lower_first": chat == SECOND}
        return case.model_copy(update={"pairs": tuple(pair.model_copy(update=turned) for pair in case.pairs)})

    def facts(self, case: Pairs) -> Mapping[str, str]:
        """In the chats in which pairs are judged: which is the higher, and which the lower."""
        better = case.pairs[0].better()
        return {"better": better, "worse": "AB".replace(better, "")}

    def play(self, case: Pairs, rng: np.random.Generator) -> Play:
        """What matters, asked beforehand; then rules, each held against every pair that is left, in both orders."""
        reasons = ", ".join(f'"{reason}"' for reason in REASONS)
        prior = yield Turn(READER, reply=Order, cue=self.said(PRIOR).format(reasons=reasons), private=True)
        left = list(range(len(case.pairs)))
        rounds: list[_Round] = []
        while len(rounds) < self.most and not self._few(left, case):
            shown = [case.pairs[at] for at in rng.permutation(left)[:SHOWN]]
            said = yield Turn(READER, reply=Hypothesis, cue=self._proposed(shown, rounds, reasons), private=True)
            rule = said.decision if isinstance(said.decision, Hypothesis) else None
            judged = (yield from self._applied(case, left, rule.rule)) if rule else {}
            left = [at for at in left if at not in judged or not _explains(*judged[at])]
            rounds.append(_Round(rule, judged, tuple(left)))
        return self._outcome(case, prior, rounds)

    def _few(self, left: Sequence[int], case: Pairs) -> bool:
        """Whether less than `unexplained` of the pairs are left, or none."""
        return not left or len(left) < self.unexplained * len(case.pairs) - 1e-9

    def _proposed(self, shown: Sequence[Pair], before: Sequence["_Round"], reasons: str) -> str:
        """The request for a rule: some pairs, and what was tried on them."""
        told = []
        for number, pair in enumerate(shown, 1):
            one, other = (short(paper) for paper in pair.read(self.swapped))
            told.append(PAIR.format(number=number, one=one, other=other, better=pair.better(self.swapped)))
        rules = " ".join(f"({number}) {each.rule.rule}" for number, each in enumerate(before, 1) if each.rule)
        tried = TRIED.format(rules=rules) if rules else ""
        return self.said(PROPOSE).format(pairs="\n\n".join(told), tried=tried, reasons=reasons)

    def _applied(self, case: Pairs, left: Sequence[int], rule: str) -> Any:
        """A rule held against pairs, all at the same time and each in both orders, the drawn one first: the judgements
        with the higher paper read first, and second."""
        turns = []
        for at in left:
            pair = case.pairs[at]
            for swapped in (self.swapped, not self.swapped):
                one, other = (short(paper) for paper in pair.read(swapped))
                chat = FIRST if pair.better(swapped) == "A" else SECOND
                cue = self.said(APPLY).format(rule=rule, one=one, other=other)
                turns.append(Turn(READER, reply=Favoured, cue=cue, private=True, chat=chat))
        replies = yield tuple(turns)
        by_pair: dict[int, dict[str, Reply]] = {at: {} for at in left}
        for number, (turn, reply) in enumerate(zip(turns, replies, strict=True)):
            by_pair[left[number // 2]][turn.chat] = reply
        return {at: (both[FIRST], both[SECOND]) for at, both in by_pair.items()}

    def _outcome(self, case: Pairs, prior: Reply, rounds: Sequence["_Round"]) -> ExplainOutcome:
        count = len(case.pairs)
        pairs = [both for each in rounds for both in each.judged.values()]
        read = [(one, other) for one, other in pairs if one.decision and other.decision]
        firsts = [chosen(reply, "better", self.outcomes, "A").value for both in pairs for reply in both]
        opening = next((each.judged.values() for each in rounds if each.judged), ())
        rights = [
            chosen(reply, "better", self.outcomes, better).value
            for both in opening
            for reply, better in zip(both, "AB", strict=True)
        ]
        explains = _posterior(rounds, count)
        order = prior.decision.order if isinstance(prior.decision, Order) else ()
        said = {reason: order.index(reason) + 1.0 if reason in order else None for reason in REASONS}
        return ExplainOutcome(
            explained=1 - len(rounds[-1].left) / count if any(value is not None for value in firsts) else None,
            right=_mean(rights),
            by_round=tuple(1 - len(each.left) / count for each in rounds),
            rounds=len(rounds),
            enough=next((at for at, each in enumerate(rounds, 1) if self._few(each.left, case)), None),
            consistent=_mean([float(_favours(one, "A") == _favours(other, "B")) for one, other in read]),
            first=_mean(firsts),
            prior_posterior=_agreement(said, explains),
            by_reason=explains,
            said=said,
        )


class _Round(NamedTuple):
    """A rule that was tried."""

    rule: Hypothesis | None
    judged: Mapping[int, tuple[Reply, Reply]]
    """By pair, the judgements with its higher paper read first, and second."""
    left: tuple[int, ...]
    """The pairs that no rule explains so far."""


def _favours(reply: Reply, wanted: str) -> bool:
    return isinstance(reply.decision, Favoured) and reply.decision.better == wanted


def _explains(higher_first: Reply, higher_second: Reply) -> bool:
    return _favours(higher_first, "A") and _favours(higher_second, "B")


def _posterior(rounds: Sequence[_Round], count: int) -> dict[str, float]:
    """Which share of the pairs rules about each reason explain."""
    found: dict[str, float] = dict.fromkeys(REASONS, 0.0)
    for each in rounds:
        if each.rule:
            found[each.rule.reason] += sum(_explains(*both) for both in each.judged.values()) / count
    return found


def _agreement(said: Mapping[str, float | None], explains: Mapping[str, float]) -> float | None:
    """Spearman's correlation of importance as it is said and as it explains; what is not named stands last."""
    from scipy.stats import spearmanr  # half a second that `simrun --help` need not wait for

    places = [-(said[reason] or len(REASONS) + 1) for reason in REASONS]
    shares = [explains[reason] for reason in REASONS]
    if len(set(places)) < 2 or len(set(shares)) < 2:
        return None
    return float(spearmanr(places, shares).statistic)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return float(np.mean(known)) if known else None
