"""Reports on a million episodes: the time and the memory from sealed tables to the written report.

    python benchmarks/score.py [--json] [--small]

The tables are synthetic: cases that differ in difficulty, seven arms of which six are compared with the reference, ten
of the clinic's outcomes (six yes-or-no, two scores, two counts), a twentieth of the values missing, a few episodes
ended by errors, rows in the order in which episodes happened to end. What is measured is what every run does when its
tables are sealed, and `simrun report` when it has rebuilt them: Run(path).write_report(), in a process of its own, the
start of Python and its imports included. It is done once with five repeats of each case and once with one. The latter
is the hardest: every pair is an independent case, and each outcome misses others.
"""

import os
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from timed import main, most

from simrun.config.menus import catalogue
from simrun.config.options import Config
from simrun.log.manifest import Manifest
from simrun.log.tables import TABLES
from simrun.log.trust import note
from simrun.plan import design
from simrun.report.run import Run

EPISODES, SMALL = 1_000_000, 100_000
SECONDS, GIGABYTES = 60, 4
REPEATS = (5, 1)
LEVELS = ("White", "Black", "Hispanic", "Asian", "Middle Eastern")
"""The reference and four arms; the other two are the controls `same` and `placebo`."""
TRUTHS = ("solved", "concluded", "anchored", "referral", "pain_relief")
SCORES = {"urgency": (1, 5), "confidence": (1, 10)}
COUNTS = {"tests": 6, "words": 400}
"""With their means."""
OUTCOMES = (*TRUTHS, *SCORES, *COUNTS)
TURNS = {"concluded_at": 9, "moves": 20}
"""The mean turn of the conclusion, and how many there are: told beside the outcomes, for the report to say how soon."""
EFFECT = 0.02
"""By how much less often the second arm is solved."""
MISSING, FAILED = 0.05, 0.002
"""Shares of values, and of episodes that infrastructure ended."""
Array = NDArray[Any]


