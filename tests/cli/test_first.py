"""What a newcomer types first: the first command of the README and what its last lines say, the tutorial, the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```\n(.*?)```", re.DOTALL)


def test_the_first_command_is_short_and_has_the_truth_beside_it(command, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, told, _ = command("experiment=first", "backend=scripted", f"out={tmp_path}")
    assert code == 0
    assert "played   60 of 60 episodes" in told  # 12 vignettes: two arms, a placebo, and a known bias without and with
    assert ", by guessing 0.25" in told
    assert re.search(r"^planted  in scripted agents, same cases: correct: planted: -0.6; found: -0.\d+ ", told, re.M)
    assert len(told.splitlines()) <= 15


def test_the_readme_begins_with_it():
    first = re.search(r"```\n(python3 -m venv.*)\n```", README)
    assert first is not None
    assert first[1].endswith(".venv/bin/simrun experiment=first")


@pytest.mark.engine
def test_on_the_real_small_model_the_first_command_says_that_it_cannot_do_the_task(command, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, told, _ = command("experiment=first", f"out={tmp_path}")
    assert code == 0
    assert "warning  This model cannot do the task: the answer is " in told
    assert re.search(r"^planted  in scripted agents, same cases: correct: planted: -0.6; found: -0.\d+ ", told, re.M)


def test_the_readme_is_short_and_every_page_is_in_the_index():
    assert len(README.splitlines()) <= 150
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\((\w+\.md)\)", index))


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(tutorial) for line in block.strip().splitlines()]
    model = re.fullmatch(r'MODEL="(.*)"', lines[0])
    assert model is not None
    for line in lines[1:]:
        code, _, told = command(*line.replace("$MODEL", model[1]).split()[1:])
        assert code == 0, (line, told)
