"""The files of a report, written into a folder."""

from collections.abc import Mapping
from pathlib import Path

from simrun.log import files
from simrun.report.render.page import HELD


def write(target: Path, texts: Mapping[str, str]) -> None:
    """Write each file in one step; transcripts of an earlier page that this one has not are removed."""
    files.folder(target)
    for each in sorted({Path(name).parent for name in texts}):
        files.folder(target / each)
    for name, text in texts.items():
        files.replace(target / name, text.encode())
    files.cleared(target / HELD, ".js", {Path(name).name for name in texts if name.startswith(f"{HELD}/")})
