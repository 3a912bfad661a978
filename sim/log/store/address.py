"""The URL of a run in a store, and the folder of this machine in which it is worked on: one is found by the other.

The folder lies in the user's own state folder, under a digest of the URL; nothing that a run's folder brings says
where it is sent.
"""

import hashlib
import re
from pathlib import Path

from simrun.config.errors import ConfigError
from simrun.log import begun, files

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,199}")
_FILE = "url"


def is_url(place: str | Path) -> bool:
    """Whether it is a URL, and no path."""
    return isinstance(place, str) and _URL.match(place) is not None


def cleaned(url: str) -> str:
    """The URL without a slash at its end. ConfigError for one that names no place in a store, or holds a password."""
    found, (scheme, _, place) = url.rstrip("/"), url.partition("://")
    if ":" in place.partition("@")[0] and "@" in place:
        raise ConfigError(
            f"{scheme}://{place.rpartition('@')[2]}: a password in a URL would stand in manifest.json; leave it out, "
            "and give it as the store's own tools do (environment, configuration file)"
        )
    parts = found.partition("://")[2].removeprefix("/").split("/")
    if not all(parts) or {".", ".."} & set(parts) or not found.isprintable() or "#" in found or "?" in found:
        raise ConfigError(f"{url}: not a place in a store; give SCHEME://BUCKET/PREFIX, such as s3://bucket/runs")
    return found


def root() -> Path:
    """Where the working folders of runs in stores lie."""
    return (begun.place().parent / "stored").resolve()


def kept(out: str) -> Path:
    """The folder of this machine beside whose runs something can be put that stays here."""
    return root() if is_url(out) else Path(out).expanduser()


def within(url: str) -> Path:
    """The folder of this machine for the runs right below a URL, made where it is not there. NoRoom where it cannot
    be."""
    above = cleaned(url)
    folder = root() / hashlib.blake2b(above.encode(), digest_size=8).hexdigest()
    files.folder(folder, mode=0o700)
    if not (folder / _FILE).is_file():
        files.replace(folder / _FILE, above.encode())
    return folder


def folder(url: str) -> Path:
    """The folder of this machine for the run at a URL. ConfigError for a URL that can be no run's."""
    above, _, name = cleaned(url).rpartition("/")
    if not above.partition("://")[2] or not _NAME.fullmatch(name):
        raise ConfigError(f"{url}: not the URL of a run; give SCHEME://BUCKET/PREFIX/SCENARIO/RUN")
    return within(above) / name


def url(run: Path) -> str | None:
    """The URL of the run that is worked on in a folder; None for a run that is kept here alone."""
    place = run.resolve()
    if place.parents[1:2] != (root(),):
        return None
    try:
        return f"{(place.parent / _FILE).read_text(encoding='utf-8')}/{place.name}"
    except OSError:
        return None


def told(run: Path) -> str:
    """How a run is named to whoever is to go on with it: its URL, or its folder."""
    return url(run) or str(run)
