"""The environments: conformance kits, the engine that they share with the runner, logs, rewards, budgets."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test

from simrun import Run, run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scripted import Scripted
from simrun.catalogue import ConfigError, scenarios
from simrun.envs import Fair, accuracy, aec, parallel
from simrun.envs.ids import EDITIONS, digest, name
from simrun.envs.live import Live
from simrun.envs.rewards import Pay
from simrun.envs.session import Session, planned
from simrun.envs.spaces import Action, Speech, said
from simrun.episode import Trial
from simrun.runs import rebuild, resume
from simrun.scenarios.clinic import Ask, ClinicOutcome

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ASKED: dict[str, Any] = {"backend": "scripted", "cases": 2, "repeats": 2}
GUESS = {"move": "diagnose", "diagnosis": "the plague"}


@pytest.fixture(params=list(scenarios()))
def scenario(request: pytest.FixtureRequest) -> str:
    """Every scenario there is: a new one is covered without a line here."""
    return str(request.param)


@contextmanager
def closed(env: Any) -> Iterator[Any]:
    try:
        yield env
    finally:
        env.close()


def script(scenario: str) -> Callable[[Live, str], str]:
    """Answers as the scenario's own script does."""
    scripted = Scripted(rules=scenarios()[scenario].script)

    def answered(live: Live, role: str) -> str:
        asked = live.asked(role)
        assert asked is not None
        return asyncio.run(scripted.reply(asked[1])).text

    return answered


def told(run: Run) -> tuple[list[tuple[Any, ...]], dict[Any, Any]]:
    """Every call of a run, without the times, and every outcome."""
    calls = sorted(run.calls[["trial", "role", "nth", "digest", "seed", "text"]].itertuples(index=False, name=None))
    outcomes = run.outcomes[["trial", "outcome", "value", "text"]].astype(str)
    return calls, {(row[0], row[1]): row[2:] for row in outcomes.itertuples(index=False, name=None)}


@pytest.fixture
def ran(scenario: str, tmp_path: Path) -> Run:
    return run("design.controls=[]", scenario=scenario, out=str(tmp_path / "runs"), **ASKED)


class TestConformance:
    def test_aec(self, scenario: str) -> None:
        with closed(aec(scenario=scenario, **ASKED)) as env:
            api_test(env, num_cycles=60)

    def test_aec_seeds(self, scenario: str) -> None:
        seed_test(lambda: aec(scenario=scenario, **ASKED), num_cycles=30)

    def test_aec_renders(self, scenario: str) -> None:
        render_test(lambda render_mode: aec(scenario=scenario, render_mode=render_mode, **ASKED))  # type: ignore[arg-type]

    def test_parallel(self, scenario: str) -> None:
        with closed(parallel(scenario=scenario, **ASKED)) as env:
            parallel_api_test(env, num_cycles=60)
        parallel_seed_test(lambda: parallel(scenario=scenario, **ASKED), num_cycles=20)

    def test_gymnasium_in_every_seat(self, scenario: str) -> None:
        for seat in planned((), {"scenario": scenario, **ASKED}, None, None).reference.backends:
            with closed(gymnasium.make(name(scenario), seat=seat, **ASKED)) as env:
                check_env(env.unwrapped)


class TestOneEngine:
    """The same replies give the same prompts, seeds, texts and outcomes, whoever drives the stage."""

    def test_turns(self, scenario: str, ran: Run, tmp_path: Path) -> None:
        env, says = aec(scenario=scenario, log=tmp_path / "log", **ASKED), script(scenario)
        with closed(env):
            for _ in range(len(ran.episodes)):
                env.reset()
                for agent in env.agent_iter():
                    over = env.terminations[agent]
                    env.step(None if over else says(env._troupe.live, agent))
        assert told(Run(tmp_path / "log")) == told(ran)

    def test_together(self, scenario: str, ran: Run, tmp_path: Path) -> None:
        env, says = parallel(scenario=scenario, log=tmp_path / "log", **ASKED), script(scenario)
        with closed(env):
            for _ in range(len(ran.episodes)):
                _, infos = env.reset()
                while env.agents:
                    actions = {agent: says(env._troupe.live, agent) for agent in env.agents if infos[agent]["due"]}
                    _, _, _, _, infos = env.step(actions)
        assert told(Run(tmp_path / "log")) == told(ran)

    def test_one_seat(self, scenario: str, ran: Run, tmp_path: Path) -> None:
        seat, says = scenarios()[scenario].people[0], script(scenario)
        with closed(gymnasium.make(name(scenario), seat=member(scenario, seat), log=tmp_path / "log", **ASKED)) as env:
            for _ in range(len(ran.episodes)):
                env.reset()
                over = False
                while not over:
                    _, _, over, _, _ = env.step(says(env.unwrapped._chair.live, member(scenario, seat)))
        assert told(Run(tmp_path / "log")) == told(ran)

    def test_vector(self, scenario: str, ran: Run, tmp_path: Path) -> None:
        seat, says = member(scenario, scenarios()[scenario].people[0]), script(scenario)
        with closed(gymnasium.make_vec(name(scenario), num_envs=3, seat=seat, log=tmp_path / "log", **ASKED)) as env:
            _, infos = env.reset()
            chairs, idle = env.unwrapped._chairs, np.zeros(3, dtype=bool)
            while not idle.all():
                lives = [chair.live for chair in chairs]
                _, _, _, _, infos = env.step(["" if live is None or live.stage.over else says(live, seat) for live in lives])
                idle = infos.get("idle", idle)
        assert told(Run(tmp_path / "log")) == told(ran)


