"""The report as Markdown."""

from collections.abc import Iterable, Iterator

from simrun.report.blocks import Block, Column, Finding, Plot, Prose, Row, Scalar, Table
from simrun.report.figures import table
from simrun.report.render.cells import cell, scalar, strong
from simrun.report.render.text import paragraph, words
from simrun.report.report import Report, SectionReport

HEADING, ITEM, PART = "heading", "item", "part"
"""What follows a heading stands right under it, entries of a list under each other; between parts is an empty line."""
Piece = tuple[str, str]
"""(what it is, its text)"""


def markdown(report: Report) -> str:
    """The whole report; plots are links to the files beside it."""
    return document(f"{report.scenario}: {report.run}", report.sections.values())


def document(title: str, sections: Iterable[SectionReport]) -> str:
    """Sections under a title."""
    pieces: list[Piece] = [(PART, f"# {words(title)}")]
    for told in sections:
        pieces += _section(told)
    text, before = "", ""
    for kind, piece in pieces:
        near = before == HEADING or (before == kind == ITEM)
        text += ("\n" if near else "\n\n" if before else "") + piece
        before = kind
    return text + "\n"


def _section(told: SectionReport) -> list[Piece]:
    pieces = [piece for block in told.blocks for piece in _block(block)]
    return [*([(HEADING, f"## {words(told.title)}")] if told.title and pieces else []), *pieces]


def _block(block: Block) -> Iterator[Piece]:
    match block:
        case Finding():
            yield ITEM, f"- {paragraph(block.text)}"
        case Prose():
            yield _prose(block)
        case Scalar() if block.shown:
            yield ITEM, f"- {paragraph(f'{block.label}: {scalar(block)}')}"
        case Plot():
            yield PART, f"![{words(block.title)}]({block.key}.svg)"
        case Table() if block.shown:
            yield from _table(block)


def _prose(prose: Prose) -> Piece:
    marks = {"title": (HEADING, "## "), "note": (PART, "> "), "plain": (PART, ""), "item": (ITEM, "- ")}
    kind, mark = marks[prose.level]
    return kind, mark + paragraph(prose.text)


def _table(told: Table) -> Iterator[Piece]:
    if told.title:
        yield HEADING, f"### {words(told.title)}"
    if told.about:
        yield PART, paragraph(told.about)
    if told.rows:
        columns = [column for column in told.columns if column.shown]
        rows = [[_cell(column, row) for column in columns] for row in told.rows]
        yield PART, table([column.head for column in columns], rows)
    elif told.empty:
        yield PART, paragraph(told.empty)


def _cell(column: Column, row: Row) -> str:
    text = cell(column, row)
    return f"**{text}**" if strong(column, row) else text
