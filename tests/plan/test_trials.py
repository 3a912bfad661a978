"""Trials by their ids: where one stands in the plan says what it is."""

import pytest
from conftest import config

from simrun.plan.design import planned
from simrun.plan.trials import Trials

AGES = {"vary": {"patient": {"age": [30, 75]}}, "repeats": 3, "cases": None}
BLOCKS = {
    "vary": {"patient": {"ethnicity": ["White", "Black", "Asian", "Hispanic", "Middle Eastern"]}},
    "repeats": 2,
    "cases": 9,
    "design": {"cross": "blocks", "block": 3, "controls": []},
}


@pytest.mark.parametrize("options", [AGES, BLOCKS], ids=["cases that do not fit an arm", "blocks"])
def test_every_trial_is_found_by_its_id(known, options):
    plan = planned(config(**options), known)
    listed, found = {trial.id: trial for trial in plan.trials()}, Trials(plan)
    assert len(listed) < len(plan.cases) * len(plan.arms) * plan.repeats  # a case does not play them all
    assert dict(found) == listed
    assert list(found) == list(listed)
    assert len(found) == len(listed)


def test_what_was_not_planned_is_not_there(known):
    found = Trials(planned(config(cases=2, vary={"patient": {"gender": ["man", "woman"]}}), known))
    assert "0123456789abcdef" not in found
    with pytest.raises(KeyError):
        found["0123456789abcdef"]
