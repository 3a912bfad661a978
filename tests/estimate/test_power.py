"""Planning: figures worked out by hand, the power that was planned, a pilot that was really played, and the command."""

import json
import math

import numpy as np
import pytest
from samples import paired

from simrun.cli.main import main
from simrun.config.errors import ConfigError
from simrun.estimate.paired import clustered_mean, detectable
from simrun.estimate.sample_size import (
    AuditPlan,
    Variances,
    cases_needed,
    detectable_with,
    repeats_needed,
    variances_assumed,
    variances_from_pilot,
)
from simrun.report.pilot import Ask, concluded, measured, planned, told

HALF = Variances(total=1.0, between=0.5, within=0.5)
VARIED = {"patient": {"ethnicity": ["White", "Black"]}}


def audit(rng, cases, repeats, effect, base, icc, agreement):
    """Paired outcomes as variances_assumed describes them: (arm, reference, case), one entry a pair."""
    v, weight = base * (1 - base), (1 - icc) / icc
    own, afresh = rng.beta(base * weight, (1 - base) * weight, (2, cases, 1))
    luck, other = rng.random((2, cases, repeats))
    same = rng.random((cases, 1)) < 1 - (1 - agreement) / (2 * v)
    reference, twin = luck < own, np.where(same, luck < own, other < afresh)
    frequent = base >= 0.5
    turned = (twin == frequent) & (rng.random((cases, repeats)) < effect / max(base, 1 - base))
    return np.where(turned, ~twin, twin).ravel(), reference.ravel(), np.repeat(np.arange(cases), repeats)


def test_the_variance_of_a_mean_by_hand():
    assert HALF.of_mean(1) == 1
    assert HALF.of_mean(5) == pytest.approx(0.6)
    assert HALF.of_mean(math.inf) == 0.5
    with pytest.raises(ValueError, match="only the total"):
        Variances(total=1, between=None, within=None).of_mean(2)


def test_the_detectable_difference_by_hand():
    # t on 3 degrees: 3.1824 + 0.9785; variance .5 + .5 / 5 = .6 over 4 cases
    assert detectable_with(4, 5, HALF) == pytest.approx(4.1609 * 0.15**0.5, abs=1e-3)
    assert detectable_with(1, 5, HALF) == math.inf


def test_the_cases_needed_by_hand():
    # on 33 degrees of freedom t sums to 2.0345 + 0.8526 = 2.8871, / sqrt(34) = .4951; on 32 to 2.8899, / sqrt(33) = .5031
    assert cases_needed(0.5, HALF, 1) == 34
    # between alone: on 17 degrees (2.1098 + 0.8633) sqrt(.5 / 18) = .4955; on 16 (2.1199 + 0.8647) sqrt(.5 / 17) = .5119
    assert cases_needed(0.5, HALF, math.inf) == 18
    assert cases_needed(1e9, HALF, 1) == 2


def test_the_cases_needed_are_the_fewest_that_do():
    for target in (0.05, 0.2, 0.7, 2.0):
        for power in (0.1, 0.5, 0.8, 0.99):
            count = cases_needed(target, HALF, 2, power)
            assert detectable_with(count, 2, HALF, power) <= target
            assert count == 2 or detectable_with(count - 1, 2, HALF, power) > target


def test_repeats_replace_cases_only_down_to_what_lies_between_them():
    assert repeats_needed(0.5, HALF, 17) is None  # 18 are needed however many repeats
    repeats = repeats_needed(0.5, HALF, 25)
    assert cases_needed(0.5, HALF, repeats) <= 25 < cases_needed(0.5, HALF, repeats - 1)
    assert repeats_needed(0.5, HALF, 34) == 1
    assert repeats_needed(0.5, Variances(total=1, between=None, within=None), 40) is None


