"""Reasons in words: how much two of them have in common."""

import pytest

from simrun.report.sections.explanations import Explanations, explanations, likeness


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("It hurts.", "it HURTS", 1.0),
        ("It hurts.", "Nothing fits", 0.0),
        ("the pain and the fever", "the pain", 2 * 2 / 7),  # the, pain; `the` stands twice in one of them only
        ("", "pain", 0.0),
    ],
)
def test_words_in_common(one: str, other: str, shared: float):
    assert likeness(one, other) == likeness(other, one) == pytest.approx(shared)


def test_a_run_with_reasons_has_the_table_and_one_without_has_none(play):
    asked = ("scenario.mode=vignette", "scenario.reason=true", "vary.patient.ethnicity=[White,Black]")
    found = list(explanations(play(*asked, cases=3).scored))
    assert {(each.why, each.likeness.value, each.words.value) for each in found} == {
        ("treatment", 1.0, 6.0),
        ("noise floor", 1.0, 6.0),
    }
    assert [each.likeness.n for each in found] == [3, 3]
    assert Explanations().compute(play("scenario.mode=vignette", cases=2).scored) == ()
