"""`.eval` logs of Inspect, read: whoever made one, nothing of it is executed, and what is read is bounded."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.export.sampled import SHORT, Sampled, numbers
from simrun.export.sources.zstd import Zstd, unpacking
from simrun.log.archive import DEPTH, ZSTD, Flaw, Limits, Unfit, deep, opened, pieces

LIMITS = Limits(
    # nothing is written under these names; none climbs, and none is shown that a terminal would obey
    names=re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\x00-\x1f\x7f\\]{1,512}"),
    kind="a log of Inspect",
    entries=65_534,
    directory=32 * 2**20,
    unpacked=8 * 2**30,
    ratio=1_000,
    whole=64 * 2**20,
    methods=(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, ZSTD),
)
"""JSON that says the same of every sample packs to a hundredth and less."""
FIELDS, SCORES, LINES = 200, 200, 20_000
"""Of one sample, at most."""
LEAST_VERSION = 2


class Log:
    """One log, opened: what stands in its header. Unfit for a file that is no such log."""

    def __init__(self, file: Path):
        self.file = file
        with opened(file, LIMITS) as packed, unpacking(file) as zstd:
            names = packed.namelist()
            head = next((each for each in ("header.json", "_journal/start.json") if each in names), None)
            if head is None:
                raise Unfit(Flaw("file.content", "", f"{file.name} has no header.json: it is no log of Inspect"))
            self.header = _object(packed, packed.getinfo(head), zstd)
        if not isinstance(version := self.header.get("version"), int) or version < LEAST_VERSION:
            raise Unfit(Flaw("file.content", head, f"it is of version {version!r}, and {LEAST_VERSION} is read"))
        self.evaluation = _mapping(self.header.get("eval"))

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        with self.file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Score -> the least and the greatest value that it can have, where the log says so: those that we write do."""
        told = _mapping(_mapping(self.evaluation.get("metadata")).get("ranges"))
        return {
            name: (float(ends[0]), float(ends[1]))
            for name, ends in told.items()
            if isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
        }

    def samples(self, said: bool = False) -> Iterator[Sampled]:
        """Its samples, one after the other; with what was `said` in them where that is asked for."""
        about = self._about()
        with opened(self.file, LIMITS) as packed, unpacking(self.file) as zstd:
            for entry in packed.infolist():
                if entry.filename.startswith("samples/") and entry.filename.endswith(".json"):
                    told = _object(packed, entry, zstd)
                    lines = tuple(_lines(told)) if said else ()
                    yield _sampled(self.file.stem, about, told, entry.filename, lines)

    def _about(self) -> dict[str, str]:
        told = {f"eval.task_args.{key}": value for key, value in _mapping(self.evaluation.get("task_args")).items()}
        told |= {f"eval.{key}": self.evaluation.get(key) for key in ("model", "task")}
        return {"eval.log": self.file.stem, **_scalars(told)}


def _object(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, zstd: Zstd) -> dict[str, Any]:
    """One file as an object. Unfit where it is none."""
    text = zstd.read(entry) if entry.compress_type == ZSTD else b"".join(pieces(packed, entry))
    if deep(text):
        raise Unfit(Flaw("file.depth", entry.filename, f"lists and objects lie deeper in it than {DEPTH}"))
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unfit(Flaw("file.content", entry.filename, f"it is not JSON ({error})")) from None
    if not isinstance(told, dict):
        raise Unfit(Flaw("file.content", entry.filename, "it is not an object"))
    return told


def _mapping(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _scalars(told: Mapping[str, Any]) -> dict[str, str]:
    there = {key: value for key, value in told.items() if isinstance(value, str | int | float)}
    return {key[:SHORT]: str(value)[:SHORT] for key, value in list(there.items())[:FIELDS]}


def _sampled(
    log: str, about: Mapping[str, str], told: Mapping[str, Any], where: str, lines: tuple[tuple[str, str], ...]
) -> Sampled:
    identity, epoch = str(told.get("id"))[:SHORT], told.get("epoch")
    if not isinstance(epoch, int):
        raise Unfit(Flaw("file.content", where, f"its epoch is {epoch!r}, and a whole number is one"))
    found = [
        each
        for name, score in list(_mapping(told.get("scores")).items())[:SCORES]
        for each in numbers(name[:SHORT], _mapping(score).get("value"))
    ][:SCORES]
    return Sampled(
        log=log,
        id=identity,
        epoch=epoch,
        fields={**_scalars(_mapping(told.get("metadata"))), **about, "sample.id": identity},
        scores={name: value for name, value, _ in found},
        bounded=frozenset(name for name, _, bounded in found if bounded),
        failed=bool(told.get("error")),
        lines=lines,
    )


def _lines(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was said; a text may be kept apart among the attachments, under its digest."""
    apart, messages = _mapping(told.get("attachments")), told.get("messages")
    for each in messages[:LINES] if isinstance(messages, list) else ():
        message = _mapping(each)
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        texts = [str(_mapping(part).get("text") or "") for part in parts]
        whole = "\n".join(str(apart.get(text.removeprefix("attachment://"), text)) for text in texts if text)
        speaker = _mapping(message.get("metadata")).get("speaker") if message.get("role") == "assistant" else None
        yield str(speaker or message.get("role"))[:SHORT], whole
