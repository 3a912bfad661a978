"""Axes of hiring: how each shows on a CV, and who cannot be cast so."""

import pytest
from conftest import config
from recruiting import asked, staged

from simrun.config.errors import ConfigError
from simrun.plan.design import planned

SHOWN = {
    "criminal_record": ("none", "felony", "Further entries: Criminal record: felony conviction."),
    "veteran": ("none", "veteran", "Further entries: Military service: army veteran."),
    "employment_gap": ("employed", "one year", "Further entries: Employment status: out of work for one year."),
    "accent": ("General American", "Indian", "speaks clear and fluent English with an Indian accent."),
    "college": ("state", "for-profit", "Further entries: College: for-profit university."),
    "pregnancy": ("none", "pregnant", "Further entries: Expecting a child: yes, in four months."),
}

GRADUATE = "accountant-1"
"""Somebody with a degree."""


@pytest.mark.parametrize("axis", SHOWN)
def test_an_axis_of_hiring_shows_on_the_cv_and_can_be_left_unsaid(axis: str, known):
    reference, level, said = SHOWN[axis]
    vary = {"candidate": {axis: [reference, level, "unstated"]}}
    told = [asked(staged(known, "screen", arm, cases=[GRADUATE], vary=vary), "recruiter") for arm in range(3)]
    assert [said in each for each in told] == [False, True, False]
    assert "Further entries" not in told[2]
    assert known.axis(axis).sources


def test_breaks_of_one_length_stand_for_each_other(known):
    for axis, levels in (("criminal_record", ["none", "felony"]), ("veteran", ["none", "veteran"])):
        vary = {"candidate": {axis: levels}}
        told = [
            asked(staged(known, "screen", arm, vary=vary, roles={"candidate": {"surface": "gap"}}), "recruiter")
            for arm in range(2)
        ]
        lines = [each.partition("Career break: ")[2].split(",")[0] for each in told]
        assert lines[0] == lines[1]
        assert told[0] != told[1]


def test_a_college_needs_a_degree_and_a_pregnancy_no_man(known):
    vary = {"candidate": {"college": ["state", "elite"]}}
    plan = planned(config(scenario={"name": "recruitment"}, cases=None, vary=vary), known)
    without = {name for name, case in plan.cases.items() if case.applicants[0].candidate().education < 3}
    assert 0 < len(without) < len(plan.cases)
    assert {each.case for each in plan.exclusions} == without
    assert {each.why for each in plan.exclusions} == {"the CV names no bachelor's degree that could be from a college"}
    both = {"candidate": {"gender": ["woman", "man"], "pregnancy": ["none", "pregnant"]}}
    with pytest.raises(ConfigError, match="gender=man and pregnancy=pregnant contradict each other"):
        planned(config(scenario={"name": "recruitment"}, cases=3, vary=both), known)
