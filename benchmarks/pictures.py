"""Pictures of the page for the docs, and of a run of each scenario to look at, by headless Chromium.

    python benchmarks/pictures.py docs            # renews docs/pair.png
    python benchmarks/pictures.py FOLDER --all    # every scenario at 1280 and 390 pixels, light and dark, and as PDF

Needs playwright and Debian's chromium. Prints what is wider than its window, and what has too little contrast (AA).
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from simrun import Run, run
from simrun.report.compare import compare
from simrun.report.render.comparison import compared_page
from simrun.report.written import write

ETHNICITY = {"patient": {"ethnicity": ["White", "Black"]}}
CLERK = ("backend=scripted", "design.controls=[same,placebo]")
RUNS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "vignette": (
        ("scenario=clinic", "scenario.mode=vignette", "backend.group=Black", "backend.effect=0.5", "cases=12"),
        {"vary": ETHNICITY},
    ),
    "consultation": (
        ("scenario=clinic", "scenario.mode=consultation", "backend.group=Black", "backend.effect=0.5", "cases=10"),
        {"vary": ETHNICITY},
    ),
    "screen": (("scenario=recruitment", "cases=6"), {}),
    "rank": (("scenario=recruitment", "scenario.mode=rank", "cases=6"), {}),
    "dialogue": (("scenario=dialogue", "cases=6", "judge=stereotype", "roles.judge.backend=scripted"), {}),
    "group": (("scenario=dialogue", "scenario.mode=group", "cases=4"), {}),
    "peer_review": (("scenario=peer_review", "cases=3"), {}),
}
"""One run of each kind, played by scripts: what a page has to show."""
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const channel = (value) => ((value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const node of document.querySelectorAll("#page *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const style = getComputedStyle(node), svg = node.namespaceURI.endsWith("svg");
    const [one, other] = [light(parse(svg ? style.fill : style.color)), light(behind(node))].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.7 && style.fontWeight >= 700);
    const ratio = (one + 0.05) / (other + 0.05);
    const name = `${node.tagName}.${node.className.baseVal ?? node.className}`;
    if (ratio < (large ? 3 : 4.5)) found.add(`${name} ${ratio.toFixed(2)}`);
  }
  return [...found];
}"""


def played(name: str, out: str) -> Run:
    """The run of this name."""
    asked, more = RUNS[name]
    return run(*CLERK, *asked, out=out, **more)


def looks(browser: Any, file: Path, name: str, target: Path) -> Iterator[str]:
    """Pictures of findings and of the first pair, at both widths in both colours, and PDFs; what is wrong with them."""
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        size = {"width": width, "height": 900}
        view = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        tab = view.new_page()
        for part in ("findings", "pair"):
            tab.goto(file.as_uri() + ("#pairs" if part == "pair" else ""))
            tab.wait_for_selector(".row" if part == "pair" else "main")
            if part == "pair":
                tab.locator(".list .row").first.click()
                tab.wait_for_selector(".said, .note")
            yield from _wrong(tab, f"{name} {part} {width} {scheme}")
            tab.screenshot(path=target / f"{name}-{part}-{width}-{scheme}.png", full_page=part == "findings")
            if (width, scheme) == (1280, "light"):
                tab.pdf(path=target / f"{name}-{part}.pdf", format="A4")
                tab.emulate_media(media="print")
                tab.screenshot(path=target / f"{name}-{part}-print.png", full_page=True)
                tab.emulate_media(media="screen")
        view.close()


def _wrong(tab: Any, where: str) -> Iterator[str]:
    if wide := tab.evaluate(WIDE):
        yield f"{where}: {wide} pixels wider than the window"
    yield from (f"{where}: contrast {each}" for each in tab.evaluate(CONTRAST))


def everything(browser: Any, out: str, target: Path) -> None:
    """All scenarios, and two runs side by side."""
    runs = {name: played(name, out) for name in RUNS}
    files = {name: each.path / "report" / "report.html" for name, each in runs.items()}
    for name, file in files.items():
        print(f"{name}: {file.stat().st_size} bytes")
    other = run(*CLERK, *RUNS["consultation"][0], "backend.effect=0.1", vary=ETHNICITY, out=out)
    both = [runs["consultation"], other]
    write(Path(out) / "compared", compared_page(compare(both), [each.shown() for each in both]))
    files["compared"] = Path(out) / "compared" / "report.html"
    for name, file in files.items():
        for wrong in looks(browser, file, name, target):
            print(wrong)


def pair(browser: Any, out: str, target: Path) -> None:
    """The pair viewer, as README and docs show it."""
    done = played("consultation", out)
    tab = browser.new_context(viewport={"width": 1120, "height": 760}, color_scheme="light").new_page()
    tab.goto((done.path / "report" / "report.html").as_uri() + "#pairs")
    tab.keyboard.press("n")
    tab.wait_for_selector(".said")
    tab.screenshot(path=target / "pair.png")


def main() -> None:
    """Make the pictures."""
    told = argparse.ArgumentParser(description="Pictures of the page of a run")
    told.add_argument("folder", type=Path)
    told.add_argument("--all", action="store_true")
    asked = told.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as out, sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        (everything if asked.all else pair)(browser, out, asked.folder)
        browser.close()


if __name__ == "__main__":
    main()
