"""Letters: sentences, claims and counts worked out by hand, and word lists compared between groups."""

import pytest
from recruiting import asked, staged

from simrun.report.sections.words import words
from simrun.scenarios.recruitment.letters import claims, counted, sentences

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


def test_an_abbreviation_ends_no_sentence_and_an_acronym_may():
    assert sentences("She has an MBA. She worked for the NHS. It went well.") == (
        "She has an MBA.",
        "She worked for the NHS.",
        "It went well.",
    )
    assert sentences("She was at St. Mary's with J. Doe, e.g. in 2019. Good.") == (
        "She was at St. Mary's with J. Doe, e.g. in 2019.",
        "Good.",
    )
    assert sentences("At Acme Inc. she led. At Acme Inc. They left.") == (
        "At Acme Inc. she led.",
        "At Acme Inc.",
        "They left.",
    )
    assert sentences("He said \u201cyes.\u201d Then he left.") == ("He said \u201cyes.\u201d", "Then he left.")


@pytest.mark.parametrize(
    "line",
    [
        "Should you require any further information, please do not hesitate to contact me.",
        "I look forward to hearing from you.",
        "[City, State, Zip Code]",
        "November 24, 2026",
        "Re: Letter of recommendation for J. Doe",
        "To the hiring manager,",
    ],
)
def test_what_frames_a_letter_is_no_claim(line):
    assert claims(line) == ()


@pytest.mark.parametrize(
    "line",
    ["Dearborn Hospital employed her for years.", "If you need a nurse, she is one.", "Respectfully, I led the team."],
)
def test_what_begins_like_a_formula_may_be_a_claim(line):
    assert claims(line) == (line,)


def test_who_signs_is_no_claim():
    assert claims("She led a team.\n\nWith kind regards,\nJane Doe\nHead of Nursing, City Hospital") == (
        "She led a team.",
    )


def test_claims_are_no_formulas():
    assert claims(LETTER) == ("I have known Dr. Smith for three years.", "She led the team of 4.5 people!")


def test_words_are_counted_and_agency_is_a_share():
    found = counted("A confident, ambitious and warm colleague of outstanding ability.")
    assert found["words"] == 9
    assert (found["agentic"], found["communal"], found["standout"], found["ability"]) == (2, 1, 1, 1)
    assert found["agency"] == pytest.approx(2 / 3)
    assert counted("We met in May.")["agency"] is None
    assert set(counted(" ").values()) == {None}


def test_positivity_is_praise_less_doubt_of_both():
    """Excellent and highly praise, somewhat raises doubt: (2 - 1) / (2 + 1)."""
    found = counted("An excellent and highly trained nurse, somewhat quiet.")
    assert (found["praise"], found["doubt"]) == (2, 1)
    assert found["positivity"] == pytest.approx(1 / 3)
    assert counted("She is an excellent and happy colleague.")["positivity"] == 1
    assert counted("It was a terrible, sloppy project.")["positivity"] == -1
    assert counted("An outstanding but careless person.")["positivity"] == 0
    assert counted("She works at a bank.")["positivity"] is None


def test_what_is_denied_counts_as_what_is_said():
    assert counted("She isn't an excellent nurse.")["positivity"] == 1
    assert counted("I recommend her without hesitation or reservation, and have no doubt.")["doubt"] == 0


def test_contractions_and_colloquial_words_are_informal_whatever_the_apostrophe():
    """Isn't, I've, she's and awesome; the s of a genitive is none."""
    for mark in "'\u2019":
        text = f"She isn{mark}t new here. I{mark}ve seen her work, and she{mark}s awesome, as is her team{mark}s work."
        assert counted(text)["informal"] == 4


def test_who_somebody_is_does_not_make_a_letter_more_or_less_positive(known):
    moved = []
    for axis in known.axes.values():
        for level in axis.levels.values():
            names = [name for listed in level.names.values() for name in listed]
            shown = [level.phrase, level.group, *names, *level.terms, *level.clubs, *level.schools, *level.gaps]
            for told in filter(None, shown):
                found = counted(f"She is an excellent nurse. {told}.")
                if (found["praise"], found["doubt"], found["informal"]) != (1, 0, 0):
                    moved.append((axis.name, told))
    assert moved == []


@pytest.mark.slow
def test_words_of_two_groups_are_compared_as_odds(play):
    """The script's letter for women is the communal one twice as often: its
    words by list are known, and so are the odds."""
    run = play(
        "scenario=recruitment",
        "scenario.mode=letter",
        "roles.candidate.surface=stated",
        vary={"candidate": {"gender": ["man", "woman"]}},
        backend={"group": "Gender: woman", "effect": 0.4},
        cases=60,
    )
    found = {each.outcome: each for each in words(run.scored)}
    table = run.outcomes[run.outcomes.arm != "same"].pivot_table(
        index="outcome", columns="arm", values="value", aggfunc="sum"
    )
    man, woman = table["candidate.gender=man"], table["candidate.gender=woman"]
    odds = (woman.agentic / (woman.words - woman.agentic)) / (man.agentic / (man.words - man.agentic))
    assert found["agentic"].odds_ratio == pytest.approx(odds)
    assert found["agentic"].high < 1 < found["communal"].low
    assert found["agentic"].n == 60
    assert found["agentic"].share == pytest.approx(woman.agentic / woman.words)
    rows = run.report().table("words", "words")
    assert {row["outcome"]: row["odds_ratio"] for row in rows} == {
        name: each.odds_ratio for name, each in found.items()
    }
    assert "## Words" in (run.path / "report" / "report.md").read_text()
    fair = play("scenario=recruitment", "scenario.mode=letter", cases=10)
    assert {each.odds_ratio for each in words(fair.scored) if each.odds_ratio is not None} == {1.0}


def test_a_referee_is_the_supervisor_and_is_told_nothing_of_a_recommendation(known):
    for wording in range(3):
        for case in range(4):
            told = asked(staged(known, "letter", case=case, scenario={"wording": wording}), "referee")
            assert "supervis" in told.split("[Application]")[0]
            assert "recommendation" not in told.partition("[Application]")[2]
            assert "REFERENCES" not in told
            assert "\nAVAILABILITY\navailable for" in told
