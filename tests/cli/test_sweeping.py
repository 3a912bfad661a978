"""What a sweep knows of its jobs: from what is typed, and from what they say of themselves."""

import pytest
from hydra.errors import MissingConfigException
from omegaconf import OmegaConf

from simrun.cli.jobs import Job
from simrun.cli.sweeping import Sweep, Told, swept
from simrun.cli.waiting import failures, lacking, progress
from simrun.config.mistakes import mistaken
from simrun.log.manifest import Manifest


@pytest.fixture
def sweep(tmp_path):
    made = Sweep()
    made.folder, made.runs = tmp_path, 4
    return made


def test_combinations_are_counted_and_a_list_in_brackets_is_one_value():
    typed = ["scenario=clinic", "++vary.patient.age=[30,70]", "seed=1,2,3", "++scenario.questions=5,10"]
    assert swept(typed) == (frozenset({"seed", "scenario.questions"}), 6)
    assert swept(["seed=range(1,5)"]) == (frozenset({"seed"}), 4)
    assert swept(["seed=interval(1,5)"])[1] is None  # a sweeper of somebody's finds them on the way


def test_a_job_says_last_what_counts_and_half_a_record_is_none(sweep):
    first = Told(number=1, what="seed=2")
    sweep.tell(first)
    sweep.tell(first.model_copy(update={"owed": 6, "done": 6, "code": 0}))
    sweep.tell(Told(number=0, what="seed=1", owed=6, done=2, calls=14))
    sweep.file(2, "json").write_text('{"number": 2, "wh')
    told = sweep.told()
    assert [(each.number, each.done, each.code) for each in told] == [(0, 2, None), (1, 6, 0)]
    assert progress(sweep, told, 7.0) == "1 of 4 runs ended, 1 play  8/12 episodes  2.0 calls/s"


def test_what_failed_was_lost_or_never_began_is_told_apart(sweep):
    told = [
        Told(number=0, what="seed=1", run="runs/a", code=0),
        Told(number=1, what="seed=2", code=2, why="simrun: no such thing"),
        Told(number=2, what="seed=3", run="runs/c"),
    ]
    assert failures(sweep, told) == [
        "#1 seed=2: exit code 2: no such thing",
        "#2 seed=3: lost: the process that played it ended without a word; go on with: simrun resume runs/c",
        "1 of 4 combinations were not begun: #3",
    ]
    assert lacking(sweep, told) == [2, 3]
    assert failures(sweep, [each.model_copy(update={"code": 0}) for each in told][:1]) == [
        "3 of 4 combinations were not begun: #1, #2, #3"
    ]


@pytest.mark.slow
def test_a_job_that_is_started_again_goes_on_with_its_run_and_one_of_a_sweep_that_ends_begins_none(
    sweep, tmp_path, play, monkeypatch
):
    cut = play("cases=3", "concurrency=1", "tokens=3000")  # of nine episodes the first few
    assert 0 < len(cut.episodes[cut.episodes.state == "done"]) < 9
    manifest = Manifest.read(cut.path)
    manifest.told(config=manifest.config.model_copy(update={"tokens": None})).write(cut.path)
    sweep.apart = True
    monkeypatch.setattr(Sweep, "here", sweep)
    hydra = {"job": {"num": 1}, "overrides": {"task": ["scenario=clinic", "seed=2"]}}
    monkeypatch.setattr("simrun.cli.jobs.HydraConfig.get", lambda: OmegaConf.create(hydra))
    sweep.tell(Told(number=1, what="seed=2", run=str(cut.path)))
    Job(as_json=False, full=False)(None)  # nothing is composed: what is played stands in the manifest
    (again,) = sweep.told()
    assert (again.run, again.done, again.owed, again.code) == (str(cut.path), 9, 9, 0)
    sweep.stop()
    hydra["job"]["num"] = 2
    Job(as_json=False, full=False)(None)
    assert (sweep.told()[-1].number, sweep.told()[-1].run, sweep.told()[-1].code) == (2, "", 130)


def test_jobs_that_are_asked_to_end_see_it(sweep):
    assert not sweep.stopping
    sweep.stop()
    assert sweep.stopping


@pytest.mark.parametrize(
    ("name", "package"), [("joblib", "hydra-joblib-launcher"), ("submitit_slurm", "hydra-submitit-launcher")]
)
def test_a_launcher_that_is_not_installed_is_named_with_the_command_that_helps(name, package):
    error = MissingConfigException("", f"hydra/launcher/{name}", ["basic"])
    assert str(mistaken(error)) == f"hydra/launcher={name} needs {package}: pip install 'simrun[sweep]'"


def test_an_option_that_a_launcher_has_not_is_no_option_of_a_run(command, tmp_path):
    code, _, said = command("-m", "seed=1,2", "hydra.launcher.n_jobs=2", f"out={tmp_path}")
    assert code == 2
    assert "hydra.launcher.n_jobs: the launcher has no such option; hydra/launcher=NAME chooses another" in said
