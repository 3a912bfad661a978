"""Openings, cases from files of every kind, labour tables and word lists: what is
read, and what is said of what cannot be."""

import json
import tracemalloc

import numpy as np
import pytest
from conftest import shared

from simrun.agents.persona import Paper, Persona, Trait
from simrun.config.menus import catalogue
from simrun.scenarios.base import Unfit
from simrun.scenarios.recruitment.cases import Drawn, RecruitmentCase, drawn
from simrun.scenarios.recruitment.labour import occupations
from simrun.scenarios.recruitment.lexicons import Lexicon, counts, lexicons
from simrun.scenarios.recruitment.loading import OFFICE, load
from simrun.scenarios.recruitment.openings import Opening, openings
from simrun.scenarios.treatment import treatment

KNOWN = catalogue()
OURS = openings()[0]


def gender(level: str, surface: str = "stated") -> Persona:
    return Persona(traits=(Trait(axis=KNOWN.axis("gender"), level=level, surface=surface),))


def fitted(case: RecruitmentCase, persona: Persona) -> RecruitmentCase:
    return case.fitted(persona, Persona(), frozenset())


# Openings


def test_our_openings_are_many_and_varied():
    assert len(OURS) >= 12
    assert {opening.level for opening in OURS} == {"entry", "skilled", "professional"}
    assert len({opening.field for opening in OURS}) >= 12
    assert len({opening.id for opening in OURS}) == len(OURS)
    labour = {each.name for each in occupations()[0]}
    for opening in OURS:
        assert opening.occupation in labour
        assert len(opening.duties) >= 4
        assert len(opening.skills) >= 5
        assert len(opening.others) >= 4


def test_an_advert_says_what_is_asked_and_not_what_it_weighs():
    advert = next(opening for opening in OURS if opening.id == "electrician").vacancy().advert
    assert advert.startswith("Electrician at an electrical contractor with 40 staff\n\nWhat you do:\n- install wiring")
    assert "What you need: a vocational certificate as an electrician." in advert
    assert "0." not in advert


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"weights": {"education": 1}},
            "needed for education, experience, skills, availability, recommendation, got education",
        ),
        ({"weights": {**OURS[0].weights, "education": 0.5}}, "their sum must be 1, got 1.25"),
        ({"education": [3, 2]}, "the least first"),
        ({"others": [OURS[0].skills[0]]}, "wound care cannot count and not count"),
    ],
)
def test_an_unsound_opening_is_a_fault_and_the_others_stay(changed, message, tmp_path):
    good = OURS[1].model_dump(mode="json")
    file = tmp_path / "openings.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in ({**OURS[0].model_dump(mode="json"), **changed}, good)))
    found, faults = openings(str(file))
    assert found == (Opening.model_validate(good),)
    assert str(faults[0]).startswith(f"{file}:1: field")
    assert message in faults[0].why


def test_a_missing_file_says_which_option_asked_for_it():
    with pytest.raises(FileNotFoundError, match=r"scenario\.openings: no file '/nowhere\.jsonl'"):
        openings("/nowhere.jsonl")


# Cases of our own


def test_applicants_are_in_one_case_only():
    cases = drawn(OURS[:2], count=3, size=4, rng=np.random.default_rng(0))
    assert [case.id for case in cases] == [
        "ward-nurse-0",
        "warehouse-operative-0",
        "ward-nurse-1",
        "warehouse-operative-1",
        "ward-nurse-2",
        "warehouse-operative-2",
    ]
    everybody = [each.id for case in cases for each in case.applicants]
    assert len(set(everybody)) == len(everybody) == 24
    assert cases[2].applicants[1].index == 5
    assert 0 <= cases[0].applicants[0].merit() <= 1
    assert drawn(OURS[:2], 3, 4, np.random.default_rng(0)) == cases


def test_ten_thousand_applicants_take_little_memory_and_their_cvs_none():
    tracemalloc.start()
    cases = drawn(OURS[:1], count=10_000, size=1, rng=np.random.default_rng(0))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    read = sum(len(case.applicants[0].cv(Paper(), "compact")) for case in cases[:500])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept < 60e6
    assert read > 500 * 100
    assert peak - kept < 2e6


def test_a_case_is_for_a_persona_or_unfit():
    case = drawn(OURS[:1], 1, 1, np.random.default_rng(0))[0]
    assert fitted(case, gender("woman")).applicants[0].candidate() == case.applicants[0].candidate()
    with pytest.raises(Unfit, match="states an education"):
        fitted(case, Persona(traits=(Trait(axis=KNOWN.axis("education"), level="high school"),)))


# FairCVtest and FAIRE


