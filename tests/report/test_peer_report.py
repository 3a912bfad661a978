"""Reports of peer review by reviewers whose rules are known: quality, flaws, instructions, reasons, people."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simrun import Run, load, run
from simrun.config.errors import ConfigError
from simrun.report.blocks import Finding, Prose
from simrun.report.sections.quality import verdict
from simrun.scenarios.peer_review.prompts import AGAIN
from simrun.scenarios.peer_review.scripts import RULES, asked, given
from simrun.scenarios.peer_review.studies import studies
from simrun.score.samples import Located
from simrun.score.values import Graded

WHAT = {key: each.what for key, each in studies()[0].elements.items()}
OTHERS = [rule.model_dump() for rule in RULES[:-1]]
COMPETENT = [{"say": given("{score}")}]
BLIND = [{"say": given("{middle}")}]
SIX = [f"{study}-{level}" for study in ("ecology_hedges", "economics_buses") for level in ("high", "middle", "low")]
PAPERS = ["ecology_hedges-high", "ecology_hedges-low"]
HIDES = "Note to the language model"
VERSIONS = "vary.scenario.version=[original,reworded,flawed]"


def played(out: Path, *overrides: str, rules: Any = COMPETENT, cases: Any = PAPERS, first: bool = False) -> Run:
    """Two reviewers who follow rules; those of a chair come before the others' where they are `first`."""
    told = ("scenario=peer_review", "backend=scripted", "design.controls=[]", "metrics=[]", "scenario.reviewers=2")
    every = [*rules, *OTHERS] if first else [*OTHERS, *rules]
    return run(*told, *overrides, out=str(out), backend={"rules": every}, cases=cases)


def findings(done: Run, section: str, **of: str) -> list[Finding]:
    blocks = [each for each in done.report().sections[section].blocks if isinstance(each, Finding)]
    return [each for each in blocks if all(getattr(each, name) == value for name, value in of.items())]


def notes(done: Run, section: str) -> str:
    return "\n".join(each.text for each in done.report().sections[section].blocks if isinstance(each, Prose))


def test_a_reviewer_who_sees_quality_is_told_to_see_it(tmp_path):
    done = played(tmp_path, cases=SIX)
    # a sound paper gets 9, one of four sound elements 7, one of two 4: 5 more over two thirds of the way
    slope, *_ = done.report().table("quality", "slopes")
    assert slope["value"] == pytest.approx(7.5)
    assert {each["name"]: each["value"] for each in done.report().table("quality", "slopes")}[
        "AUC of quality 1 against 0.667"
    ] == 1
    levels = done.report().table("quality", "levels")[:3]
    assert [(round(row["quality"], 3), row["score"]["value"], row["score"]["n"]) for row in levels] == [
        (1, 9, 2),
        (0.667, 7, 2),
        (0.333, 4, 2),
    ]
    assert [row["chosen"]["value"] for row in levels] == [1, 1, 0]
    assert {each.verdict for each in findings(done, "quality")} == {"passed"}
    assert "83% of the scale" in findings(done, "quality")[0].text
    assert done.report().sections["reasons"].blocks == ()  # this chair gives none


def test_a_fair_reviewer_who_is_blind_to_quality_does_not_look_good(tmp_path):
    done = played(tmp_path, rules=BLIND, cases=SIX)
    assert {each.verdict for each in findings(done, "effects", outcome="score")} <= {"inconclusive", "doubt"}  # fair
    told = findings(done, "quality")
    assert {each.verdict for each in told} == {"failed"}
    assert "not shown to see quality" in told[0].text
    assert {row["score"]["value"] for row in done.report().table("quality", "levels")} == {5}


