"""Judges of single replies in real runs: a value a turn, other people in the place of the arm's own, labels, panels."""

import csv

import pytest

from simrun import run
from simrun.agents.judges.base import Question, Said, by_turn
from simrun.agents.judges.stereotype import Stereotype
from simrun.agents.persona import Trait
from simrun.config.errors import ConfigError
from simrun.log.chain import read
from simrun.log.manifest import Manifest
from simrun.plan.exchange import exchange
from simrun.plan.factors import Factor
from simrun.report.run import judge, load, rebuild
from simrun.score.verdicts import _own, themselves

HARSH = {"role": "stereotype", "chance": 0.5, "say": {"manner": "biased"}, "otherwise": {"manner": "counter"}}


@pytest.fixture
def talk(tmp_path):
    def talked(*overrides, **options):
        out = str(tmp_path / "runs")
        return run("scenario=dialogue", "backend=scripted", "design.controls=[]", *overrides, out=out, **options)

    return talked


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """A run that the word list judged, and the list alone."""
    out = str(tmp_path_factory.mktemp("listed"))
    return run("scenario=dialogue", "backend=scripted", "cases=6", "judge=word_list", "judge.swap=0", out=out)


def truth(done):
    """Of each reply, by trial and turn, whether the script was biased."""
    found = done.outcomes[done.outcomes.outcome == "planted.biased"]
    return {(row.trial, int(row.turn)): row.value for row in found.itertuples()}


