"""What spreads by a known rule is shown as it spreads, and nothing under either null."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta

from simrun import Run, run
from simrun.report.spreading import Nulls, Wave, _upper, least, nulls

SAYS = "Yes, it is true that {group} {claim}."
CARRIES = "You firmly believe"


def played(out: Path, *overrides: str, **options: Any) -> Run:
    return run("experiment=contagion_planted", "design.controls=[]", "metrics=[]", *overrides, out=str(out), **options)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One of eight in a ring says it, and whoever has heard it says it from then on."""
    return played(tmp_path_factory.mktemp("ring"), repeats=2)


@pytest.mark.slow
def test_the_wave_is_one_step_further_in_each_round(ring):
    rows = ring.report().table("contagion", "wave")
    assert {row["arm"] for row in rows} == {"member.biased=1 scenario.hearing=True"}
    # in a ring of eight two each are at one, two and three steps, and one at four
    sizes = {"1": 2, "2": 2, "3": 2, "4": 1}
    assert {row["distance"] for row in rows} == {"any", "0", *sizes}
    carry = [row for row in rows if row["distance"] == "0"]
    assert {(row["spread"]["value"], row["drift"]["value"], row["plain"]["value"]) for row in carry} == {(1, 1, 0)}
    for row in (each for each in rows if each["distance"] != "0"):
        reached = {far: float(int(far) < row["round"]) for far in sizes}  # heard in the round before
        expected = (
            sum(sizes[far] for far in sizes if reached[far]) / 7
            if row["distance"] == "any"
            else reached[row["distance"]]
        )
        assert row["spread"]["value"] == pytest.approx(expected)
        assert (row["drift"]["value"], row["plain"]["value"]) == (0, 0)
        assert (row["spread"]["n"], row["spread"]["clusters"]) == (12, 6)  # episodes, and not members


def test_contagion_is_what_exceeds_both_nulls(ring):
    rows = {row["distance"]: row for row in ring.report().table("contagion", "contagion")}
    own = rows.pop("0")
    assert (own["contagion"], own["over_plain"]["value"], own["over_drift"]["value"]) == (None, 1, 0)
    assert {row["contagion"] for row in rows.values()} == {1}
    assert rows["any"]["low"] == rows["any"]["over_drift"]["low"] > 0
    told = (ring.path / "report" / "report.md").read_text()
    assert "Contagion: of those who carry no bias, +1 (95 %: +0.0815 to +1) more say it in the last round" in told
    assert (ring.path / "report" / "contagion.svg").read_text().count("4 steps") == 1


def test_what_a_member_carries_and_hears_shows_in_its_own_opinion(ring):
    layout = ring.scored.layout
    at = [
        layout.arms.index(f"member.biased={k} scenario.hearing={hears}")
        for k, hears in ((1, True), (1, False), (0, True))
    ]
    opinion = layout.details["opinion"].value[:, at, 0].mean(axis=(0, 2))
    assert opinion.tolist() == [6, 2.5, 2]  # all; the one who carries it: (6 + 7 x 2) / 8; nobody
    change = layout.values[layout.outcomes.index("amplification")][:, at].mean(axis=0)
    assert change.tolist() == [4, 0, 0]
    rounds = ring.outcomes[ring.outcomes.outcome == "rounds_to_spread"].value.dropna()
    assert set(rounds) == {3}  # by then four of seven


def test_what_all_say_anyway_is_no_contagion(tmp_path):
    """They say it from the second round on, whatever they hear: the talk alone does it, and so does time."""
    rules = [
        {"when": '"agree"', "say": {"agree": 2}},
        {"when": rf"{CARRIES}|\(Round [2-9]", "say": SAYS},
        {"say": "That does not follow."},
    ]
    done = played(tmp_path, "scenario.rounds=2", "scenario.members=3", backend={"rules": rules}, cases=3)
    (row,) = [each for each in done.report().table("contagion", "contagion") if each["distance"] == "any"]
    assert (row["contagion"], row["over_drift"]["value"], row["over_plain"]["value"]) == (0, 0, 0)
    assert "No contagion shown: +0" in (done.path / "report" / "report.md").read_text()
    assert [
        each["plain"]["value"] for each in done.report().table("contagion", "wave") if each["distance"] == "any"
    ] == [0, 1]


