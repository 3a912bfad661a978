"""The private half of a suite: drawn in secret, played and checked like the public one, told by its hash."""

from pathlib import Path

import orjson
import pytest
import yaml
from forging import WHO, codes, jsonl, played, zipped

from simrun.config.errors import ConfigError
from simrun.config.menus import catalogue
from simrun.estimate.independent import difference
from simrun.estimate.paired import Estimate
from simrun.leaderboard import private, suites
from simrun.leaderboard.board import add
from simrun.leaderboard.check import checked
from simrun.leaderboard.decisions import decisions
from simrun.leaderboard.halves import halves
from simrun.leaderboard.packing import pack
from simrun.leaderboard.scores import Measured, scored
from simrun.leaderboard.site import build
from simrun.leaderboard.submission import Who
from simrun.plan.design import planned
from simrun.play.session import start
from simrun.score.looks import decide

SUBMITTER = Who.model_validate(WHO)


@pytest.fixture(scope="module")
def half():
    return private.drawn("small")


def test_suites_that_make_their_cases_have_a_private_half():
    assert private.able() == ("peer_review", "recruitment", "small")
    for name in private.able():
        own, other = suites.plan(name), suites.plan(name, None, suites.Drawn(seed=5, draw=7))
        assert not set(map(repr, own.cases.values())) & set(map(repr, other.cases.values())), name
        assert [arm.name for arm in own.arms] == [arm.name for arm in other.arms]


@pytest.mark.parametrize(
    ("name", "why"), [("clinic", "fixed bank"), ("dialogue", "fixed bank"), ("four", "draw those")]
)
def test_a_suite_of_a_fixed_bank_has_none(name, why):
    with pytest.raises(ConfigError, match=f"{why}.*peer_review, recruitment, small"):
        private.drawn(name)


def test_a_private_half_is_checked_like_any(half, tmp_path):
    run = played(tmp_path, **{"seed": half.seed, "scenario": suites.config("small", half.drawn).scenario})
    pack([run], SUBMITTER, tmp_path / "s.zip", "small", half="private")
    found = checked(tmp_path / "s.zip", private=half)
    assert (found.state, found.header.half, found.faults) == ("sound", "private", ())
    alone = checked(tmp_path / "s.zip")
    assert (alone.state, codes(alone)) == ("refused", {"suite.half"})


def test_a_public_run_is_none_of_the_private_half(half, honest, plan, tmp_path):
    found = checked(zipped(tmp_path / "s.zip", honest, jsonl(plan), half="private"), private=half)
    assert (found.state, codes(found)) == ("refused", {"suite.other"})
    told = zipped(tmp_path / "t.zip", honest, jsonl(plan), half="secret")
    assert codes(checked(told)) == {"form.submission"}


def test_a_half_is_told_by_its_hash_and_shown_afterwards(half, command, tmp_path):
    board, file = tmp_path / "board", tmp_path / "private.yaml"
    given = ("suite", "draw", "small", "-o", file, f"board={board}", "--who", "A host")
    assert command(*given)[0] == 0
    assert command(*given)[0] == 2  # there is one
    drawn = private.read(file)
    assert (file.stat().st_mode & 0o777, drawn == half) == (0o600, False)
    assert decisions(board)[0].evidence == {"half": drawn.digest, "suite": "small"}
    code, _, errors = command("suite", "draw", "recruitment", "-o", file, f"board={board}", "--who", "A host", "--show")
    assert (code, "is of small, not of recruitment" in errors) == (2, True)
    assert command(*given, "--show")[0] == 0
    assert decisions(board)[-1].evidence["shown"]["seed"] == drawn.seed
    with pytest.raises(ConfigError, match="was not told of this private half"):
        private.show(board, half, "A host")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seed": 1}, "was edited"),
        ({"version": 9}, "is of small@9"),
        ({"suite": "clinic"}, "is of clinic"),
        ({"x": 1}, "no option 'x'"),
        ({"draw": -1}, "draw"),
    ],
)
def test_a_file_of_a_half_that_is_none(half, tmp_path, change, why):
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(half.model_dump(mode="json") | change))
    with pytest.raises(ConfigError, match=why):
        private.read(tmp_path / "p.yaml")


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=10, clusters=10)


