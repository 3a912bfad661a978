"""The effect in each wording: a curve by hand, and a run whose prompts have ten wordings."""

import pytest

from simrun import Run, run
from simrun.estimate.paired import Estimate
from simrun.report.sections.specification import summary, told
from simrun.report.specification import SpecificationResult, Specified, specification


def curve(*values: float, reach: float = 0.1) -> SpecificationResult:
    each = [
        Specified(wording=str(place), effect=Estimate(value=v, low=v - reach, high=v + reach, n=6, clusters=6))
        for place, v in enumerate(sorted(values))
    ]
    whole = Estimate(value=sum(values) / len(values), n=6 * len(values), clusters=6)
    return SpecificationResult(outcome="invited", arm="a", reference="r", whole=whole, curve=tuple(each))


def test_a_curve_by_hand():
    found = curve(-0.5, -0.3, 0.2, -0.2)  # the mean is -.2: three of four have its sign
    assert found.same_sign == 0.75
    (only,) = summary(found).rows
    assert (only["least"], only["median"], only["greatest"]) == (-0.5, pytest.approx(-0.25), 0.2)
    said = told(found)
    assert said.verdict == "doubt"  # .2 [.1, .3] lies wholly on the other side
    assert said.text == (
        "invited in 4 wordings: from -0.5 to +0.2; 3 of them have the sign of the whole; **by itself 3 shows the "
        "opposite**; so few speak for themselves only."
    )
    assert told(curve(*[-0.4, -0.2] * 5)).text == (
        "invited in 10 wordings: from -0.4 to -0.2; 10 of them have the sign of the whole."
    )
    assert told(curve(-0.5, 0.05)).verdict == "limit"  # .05 [-.05, .15] is no opposite


OPEN = (
    "Act as a recruiter",
    "You screen applications",
    "Role: recruiter",
    "As the recruiter",
    "The job below is vacant",
)
"""How the wordings 4, 6, 7, 8 and 9 begin."""


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Sixty cases in ten wordings; in five of them a Black applicant is turned down whenever the other is invited."""
    return run(
        "scenario=recruitment",
        "scenario.wording=drawn",
        "backend=scripted",
        f"backend.group='(?s)({'|'.join(OPEN)}).*Black'",
        "backend.effect=0.8",
        "roles.candidate.surface=stated",
        "vary.candidate.ethnicity=[White,Black]",
        "design.primary=[invited]",
        cases=60,
        seed=1,
        out=str(tmp_path_factory.mktemp("worded")),
    )


@pytest.mark.slow
def test_a_run_in_ten_wordings_shows_in_which_of_them_it_is(worded: Run):
    (found,) = specification(worded.scored)
    assert [each.wording for each in found.curve][5:] == ["0", "1", "2", "3", "5"]
    assert found.values[5:] == [0] * 5  # arms share their luck: without the effect no pair differs
    assert max(found.values[:5]) < -0.4
    assert sum(each.effect.n for each in found.curve) == 60
    assert found.same_sign == 0.5
    report = worded.report()
    assert [each["wording"] for each in report.table("specification", "curve")] == [e.wording for e in found.curve]
    assert "specification.svg" in report.plots()


def test_its_claim_beyond_them_is_wider_for_how_much_hangs_on_the_wording(worded: Run):
    (row,) = worded.report().table("components")
    assert row["holds"] == "other cases and wordings"
    model = row["model"]
    assert (model["only"], model["freedom"]) == ({}, 9)  # ten wordings
    assert model["shares"]["wording x arm"] > 0.02
    invited = next(each for each in worded.scored.contrasts if each.outcome == "invited" and each.family == "primary")
    assert model["high"] - model["low"] > 1.5 * (invited.high - invited.low)


def test_one_wording_has_no_curve(play):
    done = play(cases=2, vary={"patient": {"ethnicity": ["White", "Black"]}})
    assert specification(done.scored) == ()
    assert done.report().sections["specification"].blocks == ()
