"""An honest run of the suite `small`, by rules, and its plan."""

from pathlib import Path

import pytest

from simrun.leaderboard import suites
from simrun.plan.design import Plan
from simrun.play.session import start
from simrun.score.looks import decide


def played(out: Path, **options: object) -> Path:
    """A run of the suite, on rules where no other backend is given; not reported, which costs seconds."""
    from simrun.config.menus import catalogue
    from simrun.plan.design import planned

    config = suites.config("small").model_copy(update={"out": str(out), **options})
    return start(planned(config, catalogue()), decide).path


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="session")
def plan() -> Plan:
    return suites.plan("small")
