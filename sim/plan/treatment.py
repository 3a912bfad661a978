"""The audit of a plan's treatments: in each pair of arms, do the texts that agents are told
differ in the declared words and in no others?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from statistics import fmean

from simrun.agents.records import Record
from simrun.plan.arms import Setting
from simrun.plan.design import Plan
from simrun.plan.factors import OF_ENGINE
from simrun.plan.treatment_texts import WRITTEN, Staged, agreed, spans, throughout, told
from simrun.scenarios.base import Case, Scenario
from simrun.scenarios.treatment import Change, Treatment, Verdict, together, treatment

SAMPLE = 200
"""Cases that are looked at: a text that changes too much does so in most of them."""
EXAMPLES = 3
UNTOLD = {
    "same": "the reference arm with other random seeds: nothing is treated",
    "swap": "the same in the opposite order",
    "mirror": "the questions themselves are turned round",
}
"""Controls that have no words of their own, and why they are not audited."""


Pair = tuple[str, str]
"""An arm, and the arm that it is compared with."""


@dataclass(frozen=True, slots=True)
class Found:
    """What differs in one case, and whether the case's own text does."""

    treatment: Treatment
    rewritten: bool
    leaked: bool = False
    """Somebody who is not to learn who the varied person is reads something else."""


class Example(Record):
    """What changed in one case."""

    case: str
    verdict: Verdict
    changes: tuple[Change, ...]
    """Each once, in whatever texts it stands."""
    excess: tuple[str, ...]
    """Changed words that were not declared: of the reference `-`, of the arm `+`."""


class Audited(Record):
    """One arm against the arm that it is compared with."""

    arm: str
    reference: str
    declared: tuple[str, ...]
    """What the two arms differ in: `role.what`."""
    expected: tuple[Verdict, ...]
    """Verdicts that are as they should be. Another model changes no text; a person who is
    described to nobody but the blinded, none either."""
    pairs: int
    """One for each case that fits both arms."""
    verdicts: Mapping[Verdict, int]
    rewritten: tuple[str, ...]
    """Cases whose own text was rewritten to agree with a level: `her` for
    `his`, what states another level of the axis."""
    layout: int
    """Pairs that differ in punctuation or case as well."""
    words: float
    """By how many words the arm's texts are longer, on average: length is a treatment too."""
    amiss: tuple[str, ...]
    """Cases with another verdict than expected."""
    blinded: int
    """Pairs in which somebody is not to learn who the person is whose persona differs."""
    leaks: tuple[str, ...]
    """Of them, the cases in which such a one is not told the same, byte for byte."""
    examples: tuple[Example, ...]
    """At most three for each verdict."""


class Unaudited(Record):
    """An arm whose texts have no declared words, and why."""

    arm: str
    why: str


class Audit(Record):
    """Every pair of arms that a report compares."""

    scenario: str
    looked: int
    """Cases that were looked at: the first ones in playing order, which is drawn at random."""
    cases: int
    """Of so many."""
    audited: tuple[Audited, ...]
    unaudited: tuple[Unaudited, ...]

    @property
    def amiss(self) -> tuple[tuple[str, str, str], ...]:
        """Every treatment that is not what it should be: arm, reference and case."""
        return tuple((each.arm, each.reference, case) for each in self.audited for case in each.amiss)

    def line(self) -> str:
        """The finding in a sentence, "" where nothing could be audited."""
        pairs, amiss = sum(each.pairs for each in self.audited), self.amiss
        if not pairs:
            return ""
        sample = f" ({self.looked} of {self.cases} cases looked at)" if self.looked < self.cases else ""
        first = f"; not so {amiss[0][0]} against {amiss[0][1]} in case {amiss[0][2]}" if amiss else ""
        return (
            f"Treatment: in {pairs - len(amiss)} of {pairs} pairs only the declared words differ "
            f"before anybody has spoken{sample}{first}.{self._blinding()}"
        )

    def _blinding(self) -> str:
        """Whether those who are not to learn who somebody is are told the same; "" where everybody may."""
        blinded, leaks = sum(each.blinded for each in self.audited), [each for each in self.audited if each.leaks]
        if not blinded:
            return ""
        leaked = sum(len(each.leaks) for each in leaks)
        first = f"; a leak: {leaks[0].arm} against {leaks[0].reference} in case {leaks[0].leaks[0]}" if leaks else ""
        return (
            f" Blinding: in {blinded - leaked} of {blinded} pairs those who are not to know who it is are told the "
            f"same, byte for byte{first}."
        )


