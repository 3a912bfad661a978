"""A run as a data set of the Hugging Face form: Parquet files and a card."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from simrun.export.exporter import Exporter
from simrun.export.facts import Facts, model
from simrun.export.tables import Sheet, sheets
from simrun.log import files
from simrun.log.manifest import Manifest
from simrun.log.parquet import Writer
from simrun.report.render.text import cell, words
from simrun.report.run import Run

CARD = "README.md"


class Datasets(Exporter):
    """A folder of Parquet files with a data card: datasets.load_dataset(FOLDER, "pairs")."""

    name = "datasets"
    opens = "datasets.load_dataset(FOLDER, NAME), DuckDB, pandas.read_parquet; a data set's page on Hugging Face"
    lost = "the report's plots and sections, the log and its chain, and what errors said"

    def export(self, run: Run, to: Path) -> Path:
        """One file a table, written row by row; the card last."""
        files.folder(to / "data")
        told = tuple(sheets(run))
        for sheet in told:
            writer = Writer(to / "data" / f"{sheet.name}.parquet", sheet.columns)
            for row in sheet.rows():
                writer.add(dict(zip(sheet.columns, row, strict=True)))
            writer.close()
        files.replace(to / CARD, _card(run.manifests[0], told).encode())
        return to


def _card(manifest: Manifest, told: Sequence[Sheet]) -> str:
    facts = Facts.of(manifest)
    head = yaml.safe_dump(_front(facts, told), sort_keys=False, allow_unicode=True)
    return "\n".join([f"---\n{head}---", "", *_body(manifest, facts), "", *_tables(told)]) + "\n"


def _front(facts: Facts, told: Sequence[Sheet]) -> dict[str, Any]:
    """What `load_dataset` reads: which file is which."""
    configs = [
        {"config_name": each.name, "data_files": f"data/{each.name}.parquet", "default": each.name == "pairs"}
        for each in told
    ]
    return {
        "pretty_name": f"simrun {facts.scenario} {facts.run}",
        "tags": ["simrun", "audit", "fairness", "llm-agents", facts.scenario],
        "configs": [{key: value for key, value in each.items() if value} for each in configs],
    }


def _body(manifest: Manifest, facts: Facts) -> Iterator[str]:
    mode = f", mode `{facts.mode}`" if facts.mode else ""
    yield f"# {facts.scenario}: run {facts.run}"
    yield ""
    yield (
        f"Episodes of the scenario `{facts.scenario}`{mode}, played by simrun {facts.played} and exported by "
        f"{facts.simrun}. Every comparison is a pair: the same case, the same seeds, one declared difference."
    )
    yield ""
    if not facts.complete:
        yield "**This run is not complete**: trials that are owed have no outcomes.\n"
    yield from (f"- {words(note)}" for note in facts.notes)
    yield f"- {facts.cases} cases, {facts.repeats} repeats, seed {facts.seed}; primary: {', '.join(facts.primary)}"
    arms = (f"{words(arm)} ({words(model(manifest, arm))})" for arm in facts.arms)
    yield f"- arms: {', '.join(arms)}; the first is the reference"
    yield f"- digest of the config `{facts.digest}`, of the cases `{facts.suite}`; the log ended at `{facts.head}`"
    yield f"- created {facts.created}"
    yield ""
    yield (
        "What is missing is null and never 0: a reply that was refused or could not be read is no wrong answer. "
        "Whose words and cases these are decides under which licence they may be passed on: add it above."
    )


def _tables(told: Sequence[Sheet]) -> Iterator[str]:
    for each in told:
        yield f"## {each.name}\n\n{each.about}\n\n| column | type | |\n|---|---|---|"
        for name, kind in each.columns.items():
            yield f"| {cell(name)} | {kind} | {each.described.get(name, '')} |"
        yield ""
