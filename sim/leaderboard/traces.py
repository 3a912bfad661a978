"""What fabrication leaves in a log: replies that are the same where other words were asked under other seeds, pairs
that agree beyond their floor, tokens and times that no engine has."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from simrun.leaderboard.clock import FASTEST, STEPS, overlaps, too_fast
from simrun.leaderboard.faults import Fault
from simrun.leaderboard.likeness import LONG
from simrun.log.lines import Played
from simrun.plan.design import Plan

LONGER, REPEATED, ENOUGH = 200, 0.5, 20
"""Characters of a reply that no two cases share by chance, what share of such replies may, and how many it takes."""
SAMPLE = 65_536
"""Different replies that are held, of all a sample by their hash."""
PENDING = 100_000
"""Episodes whose pair has not come yet."""
BEYOND, SURELY = 0.2, 4.0
"""How much more often the arms of a pair may give the same reply than its floor, and standard errors of it."""
BYTES_PER_TOKEN = 32
"""Bytes of a prompt that a token stands for at most."""

Replies = Mapping[tuple[str, str, int], int]
"""Role, chat and turn -> hash of a longer reply."""


def hashed(text: str) -> int:
    """64 bits of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


class Repeats:
    """How many of the longer replies are also given in another case: of a sample that keeps or drops a text whole."""

    def __init__(self) -> None:
        self._modulus = 1
        self._cases: dict[int, tuple[int, str, bool]] = {}
        """Hash -> how often, the case it was first given in, and whether also in another."""

    def add(self, case: str, text: str) -> None:
        """A reply."""
        number = hashed(text)
        if number % self._modulus:
            return
        count, first, other = self._cases.get(number, (0, case, False))
        self._cases[number] = count + 1, first, other or first != case
        while len(self._cases) > SAMPLE:
            self._modulus *= 2
            self._cases = {each: own for each, own in self._cases.items() if each % self._modulus == 0}

    def share(self) -> tuple[float, int]:
        """Share of the replies that are given in several cases, 0 to 1, and of how many."""
        total = sum(count for count, _, _ in self._cases.values())
        return sum(count for count, _, other in self._cases.values() if other) / max(total, 1), total


class Pairs:
    """How often the arms of a pair give the same longer reply as the reference arm: by case, in place of all texts."""

    def __init__(self, plan: Plan):
        self._plan, self._reference = plan, plan.arms[0].name
        self._waiting: dict[tuple[str, int], dict[str, Replies]] = {}
        self.lost = 0
        """Episodes that were given up while they waited for their pair."""
        self._same: dict[str, dict[str, list[int]]] = {arm.name: {} for arm in plan.arms}
        """Arm -> case -> the same, of all."""

    def add(self, played: Played) -> None:
        """An episode; compared once all arms of its pair are there."""
        trial = played.trial
        key = trial.case, trial.repeat
        own = self._waiting.setdefault(key, {})
        own[trial.arm] = {
            (call.role, call.chat, call.nth): hashed(call.answer.text)
            for call in played.calls
            if not call.attempt and len(call.answer.text) >= LONG
        }
        if all(arm.name in own for arm in self._plan.arms if self._plan.plays(trial.case, arm.name)):
            self._compared(trial.case, self._waiting.pop(key))
        elif len(self._waiting) * len(self._plan.arms) > PENDING:
            self.lost += len(self._waiting.pop(next(iter(self._waiting))))

    def _compared(self, case: str, arms: Mapping[str, Replies]) -> None:
        reference = arms.get(self._reference, {})
        for arm, own in arms.items():
            both = reference.keys() & own.keys()
            counts = self._same[arm].setdefault(case, [0, 0])
            counts[0] += sum(reference[key] == own[key] for key in both)
            counts[1] += len(both)

    def shares(self, arm: str) -> Mapping[str, float]:
        """Case -> share of the replies that are the reference arm's, 0 to 1."""
        return {case: same / all_ for case, (same, all_) in self._same[arm].items() if all_}


