"""`simrun view`: the page of a run, in a browser."""

import json
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NoReturn

from pydantic import Field, PositiveFloat

from simrun.cli.command import DONE, OfRun, Value
from simrun.cli.telling import say, tell

GRACE = 10
"""Seconds, at least, for whoever played a run to write its report."""
SPENT = 5
"""A page takes at most one part in so many of the time: of a large log it is made less often."""


class View(OfRun):
    """Open the page of a run in a browser, and follow a run that is still playing."""

    name = "view"
    serve: bool = False
    """Serve it on 127.0.0.1 until Ctrl-C: for a browser that opens no files, or one at the other end of an ssh
    tunnel."""
    port: Annotated[int, Value("N"), Field(ge=0, le=65535)] = 0
    """With --serve: on which port; a free one when not given."""
    every: Annotated[PositiveFloat, Value("SECONDS")] = 10
    """Of a run that is still playing: how often the page is made anew of what is logged."""

    def run(self, as_json: bool) -> int:
        """Ends when the page is open, or when the run has ended that it follows."""
        from simrun.log.chain import playing
        from simrun.log.files import checked

        path = self.path()
        checked(path)
        if playing(path):
            return self._follow(path, as_json)
        return self._open(_made(path, self.trust), as_json)

    def _open(self, page: Path, as_json: bool) -> int:
        if self.serve:
            from simrun.cli.serving import Serving

            with Serving(page.parent, self.port) as serving:
                _shown(serving.address, as_json)
                serving.wait()
        else:
            _shown(page.as_uri(), as_json)
        return DONE

    def _follow(self, path: Path, as_json: bool) -> int:
        """Its tables and its page stand in a folder of their own until it has ended: whoever plays it writes its."""
        from simrun.cli.serving import Serving

        signal.signal(signal.SIGTERM, _left)
        with TemporaryDirectory(prefix="simrun-view-") as made:
            folder = Path(made) / path.name
            spent = _again(path, folder, self.every, self.trust)
            page = folder / "report" / "report.html"
            with Serving(page.parent, self.port, asked=self.serve) as serving:
                _shown(serving.address or page.as_uri(), as_json)
                say("the run is still playing: the page is made anew of what is logged; Ctrl-C ends this, not the run")
                spent = _followed(path, folder, self.every, spent, self.trust)
                _reported(path, max(GRACE, SPENT * spent))
                ended = _made(path, self.trust)
                _moved(ended, page)
                say(f"the run has ended, and its page is {ended}")
                if self.serve:
                    serving.wait()
                else:
                    time.sleep(2 * self.every)  # the browser reads the last one before its folder is gone
        return DONE


def _left(number: int, _: object) -> NoReturn:
    """Whoever is told to end takes along what stands in a folder of its own."""
    sys.exit(128 + number)


def _again(path: Path, folder: Path, every: float, trust: bool) -> float:
    """How many seconds it took to make the page."""
    from simrun.report.run import snapshot

    begun = time.monotonic()
    snapshot(path, folder, every, trust)
    return time.monotonic() - begun


def _followed(path: Path, folder: Path, every: float, spent: float, trust: bool) -> float:
    """Until nobody plays the run any more; how many seconds the last page took."""
    from simrun.log.chain import playing

    due = time.monotonic() + max(every, SPENT * spent)
    while playing(path):
        time.sleep(min(0.5, every))
        if time.monotonic() >= due:
            spent = _again(path, folder, every, trust)
            due = time.monotonic() + max(every, SPENT * spent)
    return spent


def _reported(path: Path, most: float) -> None:
    """Until whoever played it has written tables and report, or so many seconds: they may have been killed."""
    until = time.monotonic() + most
    while time.monotonic() < until and not _current(path):
        time.sleep(0.2)


def _current(path: Path) -> bool:
    """Whether its page was made of the tables that are there, and those here."""
    from simrun.log.tables import SEALED, known

    page, tables = path / "report" / "report.html", path / SEALED / "outcomes.parquet"
    try:
        return known(path / SEALED) and page.stat().st_mtime >= tables.stat().st_mtime
    except OSError:
        return False


def _made(path: Path, trust: bool) -> Path:
    """The page of a run that nobody plays; made here where there is none, or somebody else has made it: a page is a
    program, and what a run's folder brings is not run."""
    from simrun.log.manifest import Manifest
    from simrun.log.trust import ours
    from simrun.report.run import rebuild

    page = path / "report" / "report.html"
    if not (_current(path) and ours(Manifest.read(path, trust), path)):
        rebuild(path, trust, spare=True, renew=True)
    return page


def _moved(page: Path, live: Path) -> None:
    """The last page in the place of those that were made while it played."""
    from simrun.report.written import write

    there = [page, *page.parent.glob("transcripts/*.js")]
    write(live.parent, {str(file.relative_to(page.parent)): file.read_text(encoding="utf-8") for file in there})


def _shown(address: str, as_json: bool) -> None:
    from simrun.cli.browser import opened

    there = opened(address)
    tell(json.dumps({"page": address, "opened": there}) if as_json else address, as_json)
    if not there:
        say("no browser could be opened here: open the address above, or give --serve and forward the port (ssh -L)")