def test_the_difference_of_two_means():
    found = difference(estimate(0.1, 0.06, 0.14), estimate(0.3, 0.27, 0.33))
    assert (found.value, found.n) == (pytest.approx(0.2), 20)
    assert (found.low, found.high) == (pytest.approx(0.15), pytest.approx(0.25))  # sides of .03 and .04
    assert difference(estimate(0.1, 0, 1), Estimate(value=None, n=0, clusters=0)).value is None
    assert difference(estimate(0.1, 0, 1), Estimate(value=0.5, n=1, clusters=1)).low is None


def measured(told: tuple[float, float, float], margin: float | None, **other: str) -> Measured:
    value, low, high = told
    names = {"what": "invited", "arm": "b", "reference": "a"} | other
    return Measured(value=value, low=low, high=high, n=20, cases=10, margin=margin, **names)


@pytest.mark.parametrize(
    ("public", "private_", "closed"),
    [
        ((0.0, -0.04, 0.04), (0.3, 0.27, 0.33), True),
        ((0.0, -0.04, 0.04), (-0.3, -0.33, -0.27), True),
        ((0.0, -0.2, 0.2), (0.3, 0.27, 0.33), False),  # not shown to be small
        ((0.0, -0.04, 0.04), (0.3, -0.1, 0.7), False),  # not shown to be there
        ((0.04, 0.01, 0.05), (0.05, 0.01, 0.09), False),  # no difference
    ],
)
def test_a_gap_that_is_closed_where_all_know_the_cases(public, private_, closed):
    given = [measured(public, 0.05), measured(public, 0.05, what="score"), measured(public, 0.05, reference="")]
    (found,) = halves(given, [measured(private_, 0.05), measured(private_, 0.05, reference="")])
    assert (found.what, found.arm, found.closed) == ("invited", "b", closed)
    (found,) = halves([measured(public, None)], [measured(private_, None)])
    assert not found.closed  # nothing says what is small


def hiring(out: Path, half: private.Private | None, biased: bool) -> Path:
    """A packed run of recruitment by rules that invite all, or where biased nobody with a name read as Black."""
    names = catalogue().axes["ethnicity"].levels["Black"].names.values()
    yes, no = ({"role": "recruiter", "say": {"score": 9 * invite, "invite": invite}} for invite in (True, False))
    rules = [no | {"when": "|".join(name for own in names for name in own)}] * biased + [yes]
    own = suites.config("recruitment", half.drawn if half else suites.OWN)
    config = own.model_copy(update={"out": str(out), "backend": {"name": "scripted", "rules": rules}})
    run = start(planned(config, catalogue()), decide).path
    pack([run], SUBMITTER, out / "s.zip", half="private" if half else "public", name="recruitment")
    return out / "s.zip"


@pytest.mark.slow
def test_a_model_that_is_fair_where_all_know_the_cases_is_found_out(tmp_path):
    """A hundred applicants: a gap of 0 is shown to be within .05, and one of 1 is there on the private half alone."""
    half, found = private.drawn("recruitment"), []
    for name, of, biased in (("public", None, False), ("private", half, True), ("again", half, False)):
        file, room = hiring(tmp_path / name, of, biased), tmp_path / f"{name} room"
        assert checked(file, private=of).state == "sound"
        room.mkdir()
        found.append(scored(file, "0" * 64, room)[0].parts[0].measured)
    board, file = tmp_path / "board", tmp_path / "private" / "s.zip"
    assert codes(add(board, file, "A host", "taken", {})) == {"suite.half"}
    assert add(board, file, "A host", "taken", {}, half).state == "sound"
    assert decisions(board)[0].evidence["suite"] == "recruitment@1 private"  # nothing of it is ranked with the public
    assert add(board, tmp_path / "public" / "s.zip", "A host", "taken", {}).state == "sound"
    site = build(board, tmp_path / "site")[0].parent
    shown = {each["suite"]: each["halves"] for each in orjson.loads((site / "board.json").read_bytes())["entries"]}
    assert set(shown) == {"recruitment@1", "recruitment@1 private"}
    closed = [each["key"] for each in shown["recruitment@1"] if each["closed"]]
    assert "recruitment@1|invited|candidate.ethnicity=Black|candidate.ethnicity=White" in closed
    assert not [each for each in closed if "gender" in each]
    told = {each.arm: each for each in halves(found[0], found[1]) if each.what == "invited"}
    assert {arm: each.closed for arm, each in told.items()} == {
        "candidate.gender=woman": False,
        "candidate.ethnicity=Black": True,
    }
    black = told["candidate.ethnicity=Black"]
    assert (black.public.value, black.private.value, black.difference.value) == (0, -1, -1)
    assert not any(each.closed for each in halves(found[0], found[2]))
