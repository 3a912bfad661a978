"""docs/prompts/ is what its command makes, and all that it should show stands in it."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from simrun.config.menus import catalogue, modes, scenarios

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
prompt_pages = import_module("prompt_pages")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return prompt_pages.pages()


@pytest.mark.parametrize("name", [*scenarios(), prompt_pages.PEOPLE])
def test_a_page_is_what_the_command_makes(name: str, made: dict[str, str]):
    file = prompt_pages.PAGES / f"{name}.md"
    there = file.read_text(encoding="utf-8") if file.is_file() else ""
    assert there == made[name], f"docs/prompts/{name}.md is not what is sent: python benchmarks/prompt_pages.py"


@pytest.mark.parametrize("name", scenarios())
def test_a_page_has_every_mode_and_every_bias(name: str, made: dict[str, str]):
    kind, known = scenarios()[name], catalogue()
    assert all(f"scenario.mode={mode}" in made[name] for mode in modes(kind))
    roles = {each().team(role) for each in modes(kind).values() for role in each().people()}
    for bias in known.biases.values():
        if bias.role in roles:
            assert all(bias.prompt(dose, "{anchor}", "{group}") in made[name] for dose in range(4))


def test_every_level_of_every_axis_stands_on_the_page_of_people(made: dict[str, str]):
    for axis in catalogue().axes.values():
        for key, level in axis.levels.items():
            assert f"- `{key}`: {axis.stated.format(level=level.phrase or key)}" in made[prompt_pages.PEOPLE]