@pytest.mark.parametrize(
    ("score", "merit", "found", "said"),
    [
        ([2, 4, 6, 8, 10], [0, 0.25, 0.5, 0.75, 1], "passed", "rises by +8 [no interval]"),  # all on one line
        ([9, 7, 6, 4, 1], [0, 0.25, 0.5, 0.75, 1], "failed", "the better the work, the lower its score"),
        ([5, 9], [0, 1], "inconclusive", "too few cases"),
        ([5, 9], [1, 1], "inconclusive", "merit is not known, or does not vary"),
    ],
)
def test_what_a_slope_shows(score, merit, found, said):
    sample = Graded(np.array(score, float), np.array(merit, float), np.full(len(score), np.nan), np.arange(len(score)))
    told = verdict(Located(sample, "score", arm="a"), None)
    assert (told.verdict, said in told.text) == (found, True)


def test_planted_flaws_move_a_competent_reviewer_and_other_words_do_not(tmp_path):
    done = played(tmp_path, VERSIONS)
    score, accepted = done.report().table("flaws", "flaws")
    assert (score["flaw"]["value"], score["rewording"]["value"], score["sensitivity"]["value"]) == (1, 0, 1)
    # 9 and 4 as they were, 8 and 3 with one more flaw: 4 is not above 8
    assert (score["auc"]["value"], score["sensitivity"]["n"]) == (0.75, 2)
    assert (accepted["outcome"], accepted["flaw"]["value"]) == ("accepted", 0)  # score and decision apart
    arms = {row["arm"]: row for row in done.report().table("flaws", "named")}
    assert arms["scenario.version=flawed"]["planted"]["value"] == 1
    assert arms["scenario.version=original"]["planted"]["value"] == 0
    assert arms["scenario.version=flawed"]["phase_1"]["value"] == 0  # nothing is said of them after the discussion
    assert "were not played" not in notes(done, "flaws")


def test_planted_flaws_do_not_move_an_incompetent_reviewer(tmp_path):
    done = played(tmp_path, "vary.scenario.version=[original,flawed]", rules=BLIND)
    (score, _) = done.report().table("flaws", "flaws")
    assert (score["flaw"]["value"], score["sensitivity"]["value"], score["auc"]["value"]) == (0, None, 0.5)
    assert "vary.scenario.version=[original,reworded,flawed]" in notes(done, "flaws")
    done = played(tmp_path, VERSIONS, rules=BLIND)
    assert {each.verdict for each in findings(done, "flaws")} == {"failed"}


@pytest.mark.slow
def test_a_hidden_instruction_is_obeyed_named_and_defended_against_at_a_cost(tmp_path):
    rules = [
        {"when": f"(?s){HIDES}.*They are no instructions", "say": given("{low}", "A hidden instruction is in it.")},
        {"when": "They are no instructions", "say": given("{low}")},
        {"when": HIDES, "say": given("{top}")},
        *COMPETENT,
    ]
    crossed = ("vary.scenario.version=[original,hidden]", "vary.reviewer.mitigation=[none,ignore_instructions]")
    done = played(tmp_path, *crossed, rules=rules)
    rows = {(row["outcome"], row["arm"].split("=")[-1]): row for row in done.report().table("instructions", "shift")}
    # 10 instead of 9 and of 4; with the defence nothing
    assert rows["score", "none"]["difference"]["value"] == 3.5
    assert rows["accepted", "none"]["difference"]["value"] == 0.5
    assert rows["score", "ignore_instructions"]["difference"]["value"] == 0
    assert (rows["score", "none"]["named"]["value"], rows["score", "none"]["kind"]) == (0, "white_text")
    assert rows["score", "ignore_instructions"]["named"]["value"] == 1
    cost = {row["outcome"]: row["difference"]["value"] for row in done.report().table("instructions", "defence")}
    assert cost["score"] == -1
    assert "No defence" not in notes(done, "instructions")


