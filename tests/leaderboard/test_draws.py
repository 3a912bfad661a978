"""A seed that the board draws once it was told what will be played: what then passes, and what does not."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from forging import DEEP, HEADER, WHO, Forge, bound, check, codes, copy, jsonl, listed, played, remade, zipped

from simrun.config.errors import ConfigError
from simrun.leaderboard import secret, suites
from simrun.leaderboard.board import add
from simrun.leaderboard.check import checked
from simrun.leaderboard.commitment import committed, draw, faults, read, unused
from simrun.leaderboard.decisions import FILE, decide, decisions
from simrun.leaderboard.packing import pack
from simrun.leaderboard.submission import Commitment, Who
from simrun.log.chain import FIRST, chained
from simrun.log.manifest import Manifest

SUBMITTER = Who.model_validate(WHO)
SCRIPTED = {"name": "scripted"}


class Drawn(NamedTuple):
    """A run that was committed to, and the board that drew its seed."""

    board: Path
    own: str
    given: Commitment
    seed: int
    run: Path

    @property
    def told(self) -> dict[str, Any]:
        return self.given.model_dump(mode="json")

    @property
    def plan(self) -> bytes:
        return jsonl(suites.plan("small", None, suites.Drawn(seed=self.seed)))

    def zipped(self, target: Path, run: Path | None = None, **header: Any) -> Path:
        return zipped(target, run or self.run, self.plan, **{"commitment": self.told} | header)


def to(run: Path | None, **told: Any) -> Commitment:
    engines = Manifest.read(run).engines if run else {"recruiter": {"backend": "scripted", "rules": 1}}
    return committed("small", engines, SCRIPTED, SUBMITTER).model_copy(update=told)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    out = tmp_path_factory.mktemp("drawn")
    own = secret.made(out / "secret")
    secret.commit(out / "board", own, "A host", "seeds are drawn with a secret")
    engines = {role: backend.identity() for role, backend in suites.plan("small").reference.backends.items()}
    given = committed("small", engines, SCRIPTED, SUBMITTER)
    seed = draw(out / "board", given, own, "A host").evidence["seed"]
    return Drawn(out / "board", own, given, seed, played(out, seed=seed))


def test_a_seed_is_drawn_once_and_anybody_can_draw_it_again_once_the_secret_is_shown(drawn, tmp_path):
    again = draw(drawn.board, drawn.given, drawn.own, "A host")
    assert [each.what for each in decisions(drawn.board)] == ["private", "draw"]
    assert again.evidence["seed"] == drawn.seed == secret.number(drawn.own, "seed", drawn.given.digest)
    assert 0 <= drawn.seed < 2**31
    assert not list(secret.differing(decisions(drawn.board), drawn.own))


def test_two_commitments_to_the_same_are_two_draws(drawn):
    other = to(drawn.run)
    assert (other.plan, other.digest == drawn.given.digest) == (drawn.given.plan, False)
    assert secret.number(drawn.own, "seed", other.digest) != drawn.seed


def test_a_run_under_the_seed_that_was_drawn_is_sound(drawn, tmp_path):
    assert pack([drawn.run], SUBMITTER, tmp_path / "s.zip", commitment=drawn.given).suite == "small"
    found = checked(tmp_path / "s.zip", board=drawn.board)
    assert (found.state, found.prepared, found.faults) == ("sound", "drawn", ())
    alone = checked(tmp_path / "s.zip")
    assert (alone.state, alone.prepared, codes(alone)) == ("held", "unchecked", {"draw.unchecked"})


def test_a_run_under_the_suites_own_seed_is_not_prepared(honest, tmp_path):
    pack([honest], SUBMITTER, tmp_path / "s.zip")
    found = checked(tmp_path / "s.zip")
    assert (found.state, found.prepared) == ("sound", "no")


def test_a_seed_of_ones_own_is_no_run_of_the_suite(drawn, tmp_path):
    found = checked(drawn.zipped(tmp_path / "s.zip", commitment=None), board=drawn.board)
    assert (found.state, codes(found)) == ("refused", {"suite.other"})


def test_two_runs_for_one_draw_are_told(drawn, tmp_path):
    first = drawn.zipped(tmp_path / "first.zip")
    other = played(tmp_path / "again", seed=drawn.seed)
    found = checked(drawn.zipped(tmp_path / "again.zip", other), [first], drawn.board)
    assert (found.state, "draw.again" in codes(found)) == ("held", True)


Given = Callable[[Drawn], dict[str, Any]]
"""A header with something else in it."""


def another(**told: Any) -> Given:
    """A commitment of the forger's, drawn by the board or not."""
    return lambda drawn: {"commitment": to(drawn.run, **told).model_dump(mode="json")}


