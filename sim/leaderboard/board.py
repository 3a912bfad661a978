"""A board is a folder: decisions, the packed files that were taken, and their scores, added and never overwritten."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import orjson
from pydantic import ValidationError

from simrun.agents.backends.base import BackendError
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, unknown
from simrun.leaderboard.check import Checked, checked
from simrun.leaderboard.decisions import Decision, decide, decisions
from simrun.leaderboard.faults import Refused
from simrun.leaderboard.private import Private
from simrun.leaderboard.scores import Scores, scored
from simrun.log import files
from simrun.log.chain import LogError
from simrun.report.run import Run
from simrun.score.version import METRICS

SUBMISSIONS, SCORES = "submissions", "scores"
PRIVATE = " private"
"""Behind the suite of runs of its private half: its cases are others, under the same names, so that nothing of the two
is ranked together."""
SHORT = 12
"""Characters of a file's SHA-256 by which an entry is known."""
Tier = Literal["consistent", "re-asked", "host"]
"""Re-scored from its log; its model was asked again on a sample, and agrees; played by who holds the board."""


class Entry(Record):
    """One packed file on a board, and what was decided of it."""

    file: str
    """Its SHA-256."""
    added: Decision
    withdrawn: Decision | None = None
    asked: Decision | None = None
    """The last time that its model was asked again."""
    host: Decision | None = None
    told: tuple[Decision, ...] = ()
    """All that was decided of it, oldest first."""

    @property
    def id(self) -> str:
        """By which it is linked to."""
        return self.file[:SHORT]

    @property
    def tier(self) -> Tier:
        """How well it is borne out, by decisions alone."""
        if self.host:
            return "host"
        return "re-asked" if self.asked and self.asked.evidence.get("verdict") == "agrees" else "consistent"


def entries(folder: Path) -> tuple[Entry, ...]:
    """All that ever stood on a board, in the order in which it came. ConfigError for a broken log of decisions."""
    own: dict[str, list[Decision]] = {}
    for each in decisions(folder):
        if each.file:
            own.setdefault(each.file, []).append(each)
    return tuple(_entry(file, told) for file, told in own.items() if any(each.what == "add" for each in told))


def _entry(file: str, told: Sequence[Decision]) -> Entry:
    last = {each.what: each for each in told}
    stands = next(each for each in reversed(told) if each.what in ("add", "remove"))
    return Entry(
        file=file,
        added=last["add"],
        withdrawn=stands if stands.what == "remove" else None,
        asked=last.get("ask"),
        host=last.get("host"),
        told=tuple(told),
    )


def entry(folder: Path, named: str) -> Entry:
    """The entry whose SHA-256 begins so, or of this file; ConfigError for none, or several."""
    there = entries(folder)
    wanted = digest(Path(named)) if Path(named).is_file() else named
    found = [each for each in there if wanted and each.file.startswith(wanted)]
    if len(found) != 1:
        raise unknown("entry", named, [each.id for each in found or there])
    return found[0]


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def packed(folder: Path, file: str) -> Path:
    """Where a packed file is kept."""
    return folder / SUBMISSIONS / f"{file}.zip"


