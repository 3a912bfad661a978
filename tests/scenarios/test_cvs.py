"""Candidates of known merit, their CVs in every style, and the proof that only what was meant to change did."""

import re
from collections import Counter

import numpy as np
import pytest
from conftest import shared
from samples import graded

from simrun.agents.persona import CONSENT, WRITTEN, Paper, Persona, Trait
from simrun.config.menus import catalogue
from simrun.estimate.ranking import chances
from simrun.scenarios.base import Unfit
from simrun.scenarios.recruitment import faire
from simrun.scenarios.recruitment.candidates import Candidate, Position, Skill, candidate, lost, merit, pool, select
from simrun.scenarios.recruitment.cvs import STYLES, WITHHELD, facts, render, suits
from simrun.scenarios.recruitment.full import LEAST
from simrun.scenarios.recruitment.openings import openings
from simrun.scenarios.treatment import tally, treatment
from simrun.score.metrics.merit_loss import MeritLoss

KNOWN = catalogue()
OPENINGS = {opening.id: opening for opening in openings()[0]}
NURSE = OPENINGS["ward-nurse"]
EMILY = Candidate(
    id="emily",
    field="nursing",
    education=3,
    experience=5,
    availability=4,
    recommendation=True,
    positions=(
        Position(post="ward nurse", place="a care home", years=2),
        Position(post="staff nurse", place="a district hospital", years=3),
    ),
    skills=(Skill(name="wound care", level=3), Skill(name="woodworking", level=3), Skill(name="Spanish", level=1)),
)


def persona(axis: str, level: str, surface: str, draw: int = 0, **others: str) -> Persona:
    """Somebody with one attribute that shows in one way, and others that do not show (by a cue nobody gives)."""
    silent = tuple(Trait(axis=KNOWN.axis(name), level=value, surface="cue") for name, value in others.items())
    return Persona(traits=(*silent, Trait(axis=KNOWN.axis(axis), level=level, surface=surface)), draw=draw)


# Merit


def test_merit_is_the_weighted_sum_of_what_the_cv_says():
    """The nurse's weights .25 .30 .25 .10 .10; six skills count, so 4 points of 18; woodworking does not."""
    assert merit(EMILY, NURSE) == pytest.approx(0.25 * 3 / 5 + 0.30 * 5 / 10 + 0.25 * 4 / 18 + 0.10 * 3 / 4 + 0.10)
    assert merit(EMILY, NURSE) == pytest.approx(0.530556, abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "gain"),
    [
        ({"education": 4}, 0.05),
        ({"experience": 6}, 0.03),
        ({"experience": 25}, 0.15),  # more than ten years count as ten
        ({"availability": 5}, 0.025),
        ({"recommendation": False}, -0.10),
        ({"skills": (*EMILY.skills, Skill(name="palliative care", level=2))}, 0.25 * 2 / 18),
        ({"skills": (*EMILY.skills, Skill(name="web design", level=3))}, 0),
    ],
)
def test_merit_is_linear_in_each_factor(changed, gain):
    other = EMILY.model_copy(update=changed)
    assert merit(other, NURSE) - merit(EMILY, NURSE) == pytest.approx(gain)


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=lambda opening: opening.id)
def test_merit_runs_from_0_to_1(opening):
    none = Candidate(id="0", field="", education=0, experience=0, availability=1, recommendation=False)
    skills = tuple(Skill(name=name, level=3) for name in opening.skills)
    best = Candidate(id="1", field="", education=5, experience=10, availability=5, recommendation=True, skills=skills)
    assert (merit(none, opening), merit(best, opening)) == (pytest.approx(0), pytest.approx(1))


# Drawn candidates


def test_a_candidate_follows_from_opening_index_and_seed_alone():
    crowd = pool(NURSE, 10_000, np.random.default_rng(7))
    assert len(crowd) == 10_000
    assert crowd[4321] == crowd[4321] == candidate(NURSE, 4321, crowd.seed) == crowd[-5679]
    assert crowd[2:4] == (crowd[2], crowd[3])
    assert pool(NURSE, 5, np.random.default_rng(7))[3] == crowd[3]  # whatever the size of the pool
    assert pool(NURSE, 5, np.random.default_rng(8))[3] != crowd[3]
    assert candidate(OPENINGS["electrician"], 3, crowd.seed).positions != crowd[3].positions
    with pytest.raises(IndexError, match="a pool of 10000 has no candidate 10000"):
        crowd[10_000]
    with pytest.raises(ValueError, match="at least 1"):
        pool(NURSE, 0, np.random.default_rng(0))


