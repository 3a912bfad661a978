"""Tables of a run as CSV and Parquet, and as pandas in the API."""

import csv

import pandas as pd
import pytest
import yaml
from holding import holds

from simrun import load
from simrun.export.exporter import export, exporter, names
from simrun.export.facts import hidden, label
from simrun.log.parquet import frame
from simrun.report.frames import EFFECTS, FINDINGS, PAIRS

TABLES = ("episodes", "turns", "calls", "outcomes", "pairs", "effects", "findings")


@pytest.fixture(scope="module")
def as_csv(whole, tmp_path_factory):
    return export(whole, "csv", tmp_path_factory.mktemp("csv") / "r")


@pytest.fixture(scope="module")
def as_parquet(whole, tmp_path_factory):
    return export(whole, "datasets", tmp_path_factory.mktemp("datasets") / "r")


def test_pairs_are_what_effects_are_made_of(whole):
    assert list(whole.pairs.columns) == list(PAIRS)
    for each in whole.scored.contrasts:
        own = whole.pairs[(whole.pairs["outcome"] == each.outcome) & (whole.pairs["arm"] == each.arm)]
        if each.difference is None:
            continue
        assert own["difference"].count() == each.pairs
        assert own.groupby("case")["difference"].mean().mean() == pytest.approx(each.difference, abs=1e-12)


def test_an_outcome_that_nobody_was_asked_for_has_no_pairs(whole):
    assert whole.pairs.groupby("outcome")["value"].count().min() > 0


def test_findings_are_the_sentences_of_the_report_with_their_figures(whole):
    told = whole.findings
    assert list(told.columns) == list(FINDINGS)
    blocks = [
        (section, block.text)
        for section, own in whole.report().sections.items()
        for block in own.blocks
        if block.block == "finding"
    ]
    assert list(zip(told["section"], told["text"], strict=True)) == blocks
    compared = told[told["arm"] != ""].iloc[0]
    (effect,) = [
        each
        for each in whole.scored.contrasts
        if (each.outcome, each.arm, each.reference) == (compared["outcome"], compared["arm"], compared["reference"])
    ]
    assert (compared["difference"], compared["pairs"]) == (effect.difference, effect.pairs)


def test_both_forms_have_the_same_rows(as_csv, as_parquet):
    for name in TABLES:
        one = pd.read_csv(as_csv / f"{name}.csv", keep_default_na=False, dtype=str)
        other = frame(as_parquet / "data" / f"{name}.parquet")
        assert list(one.columns) == list(other.columns)
        assert len(one) == len(other) > 0
    assert list(pd.read_csv(as_csv / "effects.csv").columns) == list(EFFECTS)


def test_figures_are_not_rounded_and_what_is_missing_is_empty(whole, as_csv):
    told = pd.read_csv(as_csv / "pairs.csv")
    told["factor"] = told["factor"].fillna("")
    pd.testing.assert_frame_equal(told, whole.pairs, check_dtype=False, check_exact=True)
    assert told["value"].isna().any()


def test_no_text_becomes_a_formula(play, tmp_path):
    run = play(
        "cases=2", "vary.patient.ethnicity=[White,Black]", 'backend.rules=[{role: doctor, say: "=HYPERLINK(1)"}]'
    )
    folder = export(run, "csv", tmp_path / "r")
    with (folder / "calls.csv").open(newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert "'=HYPERLINK(1)" in texts
    assert not [text for text in texts if text.startswith("=")]


def test_the_card_names_every_file_and_describes_the_columns(whole, as_parquet):
    _, head, body = (as_parquet / "README.md").read_text().split("---\n", 2)
    front = yaml.safe_load(head)
    assert [each["config_name"] for each in front["configs"]] == list(TABLES)
    assert [each["config_name"] for each in front["configs"] if each.get("default")] == ["pairs"]
    assert all((as_parquet / each["data_files"]).is_file() for each in front["configs"])
    for column, (kind, about) in PAIRS.items():
        assert f"| {column} | {kind} | {about} |" in body
    assert whole.manifests[0].digest in body


@pytest.mark.parametrize("form", names())
def test_the_same_run_gives_the_same_bytes(form, whole, tmp_path):
    def read(place):
        return {file.relative_to(place): file.read_bytes() for file in [place, *place.rglob("*")] if file.is_file()}

    first, second = (read(export(whole, form, tmp_path / name)) for name in ("one", "other"))
    assert first == second != {}


@pytest.mark.parametrize("form", names())
def test_no_folder_of_the_machine_is_in_an_export(form, cut, tmp_path):
    """An error of a trial may name one too."""
    written = export(cut, form, tmp_path / "export")
    assert holds(written, cut.manifests[0].digest)
    assert not holds(written, str(cut.path.parents[2]))
    assert not holds(written, str(tmp_path))


@pytest.mark.parametrize("form", names())
def test_an_export_says_what_opens_it_and_what_is_lost(form, command, whole, tmp_path):
    code, out, _ = command("export", form, whole.path, "-o", tmp_path / "there", "trust=true")
    assert code == 0
    assert out.splitlines()[0] == str(tmp_path / "there")
    assert exporter(form).opens in out
    assert exporter(form).lost in out


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("asked /home/me/models/a.gguf twice", "asked a.gguf twice"),
        ("at 'C:\\Users\\me\\a.bin'", "at 'a.bin'"),
        ("~/keys and ../up/there", "keys and there"),
        ("Qwen/Qwen3-8B at 1/2", "Qwen/Qwen3-8B at 1/2"),
        ("asks http://10.0.0.7:8000/v1, twice", "asks (an address), twice"),
    ],
)
def test_of_a_path_its_last_part_is_told(text, left):
    assert hidden(text) == left


def test_what_a_manifest_says_of_itself_leads_nowhere(whole, tmp_path, monkeypatch):
    """A name that climbs, a date that there is not, a model that is a path: of a run that somebody sent."""
    sent = load(whole.path)
    engines = {"doctor": {"model": "../../../owned"}}
    sent.manifests = (sent.manifests[0].told(name="../../owned", created=1e300, engines=engines),)
    monkeypatch.chdir(tmp_path)
    for form in names():
        assert export(sent, form).resolve().is_relative_to(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        str(exporter(form).place(sent)) for form in names()
    )
    assert not list(tmp_path.parent.glob("owned*"))


def test_what_a_model_is_called():
    assert label({"backend": "local", "model": "/data/models/small.gguf"}) == "small.gguf"
    assert label({"backend": "server", "model": "Qwen/Qwen3-8B"}) == "Qwen/Qwen3-8B"
    assert label({"backend": "scripted"}) == "scripted"
