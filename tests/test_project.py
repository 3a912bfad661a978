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

from simrun import run
from simrun.config.menus import backends, catalogue, metrics, options, playable, scenarios

ROOT = Path(__file__).parents[1]
FOLDERS = {"sim": "simrun", "agents": "simrun.agents", "scenarios": "simrun.scenarios", "configs": "simrun.configs"}
SOURCES = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
EXPERIMENTS = sorted(file.stem for file in (ROOT / "configs" / "experiment").glob("*.yaml"))
KNOWN = catalogue()


def imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize(
    ("folder", "below"),
    [("agents", ("simrun.agents",)), ("scenarios", ("simrun.agents", "simrun.scenarios")), ("configs", ())],
)
def test_arrows_only_point_down(folder, below):
    for file in (ROOT / folder).rglob("*.py"):
        ours = {name for name in imports(file) if name.split(".")[0] == "simrun"}
        assert all(name.startswith(below) for name in ours), file


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
    code = "import sys, simrun.cli.main, simrun.config.composition; simrun.config.composition.register(); print([m for m in ('torch', 'vllm', 'xllamacpp', 'pandas', 'duckdb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_modules_are_named_from_simrun_and_leave_other_packages_alone():
    code = "import simrun, simrun.agents; import importlib.util as u; print(u.find_spec('sim'), u.find_spec('scenarios'), u.find_spec('configs'))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert done.stdout.split() == ["None", "None", "None"]


def test_menus_are_what_the_folders_hold():
    assert set(scenarios()) == {"clinic", "recruitment"}
    assert set(backends()) == {"local", "server", "vllm", "scripted", "replay", "human", "caller", "scorer"}
    assert set(metrics()) == {file.stem for file in (ROOT / "sim" / "metrics").glob("*.py")} - {"__init__"}


def test_every_yaml_is_named_as_it_is_filed():
    for file in (ROOT / "configs" / "axis").glob("*.yaml"):
        assert KNOWN.axes[file.stem].name == file.stem
    for file in (ROOT / "configs" / "bias").glob("*/*.yaml"):
        assert KNOWN.biases[f"{file.parent.name}/{file.stem}"].sources


@pytest.mark.parametrize("axis", KNOWN.axes)
def test_every_axis_composes_and_plays(axis, play):
    done = play("cases=2", f"vary.patient.{axis}=[{','.join(KNOWN.axes[axis].levels)}]")
    assert done.complete


CARRIED = [(bias.role, bias) for bias in KNOWN.biases.values()] + [("chair", KNOWN.biases["recruiter/gender"])]


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


@pytest.mark.parametrize("name", KNOWN.mitigations)
def test_every_mitigation_composes_and_plays(name, play):
    assert KNOWN.mitigations[name].sources
    assert play("cases=2", f"vary.doctor.mitigation=[none,{name}]", "vary.patient.ethnicity=[White,Black]").complete


@pytest.mark.parametrize("experiment", EXPERIMENTS)
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


def test_every_public_name_has_a_docstring_and_every_metric_its_range_and_source():
    for name in metrics():
        text = (ROOT / "sim" / "metrics" / f"{name}.py").read_text()
        assert re.search(r"Source: .*(doi:10\.|arXiv:)", text, re.DOTALL), name
        assert "0" in text


def test_the_changelog_has_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (
        f"[{version}]" in (ROOT / "CHANGELOG.md").read_text() or "[Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
    )