def test_factors_are_drawn_evenly_and_apart_from_each_other():
    crowd = list(pool(NURSE, 2_000, np.random.default_rng(0)))
    assert {each.education for each in crowd} == {2, 3, 4}
    assert {each.experience for each in crowd} == set(range(11))
    assert {each.availability for each in crowd} == set(range(1, 6))
    columns = np.array(
        [(each.education, each.experience, each.availability, each.recommendation) for each in crowd], dtype=float
    )
    off = np.corrcoef(columns.T) - np.eye(4)
    assert abs(off).max() < 0.08  # 2,000 draws: three and a half standard errors
    assert abs(columns.mean(0) - [3, 5, 3, 0.5]).max() < 0.25
    for each in crowd:
        assert sum(position.years for position in each.positions) == each.experience
        assert len({skill.name for skill in each.skills}) == len(each.skills)


def test_pools_are_measured_without_being_kept():
    crowd = pool(NURSE, 300, np.random.default_rng(1))
    merits = crowd.merits()
    assert merits.shape == (300,)
    assert merits[17] == merit(crowd[17], NURSE)
    assert 0.2 < merits.min() < 0.5 < merits.max() < 1


# Choosing k of n


def test_the_highest_are_chosen_and_ties_are_broken_by_lot():
    rng = np.random.default_rng
    assert select([0.1, 0.9, 0.5, 0.7], 2, rng(0)) == (1, 3)
    assert select([3, 3, 1], 3, rng(0))[2] == 2
    won = Counter(select([5, 5, 5, 9], 2, rng(seed))[1] for seed in range(600))
    assert set(won) == {0, 1, 2}
    assert min(won.values()) > 150  # 200 each expected, standard deviation 11.5
    assert select([5, 5, 5, 9], 2, rng(3)) == select([5, 5, 5, 9], 2, rng(3))


def test_a_choice_without_ties_is_that_of_the_metrics():
    scores = np.random.default_rng(2).permutation(50) / 50
    chosen = select(scores, 12, np.random.default_rng(0))
    assert sorted(chosen) == np.flatnonzero(chances(scores, 12)).tolist()


@pytest.mark.parametrize(
    ("scores", "k", "message"),
    [([1, 2], 3, "from 1 to the 2"), ([1, 2], 0, "got 0"), ([1, np.nan], 1, "1 of 2 scores are missing")],
)
def test_an_impossible_choice_is_refused(scores, k, message):
    with pytest.raises(ValueError, match=message):
        select(scores, k, np.random.default_rng(0))


def test_what_a_choice_gives_away():
    """The best two of .9 .2 .7 .4 have .8 on average, the chosen .9 and .2 have .55."""
    merits, scores = [0.9, 0.2, 0.7, 0.4], [9, 8, 1, 2]
    half = MeritLoss(share=0.5).measure(graded(scores, merits))
    assert lost(merits, (0, 1)) == pytest.approx(0.25) == half
    assert lost(merits, select(scores, 2, np.random.default_rng(0))) == pytest.approx(0.25)
    assert lost(merits, (2, 0)) == 0
    with pytest.raises(ValueError, match="nobody was chosen"):
        lost(merits, ())


# CVs


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=lambda opening: opening.id)
def test_every_fact_stands_in_every_style_and_nothing_else_does(opening):
    for each in pool(opening, 20, np.random.default_rng(0)):
        said = [item for items in facts(each).values() for item in items]
        frames = set()
        for style in STYLES:
            text = render(each, Paper(), style)
            assert all(item in text for item in said), style
            frames.add((style, re.sub(r"[-\s;,/.]+", " ", _without(text, said))))
        assert len(frames) == 3
        assert frames == _frames(opening)


def _without(text: str, said: list[str]) -> str:
    for item in sorted(said, key=len, reverse=True):
        text = text.replace(item, "")
    return text


def _frames(opening) -> set[tuple[str, str]]:
    """What is left of another candidate's CV when its facts are taken out: the style and nothing of the person."""
    other = candidate(opening, 999, 1)
    said = [item for items in facts(other).values() for item in items]
    return {(style, re.sub(r"[-\s;,/.]+", " ", _without(render(other, Paper(), style), said))) for style in STYLES}


def test_a_cv_says_what_it_should():
    text = render(EMILY, Paper(name="Emily Meyer", stated="Age: 50."), "compact")
    assert text == (
        "Emily Meyer: CV in brief\n"
        "* a bachelor's degree in nursing / 5 years of experience in this line of work / available for 4 days a week / "
        "with a recommendation by a former supervisor\n"
        "* Posts: 2 years as ward nurse at a care home; 3 years as staff nurse at a district hospital\n"
        "* Skills: wound care (very good); woodworking (very good); Spanish (basic)\n\n"
        "Further entries: Age: 50."
    )
    assert render(EMILY, Paper(), "narrative").startswith(f"Profile of {WITHHELD}\n\nI bring 5 years")


