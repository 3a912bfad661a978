"""How many threads the embedded engine takes where nobody says."""

import pytest

from simrun.agents.backends.local import Local, idle


@pytest.mark.parametrize(("load", "threads"), [(0.0, 4), (0.9, 4), (1.2, 3), (3.0, 1), (11.0, 1)])
def test_busy_processors_are_left_alone(load: float, threads: int) -> None:
    assert idle(4, load) == threads


def test_whoever_wants_the_same_text_again_gets_the_same_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.getloadavg", lambda: (9.0, 0.0, 0.0))
    assert (Local(repeatable=True)._processors(), Local()._processors()) == (4, 1)
