"""What the base install costs: the files of a fresh virtual environment, what each dependency brings, and the seconds.

    python benchmarks/install.py [--json] [--small]

A copy of the checkout is installed with `pip install --no-compile --no-cache-dir` into a virtual environment of its
own, and every file there is counted but byte code. `alone` of a dependency is its own files, `brings` those and what
nothing else needs: what leaving it out would save. With --small nothing is installed: the dependencies are counted
where they lie in the environment that runs this, and nobody is timed.
"""

import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Callable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name
from timed import main, most

ROOT = Path(__file__).parents[1]
MEGABYTES, ENGINES = 550, 2
TABLES = {"pyarrow", "pandas", "duckdb", "polars", "fastparquet", "dask", "modin", "vaex", "datafusion", "tables"}
"""Distributions that read and write tables."""
BARE = {"pip", "setuptools"}
"""What an empty virtual environment has."""


def installed(packages: Path) -> dict[str, Distribution]:
    """The distributions of a site-packages by name."""
    return {canonicalize_name(each.metadata["Name"]): each for each in distributions(path=[str(packages)])}


def needed(names: list[str], known: Mapping[str, Distribution], without: str = "") -> set[str]:
    """These distributions and all that they need, or what is left of it where one is left out."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name != without and name in known:
            found.add(name)
            waiting += direct(known[name])
    return found


def direct(of: Distribution) -> list[str]:
    """The names of what a distribution asks for here, without extras."""
    asked = [Requirement(each) for each in of.requires or ()]
    return [canonicalize_name(each.name) for each in asked if not each.marker or each.marker.evaluate({"extra": ""})]


def size(of: Distribution) -> float:
    """MB of a distribution's files, without byte code."""
    return megabytes([Path(str(of.locate_file(file))) for file in of.files or ()])


def megabytes(files: list[Path]) -> float:
    """MB of these files, 10^6 bytes each, without byte code and links."""
    counted = [each for each in files if each.suffix != ".pyc" and each.is_file() and not each.is_symlink()]
    return sum(each.stat().st_size for each in counted) / 1e6


def costs(known: Mapping[str, Distribution]) -> tuple[list[dict[str, Any]], set[str]]:
    """A row a direct dependency of simrun, the dearest first, and all that the base install needs."""
    asked = direct(known["simrun"])
    everything, sizes = needed(["simrun"], known), {name: size(each) for name, each in known.items()}
    rows = []
    for name in asked:
        only = everything - needed(["simrun"], known, without=name)
        rows.append(
            {
                "dependency": name,
                "version": known[name].version,
                "alone": round(sizes[name], 1),
                "brings": round(sum(sizes[each] for each in only), 1),
                "with": sorted(only - {name}),
            }
        )
    return sorted(rows, key=lambda row: -row["brings"]), everything


def fresh(folder: Path, tell: Callable[[str], None]) -> tuple[Path, float]:
    """Install a copy of the checkout into a new environment; its folder, and the seconds that pip took."""
    copy, there = folder / "simrun", folder / "venv"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "runs")
    shutil.copytree(ROOT, copy, ignore=ignored)
    venv.create(there, with_pip=True)
    began = time.perf_counter()
    command = ["-m", "pip", "install", "--quiet", "--no-compile", "--no-cache-dir", "--disable-pip-version-check"]
    subprocess.run([there / "bin" / "python", *command, str(copy)], check=True, stdout=sys.stderr)
    seconds = time.perf_counter() - began
    tell(f"installed in {seconds:.0f} s")
    return there, seconds


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures and goals."""
    figures: dict[str, Any] = {}
    if small:
        known = installed(Path(sysconfig.get_path("purelib")))
        rows, everything = costs(known)
        total = sum(size(known[name]) for name in everything | (BARE & set(known)))
    else:
        with TemporaryDirectory() as folder:
            there, seconds = fresh(Path(folder), tell)
            packages = next((there / "lib").glob("python*/site-packages"))
            rows, everything = costs(installed(packages))
            total = megabytes(list(there.rglob("*")))
            figures = {"seconds": round(seconds, 1), "site_packages": round(megabytes(list(packages.rglob("*"))), 1)}
    engines = sorted(TABLES & everything)
    figures |= {"distributions": len(everything), "table_engines": engines, "rows": rows}
    return figures, {"megabytes": most(total, MEGABYTES), "table_engines": most(len(engines), ENGINES)}


if __name__ == "__main__":
    main(__doc__, measure)