def member(scenario: str, role: str) -> str:
    """A role that can be seated: of a team its first member."""
    return scenarios()[scenario].teams.get(role, (role,))[0]


class TestLog:
    def test_a_logged_environment_is_a_run(self, tmp_path: Path) -> None:
        env = gymnasium.make("simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, log=tmp_path / "log")
        for _ in range(4):
            env.reset()
            env.step(GUESS)
        env.close()
        kept = Run(tmp_path / "log")
        assert kept.complete
        assert kept.report().design["done"] == 4
        assert kept.manifests[0].engines["doctor"]["backend"] == "caller"
        assert rebuild(kept.path)[1] is True
        assert resume(kept.path).complete

    def test_an_episode_is_gone_on_with(self, tmp_path: Path) -> None:
        def made() -> Any:
            return gymnasium.make("simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, vary={}, log=tmp_path / "log")

        with closed(made()) as env:
            env.reset()
            seen, *_ = env.step("Where does it hurt?")
        assert not Run(tmp_path / "log").complete
        with closed(made()) as env:
            again, _ = env.reset()
            assert again == seen
            env.step(GUESS)
            env.reset()
            env.step(GUESS)
            with pytest.raises(ConfigError, match="all episodes"):
                env.reset()
        assert Run(tmp_path / "log").complete
        assert len(Run(tmp_path / "log").calls) == 10  # 2 diagnoses, a question and its answer, 2 x 3 opinions

    def test_an_incomplete_run_cannot_be_played_without_the_caller(self, tmp_path: Path) -> None:
        with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, log=tmp_path / "log")) as env:
            env.reset()
            env.step(GUESS)
        again = resume(tmp_path / "log")
        assert not again.complete
        assert "through an environment" in again.stopped

    def test_another_config_is_refused(self, tmp_path: Path) -> None:
        aec(scenario="clinic", log=tmp_path / "log", **ASKED).close()
        with pytest.raises(ConfigError, match="holds a run of another config"):
            aec(scenario="clinic", seed=1, log=tmp_path / "log", **ASKED)


