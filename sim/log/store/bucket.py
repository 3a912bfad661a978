"""What stands below one URL of a store, by fsspec: listed, read, written; every failure is said with its way out."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from simrun.config.errors import ConfigError
from simrun.log.files import LogError

CHUNK = 32 * 2**20
"""Bytes that are read at a time."""
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "created", "LastModified", "last_modified")
"""By which of what a store tells a file is known to be another one than before, the best first."""
_PROBE = ".probe"
_KNOWN = "s3, gs, az, ..."


class StoreError(LogError):
    """A store that cannot be reached, or does not permit something."""


class Taken(StoreError):
    """Another process has written there what this one was to write: nothing is overwritten."""


class Found(NamedTuple):
    """A file in a store."""

    size: int
    """Bytes."""
    mark: str
    """Another one whenever the file is."""


class Bucket:
    """The files below a URL. Each method raises StoreError where the store cannot do it."""

    def __init__(self, url: str):
        """ConfigError where a package is missing, or nobody knows such a URL."""
        self.url = url
        self._files, self._at = _opened(url)

    def listed(self) -> Mapping[str, Found]:
        """All files, by their names below the URL; {} where there are none."""
        with self._asking("cannot be read"):
            self._files.invalidate_cache()
            try:
                there = self._files.find(self._at, detail=True)
            except FileNotFoundError:
                return {}
        lead = f"{self._at}/"
        return {name[len(lead) :]: _found(info) for name, info in there.items() if name.startswith(lead)}

    def folders(self) -> list[str]:
        """The names of what is a folder right below it."""
        with self._asking("cannot be read"):
            self._files.invalidate_cache()
            try:
                there = self._files.ls(self._at, detail=True)
            except FileNotFoundError:
                return []
        return [each["name"].rstrip("/").rpartition("/")[2] for each in there if each["type"] == "directory"]

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """A file of so many bytes, in pieces. StoreError where it has fewer; what it has more is not read."""
        for start in range(0, size, CHUNK):
            end = min(start + CHUNK, size)
            with self._asking(f"{name} cannot be read"):
                piece: bytes = self._files.cat_file(f"{self._at}/{name}", start=start, end=end)
            if len(piece) != end - start:
                raise StoreError(f"{self.url}: {name} has not the {size} bytes that were listed; try again")
            yield piece

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there; False, and nothing is written, where one is."""
        with self._asking(f"{name} cannot be written"):
            try:
                self._files.pipe_file(f"{self._at}/{name}", content, mode="create")
            except FileExistsError:
                return False
        return True

    def put(self, name: str, content: Path | bytes) -> None:
        """Write a file, or what is to stand in it, in place of what is there."""
        with self._asking(f"{name} cannot be written"):
            if isinstance(content, bytes):
                self._files.pipe_file(f"{self._at}/{name}", content)
            else:
                self._files.put_file(str(content), f"{self._at}/{name}")

    def found(self, name: str) -> Found | None:
        """A file; None where there is none. Stores tell of one file otherwise than in a list: what is compared comes
        from here."""
        with self._asking(f"{name} cannot be read"):
            self._files.invalidate_cache()
            try:
                return _found(self._files.info(f"{self._at}/{name}"))
            except FileNotFoundError:
                return None

    def writable(self) -> None:
        """StoreError where nothing can be written."""
        with self._asking("cannot be written to"):
            self._files.pipe_file(f"{self._at}/{_PROBE}", b"simrun")
        self.remove(_PROBE)

    def remove(self, *names: str) -> None:
        """Remove files, as far as that is permitted."""
        for name in names:
            try:
                self._files.rm_file(f"{self._at}/{name}")
            except Exception:  # each store has its own, and what is left is no harm
                logging.getLogger(__name__).debug("left %s in %s", name, self.url, exc_info=True)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise
        except Exception as error:  # each store has its own: OSError, botocore's, aiohttp's, ...
            raise StoreError(f"{self.url} {what}: {_why(error)}; {_way_out(self.url, error)}") from error


def runs(out: str) -> list[str]:
    """The URLs of the runs `out/SCENARIO/RUN`, in order of their names."""
    scenarios = Bucket(out).folders()
    return sorted(
        (f"{out}/{scenario}/{run}" for scenario in scenarios for run in Bucket(f"{out}/{scenario}").folders()),
        key=lambda each: each.rpartition("/")[2],
    )


def _opened(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ConfigError(f"{url}: a run in a store needs fsspec: pip install 'simrun[store]'") from None
    # a folder of this machine has folders to be made, a store has none
    local = {"auto_mkdir": True} if url.startswith(("file://", "local://")) else {}
    try:
        found, at = url_to_fs(url, **local)
    except ImportError as error:
        raise ConfigError(
            f"{url}: a package for this kind of store is missing ({error}); for s3 pip install 'simrun[store]'"
        ) from None
    except ValueError as error:
        raise ConfigError(f"{url}: {error}; fsspec knows {_KNOWN}") from None
    return found, str(at).rstrip("/")


def _found(info: Mapping[str, Any]) -> Found:
    mark = next((info[key] for key in _MARKS if info.get(key) is not None), "")
    mark = mark.timestamp() if isinstance(mark, datetime) else str(mark).strip('"')
    return Found(int(info["size"] or 0), f"{info['size']} {mark}")


def _why(error: Exception) -> str:
    told = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def _way_out(url: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is there such a bucket? simrun makes none"
    if isinstance(error, PermissionError):
        return "credentials are missing, or lack the right to list, read and write there"
    more = " and, where it is not Amazon's, AWS_ENDPOINT_URL" if url.startswith("s3") else ""
    return f"check the name, the network, the credentials (the environment's, or a profile's){more}"
