"""What can be wrong with a submission: a code, how grave it is, and how it is mended."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simrun.agents.records import Record

SHOWN = 20
"""Faults of one code that are told one by one."""


class Rule(NamedTuple):
    """A check, by its code."""

    mend: str
    grave: bool = True
    """Refused; else held until somebody has looked."""


_UNCHANGED = "submit the run as simrun wrote it"
_VERSION = "where simrun or its cases are of another version, install the one that played it"
_PACK = "pack it with simrun submit pack"
RULES: Mapping[str, Rule] = {
    "file.unreadable": Rule(_PACK),
    "file.size": Rule("a run that is larger is packed as several"),
    "file.entries": Rule(_PACK),
    "file.name": Rule(_PACK),
    "file.twice": Rule(_PACK),
    "file.kind": Rule(_PACK),
    "file.ratio": Rule(_PACK),
    "file.content": Rule("send it again: it was cut or changed on the way"),
    "file.line": Rule(_UNCHANGED),
    "file.depth": Rule(_UNCHANGED),
    "form.submission": Rule(_PACK),
    "form.who": Rule("give name, contact, relation and licence in plain words, a line each"),
    "form.manifest": Rule(f"{_UNCHANGED}, and with this version of it"),
    "form.line": Rule(f"{_UNCHANGED}, and with this version of it"),
    "suite.unknown": Rule("simrun suite list names those there are; another version of simrun may have others"),
    "suite.parts": Rule("pack one run of each of the suite's parts: simrun suite show NAME"),
    "suite.other": Rule("play simrun suite=NAME without further options but backend, or pack it as suite=custom"),
    "suite.engine": Rule("play it with the suite's engine settings, or pack it as suite=custom"),
    "suite.derived": Rule("play it with the code and cases of this version, or install the version that played it"),
    "suite.plan": Rule(_PACK),
    "suite.reach": Rule("play without classes and files of your own, and without an early stop or judges"),
    "suite.half": Rule("who holds the board checks it with private=FILE"),
    "draw.commitment": Rule("pack it with the commitment that was made for it, or commit and play anew"),
    "draw.none": Rule("have the seed drawn first: simrun board draw FOLDER COMMITMENT"),
    "draw.seed": Rule("play it with the seed that the board drew: simrun suite=NAME seed=DRAWN"),
    "draw.early": Rule("set the clock right, commit again and play under the seed that is drawn then"),
    "draw.unchecked": Rule("whoever holds the board checks it with board=FOLDER", False),
    "draw.again": Rule("one run is handed in for a draw; whoever holds the board asks why there are two", False),
    "chain.broken": Rule(_UNCHANGED),
    "chain.manifest": Rule(_UNCHANGED),
    "chain.models": Rule("play it anew, with one model from beginning to end"),
    "trials.missing": Rule("play to the end: simrun resume RUN"),
    "trials.unknown": Rule(_UNCHANGED),
    "trials.twice": Rule(_UNCHANGED),
    "trials.failed": Rule("play what failed again: simrun resume RUN"),
    "trials.open": Rule("play with a lower concurrency"),
    "trials.tokens": Rule("set the model to shorter replies or thoughts; the budget is the suite's"),
    "replay.differs": Rule(f"{_UNCHANGED}; {_VERSION}"),
    "replay.error": Rule("its answers are all there: simrun resume RUN ends it without asking anybody"),
    "replay.role": Rule(_UNCHANGED),
    "times.backwards": Rule(_UNCHANGED),
    "times.repeated": Rule(_UNCHANGED),
    "times.impossible": Rule(_UNCHANGED),
    "tokens.impossible": Rule("an engine that miscounts its tokens should tell none"),
    "replies.repeated": Rule("whoever holds the board asks again; rules are played as backend=scripted", False),
    "pairs.alike": Rule("whoever holds the board asks again", False),
    "pairs.apart": Rule("play with a lower concurrency, so that pairs are played close to each other", False),
    "check.failed": Rule("a check itself failed: report it, with the file"),
    "like.same": Rule("a run is submitted once"),
    "like.another": Rule("say in `who` that it repeats that submission; whoever holds the board asks again", False),
}  # fmt: skip


class Fault(Record):
    """One thing that is wrong."""

    code: str
    where: str
    """The file in the submission; "" for the whole of it."""
    what: str

    @property
    def rule(self) -> Rule:
        """How grave it is, and how it is mended."""
        return RULES[self.code]

    @property
    def line(self) -> str:
        """All of it in words."""
        at = f"{self.where}: " if self.where else ""
        return f"{self.code}  {at}{self.what}; {self.rule.mend}"


class Refused(Exception):
    """Checks that cost more are not made: these faults come first."""

    def __init__(self, *faults: Fault):
        super().__init__("; ".join(each.line for each in faults))
        self.faults = faults


def stop(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults that only hold a submission. Refused where one refuses it."""
    found = few(faults)
    if any(each.rule.grave for each in found):
        raise Refused(*found)
    return found


def few(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The first of each code, and in one more how many there are beside."""
    kept: list[Fault] = []
    counts: dict[str, int] = {}
    for each in faults:
        counts[each.code] = counts.get(each.code, 0) + 1
        if counts[each.code] <= SHOWN:
            kept.append(each)
    more = [Fault(code=code, where="", what=f"and {n - SHOWN} more") for code, n in counts.items() if n > SHOWN]
    return (*kept, *more)
