"""Steering vectors out of pairs of prompts: means by hand, which pairs there are, and a file made and played."""

import json

import numpy as np
import pytest
from tiny import LAYERS, WIDTH, made

from simrun import run
from simrun.agents.steering import fitted
from simrun.cli.main import main
from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.menus import catalogue
from simrun.plan.design import planned
from simrun.play.fitting import fit, fresh, pairs

CLINIC = ("scenario=clinic", "scenario.mode=vignette", "scenario.plan=false", "backend=scripted", "design.controls=[]")
RACE = "vary.patient.ethnicity=[White,Black]"


def plan_of(*asked):
    return planned(compose((*CLINIC, *asked), {})[0], catalogue())


def typed(*asked):
    """The exit code of a subcommand."""
    with pytest.raises(SystemExit) as ended:
        main(["steer", "fit", *asked])
    return ended.value.code


def activations(*of):
    """(pairs, 2, 1 layer, 2 numbers) out of (reference, other)."""
    return np.array([[[one], [other]] for one, other in of], dtype=float)


def test_a_vector_is_the_mean_difference_of_the_first_half():
    found = fit(activations(((0, 5), (2, 5)), ((1, 1), (5, 1)), ((0, 0), (1, 9)), ((2, 0), (1, 0))))
    assert found.vectors[0].tolist() == [3, 0]
    assert (found.pairs, found.held_out) == (2, 2)
    layer = found.layers[0]
    assert layer.norm == 3
    assert layer.stream == pytest.approx(np.mean([5, np.hypot(2, 5), np.hypot(1, 1), np.hypot(5, 1)]))
    assert layer.auc == 0.5  # along it stand 1, 1 against 0, 2: one more, one less, of two pairs each


def test_held_out_pairs_that_are_all_told_apart_leave_room_for_others():
    found = fit(activations(*[((0, at), (1, at)) for at in range(20)])).layers[0]
    assert (found.auc, found.high) == (1, 1)
    assert found.low == pytest.approx(0.05 ** (1 / 10))


def test_pairs_are_the_same_cases_told_both_ways():
    plan = plan_of("cases=4", RACE)
    found = pairs(plan, tuple(plan.cases), "doctor")
    assert [pair.case for pair in found] == list(plan.cases)
    for pair in found:
        assert "White" in pair.reference.text()
        assert pair.reference.text().replace("White", "Black") == pair.other.text()


@pytest.mark.parametrize(
    ("asked", "role", "told"),
    [
        (("vary.patient.ethnicity=[White,Black,Asian]",), "doctor", "has 3 arms"),
        (
            ("backend=transformers", "vary.doctor.temperature=[0.5,1.0]"),
            "doctor",
            "the doctor is asked the same on both",
        ),
        ((RACE,), "patient", r"the patient is not the first to speak in scenario=clinic \(that is doctor\)"),
    ],
)
def test_what_makes_no_pairs_is_refused(asked, role, told):
    plan = plan_of(*asked)
    with pytest.raises(ConfigError, match=told):
        pairs(plan, tuple(plan.cases), role)


def test_cases_come_from_the_end_of_the_order_of_a_run():
    every, first = plan_of("cases=null", RACE), plan_of("cases=40", RACE)
    taken = fresh(every, 40)
    assert taken == tuple(every.cases)[-40:]
    assert not set(taken) & set(first.cases)
    with pytest.raises(ConfigError, match="pairs=5: give 8 to"):
        fresh(every, 5)


def test_only_a_backend_that_shows_its_activations_is_fitted_and_only_safetensors_are_written(tmp_path, capsys):
    assert typed(str(tmp_path / "v.pt"), *CLINIC[:-1], RACE) == 2
    assert "kept as safetensors" in capsys.readouterr().err
    assert typed(str(tmp_path / "v.safetensors"), *CLINIC[:-1], RACE) == 2
    assert "backend=scripted does not show its activations" in capsys.readouterr().err


def test_a_vector_is_fitted_and_played(tmp_path, capsys):
    model, file = made(tmp_path / "tiny"), tmp_path / "race.safetensors"
    asked = [str(file), *CLINIC[:3], f"model={model}", RACE, "pairs=10", "layer=2", "--json"]
    assert typed(*asked) == 0
    told = json.loads(capsys.readouterr().out)
    about = fitted(file)
    assert (about.pairs, about.held_out, len(about.cases), about.layer) == (5, 5, 10, 2)
    assert (about.width, len(about.layers), about.seed) == (WIDTH, LAYERS, 0)
    assert about.contrast == "patient.ethnicity=Black, against patient.ethnicity=White"
    assert about.layers[2].norm == pytest.approx(float(np.linalg.norm(_vector(file, "layer.2"))), rel=1e-5)
    before = file.read_bytes()
    assert typed(*asked) == 0
    assert file.read_bytes() == before
    steered = (f"model={model}", f"backend.steer.vector={file}", "vary.doctor.steer.dose=[0,2]", "cases=2")
    played = run(*CLINIC[:3], "design.controls=[]", "backend=transformers", *steered, out=str(tmp_path / "runs"))
    engines = played.report().value("played", "engines")
    assert {each["steer"]["sha256"] for each in engines.values()} == {told["sha256"]}
    assert {each["steer"]["layer"] for each in engines.values()} == {2}


def _vector(file, name):
    from safetensors.numpy import load_file

    return load_file(file)[name]
