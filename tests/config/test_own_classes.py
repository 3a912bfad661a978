"""A class of the user's, as package.module:Class, wherever a menu takes a name; and options by mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from own_scenarios import Counter, Polite

from simrun import load, run
from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.menus import backends, modes, playable, scenario, scenarios
from simrun.envs.turn_based import aec
from simrun.report.run import rebuild, resume
from simrun.scenarios.base import FILLED
from simrun.scenarios.recruitment import Recruitment
from simrun.scenarios.recruitment.panel import Panel
from simrun.scenarios.recruitment.screen import Screen

OWN = "scenario=own_scenarios:Counter"


def given(played):
    """A scenario's options as somebody gives them, without what the run fills in."""
    return played.model_dump(exclude=set(FILLED))


def test_a_scenario_of_ones_own_is_played_replayed_and_resumed(tmp_path):
    done = run(OWN, "backend=scripted", cases=None, out=str(tmp_path))
    assert done.complete
    assert done.path.parent == tmp_path / "counter"
    assert set(done.outcomes.case) == {f"client-{nth}" for nth in range(6)}
    assert load(done.path).manifests[0].config.scenario["name"] == "own_scenarios:Counter"
    assert rebuild(done.path)[1] is True
    assert resume(done.path).complete


def test_its_options_are_options_of_the_command(tmp_path, monkeypatch):
    config, _ = compose([OWN, "backend=scripted", "scenario.clients=3"], {})
    assert given(config.played()) == given(Counter(clients=3))
    with pytest.raises(
        ConfigError, match="no option of scenario=own_scenarios:Counter 'client'; did you mean 'clients'"
    ):
        compose([OWN, "scenario.client=3"], {})
    monkeypatch.chdir(tmp_path)
    assert compose([OWN, "scenario.forms=a.csv"], {})[0].scenario["forms"] == str(tmp_path / "a.csv")


def test_a_backend_of_ones_own_for_all_or_for_one_role():
    config, _ = compose([OWN, "backend=own_scenarios:Polite", "backend.bows=2"], {})
    assert config.engine("clerk") == Polite(bows=2, rules=Counter.script)
    one = ["backend=local", "roles.clerk.backend=own_scenarios:Polite", "roles.clerk.bows=3"]
    assert compose([OWN, *one], {})[0].engine("clerk") == Polite(bows=3, rules=Counter.script)


def test_an_experiment_may_choose_it(tmp_path):
    file = tmp_path / "experiment" / "counting.yaml"
    file.parent.mkdir()
    file.write_text(
        "# @package _global_\ndefaults:\n  - override /scenario: own_scenarios:Counter\n"
        "  - override /backend: scripted\nscenario:\n  clients: 2\n"
    )
    config, _ = compose(["experiment=counting"], {}, tmp_path)
    assert given(config.played()) == given(Counter(clients=2))


def test_an_environment_may_play_it():
    env = aec(scenario="own_scenarios:Counter", backend="scripted", cases=2)
    env.reset(seed=0)
    env.step({"yes": True})
    assert env.rewards == {"clerk": 1.0}
    env.close()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("scenario=no_such:Counter", "No module named 'no_such'; install the package, or set PYTHONPATH"),
        (
            "scenario=own_scenarios:Count",
            "Count of own_scenarios is no subclass of simrun.scenarios.base:Scenario; .* Counter, Half",
        ),
        ("scenario=own_scenarios:Polite", "Polite of own_scenarios is no subclass of simrun.scenarios.base:Scenario"),
        (
            "scenario=own_scenarios:Half",
            r"own_scenarios:Half lacks roles\(\), hears\(\), brief\(\), play\(\), outcome .*; see "
            r"simrun.scenarios.base:Scenario",
        ),
        ("scenario=own_scenarios:Unnamed", r"own_scenarios:Unnamed lacks name \(a ClassVar\[str\]: a word\)"),
        ("backend=own_scenarios:Mute", r"own_scenarios:Mute lacks reply\(\); see simrun.agents.backends.base:Backend"),
        (
            "backend=own_scenarios:Counter",
            "Counter of own_scenarios is no subclass .* there are: Scripted, Polite, Mute",
        ),
    ],
)
def test_what_cannot_be_used_says_why(asked, message):
    with pytest.raises(ConfigError, match=message):
        compose([asked], {})


