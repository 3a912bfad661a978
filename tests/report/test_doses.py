"""A dose response planted in scripted agents, end to end."""

import pytest

from simrun.report.report import build
from simrun.report.sections.doses import Doses, trends


@pytest.mark.slow
def test_each_dose_and_outcome_stands_in_the_report(play):
    done = play(cases=8, vary={"doctor": {"dose": [0, 1, 2]}}, roles={"doctor": {"bias": "recency"}})
    found = trends(done.scored)
    assert {each.outcome for each in found} == {"solved"}
    assert list(found[0].means) == ["0", "1", "2"]
    assert found[0].at_zero is None
    assert found[0].p_adjusted >= found[0].p
    report = build(done.scored, [Doses()])
    assert report.table("doses")[0]["slope"]["value"] == pytest.approx(found[0].slope.value)
    assert play(cases=3).report().sections["doses"].blocks == ()