def test_the_components_of_a_pilot_by_hand():
    # means 1 and 5, overall 3: MSB = 2 (4 + 4) / 1 = 16; within: 1, 1, 1, 1 on 2 degrees: MSW = 2; between = (16 - 2) / 2 = 7
    found = variances_from_pilot([([0.0, 2.0, 4.0, 6.0], list("aabb"))])
    assert (found.between, found.within, found.total) == pytest.approx((7, 2, 9))
    # the same arm again, shifted by its effect: pooled, nothing changes
    assert (
        variances_from_pilot([([0.0, 2.0, 4.0, 6.0], list("aabb")), ([9.0, 11.0, 13.0, 15.0], list("aabb"))]) == found
    )


def test_unequal_repeats_by_hand():
    # 1, 3 in a and 5 in b: mean 3; MSB = 2 x 1 + 1 x 4 = 6, MSW = 2 / 1; n0 = 3 - (4 + 1) / 3 = 4/3; between = 4 / (4/3) = 3
    found = variances_from_pilot([([1.0, 3.0, 5.0], list("aab"))])
    assert (found.between, found.within) == pytest.approx((3, 2))


def test_a_negative_component_is_0_and_one_repeat_gives_the_total():
    # both means are 0, so MSB = 0; MSW = (1 + 1 + 4 + 4) / 2
    assert variances_from_pilot([([-1.0, 1.0, -2.0, 2.0], list("aabb"))]) == Variances(total=5, between=0, within=5)
    assert variances_from_pilot([([1.0, 2.0, 4.0, 5.0], list("abcd"))]) == Variances(
        total=10 / 3, between=None, within=None
    )
    with pytest.raises(ConfigError, match="at least 2 cases"):
        variances_from_pilot([([1.0, 2.0], ["a", "a"])])
    with pytest.raises(ConfigError, match="at least 2 cases"):
        variances_from_pilot([])


@pytest.mark.parametrize("repeats", [1, 3])
def test_what_a_design_can_detect_is_what_its_report_says(repeats):
    data, cases = (
        np.random.default_rng(2).normal(np.repeat(np.arange(8.0), repeats), 0.5),
        np.repeat(np.arange(8), repeats),
    )
    found = variances_from_pilot([(data, cases)])
    assert detectable_with(8, repeats, found) == pytest.approx(detectable(clustered_mean(data, cases)))


def test_the_assumed_variances_by_hand():
    # h = .05 / .6 = 1/12; noise 11/12 x .2 = .18333; total .18333 + .05 - .0025; between .3 (.18333 + .24 / 144)
    found = variances_assumed(0.05)
    assert (found.total, found.between, found.within) == pytest.approx((0.230833, 0.0555, 0.175333), abs=1e-6)
    # full agreement beyond an effect that all cases share alike: a coin's variance alone
    assert variances_assumed(0.2, base=0.5, icc=0, agreement=1) == Variances(
        total=0.2 - 0.04, between=0, within=0.2 - 0.04
    )
    assert variances_assumed(0.1, base=0.3) == variances_assumed(0.1, base=0.7)


@pytest.mark.parametrize(
    "assumed",
    [
        {"effect": 0.05, "base": 0.6, "icc": 0.3, "agreement": 0.8},
        {"effect": 0.2, "base": 0.3, "icc": 0.6, "agreement": 0.7},
        {"effect": 0.3, "base": 0.5, "icc": 0.1, "agreement": 0.95},
    ],
)
def test_the_assumed_variances_are_those_of_such_agents(assumed):
    rng = np.random.default_rng(5)
    arm, reference, case = audit(rng, 100_000, 4, **assumed)
    difference = arm.astype(float) - reference
    found, expected = variances_from_pilot([(difference, case)]), variances_assumed(**assumed)
    assert abs(difference.mean()) == pytest.approx(assumed["effect"], abs=0.005)
    assert found.between == pytest.approx(expected.between, abs=0.003)
    assert found.within == pytest.approx(expected.within, abs=0.003)


