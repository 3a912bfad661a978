"""docs/extending.md as it stands: its package is installed as a distribution of its own, and its commands are run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from simrun import load, report, run
from simrun.cli import commands
from simrun.cli.command import command as subcommand
from simrun.config.errors import ConfigError
from simrun.report import sections
from simrun.report.section import sections as menu

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {found[1]: text for _, text in BLOCKS if (found := re.match(r"# (\S+\.(?:py|toml))\n", text))}
LINES = [shlex.split(line) for language, text in BLOCKS if language == "bash" for line in text.splitlines()]
PLAY, *LATER = [line[1:] for line in LINES if line[0] == "simrun"]
MAIN = [sys.executable, "-c", "from simrun.cli.main import main; main()"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed the page's package into."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "myaudit").mkdir()
    (source / "myaudit" / "__init__.py").touch()
    for name, text in FILES.items():
        if name.startswith(("myaudit/", "pyproject")):
            (source / name).write_text(text)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    assert (target / "myaudit-0.1.0.dist-info").is_dir()
    return target


def simrun(site: Path, at: Path, *line: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process that finds the installed package."""
    known = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run([*MAIN, *line], cwd=at, env=known, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def played(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's first command was run."""
    at = tmp_path_factory.mktemp("work")
    done = simrun(installed, at, *PLAY)
    assert done.returncode == 0, done.stderr
    return at


@pytest.fixture
def known(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package in this process too."""
    monkeypatch.syspath_prepend(installed)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "myaudit"]:
        del sys.modules[name]


def only(at: Path) -> Path:
    (folder,) = (at / "runs" / "triage").iterdir()
    return folder


def test_each_example_is_at_most_forty_lines():
    assert [name for name in FILES if name.startswith("myaudit/")] == [
        "myaudit/triage.py",
        "myaudit/echo.py",
        "myaudit/kindness.py",
        "myaudit/metrics.py",
    ]
    # the name of the file stands above the file
    assert {name: len(text.splitlines()) - 1 for name, text in FILES.items() if len(text.splitlines()) - 1 > 40} == {}


@pytest.mark.slow
def test_it_plays_and_seals_a_value_a_turn_and_one_of_each_subject(played):
    table = only(played) / "sealed" / "outcomes.parquet"
    own = 'arm = \'patient.gender=man\' AND "case" = (SELECT min("case") FROM t)'
    told = f"WITH t AS (FROM '{table}') SELECT turn, subject, value FROM t WHERE outcome = ? AND {own} ORDER BY ALL"
    called = duckdb.execute(told, ["called"]).fetchall()
    assert [turn for turn, _, _ in called] == list(range(len(called)))
    assert {subject for _, subject, _ in called} == {None}
    times = duckdb.execute(told, ["times"]).fetchall()
    assert [(turn, subject) for turn, subject, _ in times] == [(None, "a"), (None, "b"), (None, "c")]
    assert times[0][2] == sum(value for _, _, value in called)
    assert sum(value for _, _, value in times) == len(called)


def test_it_reports_all_of_them(played):
    told = json.loads((only(played) / "report" / "report.json").read_text())["sections"]

    def rows(section: str) -> list[dict[str, object]]:
        (table,) = [block for block in told[section]["blocks"] if block.get("key") == section]
        return list(table["rows"])

    assert {row["outcome"] for row in rows("by_turn")} == {"called"}
    assert [row["subject"] for row in rows("by_subject")] == ["a", "b", "c"]
    assert [row["outcome"] for row in rows("judges")] == ["kindness.share"]
    assert {row["metric"] for row in rows("metrics")} == {"spread"}
    assert all(row["value"] is not None and row["low"] is not None for row in rows("metrics"))
    page = (only(played) / "report" / "report.md").read_text()
    assert "Played by an echo, not by a language model." in page
    assert "kindness: backend echo, shift 0" in page


@pytest.mark.slow
def test_the_other_commands_of_the_page(installed, played, tmp_path):
    at = Path(shutil.copytree(played, tmp_path / "work"))
    before = found(at)
    done = {line[0]: simrun(installed, at, *line, "trust=true") for line in LATER}  # a copy is not as it was begun
    assert list(done) == ["report", "replay", "resume", "judge"]
    assert {name: each.returncode for name, each in done.items()} == dict.fromkeys(done, 0), done["judge"].stderr
    assert "outcomes identical, report identical" in done["replay"].stderr + done["replay"].stdout
    assert found(at) != before  # the judge's answers were drawn anew
    assert simrun(installed, at, "replay", "last", "trust=true").returncode == 0


def found(at: Path) -> list[tuple[str, float]]:
    """What the judge found, by trial."""
    table = only(at) / "sealed" / "outcomes.parquet"
    rows = duckdb.sql(f"SELECT trial, value FROM '{table}' WHERE outcome = 'kindness.share' ORDER BY ALL").fetchall()
    assert len(rows) == 16  # four cases in two arms, same and placebo
    return rows


def test_without_the_package_it_says_what_to_install(played):
    done = simrun(played, played, "replay", "last")
    assert done.returncode == 2
    assert "No module named 'myaudit'; install the package, or set PYTHONPATH" in done.stderr


@pytest.mark.usefixtures("known")
def test_it_is_loaded_and_stopped_and_gone_on_with(installed, tmp_path):
    asked = ["scenario=myaudit.triage:Triage", "backend=myaudit.echo:Echo", "cases=2"]
    done = run(*asked, out=str(tmp_path / "runs"))
    assert load(done.path).layout.details["called"].value.shape == (2, 4, 3, 1)  # two arms, same and placebo
    log = only(tmp_path) / "log" / "00000.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    manifest = only(tmp_path) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"heads": {}, "complete": False}))
    assert report.run.resume(done.path).complete


@pytest.mark.usefixtures("known")
def test_it_steps_as_an_environment():
    namespace: dict[str, object] = {}
    (text,) = [text for _, text in BLOCKS if text.startswith("# an episode by hand")]
    exec(text, namespace)
    assert namespace["reward"] == 1.0  # patient a was called in the one round that there was
    assert namespace["ended"] is True


def test_a_section_and_a_command_are_a_file_each(tmp_path, monkeypatch, undisturbed, capsys):
    for package, name in ((sections, "calls"), (commands, "where")):
        folder = tmp_path / name
        folder.mkdir()
        (text,) = [text for file, text in FILES.items() if file.endswith(f"/{name}.py")]
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    try:
        menu.cache_clear()
        (found,) = [each for each in menu() if each.name == "calls"]
        (table,) = found.compute(load(undisturbed).scored)
        assert len(table.rows) == 3  # type: ignore[union-attr]
        assert subcommand("where")(reference=str(undisturbed)).run(False) == 0
        assert capsys.readouterr().out == f"{undisturbed}\n"
    finally:
        menu.cache_clear()
        for name in ("simrun.report.sections.calls", "simrun.cli.commands.where"):
            sys.modules.pop(name, None)


COUNTER, SCRIPTED = "scenario=own_scenarios:Counter", "backend=scripted"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["scenario=own_broken:Endless", SCRIPTED], "own_broken:Endless lacks play(); see simrun.scenarios.base:Scen"),
        ([COUNTER, "backend=own_broken:Silent"], "own_broken:Silent lacks reply(); see simrun.agents.backends.base:"),
        (
            [COUNTER, SCRIPTED, "judge=own_broken:Deaf"],
            "own_broken:Deaf lacks questions(), tally(), decision (a ClassVar: its subclass of Decision); see simrun.",
        ),
        ([COUNTER, SCRIPTED, "metrics=[own_broken:Unmeasured]"], "lacks measure; add what Metric describes"),
        (
            [COUNTER, SCRIPTED, "metrics=[own_broken:Undeclared]"],
            "lacks low, high, fair, worse, undefined, source; add what Metric describes",
        ),
        ([COUNTER, SCRIPTED, "metrics=[own_broken:Aimless]"], "which finds no samples; give one of: "),
        (
            [COUNTER, SCRIPTED, "metrics=[own_broken:Needy]"],
            "metrics=own_broken:Needy needs Scores: Said says not which field it is: set score_field; or leave",
        ),
        (["scenario=own_broken:Lists", SCRIPTED], "own_broken.Listed.said: an outcome cannot hold list[int]; it can"),
        (["scenario=own_broken:Nests", SCRIPTED], "own_broken.Nested.said: an outcome cannot hold "),
        (["scenario=own_broken:Maps", SCRIPTED], "own_broken.Mapped.said: an outcome cannot hold "),
        (["scenario=own_broken:Crosses", SCRIPTED], "own_broken.Crossed.said: an outcome cannot hold "),
        (["scenario=nowhere.at_all:Thing", SCRIPTED], "scenario=nowhere.at_all:Thing: No module named 'nowhere'; ins"),
        ([COUNTER, "backend=nowhere:Thing"], "backend=nowhere:Thing: No module named 'nowhere'; install the package"),
        ([COUNTER, SCRIPTED, "judge=nowhere:Thing"], "judge=nowhere:Thing: No module named 'nowhere'; install the"),
        ([COUNTER, SCRIPTED, "metrics=[nowhere:Thing]"], "metrics=nowhere:Thing: No module named 'nowhere'; install"),
        (["scenario=own_broken:Silent", SCRIPTED], "Silent of own_broken is no subclass of simrun.scenarios.base:Scen"),
        ([COUNTER, "backend=own_broken:Deaf"], "Deaf of own_broken is no subclass of simrun.agents.backends.base:Back"),
        ([COUNTER, SCRIPTED, "judge=own_broken:Whole"], "Whole of own_broken is no subclass of simrun.agents.judges."),
        (
            [COUNTER, SCRIPTED, "metrics=[own_broken:Silent]"],
            "Silent of own_broken is no subclass of simrun.score.metric:Metric; such classes there are: Whole, Unm",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_played(asked, told, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = command(*asked)
    assert code == 2
    assert told in errors
    assert errors.startswith("simrun: ")
    assert errors.count("\n") == 1
    assert not (tmp_path / "runs").exists()
    with pytest.raises(ConfigError):
        run(*asked, out=str(tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
