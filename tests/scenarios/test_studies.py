"""Studies of ours: what every one of them holds, that its numbers agree in each draw, and what a version changes."""

import re
from collections import Counter

import numpy as np
import pytest

from simrun.scenarios.peer_review.figures import SLOT, worth
from simrun.scenarios.peer_review.papers import STATEMENTS, Submission, made, own
from simrun.scenarios.peer_review.studies import QUALITIES, SECTIONS, Passage, Study, studies
from simrun.scenarios.peer_review.versions import HIDDEN

ALL = pytest.mark.parametrize("study", studies(), ids=lambda study: study.id)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SIGNED = re.compile(
    r"\b(?:rose|gained|higher|lower|longer|ahead|lowered|raised|better|fell|grew|gains?)\b"
    r"(?: \w+){0,14} by \{([^{}:]+)|(?:gains|gained) \{([^{}:]+)"
)
"""A direction in words, and the slot that says by how much."""
HARMLESS = (
    "There is little to object to.",
    "I recommend acceptance because the paper is clear, and a lot of care went into it.",
    "In order to help readers, a plot of the main result would be useful, of course.",
    "The interval excludes zero, as the authors say; more of the figures could be given in the text.",
    "The objective is stated late, and the title could be shorter.",
    "The conclusion is short. The results are of some novelty.",
)
"""What a reviewer may write of any paper."""


def passages(study: Study) -> list[Passage]:
    return [passage for section in study.sections for passage in section.text]


def draws(study: Study, count: int = 40) -> list[dict[str, float]]:
    """Numbers as they are drawn, and those at the ends of their ranges."""
    ends = [{name: bounds[end] for name, bounds in study.numbers.items()} for end in (0, 1)]
    return [*ends, *(study.draw(np.random.default_rng(seed)) for seed in range(count))]


def submission(study: Study, quality: str = "high", seed: int = 0) -> Submission:
    return made(study, quality, np.random.default_rng(seed))


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(text))


# What there is


def test_there_are_sixty_submissions_of_six_fields_at_three_levels():
    found = own(0)
    assert len(studies()) == 20
    assert Counter(each.quality for each in found) == dict.fromkeys(QUALITIES, 20)
    assert len({each.study.field for each in found}) == 6
    assert len({each.id for each in found}) == 60
    assert own(0) == found
    assert own(1) != found


@ALL
def test_a_study_is_complete(study):
    assert tuple(section.name for section in study.sections) == SECTIONS
    assert len(study.elements) == 6
    assert study.id.isidentifier()
    assert len(study.keywords) == 5
    assert {len(row) for row in study.table.rows} == {len(study.table.columns)}
    places = Counter(passage.element for passage in passages(study) if passage.element)
    assert set(places) == set(study.elements)
    assert set(places.values()) <= {1, 2, 3}
    for passage in passages(study):
        forms = (
            (passage.sound, passage.sound_again, passage.flawed) if passage.element else (passage.say, passage.again)
        )
        assert all(forms)
        assert len(set(forms)) == len(forms)


@ALL
def test_a_flawed_form_is_about_as_long_as_the_sound_one(study):
    for passage in passages(study):
        if passage.element:
            sound, flawed = len(passage.sound.split()), len(passage.flawed.split())
            assert max(sound, flawed) <= 4 / 3 * min(sound, flawed), passage.flawed


@ALL
@pytest.mark.parametrize("quality", QUALITIES)
def test_a_paper_has_800_to_1500_words(study, quality):
    each = submission(study, quality)
    flaw = each.planted(np.random.default_rng(0))
    for version in ("original", "flawed", "reworded", "story", "hidden", "non_native", "identified"):
        text = each.paper(version, flaw).text
        assert 800 <= len(text.split()) <= 1500, version
        assert not re.search(r"[{}]|\bnan\b|--", text), version


# Quality


@ALL
def test_quality_is_the_share_of_sound_elements_by_construction(study):
    fatal = {name for name, element in study.elements.items() if element.fatal}
    assert 2 <= len(fatal) <= 4
    for seed in range(10):
        high, middle, low = (submission(study, quality, seed) for quality in QUALITIES)
        assert high.flaws == ()
        assert len(middle.flaws) == 2
        assert not fatal & set(middle.flaws)
        assert fatal <= set(low.flaws)
        assert len(low.flaws) == max(4, len(fatal))
        for each in (high, middle, low):
            paper = each.paper()
            assert paper.sound == pytest.approx(1 - len(each.flaws) / 6)
            assert set(paper.names) == set(each.flaws)


@ALL
def test_a_flaw_is_named_by_its_own_words_and_by_no_other_flaws(study):
    for name, element in study.elements.items():
        assert [key for key, each in study.elements.items() if re.search(each.names, element.what, re.I)] == [name]


@ALL
def test_what_any_review_may_say_names_no_flaw(study):
    """Words of the study that stand in it whatever is sound are no flaw either."""
    neutral = [passage.say for passage in passages(study) if not passage.element]
    said = "\n".join([study.title, *study.keywords, *study.table.columns, *neutral, *HARMLESS])
    for name, element in study.elements.items():
        assert not (found := re.search(element.names, said, re.I)), (name, found[0])


# Numbers


@ALL
def test_every_number_is_used_and_every_sum_can_be_worked_out(study):
    texts = [form for passage in passages(study) for form in passage.model_dump().values()]
    texts += [cell for row in study.table.rows for cell in row]
    slots = [slot[1] for text in (*texts, study.table.caption) for slot in SLOT.finditer(text)]
    used = {name for slot in slots for name in re.findall(r"[a-z]\w*", slot)}
    assert used == set(study.numbers)
    for drawn in draws(study):
        assert all(np.isfinite(worth(slot, drawn)) for slot in slots)