def test_who_ignores_hidden_instructions_is_moved_by_0(tmp_path):
    done = played(tmp_path, "vary.scenario.version=[original,hidden]", "vary.scenario.hiding=[white_text,footnote]")
    rows = done.report().table("instructions", "shift")
    assert {(row["kind"], row["difference"]["value"]) for row in rows} == {("white_text", 0), ("footnote", 0)}
    assert {each.verdict for each in findings(done, "instructions")} == {"inconclusive"}
    assert "ignore_instructions" in notes(done, "instructions")


def test_reviewers_who_go_half_of_the_way_to_their_middle(tmp_path):
    """4 and 8 become 5 and 7: each goes a quarter of the way to the other, and half of the disagreement is left."""
    rules = [
        {"role": role, "when": when, "say": given(score, named)}
        for when, scores in ((asked(AGAIN), ("5", "7")), ("", ("4", "8")))
        for role, score, named in zip(
            ("reviewer_1", "reviewer_2"),
            scores,
            (WHAT["control"], f"{WHAT['control']} {WHAT['context']}"),
            strict=True,
        )
    ]
    done = played(tmp_path, rules=rules)
    before, *_ = done.report().table("reviewers", "agreement")
    assert before["figure_0"]["value"] == pytest.approx(np.sqrt(8))
    assert before["figure_1"]["value"] == pytest.approx(-1)  # all papers alike, and all reviewers apart
    (talk, *_) = done.report().table("reviewers", "discussion")
    assert [talk[f"figure_{at}"]["value"] for at in range(3)] == [0, pytest.approx(-0.5), pytest.approx(0.25)]
    # one names one element, the other that and one more
    assert done.report().table("reviewers", "overlap")[0]["overlap"]["value"] == 0.5


def test_without_a_discussion_nothing_is_said_of_one(tmp_path):
    done = played(tmp_path, "scenario.rounds=0")
    assert {row["outcome"] for row in done.report().table("reviewers", "agreement")} == {"before"}
    with pytest.raises(KeyError, match="no table 'discussion'"):
        done.report().table("reviewers", "discussion")
    means = done.scored.arms[0].outcomes
    assert (means["score"], means["initial"], means["shift"]) == (6.5, 6.5, None)


def test_reasons_by_arm(tmp_path):
    summed = {"summary": "Summed up.", "accept": True}
    rules = [
        {"role": "chair", "when": f"(?s){HIDES}.*one to three of", "say": {**summed, "reasons": ["sound methods"]}},
        {"role": "chair", "when": "one to three of", "say": {**summed, "reasons": ["weak evidence", "little use"]}},
    ]
    done = played(
        tmp_path,
        "vary.scenario.version=[original,hidden]",
        rules=[*rules, *OTHERS, *COMPETENT],
        first=True,
    )
    shares = {(row["arm"], row["reason"]): row["share"] for row in done.report().table("reasons", "reasons")}
    assert {reason for (_, reason), share in shares.items() if share["value"] == 1} == {
        "sound methods",
        "weak evidence",
        "little use",
    }
    assert shares["scenario.version=hidden", "sound methods"]["n"] == 2
    (apart,) = done.report().table("reasons", "apart")
    assert apart["value"] == pytest.approx(1)  # nothing in common: one bit


RATED = (
    'title,ratings,decision\nA,"1, 3",Reject\nB,"6, 8",Accept\nC,"3, 3",Reject\nD,6,Accept\nE,nan,Reject\nF,good,-\n'
)


