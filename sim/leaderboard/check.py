"""What is checked of a submission, cheap first: the file, its form, the suite, the chain, the trials, and then all of
it played again. A fault ends the checks after those of its kind."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import ValidationError

from simrun.agents.printable import escaped
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained
from simrun.leaderboard import commitment, locked, suites
from simrun.leaderboard.archive import unpacked
from simrun.leaderboard.decisions import Decision, decisions
from simrun.leaderboard.faults import Fault, Refused, few, stop
from simrun.leaderboard.likeness import ALIKE, Fingerprint
from simrun.leaderboard.logged import Logged, Reader, check_depth
from simrun.leaderboard.private import Private
from simrun.leaderboard.rescored import Arm, Rescored
from simrun.leaderboard.submission import HEADER, Commitment, Header
from simrun.log.chain import LogError
from simrun.log.manifest import FILE, Manifest
from simrun.log.reach import words

State = Literal["sound", "held", "refused"]
"""Nothing was found; somebody has to look; it is not what a run leaves."""
Standing = Literal["ranked", "demonstration", "custom"]
"""A run of a suite by a model; one by rules or people, which is shown; a run of no suite, which is shown."""


Prepared = Literal["no", "unchecked", "drawn"]
"""Played under the suite's own seed, which is known to all; with a commitment whose draw was not looked up; under the
seed that the board drew once it was committed to."""


class Part(Record):
    """One run of a submission."""

    run: str
    """The name that it began with."""
    suite: str
    engines: Mapping[str, Mapping[str, Any]]
    heads: Mapping[str, str]
    arms: tuple[Arm, ...]


class Checked(Record):
    """What the check came to."""

    file: str
    state: State
    header: Header | None = None
    standing: Standing | None = None
    prepared: Prepared = "no"
    parts: tuple[Part, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Known:
    """What whoever checks knows beside the file."""

    beside: Sequence[Path] = ()
    """Other packed files."""
    decisions: tuple[Decision, ...] | None = None
    """Of the board; None where they are not at hand."""
    private: Private | None = None
    """The private half that runs may be of."""


def checked(
    file: Path, beside: Sequence[Path] = (), board: Path | None = None, private: Private | None = None
) -> Checked:
    """Check a packed file, how like it is to others that are there, and whether its seed was drawn for it: `board` is
    the folder of whoever drew. Nothing that it holds is executed, and nothing is written but in a folder of our own,
    which is gone afterwards. ConfigError where there is no such file, and for a board whose decisions were edited."""
    if not file.exists():
        raise ConfigError(f"{file}: there is no such file; simrun submit pack makes one")
    others = [each for each in beside if not each.samefile(file)]
    known = Known(others, None if board is None else decisions(board), private)
    with TemporaryDirectory(prefix="simrun-check-") as room:
        try:
            return _checked(file, Path(room).resolve(), known)
        except Refused as refused:
            return Checked(file=str(file), state="refused", faults=few(refused.faults))
        except Exception as error:  # whatever a file brings about that no check thought of, it is not accepted
            told = Fault(code="check.failed", where="", what=f"{type(error).__name__}: {error}"[:500])
            return Checked(file=str(file), state="refused", faults=(told,))


def _checked(file: Path, room: Path, known: Known) -> Checked:
    unpacked(file, room)
    header = _header(room)
    of = locked.of(header)
    runs = _runs(room, header)
    manifests = [_manifest(run) for run in runs]
    for run, manifest in zip(runs, manifests, strict=True):
        stop((*locked.check_size(manifest, run.name), *locked.check_reach(manifest, run.name)))
    parts, prepared = locked.parts(manifests, of), header.commitment
    faults = stop(commitment.faults(prepared, header.who, manifests, known.decisions)) if prepared else ()
    told, prints = [], []
    for run, manifest, part in zip(runs, manifests, parts, strict=True):
        own, logged, found = _run(run, manifest, part, locked.drawn(header, manifest, known.private))
        told.append(own)
        prints.append(logged.print)
        faults += found
    faults += stop(_like(told, prints, header, known.beside))
    standing = "custom" if of.name == suites.CUSTOM else "ranked"
    if any(map(demonstrated, told)):
        standing = "demonstration"
    state = "held" if faults else "sound"
    return Checked(
        file=str(file),
        state=state,
        header=header,
        standing=standing,
        prepared="no" if prepared is None else "unchecked" if known.decisions is None else "drawn",
        parts=tuple(told),
        faults=faults,
    )


def _run(
    run: Path, manifest: Manifest, of: suites.Suite, drawn: suites.Drawn
) -> tuple[Part, Logged, tuple[Fault, ...]]:
    plan = locked.derived(run, run.name, manifest, of, drawn)
    reader = Reader(run, run.name, plan, manifest)
    logged = reader.read()
    held = stop((*logged.faults, *reader.complete(of)))
    again = Rescored(run, run.name, plan, manifest, of)
    held += stop(again.faults())
    arms = again.arms(reader.failures())
    part = Part(run=manifest.name, suite=of.told, engines=manifest.engines, heads=manifest.heads, arms=arms)
    return part, logged, held


def _header(room: Path) -> Header:
    try:
        return Header.model_validate_json((room / HEADER).read_bytes())
    except FileNotFoundError:
        raise Refused(Fault(code="form.submission", where=HEADER, what="it is not there")) from None
    except ValidationError as error:
        code = "form.who" if any(each["loc"][:1] == ("who",) for each in error.errors()) else "form.submission"
        raise Refused(Fault(code=code, where=HEADER, what=explained(error, Header))) from None


def _runs(room: Path, header: Header) -> list[Path]:
    """The folders of its runs. Refused for others than are announced, and for lines that are nested too deep."""
    runs = sorted(path for path in room.iterdir() if path.is_dir())
    if [run.name for run in runs] != [f"{number:02d}" for number in range(header.runs)]:
        what = f"it announces {header.runs} runs, and holds {', '.join(run.name for run in runs) or 'none'}"
        raise Refused(Fault(code="form.submission", where=HEADER, what=what))
    for run in runs:
        stop(check_depth(run, run.name))
    return runs


def _manifest(run: Path) -> Manifest:
    try:
        found = Manifest.read(run)
        if not re.fullmatch(r"[\w.-]{1,100}", found.name):
            raise ConfigError(f"{FILE}: no run is called {found.name[:100]!r}")
        told = (*found.notes, *found.faults, *(word for own in found.engines.values() for word in words(own)))
        if bad := next((each for each in told if escaped(each) != each), None):
            raise ConfigError(f"{FILE} has a text with control characters: {bad[:80]!r}")
        return found
    except (ConfigError, LogError) as error:
        what = str(error).replace(f"{run}/", "").replace(str(run), "the run")
        raise Refused(Fault(code="form.manifest", where=run.name, what=what[:500])) from None


def _like(
    told: Sequence[Part], prints: Sequence[Fingerprint], header: Header, beside: Sequence[Path]
) -> Iterator[Fault]:
    """How like its runs are to each other, and to those of other submissions."""
    for at, part in enumerate(told):
        if any(part.heads == other.heads for other in told[:at]):
            yield Fault(code="like.same", where=f"{at:02d}", what="it is in the file twice")
    for file in beside:
        for given, heads, other in _others(file):
            if given and header.commitment and given.digest == header.commitment.digest:
                yield Fault(code="draw.again", where="", what=f"{file.name} is another run for the same draw")
            for at, (part, own) in enumerate(zip(told, prints, strict=True)):
                share = own.like(other)
                if part.heads == heads:
                    yield Fault(code="like.same", where=f"{at:02d}", what=f"{file.name} has the very same log")
                elif share is not None and share >= ALIKE and not demonstrated(part):
                    what = f"{share:.0%} of its replies are those of {file.name}"
                    yield Fault(code="like.another", where=f"{at:02d}", what=what)


def demonstrated(part: Part) -> bool:
    """Whether rules or people played it: rules answer alike whoever runs them."""
    return any(told.get("backend") in suites.DEMONSTRATIONS for told in part.engines.values())


def _others(file: Path) -> Iterator[tuple[Commitment | None, Mapping[str, str], Fingerprint]]:
    """Of each run in another submission: to what was committed, where its log ends, and a sample of its replies.
    Nothing where it is none."""
    try:
        with opened(file) as (header, runs):
            for run, manifest in runs:
                yield header.commitment, manifest.heads, _print(run)
    except Refused:
        return


@contextmanager
def opened(file: Path) -> Iterator[tuple[Header, list[tuple[Path, Manifest]]]]:
    """What a packed file says of itself, and its runs, in a folder of our own that is gone afterwards. Refused for one
    that is none; what it says was not checked."""
    with TemporaryDirectory(prefix="simrun-check-") as room:
        folder = Path(room).resolve()
        unpacked(file, folder)
        header = _header(folder)
        yield header, [(run, _manifest(run)) for run in _runs(folder, header)]


def _print(run: Path) -> Fingerprint:
    from simrun.agents.backends.replay import logged_calls

    found = Fingerprint()
    for call in logged_calls(run):
        found.add(call)
    return found
