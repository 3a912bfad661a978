"""The report of a run: its sections, computed into blocks."""

from collections.abc import Iterable, Mapping
from itertools import chain

from pydantic import JsonValue

from simrun.report.blocks import Block, Documented, Finding, Plot, Prose, Row, Scalar, Table, at
from simrun.report.section import Section, sections
from simrun.score.scored import Scored


class SectionReport(Documented):
    """What a section came to."""

    title: str
    """The heading over its blocks, "" for none."""
    blocks: tuple[Block, ...]
    """None where the run has nothing of the kind."""


class Report(Documented):
    """What a run came to: report/report.json, and what `--json` prints."""

    run: str
    """The name of its folder; the whole path in what `--json` prints."""
    scenario: str
    complete: bool
    """Every owed episode has an outcome."""
    sections: Mapping[str, SectionReport]
    """By name, in reading order."""

    def table(self, section: str, key: str | None = None) -> tuple[Row, ...]:
        """The rows of a section's table, or of all of its tables one after the other. KeyError says which there are."""
        there = {each.key: each for each in self._blocks(section) if isinstance(each, Table)}
        if key is not None and key not in there:
            raise KeyError(f"section {section!r} has no table {key!r}; it has: {', '.join(there) or 'none'}")
        return tuple(chain.from_iterable(each.rows for each in there.values() if key in (None, each.key)))

    def value(self, section: str, key: str) -> JsonValue:
        """The value of a section's scalar. KeyError says which there are."""
        there = {each.key: each.value for each in self._blocks(section) if isinstance(each, Scalar)}
        if key not in there:
            raise KeyError(f"section {section!r} has no scalar {key!r}; it has: {', '.join(there) or 'none'}")
        return there[key]

    def _blocks(self, section: str) -> tuple[Block, ...]:
        if section not in self.sections:
            raise KeyError(f"no section {section!r}; there are: {', '.join(self.sections)}")
        return self.sections[section].blocks

    def plots(self) -> Mapping[str, str]:
        """The pictures, file name -> SVG."""
        blocks = chain.from_iterable(each.blocks for each in self.sections.values())
        return {f"{each.key}.svg": each.svg for each in blocks if isinstance(each, Plot)}

    def sheets(self) -> tuple[Table, ...]:
        """The tables that are files of their own."""
        blocks = chain.from_iterable(each.blocks for each in self.sections.values())
        return tuple(each for each in blocks if isinstance(each, Table) and each.csv)


def build(run: Scored, asked: Iterable[Section] | None = None) -> Report:
    """Compute the sections, all that there are if none are named. ValueError for a section whose blocks do not fit."""
    told = {each.name: _told(each, run) for each in (sections() if asked is None else asked)}
    _named_apart(told)
    scenario = run.manifest.scenario.name
    return Report(run=run.name, scenario=scenario, complete=run.complete, sections=told)


def _told(section: Section, run: Scored) -> SectionReport:
    told = SectionReport(title=section.title, blocks=section.compute(run))
    seen: set[tuple[str, str]] = set()
    for each in told.blocks:
        if isinstance(each, Finding | Prose):
            continue
        if (each.block, each.key) in seen:
            raise ValueError(f"section {section.name!r}: two blocks are the {each.block} {each.key!r}; rename one")
        seen.add((each.block, each.key))
        if isinstance(each, Table):
            _filled(section.name, each)
    return told


def _named_apart(told: Mapping[str, SectionReport]) -> None:
    """ValueError for two pictures that would be the same file."""
    whose: dict[str, str] = {}
    for section, plot in ((name, each) for name, one in told.items() for each in one.blocks if isinstance(each, Plot)):
        if whose.setdefault(plot.key, section) != section:
            raise ValueError(f"sections {whose[plot.key]!r} and {section!r} both draw {plot.key}.svg; rename one")


def _filled(section: str, table: Table) -> None:
    """ValueError for a column that shows nothing."""
    for key in (key for column in table.columns for key in column.keys) if table.rows else ():
        if not any(_has(row, key) for row in table.rows):
            raise ValueError(
                f"section {section!r}: no row of the table {table.key!r} has {key!r}; the first has: "
                f"{', '.join(table.rows[0])}"
            )


def _has(row: Row, key: str) -> bool:
    try:
        at(row, key)
    except KeyError:
        return False
    return True