@pytest.mark.parametrize(
    ("repeats", "assumed"),
    [
        (1, {"effect": 0.1, "base": 0.6, "icc": 0.3, "agreement": 0.8}),
        (4, {"effect": 0.15, "base": 0.7, "icc": 0.5, "agreement": 0.75}),
    ],
)
def test_the_planned_number_of_cases_has_the_planned_power(repeats, assumed):
    """Of 400 audits, 80 % must find it, within what 400 can tell."""
    rng = np.random.default_rng([11, repeats])
    cases = cases_needed(assumed["effect"], variances_assumed(**assumed), repeats)
    found = [paired(*audit(rng, cases, repeats, **assumed), span=1) for _ in range(400)]
    power = sum(each.high < 0 or each.low > 0 for each in found) / 400
    assert 0.75 <= power <= 0.86


@pytest.fixture
def pilot(play):
    """A planted bias of 20 points, on 12 cases, three times each."""
    return play("backend.group=Black", "backend.effect=0.2", cases=12, repeats=3, vary=VARIED)


def asked(**given):
    return planned(Ask.of({key: str(value) for key, value in given.items()}))


def test_a_pilot_is_read_from_a_run_that_was_played(pilot):
    found = measured(str(pilot.path))
    assert (found.outcome, found.cases, found.arms, found.controls, found.bank) == ("solved", 12, 2, 1, 30)
    done = pilot.episodes
    assert found.tokens == pytest.approx((done.prompt_tokens + done.output_tokens).mean())
    solved = pilot.outcomes[pilot.outcomes.outcome == "solved"].pivot(
        index=["case", "repeat"], columns="arm", values="value"
    )
    difference = solved["patient.ethnicity=Black"] - solved["patient.ethnicity=White"]
    within, means = (
        difference.groupby("case").var().mean(),
        difference.groupby("case").mean(),
    )  # equal repeats: MSW is the mean variance
    assert found.variances.within == pytest.approx(within)
    assert found.variances.between == pytest.approx(max(0, means.var() - within / 3))


