"""Whether time and memory for an episode stay what they are as a run grows: 10 to
100,000 episodes with agents that follow rules.

    python benchmarks/growth.py [--json] [--small] [--recruitment]

Each size is played in a process of its own, by the public way from config to report, 64 episodes in flight, four calls
an episode (the doctor concludes at its first move, the patient is asked three things), the whole bank of cases. Told
apart are playing, with what goes before it (plan and manifest), and what comes after (sealed tables and report): CPU
milliseconds an episode, and the greatest memory of the process (resident set, MB) until then. `base` is what the
process holds once everything is imported. `yardstick` is what a fixed piece of Python took, from second to second while
playing: where other processes make the machine slower during a long run, goals on time allow for it.

With --recruitment each pair of episodes is another applicant's, of a pool that grows with the run: a recruiter
screens 1,000 to 10,000 of them (2,000 to 20,000 episodes of one call), so that what is kept of each case shows too:
its plan, its digest, its row in the manifest.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timed import PAIRS, main, memory, most, now, played

SIZES = (10, 100, 1_000, 10_000, 100_000)
RECRUITMENT = "--recruitment" in sys.argv
sys.argv = [given for given in sys.argv if given != "--recruitment"]
REFERENCE = 2_000 if RECRUITMENT else 1_000
"""From this size on, what is done once a run no longer shows."""


POOLS = (2_000, 6_000, 20_000)
"""Episodes, two of each applicant."""
OPENINGS = 14
SCREENING = ("scenario=recruitment", "vary={candidate: {ethnicity: [White, Black]}}", "design.controls=[]")


def clinic(episodes: int) -> tuple[str, ...]:
    """The bank of cases, played again and again."""
    cases = min(30, episodes // 2)
    return *PAIRS, "scenario.questions=1", f"cases={cases}", f"repeats={max(1, round(episodes / 2 / cases))}"


def recruitment(episodes: int) -> tuple[str, ...]:
    """As many applicants as it takes."""
    cases = episodes // 2
    return *SCREENING, f"scenario.pool={-(-cases // OPENINGS)}", f"cases={cases}"


def child(scenario: str, episodes: int) -> dict[str, Any]:
    """Play one size, in this process."""
    with TemporaryDirectory() as out:
        asked = {"clinic": clinic, "recruitment": recruitment}[scenario]
        common = ["backend=scripted", "concurrency=64", f"out={out}"]
        played(Path(out), *asked(4), *common)  # imports, and what is compiled once
        base, began = memory(), now()[0]
        run, times = played(Path(out), *asked(episodes), *common)
        count = run.manifests[0].owed
        size = sum(file.stat().st_size for file in (run.path / "log").glob("*.jsonl"))
    told = {"before": times.began[0] - began, "playing": times.playing[0], "after": times.after[0]}
    return {
        "episodes": count,
        **{f"{name}_ms": round(1000 * seconds / count, 4) for name, seconds in told.items()},
        "yardstick_ms": round(statistics.fmean(times.yardsticks), 4),
        "base_mb": round(base, 1),
        "playing_mb": round(times.memory, 1),
        "after_mb": round(memory(), 1),
        "log_kb_an_episode": round(size / 1024 / count, 3),
    }


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    scenario = "recruitment" if RECRUITMENT else "clinic"
    rows = []
    for size in (10, 100, 1_000, 2_000) if small else POOLS if RECRUITMENT else SIZES:
        command = [sys.executable, __file__, "--child", scenario, str(size)]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        tell(str(rows[-1]))
    return {"rows": rows}, goals(rows)


def goals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The largest run, held against one of a thousand episodes."""
    few, many = next(row for row in rows if row["episodes"] >= 0.9 * REFERENCE), rows[-1]
    slower, extra = many["yardstick_ms"] / few["yardstick_ms"], many["episodes"] - few["episodes"]
    times = {
        f"playing: CPU an episode, of that at {REFERENCE:,}": most(
            many["playing_ms"] / few["playing_ms"] / slower, 1.25
        ),
        f"sealing and report: CPU an episode, of that at {REFERENCE:,}": most(
            many["after_ms"] / few["after_ms"] / slower, 1.25
        ),
    }
    if (
        many["episodes"] < 5 * REFERENCE
    ):  # tables are written in batches of 20,000 rows: a small run still fills its first
        return times
    # every second episode of recruitment has a case of its own, and cases are kept: about 2 kB each
    playing, whole = (2.0, 4.0) if RECRUITMENT else (0.5, 2.0)
    return times | {
        "playing: kB of memory for each further episode": most(
            1024 * (many["playing_mb"] - few["playing_mb"]) / extra, playing
        ),
        "whole run: kB of memory for each further episode": most(
            1024 * (many["after_mb"] - few["after_mb"]) / extra, whole
        ),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], int(sys.argv[3]))))
    else:
        main(__doc__, measure)