class TestEpisodes:
    def test_options_fix_the_trial(self) -> None:
        with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", **ASKED)) as env:
            _, info = env.reset(seed=3)
            wanted = {"case": info["case"], "arm": "patient.ethnicity=Black", "repeat": 1}
            seen, info = env.reset(options=wanted)
            assert {key: info[key] for key in wanted} == wanted
            assert "Black" in seen
            assert seen == env.reset(options=wanted)[0]
            with pytest.raises(ConfigError, match="no case 'nobody'"):
                env.reset(options={"case": "nobody"})

    def test_a_budget_truncates(self) -> None:
        with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", max_turns=2, **ASKED)) as env:
            env.reset()
            assert env.step("Since when?")[2:4] == (False, False)
            _, reward, terminated, truncated, _ = env.step("And where?")
            assert (reward, terminated, truncated) == (0.0, False, True)
            with pytest.raises(ConfigError, match="reset"):
                env.step("Hello?")

    def test_a_budget_truncates_all_agents(self) -> None:
        with closed(aec(scenario="clinic", max_turns=3, **ASKED)) as env:
            env.reset()
            for line in ("Since when?", "Yesterday.", "And where?"):
                env.step(line)
            assert env.truncations == {"doctor": True, "patient": True}
            assert not any(env.terminations.values())

    def test_infos_hold_the_chat_the_form_and_tokens(self) -> None:
        with closed(aec(scenario="clinic", tokenizer=lambda messages: [len(each["content"]) for each in messages], **ASKED)) as env:
            env.reset()
            info = env.infos["doctor"]
            assert [each.role for each in info["messages"]] == ["system", "user"]
            assert info["tokens"] == tuple(len(each.content) for each in info["messages"])
            assert '"const":"diagnose"' in info["form"]
            assert env.infos["patient"]["due"] is False
            env.step({"move": "ask", "question": "Où avez-vous mal? 痛い?"})
            assert env.infos["patient"]["form"] == ""
            assert env.observe("patient").endswith("Doctor: Où avez-vous mal? 痛い?")

    def test_opinions_are_asked_aside_one_after_the_other(self) -> None:
        with closed(aec(scenario="clinic", **ASKED)) as env:
            env.reset()
            env.step(GUESS)
            asides = []
            for agent in env.agent_iter():
                if env.terminations[agent]:
                    env.step(None)
                else:
                    asides.append((agent, env.infos[agent]["private"], env.infos[agent]["nth"]))
                    env.step({"score": 7})
            assert asides == [("patient", True, 0), ("patient", True, 1), ("patient", True, 2)]
            assert env._troupe.live.stage.outcome.confidence == 7

    def test_an_engine_that_fails_costs_its_own_episode(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with closed(gymnasium.make_vec("simrun/Clinic-v0", num_envs=2, seat="doctor", log=log, vary={}, **ASKED)) as env:
            env.reset()

            async def failing(chat: Any) -> Any:
                raise BackendError("timeout", "no answer")

            monkeypatch.setattr(Scripted, "reply", lambda self, chat: failing(chat))
            _, _, terminated, truncated, infos = env.step(("Where?", {"move": "test", "test": "pulse"}))
            assert not terminated.any()
            assert truncated.tolist() == [True, False]
            assert infos["error"][0] == "timeout: no answer"


def outcome(**fields: Any) -> ClinicOutcome:
    empty = dict.fromkeys(ClinicOutcome.model_fields)
    empty |= {
        "concluded": True,
        "verdict_by": "match",
        "diagnosis": "",
        "questions": 0,
        "tests": 0,
        "lost_moves": 0,
        "words": 0,
        "moves": 1,
    }
    return ClinicOutcome.model_validate(empty | fields)


class TestRewards:
    def test_accuracy_is_the_outcomes_own(self) -> None:
        assert [accuracy(outcome(solved=solved), "doctor") for solved in (True, False, None)] == [1.0, 0.0, 0.0]

    def test_a_pair_pays_its_difference_at_the_second_episode(self) -> None:
        pay = Pay(Fair(weight=0.5), {})
        one, other = (Trial(id=arm, case="case", arm=arm, repeat=0) for arm in ("White", "Black"))
        assert pay(one, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}
        assert pay(other, outcome(solved=False), ("doctor",)) == {"doctor": -0.5}  # 0 - 0.5 * |1 - 0|
        assert pay(other, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}  # a new pair begins
        assert pay(one, outcome(solved=True), ("doctor",)) == {"doctor": 1.0}  # alike: 1 - 0.5 * 0

    def test_a_fair_reward_draws_pairs(self) -> None:
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

    def test_a_function_of_ones_own(self) -> None:
        env = gymnasium.make("simrun/Clinic-v0", seat="doctor", reward=lambda outcome, role: 3.0 - outcome.tests, **ASKED)
        with closed(env):
            env.reset()
            env.step({"move": "test", "test": "pulse"})
            assert env.step(GUESS)[1] == 2.0


class TestSpaces:
    def test_any_unicode_is_speech(self) -> None:
        assert all(text in Speech() for text in ("", "plain", "Où ça? 痛い \U0001f912\n\t\0"))
        assert "\ud800" not in Speech()
        assert said("\ud800ow") == "?ow"

    def test_decisions_are_actions(self) -> None:
        assert {"move": "image"} in Action()
        assert said(Ask(question="Where?")) == '{"move":"ask","question":"Where?"}'
        with pytest.raises(TypeError, match="an action is text"):
            said(7)

    def test_samples_repeat_with_their_seed(self) -> None:
        assert Action(seed=5).sample() == Action(seed=5).sample()


def test_a_version_stands_for_its_prompts_and_cases(scenario: str) -> None:
    """A learning curve on Clinic-v0 must mean the same tomorrow."""
    found, known = digest(scenarios()[scenario]), EDITIONS.get(scenario)
    if known is None:
        pytest.fail(f'sim/envs/ids.py, EDITIONS: add "{scenario}": Edition(0, "{found}")')
    bump = f'"{scenario}": Edition({known.version + 1}, "{found}")'
    assert known.digest == found, f"prompts or cases of {scenario} changed: in sim/envs/ids.py, EDITIONS, write {bump}"


def test_a_session_can_be_shared_from_within_a_loop() -> None:
    session = Session(planned((), {"scenario": "clinic", **ASKED}, ("doctor",), None))

    async def inside() -> bool:
        return session.run(session.begin(session.draw(np.random.default_rng(0), {}))).stage.over

    assert asyncio.run(inside()) is False
    session.close()


def test_a_fatal_failure_of_an_engine_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dead(self: Scripted, chat: Any) -> Any:
        raise BackendError("engine", "it died")

    monkeypatch.setattr(Scripted, "reply", dead)
    with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", **ASKED)) as env:
        env.reset()
        with pytest.raises(BackendError, match="it died"):
            env.step("Where?")
        env.reset()  # a new episode can begin


def test_agents_learn_of_an_engine_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(self: Scripted, chat: Any) -> Any:
        raise BackendError("timeout", "no answer")

    monkeypatch.setattr(Scripted, "reply", late)
    with closed(aec(scenario="clinic", seats=("doctor",), **ASKED)) as env:
        env.reset()
        env.step("Where?")
        assert env.truncations == {"doctor": True}
        assert env.infos["doctor"]["error"] == "timeout: no answer"