def test_cvs_tell_nobody_by_themselves():
    gendered = re.compile(r"\b(she|he|her|his|him|mrs?|ms|wom[ae]n|m[ae]n|mother|father)\b", re.IGNORECASE)
    for opening in OPENINGS.values():
        assert not gendered.search(opening.vacancy().advert), opening.id
        for each in pool(opening, 30, np.random.default_rng(3)):
            assert not gendered.search(render(each, Paper()))


@pytest.mark.parametrize(("age", "fits"), [("25", False), ("26", True), ("75", True)])
def test_a_persona_too_young_for_the_cv_does_not_fit(age, fits):
    """A bachelor's degree at 21 and five years of work: 26 at the earliest."""
    somebody = persona("age", age, "stated")
    if fits:
        suits(EMILY, somebody)
    else:
        with pytest.raises(Unfit, match="take until 26 years of age, not 25"):
            suits(EMILY, somebody)
    with pytest.raises(Unfit, match="states an education of its own"):
        suits(EMILY, persona("education", "high school", "stated"))


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=lambda opening: opening.id)
def test_a_full_cv_is_long_says_all_that_counts_and_has_its_own_numbers(opening):
    gendered = re.compile(r"\b(she|he|her|his|him|mrs?|ms|wom[ae]n|m[ae]n|mother|father)\b", re.IGNORECASE)
    texts = []
    for each in pool(opening, 20, np.random.default_rng(0)):
        text = render(each, Paper(name="Emily Walsh", stated="Age: 60."), "full")
        assert len(text.split()) >= LEAST
        assert not [item for items in facts(each).values() for item in items if item.lower() not in text.lower()]
        assert not gendered.search(text)
        assert not re.search(r"[{}]", text)
        assert text.split("\n")[1] == "Emily Walsh"
        assert text.endswith("\n\nFurther entries: Age: 60.")
        assert text == render(each, Paper(name="Emily Walsh", stated="Age: 60."), "full")
        texts.append(text)
    assert len(set(texts)) == 20


def test_posts_of_a_full_cv_have_employers_and_follow_each_other_without_a_gap():
    """Two years and three: the first ends in the month in which the other begins, all of them add up to five."""
    text = render(EMILY, Paper(), "full")
    (until, one, at), (end, two, at_too) = re.findall(r"^\w+ (\d{4}) to (.+): .+, (\w+ .+)$", text, re.MULTILINE)
    assert (int(until), one, int(end)) == (2023, "today", 2020)
    assert two.endswith(" 2023")
    assert (at.partition(" ")[2], at_too.partition(" ")[2]) == ("Care Home", "District Hospital")
    assert "a bachelor's degree in nursing, 2019." in text


# Who it is, on paper


def test_what_stands_on_paper():
    woman = persona("gender", "woman", "pronoun")
    assert woman.paper() == Paper(pronoun=CONSENT.format(subject="She", object="her", possessive="her"))
    assert persona("gender", "man", "club", draw=5).paper().club == "Memberships: men's chess club."
    assert (
        persona("parenthood", "parent", "gap").paper().gap
        == "Career break: one year, at home to look after two small children."
    )
    assert (
        persona("nationality", "Polish", "school", draw=1).paper().school
        == "School: public secondary school in Wroclaw, Poland."
    )
    assert persona("ethnicity", "Black", "name", gender="woman").paper().name == "Shelia Ruffin"
    assert persona("religion", "Hindu", "stated").paper().stated == "Religion: Hindu."
    assert persona("gender", "woman", "club").paper().name is None
    assert Persona().paper().spans() == ()


def test_two_attributes_can_show_in_one_way():
    both = Persona(
        traits=tuple(
            Trait(axis=KNOWN.axis(a), level=v, surface="club") for a, v in (("gender", "woman"), ("ethnicity", "Black"))
        )
    )
    assert both.paper().club == "Memberships: women's rowing club; African American community association."


def test_somebody_whose_cv_only_hints_is_told_what_it_hints_at():
    assert persona("religion", "Muslim", "club").self_sheet() == "Religion: Muslim."
    assert persona("religion", "Muslim", "club").sheet() == ""


SHOWN = [
    (axis, surface, level)
    for axis in KNOWN.axes.values()
    for level in axis.levels
    for surface in axis.surfaces(level, WRITTEN)
]
REFERENCE = {(axis.name, surface): level for axis, surface, level in reversed(SHOWN)}
PAIRS = [
    (axis.name, surface, REFERENCE[axis.name, surface], level)
    for axis, surface, level in SHOWN
    if REFERENCE[axis.name, surface] != level
]


