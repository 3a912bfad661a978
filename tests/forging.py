"""Submissions forged out of honest runs: a run's folder is edited, chain and head made to fit, and packed without
simrun; or the packed file itself is edited."""

import shutil
import struct
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from logs import lines, part, rechain

from simrun.agents.backends.replay import Answers
from simrun.agents.records import Call
from simrun.config.menus import catalogue
from simrun.leaderboard import suites
from simrun.leaderboard.check import Checked, checked
from simrun.leaderboard.packing import planned
from simrun.log import opened
from simrun.log.chain import FIRST, chained, segments
from simrun.log.lines import CHAIN
from simrun.log.manifest import Manifest
from simrun.plan import design
from simrun.plan.design import Plan
from simrun.play.replay import recalled
from simrun.play.session import start
from simrun.score.looks import decide

WHO = {"name": "A group", "contact": "https://example.org", "relation": "none", "licence": "CC-BY-4.0"}
HEADER = {"format": 1, "suite": "small", "version": 1, "runs": 1, "who": WHO}
DEEP = b"[" * 10_000 + b"]" * 10_000
Lines = list[dict[str, Any]]
Forge = Callable[[Path], object]


def zipped(target: Path, run: Path, plan: bytes | None, more: Iterable[tuple[str, bytes]] = (), **header: Any) -> Path:
    """A run's folder as a submission, whatever is in it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("submission.json", orjson.dumps(HEADER | header))
        packed.write(run / "manifest.json", "00/manifest.json")
        if plan is not None:
            packed.writestr("00/plan.jsonl", plan)
        for file in sorted((run / "log").glob("*.jsonl")):
            packed.write(file, f"00/log/{file.name}")
        for name, data in more:
            packed.writestr(name, data)
    return target


def told(run: Path) -> Lines:
    return [orjson.loads(line) for line in lines(run)]


def relined(change: Callable[[Lines], Lines | None]) -> Forge:
    """Other lines, with a chain and a head that fit."""

    def forge(run: Path) -> None:
        found = told(run)
        changed = change(found)
        for later in segments(run)[1:]:  # of a run that was resumed
            later.unlink()
        rechain(run, found if changed is None else changed)

    return forge


def calls(change: Callable[[dict[str, Any]], Any]) -> Forge:
    """Every call changed."""

    def every(found: Lines) -> None:
        for fields in found:
            if fields["kind"] == "call":
                change(fields)

    return relined(every)


def raw(old: bytes, new: bytes) -> Forge:
    """Bytes of the first line that has them changed, with a chain that fits as far as JSON goes."""

    def forge(run: Path) -> None:
        head, forged, changed = FIRST, b"", False
        for line in lines(run):
            before = b'"prev":"' + orjson.loads(line)["prev"].encode()
            own = line.replace(before, b'"prev":"' + head.encode())
            if not changed and old in own:
                own, changed = own.replace(old, new, 1), True
            head, forged = chained(own), forged + own
        assert changed
        part(run).write_bytes(forged)
        remade(heads={"": head})(run)

    return forge


def remade(**changed: Any) -> Forge:
    """Another manifest, with the log as it is."""
    return lambda run: Manifest.read(run).model_copy(update=changed).write(run)


def bound(*forges: Forge) -> Forge:
    """The same, and the lines that bind the log to its manifest made anew: as good as a forger can."""

    def forge(run: Path) -> None:
        for each in forges:
            each(run)
        manifest = Manifest.read(run)
        engines, notes = dict(manifest.engines), list(manifest.notes)
        digest = opened.bound(manifest)

        def anew(found: Lines) -> None:
            for fields in found:
                if fields["kind"] == "opened":
                    fields |= {"run": digest, "engines": engines, "notes": notes, "primary": list(manifest.primary)}

        relined(anew)(run)

    return forge


def written(change: Callable[[dict[str, Any]], Any]) -> Forge:
    """A manifest's JSON changed, valid or not."""

    def forge(run: Path) -> None:
        fields = orjson.loads((run / "manifest.json").read_bytes())
        change(fields)
        (run / "manifest.json").write_bytes(orjson.dumps(fields))

    return forge


