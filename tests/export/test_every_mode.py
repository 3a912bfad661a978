"""Every mode of every scenario in every form, and its effects there and back."""

import pytest

from simrun import run
from simrun.config.menus import playable, scenarios
from simrun.export.exporter import export, names
from simrun.export.reading import Asked, read

MODES = [(name, kind.mode) for name, each in scenarios().items() for kind in playable(each)]


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "mode"), MODES, ids=["-".join(filter(None, each)) for each in MODES])
def test_a_mode_is_exported_in_every_form(scenario, mode, tmp_path):
    own = [f"scenario.mode={mode}"] if mode else []
    played = run(f"scenario={scenario}", "backend=scripted", "cases=3", *own, out=str(tmp_path / "runs"))
    for form in names():
        assert export(played, form, tmp_path / form).exists()
    back = {(each.score, each.arm): each for each in read([tmp_path / "inspect"], Asked()).compared}
    reference, met = played.manifests[0].arms[0].name, 0
    for each in played.scored.contrasts:
        other = back.get((each.outcome, each.arm))  # of one by turn or subject each is a score of its own
        if other is None or each.difference is None or each.reference != reference:
            continue
        met += 1
        for key in ("difference", "low", "high", "p"):
            assert getattr(other, key) == pytest.approx(getattr(each, key), abs=1e-9), (each.outcome, each.arm, key)
    assert met > 3