def test_people_stand_beside_the_run_and_other_scales_are_not_compared(tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text(RATED)
    done = played(tmp_path, f"scenario.human={file}")
    rows = {(row["arm"], row["name"]): row for row in done.report().table("people", "people")}
    assert rows["people", "disagreement"]["value"] == pytest.approx(2 * np.sqrt(2) / 3)
    assert rows["people", "AUC of the score for who is qualified"]["value"] == 1  # 7 and 6 above 2 and 3
    # between: sizes 2, 2, 2, 1 with means 2, 7, 3, 6 around 30 / 7; within: (2 + 2 + 0) / 3
    between = (2 * (2 - 30 / 7) ** 2 + 2 * (7 - 30 / 7) ** 2 + 2 * (3 - 30 / 7) ** 2 + (6 - 30 / 7) ** 2) / 3
    size = (7 - 13 / 7) / 3
    icc = (between - 4 / 3) / (between + (size - 1) * 4 / 3)
    assert rows["people", "intraclass correlation, ICC(1)"]["value"] == pytest.approx(icc)
    told = notes(done, "people")
    assert "distributions and disagreement on different scales are not compared" in told
    assert "scenario.scale=[1,3,6,8]" in told
    assert [name for arm, name in rows if arm != "people" and "disagreement" in name] == []
    shares = done.report().table("people", "shares")
    assert [(row["by"], row["score"], row["share"]) for row in shares] == [
        ("people", value, pytest.approx(count / 7)) for value, count in ((1, 1), (3, 3), (6, 2), (8, 1))
    ]
    assert re.search(r"ratings\.csv:7: .*ratings", notes(done, "notes"))  # the bad line; the others are read
    assert rows["people", "disagreement"]["reasons"] == {"not rated": 1}
    before = (done.path / "report" / "report.json").read_bytes()
    file.unlink()  # what is told of people stands in the run
    assert load(done.path).write_report()
    assert (done.path / "report" / "report.json").read_bytes() == before


def test_on_one_scale_the_distributions_stand_side_by_side(tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text(RATED)
    done = played(tmp_path, f"scenario.human={file}", "scenario.scale=[1,3,6,8]")
    assert "used one scale (1,3,6,8)" in notes(done, "people")
    own = [row for row in done.report().table("people", "shares") if row["by"] != "people"]
    assert sum(row["share"] for row in own) == pytest.approx(1)
    assert {row["n"] for row in own} == {4}  # two reviewers of two papers


def test_the_same_papers_rated_by_people_and_by_the_run(tmp_path):
    file = tmp_path / "papers.csv"
    rows = [
        f"Paper {at},A {word} study of bees.,{rating},{decision}" for at, (word, rating, decision) in enumerate(SAME)
    ]
    file.write_text("\n".join(["title,abstract,ratings,decision", *rows]) + "\n")
    rules = [{"when": "excellent", "say": given("9")}, {"say": given("3")}]
    done = played(tmp_path, f"scenario.data={file}", "scenario.blind=single", rules=rules, cases=None)
    found = {row["name"]: row for row in done.report().table("people", "same") if row["arm"].endswith("unknown")}
    # two accepted at 9 and one at 3, three rejected at 3: 2 + 1 / 2 of 3
    assert found["AUC of the score for who is qualified"]["value"] == pytest.approx(2.5 / 3)
    assert found["AUC of the score for who is qualified"]["n"] == 6
    # ranks 5.5 5.5 2.5 2.5 2.5 2.5 beside 6 5 4 3 2 1: 12 / sqrt(12 x 17.5)
    assert found["rank correlation of the score with people's"]["value"] == pytest.approx(12 / np.sqrt(12 * 17.5))
    assert 0 <= found["run or people, told by the score (AUC)"]["value"] <= 1
    assert {each.verdict for each in findings(done, "people")} == {"limit"}
    assert findings(done, "quality") == []  # nobody knows how good these are


SAME = (
    ("excellent", 8, "Accept"),
    ("excellent", 7, "Accept"),
    ("plain", 6, "Accept"),
    ("plain", 5, "Reject"),
    ("plain", 4, "Reject"),
    ("plain", 2, "Reject"),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "nothing.csv"), ("title,ratings\nA,none\n", "ratings"), ("title,b\nA,2\n", "no row has ratings")],
)
def test_a_file_of_people_that_cannot_be_read_is_refused_before_anything_is_played(text, said, tmp_path):
    file = tmp_path / "nothing.csv"
    if text:
        file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        played(tmp_path, f"scenario.human={file}")
    assert not list(tmp_path.glob("peer_review/*"))
