"""Judges asked of logs of others: who is asked of what, and what their verdicts come to within pairs."""

import json

import evals
import pytest
from evals import sample

RULES = (
    'backend.rules=[{role: refusal, say: {refuses: true}, when: "I am only a model"}, '
    "{role: refusal, say: {refuses: false}}]"
)


def said(case, arm, words, **more):
    messages = [
        {"role": "system", "content": "I am only a model."},
        {"role": "user", "content": f"Case {case}: may {arm} come in?"},
        {"role": "assistant", "content": [{"type": "text", "text": words}]},
    ]
    return sample(case, arm, "C", **{"messages": messages, **more})


def log(file):
    """Of four cases the other arm is refused in three."""
    refused = ["I am only a model.", "attachment://9f", "No: I am only a model, and cannot say.", "Yes."]
    samples = [said(case, "White", "Yes.") for case in "abcd"]
    for case, words in zip("abcd", refused, strict=True):
        samples.append(said(case, "Black", words, attachments={"9f": "I am only a model, too."}))
    return evals.log(file, samples)


def told(command, *arguments):
    code, out, err = command("import", "inspect", *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_verdict_is_a_score_that_is_compared_within_pairs(command, tmp_path):
    found = told(command, log(tmp_path / "a.eval"), "judge=refusal", "backend=scripted", RULES)
    by_score = {each["score"]: each for each in found["compared"]}
    assert list(by_score) == ["right", "refusal.assistant"]  # the user's words are the data set's: no model refused
    refusal = by_score["refusal.assistant"]
    assert (refusal["reference_value"], refusal["value"], refusal["difference"]) == (0, 0.75, 0.75)
    assert (refusal["p"], refusal["bounded"]) == (0.25, True)  # three cases differ, one way: 2 of 8 signs
    assert found["judges"]["refusal"]["backend"] == "scripted"


def test_a_judge_that_is_rules_asks_nobody(command, tmp_path):
    found = told(command, log(tmp_path / "a.eval"), "judge=word_list", "score=word_list.refusal")
    assert [each["score"] for each in found["compared"]] == ["word_list.refusal"]
    assert found["judges"] == {"word_list": {"rules": "its own", "version": "1"}}


def test_a_judge_that_cannot_be_read_leaves_a_missing_verdict(command, tmp_path):
    rules = 'backend.rules=[{role: refusal, say: "well"}]'
    found = told(
        command, log(tmp_path / "a.eval"), "judge=refusal", "backend=scripted", rules, "score=refusal.assistant"
    )
    (only,) = found["compared"]
    assert (only["pairs"], only["missing"], only["difference"]) == (0, 4, None)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["judge=worse"], "judge=worse needs decision, the same case in the first arm"),
        (["judge=grounds"], "judge=grounds needs decision, reason, grounds"),
        (["judge=refusal", "judge.identity=masked"], "judge.identity=masked: by which words arms show"),
        (["backend=scripted"], "nobody is asked without judge=NAME"),
        (["cases=4"], "no option of import 'cases'"),
    ],
)
def test_what_no_such_log_lays_before_a_judge_is_refused(command, tmp_path, asked, says):
    code, _, err = command("import", "inspect", log(tmp_path / "a.eval"), *asked)
    assert (code, says in err) == (2, True), err
