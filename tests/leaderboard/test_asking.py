"""A model asked again by the board: honest runs agree with themselves, altered ones do not, whoever answers."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from forging import WHO, Lines, copy, jsonl, played, relined, scored, zipped
from stub import Seen, Stub, completion, raw

from simrun.config.errors import ConfigError
from simrun.leaderboard import alike, suites
from simrun.leaderboard.alike import Answers
from simrun.leaderboard.asking import PLAYS, Said, asked, sampled, table
from simrun.leaderboard.decisions import decisions
from simrun.leaderboard.packing import pack
from simrun.leaderboard.submission import Who
from simrun.log.manifest import Manifest

SURE = "backend.rules=[{role: recruiter, say: {score: 8, invite: true}}]"
"""A recruiter who always invites."""


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of it."""
    rules = [{"role": "recruiter", "say": {"score": 8, "invite": True}}]
    return played(tmp_path_factory.mktemp("sure"), backend={"name": "scripted", "rules": rules})


@pytest.fixture
def file(sure: Path, tmp_path: Path) -> Path:
    pack([sure], Who.model_validate(WHO), tmp_path / "sure.zip")
    return tmp_path / "sure.zip"


def altered(run: Path, target: Path, share: float) -> Path:
    """A share of the replies made the opposite, with all that comes of them."""
    plan = Manifest.read(run).plan()

    def change(found: Lines) -> None:
        calls = [fields for fields in found if fields["kind"] == "call"]
        for fields in calls[: int(share * len(calls))]:
            fields["answer"]["text"] = '{"score": 4, "invite": false}'
        scored(plan)(found)

    forged = copy(run, target / "run")
    relined(change)(forged)
    return zipped(target / "altered.zip", forged, jsonl(plan))


def test_a_model_agrees_with_itself(file):
    found = asked(sampled(file, 16, ["backend=scripted", SURE], seed=1), tried=20)
    assert (found.verdict, found.p, found.floor, found.trials, found.cases) == ("agrees", 1.0, 1.0, 64, 16)
    assert found.least is not None
    assert found.least <= 0.2


def test_altered_replies_differ(sure, tmp_path):
    found = asked(sampled(altered(sure, tmp_path, 0.4), 16, ["backend=scripted", SURE], seed=1))
    assert (found.verdict, found.least) == ("differs", None)
    assert found.figures[0].adjusted == found.p <= alike.ALPHA
    assert found.figures[0].value > 0


def test_another_model_differs(file):
    other = "backend.rules=[{role: recruiter, say: {score: 4, invite: false}}]"
    assert asked(sampled(file, 16, ["backend=scripted", other], seed=1)).verdict == "differs"


def test_few_pairs_tell_nothing(sure, tmp_path):
    found = asked(sampled(altered(sure, tmp_path, 0.1), 3, ["backend=scripted", SURE], seed=3), tried=20)
    assert (found.verdict, found.pairs, found.trials) == ("cannot tell", 3, 12)


