"""Kills a run at random moments, resumes it, and compares what comes of it with the same run left alone.

    python benchmarks/kill.py [--json] [--small] [--of NAME] [--moments N] [--episodes N] [--seed N]

Two of three kills wait for a random number of bytes in the log, so that they land while episodes are played; the third
waits for a random time after the run's folder has appeared, and so also meets the beginning and the end of a run. Some
resumes are killed too. A killed process hardly ever tears a line (one `write` is one line, and the kernel ends it), so
after some kills a power cut is played as well: the end of the log is cut off at a random byte of its last 64 lines. The
answers lost there may be asked for again; no others.

The players are witnesses: each notes every call when it is asked and again when it answers, in a
file of its own. So a call that is asked again though it was answered is seen whatever the log says,
and so is an answer that never reached it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from kill_figures import NOTES, Call, Kill, Moment, Reference, figures, goals

from simrun.log.chain import LogError, read, segments
from simrun.log.manifest import FILE, Manifest

PLAYER = """
import asyncio, os, sys
from simrun.agents.backends.scripted import Scripted
from simrun.cli.main import main

witness = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
answer = Scripted.reply

async def reply(self, chat):
    os.write(witness, f"asked {chat.session} {chat.speaker} {chat.nth}\\n".encode())
    await asyncio.sleep(chat.seed % 20 / 1000)  # as an engine would: many episodes are in flight, and end in any order
    said = await answer(self, chat)
    os.write(witness, f"answered {chat.session} {chat.speaker} {chat.nth}\\n".encode())
    return said

Scripted.reply = reply
main(sys.argv[2:])
"""
"""The simrun command, its scripted agents taking up to 20 ms to answer and noting what they are asked and answer."""
POLL = 0.0002
"""Seconds between two looks at the log."""
CUT = 64
"""Lines that a power cut can take: what the log promises to have forced to the disk before."""


PLAYED = {
    "clinic": (30, "scenario=clinic", "vary.patient.ethnicity=[White,Black]"),
    "dialogue": (36, "scenario=dialogue", "vary.subject.religion=[none,Muslim]", "scenario.turns=10"),
    "group": (
        6,
        "scenario=dialogue",
        "scenario.mode=group",
        "vary.subject.religion=[none,Muslim]",
        "scenario.members=8",
        "scenario.rounds=10",
    ),
    "peer_review": (
        60,
        "scenario=peer_review",
        "vary.author.affiliation=[unknown,famous]",
        "scenario.papers=25",
        "scenario.decide=rate",
    ),
}
"""What is played: how many cases there are, and two arms; the noise floor is a third."""
LONG = {"peer_review": 5}
"""Of which fewer episodes are played, by how many times: one of a venue has 350 calls."""


def overrides(what: str, episodes: int, out: Path) -> list[str]:
    """A run of about this many episodes, of long ones of fewer: four repeats, or more where there are not as many
    cases, of which a comparison needs two."""
    most, *asked = PLAYED[what]
    episodes = round(episodes / LONG.get(what, 1))
    cases = min(most, max(2, round(episodes / 12)))
    repeats = max(4, round(episodes / 3 / cases))
    asked += ["backend=scripted", f"cases={cases}", f"repeats={repeats}", "concurrency=16"]
    return [*asked, f"out={out}", "--json"]


def session(home: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the command; what it is asked and answers goes to a new file `witness-N`."""
    witness = home / f"witness-{len(list(home.glob('witness-*')))}"
    witness.touch()
    with (home / "stderr").open("wb") as errors:
        command = [sys.executable, "-c", PLAYER, str(witness), *arguments]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, cwd=home)


