"""The environments: conformance kits, the engine that they share with the runner, logs, rewards, budgets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from games import ASKED, GAMES, Game, closed, seated
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test

from simrun import Run, run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.scripted import Scripted
from simrun.config.errors import ConfigError
from simrun.config.menus import scenarios
from simrun.envs import aec, parallel
from simrun.envs.live import Live
from simrun.envs.registry import EDITIONS, digest, name
from simrun.envs.session import Session
from simrun.envs.spaces import Action, Speech, said
from simrun.report.run import rebuild, resume
from simrun.scenarios.clinic.moves import Ask

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
GUESS = {"move": "diagnose", "diagnosis": "the plague"}


@pytest.fixture(scope="module", params=GAMES, ids=str)
def game(request: pytest.FixtureRequest) -> Game:
    return request.param


def script(game: Game) -> Callable[[Live, str], str]:
    """Answers as the scenario's own script does."""
    scripted = Scripted(rules=game.plan().reference.scenario.script)

    def answered(live: Live, role: str) -> str:
        asked = live.asked(role)
        assert asked is not None
        return asyncio.run(scripted.reply(asked[1])).text

    return answered


def told(run: Run) -> tuple[list[tuple[Any, ...]], dict[Any, Any]]:
    """Every call of a run, without the times, and every outcome; only of a script of ours is it known what it shows."""
    calls = sorted(run.calls[["trial", "role", "nth", "digest", "seed", "text"]].itertuples(index=False, name=None))
    outcomes = run.outcomes[["trial", "outcome", "value", "text"]].astype(str)
    rows = (row for row in outcomes.itertuples(index=False, name=None) if not row[1].startswith("planted."))
    return calls, {row[:2]: row[2:] for row in rows}