class Traces:
    """Looks at episodes as they are played again. Of demonstrations, which rules may play, only what no log has."""

    def __init__(self, folder: str, plan: Plan, demonstration: bool):
        self._folder, self._plan, self._demonstration = folder, plan, demonstration
        self._repeats, self._pairs = Repeats(), Pairs(plan)
        self._counts: Counter[str] = Counter()

    def add(self, played: Played) -> None:
        """An episode that ended."""
        self._counts["early"] += overlaps(played.calls)
        self._counts["tokens"] += _miscounted(played)
        if self._demonstration:
            return
        self._counts["fast"] += sum(map(too_fast, played.calls))
        for call in played.calls:
            if len(call.answer.text) >= LONGER and call.answer.finish != "refused":
                self._repeats.add(played.trial.case, call.answer.text)
        self._pairs.add(played)

    def faults(self) -> Iterator[Fault]:
        """What was found, once all was read."""
        for key, code, what in (
            ("early", "times.impossible", "{} calls were asked before the one before them in their chat was answered"),
            ("fast", "times.impossible", f"{{}} replies were written at more than {FASTEST} tokens a second"),
            ("tokens", "tokens.impossible", f"{{}} episodes have fewer tokens than one for {BYTES_PER_TOKEN} bytes"),
        ):
            if self._counts[key] >= STEPS:
                yield self._fault(code, what.format(self._counts[key]))
        yield from self._repeated()
        yield from self._alike()

    def _fault(self, code: str, what: str) -> Fault:
        return Fault(code=code, where=self._folder, what=what)

    def _repeated(self) -> Iterator[Fault]:
        share, n = self._repeats.share()
        if n >= ENOUGH and share > REPEATED:
            yield self._fault("replies.repeated", f"{share:.0%} of {n} longer replies were given in several cases")

    def _alike(self) -> Iterator[Fault]:
        if self._pairs.lost:
            yield self._fault("pairs.apart", f"{self._pairs.lost} episodes lie too far from their pairs to be compared")
        controls = {arm.control: arm.name for arm in self._plan.arms if arm.control}
        floor = self._pairs.shares(controls["placebo"]) if "placebo" in controls else {}
        for arm in self._plan.arms[1:]:
            if not arm.control and (found := beyond(self._pairs.shares(arm.name), floor)):
                yield self._fault("pairs.alike", f"{arm.name} gives the reference arm's replies {found}")


def beyond(own: Mapping[str, float], floor: Mapping[str, float]) -> str:
    """By how much more often an arm gives the reference's replies than the placebo under the same seeds does, in words;
    "" where that is not far beyond it: by less than BEYOND, or SURELY standard errors over the cases. Without a floor
    only an arm that gives all of them is named."""
    cases = [case for case in own if case in floor]
    if len(own) < ENOUGH // 2:
        return ""
    if np.mean(list(own.values())) == 1 and (not cases or all(floor[case] == 1 for case in cases)):
        return f"in all of {len(own)} cases, though it was asked in other words"
    if len(cases) < ENOUGH // 2:
        return ""
    gaps = np.array([own[case] - floor[case] for case in cases])
    error = gaps.std(ddof=1) / np.sqrt(len(gaps))
    if gaps.mean() <= max(BEYOND, SURELY * error):
        return ""
    return f"in {gaps.mean():.0%} more cases than the placebo does (standard error {error:.0%}, {len(cases)} cases)"


def _miscounted(played: Played) -> bool:
    """Whether an episode's tokens are too few for what was asked and said, or more are cached than asked."""
    answers = [call.answer for call in played.calls]
    if any((answer.cached_tokens or 0) > (answer.prompt_tokens or 0) for answer in answers if answer.prompt_tokens):
        return True
    said = [answer for answer in answers if answer.output_tokens is not None]
    if sum(len(each.text.encode()) for each in said) > BYTES_PER_TOKEN * sum(each.output_tokens or 0 for each in said):
        return True
    return _unasked(played) > BYTES_PER_TOKEN * sum(answer.prompt_tokens or 0 for answer in answers)


def _unasked(played: Played) -> int:
    """Bytes that prompts of an episode have at least: of roles with one chat, all they were told but what was said."""
    assert played.stage is not None
    if any(call.answer.prompt_tokens is None or call.chat for call in played.calls):
        return 0
    said = sum(len(f"{entry.text}{entry.heard}".encode()) for entry in played.stage.transcript)
    told = played.stage.told()
    texts = [told[role][0] for role in {call.role for call in played.calls} if len(told.get(role, ())) == 1]
    return sum(max(0, len(text.encode()) - said) for text in texts)
