"""How fast a submission is checked, beside playing it, and how much memory that takes: python benchmarks/submitted.py

Screenings by rules, one call an episode, which costs a check the most for each call: the plan is derived, the log read
twice, every prompt rendered and every outcome scored anew. Each size in a process of its own; --sizes for others.
"""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.leaderboard.check import checked
from simrun.leaderboard.packing import pack
from simrun.leaderboard.submission import Who
from simrun.plan.design import planned
from simrun.play.session import start
from simrun.score.looks import decide

ASKED = ("scenario=recruitment", "backend=scripted", "cases=null", "vary.candidate.ethnicity=[White,Black]")
WHO = Who(name="A benchmark", contact="nobody", relation="none", licence="CC0-1.0")
ARMS, CASES = 4, 280


def peak() -> float:
    """Greatest memory of this process so far, MB: what getrusage tells begins with that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def packed(repeats: int, folder: Path) -> tuple[Path, float]:
    """A packed run of so many repeats, and CPU seconds of playing it."""
    config, _ = compose((*ASKED, f"repeats={repeats}", f"out={folder}"), {})
    plan, begun = planned(config, catalogue()), time.process_time()
    run = start(plan, decide).path
    spent = time.process_time() - begun
    pack([run], WHO, folder / "s.zip", "custom")
    return folder / "s.zip", spent


def one(file: Path) -> None:
    """Check a file, and print CPU seconds and memory."""
    before, begun = peak(), time.process_time()
    found = checked(file)
    assert found.state == "sound", found.faults
    print(time.process_time() - begun, before, peak())


def main() -> None:
    """A row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 9, 36], help="repeats, of 1120 episodes each")
    parser.add_argument("--one", type=Path)
    given = parser.parse_args()
    if given.one:
        return one(given.one)
    print("| episodes | file, MB | played, episodes/s | checked, episodes/s | memory before, MB | most, MB |")
    print("|---|---|---|---|---|---|")
    for repeats in given.sizes:
        with TemporaryDirectory() as folder:
            file, playing = packed(repeats, Path(folder))
            told = subprocess.run(
                [sys.executable, __file__, "--one", str(file)], capture_output=True, text=True, check=True
            ).stdout.split()
            checking, before, most = map(float, told)
            n, size = ARMS * CASES * repeats, file.stat().st_size / 1e6
            print(
                f"| {n} | {size:.1f} | {n / playing:.0f} | {n / checking:.0f} | {before:.0f} | {most:.0f} |", flush=True
            )
    return None


if __name__ == "__main__":
    main()
