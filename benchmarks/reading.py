"""How replies are read: which are read as a person reads them, and what reading costs.

    python benchmarks/reading.py [--json] [--small] [--corpus FILE]

The corpus is that of the tests (tests/agents/replies.jsonl), or FILE of the same form. Of each kind: `right`, `again`
(asked for once more in a run), `misread`, `invented` (a decision where a person finds none), `lost` (a refusal where
there is none, or the other way round). Time is that of replies of 4,000 characters as models write them, and of those
that a reader could be slow at: there, sixteen times the length may take no more than four times the time a character.
"""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from timed import main, most

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "agents"))
from corpus import HARD, KINDS, MOVES, OWN, rows

from simrun.agents.records import Answer
from simrun.agents.reply import Reply

LONG = 4000
WORDS = "The applicant has led a team of four, knows the tools asked for and writes clearly; the gap in 2019 is told. "
USUAL = {
    "assessment": '{"score": 8, "invite": true}',
    "assessment after prose": WORDS * 34 + '\n\n{"score": 8, "invite": true}',
    "assessment before prose": '{"score": 8, "invite": true}\n\n' + WORDS * 34,
    "assessment after a thought": f'<think>{WORDS * 34}</think>\n{{"score": 8, "invite": true}}',
    "prose alone": WORDS * 34,
    "free text": WORDS * 34,
}


def read_as_meant(corpus: Path) -> dict[str, Counter[str]]:
    """Outcomes by kind, and of all."""
    found: dict[str, Counter[str]] = {"all": Counter()}
    for row in rows(corpus):
        outcome = row.outcome()
        found.setdefault(row.kind, Counter())[outcome] += 1
        found["all"][outcome] += 1
    return found


def nanoseconds(text: str, free: bool = False, times: int = 50) -> float:
    """To read a character of a reply, the quickest of several readings."""
    answer, kinds = Answer(text=text), () if free else KINDS["assessment"]
    taken = []
    for _ in range(times):
        began = time.process_time_ns()
        Reply.of(answer, kinds, lambda: text[:LONG])
        taken.append(time.process_time_ns() - began)
    return min(taken) / max(len(text), 1)


def growth(unit: str) -> float:
    """How much dearer a character is in a reply of sixteen times the length, whatever was asked for."""
    gc.disable()
    try:
        short, long = ((unit * (length // len(unit)))[:length] + "x" for length in (LONG, 16 * LONG))
        return max(
            _each(long, kinds) / _each(short, kinds) / 16 for kinds in (KINDS["assessment"], MOVES, KINDS["rating"], ())
        )
    finally:
        gc.enable()


def _each(text: str, kinds: Any) -> float:
    answer, taken = Answer(text=text), []
    for _ in range(5):
        began = time.process_time_ns()
        Reply.of(answer, kinds, lambda: text[:LONG])
        taken.append(time.process_time_ns() - began)
    return max(min(taken), 100_000)  # under a tenth of a millisecond nothing can be said of growth


def measure(small: bool, tell: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The whole benchmark."""
    counted = read_as_meant(CORPUS)
    for kind, outcomes in counted.items():
        tell(f"{kind}: {dict(outcomes)}")
    wrong = (counted["all"]["misread"] + counted["all"]["invented"]) / counted["all"].total()
    cost = {name: round(nanoseconds(text, name == "free text"), 1) for name, text in USUAL.items()}
    grown = {repr(unit): round(growth(unit), 2) for unit in (HARD[:6] if small else HARD)}
    goals = {
        "misread or invented, share": most(wrong, 0.01),
        "a character of sixteen times the length, times": most(max(grown.values()), 4),
    }
    figures = {"corpus": CORPUS.name, "outcomes": counted, "ns_per_character": cost, "growth": grown}
    return figures, goals


if __name__ == "__main__":
    CORPUS = OWN
    if "--corpus" in sys.argv:
        at = sys.argv.index("--corpus")
        CORPUS = Path(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    main(__doc__, measure)
