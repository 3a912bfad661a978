"""The page of a board, and the pages of its entries: a folder that opens from the disk and from any web server."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from simrun.agents.printable import printable
from simrun.config.errors import ConfigError
from simrun.estimate.paired import Estimate
from simrun.estimate.ranks import Places
from simrun.leaderboard import suites
from simrun.leaderboard.board import PRIVATE, Entry, entries, kept, opened
from simrun.leaderboard.commitment import unused
from simrun.leaderboard.decisions import Decision, decisions, head
from simrun.leaderboard.halves import Halves, matched
from simrun.leaderboard.prices import Prices, prices
from simrun.leaderboard.scores import Measured, Part, Scores
from simrun.leaderboard.standings import Key, Standing, ranked
from simrun.leaderboard.submission import HEADER, Header
from simrun.report.blocks import Table
from simrun.report.render.csv import csv
from simrun.report.render.page import coded, document, fit
from simrun.report.run import Run
from simrun.report.written import write
from simrun.score.version import METRICS

PAGE, JSON, CSV = "index.html", "board.json", "board.csv"
SCRIPTS = ("dom.js", "columns.js", "tables.js", "places.js", "front.js", "entry.js", "board.js")


def build(folder: Path, site: Path) -> tuple[Path, dict[str, str]]:
    """Write the whole site anew, and give its page, and of which entries no report could be made, and why.

    Nothing of a submission is executed: its scores are those that were kept, its pages are made from its log.
    ConfigError for a folder `site` that is no such site, and for decisions or scores that were edited.
    """
    if site.exists() and any(site.iterdir()) and not (site / JSON).is_file():
        raise ConfigError(f"{site} holds something else than a board's page; give an empty folder: -o SITE")
    site.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{site.name}-", dir=site.parent))
    try:
        told = prices(folder)
        standings = [_standing(folder, each, made, told) for each in entries(folder)]
        write(made, _texts(folder, standings, told))
        made.chmod(0o755)
        _swapped(made, site)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return site / PAGE, {each.entry.id: each.fault for each in standings if each.fault}


def _swapped(made: Path, site: Path) -> None:
    """The new site in the place of the old one."""
    old = made.with_name(f"{made.name}-old")
    if site.exists():
        os.replace(site, old)
    os.replace(made, site)
    shutil.rmtree(old, ignore_errors=True)


def _standing(folder: Path, own: Entry, site: Path, told: Prices) -> Standing:
    """An entry with its pages written; one that is withdrawn has none."""
    found = Standing(entry=own, scores=kept(folder, own))
    found = found.model_copy(update={"cost": told.cost(found.name, found.now)})
    if own.withdrawn:
        return found
    try:
        with opened(folder, own) as (_, runs):
            header = Header.model_validate_json((runs[0].path.parent / HEADER).read_bytes())
            return found.model_copy(update={"who": header.who, "reports": tuple(_pages(runs, own, site))})
    except ConfigError as error:
        return found.model_copy(update={"fault": str(error)})


def _pages(runs: Sequence[Run], own: Entry, site: Path) -> Iterator[str]:
    for number, run in enumerate(runs):
        place = f"entry/{own.id}/{number:02d}"
        write(site / place, run.texts())
        yield f"{place}/report.html"


def _texts(folder: Path, standings: Sequence[Standing], told: Prices) -> dict[str, str]:
    places, both, made = ranked(standings), matched(standings), decisions(folder)
    data: dict[str, Any] = fit(
        {
            "metrics": METRICS,
            "currency": told.currency,
            "head": head(folder),
            "suites": [_suite(name, standings) for name in sorted({each.suite for each in standings}, key=_last)],
            "entries": [_entry(each, places, both.get(each.entry.id, ())) for each in standings],
            "unused": [{"at": each.at, **_told(each)} for each in unused(made)],
            "decisions": [each.model_dump(mode="json", exclude={"evidence"}) for each in made],
        }
    )
    texts = {PAGE: document("Leaderboard", coded(data), "[]", SCRIPTS, ("page.css", "board.css"), CSV)}
    texts[JSON] = orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n"
    rows = tuple(row for each in standings for row in _rows(each, places))
    texts[CSV] = csv(Table(key="board", columns=(), rows=rows))
    return texts


def _last(told: str) -> tuple[bool, str]:
    """What is of no suite comes last."""
    return told.startswith(suites.CUSTOM), told


def _suite(told: str, standings: Sequence[Standing]) -> dict[str, Any]:
    """What is asked in a suite: every figure that an entry has of it, once."""
    name = told.partition("@")[0]
    known = name in suites.names() and suites.suite(name).told == told.removesuffix(PRIVATE)
    questions: dict[Key, dict[str, Any]] = {}
    for each in standings:
        for part, found, key in each.figures() if each.suite == told else ():
            questions.setdefault(key, _question(part, found))
    about = suites.suite(name).about if known else "Runs of no suite: shown, and never ranked."
    if told.endswith(PRIVATE):
        about += " On cases that only the board knew."
    return {"name": told, "about": about, "questions": list(questions.values())}


def _question(part: Part, found: Measured) -> dict[str, Any]:
    same = ("what", "arm", "reference", "axis", "better", "margin", "span")
    return {"key": _key(part, found), "suite": part.suite, "scenario": part.scenario, **_of(found, same)}


def _key(part: Part, found: Measured) -> str:
    return "|".join((part.suite, *found.key))


def _of(found: Measured, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(found, name) for name in names}


def _told(draw: Decision) -> dict[str, Any]:
    """Of a draw for which nothing was handed in: who committed to what."""
    return {name: draw.evidence.get(name) for name in ("suite", "who", "answers", "seed")}


def _entry(
    each: Standing, places: Mapping[tuple[str, Key], Places], both: Sequence[tuple[str, Halves]]
) -> dict[str, Any]:
    own = each.entry
    return {
        "id": own.id,
        "file": own.file,
        "name": each.name,
        "suite": each.suite,
        "standing": each.standing,
        "tier": own.tier,
        "prepared": str(own.added.evidence.get("prepared", "no")),
        "halves": [_half(suite, found) for suite, found in both],
        "asked": str(own.asked.evidence.get("verdict", "")) if own.asked else "",
        "who": each.who.model_dump(mode="json") if each.who else None,
        "at": own.added.at,
        "withdrawn": own.withdrawn.why if own.withdrawn else "",
        "cost": each.cost,
        "fault": each.fault,
        "parts": [_part(part, report) for part, report in zip(each.now.parts, _reports(each), strict=True)],
        "figures": {
            _key(part, found): _figure(found, places.get((own.id, key))) for part, found, key in each.figures()
        },
        "versions": [_version(scores) for scores in each.scores],
        "decisions": [told.model_dump(mode="json") for told in own.told],
    }


def _reports(each: Standing) -> Sequence[str]:
    return each.reports or [""] * len(each.now.parts)


SHOWN = ("value", "low", "high", "n", "cases", "excluded", "reasons", "floor", "detectable", "verdict")


def _figure(found: Measured, places: Places | None) -> dict[str, Any]:
    return {**_of(found, SHOWN), "places": list(places) if places else None}


def _half(suite: str, found: Halves) -> dict[str, Any]:
    told = {name: _ends(getattr(found, name)) for name in ("public", "private", "difference")}
    return {"key": "|".join((suite, found.what, found.arm, found.reference)), "closed": found.closed, **told}


def _ends(given: Estimate) -> dict[str, Any]:
    return {name: getattr(given, name) for name in ("value", "low", "high", "n")}


def _part(part: Part, report: str) -> dict[str, Any]:
    told = part.model_dump(mode="json", exclude={"measured", "arms", "inabilities"})
    arms = [
        {"name": arm.name, "n": arm.n, "calls": arm.calls, "failed": arm.errors, **arm.problems} for arm in part.arms
    ]
    return {**told, "below": list(part.inabilities), "arms": arms, "report": report}


def _version(scores: Scores) -> dict[str, Any]:
    figures = {_key(part, found): _of(found, SHOWN) for part in scores.parts for found in part.measured}
    return {"metrics": scores.metrics, "simrun": scores.simrun, "figures": figures}


def _rows(each: Standing, places: Mapping[tuple[str, Key], Places]) -> Iterator[dict[str, Any]]:
    """A row for each figure, of every version of the metrics."""
    for scores in each.scores:
        for part in scores.parts:
            for found in part.measured:
                place = places.get((each.entry.id, (part.suite, *found.key))) if scores is each.now else None
                yield {
                    "entry": each.entry.id,
                    "name": printable(each.name),
                    "standing": each.standing,
                    "tier": each.entry.tier,
                    "suite": each.suite,
                    "run of": part.suite,
                    "scenario": part.scenario,
                    "metrics": scores.metrics,
                    "below the line": "; ".join(part.inabilities),
                    **{name: _flat(value) for name, value in found.model_dump(exclude={"by_case", "reasons"}).items()},
                    "first place": place.first if place else None,
                    "last place": place.last if place else None,
                    "tokens read": part.prompt_tokens,
                    "tokens written": part.output_tokens,
                }


def _flat(value: Any) -> Any:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else value
