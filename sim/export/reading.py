"""Logs of others read, compared and, where asked, written as one table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.export.imported import Imported, imported
from simrun.export.rejudged import Identities, rejudged
from simrun.export.sampled import Fields, Row, Sampled
from simrun.export.sources.inspect import Log
from simrun.log import files as writing
from simrun.log.archive import Unfit
from simrun.log.files import LogError
from simrun.report.render.csv import written

if TYPE_CHECKING:
    from simrun.config.options import Config

MOST = 1_000_000
"""Samples of all logs together."""


class Asked(Record):
    """Where pairs stand, and what is known of the scores."""

    arm: str | None = None
    pair: str | None = None
    case: str | None = None
    reference: str | None = None
    scores: tuple[str, ...] = ()
    """Which are compared; all when empty."""
    ends: tuple[float, float] | None = None


def read(files: Sequence[Path], asked: Asked, output: Path | None = None, judging: "Config | None" = None) -> Imported:
    """What the logs come to; with `judging`, what its judges find of what was said in them as well.

    ConfigError where there are no pairs in them, LogError for what is no log.
    """
    logs, samples = _all(files, said=judging is not None)
    fields = Fields.of(samples, asked.arm, asked.pair, asked.case)
    judges: Identities = {}
    if judging:
        found, judges = rejudged(samples, judging, fields)
        samples = list(found)
    samples = [_of(each, asked.scores) for each in samples]
    if lacking := [name for name in asked.scores if not any(name in each.scores for each in samples)]:
        raise ConfigError(f"score={lacking[0]}: no sample has it; without score= all are compared")
    ranges = {name: ends for log in logs for name, ends in log.ranges.items()}
    if asked.ends:
        ranges |= {name: asked.ends for each in samples for name in each.scores}
    digests = {log.file.name: log.digest for log in logs}
    told, rows = imported(digests, samples, fields, asked.reference, ranges, judges)
    if output:
        with writing.draft(output) as draft, draft.open("x", encoding="utf-8", newline="") as out:
            written(out, list(Row.model_fields), (each.model_dump().values() for each in rows))
    return told


def _all(files: Sequence[Path], said: bool) -> tuple[list[Log], list[Sampled]]:
    """Every log, and every sample of them."""
    if absent := [str(file) for file in files if not file.is_file()]:
        raise ConfigError(f"no file {', '.join(absent)}")
    logs, samples = list[Log](), list[Sampled]()
    for file in files:
        try:
            logs.append(Log(file))
            for each in logs[-1].samples(said):
                samples.append(each)
                if len(samples) > MOST:
                    raise ConfigError(f"more than {MOST} samples: import fewer logs at once")
        except Unfit as error:
            raise LogError(f"{file} is not read: {error}") from None
    if not samples:
        raise ConfigError(f"no sample in {', '.join(file.name for file in files)}")
    return logs, samples


def _of(sample: Sampled, scores: Sequence[str]) -> Sampled:
    """The sample with the scores that are asked for."""
    if not scores:
        return sample
    return sample.model_copy(update={"scores": {key: value for key, value in sample.scores.items() if key in scores}})