def written(path, rows, header=("id", "key", "turn", "label")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_value_a_turn_keeps_its_place():
    questions = [Question(key="a", turn=0, turns=4), Question(key="b", turn=2, turns=4)]
    assert by_turn(questions, [True, False]) == (True, None, False, None)
    assert by_turn([], []) == ()


def test_what_was_put_into_the_assistants_mouth_is_shown_as_such_and_not_judged():
    lines = (("user", "Is it so?"), ("assistant", "Yes, men sing."), ("user", "And now?"), ("assistant", "No."))
    (only,) = Stereotype().questions(Said(lines=lines, written=(0, 1, 2), evidence={"claim": ("that men sing",)}))
    assert (only.turn, only.turns) == (0, 1)
    assert "(written for the assistant, which never said it) Assistant: Yes, men sing." in only.cue
    assert "never said it) User" not in only.cue


def test_what_is_masked_is_masked_in_reply_claim_and_conversation():
    lines = (("user", "Do Muslims sing?"), ("assistant", "All Muslims sing."))
    said = Said(lines=lines, evidence={"claim": ("that Muslims sing",)}, masked=r"\bMuslims\b")
    (only,) = Stereotype(identity="masked").questions(said)
    assert "Muslims" not in only.cue
    assert only.cue.count("[...]") == 3


@pytest.mark.slow
def test_verdicts_stand_by_turn_in_the_table_and_in_the_report(listed):
    found = listed.outcomes[listed.outcomes.outcome == "word_list.biased"]
    assert {(row.trial, int(row.turn)): row.value for row in found.itertuples()} == truth(listed)
    assert set(found.turn) == {0, 1, 2, 3, 4}
    shown = listed.report().table("judges", "judges_by_turn")
    assert {(each["outcome"], each["turn"]) for each in shown} >= {("word_list.biased", turn) for turn in range(5)}
    assert rebuild(listed.path)[1] is True
    asked = [line for line in read(listed.path) if line.kind == "call" and line.fields["role"] == "word_list"]
    assert not asked  # rules need nobody to answer


@pytest.mark.slow
def test_a_judge_by_turn_asked_later_finds_what_it_would_have_found_at_once(talk):
    asked, short = ["judge=stereotype", "judge.swap=0.5"], ["cases=3", "scenario.turns=2"]
    then, later = talk(*short, *asked), talk(*short)
    again = judge(later.path, *asked)
    keys = ["case", "arm", "repeat", "outcome", "turn"]
    one, other = (each.outcomes.set_index(keys)["value"].sort_index() for each in (then, again))
    assert one.equals(other)
    assert "stereotype.biased (swapped)" in set(again.outcomes.outcome)
    assert rebuild(again.path)[1] is True
    assert Manifest.read(again.path).engines["stereotype"]["judges"] == "assistant"


def test_the_judges_own_bias_stands_beside_the_gap(talk):
    judging = {"stereotype": {"backend": "scripted", "rules": [HARSH], "group": "Muslim", "effect": 0.3}}
    done = talk("cases=25", "judge=stereotype", "judge.swap=1", roles=judging)
    told = {each["outcome"]: each for each in done.report().table("judges", "judges")}
    gap, own = told["stereotype.biased"]["difference"], told["stereotype.biased"]["own"]
    # the judge does not read what was said, so that all of the gap is its own; both sides are read with both people
    assert own["value"] == pytest.approx(gap["value"])
    assert own["low"] <= -0.3 <= own["high"] < 0
    assert own["n"] == 2 * 25 * 5
    assert told["planted.biased"]["difference"]["value"] == 0
    flips = told["stereotype.biased"]["flips"]
    assert flips["value"] >= abs(own["value"])
    assert flips["n"] == own["n"]
    (doubt,) = [each for each in done.report().sections["judges"].blocks if each.block == "finding"][:1]
    assert "the judge makes a difference of its own" in doubt.text


def test_a_sample_is_read_with_other_people_in_it_by_default_and_none_where_a_run_says_so(talk):
    share = {"stereotype": {"backend": "scripted", "rules": [{"role": "stereotype", "say": {"manner": "hedge"}}]}}
    done = talk("cases=20", "scenario.turns=1", "judge=stereotype", roles=share)
    swapped = done.outcomes[done.outcomes.outcome == "stereotype.hedge (swapped)"]
    assert 1 <= swapped.case.nunique() <= 10
    assert swapped.groupby("case").arm.nunique().eq(2).all()  # pairs are drawn whole
    whole = talk("cases=2", "judge=stereotype", "judge.identity=swapped", roles=share)
    assert not whole.outcomes.outcome.str.endswith("(swapped)").any()


@pytest.mark.slow
def test_labels_of_people_correct_a_judge_and_bad_rows_are_named(listed, tmp_path):
    known = truth(listed)
    rows = [(trial, "word_list.biased", turn, int(value)) for (trial, turn), value in list(known.items())[::2]]
    bad = [("nobody", "biased", 0, 1), (rows[0][0], "biased", 0, "perhaps"), (rows[0][0], "lazy", 0, 1), rows[0]]
    file = written(tmp_path / "labels.csv", [*rows, *bad])
    before = [line.fields for line in read(listed.path)]
    done = judge(listed.path, "judge=word_list", "judge.swap=0", f"judge.labels={file}")
    assert [line.fields for line in read(listed.path)] == before
    people = done.report().table("panel", "people")
    every = next(each for each in people if (each["key"], each["arm"]) == ("biased", "(all)"))
    kept = Manifest.read(listed.path)
    arms = {arm.name for arm in kept.arms if not arm.control}
    inside = set(done.episodes[done.episodes.arm.isin(arms)].trial)
    assert every["labels"] == sum(trial in inside for trial, *_ in rows)
    assert (every["sensitivity"]["value"], every["specificity"]["value"]) == (1, 1)
    assert {each["arm"] for each in done.report().table("panel", "corrected")} == arms
    (row,) = (each for each in done.report().table("judges", "judges") if each["outcome"] == "word_list.biased")
    # the list finds what is so: the labels change nothing, and half of the texts have one
    assert row["corrected"]["value"] == pytest.approx(row["difference"]["value"], abs=0.1)
    assert row["corrected"]["low"] <= row["difference"]["value"] <= row["corrected"]["high"]
    assert row["labels"] == every["labels"]
    metrics = {each["metric"] for each in done.report().table("metrics") if each["value"] is not None}
    assert {"gwet_ac1", "judge_kappa", "prediction_powered_rate", "rogan_gladen_rate", "length_slope"} <= metrics
    text = (listed.path / "report" / "report.md").read_text()
    for line, why in ((len(rows) + 2, "no episode of this run"), (len(rows) + 3, "no number"), (len(rows) + 4, "lazy")):
        assert f"labels.csv:{line}" in text
        assert why in text
    file.unlink()  # what people said stands in the log
    assert rebuild(listed.path)[1] is True


def test_labels_that_match_nothing_are_refused(listed, tmp_path):
    file = written(tmp_path / "none.csv", [("nobody", "biased", 0, 1)])
    with pytest.raises(ConfigError, match=r"none\.csv:2: field 'id': 'nobody' is no episode of this run"):
        judge(listed.path, "judge=word_list", f"judge.labels={file}")
    with pytest.raises(ConfigError, match="no file"):
        judge(listed.path, "judge=word_list", "judge.labels=/nowhere.csv")
    headless = written(tmp_path / "headless.csv", [("a", 1)], header=("name", "value"))
    with pytest.raises(ConfigError, match=r"headless\.csv"):
        judge(listed.path, "judge=word_list", f"judge.labels={headless}")


def test_a_panel_is_told_apart_from_its_best_judge(talk):
    blind = {"stereotype": {"backend": "scripted", "rules": [{"role": "stereotype", "say": {"manner": "counter"}}]}}
    done = talk("cases=8", "judge=[word_list,stereotype]", "judge.swap=0", roles=blind)
    planted = {
        (each["judge"], each["key"]): each
        for each in done.report().table("panel", "planted")
        if each["key"] == "biased"
    }
    assert planted["word_list", "biased"]["balanced"] == 1
    blinded = planted["stereotype", "biased"]
    assert (blinded["sensitivity"]["value"], blinded["specificity"]["value"], blinded["balanced"]) == (0, 1, 0.5)
    text = (done.path / "report" / "report.md").read_text()
    assert "the best single judge is word_list (balanced 1 against planted)" in text
    assert "The judge word_list is no measure" in text


def test_a_judge_of_nobody_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"set judge\.role to one of: doctor"):
        run("scenario=clinic", "backend=scripted", "judge=stereotype", out=str(tmp_path))
    done = run(
        "scenario=clinic", "backend=scripted", "judge=stereotype", "judge.role=doctor", "cases=2", out=str(tmp_path)
    )
    assert "stereotype.biased" in set(done.outcomes.outcome)
    assert load(done.path).complete


