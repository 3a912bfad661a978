"""Runs as an enemy would send them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.config.options import Config
from simrun.log.chain import chained

READERS = ("show", "view", "replay", "report", "resume", "judge", "compare", "export")
"""All commands that are told of a run."""
OBEYED = [chr(each) for each in (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F))]
OBEYED += [chr(each) for each in (*range(0x2066, 0x206A), 0x200B, 0xFEFF, 0x2028, 0x2029, 0xE0041)]
MODULE = """
from pathlib import Path
Path({canary!r}).touch()
from simrun.scenarios.clinic.consultation import Consultation
class Evil(Consultation):
    pass
"""


def edit(run: Path, change: Callable[[dict[str, Any]], None], whole: bool = True) -> Path:
    """Change a manifest; `whole`, so that its own digest fits again."""
    told = json.loads((run / "manifest.json").read_bytes())
    change(told)
    if whole:
        told["digest"] = Config.model_validate(told["config"]).digest()
    (run / "manifest.json").write_bytes(orjson.dumps(told))
    return run


def merge(told: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(told.get(key), dict):
            merge(told[key], value)
        else:
            told[key] = value


def changed(run: Path, **config: Any) -> Path:
    return edit(run, lambda told: merge(told["config"], config))


def rewrite(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change lines of the log, chained again and with their head in the manifest: what a forger would do."""
    (file,) = (run / "log").glob("*.jsonl")
    head, lines = "0" * 32, []
    for line in file.read_bytes().splitlines():
        fields = json.loads(line) | {"prev": head}
        change(fields)
        lines.append(orjson.dumps(fields) + b"\n")
        head = chained(lines[-1])
    file.write_bytes(b"".join(lines))
    edit(run, lambda told: told.update(heads={"": head}))


def typed(name: str, run: Path, *more: str) -> list[str]:
    if name == "export":
        return ["export", "csv", str(run), "-o", str(run.parent / "exported"), *more]
    extra = [str(run), f"out={run.parent}"] if name == "compare" else ["judge=observer"] if name == "judge" else []
    return [name, str(run), *extra, *more]