def asked(**config: Any) -> Forge:
    """Other options, with a digest that fits."""

    def forge(run: Path) -> None:
        own = Manifest.read(run).config.model_copy(update=config)
        remade(config=own, digest=own.digest())(run)

    return forge


def scored(plan: Plan) -> Callable[[Lines], None]:
    """What the calls come to in place of the outcomes that are logged."""
    trials = {trial.id: trial for trial in plan.trials()}

    def anew(found: Lines) -> None:
        own: dict[str, list[Call]] = {}
        for fields in found:
            if fields["kind"] == "call":
                call = Call.model_validate({key: value for key, value in fields.items() if key not in CHAIN})
                own.setdefault(call.trial, []).append(call)
            elif fields["kind"] == "episode":
                stage = plan.stage(trials[fields["trial"]])
                assert recalled(stage, Answers(own[fields["trial"]]))
                assert stage.outcome is not None
                fields["outcome"] = stage.outcome.model_dump(mode="json")

    return anew


def last(found: Lines, kind: str) -> int:
    return max(at for at, fields in enumerate(found) if fields["kind"] == kind)


def failed(count: int) -> Callable[[Lines], None]:
    """The last episodes turned into errors of infrastructure; their last calls, which would show it, taken out."""

    def change(found: Lines) -> None:
        for _ in range(count):
            at = last(found, "episode")
            trial = found[at]["trial"]
            gone = max(n for n, fields in enumerate(found) if fields["kind"] == "call" and fields["trial"] == trial)
            found[at] = {"kind": "error", "trial": trial, "at": found[at]["at"], "error": "server", "message": "500"}
            del found[gone]

    return change


def copied(plan: Plan) -> Callable[[Lines], None]:
    """The second arm's answers are those of the first, with their times and what they come to."""
    trials = {trial.id: trial for trial in plan.trials()}

    def change(found: Lines) -> None:
        source: dict[tuple[Any, ...], dict[str, Any]] = {}
        for fields in found:
            if fields["kind"] == "call":
                trial = trials[fields["trial"]]
                key = trial.case, trial.repeat, fields["role"], fields["nth"], fields.get("attempt", 0)
                if trial.arm == plan.arms[0].name:
                    source[key] = fields
                elif trial.arm == plan.arms[1].name and key in source:
                    fields |= {name: source[key][name] for name in ("answer", "at", "seconds")}
        scored(plan)(found)

    return change


def jsonl(plan: Plan) -> bytes:
    return b"".join(planned(plan))


def listed(target: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """A zip file of these."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry, data in entries:
            packed.writestr(entry, data)
    return target


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.create_system, made.compress_type = mode << 16, 3, zipfile.ZIP_DEFLATED
    return made


def directory(file: Path, offset: int, form: str, value: int) -> Path:
    """A field of the first entry in a zip file's list overwritten."""
    data = bytearray(file.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into(form, data, at + offset, value)
    file.write_bytes(data)
    return file


def played(out: Path, **options: Any) -> Path:
    """An honest run of the suite, on rules where no other backend is given; not reported, which costs seconds."""
    config = suites.config("small").model_copy(update={"out": str(out), **options})
    return start(design.planned(config, catalogue()), decide).path


def copy(run: Path, target: Path) -> Path:
    return Path(shutil.copytree(run, target, ignore=shutil.ignore_patterns("sealed", "report")))


def codes(found: Checked) -> set[str]:
    return {fault.code for fault in found.faults}


def check(file: Path, here: Path, *beside: Path, board: Path | None = None) -> Checked:
    """Checked, and nothing executed, and nothing left or written beside."""
    before = {path: path.stat().st_mtime_ns for path in here.parent.rglob("*") if path.is_file()}
    found = checked(file, beside, board)
    after = {path: path.stat().st_mtime_ns for path in here.parent.rglob("*") if path.is_file()}
    assert after == before
    assert not list((here.parent / "scratch").iterdir())
    return found
