"""Steering as a part of a design: what is asked for, what makes arms and chats different, and what is refused. No torch
is needed to plan."""

import pytest
from steering import about, written

from simrun.agents.backends.transformers import Transformers
from simrun.agents.steering import Steer, fitted, pinned
from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.menus import catalogue
from simrun.plan.design import planned

CLINIC = ("scenario=clinic", "scenario.mode=vignette", "scenario.plan=false", "cases=3", "design.controls=[]")


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "race.safetensors")


def plan_of(*asked):
    return planned(compose((*CLINIC, *asked), {})[0], catalogue())


def steered(file, *asked):
    return plan_of("backend=transformers", f"backend.steer.vector={file}", *asked)


def digests(plan):
    case = next(iter(plan.cases))
    stages = [plan.stage(plan.trial(case, arm.name, 0)) for arm in plan.arms]
    return [stage.chat(stage.pending()[0]).digest for stage in stages]


def test_a_dose_is_a_factor_that_changes_the_chats_and_not_a_word(file):
    plan = steered(file, "vary.doctor.steer.dose=[0,-4,4]")
    assert [arm.name for arm in plan.arms] == [f"doctor.steer.dose={dose}" for dose in (0, -4, 4)]
    assert [own.backends["doctor"].steer.dose for own in plan.castings.values()] == [0, -4, 4]
    assert len(set(digests(plan))) == 3
    case = next(iter(plan.cases))
    stages = [plan.stage(plan.trial(case, arm.name, 0)) for arm in plan.arms]
    assert len({stage.chat(stage.pending()[0]).messages for stage in stages}) == 1


def test_dose_0_asks_what_is_asked_of_the_model_as_it_is(file):
    (plain,) = digests(plan_of("backend=transformers", "vary={}"))
    assert digests(steered(file, "vary.doctor.steer.dose=[0,1]"))[0] == plain
    assert digests(plan_of("backend=scripted", "vary={}")) == [plain]


def test_another_vector_layer_or_seed_is_another_chat(file, tmp_path):
    other = written(tmp_path / "other.safetensors", seed=1)
    runs = (
        steered(file, "vary={}"),
        steered(other, "vary={}"),
        steered(file, "vary={}", "backend.steer.layer=2"),
        steered(file, "vary={}", "backend.steer.random=1"),
        steered(file, "vary={}", "backend.steer.random=1", "seed=1"),
    )
    keys = [plan.reference.backends["doctor"].keyed() for plan in runs]
    assert len(set(keys)) == 5
    assert keys[0] == f"{pinned({'vector': str(file)})['sha256']} layer 1 dose 1.0"
    assert keys[3].endswith(" random 1 of 0")


def test_two_roles_of_one_run_carry_different_doses(file):
    told = ("scenario=clinic", "scenario.mode=consultation", "cases=2", "design.controls=[]", "backend=transformers")
    asked = (f"backend.steer.vector={file}", "roles.patient.steer.dose=-2", "vary.doctor.steer.dose=[0,2]")
    plan = planned(compose((*told, *asked), {})[0], catalogue())
    doses = [[own.backends[role].steer.dose for role in ("doctor", "patient")] for own in plan.castings.values()]
    assert doses == [[0, -2], [2, -2]]


def test_a_random_direction_is_an_arm_at_either_end(file):
    plan = steered(
        file, "vary.doctor.steer.dose=[0,-4,2,4]", "design.controls=[random]", "design.directions=2", "seed=5"
    )
    arms = [arm for arm in plan.arms if arm.control]
    assert [arm.name for arm in arms] == [
        f"random {which} doctor.steer.dose={dose}" for which in (1, 2) for dose in (-4, 4)
    ]
    own = [plan.castings[arm.name].backends["doctor"].steer for arm in arms]
    assert [(each.random, each.seed, each.dose) for each in own] == [
        (which, 5, dose) for which in (1, 2) for dose in (-4, 4)
    ]
    assert [each.why for each in plan.contrasts if each.arm.startswith("random")] == ["random direction"] * 4
    assert {each.reference for each in plan.contrasts} == {"doctor.steer.dose=0"}


def test_a_random_direction_needs_a_dose_to_stand_beside(file):
    with pytest.raises(ConfigError, match="no steering vector is varied"):
        steered(file, "vary={}", "design.controls=[random]")


def test_the_file_is_made_certain_when_a_run_is_asked_for(file):
    config = steered(file, "vary.doctor.steer.dose=[0,1]").config
    assert config.backend["steer"] == {**pinned({"vector": str(file)}), "dose": 1.0, "random": 0, "seed": None}
    assert config.backend["steer"]["layer"] == 1
    file.unlink()  # a run can be read where its vector is not
    assert digests(planned(config.of(config.model_dump(mode="json")), catalogue()))


def test_what_is_no_vector_is_refused(file, tmp_path):
    with pytest.raises(ConfigError, match=r"no file .*simrun steer fit"):
        steered(tmp_path / "none.safetensors", "vary={}")
    pickle = tmp_path / "vector.pt"
    pickle.write_bytes(b"\x80\x05cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(ConfigError, match="no safetensors file, and no other kind is read: a pickle can run code"):
        steered(pickle, "vary={}")
    bare = tmp_path / "bare.safetensors"
    bare.write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(ConfigError, match="does not say of which model"):
        steered(bare, "vary={}")
    with pytest.raises(ConfigError, match=r"steer has no vector to add"):
        plan_of("backend=transformers", "vary.doctor.steer.dose=[0,4]")
    with pytest.raises(ConfigError, match="thing to vary of the doctor"):
        steered(file, "vary.doctor.steer.strength=[0,4]")


def test_a_vector_of_another_model_or_size_is_refused(file):
    told = fitted(file)
    told.check(str(file), "a" * 64, 32, 1)
    with pytest.raises(ValueError, match=r"fitted on tiny \(weights aaaaaaaaaaaa\), and this model's weights are bbbb"):
        told.check(str(file), "b" * 64, 32, 1)
    with pytest.raises(ValueError, match="vectors have 32 numbers, and this model's activations 64"):
        told.check(str(file), "a" * 64, 64, 1)
    with pytest.raises(ValueError, match="has the layers 0 to 2"):
        told.check(str(file), "a" * 64, 32, 7)


def test_what_acts_is_a_vector_at_a_dose():
    assert not Steer().acts
    assert not Steer(vector="x", dose=0, random=1).acts
    assert Steer(vector="x", dose=0).told() == Steer().told() == ""
    assert Transformers(steer=Steer(vector="x", random=1)).seeded(3).steer.seed == 3
    assert Transformers(steer=Steer(vector="x", random=1, seed=1)).seeded(3).steer.seed == 1
    assert about().layer == 1
