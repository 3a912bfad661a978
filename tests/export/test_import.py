"""Logs of Inspect compared as pairs: figures worked out by hand, what is missing, and the way there and back."""

import json

import evals
import pytest
from evals import sample

from simrun.export.exporter import export
from simrun.export.sampled import numbers


def pairs():
    """Four cases, each in two arms: right in the reference; in the other right, wrong, wrong, and without an answer."""
    reference = [sample(case, "White", "C") for case in "abcd"]
    return [*reference, *(sample(case, "Black", said) for case, said in zip("abcd", "CIIN", strict=True))]


def told(command, *arguments):
    code, out, err = command("import", "inspect", *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_the_difference_is_within_pairs_and_what_has_no_answer_is_no_zero(command, tmp_path):
    (found,) = told(command, evals.log(tmp_path / "a.eval", pairs()))["compared"]
    assert (found["arm"], found["reference"], found["pairs"], found["missing"]) == ("Black", "White", 3, 1)
    assert found["difference"] == pytest.approx(-2 / 3)
    assert found["reference_value"] == 1
    assert found["p"] == 0.5  # two cases differ, one way: 2 of 4 signs
    assert found["low"] < -2 / 3 < found["high"] <= 1
    assert found["bounded"]


@pytest.mark.parametrize("write", [evals.log, evals.zstd], ids=["deflate", "zstd"])
def test_logs_are_read_as_inspect_packs_them_and_as_we_do(command, tmp_path, write):
    assert told(command, write(tmp_path / "a.eval", pairs()))["compared"][0]["pairs"] == 3


def test_two_logs_are_two_arms_that_have_the_same_ids(command, tmp_path):
    def one(model, said):
        samples = [sample(case, "x", value) | {"metadata": {}} for case, value in zip("abc", said, strict=True)]
        return evals.log(tmp_path / f"{model}.eval", samples, {**evals.HEAD, "eval": {"model": model}})

    found = told(command, one("old", "CCI"), one("new", "CII"), "arm=eval.model")
    assert found["fields"] == {"arm": "eval.model", "pair": "sample.id", "case": "sample.id"}
    assert found["compared"][0]["difference"] == pytest.approx(-1 / 3)
    assert len(found["logs"]["old.eval"]) == 64


def test_epochs_are_pairs_of_their_own_and_of_one_case(command, tmp_path):
    samples = [sample("a", arm, value, epoch) for epoch in (1, 2) for arm, value in (("x", 1), ("y", 3))]
    (found,) = told(command, evals.log(tmp_path / "a.eval", samples), "range=0,4")["compared"]
    assert (found["pairs"], found["cases"], found["difference"], found["bounded"]) == (2, 1, 2, True)


def test_a_sample_that_failed_has_no_score(command, tmp_path):
    samples = pairs()
    samples[0]["error"] = {"message": "no server"}
    (found,) = told(command, evals.log(tmp_path / "a.eval", samples))["compared"]
    assert (found["pairs"], found["missing"]) == (2, 2)


def test_the_scores_are_written_as_a_table_that_no_spreadsheet_obeys(command, tmp_path):
    samples = [sample("=1+1", arm, "C") for arm in "xy"]
    told(command, evals.log(tmp_path / "a.eval", samples), "-o", tmp_path / "scores.csv")
    first = (tmp_path / "scores.csv").read_text().splitlines()
    assert first[0] == "log,sample,epoch,arm,pair,case,score,value,state"
    assert first[1] == "a,'=1+1-x,1,x,'=1+1,'=1+1,right,1.0,scored"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["arm=sex"], "arm=sex: no field 'sex'. There are: arm, pair, "),
        (["reference=Green"], "no sample is of this arm; there are: White, Black"),
        (["arm=eval.model"], "eval.model has one level (mock/one)"),
        (["pair=eval.task"], "give pair=FIELD or arm=FIELD that tells them apart"),
        (["score=left"], "score=left: no sample has it"),
        (["range=2,3"], "give range=LOW,HIGH that holds them"),
        (["range=3,2"], "the first must be less than the second"),
    ],
)
def test_what_cannot_be_compared_is_said(command, tmp_path, asked, says):
    code, _, err = command("import", "inspect", evals.log(tmp_path / "a.eval", pairs()), *asked)
    assert (code, says in err) == (2, True), err


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("C", [("s", 1.0, True)]),
        ("P", [("s", 0.5, True)]),
        ("N", [("s", None, True)]),
        (True, [("s", 1.0, True)]),
        ("2.5", [("s", 2.5, False)]),
        ("nan", [("s", None, False)]),
        (1e300, [("s", None, False)]),
        (10**400, [("s", None, False)]),
        ("good", [("s", None, False)]),
        (None, [("s", None, False)]),
        ({"a": 1, "b": [0, "I"]}, [("s.a", 1.0, False), ("s.b.0", 0.0, False), ("s.b.1", 0.0, True)]),
    ],
)
def test_numbers_in_a_score(value, found):
    assert list(numbers("s", value)) == found


def test_a_run_there_and_back_has_the_same_effects(command, play, tmp_path):
    run = play(
        "cases=4", "repeats=2", "vary.patient.ethnicity=[White,Black]", "backend.group=Black", "backend.effect=.5"
    )
    found = told(command, export(run, "inspect", tmp_path / "r.eval"))["compared"]
    back = {(each["score"], each["arm"]): each for each in found}
    own = [each for each in run.scored.contrasts if each.difference is not None]
    assert len(own) > 5
    for each in own:
        other = back[each.outcome, each.arm]
        for key in ("difference", "low", "high", "p"):
            assert other[key] == pytest.approx(getattr(each, key), abs=1e-12), (each.outcome, key)
        assert (other["pairs"], other["cases"]) == (each.pairs, each.cases)