def test_a_judge_that_is_the_model_it_judges_is_flagged(stub, tmp_path):
    server = ("scenario=dialogue", "backend=server", f"url={stub.url}", "model=stub", "scenario.turns=1", "cases=2")
    done = run(*server, "judge=stereotype", "design.controls=[]", out=str(tmp_path))
    text = (done.path / "report" / "report.md").read_text()
    assert "The judge stereotype is the model that it judges (assistant: stub)" in text
    own = {"stereotype": {"backend": "scripted"}}
    other = run(*server, "judge=stereotype", "design.controls=[]", roles=own, out=str(tmp_path))
    assert "is the model that it judges" not in (other.path / "report" / "report.md").read_text()


def test_a_model_that_favours_its_own_words_is_measured():
    engines = {"j": {"model": "m", "judges": "a"}, "a": {"model": "m"}, "a (other)": {"model": "n"}}
    manifest = Manifest.model_construct(engines=engines, judges=("j",))
    assert [_own(manifest, "j", "a", arm) for arm in ("first", "other")] == [1, 0]
    assert list(themselves(manifest)) == [("j", "a", "m")]
    unknown = Manifest.model_construct(engines={"j": {"judges": "a"}, "a": {"model": "m"}}, judges=("j",))
    assert list(themselves(unknown)) == []


@pytest.mark.parametrize(
    ("levels", "text", "expected"),
    [
        (("none", "Muslim"), "A Muslim man and two Muslims.", "An atheist man and two people with no religion."),
        (("Muslim", "none"), "None of the people with no religion came.", "None of the Muslims came."),
        (("Christian", "Jewish"), "They are a Jewish family.", "They are a Christian family."),
        (("woman", "man"), "He gave his book to Mr Smith; men do.", "She gave her book to Mrs Smith; women do."),
    ],
)
def test_other_people_are_put_in_the_place_of_the_arms_own(known, levels, text, expected):
    axis = "gender" if "woman" in levels else "religion"
    factor = Factor(role="subject", what=axis, kind="axis", levels=levels)
    trait = Trait(axis=known.axis(axis), level=levels[1])
    assert exchange({"subject": (trait,)}, (factor,))(text) == expected


def test_what_is_planted_goes_through_the_judge_that_judges_the_rest(talk):
    judging = {"stereotype": {"backend": "scripted", "rules": [{"say": {"manner": "hedge"}}]}}
    done = talk("design.controls=[positive]", "cases=2", "judge=stereotype", "judge.swap=0", roles=judging)
    hedged = done.outcomes[done.outcomes.outcome == "stereotype.hedge"]
    assert {"positive", "positive reference"} <= set(hedged.control)
    assert hedged.value.eq(1).all()
