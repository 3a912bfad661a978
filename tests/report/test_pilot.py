"""What a pilot run that was really played tells of the next one."""

import pytest

from simrun.config.errors import ConfigError
from simrun.report.pilot import measured

VARIED = {"patient": {"ethnicity": ["White", "Black"]}}


@pytest.fixture
def pilot(play):
    """A planted bias of 20 points, on 12 cases, three times each."""
    return play("backend.group=Black", "backend.effect=0.2", cases=12, repeats=3, vary=VARIED)


def test_a_pilot_is_read_from_a_run_that_was_played(pilot):
    found = measured(pilot)
    assert (found.outcome, found.cases, found.arms, found.controls, found.bank) == ("solved", 12, 2, 1, 30)
    done = pilot.episodes
    assert found.tokens == pytest.approx((done.prompt_tokens + done.output_tokens).mean())
    solved = pilot.outcomes[pilot.outcomes.outcome == "solved"].pivot(
        index=["case", "repeat"], columns="arm", values="value"
    )
    difference = solved["patient.ethnicity=Black"] - solved["patient.ethnicity=White"]
    # equal repeats: MSW is the mean variance
    within, means = (
        difference.groupby("case").var().mean(),
        difference.groupby("case").mean(),
    )
    assert found.variances.within == pytest.approx(within)
    assert found.variances.between == pytest.approx(max(0, means.var() - within / 3))


def test_a_pilot_that_tells_nothing_is_refused(play):
    alike = play(cases=4, repeats=2, vary=VARIED)
    with pytest.raises(ConfigError, match="every pair came out the same in solved"):
        measured(alike)
    with pytest.raises(ConfigError, match="compares no arm with its reference"):
        measured(play(cases=4, vary={}))
    with pytest.raises(ConfigError, match="no outcome 'solvd'; did you mean 'solved'"):
        measured(alike, "solvd")
