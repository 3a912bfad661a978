"""Runs into one file: manifest, plan and log of each, and who hands them in. No scores, tables, reports or code."""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
from pydantic import ValidationError

from simrun.config.errors import ConfigError, explained
from simrun.config.options import Config
from simrun.leaderboard import suites
from simrun.leaderboard.submission import FORMAT, HEADER, LOG, MANIFEST, PLAN, Commitment, Half, Header, Who, written
from simrun.log import files
from simrun.log.chain import BESIDE, segments
from simrun.log.manifest import FILE, Manifest
from simrun.plan.design import Plan
from simrun.stage.trial import Trial

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in it: the same runs make the same file."""


def who(file: Path) -> Who:
    """Who hands it in; ConfigError says what a file of it should have."""
    due = "name, contact, relation (none, maker, paid or other) and licence, in YAML"
    return written(file, Who, f"it should have {due}")


def pack(
    runs: Sequence[Path],
    submitter: Who,
    target: Path,
    name: str | None = None,
    commitment: Commitment | None = None,
    half: Half = "public",
) -> Header:
    """Write the file, in one step. ConfigError for a suite that there is not, or that was not committed to; where none
    is named it is the one that was, else the one whose options the runs have, or custom."""
    manifests = [Manifest.read(run) for run in runs]
    chosen = name or (commitment.suite if commitment else found([each.config for each in manifests]))
    version = 0 if chosen == suites.CUSTOM else suites.suite(chosen).version
    told = {"format": FORMAT, "suite": chosen, "version": version, "runs": len(runs), "half": half}
    try:
        header = Header.model_validate(told | {"who": submitter, "commitment": commitment})
    except ValidationError as error:
        raise ConfigError(f"{target}: {explained(error, Header)}") from None
    with files.draft(target) as beside, zipfile.ZipFile(beside, "x", zipfile.ZIP_DEFLATED) as packed:
        _put(packed, HEADER, orjson.dumps(header.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
        for number, (run, manifest) in enumerate(zip(runs, manifests, strict=True)):
            _add(packed, f"{number:02d}", run, manifest)
    return header


def found(configs: Sequence[Config]) -> str:
    """The suite that runs of these configs are of, or custom."""
    for name in suites.names():
        parts = suites.suite(name).played
        if len(parts) == len(configs) and all(
            any(not suites.differing(given, suites.config(part)) for given in configs) for part in parts
        ):
            return name
    return suites.CUSTOM


def _add(packed: zipfile.ZipFile, folder: str, run: Path, manifest: Manifest) -> None:
    _put(packed, f"{folder}/{MANIFEST}", (run / FILE).read_bytes())
    with packed.open(_entry(f"{folder}/{PLAN}"), "w") as out:
        for line in planned(manifest.plan()):
            out.write(line)
    for part in segments(run):
        if not any(part.name.endswith(f".{chain}.jsonl") for chain in BESIDE):
            with part.open("rb") as lines, packed.open(_entry(f"{folder}/{LOG}/{part.name}"), "w") as out:
                shutil.copyfileobj(lines, out)


def planned(plan: Plan) -> Iterator[bytes]:
    """plan.jsonl: a line for each owed trial."""
    return map(told, plan.trials())


def told(trial: Trial) -> bytes:
    """One line of it."""
    return orjson.dumps([trial.id, trial.case, trial.arm, trial.repeat], option=orjson.OPT_APPEND_NEWLINE)


def _put(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    packed.writestr(_entry(name), data)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
    return entry