def invites(seen: Seen) -> Any:
    """What a server says: as the seed decides, with tokens that are likely."""
    invite = hashlib.sha256(str(seen.body["seed"]).encode()).digest()[0] < 180
    told = completion(orjson.dumps({"score": 5, "invite": invite}).decode())
    told["usage"] = {"prompt_tokens": 500, "completion_tokens": 9}
    return raw(orjson.dumps(told))


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed run of a model behind a server that is gone, or that belongs to whoever handed it in."""
    out = tmp_path_factory.mktemp("behind")
    with Stub(invites) as stub:
        engine = {"name": "server", "url": stub.url, "model": "stub"}
        pack([played(out, backend=engine)], Who.model_validate(WHO), out / "s.zip")
    return out / "s.zip"


def test_the_board_asks_at_its_own_endpoint_under_seeds_of_its_own(behind, stub):
    stub.misbehave(invites)
    sample = sampled(behind, 8, ["backend=server", f"url={stub.url}", "model=stub"], seed=1)
    found = asked(sample, tried=10)
    chats = [seen.body for seen in stub.chats]
    asked_once = {trial.id: sample.plan.stage(trial) for trial in sample.trials}
    logged = {stage.chat(turn).seed for stage in asked_once.values() for turn in stage.pending()}
    seeds = {body["seed"] for body in chats}
    assert len(chats) == len(PLAYS) * len(sample.trials) == 64
    assert not seeds & logged
    # eight cases in two plays; the control `same` has seeds of its own
    assert len(seeds) == 2 * 8 * 2
    # a server that always says the same under a seed: the two answers of the board differ all the same
    assert found.floor < 1
    assert found.verdict != "differs"


def test_an_honest_run_seldom_differs_however_unsure_the_model():
    for floor in (0.5, 0.75, 1.0):
        assert alike.beforehand(0.0, cases=12, arms=4, floor=floor, tried=150) <= 0.04


def test_more_pairs_and_larger_shares_are_found_more_often():
    few, many = (alike.beforehand(0.3, cases, 4, 0.9, tried=60) for cases in (6, 32))
    less = alike.beforehand(0.05, 32, 4, 0.9, tried=60)
    assert few + 0.2 < many
    assert less + 0.2 < many


def test_what_is_altered_is_the_logged_answer_and_only_its_share():
    rng = np.random.default_rng(1)
    given = alike.simulated(200, 2, 1.0, rng)
    found = alike.altered(given, 0.25, rng)
    same = found.values["yes"][:, :, 0] == found.values["yes"][:, :, 1]
    assert 0.68 < same.mean() < 0.82
    assert (found.values["yes"][:, :, 1] == found.values["yes"][:, :, 2]).all()


def test_a_shift_of_one_arm_is_named():
    """Twelve cases in which the second arm was logged as yes, and is no both times it is asked."""
    said = np.zeros((12, 2, 3))
    said[:, 1, 0] = 1
    given = Answers(np.arange(12), ("a", "b"), {"yes": said}, said.astype(int), np.ones((12, 2, 3)), said[:, :, 0] < 2)
    found = {figure.name: figure for figure in alike.compared(given)}
    assert (found["yes in b"].value, found["yes in a"].value, found["yes, b less a"].value) == (1, 0, 1)
    assert found["outcomes agree less"].value == pytest.approx(0.5)  # in one of two arms never, in the other always
    assert found["yes in b"].adjusted <= alike.ALPHA
    assert found["yes in a"].p == 1
    with pytest.raises(ValueError, match="no answers"):
        alike.compared(Answers(np.empty(0, int), (), {}, np.empty((0, 0, 3), int), np.empty((0, 0, 3)), said[:0, :, 0]))


def test_an_outcome_that_is_missing_is_no_number():
    plan = suites.plan("small")
    trials = list(plan.trials())[:8]
    nothing, one = (Said(outcomes={"invited": value}, first="", length=3) for value in (None, 1.0))
    given = table(plan, trials, {trial.id: (nothing, one, one) for trial in trials})
    assert np.isnan(given.values["invited"][:, :, 0]).all()
    found = {figure.name: figure.value for figure in alike.compared(given)}
    assert found["outcomes agree less"] == 1
    assert found["invited in same"] == 0  # where one has no value, the means say nothing


def test_the_command_asks_and_decides(file, command, tmp_path, monkeypatch):
    monkeypatch.setattr(alike, "SHARES", (0.1, 0.3))  # the others cost seconds
    given = ("board", "ask", tmp_path, file, "backend=scripted", SURE, "pairs=9", "seed=5", "--who", "A host")
    code, out, errors = command(*given)
    assert (code, "asked again: agrees" in out) == (0, True), errors
    assert "9 pairs are asked again, twice each: 72 episodes" in errors
    assert "of a model that agrees with itself in 100%" in errors
    (made,) = decisions(tmp_path)
    kept = tmp_path / made.evidence["answers"]
    assert (made.what, made.file) == ("ask", hashlib.sha256(file.read_bytes()).hexdigest())
    assert made.evidence["digest"] == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert len(orjson.loads(kept.read_bytes())["board"]) == made.evidence["trials"] == 36


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("nothing", "backend=scripted"), "no entry 'nothing'"),
        (("FILE", "backend=server", "backend.temperature=0"), "give backend.temperature=0.7"),
        (("FILE", "backend=scripted", "part=clinic"), "no part 'clinic'"),
    ],
)
def test_what_cannot_be_asked_again(file, command, tmp_path, typed, why):
    given = (file if each == "FILE" else each for each in typed)
    code, _, errors = command("board", "ask", tmp_path, *given, "--who", "A host")
    assert (code, why in errors) == (2, True), errors
    assert not decisions(tmp_path)


def test_a_run_of_no_suite_or_that_is_refused_is_not_asked_again(sure, command, tmp_path):
    pack([sure], Who.model_validate(WHO), tmp_path / "custom.zip", suites.CUSTOM)
    with pytest.raises(ConfigError, match="is of no suite"):
        sampled(tmp_path / "custom.zip", 4, ["backend=scripted"], seed=1)
    refused = zipped(tmp_path / "refused.zip", sure, None)
    code, _, errors = command("board", "ask", tmp_path, refused, "backend=scripted", "--who", "A host")
    assert (code, "nothing to ask again: suite.plan" in errors) == (2, True), errors
