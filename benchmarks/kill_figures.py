"""What kill.py found of runs that were killed: its records, the figures that they come to, and what those should be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, str, int]
"""Trial, role, nth."""


@dataclass(frozen=True)
class Reference:
    """The run that nobody disturbed."""

    calls: Counter[Call]
    outcomes: dict[str, Any]
    report: Any
    size: int
    """Bytes of its log."""
    seconds: float
    """From its folder's appearance to its end."""


@dataclass(frozen=True)
class Kill:
    """One SIGKILL, and the log that the next session finds."""

    phase: str
    """no run, before, playing, after (the last episode); late: the process had ended by itself."""
    torn: bool
    """The kill left a torn last line."""
    cut: frozenset[Call] | None
    """Answers that a power cut took as well; None where none was played."""
    kept: bytes
    asked: Counter[Call]
    """What this session was asked before it died."""
    unlogged: int
    """Answers that are not in the log; the one that was being written may be."""


@dataclass
class Moment:
    """One run that was killed, once or twice, and what was found when it was complete."""

    kills: list[Kill] = field(default_factory=list)
    asked_again: int = 0
    """Calls asked although their answer was in the log."""
    in_flight: int = 0
    """Calls asked again that had no answer in the log when the kill came."""
    lost_to_the_cut: int = 0
    """Calls asked again because the power cut had taken their answer."""
    duplicates: int = 0
    lost: int = 0
    rewritten: int = 0
    differing: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    """incomplete, chain, report -> what was wrong."""


def figures(moments: Sequence[Moment], reference: Reference) -> dict[str, Any]:
    """All counts."""
    kills = [kill for each in moments for kill in each.kills if kill.phase != "late"]
    return {
        "episodes": len(reference.outcomes),
        "calls": reference.calls.total(),
        "moments": len(moments),
        "kills": len(kills),
        "kills_by_phase": dict(Counter(kill.phase for kill in kills)),
        "kills_while_playing": sum(kill.phase == "playing" for kill in kills),
        "kills_during_a_resume": sum(len(each.kills) > 1 and each.kills[1].phase != "late" for each in moments),
        "torn_tails": sum(kill.torn for kill in kills),
        "power_cuts": sum(kill.cut is not None for kill in kills),
        "power_cut_answers_asked_again": sum(each.lost_to_the_cut for each in moments),
        "in_flight_asked_again": sum(each.in_flight for each in moments),
        "answers_at_hand_at_a_kill": sum(min(kill.unlogged, 1) for kill in kills),
        "answers_lost_by_a_kill": sum(max(kill.unlogged - 1, 0) for kill in kills),
        "asked_again": sum(each.asked_again for each in moments),
        "duplicates": sum(each.duplicates for each in moments),
        "lost": sum(each.lost for each in moments),
        "logs_rewritten": sum(each.rewritten for each in moments),
        "outcomes_differing": sum(each.differing for each in moments),
        "chains_broken": sum("chain" in each.faults for each in moments),
        "reports_differing": sum("report" in each.faults for each in moments),
        "incomplete": sum("incomplete" in each.faults for each in moments),
        "faults": [fault for each in moments for fault in each.faults.values()],
    }


NOTES = (
    "torn_tails counts what SIGKILL itself left; a power cut is simulated by cutting the end off a "
    "killed run's log at a random byte",
    "answers_lost_by_a_kill leaves out the one answer at a time that may be given and not "
    "yet written when the kill comes",
    "asked_again leaves out answers that a power cut took and calls that were in flight at the "
    "kill: those are rightly asked again",
)
ZERO = (
    "answers_lost_by_a_kill",
    "asked_again",
    "duplicates",
    "lost",
    "logs_rewritten",
    "outcomes_differing",
    "chains_broken",
    "reports_differing",
    "incomplete",
)


def goals(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What every figure should be, and whether it is."""
    told = {name: {"goal": 0, "found": found[name], "met": found[name] == 0} for name in ZERO}
    half = found["moments"] / 2  # otherwise the other figures say little
    playing = found["kills_while_playing"]
    return told | {"kills_while_playing": {"goal": f"at least {half:g}", "found": playing, "met": playing >= half}}
