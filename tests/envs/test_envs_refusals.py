"""What an environment refuses at once, and that a refusal leaves everything as it was."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from games import ASKED, closed
from gymnasium.envs.registration import EnvSpec

from simrun.agents.reply import Decision
from simrun.config.errors import ConfigError
from simrun.envs import Fair, accuracy, aec, parallel
from simrun.envs.spaces import Action, said
from simrun.scenarios.clinic.moves import Diagnose
from simrun.scenarios.outcome import Outcome

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
GUESS = {"move": "diagnose", "diagnosis": "the plague"}
Make = Callable[..., Any]


def single(**options: Any) -> Any:
    return gymnasium.make("simrun/Clinic-v0", seat="doctor", **ASKED | options)


def several(**options: Any) -> Any:
    return gymnasium.make_vec("simrun/Clinic-v0", num_envs=2, seat="doctor", **ASKED | options)


def in_turn(**options: Any) -> Any:
    return aec(scenario="clinic", **ASKED | options)


def together(**options: Any) -> Any:
    return parallel(scenario="clinic", **ASKED | options)


EVERY = pytest.mark.parametrize("make", [single, several, in_turn, together])


def trials(env: Any, **reset: Any) -> Any:
    """What a reset draws."""
    came = env.reset(**reset)
    if came is None:
        return env.infos["doctor"]["trial"]
    infos = came[1].get("doctor", came[1])
    return np.atleast_1d(infos["trial"]).tolist()


class TestActions:
    @pytest.mark.parametrize(
        "value", [np.int64(3), np.uint8(3), np.array(3), np.float64(3.0)], ids=lambda value: type(value).__name__
    )
    def test_numbers_of_numpy_are_numbers(self, value: Any) -> None:
        action = GUESS | {"urgency": value}
        assert action in Action()
        assert said(action).endswith(('"urgency": 3}', '"urgency": 3.0}'))

    def test_truth_values_and_arrays_of_numpy_too(self) -> None:
        assert said({"invite": np.bool_(True), "ranking": np.array(["B", "A"])}) == (
            '{"invite": true, "ranking": ["B", "A"]}'
        )

    def test_a_numpy_value_reaches_the_outcome(self) -> None:
        with closed(single()) as env:
            env.reset(seed=1)
            info = env.step(GUESS | {"urgency": np.int64(3), "referral": np.bool_(True)})[4]
            assert (info["outcome"].urgency, info["outcome"].referral) == (3, True)

    @pytest.mark.parametrize("action", [{"move": object()}, {"move": {1, 2}}, {"move": b"ask"}])
    def test_what_json_cannot_say_is_no_action(self, action: Any) -> None:
        assert action not in Action()
        with pytest.raises(TypeError, match="an action as a dict holds what JSON can say"):
            said(action)

    def test_a_decision_inside_a_dict_is_said(self) -> None:
        inner: Decision = Diagnose(diagnosis="flu")
        assert '"diagnosis": "flu"' in said({"inner": inner})

    @pytest.mark.parametrize("refused", [7, None, {"move": object()}])
    def test_one_refused_action_leaves_the_others_unsaid(self, refused: Any) -> None:
        with closed(several()) as env, closed(several()) as other:
            env.reset(seed=1)
            other.reset(seed=1)
            with pytest.raises(TypeError, match="environment 1: an action"):
                env.step(("Where?", refused))
            again, same = env.step(("Where?", GUESS)), other.step(("Where?", GUESS))
            assert again[0] == same[0]
            assert again[2].tolist() == same[2].tolist() == [False, True]
            assert env.step((GUESS, "Hello?"))[2][0]

    def test_one_refused_action_leaves_those_who_speak_together_unsaid(self) -> None:
        with closed(parallel("scenario.mode=panel", scenario="recruitment", seats=("recruiter",), **ASKED)) as env:
            env.reset(seed=1)
            due = {agent: {"score": 5, "invite": True} for agent in env.agents}
            with pytest.raises(TypeError, match="an action is text"):
                env.step(due | {env.agents[-1]: 7})
            seen = env.step(due)[0]
            assert "Recruiter 3: I give 5 of 10" in seen["recruiter_1"]

    def test_a_refused_action_keeps_what_was_earned(self) -> None:
        with closed(in_turn()) as env:
            env.reset(seed=1)
            env._cumulative_rewards["doctor"] = 0.5
            with pytest.raises(TypeError):
                env.step(7)
            assert env._cumulative_rewards["doctor"] == 0.5
            env.step("Where?")
            assert env.agent_selection == "patient"


class TestSeeds:
    @pytest.mark.slow
    @EVERY
    @pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
    def test_a_seed_of_numpy_is_a_seed(self, make: Make, kind: Any) -> None:
        for seed in (0, 5):
            with closed(make()) as one, closed(make()) as other:
                assert trials(one, seed=kind(seed)) == trials(other, seed=seed)

    @pytest.mark.slow
    @EVERY
    @pytest.mark.parametrize("seed", [-1, 1.0, True, "1", np.float64(2)])
    def test_what_is_no_seed_is_refused(self, make: Make, seed: Any) -> None:
        with closed(make()) as env, pytest.raises(ConfigError, match=r"seed=.*whole number from 0"):
            env.reset(seed=seed)

    def test_an_array_has_a_seed_for_each_environment(self) -> None:
        with closed(several()) as one, closed(several()) as other:
            assert trials(one, seed=np.array([3, 9])) == trials(other, seed=[3, 9])
            with pytest.raises(ValueError, match="one for each of 2 environments, got 1"):
                one.reset(seed=np.array([3]))
            with pytest.raises(ValueError, match="one for each of 2 environments, got 0"):
                one.reset(seed=[])


class TestResets:
    @pytest.mark.slow
    @EVERY
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"cases": "x"}, "no option of a reset 'cases'; did you mean 'case'"),
            ({"repeat": 2}, "no repeat 2: repeats=2 has 0 to 1"),
            ({"repeat": -1}, "repeat=-1: expected a whole number from 0"),
            ({"repeat": "1"}, "repeat='1': expected a whole number"),
            ({"arm": "nobody's"}, "no arm"),
            ({"case": None}, "no case 'None'"),
        ],
    )
    def test_what_there_is_not_is_refused(self, make: Make, options: dict[str, Any], message: str) -> None:
        with closed(make(repeats=2)) as env, pytest.raises(ConfigError, match=message):
            env.reset(options=options)

    @EVERY
    def test_a_repeat_of_numpy_is_a_repeat(self, make: Make) -> None:
        with closed(make(repeats=2)) as env:
            assert trials(env, options={"repeat": np.int64(1)})

    def test_a_refused_reset_leaves_the_episode_in_play(self) -> None:
        with closed(single()) as env:
            env.reset(seed=1)
            with pytest.raises(ConfigError):
                env.reset(options={"case": "nobody"})
            assert env.step(GUESS)[2]


class TestMaking:
    @EVERY
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_turns": 0}, "max_turns=0: expected a whole number from 1 on; leave it out for no limit"),
            ({"max_turns": 2.5}, "max_turns=2.5"),
            ({"max_turns": True}, "max_turns=True"),
            ({"reward": "accurracy"}, "no reward 'accurracy'; did you mean 'accuracy'"),
            ({"reward": 1.0}, "reward=1.0: expected a function"),
            ({"reward": Fair}, "reward=<class .*Fair.*Fair\\(...\\)"),
            ({"reward": "os:nothing"}, "no function of that name"),
            ({"reward": {"wait": 1}}, "expected the fields of Fair"),
            ({"tokenizer": "bert"}, "tokenizer='bert'"),
            ({"render_mode": "rgb_array"}, "no render_mode 'rgb_array'"),
        ],
    )
    def test_what_cannot_be_is_refused(self, make: Make, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            make(**options)

    def test_numbers_of_numpy_will_do(self) -> None:
        with closed(single(max_turns=np.int64(1))) as env:
            env.reset(seed=1)
            assert env.step("Where?")[3]

    @pytest.mark.parametrize("make", [in_turn, together])
    def test_somebody_must_have_a_seat(self, make: Make) -> None:
        with pytest.raises(ConfigError, match="name one role or more, or leave it out"):
            make(seats=())
        with closed(make(seats="doctor")) as env:
            assert env.possible_agents == ["doctor"]

    def test_a_vector_has_environments(self) -> None:
        with pytest.raises(ConfigError, match="num_envs=0"):
            gymnasium.make_vec("simrun/Clinic-v0", num_envs=0, seat="doctor", **ASKED)

    def test_a_fair_reward_is_fair_to_something_else(self) -> None:
        with pytest.raises(ConfigError, match="no other Fair"):
            Fair(base="Fair")


@EVERY
def test_a_copy_of_an_episode_is_refused_with_the_way_to_another(make: Make) -> None:
    with closed(make()) as env:
        env.reset(seed=1)
        for copied in (copy.deepcopy, copy.copy, pickle.dumps):
            with pytest.raises(
                TypeError, match=r"cannot be copied or pickled.*Make another one with the same arguments"
            ):
                copied(env.unwrapped)
        with pytest.raises(TypeError, match="cannot be copied"):
            copy.deepcopy(env)


def test_the_way_leads_to_the_same_place() -> None:
    with closed(single()) as env, closed(single()) as other:
        _, info = env.reset(seed=1)
        there = env.step("Where does it hurt?")[0]
        other.reset(options={key: info[key] for key in ("case", "arm", "repeat")})
        assert other.step("Where does it hurt?")[0] == there


def half(outcome: Outcome, role: str) -> float:
    return accuracy(outcome, role) / 2


@pytest.mark.parametrize(
    ("reward", "pays"), [("accuracy", accuracy), (Fair(0.5, "referral"), Fair(0.5, "referral")), ("Fair", Fair())]
)
def test_a_spec_in_json_makes_the_same_environment(reward: Any, pays: Any) -> None:
    with closed(single(reward=reward)) as env:
        spec = EnvSpec.from_json(env.spec.to_json())
    with closed(gymnasium.make(spec)) as again:
        assert again.unwrapped.session.terms.reward == pays


def test_a_function_of_the_users_is_known_by_name() -> None:
    with closed(single(reward=f"{__name__}:half")) as env:
        assert env.unwrapped.session.terms.reward(None or _solved(), "doctor") == 0.5
        assert f"{__name__}:half" in env.spec.to_json()


def _solved() -> Outcome:
    with closed(single(vary={})) as env:
        _, info = env.reset(seed=1)
        case = env.unwrapped.session.plan.cases[info["case"]]
        outcome: Outcome = env.step(GUESS | {"diagnosis": case.diagnosis})[4]["outcome"]
        return outcome
