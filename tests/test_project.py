"""What keeps the project itself in order: layers, packages, configs, menus, style."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from simrun import __version__, run
from simrun.cli.command import command, names
from simrun.config.menus import backends, catalogue, judges, options, playable, scenarios
from simrun.export.exporter import exporter
from simrun.export.exporter import names as forms
from simrun.report.section import sections
from simrun.score.menu import metrics

ROOT = Path(__file__).parents[1]
FOLDERS = {"sim": "simrun", "agents": "simrun.agents", "scenarios": "simrun.scenarios", "configs": "simrun.configs"}
APART = ("verifiers", "simrun_verifiers", "training")
"""Modules that need what only an environment of their own has."""
SOURCES = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
EXPERIMENTS = sorted(file.stem for file in (ROOT / "configs" / "experiment").glob("*.yaml"))
KNOWN = catalogue()


ORDER = (
    "agents",
    "scenarios",
    "config",
    "estimate",
    "stage",
    "plan",
    "log",
    "play",
    "score",
    "report",
    "export",
    "leaderboard",
)
"""The rooms: each may import those before it. What is in none of them (cli, envs, the top of sim/) may import all."""


def imports(text: str) -> set[str]:
    """Every module of ours that a file imports, at its top or inside a function, and each name that may be a module."""
    tree = ast.parse(text)
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            plain |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in plain if name.split(".")[0] == "simrun"}


def room(module: str) -> str | None:
    """The room that a module lies in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ORDER else None


def climbs(where: str, text: str) -> list[str]:
    """The imports of a file in a room that point to no room above it."""
    able = ORDER[: ORDER.index(where) + 1]
    return sorted(name for name in imports(text) if name != "simrun" and room(name) not in able)


ROOMED = [
    (name, file)
    for name in ORDER
    for folder in (ROOT / name, ROOT / "sim" / name)
    if folder.is_dir()
    for file in folder.rglob("*.py")
]


def test_every_folder_of_sim_is_a_room_that_has_its_place():
    folders = {file.parent.name for file in (ROOT / "sim").glob("*/__init__.py")}
    assert folders - {"cli", "envs"} <= set(ORDER)


@pytest.mark.parametrize(("where", "file"), ROOMED, ids=lambda value: getattr(value, "stem", value))
def test_arrows_only_point_down(where, file):
    assert climbs(where, file.read_text()) == []


@pytest.mark.parametrize(
    ("where", "text", "found"),
    [
        ("plan", "from simrun.report.run import Run", ["simrun.report.run", "simrun.report.run.Run"]),
        ("log", "def late():\n    from simrun.play import replay\n", ["simrun.play", "simrun.play.replay"]),
        ("stage", "import simrun.plan.design", ["simrun.plan.design"]),
        ("agents", "from simrun.scenarios.base import Turn", ["simrun.scenarios.base", "simrun.scenarios.base.Turn"]),
        ("scenarios", "if True:\n    import simrun.cli.main", ["simrun.cli.main"]),
        ("score", "from simrun.plan.arms import Arm", []),
    ],
)
def test_a_planted_arrow_that_points_up_is_found(where, text, found):
    assert climbs(where, text) == found


def test_nothing_of_sim_knows_one_scenario():
    ours = set(scenarios())
    for file in (ROOT / "sim").rglob("*.py"):
        known = {name.split(".")[2] for name in imports(file.read_text()) if name.startswith("simrun.scenarios.")}
        assert not known & ours, file


@pytest.mark.slow
def test_nothing_imports_itself_in_a_circle():
    """Each module alone: one that needs another to have been imported before fails here."""
    names = [
        ".".join([FOLDERS[file.relative_to(ROOT).parts[0]], *file.relative_to(ROOT).with_suffix("").parts[1:]])
        for file in SOURCES
        if file.stem not in ("__init__", "__main__") and "configs" not in file.parts and file.stem not in APART
    ]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    [sys.modules.pop(each) for each in list(sys.modules) if each.split('.')[0] == 'simrun']\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_packages_listed_are_the_folders_there_are():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {
        ".".join([name, *file.parent.relative_to(ROOT / folder).parts])
        for folder, name in FOLDERS.items()
        for file in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in file.parts
    }
    assert sorted(listed) == sorted(there)