def test_faircvtest_profiles_are_read_as_cvs():
    """The first row of the file: education 0, 1.19 years, recommended, 4 days,
    languages 2 0 0 0 2 3 0 0, a man, .3766."""
    cases, faults = load(str(shared("recruitment/faircvtest_gender.npz")))
    assert (len(cases), faults) == (4800, ())
    first = cases[0]
    assert first.vacancy == OFFICE
    assert first.persona == {"candidate": {"gender": "man"}}
    assert first.applicants[0].merit() == pytest.approx(0.37655506)
    assert (first.scores["ethnicity"], first.scores["biased_labels"]) == (2, pytest.approx(0.37655506))
    assert {"predictions_s1", "predictions_s2"} < set(first.scores)
    facts = first.applicants[0].candidate()
    assert (facts.education, facts.recommendation, facts.availability) == (0, True, 4)
    assert [(skill.name, skill.level) for skill in facts.skills] == [("English", 2), ("Italian", 2), ("Portuguese", 3)]
    text = first.applicants[0].cv(gender("man").paper(), "compact")
    assert "1.2 years of experience" in text
    assert "* Posts: not listed" in text
    assert text.endswith("Further entries: Gender: man.")
    assert sum(case.persona["candidate"]["gender"] == "woman" for case in cases) == 2400


def test_faircvtests_published_weights_give_its_blind_labels():
    """.090 education + .12 experience + .12 recommendation + .03 days + .018 per language - .15, but for noise."""
    cases = load(str(shared("recruitment/faircvtest_gender.npz")))[0]
    people = [case.applicants[0] for case in cases]
    facts = [each.candidate() for each in people]
    by_weights = np.array(
        [
            0.09 * each.education
            + 0.12 * each.experience
            + 0.12 * each.recommendation
            + 0.03 * each.availability
            + 0.018 * sum(skill.level for skill in each.skills)
            - 0.15
            for each in facts
        ]
    )
    off = np.array([each.merit() for each in people]) - by_weights
    assert abs(off.mean()) < 0.01
    assert off.std() == pytest.approx(0.012, abs=0.001)


def test_other_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", profiles=np.zeros((3, 4)))
    with pytest.raises(
        ValueError,
        match=r"expected FairCVtest's arrays profiles \(n, 54\) and blind_labels \(n,\), got profiles \(3, 4\)",
    ):
        load(str(tmp_path / "x.npz"))


def test_faire_rows_are_cases():
    cases, faults = load(str(shared("recruitment/faire_resumes.jsonl")))
    assert (len(cases), faults) == (50, ())
    assert cases[0].vacancy.title == "HR"
    assert cases[0].vacancy.advert.startswith("HR Administrator / Marketing Associate")
    one, other = (cases[0].applicants[0].cv(gender(level).paper(), "narrative") for level in ("woman", "man"))
    assert treatment(one, other, ("Gender: woman.", "Gender: man.")).verdict == "intended"
    assert cases[0].applicants[0].merit() is None


# A user's own CVs

CSV = (
    'uuid,resume,score,sex,job\nA1,"Nurse, ten years.",0.7,f,Ward nurse\nA2,Nurse for a year.,,m,Ward nurse\n'
    "A3,,0.1,f,Ward nurse\nA4,Some text,high,f,Ward nurse\nA5,Some text,0.5,x,Ward nurse\n"
)
COLUMNS = {"text": "resume", "id": "uuid", "merit": "score", "gender": "sex", "advert": "job"}
LEVELS = {"gender": {"f": "woman", "m": "man"}}