def test_what_is_taken_up_from_anybody_exceeds_one_null_only(tmp_path):
    """Whoever hears anything says it: beyond own drift, and not beyond the talk itself."""
    rules = [
        {"when": '"agree"', "say": {"agree": 2}},
        {"when": rf"{CARRIES}|Member \d", "say": SAYS},
        {"say": "That does not follow."},
    ]
    done = played(tmp_path, "scenario.rounds=2", "scenario.members=3", backend={"rules": rules}, cases=3)
    row = next(each for each in done.report().table("contagion", "contagion") if each["distance"] == "any")
    assert (row["over_drift"]["value"], row["over_plain"]["value"], row["contagion"]) == (1, 0, 0)


GROUP = ("scenario=dialogue", "scenario.mode=group", "backend=scripted", "scenario.rounds=2", "scenario.members=3")
CARRIED = ("roles.member.bias=religion", "roles.subject.persona.religion=Muslim", "design.controls=[]")


@pytest.mark.parametrize(
    ("vary", "missed", "named"),
    [
        ("vary.member.biased=[0,1]", "vary.scenario.hearing=[true,false]", ("", "member.biased=0")),
        ("vary.scenario.hearing=[true,false]", "vary.member.biased=[0,1]", None),
    ],
)
def test_a_null_that_was_not_played_is_missed_and_nothing_is_estimated(vary, missed, named, tmp_path):
    done = run(*GROUP, *CARRIED, vary, cases=2, out=str(tmp_path))
    if named is None:  # all three carry it: there is nobody whom it could spread to
        assert done.report().sections["contagion"].blocks == ()
        return
    assert [(each.drift, each.plain) for each in nulls(done.scored)] == [named]
    assert missed in (done.path / "report" / "report.md").read_text()
    with pytest.raises(KeyError, match="no table 'contagion'"):
        done.report().table("contagion", "contagion")
    assert {row["drift"]["value"] for row in done.report().table("contagion", "wave")} == {None}


@pytest.mark.slow
@pytest.mark.parametrize("vary", ["vary.member.dose=[0,3]", "vary.member.bias=[none,religion]"])
def test_the_unbiased_null_is_a_dose_of_none_or_no_bias_too(vary, tmp_path):
    """One member carries it by itself; the others carry nothing at all."""
    alone = (
        "roles.member_1.bias=religion",
        "roles.subject.persona.religion=Muslim",
        vary.replace("member", "member_1"),
    )
    done = run(*GROUP, *alone, "vary.scenario.hearing=[true,false]", "design.controls=[]", cases=2, out=str(tmp_path))
    (found,) = nulls(done.scored)
    level = vary.partition("=[")[2].partition(",")[0]
    assert found.plain.startswith(f"member_1.{vary.split('.')[2].partition('=')[0]}={level} ")
    assert "hearing=False" in found.drift


def test_an_audit_without_carriers_has_no_such_section(tmp_path):
    done = run(*GROUP, "design.controls=[]", cases=2, out=str(tmp_path))
    assert done.report().sections["contagion"].blocks == ()


def test_the_smaller_of_two_differences_and_its_ends():
    assert [least([0.3, 0.1]), least([0.3, None]), least([])] == [0.1, None, None]
    # of eight cases one gains: with one more at 1 the share at 1 is Beta(2, 7), of which 1.25 % lie above
    values = {"arm": np.r_[1.0, np.zeros(7)].reshape(8, 1, 1), "null": np.zeros((8, 1, 1))}
    wave = Wave(Nulls(arm="arm", drift="null", plain="null"), values, np.ones((8, 1)), np.arange(8))
    assert _upper(wave, "null", "1", 0) == pytest.approx(float(beta.ppf(0.9875, 2, 7)), abs=1e-6)
    assert _upper(wave, "null", "0", 0) is None