def test_the_base_install_loads_no_engine():
    code = (
        "import sys, simrun.cli.main, simrun.config.composition; simrun.config.composition.register(); print([m for m "
        "in ('torch', 'vllm', 'xllamacpp', 'pandas', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_modules_are_named_from_simrun_and_leave_other_packages_alone():
    code = (
        "import simrun, simrun.agents; import importlib.util as u; print(u.find_spec('sim'), "
        "u.find_spec('scenarios'), u.find_spec('configs'))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert done.stdout.split() == ["None", "None", "None"]


@pytest.mark.parametrize(
    ("menu", "folder"),
    [
        (scenarios, "scenarios"),
        (backends, "agents/backends"),
        (judges, "agents/judges"),
        (metrics, "sim/score/metrics"),
        (lambda: {each.name: each for each in sections()}, "sim/report/sections"),
        (lambda: {name: command(name) for name in names()}, "sim/cli/commands"),
        (lambda: {name: exporter(name) for name in forms()}, "sim/export/targets"),
    ],
    ids=["scenarios", "backends", "judges", "metrics", "sections", "commands", "exports"],
)
def test_a_menu_is_what_its_folder_holds(menu, folder):
    """Every entry is called like its module; that a class is on the menu costs no line elsewhere."""
    there = {file.stem for file in (ROOT / folder).glob("*.py")} | {
        each.parent.name for each in (ROOT / folder).glob("*/__init__.py")
    }
    assert menu()
    assert set(menu()) <= there
    assert all(getattr(kind, "name", None) == name for name, kind in menu().items())


def test_every_yaml_is_named_as_it_is_filed():
    for file in (ROOT / "configs" / "axis").glob("*.yaml"):
        assert KNOWN.axes[file.stem].name == file.stem
    for file in (ROOT / "configs" / "bias").glob("*/*.yaml"):
        assert KNOWN.biases[f"{file.parent.name}/{file.stem}"].sources


@pytest.mark.slow
@pytest.mark.parametrize("axis", KNOWN.axes)
def test_every_axis_composes_and_plays(axis, play):
    done = play("cases=2", f"vary.patient.{axis}=[{','.join(KNOWN.axes[axis].levels)}]")
    assert done.complete


CARRIED = [(bias.role, bias) for bias in KNOWN.biases.values()] + [("chair", KNOWN.biases["recruiter/gender"])]


@pytest.mark.slow
@pytest.mark.parametrize(("role", "bias"), CARRIED, ids=lambda value: getattr(value, "name", value))
def test_every_bias_composes_and_plays(role, bias, tmp_path):
    name, kind = next(
        (name, each)
        for name, kind in scenarios().items()
        for each in playable(kind)
        if role in {*each().roles(), *each().teams()}
    )
    axis, vary = bias.axis, f"vary.{role}.bias=[none,{bias.name}]"
    persona = [f"roles.{kind().focus()}.persona.{axis}={list(KNOWN.axes[axis].levels)[1]}"] if axis else []
    done = run(
        f"scenario={name}",
        "backend=scripted",
        "cases=2",
        *([f"scenario.mode={kind.mode}"] if kind.mode else []),
        vary,
        *persona,
        out=str(tmp_path / "runs"),
    )
    assert done.complete


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN.mitigations)
def test_every_mitigation_composes_and_plays(name, play):
    assert KNOWN.mitigations[name].sources
    assert play("cases=2", f"vary.doctor.mitigation=[none,{name}]", "vary.patient.ethnicity=[White,Black]").complete


LONG = ("clinic_32_groups",)
"""Experiments of too many arms for the first lane."""


@pytest.mark.parametrize(
    "experiment", [pytest.param(each, marks=pytest.mark.slow if each in LONG else ()) for each in EXPERIMENTS]
)
def test_every_experiment_composes_and_plays(experiment, tmp_path):
    assert run(f"experiment={experiment}", "backend=scripted", "cases=2", out=str(tmp_path / "runs")).complete


def test_no_default_is_written_twice():
    """configs/ holds deviations: no value in an experiment equals the default of its field."""
    for file in (ROOT / "configs" / "experiment").glob("*.yaml"):
        given = yaml.safe_load(file.read_text())
        chosen = {"override /scenario": "clinic", "override /backend": "local"}
        for each in given.get("defaults", []):
            chosen |= each
        for group, menu in (("scenario", scenarios()), ("backend", backends())):
            defaults = options(menu[chosen[f"override /{group}"]])
            assert not {key for key, value in (given.get(group) or {}).items() if defaults.get(key, ...) == value}, file


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_stay_small(file):
    text = file.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("kind", metrics().values(), ids=metrics())
def test_every_metric_says_its_range_what_is_fair_and_its_source(kind):
    assert kind.low < kind.high
    assert kind.worse in ("lower", "higher", "away", "")
    assert kind.fair is None or kind.low <= kind.fair <= kind.high
    assert kind.undefined
    assert re.search(r"(doi:10\.\d{4,}|arXiv:\d{4}\.\d{4,}|extension)", kind.source), kind.source
    assert kind.about.endswith(".")


def test_every_public_name_has_a_docstring():
    for file in SOURCES:
        tree = ast.parse(file.read_text())
        for node in [tree, *tree.body]:
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                public = not getattr(node, "name", "").startswith("_")
                assert ast.get_docstring(node) or not public, (file, getattr(node, "name", "the module"))


def test_the_changelog_names_this_version_or_what_is_to_be_released():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] in ("Unreleased", version)
    assert __version__ == version


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_imports_of_ours_is_there(page: Path):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    for line in re.findall(r"^(?:from|import) simrun\b[^(\n]*$", "\n".join(blocks), re.MULTILINE):
        exec(line, {})  # ImportError names the line