def test_a_plan_from_a_pilot_counts_controls_tokens_and_the_bank(pilot):
    plan = asked(target=0.3, pilot=pilot.path, tokens_per_episode=1000, tokens=100_000)
    for each in plan.choices:
        assert each.episodes == each.cases * each.repeats * 3
        assert each.tokens == each.episodes * 1000
        assert each.affordable == min(100 // (3 * each.repeats), 30)
        assert each.detectable == detectable_with(30, each.repeats, plan.variances)
        assert each.affordable_detectable == detectable_with(each.affordable, each.repeats, plan.variances)
    assert plan.assumed == {}
    assert "The pilot compared 12 cases" in told(plan)
    assert f"measured in {pilot.path}" in told(plan)


BIG = AuditPlan(
    target=0.5,
    power=0.8,
    outcome="solved",
    pilot="p",
    assumed={},
    variances=HALF,
    arms=2,
    controls=1,
    bank=25,
    tokens_per_episode=None,
    tokens=None,
    choices=(),
    limit=18,
    cheapest=None,
    notes=(),
)


def verdict(**changed):
    plan = BIG.model_copy(update=changed)
    return " ".join(concluded(plan, (1, 2, 5)).notes)


def test_the_verdict_names_the_cheapest_that_the_bank_allows():
    # 34 cases with one repeat, 26 with two, 21 with five
    assert verdict().startswith(
        "Cheapest with the 25 cases of the bank: repeats=5, 21 cases, 315 episodes. Cheaper still, but more than the"
    )
    assert "more than the bank has: repeats=1, 34 cases, 102 episodes." in verdict()
    assert verdict(bank=40).startswith(
        "Cheapest with the 40 cases of the bank: repeats=1, 34 cases, 102 episodes. However many"
    )


def test_a_bank_that_is_too_small_is_said():
    assert "Warning: the bank has 19 cases, and the target needs 21 or more" in verdict(bank=19)
    repeats = repeats_needed(0.5, HALF, 19)
    assert f"All 19 cases with repeats={repeats} would do ({19 * 3 * repeats} episodes)." in verdict(bank=19)
    assert "Repeats cannot replace cases here: however many, 18 cases are needed." in verdict(bank=17)


def test_the_verdict_on_a_budget():
    # an episode is 100 tokens: one repeat of a case in three arms 300, so that 9000 pay for 30 cases, but 25 is all there are
    paid = concluded(BIG.model_copy(update={"tokens": 9000.0, "tokens_per_episode": 100.0}), (1, 2, 5))
    assert [each.affordable for each in paid.choices] == [25, 15, 6]
    assert [each.tokens for each in paid.choices] == [34 * 300, 26 * 600, 21 * 1500]
    # 1 / 25 is less than .75 / 15 and .6 / 6
    assert (
        f"9000 tokens find the smallest difference, {detectable_with(25, 1, HALF):.3g}, with repeats=1 and 25 cases."
        in paid.notes
    )
    assert "500 tokens do not pay for two cases." in verdict(tokens=500.0, tokens_per_episode=100.0)


def test_a_pilot_of_one_repeat_plans_one_repeat(play):
    done = play("backend.group=Black", "backend.effect=0.5", cases=8, vary=VARIED)
    plan = asked(target=0.2, pilot=done.path, repeats="1,4")
    assert [each.repeats for each in plan.choices] == [1]
    assert (plan.limit, plan.variances.within) == (None, None)
    assert "only repeats=1 is planned" in told(plan)


def test_a_pilot_that_tells_nothing_is_refused(play):
    alike = play(cases=4, repeats=2, vary=VARIED)
    with pytest.raises(ConfigError, match="every pair came out the same in solved"):
        asked(target=0.1, pilot=alike.path)
    with pytest.raises(ConfigError, match="compares no arm with its reference"):
        asked(target=0.1, pilot=play(cases=4, vary={}).path)
    with pytest.raises(ConfigError, match="no outcome 'solvd'; did you mean 'solved'"):
        asked(target=0.1, pilot=alike.path, outcome="solvd")
    with pytest.raises(ConfigError, match="target=5: solved spans 1 in all"):
        asked(target=5, pilot=play("backend.group=Black", "backend.effect=0.5", cases=8, vary=VARIED).path)


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["plan", *arguments])
    return stop.value.code, capsys.readouterr()


def test_the_command_tells_what_it_assumed(capsys):
    code, said = command(capsys, "target=0.1")
    assert code == 0
    assert "assumed, not measured: base=0.6 icc=0.3 agreement=0.8" in said.out
    assert "found in 80 % of audits" in said.out
    assert "Cheapest: repeats=1, 204 cases, 612 episodes." in said.out  # 2 arms and the control
    assert "tokens" not in said.out


def test_the_command_as_json(capsys):
    code, said = command(
        capsys,
        "target=0.1",
        "--json",
        "repeats=[5,2,2]",
        "tokens=1e6",
        "tokens_per_episode=1000",
        "arms=3",
        "power=0.9",
    )
    found = json.loads(said.out)
    assert code == 0
    assert [each["repeats"] for each in found["choices"]] == [2, 5]
    assert found["choices"][0]["affordable"] == 1_000_000 // (2 * 4 * 1000)
    assert (found["pilot"], found["bank"], found["power"]) == (None, None, 0.9)
    assert found["variances"]["total"] == pytest.approx(found["variances"]["between"] + found["variances"]["within"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "target is missing: give the smallest difference worth finding, for example target=0.05"),
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
        (["0.1"], "usage: simrun plan target=DIFFERENCE"),
    ],
)
def test_wrong_input_is_one_clear_line(capsys, arguments, message):
    code, said = command(capsys, *arguments)
    assert code == 2
    assert message in said.err
    assert said.out == ""