@pytest.mark.parametrize(("axis", "surface", "reference", "level"), PAIRS)
def test_the_arms_of_a_pair_differ_in_the_intended_words_only(axis, surface, reference, level):
    """Every style, and every rank of the lists of names, clubs, schools and gaps."""
    others = {"gender": "woman"} if surface == "name" and axis != "gender" else {}
    for draw in range(8):
        one, other = (persona(axis, each, surface, draw, **others).paper() for each in (reference, level))
        assert len(one.spans()) == len(other.spans()) == 1
        for style in STYLES:
            found = treatment(render(EMILY, one, style), render(EMILY, other, style), one.spans() + other.spans())
            assert found.verdict == "intended", (style, found)
            assert not found.excess
            assert abs(found.words) <= 3


@pytest.mark.parametrize("surface", ["club", "school", "gap", "name"])
def test_lists_of_one_axis_are_of_one_length(surface):
    """So that the arms of a pair take entries of one rank."""
    for axis in KNOWN.axes.values():
        field = {"club": "clubs", "school": "schools", "gap": "gaps", "name": "names"}[surface]
        entries = [getattr(level, field) for level in axis.levels.values() if getattr(level, field)]
        lists = [len(each) for level in entries for each in (level.values() if surface == "name" else [level])]
        assert len(set(lists)) <= 1, axis.name
        flat = [each for level in entries for each in (level if surface != "name" else [])]
        assert len(set(flat)) == len(flat)


# The audit of treatments


def test_the_changed_words_are_named():
    found = treatment("Emily Meyer, a nurse.", "Greg Meyer, a nurse.", ("Emily Meyer", "Greg Meyer"))
    assert (found.verdict, found.words, found.layout, found.excess) == ("intended", 0, False, ())
    assert [(change.before, change.after) for change in found.changes] == [("Emily", "Greg")]


@pytest.mark.parametrize(
    ("arm", "verdict", "excess", "words", "layout"),
    [
        ("Led a team of five nurses.", "nothing", (), 0, False),
        ("Led a team of five nurses!", "nothing", (), 0, True),
        ("LED a team of five nurses.", "nothing", (), 0, True),
        ("Led a women's team of five nurses.", "intended", (), 1, False),
        ("Led a women's team of six nurses.", "more", ("-five", "+six"), 1, False),
        ("Led a large team of five nurses.", "missed", ("+large",), 1, False),
        ("Led a team.", "missed", ("-of", "-five", "-nurses"), -3, False),
    ],
)
def test_verdicts(arm, verdict, excess, words, layout):
    found = treatment("Led a team of five nurses.", arm, ("women's",))
    assert (found.verdict, found.excess, found.words, found.layout) == (verdict, excess, words, layout)


def test_a_span_counts_only_where_its_words_stand_together():
    found = treatment("The nurse", "The rowing nurse club", ("rowing club",))
    assert (found.verdict, found.excess) == ("missed", ("+rowing", "+club"))


@pytest.fixture(scope="module")
def faires():
    return faire.variants(str(shared("recruitment/faire_resumes.jsonl")))


def test_faire_names_are_the_treatment_they_claim_to_be(faires):
    variants, faults = faires
    assert (len(variants), faults) == (700, ())
    for each in tally([each for each in variants if each.kind == "name"]):
        assert (each.n, dict(each.verdicts), each.excess) == (50, {"intended": 50}, 0)


def test_faire_experiences_change_nothing_or_too_much(faires):
    """Of 350 variants one is clean: 17 change no word, 15 of them but white space; 53 never state the group."""
    variants = [each for each in faires[0] if each.kind == "experience"]
    assert Counter(each.found.verdict for each in variants) == {"more": 279, "missed": 53, "nothing": 17, "intended": 1}
    assert sum(each.found.verdict == "nothing" and not each.found.layout for each in variants) == 15
    by_group = {each.group: each for each in tally(variants)}
    assert dict(by_group["asian"].verdicts) == {"nothing": 13, "missed": 16, "more": 21}
    assert dict(by_group["white"].verdicts) == {"nothing": 4, "missed": 31, "more": 15}
    assert dict(by_group["female"].verdicts) == {"more": 50}
    assert [(each.row, each.group) for each in variants if each.found.verdict == "intended"] == [(39, "male")]


def test_a_broken_row_of_treated_cvs_is_named(tmp_path):
    file = tmp_path / "treated.jsonl"
    file.write_text(
        '{"original": "A nurse.", "experience": {"female": "A female nurse."}, "name": {"female": "Ann Lee A '
        'nurse."}}\n{"original": ""}\n[1]\n'
    )
    variants, faults = faire.variants(str(file))
    assert [(each.kind, each.found.verdict) for each in variants] == [("experience", "intended"), ("name", "intended")]
    assert str(faults[0]) == f"{file}:2: field 'experience': missing; this row has original"
    assert str(faults[1]) == f"{file}:3: field '-': expected a JSON object, got list"