def audited(plan: Plan, sample: int | None = SAMPLE) -> Audit:
    """Audit the first `sample` cases of a plan (None: all) in every pair of arms that is compared. No engine is called.

    Declared are, for an axis, all texts by which a person shows a level of it, the words by which the case's own text
    agrees with that, and what its people are called; for a bias, its dose or its target, its text and its control; for
    a mitigation, its text, and where it blinds, all that anybody shows.
    """
    cases = list(islice(plan.cases.values(), sample))
    pairs = _pairs(plan)
    untold = {pair: why for pair in pairs if (why := _untold(plan, *pair))}
    found = _found(plan, [pair for pair in pairs if pair not in untold], cases)
    return Audit(
        scenario=plan.reference.scenario.name,
        looked=len(cases),
        cases=len(plan.cases),
        audited=tuple(_audited(plan, *pair, by_case) for pair, by_case in found.items()),
        unaudited=tuple(Unaudited(arm=arm, why=why) for (arm, _), why in untold.items()),
    )


def _pairs(plan: Plan) -> list[Pair]:
    """Arm and reference of each comparison; where only means over several arms are compared, each arm and the first."""
    first, single = plan.arms[0].name, any(each.why == "treatment" for each in plan.contrasts)
    found = [
        (arm, each.references[0] if each.single else first)
        for each in plan.contrasts
        if each.single or not single
        for arm in (*each.arms, *each.references)
        if not each.single or arm in each.arms
    ]
    return [pair for pair in dict.fromkeys(found) if pair[0] != pair[1]]


def _differing(plan: Plan, arm: str, reference: str) -> tuple[Setting, ...]:
    """What the arm sets otherwise than its reference."""
    one, other = plan.castings[arm].arm, plan.castings[reference].arm
    found = [each for each in one.sets if other.settings.get(each.name) != each.level]
    return (*found, *(each for each in other.sets if each.name not in one.settings))


def _untold(plan: Plan, arm: str, reference: str) -> str:
    """Why a pair has no declared words, "" where it has."""
    options = [each.name for each in _differing(plan, arm, reference) if each.kind == "option"]
    control = plan.castings[arm].arm.control
    return UNTOLD.get(control, f"{', '.join(options)} may change any text" if options else "")


def _found(plan: Plan, pairs: Sequence[Pair], cases: Sequence[Case]) -> dict[Pair, dict[str, Found]]:
    """What differs in each pair of arms, by case; cases that do not fit both arms are left out."""
    unfit = {(each.case, each.arm) for each in plan.exclusions}
    found: dict[Pair, dict[str, Found]] = {pair: {} for pair in pairs}
    for case in cases:
        arms = [arm for arm in dict.fromkeys(arm for pair in pairs for arm in pair) if (case.id, arm) not in unfit]
        sides = {arm: told(plan, arm, case) for arm in arms}
        for arm, reference in pairs:
            if arm in sides and reference in sides:
                found[arm, reference][case.id] = _pair(sides[reference], sides[arm], _differing(plan, arm, reference))
    return found


