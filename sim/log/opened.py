"""What every chain of a log begins with, and again whenever a process begins to play: which run, and who answers.

What a manifest says of a run is bound to its log by it: a manifest that was changed afterwards is of another run.
"""

import time
from collections.abc import Mapping
from typing import Any

from simrun.agents.records import Record
from simrun.config.options import UNASKED
from simrun.log.chain import FIRST, LogError, LogLine, RunLog, is_share
from simrun.log.lines import record
from simrun.log.manifest import Manifest
from simrun.log.trust import acting

OPENED = "opened"
"""The kind of its lines."""


class Opened(Record):
    """Who plays from here on, in one chain."""

    at: float
    """Unix time, seconds."""
    run: str
    """Digest of all in the manifest that decides what is done: config, design, cases, versions, date."""
    primary: tuple[str, ...]
    """The outcomes on which the question is decided."""
    engines: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def bound(manifest: Manifest) -> str:
    """Digest of all in a manifest that decides what is asked and compared; not where it is kept, how fast it is played,
    what else is computed of it and how it is shown."""
    return acting(manifest, UNASKED)


def note_opened(log: RunLog, manifest: Manifest, told: Mapping[str, Any]) -> None:
    """The line of a process that begins to play, or has learnt on the way how an engine has to be asked; `told` are the
    engines and their notes."""
    line = Opened(at=time.time(), run=bound(manifest), primary=manifest.primary, **told)
    log.before(OPENED, line.model_dump(mode="json"))  # nothing was played where nothing follows


class Openings:
    """The lines of who plays, held against the manifest."""

    def __init__(self, manifest: Manifest):
        self._manifest, self._run = manifest, bound(manifest)
        self._found: list[Opened] = []
        self._by_shares: list[Opened] = []
        """Those of processes that played given blocks: they write to the log alone, and not to the manifest."""

    def opens(self, line: LogLine) -> bool:
        """Whether a line is one of these. LogError where one of another run is, or where a chain begins without."""
        if line.kind != OPENED:
            if line.told("prev", str) == FIRST:
                raise LogError(f"{line.file}:{line.number}: the log does not begin with who plays: lines were removed")
            return False
        found = record(Opened, line)
        for name, own, told in (
            ("settings", self._run, found.run),
            ("primary outcomes", self._manifest.primary, found.primary),
        ):
            if own != told:
                raise LogError(
                    f"manifest.json or the log was changed: {line.file}:{line.number} was written by a run "
                    f"with other {name} ({told!r}, the manifest comes to {own!r})"
                )
        self._found.append(found)
        if is_share(line.chain):
            self._by_shares.append(found)
        return True

    def gathered(self) -> Manifest:
        """The manifest with what processes that played given blocks have told of themselves."""
        manifest, engines = self._manifest, dict(self._manifest.engines)
        for each in self._by_shares:
            engines = {**each.engines, **engines}
        notes = (*manifest.notes, *(note for each in self._by_shares for note in each.notes))
        self._manifest = manifest.told(engines=engines, notes=tuple(dict.fromkeys(notes)))
        return self._manifest

    def held(self) -> None:
        """LogError where the manifest names engines, or leaves notes out, that the log does not bear out."""
        manifest, found = self._manifest, self._found
        own = {role: told for role, told in manifest.engines.items() if role not in manifest.judges}
        # one that was killed may have been gone on with by others, who logged nothing yet
        if manifest.complete and own and not any(own.items() <= each.engines.items() for each in found):
            raise LogError(
                f"manifest.json was changed: it names as engines {own!r}; the log has "
                f"{[dict(each.engines) for each in found[-2:]]!r}"
            )
        owed = () if manifest.complete else self._by_shares
        if lost := [note for each in found if each not in owed for note in each.notes if note not in manifest.notes]:
            raise LogError(f"manifest.json was changed: it leaves out what the log notes: {lost[0]!r}")
