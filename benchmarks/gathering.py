"""How far a run can be planned, merged and scored: time and memory for an episode as the run grows, and what ten
million come to.

    python benchmarks/gathering.py [--json] [--small]

Clinic, four calls an episode, agents that follow rules; played by as many shares as it has blocks (30 cases, a block
each) one after the other, as workers on other machines play them (`simrun worker RUN blocks=K-L`), each into a chain of
its own, and not measured. Then, each in a process of its own that knows the folder alone:

* `plan`: the plan is made, all trials are listed, and the table of them is written (also of 10,000,000, and these are
  known by their ids, as whoever merges knows them);
* `merge`: what `simrun resume` does where nothing is owed: all chains are read and proven, the manifest is closed,
  every episode is played again from its answers, and the four tables are written;
* `score`: the tables are read, every figure computed, the report and its page written.

CPU milliseconds an episode, and the greatest resident set, MB. Bytes for each further episode are those between the
two largest sizes. The figures for 10,000,000 are extrapolated: the largest size's time for an episode times ten
million, and its memory with the bytes of all further ones. One process merges and scores, on one core; that it stays
linear beyond the largest size here was not run.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from growth import clinic
from timed import main, memory, most, now

from simrun import run as begin
from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.log.chain import segments
from simrun.log.manifest import Manifest
from simrun.log.tables import plan_table
from simrun.plan.design import planned
from simrun.plan.trials import Trials
from simrun.play.blocks import Blocks, shares
from simrun.play.session import Session
from simrun.play.sharing import Sharing
from simrun.play.watch import Watching
from simrun.report.run import Run

FAR = 10_000_000
PHASES = ("plan", "merge", "score")
HOURS = {"plan": 0.2, "merge": 3.0, "score": 0.3}
"""Within which ten million are to be planned, merged and scored, of one core."""
BYTES = {"plan": 256, "merge": 256, "score": 1024}
"""Of memory for each further episode."""


def begun(out: Path, episodes: int) -> Path:
    """A run of so many episodes, all played, by shares, and not yet merged."""
    asked = clinic(episodes)
    path = begin(*asked, "backend=scripted", "concurrency=64", "launch=manual", f"out={out}").path
    manifest = Manifest.read(path)
    plan = manifest.plan()
    count = len(Blocks(plan))
    for share in shares(count, count):
        Sharing(path, plan, manifest, share).play(Watching())
    return path


def plan(path: Path) -> None:
    """All trials, and the table of them."""
    made = Manifest.read(path).plan()
    plan_table(made, path / "again.parquet")


def merge(path: Path) -> None:
    """What `simrun resume` does before it scores."""
    manifest = Manifest.read(path)
    session = Session.found(path, manifest, manifest.plan())
    session.play()
    session.seal()
    assert session.manifest.complete


def score(path: Path) -> None:
    """The report."""
    Run(path).write_report()


def child(phase: str, path: Path) -> dict[str, float]:
    """One phase, in this process."""
    began = now()
    {"plan": plan, "merge": merge, "score": score}[phase](path)
    ended = now()
    return {"seconds": ended[0] - began[0], "mb": memory()}


def whole() -> dict[str, float]:
    """Ten million planned, in this process."""
    began = now()
    config, folders = compose([*clinic(FAR), "backend=scripted"], {})
    made = planned(config, catalogue(folders))
    with TemporaryDirectory() as out:
        plan_table(made, Path(out) / "plan.parquet")
        table = memory()
        known = Trials(made)
        return {
            "episodes": len(known),
            "hours": round((now()[0] - began[0]) / 3600, 3),
            "table_mb": round(table, 1),
            "known_mb": round(memory(), 1),
            "plan_mb_on_disk": round(_size(Path(out)) / 1024**2, 1),
        }


def measured(episodes: int) -> dict[str, Any]:
    """A row: all phases of one size."""
    with TemporaryDirectory() as out:
        subprocess.run([sys.executable, __file__, "--begin", out, str(episodes)], check=True, stdout=subprocess.DEVNULL)
        return phased(*(file.parent for file in Path(out).glob("*/*/manifest.json")))


def phased(path: Path) -> dict[str, Any]:
    """A row: all phases of a run that was played."""
    count = Manifest.read(path).owed
    row: dict[str, Any] = {"episodes": count, "chains": len(segments(path))}
    for phase in PHASES:
        told = _told("--child", phase, str(path))
        row |= {f"{phase}_ms": round(1000 * told["seconds"] / count, 4), f"{phase}_mb": round(told["mb"], 1)}
    sizes = {name: _size(path / name) / 1024 / count for name in ("log", "sealed", "report")}
    return row | {f"{name}_kb": round(size, 3) for name, size in sizes.items()}


def _told(*asked: str) -> dict[str, float]:
    """What a process of its own prints."""
    command = [sys.executable, __file__, *asked]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def far(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What ten million come to by the last two sizes."""
    few, many = rows[-2:]
    found = {}
    for phase in PHASES:
        own = (many[f"{phase}_mb"] - few[f"{phase}_mb"]) * 1024**2 / (many["episodes"] - few["episodes"])
        found[phase] = {
            "hours": round(many[f"{phase}_ms"] * FAR / 3.6e6, 2),
            "bytes_an_episode": round(own, 1),
            "gb": round(many[f"{phase}_mb"] / 1024 + max(own, 0) * (FAR - many["episodes"]) / 1024**3, 2),
        }
    kept = sum(many[f"{name}_kb"] for name in ("log", "sealed", "report"))
    found["disk"] = {"gb": round(kept * FAR / 1024**2, 1)}
    return found


def goals(rows: list[dict[str, Any]], told: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Time for an episode does not grow, and ten million fit."""
    few, many = rows[-2:]
    found = {}
    for phase in PHASES:
        found[f"{phase}: CPU an episode, of that at {few['episodes']:,}"] = most(
            many[f"{phase}_ms"] / few[f"{phase}_ms"], 1.25
        )
        found[f"{phase}: bytes for each further episode"] = most(told[phase]["bytes_an_episode"], BYTES[phase])
        found[f"{phase}: hours for {FAR:,}, extrapolated"] = most(told[phase]["hours"], HOURS[phase])
    return found


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    rows = []
    for size in (1_000, 4_000) if small else (10_000, 60_000, 240_000):
        rows.append(measured(size))
        tell(str(rows[-1]))
    if small:  # too few to say how it goes on: what is done once still shows
        return {"rows": rows}, {}
    told = far(rows)
    return {"rows": rows, f"{FAR:,}, planned": _told("--whole"), f"{FAR:,}, extrapolated": told}, goals(rows, told)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--begin"]:
        begun(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], Path(sys.argv[3]))))
    elif sys.argv[1:2] == ["--whole"]:
        print(json.dumps(whole()))
    else:
        main(__doc__, measure)