def _audited(plan: Plan, arm: str, reference: str, found: Mapping[str, Found]) -> Audited:
    keys = _differing(plan, arm, reference)
    expected = _expected(plan, arm, keys)
    treatments = {name: each.treatment for name, each in found.items()}
    verdicts = Counter(each.verdict for each in treatments.values())
    shown = [
        name
        for verdict in verdicts
        for name in islice((name for name in found if treatments[name].verdict == verdict), EXAMPLES)
    ]
    return Audited(
        arm=arm,
        reference=reference,
        declared=tuple(each.name for each in keys),
        expected=expected,
        pairs=len(found),
        verdicts=verdicts,
        rewritten=tuple(name for name, each in found.items() if each.rewritten),
        layout=sum(each.layout for each in treatments.values()),
        words=fmean(each.words for each in treatments.values()) if found else 0.0,
        amiss=tuple(name for name, each in treatments.items() if each.verdict not in expected),
        blinded=len(found) if _kept(plan.castings[arm].scenario, keys) else 0,
        leaks=tuple(name for name, each in found.items() if each.leaked),
        examples=tuple(_example(name, treatments[name]) for name in shown),
    )


def _example(case: str, found: Treatment) -> Example:
    return Example(
        case=case,
        verdict=found.verdict,
        changes=tuple(dict.fromkeys(found.changes)),
        excess=tuple(dict.fromkeys(found.excess)),
    )


def _expected(plan: Plan, arm: str, keys: Sequence[Setting]) -> tuple[Verdict, ...]:
    """What is varied shows in words, but for an option of an engine; those who are blinded do not read them, nor does
    somebody of whom it is varied who is not told who they are."""
    if all(key.kind in (*OF_ENGINE, "option") for key in keys):
        return ("nothing",)
    casting = plan.castings[arm]
    unaware = casting.blind.union(_kept(casting.scenario, keys))
    ignorant = {role for role, own in casting.roles.items() if not own.knows and {key.role for key in keys} == {role}}
    sighted = any(role not in unaware.union(ignorant) for role in casting.scenario.roles())
    return ("intended",) if sighted else ("nothing", "intended")


def _kept(scenario: Scenario, keys: Sequence[Setting]) -> tuple[str, ...]:
    """Who is not to learn of what differs: those from whom it is kept who the varied person is."""
    about = {scenario.focus(), scenario.team(scenario.focus())}
    return scenario.unaware() if all(key.kind == "axis" and key.role in about for key in keys) else ()


def _pair(reference: Staged, arm: Staged, keys: Sequence[Setting]) -> Found:
    kept = _kept(arm.casting.scenario, keys)
    leaked = any(reference.texts.get(role) != arm.texts.get(role) for role in kept)
    shown = [span for key in keys for span in spans(reference, arm, key)]
    said = [line for key in keys for line in throughout(reference, arm, key)]
    found = _between(reference, arm, shown, said)
    if found.verdict in ("nothing", "intended"):
        return Found(found, rewritten=False, leaked=leaked)
    agreeing = (span for key in keys for side in (reference, arm) for span in agreed(side, key))
    wider = _between(reference, arm, [*shown, *agreeing], said)
    return Found(wider, rewritten=len(wider.excess) < len(found.excess), leaked=leaked)


def _between(reference: Staged, arm: Staged, intended: Sequence[str], said: Sequence[str]) -> Treatment:
    """`said` may differ as well, but in what is only written down."""
    lines, heard = _lines(intended), _lines([*intended, *said])
    both = [
        (pair, lines if role == WRITTEN else heard)
        for role, texts in reference.texts.items()
        for pair in zip_longest(texts, arm.texts[role], fillvalue="")
    ]
    return together([part for (before, after), allowed in both for part in _parts(before, after, allowed)])


def _lines(spans: Iterable[str]) -> list[str]:
    return sorted({line for span in spans for line in (span, *span.splitlines())})


def _parts(before: str, after: str, intended: Sequence[str]) -> Iterator[Treatment]:
    """The lines that differ, block by block: most of two prompts is the same, and word by word that is slow."""
    if before == after:
        return
    one, other = before.splitlines(), after.splitlines()
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            yield treatment("\n".join(one[a:b]), "\n".join(other[c:d]), intended)
