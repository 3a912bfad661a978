"""Where in an export a text stands."""

import zipfile
from pathlib import Path

from simrun.log.parquet import frame


def holds(folder: Path, words: str) -> list[Path]:
    """The files of an export in which a text stands, unpacked where they are packed."""
    found = []
    for file in [folder] if folder.is_file() else sorted(each for each in folder.rglob("*") if each.is_file()):
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as packed:
                told = b"".join(packed.read(name) + name.encode() for name in packed.namelist())
        elif file.suffix == ".parquet":
            told = frame(file).to_csv().encode()
        else:
            told = file.read_bytes()
        found += [file] if words.encode() in told else []
    return found
