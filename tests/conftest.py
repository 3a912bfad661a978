"""What several tests need: a scripted run in a folder of its own, the catalogue, and the shared data where it is."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import empty
from stub import Stub

from simrun import Run, run
from simrun.cli.main import main
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import Config
from simrun.log.manifest import Manifest
from simrun.log.trust import note
from simrun.plan.design import Plan

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The list of runs begun here, in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A state folder of these tests' own: others look at all that is in theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("apart")))
        yield


@pytest.fixture
def store() -> str:
    """The URL of a store that holds nothing."""
    return empty()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Go on at a machine of this name, which has a state folder of its own."""
    return lambda name: monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Run]:
    """Plays a scripted clinic run under tmp_path."""

    def played(*overrides: str, **options: Any) -> Run:
        own = () if any("design.controls" in each for each in overrides) or "design" in options else (SAME,)
        return run("scenario=clinic", "backend=scripted", *own, *overrides, out=str(tmp_path / "runs"), **options)

    return played


@pytest.fixture(scope="session")
def known() -> Catalogue:
    """Our own axes and biases."""
    return catalogue()


@pytest.fixture(scope="session")
def medqa() -> Path:
    """AgentClinic's MedQA file, where this checkout has shared data beside it."""
    return shared("clinic/agentclinic_medqa.jsonl")


@pytest.fixture(scope="session")
def nejm() -> Path:
    """AgentClinic's NEJM file."""
    return shared("clinic/agentclinic_nejm.jsonl")


def shared(name: str) -> Path:
    if not (DATA / name).is_file():
        pytest.skip(f"{DATA / name} is not here")
    return DATA / name


SAME = "design.controls=[same]"
"""One control arm is enough for most tests; test_run.py plays the default, which is two."""


def config(**fields: Any) -> Config:
    """A scripted clinic config, without Hydra."""
    design = {"controls": ["same"], **fields.pop("design", {})}
    return Config.of({"scenario": {"name": "clinic"}, "backend": {"name": "scripted"}, "design": design, **fields})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six episodes of seven calls, and who plays: 49 lines."""
    out = str(tmp_path_factory.mktemp("undisturbed"))
    asked = ("scenario=clinic", "backend=scripted", SAME, "vary.patient.ethnicity=[White,Black]")
    return run(*asked, cases=2, out=out).path


@pytest.fixture
def complete(undisturbed: Path, tmp_path: Path) -> Path:
    """That run, to be disturbed: as if it had been begun where it is now."""
    run = Path(shutil.copytree(undisturbed, tmp_path / undisturbed.name))
    note(Manifest.read(run), run)
    return run


@pytest.fixture
def sent(undisturbed: Path, tmp_path: Path) -> Path:
    """The same from somebody else."""
    return Path(shutil.copytree(undisturbed, tmp_path / "sent"))


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the suite `small` by rules, neither sealed nor reported."""
    from forging import played  # what it needs costs every other test a second

    return played(tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The plan of that suite."""
    from simrun.leaderboard import suites

    return suites.plan("small")


@pytest.fixture(scope="session")
def handed(honest: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packed runs of `small`: a fair, a biased and a useless model, of which the last has a hostile name, and rules."""
    from boards import HOSTILE, biased, fair, packed, screened, useless

    out = tmp_path_factory.mktemp("handed")
    for name, judge, model in (
        ("fair", fair, "fair-7b"),
        ("biased", biased, "=biased-7b"),
        ("useless", useless, HOSTILE),
    ):
        packed(screened(out / name, plan, judge, model), out / f"{name}.zip")
    packed(honest, out / "rules.zip")
    return out


@pytest.fixture(scope="session")
def full(handed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with all of them."""
    from simrun.leaderboard.board import add

    folder = tmp_path_factory.mktemp("board") / "board"
    for file in sorted(handed.glob("*.zip")):
        assert add(folder, file, "Ada", "sound", {}).state == "sound"
    return folder


@pytest.fixture
def board(full: Path, tmp_path: Path) -> Path:
    """That board, to be changed."""
    return Path(shutil.copytree(full, tmp_path / "board"))


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to check from, with a module that must not be imported, and scratch that must be empty again."""
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    (here / "planted.py").write_text("open('executed', 'w')\nclass Evil: ...\n")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    return here


@pytest.fixture(scope="module")  # a session of it would hold an event loop beside those of other tests
def browser() -> Iterator[Any]:
    """Debian's chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[dev]'")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not here: apt-get install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command line, in process: exit code, stdout, stderr."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(stop.value.code or 0), told.out, told.err

    return ran


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server of ours that answers as an engine does, and misbehaves as told."""
    with Stub() as made:
        yield made


VIGNETTES = ("scenario=clinic", "scenario.mode=vignette", "backend=scripted", "vary.patient.ethnicity=[White,Black]")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Vignettes, two repeats: pain is asked of some cases only."""
    out = str(tmp_path_factory.mktemp("whole"))
    return run(*VIGNETTES, "design.controls=[placebo]", cases=4, repeats=2, out=out)


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of many trials a few were played."""
    out = str(tmp_path_factory.mktemp("cut"))
    return run(*VIGNETTES, "design.controls=[same]", "concurrency=1", cases=12, tokens=4000, out=out)


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Consultations: several roles, and a judge who is asked afterwards."""
    out = str(tmp_path_factory.mktemp("talk"))
    return run(
        "scenario=clinic", "backend=scripted", "judge=observer", "vary.doctor.bias=[none,recency]", cases=2, out=out
    )
