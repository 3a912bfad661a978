"""The workflow of a board in a repository, as docs/leaderboard.md has it: read, and its steps run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from forging import WHO, copy, jsonl, remade, zipped

from simrun.leaderboard.packing import pack
from simrun.leaderboard.submission import Who

PAGE = (Path(__file__).parents[2] / "docs" / "leaderboard.md").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(next(re.finditer(r"```yaml\n(name: board\n.*?)```", PAGE, re.DOTALL))[1])
pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="needs git and bash")


def steps(job: str) -> list[str]:
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A repository with a board; called with files, it is merged with a pull request that brings them, and the steps
    of a job are run in it."""
    root, tools = tmp_path / "repository", tmp_path / "tools"
    (root / "board").mkdir(parents=True)
    tools.mkdir()
    for name, does in (("pip", "exit 0"), ("simrun", f'exec {sys.executable} -m simrun "$@"')):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    here = {**os.environ, **who, "PATH": path, "RUNNER_TEMP": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}

    def git(*given: str) -> None:
        subprocess.run(["git", *given], cwd=root, env=here, check=True, capture_output=True)

    (root / "README.md").write_text("A board.\n")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "A board")

    def run(job: str, **files: bytes | None) -> subprocess.CompletedProcess[str]:
        git("checkout", "-qb", "pull")
        for name, data in files.items():
            file = root / name
            file.parent.mkdir(exist_ok=True)
            file.unlink() if data is None else file.write_bytes(data)
        git("add", "-A")
        git("commit", "-qm", "A pull request")
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", "Merged", "pull")
        script = "\n".join(steps(job))
        return subprocess.run(
            ["bash", "-e", "-c", script], cwd=root, env=here, check=False, capture_output=True, text=True
        )

    return run


@pytest.fixture
def file(honest: Path, tmp_path: Path) -> bytes:
    pack([honest], Who.model_validate(WHO), tmp_path / "s.zip")
    return (tmp_path / "s.zip").read_bytes()


def test_a_pull_request_may_only_read_and_is_given_no_secret():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["check"]
    assert set(WORKFLOW[True]) == {"pull_request", "push"}  # YAML reads `on` so
    assert "secrets" not in str(WORKFLOW)
    assert "${{" not in str(WORKFLOW)  # nothing of a stranger's is put into a script
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", each) for each in used)
    assert all("==" in each for job in WORKFLOW["jobs"] for each in steps(job) if "pip" in each)


def test_a_sound_file_and_a_commitment_pass(repository, file):
    done = repository("check", **{"incoming/mine.zip": file, "commitments/mine.json": b"{}"})
    assert done.returncode == 0, done.stderr
    assert "incoming/mine.zip: sound" in done.stdout


def test_a_forged_file_fails(repository, honest, plan, tmp_path):
    run = copy(honest, tmp_path / "run")
    remade(notes=())(run)
    forged = zipped(tmp_path / "forged.zip", run, jsonl(plan)).read_bytes()
    done = repository("check", **{"incoming/forged.zip": forged})
    assert (done.returncode, "chain.manifest" in done.stdout) == (4, True), done.stderr


@pytest.mark.parametrize(
    "brought",
    [
        {"board/decisions.jsonl": b"{}\n"},
        {".github/board.yml": b"on: push\n"},
        {"incoming/$(touch evil).zip": b""},
        {"incoming/mine.zip": b"", "README.md": b"Other words.\n"},
        {"README.md": None},
    ],
    ids=", ".join,
)
def test_whoever_brings_anything_else_is_refused(repository, brought):
    done = repository("check", **brought)
    assert (done.returncode, "and nothing else" in done.stdout, "simrun" in done.stdout) == (1, True, False), (
        done.stderr
    )


def test_the_page_is_built_on_merge(repository, file, tmp_path):
    done = repository("page", **{"incoming/mine.zip": file})
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "repository" / "site").glob("*.html"))
