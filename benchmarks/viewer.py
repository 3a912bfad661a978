"""How quickly the page of a large run opens, filters and shows a pair, in headless Chromium.

    python benchmarks/viewer.py --episodes 1000000    # needs playwright and Debian's chromium

The run is written by this script and not played: its pairs and its words are drawn.
"""

import argparse
import json
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from simrun.report.render.columns import texts
from simrun.report.render.page import Shown, page
from simrun.report.report import Report, SectionReport
from simrun.report.written import write

LINES, LENGTH = 20, 40
"""Turns of each transcript, and words of each turn."""
PARTS = ("ba", "den", "fi", "gor", "lu", "men", "ra", "sta", "ti", "vo", "wen", "zu")
WORDS = tuple("".join(parts) for parts in product(PARTS, repeat=3))
"""What is said: drawn, so that it does not shrink as one sentence would that is said again and again."""


def drawn(episodes: int) -> dict[str, Any]:
    """What a page holds of a run of two arms, ten repeats a case; one pair in ten comes out differently."""
    rng = np.random.default_rng(0)
    pairs = episodes // 20 * 10
    reference = rng.integers(0, 2, pairs)
    arm = np.where(rng.random(pairs) < 0.1, 1 - reference, reference)
    comparison = {"arm": 1, "reference": 0, "why": "treatment", "factor": "patient.ethnicity", "roles": []}
    words = rng.normal(180, 40, 2 * pairs).round(2)  # a column that hardly shrinks, with values missing
    words[rng.random(2 * pairs) < 0.02] = np.nan
    values = {
        "solved": np.stack([reference, arm], 1).reshape(-1),
        "words": words,
        "questions": rng.integers(0, 20, 2 * pairs),
    }
    outcomes = [
        {"name": name, "primary": name == "solved", "better": "neither", "values": each.astype(np.float64)}
        for name, each in values.items()
    ]
    return {
        "arms": ["patient.ethnicity=White", "patient.ethnicity=Black"],
        "cases": texts([f"case-{number}" for number in range(pairs // 10)]),
        "repeats": 10,
        "done": np.ones(2 * pairs, dtype=int),
        "flags": (rng.random(2 * pairs) < 0.02).astype(int),
        "outcomes": outcomes,
        "comparisons": [comparison],
    }


def transcript(place: int) -> dict[str, Any]:
    """One episode's words; each turn is told what was said before it."""
    said = [" ".join(line) for line in np.random.default_rng(place).choice(WORDS, (LINES + 1, LENGTH))]
    turns = [
        {"role": ("doctor", "patient")[at % 2], "kind": "turn", "text": said[at + 1], "asked": said[at]}
        for at in range(LINES)
    ]
    prompts = [{"role": "patient", "chat": "", "text": f"{said[0]} You are {('White', 'Black')[place % 2]}."}]
    return {"trial": f"{place:016x}", "prompts": prompts, "turns": turns, "judges": []}


def written(folder: Path, episodes: int, kept: int) -> int:
    """Write the page; its bytes, transcripts included."""
    pairs = drawn(episodes)
    values = pairs["outcomes"][0]["values"].reshape(-1, 2)
    flips = np.flatnonzero(values[:, 0] != values[:, 1])[: kept // 2]
    told = {int(place): transcript(int(place)) for row in flips for place in (2 * row, 2 * row + 1)}
    report = Report(
        run="drawn", scenario="clinic", complete=True, sections={"none": SectionReport(title="", blocks=())}
    )
    more = {"forest": [], "pairs": pairs, "declared": ["white", "black"], "pictures": [], "config": {}, "digest": "-"}
    files = page([Shown(report, more, told)], single=False)
    write(folder, files)
    return sum(len(text) for text in files.values())


def measured(file: Path) -> dict[str, float]:
    """Seconds until the page stands, a filter has been applied, and a pair is there."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        begun = time.perf_counter()
        tab.goto(file.as_uri() + "#pairs")
        tab.wait_for_selector(".row")
        opened = time.perf_counter() - begun
        chip = "const from = performance.now(); [...document.querySelectorAll('.chip')][0].click(); "
        filtered = tab.evaluate(f"() => {{ {chip} return performance.now() - from; }}") / 1000
        begun = time.perf_counter()
        tab.locator(".list .row").first.click()
        tab.wait_for_selector(".said")
        shown = time.perf_counter() - begun
        browser.close()
    return {"open": round(opened, 2), "filter": round(filtered, 3), "pair": round(shown, 3)}


def main() -> None:
    """Print one JSON object."""
    told = argparse.ArgumentParser(description="How quickly the page of a large run is used")
    told.add_argument("--episodes", type=int, default=20_000)
    told.add_argument("--transcripts", type=int, default=2000)
    asked = told.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = written(Path(folder), asked.episodes, asked.transcripts)
        html = (Path(folder) / "report.html").stat().st_size
        seconds = measured(Path(folder) / "report.html")
    print(json.dumps({"episodes": asked.episodes, "page_bytes": html, "all_bytes": size, "seconds": seconds}))


if __name__ == "__main__":
    main()
