"""A run as CSV files, for spreadsheets and statistics programs."""

from pathlib import Path

import orjson

from simrun.export.exporter import Exporter
from simrun.export.facts import Facts
from simrun.export.tables import sheets
from simrun.log import files
from simrun.report.render.csv import written
from simrun.report.run import Run


class Csv(Exporter):
    """A folder of CSV files: episodes, turns, calls, outcomes, pairs, effects, findings, and what run it is."""

    name = "csv"
    opens = "any spreadsheet, R, Stata, pandas.read_csv"
    lost = (
        "types (numbers are text in a CSV; a missing value is an empty cell), and what errors said; a text that begins "
        "like a formula has an apostrophe before it"
    )

    def export(self, run: Run, to: Path) -> Path:
        """One file a table."""
        files.folder(to)
        for sheet in sheets(run):
            with files.draft(to / f"{sheet.name}.csv") as draft, draft.open("x", encoding="utf-8", newline="") as out:
                written(out, list(sheet.columns), sheet.rows())
        facts = Facts.of(run.manifests[0]).model_dump(mode="json")
        with files.draft(to / "run.csv") as draft, draft.open("x", encoding="utf-8", newline="") as out:
            written(out, ("key", "value"), ((key, _word(value)) for key, value in facts.items()))
        return to


def _word(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
