"""`simrun plan`: the answer from a pilot that was really played or from assumptions, its words, and wrong options."""

import json

import pytest

from simrun.cli.commands.plan import Plan, planned, told, verdict
from simrun.cli.parsing import parsed
from simrun.config.errors import ConfigError
from simrun.estimate.sample_size import AuditPlan, Variances, detectable_with, repeats_needed, with_choices

HALF = Variances(total=1.0, between=0.5, within=0.5)
VARIED = {"patient": {"ethnicity": ["White", "Black"]}}


@pytest.fixture
def pilot(play):
    """A planted bias of 20 points, on 12 cases, three times each."""
    return play("backend.group=Black", "backend.effect=0.2", cases=12, repeats=3, vary=VARIED)


def asked(**given):
    return planned(parsed(Plan, [f"{key}={value}" for key, value in given.items()]))


@pytest.mark.slow
def test_a_plan_from_a_pilot_counts_controls_tokens_and_the_bank(pilot):
    plan = asked(target=0.3, pilot=pilot.path, tokens_per_episode=1000, tokens=100_000)
    for each in plan.choices:
        assert each.episodes == each.cases * each.repeats * 3
        assert each.tokens == each.episodes * 1000
        assert each.affordable == min(100 // (3 * each.repeats), 30)
        assert each.detectable == detectable_with(plan.asked, 30, each.repeats)
        assert each.affordable_detectable == detectable_with(plan.asked, each.affordable, each.repeats)
    assert plan.assumed == {}
    assert "The pilot compared 12 cases" in told(plan)
    assert f"measured in {pilot.path}" in told(plan)


def test_a_plan_in_blocks_needs_more_cases_and_fewer_episodes():
    whole, blocks = asked(target=0.2, arms=9, repeats=1), asked(target=0.2, arms=9, block=3, repeats=1)
    (one,), (other,) = whole.choices, blocks.choices
    # an arm meets the reference in 2 of 8 cases; 9 or 3 arms and two controls are played
    assert other.cases == 4 * one.cases
    assert (one.episodes, other.episodes) == (11 * one.cases, 5 * other.cases)
    assert blocks.limit == 4 * whole.limit
    assert (blocks.meeting(30), blocks.holding(7)) == (7, 28)
    assert "9 compared (3 of them in each case)" in told(blocks)
    with pytest.raises(ConfigError, match="there are 4 arms"):
        asked(target=0.2, arms=4, block=4)


BIG = AuditPlan(
    target=0.5,
    power=0.8,
    outcome="solved",
    pilot="p",
    assumed={},
    variances=HALF,
    span=None,
    level=0.05,
    noise=None,
    arms=2,
    controls=1,
    bank=25,
    tokens_per_episode=None,
    tokens=None,
    limit=18,
)


def concluded(**changed):
    return with_choices(BIG.model_copy(update=changed), (1, 2, 5))


def words(**changed):
    return " ".join(verdict(concluded(**changed)))


def test_the_verdict_names_the_cheapest_that_the_bank_allows():
    # 34 cases with one repeat, 26 with two, 21 with five
    assert words().startswith(
        "Cheapest with the 25 cases of the bank: repeats=5, 21 cases, 315 episodes. Cheaper still, but more than the"
    )
    assert "more than the bank has: repeats=1, 34 cases, 102 episodes." in words()
    assert words(bank=40).startswith(
        "Cheapest with the 40 cases of the bank: repeats=1, 34 cases, 102 episodes. However many"
    )


def test_a_bank_that_is_too_small_is_said():
    assert "Warning: the bank has 19 cases, and the target needs 21 or more" in words(bank=19)
    repeats = repeats_needed(BIG.asked, 0.5, 19)
    assert f"All 19 cases with repeats={repeats} would do ({19 * 3 * repeats} episodes)." in words(bank=19)
    assert "Repeats cannot replace cases here: however many, 18 cases are needed." in words(bank=17)


def test_the_verdict_on_a_budget():
    # an episode is 100 tokens: one repeat of a case in three arms 300, so that 9000 pay for 30 cases, but 25 is all
    # there are
    paid = concluded(tokens=9000.0, tokens_per_episode=100.0)
    assert [each.affordable for each in paid.choices] == [25, 15, 6]
    assert [each.tokens for each in paid.choices] == [34 * 300, 26 * 600, 21 * 1500]
    # 1 / 25 is less than .75 / 15 and .6 / 6
    assert (
        f"9000 tokens find the smallest difference, {detectable_with(BIG.asked, 25, 1):.3g}, with repeats=1 and 25 "
        "cases." in list(verdict(paid))
    )
    assert "500 tokens do not pay for two cases." in words(tokens=500.0, tokens_per_episode=100.0)


def test_a_pilot_of_one_repeat_plans_one_repeat(play):
    done = play("backend.group=Black", "backend.effect=0.5", cases=8, vary=VARIED)
    plan = asked(target=0.2, pilot=done.path, repeats="1,4")
    assert [each.repeats for each in plan.choices] == [1]
    assert (plan.limit, plan.variances.within) == (None, None)
    assert "only repeats=1 is planned" in told(plan)


def test_a_target_beyond_the_outcome_is_refused(play):
    with pytest.raises(ConfigError, match="target=5: solved spans 1 in all"):
        asked(target=5, pilot=play("backend.group=Black", "backend.effect=0.5", cases=8, vary=VARIED).path)


def test_the_command_tells_what_it_assumed(command):
    code, out, _ = command("plan", "target=0.1")
    assert code == 0
    assert "assumed, not measured: base=0.6 icc=0.3 agreement=0.8" in out
    assert "found in 80 % of audits" in out
    assert "Cheapest: repeats=1, 221 cases, 884 episodes." in out  # 2 arms and two controls
    assert "tokens" not in out


def test_the_command_as_json(command):
    code, out, _ = command(
        "plan",
        "target=0.1",
        "--json",
        "repeats=[5,2,2]",
        "tokens=1e6",
        "tokens_per_episode=1000",
        "arms=3",
        "power=0.9",
    )
    found = json.loads(out)
    assert code == 0
    assert [each["repeats"] for each in found["choices"]] == [2, 5]
    assert found["choices"][0]["affordable"] == 1_000_000 // (2 * 5 * 1000)
    assert (found["pilot"], found["bank"], found["power"]) == (None, None, 0.9)
    assert found["variances"]["total"] == pytest.approx(found["variances"]["between"] + found["variances"]["within"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "target=DIFFERENCE is missing: The smallest true difference worth finding"),
        (["target=0"], "target: Input should be greater than 0, got '0'"),
        (["target=5"], "target=5: with base=0.6 a yes-or-no outcome can change by less than 0.6"),
        (["target=0.1", "power=1"], "power: Input should be less than 1, got '1'"),
        (["target=0.1", "power=0"], "power: Input should be greater than 0.05, got '0'"),
        (["target=0.1", "outcome=solvd"], "no outcome 'solvd'; did you mean 'solved'?"),
        (
            ["target=0.1", "outcome=words"],
            "outcome=words is no yes-or-no outcome, and its spread cannot be assumed: give pilot=RUN",
        ),
        (["target=0.1", "agreement=0.3"], "agreement=0.3: with base=0.6 two unrelated answers already agree in 0.52"),
        (["target=0.1", "agrement=0.9"], "no option of plan 'agrement'; did you mean 'agreement'?"),
        (["target=0.1", "repeats=1,x"], "repeats.1: Input should be a valid integer"),
        (["target=0.1", "tokens=1e6"], "tokens=1e+06 needs tokens_per_episode=N"),
        (["target=0.1", "pilot=none", "icc=0.1"], "pilot=none measures what icc would assume"),
        (["target=0.1", "pilot=nowhere"], "no run 'nowhere'"),
        (["0.1"], "plan does not take '0.1'; usage: simrun plan target=DIFFERENCE"),
    ],
)
def test_wrong_input_is_one_clear_line(command, arguments, message):
    code, out, told = command("plan", *arguments)
    assert code == 2
    assert message in told
    assert out == ""
