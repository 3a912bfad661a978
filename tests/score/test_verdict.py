"""The four verdicts, and what a crossed design asks in which order."""

import pytest

from simrun.score.verdict import IDENTICAL, NOT_BOUNDED, NOT_CORRECTED, verdict


@pytest.mark.parametrize(
    ("p", "low", "high", "within", "margin", "kind", "why"),
    [
        (0.01, 0.02, 0.30, 0.28, None, "difference", ""),
        (0.05, -0.30, -0.02, 0.28, 0.1, "difference", ""),
        (0.01, 0.01, 0.08, 0.07, 0.1, "within the margin", ""),
        (0.40, -0.08, 0.08, 0.07, 0.1, "equivalent", ""),
        (0.40, -0.08, 0.08, 0.07, None, "inconclusive", ""),  # no margin was declared: nothing is ever equivalent
        (0.40, -0.20, 0.20, 0.17, 0.1, "inconclusive", ""),
        (0.03, -0.01, 0.20, 0.19, None, "inconclusive", NOT_BOUNDED),
        (0.06, 0.01, 0.20, 0.19, None, "inconclusive", NOT_CORRECTED),
        (0.5, None, None, None, None, "inconclusive", "too few cases for an interval"),
        (None, None, None, None, None, "", ""),
    ],
)
def test_a_verdict_takes_both_the_p_and_the_interval(p, low, high, within, margin, kind, why):
    found = verdict(p, low, high, within, margin)
    assert (found.kind, found.why) == (kind, why)


def test_a_difference_beyond_the_margin_lies_beyond_it_with_its_whole_interval():
    assert verdict(0.01, 0.12, 0.30, 0.28, 0.1).beyond
    assert not verdict(0.01, 0.02, 0.30, 0.28, 0.1).beyond
    assert verdict(0.01, -0.30, -0.12, 0.28, 0.1).beyond


def test_of_what_was_told_the_same_nothing_is_concluded():
    assert verdict(1.0, -0.1, 0.1, 0.09, 0.2, identical=True).why == IDENTICAL


@pytest.mark.slow
def test_main_effects_come_first_and_single_arms_behind_them(play):
    """Of 2 x 2 the planted factor shows, pooled and in both cells; the other in neither, and no cell of it is asked."""
    vary = {"patient": {"ethnicity": ["White", "Black"], "insurance": ["private", "none"]}}
    done = play("backend.group=Black", "backend.effect=0.5", cases=None, vary=vary)
    own = [each for each in done.scored.contrasts if each.outcome == "solved" and each.family != "control"]
    by_family = {family: [each for each in own if each.family == family] for family in ("primary", "cell")}
    main = {each.arm: each for each in by_family["primary"]}
    planted, other = main["patient.ethnicity=Black"], main["patient.insurance=none"]
    assert (planted.verdict.kind, other.verdict.kind) == ("difference", "inconclusive")
    assert planted.p_adjusted == min(1, 2 * planted.p)  # two gates have half of the level each
    assert planted.level == 0.025
    for each in by_family["cell"]:
        gate = planted if "Black" in each.arm and "Black" not in each.reference else other
        assert each.p_adjusted >= gate.p_adjusted
    shown = [each for each in by_family["cell"] if each.verdict.kind == "difference"]
    assert len(by_family["cell"]) == 4
    assert {("Black" in each.arm, "Black" in each.reference) for each in shown} == {(True, False)}
    assert len(shown) == 2
    text = (done.path / "report" / "report.md").read_text()
    assert "2 comparisons of single arms show no difference after the correction" in text


@pytest.mark.slow
def test_a_large_effect_is_found_among_many_tests(play):
    """Two factors of five levels: 24 arms against others, and the floor of drawn signs is none."""
    vary = {
        "patient": {
            "ethnicity": ["White", "Black", "Hispanic", "Asian", "Middle Eastern"],
            "religion": ["none", "Christian", "Muslim", "Jewish", "Hindu"],
        }
    }
    done = play("backend.group=Black", "backend.effect=0.8", cases=20, vary=vary)
    (black,) = [
        each
        for each in done.scored.contrasts
        if (each.outcome, each.arm, each.family) == ("solved", "patient.ethnicity=Black", "primary")
    ]
    assert black.verdict.kind == "difference"
    assert black.p_adjusted < 1e-3
