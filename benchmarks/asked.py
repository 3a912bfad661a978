"""How likely `simrun board ask` finds altered answers: python benchmarks/asked.py, with --local by real weights too.

Share altered x pairs asked again x how often the model agrees with itself -> chance of being found, by the comparison
that the command makes. Simulated answers of yes and no; then answers of scripted agents in the suite `small`, and with
--local of SmolLM2-135M at two temperatures, of which cases are drawn with replacement for each size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from timed import least, main, most

from simrun.leaderboard import alike, suites
from simrun.leaderboard.alike import Answers
from simrun.leaderboard.asking import answered, table

ARMS, PAIRS, FLOORS, SHARES = 4, (8, 16, 32, 64), (0.6, 0.75, 0.9, 1.0), (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
TEMPERATURES = (0.7, 1.5)
CHANCES = (0.6, 0.8, 1.0)
"""Of scripted recruiters that invite: the less sure they are, the less they agree with themselves."""


def simulated(tried: int, pairs: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each number of pairs and each floor."""
    rows = []
    for cases in pairs:
        for floor in FLOORS:
            found = {f"{share:.0%}": alike.beforehand(share, cases, ARMS, floor, tried) for share in SHARES}
            rows.append({"pairs": cases, "agrees with itself": floor, **found})
    return rows


def of_engine(engine: Mapping[str, Any], cases: int) -> Answers:
    """Three plays of the suite `small` by one engine."""
    plan = suites.plan("small", engine)
    kept = set(list(plan.cases)[:cases])
    trials = [trial for trial in plan.trials() if trial.case in kept]
    plays, _ = answered(plan, trials, ("invited",), (1, 2, 3))
    return table(plan, trials, plays)


def resampled(given: Answers, pairs: int, rng: np.random.Generator) -> Answers:
    """As many cases as there are pairs, drawn with replacement, each for itself."""
    drawn = rng.integers(given.cases, size=pairs)
    values = {name: own[drawn] for name, own in given.values.items()}
    kept = {"first": given.first[drawn], "length": given.length[drawn], "asked": given.asked[drawn]}
    return replace(given, case=np.arange(pairs), values=values, **kept)


def measured(name: str, given: Answers, tried: int, pairs: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each number of pairs."""
    said, rows = given.values["invited"], []
    agrees = float(np.mean([said[:, :, one] == said[:, :, other] for one, other in ((0, 1), (0, 2), (1, 2))]))
    for count in pairs:
        rng, found = np.random.default_rng(count), {}
        for share in SHARES:
            hits = [alike.found(alike.altered(resampled(given, count, rng), share, rng)) for _ in range(tried)]
            found[f"{share:.0%}"] = float(np.mean(hits))
        rows.append({"engine": name, "agrees with itself": round(agrees, 2), "pairs": count, **found})
    return rows


def scripted(chance: float) -> dict[str, Any]:
    """A recruiter by rules who invites with this chance, else not."""
    yes, no = {"score": 8, "invite": True}, {"score": 4, "invite": False}
    return {"name": "scripted", "rules": [{"role": "recruiter", "chance": chance, "say": yes, "otherwise": no}]}


def measure(small: bool, say: Callable[[str], None], local: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Chances, and whether the comparison holds its level and finds what it says."""
    tried, pairs, cases = (100, (8, 32), 4) if small else (200, PAIRS, 16)
    engines = {f"scripted, chance {chance:g}": (scripted(chance), cases) for chance in CHANCES}
    if local:
        smol = {each: {"name": "local", "temperature": each, "max_tokens": 256} for each in TEMPERATURES}
        engines |= {f"SmolLM2-135M, temperature {each:g}": (own, cases // 2) for each, own in smol.items()}
    rows, own = simulated(tried, pairs), []
    for name, (engine, asked) in engines.items():
        say(f"asking {name}, {asked} cases")
        own += measured(name, of_engine(engine, asked), tried, pairs)
    level = float(np.mean([row["0%"] for row in (*rows, *own)]))
    known = next(row for row in rows if row["pairs"] == 32 and row["agrees with itself"] == 0.9)
    goals = {
        "honest runs that are said to differ": most(level, 1.5 * alike.ALPHA),
        "30 % altered, 32 pairs, agreeing in .9": least(known["30%"], 0.8),
    }
    return {"simulated": rows, "asked": own}, goals


if __name__ == "__main__":
    main(__doc__, measure, {"local": "ask SmolLM2-135M too: some ten minutes on two cores"})
