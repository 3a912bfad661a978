"""What a run costs, told before it is played."""

import pytest
from conftest import config

from simrun.plan.design import planned
from simrun.play.cost import Cost, cost


def test_the_size_of_a_run_is_its_plans_and_its_calls_the_scripts(known):
    """Three cases in two arms and a control, twice: 18 episodes of one call, whose prompts are all alike in length."""
    vary = {"candidate": {"gender": ["man", "woman"]}}
    plan = planned(config(scenario={"name": "recruitment"}, cases=3, repeats=2, vary=vary), known)
    found = cost(plan)
    assert (found.cases, found.arms, found.episodes, found.calls) == (3, 3, 18, 18)
    stages = [plan.stage(trial) for trial in list(plan.trials())[:12]]
    lengths = [len(stage.chat(stage.pending()[0]).text()) for stage in stages]
    assert found.read == pytest.approx(18 * sum(lengths) / 12 / 4)


def test_it_is_said_in_one_line():
    told = Cost(cases=3, arms=3, episodes=1800, calls=1800.0, read=1_234_567.0).told()
    assert told == "3 cases, 3 arms, 1,800 episodes: about 1,800 calls, 1.2 million tokens to read"


def test_a_price_that_the_user_gives_is_told_as_a_sum(known):
    """18 calls of the same prompt; of each at most 100 tokens are written: 1800 x 3 a million."""
    vary = {"candidate": {"gender": ["man", "woman"]}}
    asked = config(scenario={"name": "recruitment"}, cases=3, repeats=2, vary=vary)
    backend = {"name": "batch", "model": "own", "max_tokens": 100, "price": {"read": 2.0, "written": 3.0}}
    found = cost(planned(asked.model_copy(update={"backend": backend}), known))
    assert found.priced == pytest.approx((found.read * 2 / 1e6, 1800 * 3 / 1e6))
    assert found.told().endswith("; at backend.price about 0.02 for reading and at most 0.01 more")


def test_it_is_told_before_the_first_call(command, tmp_path):
    _, _, told = command("scenario=recruitment", "backend=scripted", "cases=2", f"out={tmp_path}")
    lines = told.splitlines()
    assert lines[0].startswith("size   2 cases, 6 arms, 12 episodes: about 12 calls, ")
    assert lines[1].startswith("run    ")
