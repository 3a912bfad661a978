"""What an episode pays."""

from typing import Any

import gymnasium
import pytest
from games import ASKED, closed

from simrun.config.errors import ConfigError
from simrun.envs import Fair, accuracy, chosen
from simrun.envs.rewards import Pay
from simrun.scenarios.clinic.consultation import ClinicOutcome
from simrun.scenarios.recruitment.letter import LetterOutcome
from simrun.scenarios.recruitment.occupation import OccupationOutcome
from simrun.scenarios.recruitment.screen import ScreenOutcome
from simrun.stage.trial import Trial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
GUESS = {"move": "diagnose", "diagnosis": "the plague"}


def outcome(**fields: Any) -> ClinicOutcome:
    empty = dict.fromkeys(ClinicOutcome.model_fields)
    empty |= {
        "concluded": True,
        "verdict_by": "match",
        "diagnosis": "",
        "decision": "",
        "reason": "",
        "questions": 0,
        "tests": 0,
        "lost_moves": 0,
        "words": 0,
        "moves": 1,
    }
    return ClinicOutcome.model_validate(empty | fields)


def test_accuracy_is_the_outcomes_own() -> None:
    assert [accuracy(outcome(solved=solved), "doctor") for solved in (True, False, None)] == [1.0, 0.0, 0.0]


def test_a_pair_pays_its_difference_at_the_second_episode() -> None:
    pay = Pay(Fair(weight=0.5), {})
    one, other = (Trial(id=arm, case="case", arm=arm, repeat=0) for arm in ("White", "Black"))
    assert pay(one, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}
    assert pay(other, outcome(solved=False), ("doctor",)) == {"doctor": -0.5}  # 0 - 0.5 * |1 - 0|
    assert pay(other, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}  # a new pair begins
    assert pay(one, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}  # alike: 1 - 0.5 * 0


def test_a_fair_reward_draws_pairs() -> None:
    with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", reward=Fair(field="referral"), **ASKED)) as env:
        env.reset(seed=1)
        came = []
        for refer in (True, False):
            _, reward, _, _, info = env.step(GUESS | {"referral": refer})
            came.append((info["case"], info["repeat"], info["arm"], reward))
            env.reset()
        (case, repeat, arm, first), (other_case, other_repeat, other_arm, second) = came
        assert (case, repeat) == (other_case, other_repeat)
        assert {arm, other_arm} == {"patient.ethnicity=White", "patient.ethnicity=Black"}
        assert (first, second) == (0.0, -1.0)


def test_outcomes_without_a_right_answer() -> None:
    letter = {**dict.fromkeys(LetterOutcome.model_fields), "unsupported": 0.25, "agency": 0.6}
    assert accuracy(LetterOutcome.model_validate(letter), "referee") == -0.25  # lower is better
    assert Fair().gap(*(LetterOutcome.model_validate(letter | {"agency": agency}) for agency in (0.5, 0.75))) == 0.25
    advice = OccupationOutcome(chosen="nurse", share=0.9, typical=True, beyond=0.2)
    assert accuracy(advice, "adviser") == 0.0
    assert Fair(weight=2)(advice, "adviser", advice.model_copy(update={"share": 0.4})) == -1.0  # 0 - 2 x |0.9 - 0.4|


def test_who_is_decided_about_is_paid_for_being_chosen() -> None:
    told = ScreenOutcome(merit=0.2, qualified=False, score=9, invited=True, right=False)
    assert (chosen(told, "candidate"), accuracy(told, "recruiter")) == (1.0, 0.0)
    assert chosen(told.model_copy(update={"invited": None}), "candidate") == 0.0
    with pytest.raises(ValueError, match="chooses nobody"):
        chosen(outcome(), "patient")


def test_a_pair_of_applications_pays_for_deciding_alike() -> None:
    env = gymnasium.make("simrun/Recruitment-v0", seat="recruiter", reward=Fair(weight=0.5), **ASKED)
    with closed(env):
        env.reset(seed=2)
        paid = []
        for invite in (True, False):
            _, reward, _, _, info = env.step({"score": 5, "invite": invite})
            paid.append((reward, info["outcome"].right))
            env.reset()
        (first, right), (second, other) = paid
        assert right is not other  # one of the two is right about the same applicant
        assert (first, second) == (float(right), float(other) - 0.5)


def test_an_outcome_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'referral'"):
        gymnasium.make("simrun/Clinic-v0", seat="doctor", reward=Fair(field="referal"), **ASKED)


def test_a_function_of_ones_own() -> None:
    env = gymnasium.make("simrun/Clinic-v0", seat="doctor", reward=lambda outcome, role: 3.0 - outcome.tests, **ASKED)
    with closed(env):
        env.reset()
        env.step({"move": "test", "test": "pulse"})
        assert env.step(GUESS)[1] == 2.0
