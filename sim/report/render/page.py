"""The report as a page that is opened from the disk: report.html, and transcripts beside it that are read on demand.

Nothing of a run is ever markup: all of it is JSON in a block that no browser executes, and the page's own script sets
it as text. Its policy lets in that one script, by its hash, and what that script asks for.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from simrun.agents.printable import printable
from simrun.report.blocks import Block, Column, Finding, Plot, Prose, Row, Scalar, Table, at
from simrun.report.render.cells import cell, scalar, strong
from simrun.report.render.columns import json, numbers, packed
from simrun.report.report import Report

HELD = "transcripts"
"""The folder of the transcripts beside the page."""
CHUNK = 200
"""Transcripts in one file beside the page."""
SMALL = 500_000
"""Characters of packed transcripts up to which they are put into the page itself."""
SCRIPTS = (
    "dom.js",
    "columns.js",
    "findings.js",
    "runs.js",
    "tables.js",
    "compare.js",
    "drawn.js",
    "pair.js",
    "pairs.js",
    "main.js",
)
Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One run as a page holds it."""

    report: Report
    more: Told
    """What the page tells beside the report's blocks: findings, pairs, config."""
    transcripts: Mapping[int, Told]
    """By the places of their episodes."""


def page(runs: Sequence[Shown], single: bool | None, beside: Told = {}) -> dict[str, str]:
    """File name -> text, of one run or of several side by side. `single` as in Render; `beside` is what is told of all
    of them: how they compare, or how much of a run that is still playing is shown."""
    chunks = [_chunks(each) for each in runs]
    inside = single if single is not None else sum(len(text) for own in chunks for text in own) <= SMALL
    data = {**fit(beside), "chunk": CHUNK, "runs": [_run(each) for each in runs]}
    title = f"{data['runs'][0]['scenario']}: {', '.join(each['run'] for each in data['runs'])}"
    texts = {"report.html": document(title, coded(data), coded(chunks if inside else [[] for _ in chunks]))}
    if not inside:
        for run, own in enumerate(chunks):
            texts |= {f"{HELD}/{run}-{at:05}.js": f'simrunChunk({run},{at},"{text}");\n' for at, text in enumerate(own)}
    return texts


def _chunks(shown: Shown) -> list[str]:
    told = list(shown.transcripts.values())
    return [packed(json(told[at : at + CHUNK])) for at in range(0, len(told), CHUNK)]


def _run(shown: Shown) -> Told:
    report = shown.report
    places = np.fromiter(shown.transcripts, dtype=np.int64, count=len(shown.transcripts))
    return {
        "run": printable(report.run),
        "scenario": printable(report.scenario),
        "complete": report.complete,
        "sections": [{"name": name, **blocks(each.title, each.blocks)} for name, each in report.sections.items()],
        **fit(shown.more),
        "kept": numbers(places),
    }


def coded(value: Any) -> str:
    """JSON that is safe in a page: no tag and no comment can begin or end in it."""
    text = json(value).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def fit(value: Any) -> Any:
    """The same with every text in it fit to show."""
    match value:
        case str():
            return printable(value)
        case Mapping():
            return {printable(str(key)): fit(each) for key, each in value.items()}
        case list() | tuple():
            return [fit(each) for each in value]
        case np.ndarray():
            return numbers(value)
    return value  # a number


@cache
def _static(*names: str) -> str:
    folder = files("simrun.report.render").joinpath("static")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def digest(text: str) -> str:
    """How a policy names a script or a style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(script: str, style: str) -> str:
    """Nothing but this script, what it asks for itself, this style, and pictures that stand in the page."""
    return (
        f"default-src 'none'; script-src {digest(script)} 'strict-dynamic'; style-src {digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def document(
    title: str,
    data: str,
    held: str,
    scripts: Sequence[str] = SCRIPTS,
    styles: Sequence[str] = ("page.css",),
    instead: str = "report.md",
) -> str:
    """A page of these scripts and styles, over two blocks of coded JSON; `instead` lies beside it, and says the same
    to who has no JavaScript."""
    script, style = f'"use strict";\n(() => {{\n{_static(*scripts)}}})();\n', _static(*styles)
    safe = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{safe}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page needs JavaScript; {instead} beside it says the same without.</noscript>
<div id="page"></div>
<script type="application/json" id="data">{data}</script>
<script type="application/json" id="held">{held}</script>
<script>{script}</script>
</body>
</html>
"""


def blocks(title: str, given: Sequence[Block]) -> Told:
    """Blocks under a title, as the page draws them."""
    return {"title": printable(title), "blocks": [told for each in given if (told := _block(each))]}


def _block(block: Block) -> Told | None:
    """What a person is shown of a block; None for nothing."""
    match block:
        case Finding() | Prose():
            told: Told = fit(block.model_dump(mode="json"))
            return told
        case Scalar() if block.shown:
            return {"block": "scalar", "label": printable(block.label), "value": printable(scalar(block))}
        case Plot():
            picture = base64.b64encode(block.svg.encode()).decode()
            return {
                "block": "plot",
                "title": printable(block.title),
                "caption": printable(block.caption),
                "svg": picture,
            }
        case Table() if block.shown:
            return _table(block)
    return None


def _table(table: Table) -> Told:
    columns = [each for each in table.columns if each.shown]
    return {
        "block": "table",
        "title": printable(table.title),
        "about": printable(table.about),
        "empty": printable(table.empty),
        "columns": [{"head": printable(each.head), "about": printable(each.about)} for each in columns],
        "rows": [[_cell(column, row) for column in columns] for row in table.rows],
    }


def _cell(column: Column, row: Row) -> list[Any]:
    """Its text, what it is sorted by where that is a number, and 1 where it stands out."""
    try:
        first = at(row, column.keys[0])
    except KeyError:
        first = None
    number = first if isinstance(first, int | float) and not isinstance(first, bool) else None
    told: list[Any] = (
        [printable(cell(column, row)), number, 1] if strong(column, row) else [printable(cell(column, row)), number]
    )
    return told[:1] if told[1:] == [None] else told
