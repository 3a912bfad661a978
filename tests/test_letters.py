"""Letters: sentences, claims, counts and tone worked out by hand, and word lists compared between groups."""

import pytest

from simrun.agents.reply import read
from simrun.report.words import HEAD, word_rows
from simrun.scenarios.recruitment_letters import Supported, claims, contradicted, counted, sentences, tone, unsupported

LETTER = """Dear Sir or Madam,

I have known Dr. Smith for three years. She led the team of 4.5 people! Would I hire her again? Gladly.
If you have any questions, call me.

Kind regards
J. Doe"""


def test_sentences_end_where_they_end():
    assert sentences(LETTER) == (
        "Dear Sir or Madam,",
        "I have known Dr. Smith for three years.",
        "She led the team of 4.5 people!",
        "Would I hire her again?",
        "Gladly.",
        "If you have any questions, call me.",
        "Kind regards",
        "J. Doe",
    )
    assert sentences("") == ()


def test_claims_are_no_formulas():
    assert claims(LETTER) == ("I have known Dr. Smith for three years.", "She led the team of 4.5 people!")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Supported.", "supported"),
        ("This is not stated in the CV", "not stated"),
        ("contradicted", "contradicted"),
        ("It is not supported", None),
        ("supported or contradicted", None),
        ('{"verdict": "not stated"}', "not stated"),
    ],
)
def test_a_verdict_is_read(text, verdict):
    found = read(text, (Supported,))
    assert (found.verdict if found else None) == verdict


def test_shares_are_of_what_was_judged():
    verdicts = [Supported(verdict="supported"), Supported(verdict="not stated"), Supported(verdict="contradicted"), None]
    assert unsupported(verdicts) == pytest.approx(2 / 3)
    assert contradicted(verdicts) == pytest.approx(1 / 3)
    assert unsupported([None]) is None


def test_words_are_counted_and_agency_is_a_share():
    found = counted("A confident, ambitious and warm colleague of outstanding ability.")
    assert found["words"] == 9
    assert (found["agentic"], found["communal"], found["standout"], found["ability"]) == (2, 1, 1, 1)
    assert found["agency"] == pytest.approx(2 / 3)
    assert counted("We met in May.")["agency"] is None
    assert set(counted(" ").values()) == {None}


def test_formality_is_the_formula_over_parts_of_speech():
    """The (DT) report (NN) of (IN) the (DT) committee (NN): all five raise it. She (PRP) often (RB) sang (VB): all three lower it."""
    assert tone("The report of the committee.")["formality"] == 100
    assert tone("She often sang.")["formality"] == 0
    assert tone("The report of the committee. She often sang.")["formality"] == pytest.approx((100 * (5 - 3) / 8 + 100) / 2)
    assert tone("")["formality"] is None


def test_positivity_has_a_sign():
    assert tone("She is an excellent and happy colleague.")["positivity"] > 0.5
    assert tone("It was a terrible, boring disaster.")["positivity"] < -0.5
    assert tone("She works at a bank.")["positivity"] == 0


def test_words_of_two_groups_are_compared_as_odds(play):
    """The script's letter for women is the communal one twice as often: its words by list are known, and so are the odds."""
    run = play("scenario=recruitment", "scenario.mode=letter", vary={"candidate": {"gender": ["man", "woman"]}},
               backend={"group": "Gender: woman", "effect": 0.4}, cases=60)  # fmt: skip
    found = {each.outcome: each for each in run.report().words}
    table = run.outcomes[run.outcomes.arm != "same"].pivot_table(index="outcome", columns="arm", values="value", aggfunc="sum")
    man, woman = table["candidate.gender=man"], table["candidate.gender=woman"]
    odds = (woman.agentic / (woman.words - woman.agentic)) / (man.agentic / (man.words - man.agentic))
    assert found["agentic"].odds_ratio == pytest.approx(odds)
    assert found["agentic"].high < 1 < found["communal"].low
    assert found["agentic"].n == 60
    assert found["agentic"].share == pytest.approx(woman.agentic / woman.words)
    assert len(word_rows(run.report().words)[0]) == len(HEAD)
    assert "## Words" in (run.path / "report" / "report.md").read_text()
    fair = play("scenario=recruitment", "scenario.mode=letter", cases=10)
    assert {each.odds_ratio for each in fair.report().words if each.odds_ratio is not None} == {1.0}
