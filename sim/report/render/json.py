"""The report as one JSON object, which follows docs/summary.schema.json."""

import orjson

from simrun.agents.printable import printable_json
from simrun.report.report import Report


def json(report: Report, indent: bool = False) -> str:
    """The whole report, but for the drawings of its plots."""
    told = orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2 if indent else None).decode()
    return printable_json(told)