@pytest.fixture(scope="module")
def ran(game: Game, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = str(tmp_path_factory.mktemp("runs"))
    return run("design.controls=[]", *game.overrides, scenario=game.scenario, out=out, **ASKED)


class TestConformance:
    def test_aec(self, game: Game) -> None:
        with closed(aec(*game.overrides, scenario=game.scenario, **ASKED)) as env:
            api_test(env, num_cycles=60)

    def test_aec_seeds(self, game: Game) -> None:
        seed_test(lambda: aec(*game.overrides, scenario=game.scenario, **ASKED), num_cycles=30)

    def test_aec_renders(self, game: Game) -> None:
        render_test(lambda render_mode: aec(*game.overrides, scenario=game.scenario, render_mode=render_mode, **ASKED))  # type: ignore[arg-type]

    @pytest.mark.slow
    def test_parallel(self, game: Game) -> None:
        with closed(parallel(*game.overrides, scenario=game.scenario, **ASKED)) as env:
            parallel_api_test(env, num_cycles=60)
        parallel_seed_test(lambda: parallel(*game.overrides, scenario=game.scenario, **ASKED), num_cycles=20)

    @pytest.mark.slow
    def test_gymnasium_in_every_seat(self, game: Game) -> None:
        for seat in game.plan().reference.backends:
            with closed(gymnasium.make(name(game.scenario), seat=seat, overrides=game.overrides, **ASKED)) as env:
                check_env(env.unwrapped)


@pytest.mark.slow
def test_seats_that_an_option_opens() -> None:
    """Such as that of a user whom a model plays."""
    for game, seats in seated():
        asked = {"scenario": game.scenario, **ASKED}
        with closed(aec(*game.overrides, **asked)) as env:
            assert set(seats) <= set(env.possible_agents)
            api_test(env, num_cycles=20)
        with closed(parallel(*game.overrides, **asked)) as env:
            parallel_api_test(env, num_cycles=20)
        for seat in seats:
            with closed(gymnasium.make(name(game.scenario), seat=seat, overrides=game.overrides, **ASKED)) as env:
                check_env(env.unwrapped)


class TestOneEngine:
    """The same replies give the same prompts, seeds, texts and outcomes, whoever drives the stage."""

    @pytest.mark.slow
    def test_turns(self, game: Game, ran: Run, tmp_path: Path) -> None:
        env, says = aec(*game.overrides, scenario=game.scenario, log=tmp_path / "log", **ASKED), script(game)
        with closed(env):
            for _ in range(len(ran.episodes)):
                env.reset()
                for agent in env.agent_iter():
                    over = env.terminations[agent]
                    env.step(None if over else says(env._cast.live, agent))
        assert told(Run(tmp_path / "log")) == told(ran)

    @pytest.mark.slow
    def test_together(self, game: Game, ran: Run, tmp_path: Path) -> None:
        env, says = (
            parallel(*game.overrides, scenario=game.scenario, log=tmp_path / "log", **ASKED),
            script(game),
        )
        with closed(env):
            for _ in range(len(ran.episodes)):
                _, infos = env.reset()
                while env.agents:
                    actions = {agent: says(env._cast.live, agent) for agent in env.agents if infos[agent]["due"]}
                    _, _, _, _, infos = env.step(actions)
        assert told(Run(tmp_path / "log")) == told(ran)

    @pytest.mark.slow
    def test_one_seat(self, game: Game, ran: Run, tmp_path: Path) -> None:
        seat, says = game.seat(), script(game)
        with closed(
            gymnasium.make(name(game.scenario), seat=seat, overrides=game.overrides, log=tmp_path / "log", **ASKED)
        ) as env:
            for _ in range(len(ran.episodes)):
                env.reset()
                over = False
                while not over:
                    _, _, over, _, _ = env.step(says(env.unwrapped._play.live, seat))
        assert told(Run(tmp_path / "log")) == told(ran)

    @pytest.mark.slow
    def test_vector(self, game: Game, ran: Run, tmp_path: Path) -> None:
        seat, says = game.seat(), script(game)
        asked: dict[str, Any] = {"seat": seat, "overrides": game.overrides, "log": tmp_path / "log", **ASKED}
        with closed(gymnasium.make_vec(name(game.scenario), num_envs=3, **asked)) as env:
            _, infos = env.reset()
            plays, idle = env.unwrapped._plays, np.zeros(3, dtype=bool)
            while not idle.all():
                lives = [play.live for play in plays]
                _, _, _, _, infos = env.step(
                    ["" if live is None or live.stage.over else says(live, seat) for live in lives]
                )
                idle = infos.get("idle", idle)
        assert told(Run(tmp_path / "log")) == told(ran)


class TestLog:
    @pytest.mark.slow
    def test_a_logged_environment_is_a_run(self, tmp_path: Path) -> None:
        env = gymnasium.make("simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, log=tmp_path / "log")
        for _ in range(4):
            env.reset()
            env.step(GUESS)
        env.close()
        kept = Run(tmp_path / "log")
        assert kept.complete
        assert kept.scored.played.done == 4
        assert kept.manifests[0].engines["doctor"]["backend"] == "caller"
        assert rebuild(kept.path)[1] is True
        assert resume(kept.path).complete

    def test_an_episode_is_gone_on_with(self, tmp_path: Path) -> None:
        def made() -> Any:
            return gymnasium.make(
                "simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, vary={}, log=tmp_path / "log"
            )

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

    def test_the_callers_seat_is_not_asked_again_and_others_are(self, tmp_path: Path) -> None:
        rules = [
            {"role": "patient", "when": "could not be read", "say": {"score": 7}},
            {"role": "patient", "when": "Answer with a number", "say": "Fairly."},
        ]
        asked = {"overrides": ("backend=scripted",), "backend": {"rules": rules}, "cases": 1, "vary": {}}
        with closed(gymnasium.make("simrun/Clinic-v0", seat="doctor", log=tmp_path / "log", **asked)) as env:
            env.reset()
            env.step("Hm.")
            env.step(GUESS)
        kept = Run(tmp_path / "log")
        again = kept.calls[kept.calls.attempt == 1]
        assert sorted(again.nth) == [0, 1, 2]
        assert set(again.role) == {"patient"}
        assert kept.turns[kept.turns.role == "doctor"].problem.fillna("").tolist() == ["unreadable", ""]
        assert rebuild(kept.path)[1] is True

    def test_an_incomplete_run_cannot_be_played_without_the_caller(self, tmp_path: Path) -> None:
        with closed(
            gymnasium.make("simrun/Clinic-v0", seat="doctor", backend="scripted", cases=2, log=tmp_path / "log")
        ) as env:
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
        with closed(
            aec(scenario="clinic", tokenizer=lambda messages: [len(each["content"]) for each in messages], **ASKED)
        ) as env:
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
            assert env._cast.live.stage.outcome.confidence == 7

    def test_an_engine_that_fails_costs_its_own_episode(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with closed(
            gymnasium.make_vec("simrun/Clinic-v0", num_envs=2, seat="doctor", log=log, vary={}, **ASKED)
        ) as env:
            env.reset()

            async def failing(chat: Any) -> Any:
                raise BackendError("timeout", "no answer")

            monkeypatch.setattr(Scripted, "reply", lambda self, chat: failing(chat))
            _, _, terminated, truncated, infos = env.step(("Where?", {"move": "test", "test": "pulse"}))
            assert not terminated.any()
            assert truncated.tolist() == [True, False]
            assert infos["error"][0] == "timeout: no answer"


class TestSeats:
    def test_people_on_paper_have_none(self) -> None:
        with pytest.raises(ConfigError, match="candidate of scenario=recruitment is only read about"):
            gymnasium.make("simrun/Recruitment-v0", seat="candidate", **ASKED)
        with pytest.raises(ConfigError, match="only read about"):
            aec(scenario="recruitment", seats=("candidate",), **ASKED)

    def test_a_panel_speaks_together(self) -> None:
        with closed(parallel("scenario.mode=panel", scenario="recruitment", seats=("recruiter",), **ASKED)) as env:
            _, infos = env.reset()
            members = ["recruiter_1", "recruiter_2", "recruiter_3"]
            assert [agent for agent in env.agents if infos[agent]["due"]] == members
            seen, _, _, _, infos = env.step(
                {member: {"score": score, "invite": True} for member, score in zip(members, (2, 5, 8), strict=True)}
            )
            assert [agent for agent in env.agents if infos[agent]["due"]] == members[:1]  # and now they talk in turn
            assert "Recruiter 3: I give 8 of 10" in seen["recruiter_1"]
            assert "Recruiter 1" not in seen["recruiter_1"]

    def test_a_team_is_no_single_seat(self) -> None:
        with pytest.raises(ConfigError, match="did you mean 'recruiter_"):
            gymnasium.make("simrun/Recruitment-v0", seat="recruiter", overrides=("scenario.mode=panel",), **ASKED)


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


@pytest.mark.parametrize("scenario", scenarios())
def test_a_version_stands_for_its_prompts_and_cases(scenario: str) -> None:
    """A learning curve on Clinic-v0 must mean the same tomorrow."""
    found, known = digest(scenarios()[scenario]), EDITIONS.get(scenario)
    if known is None:
        pytest.fail(f'sim/envs/registry.py, EDITIONS: add "{scenario}": Edition(0, "{found}")')
    bump = f'"{scenario}": Edition({known.version + 1}, "{found}")'
    assert known.digest == found, (
        f"prompts or cases of {scenario} changed: in sim/envs/registry.py, EDITIONS, write {bump}"
    )


def test_a_session_can_be_shared_from_within_a_loop() -> None:
    session = Session.of((), {"scenario": "clinic", **ASKED}, ("doctor",))

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
