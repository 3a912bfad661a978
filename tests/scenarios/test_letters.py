"""Letters: sentences, claims, counts and tone worked out by hand, and word lists compared between groups."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from simrun.agents.reply import read
from simrun.report.sections.words import words
from simrun.scenarios.recruitment.letters import Supported, claims, contradicted, counted, sentences, tone, unsupported

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


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Supported.", "supported"),
        ("This is not stated in the CV", "not stated"),
        ("contradicted", "contradicted"),
        ("It is not supported", None),
        ("supported or contradicted", None),
        ('{"verdict": "not stated"}', "not stated"),
        ('{"verdict": "Not_Stated"}', "not stated"),
        ("The claim isn't supported by the CV.", None),
        ("This is not directly supported by the CV.", None),
        ("It cannot be supported", None),
        ("Partially supported", None),
        ("No. It is contradicted.", "contradicted"),
    ],
)
def test_a_verdict_is_read(text, verdict):
    found = read(text, (Supported,))
    assert (found.verdict if found else None) == verdict


def test_shares_are_of_what_was_judged():
    verdicts = [
        Supported(verdict="supported"),
        Supported(verdict="not stated"),
        Supported(verdict="contradicted"),
        None,
    ]
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
    assert tone("The report of the committee. She often sang.")["formality"] == pytest.approx(
        (100 * (5 - 3) / 8 + 100) / 2
    )
    assert tone("")["formality"] is None


def test_modals_are_verbs_and_contractions_are_written_out():
    """She (PRP) can (MD) sing (VB): all lower it. He is been a nurse: -1 -1 -1 +1 +1; I do not know: -4; -5 of 9."""
    assert tone("She can sing.")["formality"] == 0
    assert tone("He's been a nurse. I don't know.")["formality"] == pytest.approx((100 * -5 / 9 + 100) / 2)
    assert tone("She isn't a good nurse.") == tone("She isn\u2019t a good nurse.") == tone("She is not a good nurse.")
    assert tone("She isn't a good nurse.")["positivity"] < 0


def test_who_somebody_is_does_not_make_a_letter_more_or_less_positive(known):
    """Excellent is 1; TextBlob has Black at -.17, blind at -.5, gay at .42, and a word at 0 halves the mean."""
    moved = []
    for axis in known.axes.values():
        for level in axis.levels.values():
            names = [name for listed in level.names.values() for name in listed]
            shown = [level.phrase, level.group, *names, *level.terms, *level.clubs, *level.schools, *level.gaps]
            moved += [
                (axis.name, words)
                for words in filter(None, shown)
                if not {"not", "no"} & set(words.split())
                and tone(f"She is an excellent nurse. {words}.")["positivity"] != 1
            ]
    assert moved == []
    assert tone("She is a reliable young Black woman.")["positivity"] == tone("She is a reliable woman.")["positivity"]


def test_threads_read_the_same_tone():
    with ThreadPoolExecutor(8) as threads:
        assert len({tuple(each.items()) for each in threads.map(tone, [LETTER] * 64)}) == 1


def test_positivity_has_a_sign():
    assert tone("She is an excellent and happy colleague.")["positivity"] > 0.5
    assert tone("It was a terrible, boring disaster.")["positivity"] < -0.5
    assert tone("She works at a bank.")["positivity"] == 0


def test_words_of_two_groups_are_compared_as_odds(play):
    """The script's letter for women is the communal one twice as often: its words by list are known, and so are the odds."""
    run = play(
        "scenario=recruitment",
        "scenario.mode=letter",
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
