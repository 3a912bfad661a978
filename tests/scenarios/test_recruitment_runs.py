"""Runs of recruitment: every mode is played, replayed and reported; planted biases are
recovered, and nothing is found where nothing is."""

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "field", "size"),
    [
        ("screen", "invited", 1),
        ("screen", "score", 4),
        ("rank", "chosen", 1),
        ("shortlist", "chosen", 1),
        ("compare", "chosen", 1),
    ],
)
def test_a_planted_bias_is_recovered(play, mode, field, size):
    """-.25 of a chance against women; a low score is four points less."""
    found = play(
        "scenario=recruitment",
        f"scenario.mode={mode}",
        "roles.candidate.surface=stated",
        vary={"candidate": {"gender": ["man", "woman"]}},
        backend={"group": "Gender: woman", "effect": 0.25},
        cases=100,
        repeats=2,
        seed=1,
    )
    effect = next(each for each in found.scored.contrasts if each.outcome == field and each.family == "primary")
    assert effect.low <= -0.25 * size <= effect.high
    assert effect.high < 0
    fair = play(
        "scenario=recruitment", f"scenario.mode={mode}", vary={"candidate": {"gender": ["man", "woman"]}}, cases=20
    )
    assert all(each.difference in (0, None) for each in fair.scored.contrasts if each.family == "primary")


@pytest.mark.slow
def test_four_mitigations_on_the_same_pairs(play):
    vary = {
        "recruiter": {"mitigation": ["none", "blinding", "no_stereotype"]},
        "candidate": {"gender": ["man", "woman"]},
    }
    found = play(
        "scenario=recruitment",
        "roles.candidate.surface=stated",
        vary=vary,
        backend={"group": "Gender: woman", "effect": 0.4},
        cases=60,
    )
    gaps = {
        each.arm: each.difference
        for each in found.scored.contrasts
        if not each.note and each.outcome == "invited" and "woman" in each.arm and "woman" not in each.reference
    }
    assert gaps.pop("recruiter.mitigation=blinding candidate.gender=woman") == 0
    assert len(gaps) == 2
    assert all(-0.6 < gap < -0.2 for gap in gaps.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", ["screen", "rank", "shortlist", "compare", "interview", "panel", "letter", "occupation"]
)
def test_every_mode_plays_is_replayed_and_finds_nothing_where_nothing_is_planted(play, mode):
    options = {"mode": mode, **({"auditor": True} if mode == "panel" else {})}
    found = play("scenario=recruitment", scenario=options, cases=3)
    assert found.complete
    assert len(found.scored.arms) == 5
    assert {each.family for each in found.scored.contrasts if each.outcome in found.manifests[0].primary} == {
        "primary",
        "cell",
        "control",
    }
    assert all(each.difference in (0, None) for each in found.scored.contrasts if each.family in ("primary", "cell"))
