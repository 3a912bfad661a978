"""Exports read by those they are made for, each in an environment of its own: pip install . LIBRARY pytest
pytest-asyncio pytest-xdist. What is not installed is left out."""

import base64
import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from simrun.export.exporter import export

inspected = pytest.mark.skipif(find_spec("inspect_ai") is None, reason="inspect_ai is not installed")
recorded = pytest.mark.skipif(find_spec("every_eval_ever") is None, reason="every_eval_ever is not installed")
traced = pytest.mark.skipif(find_spec("google") is None, reason="opentelemetry-proto is not installed")
loaded = pytest.mark.skipif(find_spec("datasets") is None, reason="datasets is not installed")


@inspected
def test_inspect_reads_the_scores_and_the_messages(whole, tmp_path):
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(export(whole, "inspect", tmp_path / "r.eval")))
    numbers = whole.outcomes[whole.outcomes["value"].notna() & whole.outcomes["turn"].isna()]
    calls = dict(iter(whole.calls.groupby("trial")))
    assert (log.status, len(log.samples)) == ("success", len(whole.episodes))
    for each in log.samples:
        own = numbers[numbers["trial"] == each.metadata["trial"]]
        plain = own[own["subject"].isna()].set_index("outcome")["value"].to_dict()
        told = {name: score.value for name, score in each.scores.items() if not isinstance(score.value, dict)}
        assert told == plain
        said = [message.text for message in each.messages if message.role == "assistant"]
        assert said == list(calls[each.metadata["trial"]].sort_values("at", kind="stable")["text"])
    effects = {score.name: score.metrics for score in log.results.scores}
    for each in whole.scored.contrasts:
        if each.difference is not None:
            own = effects[f"{each.outcome}: {each.arm} against {each.reference}"]
            assert own["difference"].value == each.difference


@inspected
def test_inspect_reads_what_was_not_played_as_an_error_without_scores(cut, tmp_path):
    from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries

    file = str(export(cut, "inspect", tmp_path / "r.eval"))
    log = read_eval_log(file)
    lacking = [each for each in log.samples if each.error]
    assert log.status == "cancelled"
    assert len(lacking) == (cut.episodes["state"] != "done").sum() > 0
    assert all(not each.scores for each in lacking)
    assert sum(each.completed for each in read_eval_log_sample_summaries(file)) == len(log.samples) - len(lacking)


@inspected
def test_a_log_that_inspect_wrote_is_imported(tmp_path, command):
    """Of five cases in two arms: right in one, and in the other right in two, wrong in two and without an answer."""
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.scorer import Score, accuracy, scorer
    from inspect_ai.solver import solver

    said = {"a": "C", "b": "C", "c": "I", "d": "I", "e": "N"}

    @scorer(metrics=[accuracy()])
    def known():
        async def score(state, target):
            return Score(value=said[state.metadata["pair"]] if state.metadata["arm"] == "Black" else "C")

        return score

    @solver
    def silent():
        async def solve(state, generate):
            return state

        return solve

    samples = [
        Sample(id=f"{case}-{arm}", input="?", metadata={"pair": case, "arm": arm})
        for case in said
        for arm in ("White", "Black")
    ]
    task = Task(dataset=samples, solver=silent(), scorer=known())
    (log,) = evaluate(task, model="mockllm/model", log_dir=str(tmp_path / "logs"), display="none")
    assert log.status == "success"
    code, out, err = command("import", "inspect", log.location.removeprefix("file://"), "reference=White", "--json")
    assert code == 0, err
    (found,) = json.loads(out)["compared"]
    assert (found["difference"], found["pairs"], found["missing"]) == (-0.5, 4, 1)


@recorded
def test_both_validators_of_every_eval_ever_pass(whole, cut, tmp_path):
    """Their own, which knows where files lie and what they say of each other, and the schemas."""
    import every_eval_ever
    from jsonschema import Draft7Validator

    schemas = Path(every_eval_ever.__file__).parent / "schemas"
    known = {".json": "eval.schema.json", ".jsonl": "instance_level_eval.schema.json"}
    forms = {name: Draft7Validator(json.loads((schemas / file).read_text())) for name, file in known.items()}
    for run in (whole, cut):
        folder = export(run, "every_eval_ever", tmp_path / run.manifests[0].name)
        files = sorted(file.relative_to(folder) for file in folder.rglob("*.json*"))
        asked = [sys.executable, "-m", "every_eval_ever", "validate", "--format", "json", *map(str, files)]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
        reports = json.loads(done.stdout)
        assert (done.returncode, len(reports)) == (0, 2), done.stdout
        assert all(each["valid"] and not each["errors"] and not each["warnings"] for each in reports), reports
        for file in files:
            text = (folder / file).read_text()
            for each in [text] if file.suffix == ".json" else text.splitlines():
                forms[file.suffix].validate(json.loads(each))


@loaded
def test_datasets_loads_every_table(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import get_dataset_config_names, load_dataset

    folder, cache = str(export(whole, "datasets", tmp_path / "r")), str(tmp_path / "cache")
    tables = ["episodes", "turns", "calls", "outcomes", "pairs", "effects", "findings"]
    assert get_dataset_config_names(folder) == tables
    for name in tables:
        assert load_dataset(folder, name, split="train", cache_dir=cache).num_rows > 0
    pairs = load_dataset(folder, split="train", cache_dir=cache).to_pandas()
    assert list(pairs.columns) == list(whole.pairs.columns)
    assert pairs["difference"].equals(whole.pairs["difference"])


@traced
def test_the_protocol_of_opentelemetry_takes_every_line(whole, tmp_path):
    """Its JSON has ids in hexadecimal, where that of protobuf has them in base 64."""
    pb2 = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2", reason="opentelemetry-proto is not installed")
    from google.protobuf.json_format import ParseDict

    def coded(found):
        return re.sub(
            r'"((?:traceId|spanId|parentSpanId)":\s*")([0-9a-f]+)"', lambda at: f'"{at[1]}{_base64(at[2])}"', found
        )

    for line in export(whole, "opentelemetry", tmp_path / "r.jsonl").read_text().splitlines():
        told = ParseDict(json.loads(coded(line)), pb2.TracesData())
        (scope,) = told.resource_spans[0].scope_spans
        root, *calls = scope.spans
        assert (len(root.trace_id), len(root.span_id)) == (16, 8)
        assert {each.parent_span_id for each in calls} == {root.span_id}
        assert {each.kind for each in calls} == {pb2.Span.SPAN_KIND_CLIENT}


def _base64(digits):
    return base64.b64encode(bytes.fromhex(digits)).decode()