def witnessed(home: Path, what: str = "asked") -> Counter[Call]:
    """The calls that the latest session was asked, or has answered."""
    latest = max(home.glob("witness-*"), key=lambda file: int(file.name.split("-")[1]))
    noted = [line.split() for line in latest.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return Counter((trial, role, int(nth)) for verb, trial, role, nth in noted if verb == what)


def folder(home: Path) -> Path | None:
    """The run's folder, None before there is one."""
    return max(home.glob("runs/*/*"), key=lambda path: path.stat().st_ctime, default=None)


def size(home: Path) -> int:
    """Bytes in the log."""
    run = folder(home)
    return sum(part.stat().st_size for part in segments(run)) if run else 0


def whole(run: Path | None) -> bytes:
    """The log in one piece, without torn lines."""
    parts = [part.read_bytes() for part in segments(run)] if run else []
    return b"".join(part[: part.rfind(b"\n") + 1] for part in parts)


def lines(log: bytes) -> Iterator[dict[str, Any]]:
    """A log's lines, unchecked."""
    return map(orjson.loads, log.splitlines())


def calls(log: bytes) -> Counter[Call]:
    """The calls in a log."""
    return Counter((line["trial"], speaker(line), line["nth"]) for line in lines(log) if line["kind"] == "call")


def speaker(line: dict[str, Any]) -> str:
    """Who was asked, and in which chat where that role has several: as `Chat.speaker` has it."""
    return f"{line['role']}/{line['chat']}" if line.get("chat") else str(line["role"])


def outcomes(log: bytes) -> dict[str, Any]:
    """Trial -> outcome."""
    return {line["trial"]: line["outcome"] for line in lines(log) if line["kind"] == "episode"}


def reported(run: Path) -> Any:
    """Arms and effects of the written report."""
    sections = json.loads((run / "report" / "report.json").read_bytes())["sections"]
    return sections["arms"], sections["effects"]


def alone(what: str, episodes: int) -> Reference:
    """Play the run without disturbing it."""
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        player = session(home, overrides(what, episodes, home / "runs"))
        since = after(home, 0)
        while not since() and player.poll() is None:
            time.sleep(POLL)
        began = time.monotonic()
        if player.wait():
            raise RuntimeError(f"the undisturbed run failed: {(home / 'stderr').read_text()[-2000:]}")
        seconds, run = time.monotonic() - began, folder(home)
        assert run is not None
        log = whole(run)
        return Reference(calls(log), outcomes(log), reported(run), len(log), seconds)


def after(home: Path, seconds: float) -> Callable[[], bool]:
    """Due so long after the run's folder appeared."""
    began: list[float] = []

    def due() -> bool:
        if not began and folder(home):
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] >= seconds

    return due


def struck(player: subprocess.Popen[bytes], due: Callable[[], bool]) -> bool:
    """Kill a process as soon as that is due; False when it ended by itself first."""
    while player.poll() is None:
        if due():
            player.kill()
            return player.wait() == -signal.SIGKILL
        time.sleep(POLL)
    return False


def examined(home: Path, landed: bool, power_cut: random.Random | None, owed: int) -> Kill:
    """What a kill left, after cutting off the end of the log where a power cut is to be played."""
    run = folder(home)
    torn = (
        any(not part.read_bytes().endswith(b"\n") for part in segments(run)[-1:] if part.stat().st_size)
        if run
        else False
    )
    before = whole(run)
    done = len(outcomes(before))
    has_run = run is not None and (run / FILE).is_file()
    phase = (
        "late"
        if not landed
        else "no run"
        if not has_run
        else "before"
        if not done
        else "playing"
        if done < owed
        else "after"
    )
    cut = None
    # a closed log has been forced to the disk: no power cut takes anything from it
    if run and has_run and power_cut and phase == "playing" and not Manifest.read(run).heads:
        cut_off(segments(run)[-1], power_cut)
        cut = frozenset(calls(before) - calls(whole(run)))
    unlogged = len(set(witnessed(home, "answered")) - set(calls(before)))
    return Kill(phase, torn, cut, whole(run), witnessed(home), unlogged)


def cut_off(part: Path, rng: random.Random) -> None:
    """Truncate a part of a log at a random byte of its last lines."""
    log = part.read_bytes()
    least = len(log) - sum(map(len, log.splitlines(keepends=True)[-CUT:]))
    os.truncate(part, rng.randrange(least, len(log) + 1))


def moment(number: int, what: str, episodes: int, seed: int, reference: Reference) -> Moment:
    """Play, kill, resume (and kill and resume once more, sometimes), and compare."""
    rng, found, owed = random.Random(f"{seed} {number}"), Moment(), len(reference.outcomes)
    power_cut = rng if number % 3 == 1 else None
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        start = overrides(what, episodes, home / "runs")
        due = after(home, rng.uniform(0, reference.seconds)) if number % 3 == 2 else written(home, rng, reference)
        found.kills.append(examined(home, struck(session(home, start), due), power_cut, owed))
        if rng.random() < 0.4:
            landed = struck(session(home, again(home, start)), written(home, rng, reference))
            recount(found, found.kills[-1], witnessed(home))
            found.kills.append(examined(home, landed, power_cut, owed))
        player = session(home, again(home, start))
        if player.wait():
            found.faults["incomplete"] = (home / "stderr").read_text().strip().splitlines()[-1]
        recount(found, found.kills[-1], witnessed(home))
        compare(found, folder(home), reference)
    return found