def test_a_table_of_cvs_with_columns_named_by_the_user(tmp_path):
    file = tmp_path / "cvs.csv"
    file.write_text(CSV)
    cases, faults = load(str(file), COLUMNS, LEVELS)
    assert [case.id for case in cases] == ["A1", "A2"]
    assert [case.applicants[0].merit() for case in cases] == [0.7, None]
    assert [case.persona for case in cases] == [{"candidate": {"gender": "woman"}}, {"candidate": {"gender": "man"}}]
    assert cases[0].vacancy.title == "Ward nurse"
    assert (
        cases[0].applicants[0].cv(Paper(name="Jo Lee", stated="Age: 50."), "compact")
        == "Jo Lee\n\nNurse, ten years.\n\nFurther entries: Age: 50."
    )
    assert [str(fault) for fault in faults] == [
        f"{file}:4: field 'text': empty",
        f"{file}:5: field 'merit': expected a number, got 'high'",
        f"{file}:6: field 'gender': no level is given for 'x', only for f, m",
    ]


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_of_cvs(tmp_path, ending):
    rows = [{"text": "Cook.", "job": "Cook"}, {"job": "Cook"}]
    file = tmp_path / f"cvs.{ending}"
    file.write_text(json.dumps(rows) if ending == "json" else "\n".join(map(json.dumps, rows)) + "\n{broken")
    cases, faults = load(str(file), {"advert": "job"})
    assert [case.id for case in cases] == ["cvs-1"]
    assert str(faults[0]) == f"{file}:2: field 'text': missing; this row has job"
    assert len(faults) == (1 if ending == "json" else 2)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": "cv"}, "has no column for text=cv; its columns are uuid, resume, score, sex, job"),
        ({"text": "resume", "merit": "grade", "gender": "g"}, "has no column for merit=grade, gender=g; its columns"),
        ({}, r"no column text; say which holds the CV: columns\.text=NAME; its columns are uuid, resume"),
        ({"text": "resume"}, "does not say what job its CVs are for"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_the_columns_there_are(columns, message, tmp_path):
    file = tmp_path / "cvs.csv"
    file.write_text(CSV)
    with pytest.raises(ValueError, match=message):
        load(str(file), columns)


def test_cvs_without_an_advert_apply_for_a_vacancy_of_ours(tmp_path):
    file = tmp_path / "cvs.tsv"
    file.write_text("text\tid\nA nurse.\tn1\ntoo\tmany\tcells\n")
    cases, faults = load(str(file), vacancy=OURS[0].vacancy())
    assert (cases[0].id, cases[0].vacancy.id) == ("n1", "ward-nurse")
    assert "one cell more than the header has" in faults[0].why
    (tmp_path / "cv.docx").write_text("")
    with pytest.raises(ValueError, match=r"ends in '\.docx' cannot be read; it may end in \.jsonl"):
        load(str(tmp_path / "cv.docx"))


def test_free_words_follow_the_persona_where_the_file_says_who_it_is(tmp_path):
    file = tmp_path / "cvs.jsonl"
    file.write_text(json.dumps({"text": "She led the team; her work was praised.", "sex": "woman"}))
    case = load(str(file), {"gender": "sex"}, vacancy=OFFICE)[0][0]
    assert isinstance(case, RecruitmentCase)
    assert fitted(case, gender("man")).applicants[0].cv(Paper(), "compact") == "He led the team; his work was praised."
    assert fitted(case, gender("woman")).applicants == case.applicants


def test_a_drawn_applicant_is_what_its_numbers_say():
    one = Drawn(opening=OURS[0], index=3, seed=5)
    assert one.candidate() == Drawn(opening=OURS[0], index=3, seed=5).candidate()
    assert one.id == "ward-nurse-3"


# Labour tables


def test_our_labour_table_has_its_source_and_its_figures():
    """Two rows of the CPS's table 11 for 2022: 87.9 % of registered nurses and 2.2 % of electricians are women."""
    found, faults = occupations()
    shares = {each.name: each.shares["women"] for each in found}
    assert faults == ()
    assert len(shares) == len(found) >= 30
    assert (shares["Registered nurses"], shares["Electricians"]) == (pytest.approx(0.879), pytest.approx(0.022))
    assert shares["Laborers and freight, stock, and material movers, hand"] == pytest.approx(0.224)


def test_a_users_labour_table(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text(
        "# Source: ours\noccupation,women,foreign-born\nBaker,40,12.5\nSmith,4.x,1\nCook,30,101\nCarter,7\n,5,5\n"
    )
    found, faults = occupations(str(file))
    assert [(each.name, dict(each.shares)) for each in found] == [("Baker", {"women": 0.4, "foreign-born": 0.125})]
    assert [str(fault) for fault in faults] == [
        f"{file}:4: field 'women': expected a share in percent, got '4.x'",
        f"{file}:5: field 'foreign-born': expected a share from 0 to 100 percent, got '101'",
        f"{file}:6: field '-': 2 cells, 1 fewer than the header has",
        f"{file}:7: field 'occupation': empty",
    ]


def test_a_table_without_occupations_is_refused(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("job,women\nBaker,40\n")
    with pytest.raises(
        ValueError,
        match=r"nothing that could be read; first fault: .*field 'occupation': missing; this row has job, women",
    ):
        occupations(str(file))


# Word lists


def test_words_are_counted_whole():
    letter = (
        "She is a WARM, helpful colleague; warmly recommended. Her warm-heartedness and unkindness "
        "are none of ours, nor is mankind."
    )
    found = counts(letter, lexicons()["communal"])
    assert found.hits == {"warm": 1, "helpful": 1, "warmly": 1}
    assert (found.total, found.words) == (3, 19)


def test_wildcards_are_explicit():
    list_ = Lexicon(name="x", about="", words=("excellen*", "able", "hard-working"), source="")
    assert (
        counts("Excellent, excellence; able but not unable or capable; a hard-working, hard worker", list_).total == 4
    )


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("agentic", "an ambitious, self-reliant and dominant person", "a competent person"),
        ("communal", "a sympathetic and caring person", "care of patients"),
        ("standout", "extraordinary and unmatched", "the latest test, at most"),
        ("ability", "a talented, intelligent engineer", "a diligent engineer"),
        ("grindstone", "hardworking, dependable and thorough", "works here"),
        ("praise", "an excellent, highly valued engineer", "skilled in Excel, of Great Britain, an asset manager"),
        ("doubt", "somewhat careless; perhaps adequate", "without hesitation in May, and no doubt"),
        ("informal", "she\u2019s great, and we don't mind", "she is great, and we do not mind her team's plans"),
    ],
)
def test_each_lexicon_has_its_kind(name, has, lacks):
    assert counts(has, lexicons()[name]).total >= 2
    assert counts(lacks, lexicons()[name]).total == 0


def test_lexicons_name_their_sources():
    assert set(lexicons()) == {
        "agentic",
        "communal",
        "standout",
        "ability",
        "grindstone",
        "praise",
        "doubt",
        "informal",
    }
    for each in lexicons().values():
        assert "doi:10." in each.source
        assert len(each.words) == len(set(each.words)) >= 10