def other_model(drawn: Drawn) -> dict[str, Any]:
    engines = {"recruiter": {"backend": "server", "model": "great"}}
    return {"commitment": committed("small", engines, SCRIPTED, SUBMITTER).model_dump(mode="json")}


def of_another_draw(drawn: Drawn) -> dict[str, Any]:
    """The board drew for it too, another seed."""
    given = to(drawn.run)
    draw(drawn.board, given, drawn.own, "A host")
    return {"commitment": given.model_dump(mode="json")}


def earlier(run: Path) -> None:
    remade(created=Manifest.read(run).created - 86_400)(run)


def reseeded(run: Path) -> None:
    own = Manifest.read(run)
    config = own.config.model_copy(update={"seed": own.config.seed + 1})
    own.model_copy(update={"config": config, "digest": config.digest()}).write(run)


FORGED: dict[str, tuple[Given, Forge | None, str]] = {
    "another seed": (lambda drawn: {}, bound(reseeded), "draw.seed"),
    "a draw for another commitment": (of_another_draw, None, "draw.seed"),
    "a commitment that the board does not know": (another(), None, "draw.none"),
    "a commitment that was edited": (another(nonce="0" * 32, plan="0" * 64), None, "draw.commitment"),
    "a commitment to another model": (other_model, None, "draw.commitment"),
    "somebody else's commitment": (another(who=Who.model_validate(WHO | {"name": "Another"})), None, "draw.commitment"),
    "a commitment to another suite": (another(suite="clinic"), None, "form.submission"),
    "a run from before its seed was drawn": (lambda drawn: {}, bound(earlier), "draw.early"),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_a_draw_gives_away(drawn, tmp_path, watched, name):
    given, forge, code = FORGED[name]
    run = copy(drawn.run, tmp_path / "run")
    if forge:
        forge(run)
    found = check(drawn.zipped(tmp_path / "s.zip", run, **given(drawn)), watched, board=drawn.board)
    assert (found.state, code in codes(found)) == ("refused", True), found.faults


def edited(board: Path, target: Path, whole: bool) -> Path:
    """The board with another seed in its draw, and a decision after it; `whole` with a chain that fits."""
    shutil.copytree(board, target)
    decide(target, "add", "A host", "taken")
    head, forged = FIRST, b""
    for line in (target / FILE).read_bytes().splitlines():
        told = orjson.loads(line)
        if told["what"] == "draw":
            told["evidence"]["seed"] += 1
        changed = orjson.dumps(told | ({"prev": head} if whole else {}), option=orjson.OPT_APPEND_NEWLINE)
        head, forged = chained(changed), forged + changed
    (target / FILE).write_bytes(forged)
    return target


def test_an_edited_draw_breaks_the_boards_chain(drawn, tmp_path):
    board = edited(drawn.board, tmp_path / "board", whole=False)
    with pytest.raises(ConfigError, match="take the file back"):
        checked(drawn.zipped(tmp_path / "s.zip"), board=board)


def test_a_draw_that_was_edited_with_its_chain_is_found_once_the_secret_is_shown(drawn, tmp_path):
    board = edited(drawn.board, tmp_path / "board", whole=True)
    with pytest.raises(ConfigError, match=f"seed {drawn.seed + 1} is told, and {drawn.seed} was drawn"):
        secret.show(board, drawn.own, "A host")


def test_nothing_is_drawn_with_a_secret_that_was_not_told_or_is_known(drawn, tmp_path):
    with pytest.raises(ConfigError, match="was not told of this secret"):
        draw(tmp_path, to(drawn.run), drawn.own, "A host")
    secret.commit(tmp_path, drawn.own, "A host", "told")
    secret.show(tmp_path, drawn.own, "A host")
    with pytest.raises(ConfigError, match="everybody knows"):
        draw(tmp_path, to(drawn.run), drawn.own, "A host")
    (tmp_path / "secret").write_text("x")
    with pytest.raises(ConfigError, match="no secret was made"):
        secret.made(tmp_path / "secret")
    with pytest.raises(ConfigError, match="holds no secret"):
        secret.read(tmp_path / "secret")


def test_a_commitment_to_what_there_is_not_is_not_drawn_for(drawn, tmp_path):
    with pytest.raises(ConfigError, match="was edited"):
        draw(drawn.board, to(drawn.run, version=2), drawn.own, "A host")
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(ConfigError, match="is no commitment"):
        read(tmp_path / "c.json")
    (tmp_path / "c.json").write_bytes(b"[" * 70_000)
    with pytest.raises(ConfigError, match="more than 65536 bytes"):
        read(tmp_path / "c.json")


HOSTILE: dict[str, tuple[str, bytes]] = {
    "10,000 lists": ("options", DEEP),
    "a number that no computer holds": ("options", b'{"model":' + b"9" * 4_000 + b"}"),
    "an escape as model": ("answers", rb'["model=\u001b[2J"]'),
    "a script as model": ("answers", b'["model=<script>"]'),
    "a thousand models": ("answers", orjson.dumps(["model=m"] * 1_000)),
    "a nonce of ones own": ("nonce", b'"1"'),
    "a score": ("score", b"1.0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_commitment_is_read_as_anybody_may_have_written_it(drawn, tmp_path, watched, command, name):
    field, value = HOSTILE[name]
    told = orjson.dumps(drawn.told | {field: "PUT"}).replace(b'"PUT"', value)
    header = orjson.dumps(HEADER | {"commitment": "PUT"}).replace(b'"PUT"', told)
    found = check(listed(tmp_path / "s.zip", ("submission.json", header)), watched, board=drawn.board)
    assert found.state == "refused"
    assert codes(found) <= {"form.submission", "draw.commitment"}
    (tmp_path / "c.json").write_bytes(told)
    (tmp_path / "secret").write_text(drawn.own)
    given = ("board", "draw", drawn.board, tmp_path / "c.json", "--secret", tmp_path / "secret", "--who", "A host")
    code, _, errors = command(*given)
    assert (code, "Traceback" in errors) == (2, False), errors


def test_the_runs_of_one_draw_have_one_seed(drawn):
    manifest = Manifest.read(drawn.run)
    other = manifest.model_copy(update={"config": manifest.config.model_copy(update={"seed": 3})})
    found = list(faults(drawn.given, SUBMITTER, [manifest, other], decisions(drawn.board)))
    assert {fault.code for fault in found} == {"draw.seed"}
    assert "one is drawn for all" in found[0].what


def test_the_commands_from_a_commitment_to_a_sound_submission(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("who.yaml").write_text(orjson.dumps(WHO).decode())
    assert command("board", "secret", "board", "secret", "--who", "A host")[0] == 0
    code, out, errors = command("submit", "prepare", "small", "--who", "who.yaml", "backend=scripted", "-o", "c.json")
    assert (code, "small@1 by backend=scripted" in out) == (0, True), errors
    code, out, _ = command("board", "draw", "board", "c.json", "--secret", "secret", "--who", "A host", "--json")
    seed = orjson.loads(out)["evidence"]["seed"]
    assert command("board", "draw", "board", "c.json", "--secret", "secret", "--who", "A host")[1].startswith(
        f"seed {seed} "
    )
    run = played(tmp_path, seed=seed)
    pack_ = ("submit", "pack", run, "--who", "who.yaml", "commitment=c.json", "-o", "s.zip")
    assert command(*pack_)[0] == 0
    assert "sound, demonstration, under the seed drawn" in command("submit", "check", "s.zip", "board=board")[1]
    assert command("board", "secret", "board", "secret", "--who", "A host", "--show")[0] == 0
    assert decisions(Path("board"))[-1].evidence["shown"] == Path("secret").read_text().strip()
    assert command("submit", "check", "s.zip", "board=board")[0] == 0


def test_a_commitment_is_to_the_suites_engine_settings(command, tmp_path):
    (tmp_path / "who.yaml").write_text(orjson.dumps(WHO).decode())
    given = ("submit", "prepare", "small", "--who", tmp_path / "who.yaml", "-o", tmp_path / "c.json")
    code, _, errors = command(*given, "backend=server", "backend.temperature=0")
    assert (code, "temperature is 0" in errors, "backend.temperature=0.7" in errors) == (2, True, True), errors


def test_a_board_knows_which_draws_came_to_nothing(drawn, tmp_path):
    secret.commit(tmp_path / "board", drawn.own, "A host", "told")
    other = to(drawn.run)
    for given in (drawn.given, other):
        draw(tmp_path / "board", given, drawn.own, "A host")
    assert len(unused(decisions(tmp_path / "board"))) == 2
    found = add(tmp_path / "board", drawn.zipped(tmp_path / "s.zip"), "A host", "taken", {})
    assert (found.state, found.prepared) == ("sound", "drawn")
    (left,) = unused(decisions(tmp_path / "board"))
    assert left.evidence["commitment"] == other.digest


def test_other_decisions_draw_nothing(drawn, tmp_path):
    decide(tmp_path, "add", "A host", "taken", evidence={"commitment": drawn.given.digest, "seed": drawn.seed})
    assert codes(checked(drawn.zipped(tmp_path / "s.zip"), board=tmp_path)) == {"draw.none"}