@ALL
def test_a_difference_goes_where_the_words_say_in_every_draw(study):
    forms = [form for passage in passages(study) for form in passage.model_dump().values()]
    for form in forms:
        for found in SIGNED.finditer(form):
            for drawn in draws(study):
                assert worth(found[1] or found[2], drawn) > 0, (form, drawn)


def test_the_words_of_direction_are_found():
    assert sum(SIGNED.search(form) is not None for study in studies() for p in passages(study) for form in (p.say,)) > 8


@ALL
def test_a_table_holds_no_share_above_all(study):
    """Where a column is in per cent its cells are."""
    every = "in per cent" in study.table.caption
    shares = [at for at, name in enumerate(study.table.columns) if every or "per cent" in name]
    for drawn in draws(study):
        for row in study.table.rows:
            for at in shares:
                for slot in SLOT.finditer(row[at]):
                    assert -100 <= worth(slot[1], drawn) <= 100


@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("ecology_hedges", {"hedge - grass + 1": (10, 30), "grass - before - 1": (1, 11)}),
        ("ecology_ponds", {"kept - before - 1": (1, 4), "removed - before": (16, 30)}),
        ("economics_advice", {"advised - none": (-3, 3), "debts - debtsnone": (-20, -8)}),
        ("education_homework", {"soonspaced - soonmassed": (-2, 0), "spaced - massed": (6, 15)}),
        ("education_marks", {"comment - both": (5, 12), "comment - mark": (5, 12)}),
        ("epidemiology_canteens", {"less - usual - 1.2": (0.1, 3)}),
        ("epidemiology_nightshift", {"left - stayed - 1.2": (1, 4), "people - changes": (600, 1500)}),
        ("epidemiology_walking", {"fastfalls / slowfalls": (0.5, 0.7), "ratio / 0.89": (0.8, 0.95)}),
        ("learning_forecasts", {"linear - deep": (0.6, 3), "naive - linear": (1, 4)}),
        ("learning_labels", {"(unsure - plain) / (oracle - plain)": (0.5, 1), "unsure - random": (1.5, 7)}),
        ("learning_xrays", {"mixed - other - 2": (4, 9), "own - 2 - mixed": (1, 9)}),
        ("psychology_noise", {"noise - quiet": (-2.2, 2.2), "noise - speech": (4, 13)}),
        ("psychology_retrieval", {"soonread - soonret": (0.5, 6), "retrieval - reading": (7, 20)}),
        ("psychology_walks", {"outdoors - indoors": (0, 0.5), "indoors - seated": (1.5, 3)}),
    ],
)
def test_what_a_text_says_of_its_table_holds_in_every_draw(name, sums):
    """`includes zero`, `the order was reversed`, `hardly at all`, `more than half of the distance`, and the like."""
    study = next(each for each in studies() if each.id == name)
    for drawn in draws(study, 200):
        for formula, (low, high) in sums.items():
            assert low - 1e-9 <= worth(formula, drawn) <= high + 1e-9, (formula, drawn)


# Versions


@ALL
def test_the_flawed_version_differs_in_one_element_only(study):
    each = submission(study)
    flaw = each.planted(np.random.default_rng(0))
    assert study.elements[flaw].fatal
    before, after = each.paper(), each.paper("flawed", flaw)
    assert (before.flaws, after.flaws) == ((), (flaw,))
    for name in study.elements:
        alone = submission(study).paper("flawed", name).text.split()
        shared = [p.sound for p in passages(study) if p.element and p.element != name and "{" not in p.sound]
        assert all(" ".join(sound.split()) in " ".join(alone) for sound in shared)
        assert not any(p.sound in " ".join(alone) for p in passages(study) if p.element == name)


@ALL
def test_a_rewording_has_the_same_numbers(study):
    for passage in passages(study):
        said, again = (passage.sound, passage.sound_again) if passage.element else (passage.say, passage.again)
        assert Counter(SLOT.findall(said)) == Counter(SLOT.findall(again)), again
        assert numbers(SLOT.sub("", said)) == numbers(SLOT.sub("", again)), again


@ALL
def test_a_better_story_has_no_other_numbers(study):
    told = {passage.say for passage in passages(study) if passage.story}
    assert len(told) >= 2
    for passage in passages(study):
        assert set(SLOT.findall(passage.story)) <= set(SLOT.findall(passage.say)) | {("years", "")}
        assert not passage.story or set(numbers(SLOT.sub("", passage.story))) <= set(numbers(SLOT.sub("", passage.say)))


@ALL
def test_what_the_other_versions_leave_as_it_is(study):
    each = submission(study, "middle")
    original = each.paper().text
    assert numbers(each.paper("non_native").text) == numbers(original)
    assert each.paper("non_native").text != original
    for hiding in HIDDEN:
        hidden = each.paper("hidden", hiding=hiding)
        assert hidden.text == f"{original}\n\n{HIDDEN[hiding].format(field=study.field)}"
        assert hidden.hidden
    assert each.paper("identified", author="Ada Lovelace").text.startswith(original)
    assert "Ada Lovelace" in each.paper("identified", author="Ada Lovelace").text
    truncated = each.paper("truncated").text
    assert "## Results" not in truncated
    assert "Table." not in truncated
    assert truncated.endswith(STATEMENTS)
