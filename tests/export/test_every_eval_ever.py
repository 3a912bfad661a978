"""Records of every_eval_ever: where they lie, what they say of each other, and that nothing is called right or wrong
that is neither."""

import hashlib
import json
import re

import pytest

from simrun import load
from simrun.export.exporter import export

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def read(folder):
    """The aggregate, and its lines."""
    (file,) = folder.rglob("*.json")
    lines = list(folder.rglob("*_samples.jsonl"))
    told = [json.loads(line) for each in lines for line in each.read_text().splitlines()]
    return file, json.loads(file.read_text()), told


@pytest.fixture(scope="module")
def record(whole, tmp_path_factory):
    return export(whole, "every_eval_ever", tmp_path_factory.mktemp("every") / "r")


def test_the_record_and_its_lines_lie_together(record):
    file, told, lines = read(record)
    where = file.relative_to(record).as_posix()
    assert re.fullmatch(rf"data/simrun_clinic/unlisted/scripted/{UUID}\.json", where)
    details = told["detailed_evaluation_results"]
    samples = record / details["file_path"]
    assert details["file_path"] == where.removesuffix(".json") + "_samples.jsonl"
    assert details["checksum"] == hashlib.sha256(samples.read_bytes()).hexdigest()
    assert details["total_rows"] == len(lines) == 24
    assert {line["evaluation_id"] for line in lines} == {told["evaluation_id"]}
    ids = {each["evaluation_result_id"] for each in told["evaluation_results"]}
    assert {line["evaluation_result_id"] for line in lines} <= ids


def test_a_line_is_right_where_the_outcome_is_1(whole, record):
    _, _, lines = read(record)
    known = whole.outcomes[whole.outcomes["outcome"] == "correct"].set_index("trial")["value"]
    assert set(known) == {0.0, 1.0}
    for line in lines:
        assert line["evaluation"]["score"] == known[line["metadata"]["trial"]]
        assert line["evaluation"]["is_correct"] is bool(known[line["metadata"]["trial"]] == 1)
        assert "is_correct = (score == 1)" in line["metadata"]["rule"]


def test_a_chance_of_being_right_is_neither_right_nor_wrong(play, tmp_path):
    run = play("scenario.mode=vignette", "outcomes=expected", "cases=2", "design.margin=0.1")
    assert not set(run.outcomes.loc[run.outcomes["outcome"] == "correct", "value"]) <= {0, 1}
    _, told, lines = read(export(run, "every_eval_ever", tmp_path / "r"))
    assert lines == []
    assert "detailed_evaluation_results" not in told
    assert any(each["metric_config"]["metric_id"] == "simrun.mean.correct" for each in told["evaluation_results"])


def test_effects_have_bounds_intervals_and_how_many_pairs(whole, record):
    _, told, _ = read(record)
    own = {each["evaluation_name"]: each for each in told["evaluation_results"]}
    for each in whole.scored.contrasts:
        if each.difference is None:
            continue
        found = own[f"{each.outcome}: {each.arm} against {each.reference}"]
        details = found["score_details"]
        assert details["score"] == each.difference
        assert details["uncertainty"]["num_samples"] == each.pairs
        ends = details["uncertainty"].get("confidence_interval", {"lower": None, "upper": None})
        assert (ends["lower"], ends["upper"]) == (each.low, each.high)
    bounds = own["correct: placebo against patient.ethnicity=White"]["metric_config"]
    assert (bounds["min_score"], bounds["max_score"]) == (-1, 1)


def test_what_is_missing_is_in_no_mean_and_is_counted(cut, tmp_path):
    _, told, lines = read(export(cut, "every_eval_ever", tmp_path / "r"))
    done = (cut.episodes["state"] == "done").sum()
    assert len(lines) == done
    means = [each for each in told["evaluation_results"] if each["metric_config"]["metric_id"] == "simrun.mean.correct"]
    assert sum(each["score_details"]["uncertainty"]["num_samples"] for each in means) == done


def test_a_run_of_two_models_makes_two_records(whole, tmp_path):
    played = load(whole.path)
    engines = {"doctor": {"model": "Qwen/Qwen3-8B"}, "doctor (placebo)": {"model": "/home/me/other.gguf"}}
    played.manifests = (played.manifests[0].told(engines=engines),)
    folder = export(played, "every_eval_ever", tmp_path / "r")
    records = {each["model_info"]["id"]: each for each in map(json.loads, map(_text, folder.rglob("*.json")))}
    assert sorted(records) == ["Qwen/Qwen3-8B", "unlisted/other.gguf"]
    rows = {name: each["detailed_evaluation_results"]["total_rows"] for name, each in records.items()}
    assert rows == {"Qwen/Qwen3-8B": 16, "unlisted/other.gguf": 8}
    names = {each["evaluation_name"] for each in records["unlisted/other.gguf"]["evaluation_results"]}
    assert "correct: placebo against patient.ethnicity=White" in names
    assert "correct in patient.ethnicity=White" not in names


def test_the_positive_control_is_no_models(play, tmp_path):
    """It is played by scripts with a planted bias, whatever model is audited beside it."""
    run = play("cases=2", "design.controls=[positive]", "vary.patient.ethnicity=[White,Black]")
    run.manifests = (run.manifests[0].told(engines={"doctor": {"model": "Qwen/Qwen3-8B"}}),)
    folder = export(run, "every_eval_ever", tmp_path / "r")
    records = {each["model_info"]["id"]: each for each in map(json.loads, map(_text, folder.rglob("*.json")))}
    of_model = {each["evaluation_name"] for each in records["Qwen/Qwen3-8B"]["evaluation_results"]}
    assert not [name for name in of_model if "positive" in name]
    assert [
        each for each in records["unlisted/scripted"]["evaluation_results"] if "positive" in each["evaluation_name"]
    ]


def _text(file):
    return file.read_text()


def test_all_that_is_said_beside_the_figures_is_text(record):
    """The schema takes nothing else there."""
    _, told, lines = read(record)

    def texts(value, inside=False):
        if isinstance(value, dict):
            for key, each in value.items():
                yield from texts(each, inside or key in ("additional_details", "details", "metadata"))
        elif isinstance(value, list) and not inside:
            for each in value:
                yield from texts(each, inside)
        elif inside:
            yield value

    assert all(isinstance(each, str) for one in (told, *lines) for each in texts(one))
