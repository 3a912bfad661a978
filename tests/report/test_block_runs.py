"""A study in blocks from plan to report: many levels, a planted effect at some of them, scripted agents."""

import numpy as np
import pytest

from simrun import Run, run
from simrun.estimate.blocks import intrablock
from simrun.estimate.pooling import pooled
from simrun.log.manifest import Manifest
from simrun.report.render.cells import texts
from simrun.report.sections.cells import CellsResult, table
from simrun.report.sections.choices import SAMPLED

ETHNICITIES = "[White,Black,Hispanic,Asian,Middle Eastern]"
FIFTEEN = (f"vary.candidate.ethnicity={ETHNICITIES}", "vary.candidate.gender=[man,woman,nonbinary]")


@pytest.fixture(scope="module")
def blocked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Fifteen arms, of which each of 70 cases plays four; those of Black applicants are planted."""
    planted = (
        "backend=scripted",
        "backend.group=Black",
        "backend.effect=0.6",
        "backend.private=0.2",
        "roles.candidate.surface=stated",
    )
    design = ("design.cross=blocks", "design.block=4", "design.controls=[]", "design.primary=[invited]")
    out = f"out={tmp_path_factory.mktemp('blocks')}"
    return run("scenario=recruitment", *planted, *FIFTEEN, *design, "cases=70", "seed=2", out)


@pytest.mark.slow
def test_what_a_case_does_not_play_is_neither_owed_nor_excluded(blocked: Run):
    assert blocked.complete
    assert len(blocked.episodes) == 70 * 4 == blocked.manifests[0].owed
    assert (blocked.episodes.state == "done").all()
    assert blocked.manifests[0].exclusions == ()
    for each in [each for each in blocked.scored.contrasts if not each.outcome.endswith(SAMPLED)]:
        assert (each.excluded, dict(each.reasons)) == (0, {})
        assert each.pairs == each.cases == 15  # 70 x 3 places for 14 arms
    text = (blocked.path / "report" / "report.md").read_text()
    assert "70 cases x 4 of 15 arms x 1 repeats: 280 episodes owed, 280 done." in text
    assert "Each case played 4 of 15 arms, the reference among them" in text
    assert Manifest.read(blocked.path).plan().blocks  # the manifest comes to the same plan


def test_all_levels_are_told_by_pooled_difference_and_the_planted_stand_first(blocked: Run):
    rows = blocked.report().table("cells")
    assert len(rows) == 14
    assert [row["pooled"] for row in rows] == sorted(row["pooled"] for row in rows)
    black = [row for row in rows if "=Black" in row["arm"]]
    assert rows[:3] == tuple(sorted(black, key=lambda row: row["pooled"]))
    assert all(row["pooled_high"] < 0 for row in black)
    # of ten that are as the reference some may leave out 0 by chance, one in twenty
    others = [row for row in rows if row not in black]
    assert sum(row["pooled_low"] <= 0 <= row["pooled_high"] for row in others) >= 10
    # drawn together, they are nearer to the planted 0 and -.6 than each by itself
    truth = {row["arm"]: -0.6 * ("=Black" in row["arm"]) for row in rows}
    raw, drawn = (sum((row[key] - truth[row["arm"]]) ** 2 for row in rows) for key in ("difference", "pooled"))
    assert drawn < raw
    assert rows[0]["towards"] == "the sum of what its levels do"


def test_the_differences_are_within_cases_by_least_squares(blocked: Run):
    seen = blocked.outcomes[blocked.outcomes.outcome == "invited"]
    columns = [seen.arm == row["arm"] for row in blocked.report().table("cells")]
    columns += [seen.case == case for case in seen.case.unique()]
    found = np.linalg.lstsq(np.stack(columns, axis=1).astype(float), seen.value.to_numpy(float), rcond=None)[0]
    assert [row["difference"] for row in blocked.report().table("cells")] == pytest.approx(found[:14])


def test_direct_pairs_carry_the_verdicts(blocked: Run):
    table = blocked.outcomes[blocked.outcomes.outcome == "invited"].pivot(index="case", columns="arm", values="value")
    reference = blocked.manifests[0].arms[0].name
    for each in (each for each in blocked.scored.contrasts if each.outcome == "invited"):
        both = table[[each.arm, each.reference]].dropna()
        assert each.reference == reference
        assert each.difference == pytest.approx((both[each.arm] - both[each.reference]).mean())


def test_resume_of_a_run_in_blocks_owes_nothing_more(blocked: Run):
    assert {trial.id for trial in Manifest.read(blocked.path).plan().trials()} == set(blocked.episodes.trial)


def test_the_table_begins_with_the_lowest():
    found = intrablock([0, 4, 0, 2, 0, -1, 1, 3, 1, 4, 1, 0], list("rarbrc" * 2), list("uuvvwwxxyyzz"), "r")
    drawn = pooled([each.difference for each in found.levels.values()], np.eye(3))
    told = CellsResult(
        outcome="score", factor="who", reference="r", towards="the mean of all", estimates=found, pooled=drawn
    )
    rows = texts(table(told))
    assert [(row[1], row[2]) for row in rows] == [("c", "2 (2)"), ("b", "2 (2)"), ("a", "2 (2)")]
    assert rows[0][3].startswith("-1 [")