def written(home: Path, rng: random.Random, reference: Reference) -> Callable[[], bool]:
    """Due when a random share of what is still to be logged has been."""
    target = rng.uniform(size(home), reference.size)
    return lambda: size(home) > target


def again(home: Path, start: Sequence[str]) -> list[str]:
    """What a user would do now: resume; or start again, where the kill came before there was anything to resume."""
    run = folder(home)
    return ["resume", str(run)] if run and (run / FILE).is_file() else list(start)


def recount(found: Moment, kill: Kill, latest: Counter[Call]) -> None:
    """Count what a session was asked although the killed one before it had been asked it."""
    had, cut = set(calls(kill.kept)), kill.cut or frozenset()
    found.asked_again += sum(count for call, count in latest.items() if call in had) + sum(
        count - 1 for count in latest.values()
    )
    found.lost_to_the_cut += len(cut & set(latest))
    found.in_flight += len((set(kill.asked) & set(latest)) - had - cut)


def compare(found: Moment, run: Path | None, reference: Reference) -> None:
    """Hold the completed run against the undisturbed one."""
    log = whole(run)
    logged, came = calls(log), outcomes(log)
    found.duplicates = logged.total() - len(logged)
    found.lost = len(set(reference.calls) - set(logged))
    found.rewritten = sum(not log.startswith(kill.kept) for kill in found.kills)
    found.differing = sum(
        came.get(trial) != reference.outcomes.get(trial) for trial in came.keys() | reference.outcomes.keys()
    )
    if run is None or found.faults:
        return
    manifest = Manifest.read(run)
    if not manifest.complete:
        found.faults["incomplete"] = "the manifest does not call it complete"
    try:
        list(read(run, manifest.tip()))
    except LogError as error:
        found.faults["chain"] = str(error)
    if reported(run) != reference.report:
        found.faults["report"] = "its arms or contrasts are not those of the undisturbed run"


def measure(
    what: str, moments: int, episodes: int, seed: int, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """The whole benchmark."""
    began, reference = time.monotonic(), alone(what, episodes)
    tell(f"undisturbed: {len(reference.outcomes)} episodes, {reference.calls.total()} calls, {reference.seconds:.1f} s")
    found = []
    for number in range(moments):
        found.append(moment(number, what, episodes, seed, reference))
        tell(
            f"{number + 1}/{moments}  killed: "
            f"{', '.join(kill.phase for kill in found[-1].kills)}  {found[-1].faults or ''}"
        )
    told = figures(found, reference) | {"seconds": round(time.monotonic() - began, 1)}
    reached = goals(told)
    return {
        "benchmark": "kill",
        "of": what,
        "figures": told,
        "goals": reached,
        "met": all(goal["met"] for goal in reached.values()),
        "notes": NOTES,
    }


def main() -> None:
    """Measure, print, and exit with 1 where a goal is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--small", action="store_true", help="4 moments of 60 episodes: under a minute")
    parser.add_argument("--of", choices=PLAYED, default="clinic", help="what is played (clinic)")
    parser.add_argument("--moments", type=int, help="runs to kill (30)")
    parser.add_argument("--episodes", type=int, help="about how many episodes a run owes (200)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments, episodes = given.moments or (4 if given.small else 30), given.episodes or (60 if given.small else 200)
    told = measure(given.of, moments, episodes, given.seed, lambda text: print(text, file=sys.stderr, flush=True))
    if given.json:
        print(json.dumps(told))
    else:
        for name, value in told["figures"].items():
            goal = told["goals"].get(name)
            print(
                f"{name:30} {value}"
                + (f"   goal {goal['goal']}: {'met' if goal['met'] else 'NOT MET'}" if goal else "")
            )
        print(*told["notes"], sep="\n")
    sys.exit(not told["met"])


if __name__ == "__main__":
    main()