def add(
    folder: Path, file: Path, who: str, why: str, accept: Mapping[str, str], private: Private | None = None
) -> Checked:
    """Check a packed file beside those of the board, and take it where it is sound, or held for nothing but codes that
    are accepted, each with its reason. What it came to is returned; nothing is kept of a file that was not taken.

    ConfigError for a file that is there already, or cannot be read.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file; simrun submit pack makes one")
    files.folder(folder / SUBMISSIONS)
    with TemporaryDirectory(prefix=".taken-", dir=folder) as room:
        mine = Path(shutil.copyfile(file, Path(room) / "submission.zip"))  # what is checked is what is kept
        name = digest(mine)
        if any(each.file == name and not each.withdrawn for each in entries(folder)):
            raise ConfigError(f"{file} is on this board already, as {name[:SHORT]}")
        beside = [each for each in sorted((folder / SUBMISSIONS).glob("*.zip")) if each.stem != name]
        found = checked(mine, beside, folder, private).model_copy(update={"file": str(file)})
        if found.state == "refused" or any(fault.code not in accept for fault in found.faults):
            return found
        with TemporaryDirectory(prefix="simrun-board-") as scratch, explained(file):
            written = _keep(folder, scored(mine, name, Path(scratch).resolve())[0])
        mine.replace(packed(folder, name))
    told = {fault.code: accept[fault.code] for fault in found.faults}
    decide(folder, "add", who, why, name, {**_facts(found), "accepted": told, **written})
    return found


def _facts(found: Checked) -> dict[str, object]:
    """What a decision tells of a file, and the page of one that was erased."""
    assert found.header
    engines = [engine for part in found.parts for engine in part.engines.values()]
    return {
        "state": found.state,
        "standing": found.standing,
        "prepared": found.prepared,
        "commitment": found.header.commitment.digest if found.header.commitment else "",
        "suite": f"{found.header.suite}@{found.header.version}{PRIVATE * (found.header.half == 'private')}",
        "models": sorted({model(engine) for engine in engines}),
        "runs": {part.run: part.heads for part in found.parts},
    }


def model(engine: Mapping[str, object]) -> str:
    """How an engine is called on a board: the name of its model, of a file its last part; else that of the backend."""
    name = str(engine.get("model") or engine.get("backend") or "?")
    return name.rsplit("/", 1)[-1] if name.endswith(".gguf") else name


def _keep(folder: Path, found: Scores) -> dict[str, object]:
    """Write scores where there are none of their version. ConfigError where other ones are there."""
    target = folder / SCORES / found.file / f"{found.metrics}.json"
    text = orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    if target.exists() and target.read_bytes() != text:
        raise ConfigError(
            f"{target} has other scores than metrics {found.metrics} come to now: whoever changes a number raises "
            "simrun.score.version.METRICS; scores are added and never overwritten"
        )
    files.folder(target.parent)
    if not target.exists():
        files.replace(target, text)
    return {"metrics": found.metrics, "scores": hashlib.sha256(text).hexdigest()}


def kept(folder: Path, own: Entry) -> tuple[Scores, ...]:
    """The scores of an entry, the oldest version first. ConfigError where a file of them was changed since."""
    due = {
        int(each.evidence["metrics"]): each.evidence.get("scores") for each in own.told if "metrics" in each.evidence
    }
    found = []
    for version in sorted(due):
        target = folder / SCORES / own.file / f"{version}.json"
        try:
            text = target.read_bytes()
            if hashlib.sha256(text).hexdigest() != due[version]:
                raise ConfigError(f"{target} was changed: it is not what was decided on; take it back, or rescore")
            found.append(Scores.model_validate_json(text))
        except (OSError, ValidationError) as error:
            raise ConfigError(f"{target} cannot be read: {error}") from None
    return tuple(found)


def remove(folder: Path, named: str, who: str, why: str, erase: bool) -> Entry:
    """Withdraw an entry: it is shown as withdrawn, with the reason; `erase` lets its packed file go too."""
    own = entry(folder, named)
    if own.withdrawn and not (erase and packed(folder, own.file).exists()):
        raise ConfigError(f"{own.id} was withdrawn already: {own.withdrawn.why}")
    decide(folder, "remove", who, why, own.file, {"erased": erase})
    if erase:
        packed(folder, own.file).unlink(missing_ok=True)
    return own


def rescore(folder: Path, named: Sequence[str], who: str, why: str) -> dict[str, str]:
    """Score entries under the present version of the metrics, all that stand where none are named; those of earlier
    versions stay. Id -> what came of it. LogError and ConfigError are told in place of it, and the others are scored.
    """
    chosen = [entry(folder, each) for each in named] or [each for each in entries(folder) if not each.withdrawn]
    return {own.id: _rescored(folder, own, who, why) for own in chosen}


def _rescored(folder: Path, own: Entry, who: str, why: str) -> str:
    if any(each.evidence.get("metrics") == METRICS for each in own.told):
        return f"has scores by metrics {METRICS}"
    try:
        with opened(folder, own) as (found, _):
            decide(folder, "rescore", who, why, own.file, _keep(folder, found))
    except ConfigError as error:
        return f"not scored: {error}"
    return f"scored by metrics {METRICS}"


@contextmanager
def opened(folder: Path, own: Entry) -> Iterator[tuple[Scores, tuple[Run, ...]]]:
    """The scores of an entry by our own code now, and its runs, in a scratch folder that is gone afterwards.

    ConfigError for a file that was erased or changed, or that this version cannot play again.
    """
    file = packed(folder, own.file)
    if not file.is_file():
        raise ConfigError(f"{own.id}: its packed file was erased")
    if digest(file) != own.file:
        raise ConfigError(f"{file} was changed: its SHA-256 is another; take it back from where the board is kept")
    with TemporaryDirectory(prefix="simrun-board-") as room:
        with explained(file):
            found = scored(file, own.file, Path(room).resolve())
        yield found


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """What goes wrong with a packed file as a ConfigError that names it."""
    try:
        yield
    except (LogError, BackendError, Refused, ValidationError, ValueError) as error:
        raise ConfigError(f"{file}: this version of simrun cannot play it again: {str(error)[:500]}") from None