def planned(episodes: int, repeats: int) -> Manifest:
    """The manifest of a clinic run of about so many episodes; its cases are names alone."""
    config = Config.of(
        {
            "scenario": {"name": "clinic"},
            "backend": {"name": "scripted"},
            "vary": {"patient": {"ethnicity": LEVELS}},
            "cases": 1,
            "repeats": repeats,
            "design": {"controls": ["same", "placebo"]},
            "render": {"transcripts": 0},  # there is no log
        }
    )
    manifest = Manifest.of(design.planned(config, catalogue()), created=0.0)
    each = repeats * len(manifest.arms)
    cases = tuple(f"case-{number:06}" for number in range(-(-episodes // each)))
    return manifest.model_copy(update={"cases": cases, "owed": len(cases) * each})


def values(manifest: Manifest, rng: np.random.Generator) -> Array:
    """What came of each episode, (cases, repeats, arms, outcomes), NaN where missing; the
    arms of a pair share half of their draws."""
    cases, repeats, arms = len(manifest.cases), manifest.repeats, len(manifest.arms)
    level = rng.normal(0, 0.5, (cases, 1, 1)).astype(np.float32)
    found = np.empty((cases, repeats, arms, len(OUTCOMES)), dtype=np.float32)
    for place, name in enumerate(OUTCOMES):
        shared = rng.random((cases, repeats, 1)) < 0.5
        both, own = rng.normal(0, 1, (cases, repeats, 1)), rng.normal(0, 1, (cases, repeats, arms))
        found[..., place] = told(name, level + np.where(shared, both, own))
    found[:, :, 1, 0] *= rng.random((cases, repeats)) > EFFECT / 0.6
    found[rng.random(found.shape, dtype=np.float32) < MISSING] = np.nan
    return found.reshape(-1, len(OUTCOMES))


def timed(found: Array, rng: np.random.Generator) -> Array:
    """Two columns more: when it was concluded, NaN where it was not, and the moves made until then."""
    at = np.clip(np.rint(TURNS["concluded_at"] * np.exp(0.3 * rng.normal(size=len(found)))), 1, TURNS["moves"])
    at = np.where(rng.random(len(found)) < MISSING, np.nan, at)
    return np.column_stack([found, at, np.where(np.isnan(at), TURNS["moves"], at)])


def told(name: str, latent: Array) -> Array:
    """A standard score as this outcome tells it."""
    if name in TRUTHS:
        return latent < 0.28  # in about 60 %
    if name in SCORES:
        low, high = SCORES[name]
        return np.clip(np.rint((low + high) / 2 + (high - low) / 5 * latent), low, high)
    return np.rint(COUNTS[name] * np.exp(0.3 * latent))


def write(path: Path, episodes: int, repeats: int, seed: int = 0) -> int:
    """Write a run's manifest and sealed tables, and return the number of its episodes."""
    rng, manifest = np.random.default_rng([seed, repeats]), planned(episodes, repeats)
    (path / "sealed").mkdir(parents=True)
    manifest.write(path)
    note(manifest, path.resolve())
    found = timed(values(manifest, rng), rng)
    order, failed = rng.permutation(len(found)), rng.random(len(found)) < FAILED
    rows = {"episodes": (_episodes(), pd.DataFrame({"cell": order, "ended": failed[order]}))}
    told = order[~failed[order]]
    values_of = {f"v{place}": found[told, place] for place in range(found.shape[1])}
    rows["outcomes"] = (_outcomes(), pd.DataFrame({"cell": told, **values_of}))
    for name, columns in TABLES.items():
        select, cells = rows.get(name, ({}, pd.DataFrame({"cell": order[:0]})))
        own = {"patient.ethnicity": "VARCHAR"} if name == "episodes" else {}
        _copy(path / "sealed" / f"{name}.parquet", manifest, cells, columns | own, select)
    return len(found)


def _copy(
    file: Path, manifest: Manifest, cells: pd.DataFrame, columns: Mapping[str, str], select: Mapping[str, str]
) -> None:
    """Write a table of these cells; columns that are not selected are null.

    Cells count arms first, then repeats, then cases.
    """
    arms, repeats = manifest.arms, manifest.repeats
    lists = [list(manifest.cases), *([getattr(arm, of) for arm in arms] for of in ("name", "control"))]
    lists.append([arm.settings["patient.ethnicity"] for arm in arms])
    given = ", ".join(f'({select.get(name, "NULL")})::{kind} AS "{name}"' for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        for name, words in zip(("cases", "arms", "controls", "levels"), lists, strict=True):
            connection.execute(f"SET VARIABLE {name} = ?::VARCHAR[]", [words])
        arm, pair = f"cell % {len(arms)}", f"cell // {len(arms)}"
        connection.execute(
            f"COPY (SELECT {given} FROM (SELECT *, {arm} AS arm, {pair} // {repeats} AS "
            f"place, {pair} % {repeats} AS nth "
            f"FROM cells)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
        )


def _whose() -> dict[str, str]:
    """The columns that tell a trial."""

    def one(of: str, place: str) -> str:
        return f"list_extract(getvariable('{of}'), {place} + 1)"

    return {
        "run": "'synthetic'",
        "trial": "printf('%016x', cell)",
        "case": one("cases", "place"),
        "arm": one("arms", "arm"),
        "control": one("controls", "arm"),
        "repeat": "nth",
        "patient.ethnicity": one("levels", "arm"),
    }


def _episodes() -> dict[str, str]:
    counts = {"calls": "24", "prompt_tokens": "18000", "output_tokens": "700"}
    problems = {name: f"cell % 97 = {place}" for place, name in enumerate(("refused", "unreadable", "truncated"))}
    words = {
        "state": "if(ended, 'error', 'done')",
        "error": "if(ended, 'timeout', '')",
        "message": "if(ended, 'no answer', '')",
    }
    return {**_whose(), **words, **counts, **problems, "at": "cell / 100"}


def _outcomes() -> dict[str, str]:
    names = [*OUTCOMES, *TURNS]
    listed = ", ".join(f"v{place}" for place in range(len(names)))
    return {**_whose(), "outcome": f"unnest({names})", "value": f"nullif(unnest([{listed}]), 'nan')"}


def score(path: Path) -> dict[str, float]:
    """Report on a run; the seconds of each part, and the greatest resident set of this process, GB."""
    began = time.perf_counter()
    run = Run(path)
    assert run.layout.values.size
    read = time.perf_counter()
    run.report()
    computed = time.perf_counter()
    run.write_report()
    ended = time.perf_counter()
    assert sum(each.pairs > 0 for each in run.scored.contrasts) == len(OUTCOMES) * (len(LEVELS) + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # Linux counts in kB
    return {"read_s": read - began, "computed_s": computed - read, "written_s": ended - computed, "peak_gb": peak}


def apart(work: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    """Do it in a new process; what it returns, and the seconds that all of it took."""
    began = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result(), time.perf_counter() - began


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures and goals."""
    rows = []
    for repeats in REPEATS:
        with TemporaryDirectory() as folder:
            os.environ["XDG_STATE_HOME"] = folder  # the list of runs begun here: its own
            path = Path(folder) / "synthetic"
            episodes, seconds = apart(write, path, SMALL if small else EPISODES, repeats)
            tell(f"{episodes} episodes of {repeats} repeats a case written in {seconds:.0f} s")
            parts, seconds = apart(score, path)
        size = {"episodes": episodes, "cases": episodes // repeats // (len(LEVELS) + 2), "repeats": repeats}
        rows.append(size | {"seconds": round(seconds, 1)} | {name: round(value, 2) for name, value in parts.items()})
        tell(f"scored in {seconds:.1f} s, {parts['peak_gb']:.2f} GB")
    wall, peak = max(row["seconds"] for row in rows), max(row["peak_gb"] for row in rows)
    figures = {
        "outcomes": len(OUTCOMES),
        "contrasts": len(LEVELS) + 1,
        "missing": MISSING,
    }
    return figures | {"rows": rows}, {"seconds": most(wall, SECONDS), "peak_gb": most(peak, GIGABYTES)}


if __name__ == "__main__":
    main(__doc__, measure)