def test_a_module_that_breaks_is_named(tmp_path, monkeypatch):
    (tmp_path / "breaks.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="scenario=breaks:Any: breaks cannot be imported: ZeroDivisionError"):
        compose(["scenario=breaks:Any"], {})


@pytest.mark.slow
def test_the_command_shows_its_options(tmp_path):
    code = [sys.executable, "-c", "from simrun.cli.main import main; main()"]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    shown = subprocess.run(
        [*code, OWN, "--cfg", "job"], capture_output=True, text=True, cwd=tmp_path, env=env, check=True
    )
    assert "name: own_scenarios:Counter\n" in shown.stdout
    assert "clients: 6\n" in shown.stdout
    swept = [*code, "-m", "scenario=clinic,own_scenarios:Counter", "backend=scripted", "cases=2", "vary={}"]
    assert subprocess.run(swept, capture_output=True, text=True, cwd=tmp_path, env=env, check=False).returncode == 0
    assert {folder.name for folder in (tmp_path / "runs").iterdir()} == {"clinic", "counter", "sweeps"}


# Modes


def test_a_mode_is_a_module_of_its_scenarios_folder():
    assert {name: (kind.mode, kind.name) for name, kind in modes(Recruitment).items()} == {
        name: (name, "recruitment") for name in modes(Recruitment)
    }
    assert modes(Recruitment)["panel"] is Panel
    assert modes(Panel) == {}
    assert [kind.mode for kind in playable(scenarios()["clinic"])] == ["consultation", "vignette"]
    assert playable(Panel) == (Panel,)
    assert scenario("simrun.scenarios.recruitment:Recruitment") is Recruitment


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ([], {"style", "data"}),
        (["scenario.mode=panel"], {"style", "data", "recruiters", "rounds", "network", "auditor"}),
        (["scenario.mode='occupation'"], {"labour", "group", "choices"}),
        (["experiment=hiring_planted"], set()),
    ],
)
def test_the_options_shown_are_those_of_the_mode(asked, shown):
    config, _ = compose(["scenario=recruitment", "backend=scripted", *asked], {})
    some = {"style", "data", "recruiters", "rounds", "network", "auditor", "labour", "group", "choices", "questions"}
    assert set(config.scenario) & some == shown


def test_a_mode_from_python_or_from_an_experiment(tmp_path):
    config, _ = compose(["scenario=recruitment"], {"scenario": {"mode": "panel", "rounds": 2}})
    assert given(config.played()) == given(Panel(rounds=2))
    file = tmp_path / "experiment" / "seats.yaml"
    file.parent.mkdir()
    file.write_text(
        "# @package _global_\ndefaults:\n  - override /scenario: recruitment\nscenario:\n  "
        "mode: panel\n  recruiters: 5\n"
    )
    assert given(compose(["experiment=seats"], {}, tmp_path)[0].played()) == given(Panel(recruiters=5))
    assert given(compose(["scenario=recruitment"], {})[0].played()) == given(Screen())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ["scenario.mode=pannel"],
            "no mode of scenario=recruitment 'pannel'; did you mean 'panel'.* compare, interview, letter",
        ),
        (["scenario.rounds=2"], "scenario.rounds is no option of scenario.mode=screen but of scenario.mode=panel;"),
        (
            ["scenario.mode=occupation", "scenario.style=compact"],
            "scenario.style is no option of scenario.mode=occupation but of "
            "scenario.mode=compare, scenario.mode=interview,",
        ),
        (["scenario.stile=compact"], "no option of scenario=recruitment 'stile'; did you mean 'style'"),
        (
            ["scenario.mode=panel", "scenario.recruiters=10"],
            "recruiters: Input should be less than or equal to 9, got 10",
        ),
    ],
)
def test_what_a_mode_has_not_is_refused(asked, message):
    with pytest.raises(ConfigError, match=message):
        compose(["scenario=recruitment", *asked], {})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("[{pattern: x, say: y}]", "backend=scripted: no option of rules.0 'pattern'. There are: role, turn, when"),
        ("[{say: y}, {say: y, wehn: x}]", "no option of rules.1 'wehn'; did you mean 'when'"),
        ("[{say: y, chance: 3}]", "rules.0.chance: .* less than or equal to 1, got 3"),
        ("[{say: y, when: '('}]", "rules.0.when: is no regular expression: missing \\), .*got '\\('"),
    ],
)
def test_what_is_wrong_within_an_option_names_its_place(rules, message):
    with pytest.raises(ConfigError, match=message):
        compose(["scenario=clinic", "backend=scripted", f"backend.rules={rules}"], {})[0].engine("doctor")


def test_an_unknown_name_lists_the_menu():
    with pytest.raises(ConfigError, match="scenario"):
        compose(["scenario=clinik"], {})
    assert "scripted" in backends()
