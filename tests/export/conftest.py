"""Runs to export: one that was played to its end, and one whose budget was spent before."""

import pytest

from simrun import Run, run

ASKED = ("scenario=clinic", "scenario.mode=vignette", "backend=scripted", "vary.patient.ethnicity=[White,Black]")


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Vignettes, two repeats, with option probabilities: pain is asked of some cases only."""
    out = str(tmp_path_factory.mktemp("whole"))
    return run(*ASKED, "design.controls=[placebo]", cases=4, repeats=2, out=out)


@pytest.fixture(scope="package")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of many trials a few were played."""
    out = str(tmp_path_factory.mktemp("cut"))
    return run(*ASKED, "design.controls=[same]", "concurrency=1", cases=12, tokens=4000, out=out)


@pytest.fixture(scope="package")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Consultations: several roles, and a judge who is asked afterwards."""
    out = str(tmp_path_factory.mktemp("talk"))
    return run(
        "scenario=clinic", "backend=scripted", "judge=observer", "vary.doctor.bias=[none,recency]", cases=2, out=out
    )
