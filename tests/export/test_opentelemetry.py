"""Traces of a run: an episode a trace, a call a span, a score an event, and no words of anybody."""

import json

import pytest

from simrun.export.exporter import export


@pytest.fixture(scope="module")
def lines(whole, tmp_path_factory):
    file = export(whole, "opentelemetry", tmp_path_factory.mktemp("otlp") / "r.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def spans(line):
    (resource,) = line["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    return scope["spans"]


def told(attributes):
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


def test_an_episode_is_a_trace_and_a_call_a_span_of_it(whole, lines):
    assert len(lines) == len(whole.episodes)
    calls = whole.calls.groupby("trial").size()
    for line in lines:
        root, *rest = spans(line)
        assert len(rest) == calls[told(root["attributes"])["simrun.trial"]]
        assert {each["traceId"] for each in rest} == {root["traceId"]}
        assert {each["parentSpanId"] for each in rest} == {root["spanId"]}
        ids = {each["spanId"] for each in [root, *rest]}
        assert len(ids) == len(rest) + 1
        assert all(len(each) == 16 for each in ids)
        for each in rest:
            inside = (each["startTimeUnixNano"], each["endTimeUnixNano"])
            assert int(root["startTimeUnixNano"]) <= int(inside[0]) <= int(inside[1]) <= int(root["endTimeUnixNano"])


def test_a_span_says_model_seed_and_tokens(whole, lines):
    own = told(spans(lines[0])[1]["attributes"])
    call = whole.calls[whole.calls["seed"] == int(own["gen_ai.request.seed"])].iloc[0]
    assert own["gen_ai.request.model"] == "scripted"
    assert own["gen_ai.agent.name"] == call["role"]
    assert int(own["gen_ai.usage.input_tokens"]) == call["prompt_tokens"]


def test_scores_are_events_and_what_is_missing_has_none(whole, lines):
    table = whole.outcomes[whole.outcomes["turn"].isna() & whole.outcomes["subject"].isna()]
    known = table[table["value"].notna()].groupby("trial")
    for line in lines:
        root = spans(line)[0]
        trial = told(root["attributes"])["simrun.trial"]
        found = [told(each["attributes"]) for each in root["events"]]
        values = {each["gen_ai.evaluation.name"]: each["gen_ai.evaluation.score.value"] for each in found}
        assert values == known.get_group(trial).set_index("outcome")["value"].to_dict()


def test_what_was_said_is_not_in_it(whole, lines):
    words = whole.calls["text"].iloc[0]
    assert words not in json.dumps(lines)
    assert json.dumps(words)[1:-1] not in json.dumps(lines)


def test_what_was_never_played_has_no_trace(cut, tmp_path):
    file = export(cut, "opentelemetry", tmp_path / "r.jsonl")
    assert len(file.read_text().splitlines()) == (cut.episodes["state"] == "done").sum() < len(cut.episodes)
