"""Locked suites: what each asks is what it was locked at, and what may differ is named."""

import pytest
import yaml

from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.menus import backends, options
from simrun.config.options import Config
from simrun.leaderboard import suites
from simrun.plan.design import planned

PLAYED = [name for name in suites.names() if not suites.suite(name).parts]


@pytest.mark.parametrize("name", PLAYED)
def test_a_suite_asks_what_it_was_locked_at(name):
    """Where cases, prompts, axes or the design have changed: raise `version`, and write what is found here."""
    own, plan = suites.suite(name), suites.plan(name)
    assert (own.cases, own.lock) == (suites.cases(plan), suites.lock(plan))
    assert set(own.audited) <= set(plan.reference.backends)
    assert set(own.engine) <= {option for kind in backends().values() for option in options(kind)}
    assert own.tokens
    assert own.about


def test_there_is_one_of_each_scenario_one_over_all_and_a_small_one():
    assert {suites.config(name).scenario["name"] for name in PLAYED} == {
        "clinic",
        "recruitment",
        "dialogue",
        "peer_review",
    }
    assert set(suites.suite("four").parts) == {"clinic", "recruitment", "dialogue", "peer_review"}
    assert sum(1 for _ in suites.plan("small").trials()) == 64


def test_a_lock_moves_with_a_single_word_of_a_prompt():
    plan = suites.plan("small")
    axis = plan.catalogue.axes["placebo"]
    levels = {
        key: level.model_copy(update={"clubs": tuple(f"{club} too" for club in level.clubs)})
        for key, level in axis.levels.items()
    }
    axes = {**plan.catalogue.axes, "placebo": axis.model_copy(update={"levels": levels, "stated": "Folders: {level}."})}
    other = planned(plan.config, plan.catalogue.model_copy(update={"axes": axes}))
    assert suites.lock(plan) == suites.suite("small").lock
    assert suites.lock(other) != suites.lock(plan)
    assert list(other.trials()) == list(plan.trials())


def test_a_suite_writes_every_option_that_its_runs_have_of_their_own():
    """A changed default must not change a suite unseen."""
    for name in PLAYED:
        text = (suites._folder() / f"{name}.yaml").read_text()
        given = yaml.safe_load(text)
        assert {"scenario", "vary", "design", "cases", "repeats", "reask", "seed", "outcomes", "metrics"} <= set(given)
        assert {"cross", "controls", "primary", "margin"} <= set(given["design"])
        assert {"mode", "wording"} <= set(given["scenario"])


def test_a_suite_over_several_is_played_part_by_part():
    with pytest.raises(ConfigError, match="simrun -m suite=clinic,recruitment,dialogue,peer_review"):
        compose(["suite=four", "backend=scripted"], {})


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"name": "server", "model": "m", "url": "http://a/v1", "max_tokens": 256}, ()),
        ({"name": "server", "temperature": 0.0}, ("temperature is 0.0, and must be 0.7",)),
        ({"name": "server", "extra": {"logit_bias": {}}}, ("extra is {'logit_bias': {}}, and must be {}",)),
        ({"name": "vllm", "sampling": {"top_k": 1}}, ("sampling is {'top_k': 1}, and must be {}",)),
        ({"name": "scripted", "effect": 0.2, "group": "Black"}, ()),
    ],
)
def test_which_settings_of_an_engine_a_suite_allows(given, wrong):
    assert suites.settings(given, suites.suite("small")) == wrong


def test_what_differs_from_a_suite_is_named():
    own = suites.config("small")
    other = own.model_copy(update={"seed": 3, "out": "elsewhere", "concurrency": 2, "backend": {"name": "local"}})
    assert suites.differing(other, own) == ("seed",)
    assert suites.differing(own, own) == ()
    assert isinstance(own, Config)


def test_the_command_lists_and_shows(command):
    code, out, _ = command("suite", "list")
    assert (code, [line.split("@")[0] for line in out.splitlines()]) == (0, list(suites.names()))
    code, out, _ = command("suite", "show", "small")
    assert (code, "suite=small backend=... backend.temperature=0.7" in out) == (0, True)
    code, _, errors = command("suite", "show", "smal")
    assert (code, "did you mean 'small'" in errors) == (2, True)
    code, _, errors = command("suite", "show")
    assert (code, "which?" in errors) == (2, True)
