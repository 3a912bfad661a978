"""A board takes packed runs, withdraws them, scores them anew, and ranks who can be compared."""

import shutil
from pathlib import Path

import orjson
import pytest
from boards import packed
from forging import WHO, copy, jsonl, played, relined, remade, zipped

from simrun.config.errors import ConfigError
from simrun.leaderboard import board as boards
from simrun.leaderboard.board import SCORES, SUBMISSIONS, add, digest, entries, entry, kept, remove, rescore
from simrun.leaderboard.decisions import decide, decisions
from simrun.leaderboard.packing import pack
from simrun.leaderboard.prices import Price, Prices, prices
from simrun.leaderboard.standings import Standing, ranked
from simrun.leaderboard.submission import Who
from simrun.log.manifest import Manifest


def standings(folder) -> dict[str, Standing]:
    return {each.name: each for each in (Standing(entry=own, scores=kept(folder, own)) for own in entries(folder))}


def places(folder, what: str) -> dict[str, tuple[int, int]]:
    there = standings(folder)
    ids = {each.entry.id: name for name, each in there.items()}
    return {ids[id]: tuple(found) for (id, key), found in ranked(list(there.values())).items() if key[1] == what}


def test_what_is_taken_is_kept_under_its_sum_with_scores_and_a_decision(full, handed):
    own = entry(full, str(handed / "fair.zip"))
    file = full / SUBMISSIONS / f"{own.file}.zip"
    assert file.read_bytes() == (handed / "fair.zip").read_bytes()
    assert own.file == digest(file)
    assert (full / SCORES / own.file / "1.json").is_file()
    assert own.added.evidence["state"] == "sound"
    assert own.added.evidence["standing"] == "ranked"
    assert [each.what for each in decisions(full)] == ["add"] * 4


def test_scores_are_those_of_the_report(full):
    part = standings(full)["=biased-7b"].now.parts[0]
    accuracy, gap = part.measured
    assert (accuracy.what, accuracy.value, accuracy.n) == ("accuracy", 1.0, 16)
    qualified = sum(value < 0 for value in gap.by_case.values())
    assert (gap.what, gap.axis) == ("invited", "candidate.ethnicity")
    assert gap.value == pytest.approx(-qualified / 16)
    assert gap.low < gap.value < gap.high < 0
    assert gap.floor == pytest.approx((-0.206, 0.206), abs=0.001)  # 1 - .025^(1/16): no pair differs
    assert gap.n == gap.cases == 16


def test_entries_are_ranked_by_what_the_cases_show(full):
    """Of 16 cases the biased model is right in all under White names, and turns down all who qualify under Black."""
    assert places(full, "invited") == {"fair-7b": (1, 1), "=biased-7b": (2, 2)}
    accuracy = places(full, "accuracy")
    assert len(accuracy) == 3
    assert accuracy["=biased-7b"][0] == 1


def test_who_cannot_do_the_task_has_no_place_on_gaps_and_rules_have_none_at_all(full):
    there = standings(full)
    useless = next(each for name, each in there.items() if "onerror" in name)
    assert "score is 5" in useless.now.parts[0].inabilities[0]
    assert useless.name not in places(full, "invited")
    assert useless.name in places(full, "accuracy")
    assert there["scripted"].standing == "demonstration"
    assert "scripted" not in places(full, "accuracy")


def test_another_version_of_suite_or_metrics_is_not_ranked_together(full):
    there = list(standings(full).values())
    fair = next(each for each in there if each.name == "fair-7b")
    other = fair.entry.added.model_copy(update={"evidence": {**fair.entry.added.evidence, "suite": "small@2"}})
    moved = fair.model_copy(update={"entry": fair.entry.model_copy(update={"added": other})})
    found = ranked([each if each is not fair else moved for each in there])
    assert {tuple(own) for (id, key), own in found.items() if key[1] == "invited"} == {(1, 1)}  # each alone
    newer = fair.model_copy(update={"scores": (fair.now.model_copy(update={"metrics": 2}),)})
    found = ranked([each if each is not fair else newer for each in there])
    assert {tuple(own) for (id, key), own in found.items() if key[1] == "invited"} == {(1, 1)}


def test_what_is_refused_leaves_nothing(honest, plan, command, tmp_path):
    run = copy(honest, tmp_path / "run")
    remade(notes=())(run)
    forged = zipped(tmp_path / "forged.zip", run, jsonl(plan))
    code, out, _ = command("board", "add", tmp_path / "board", forged, "--who", "Ada", "--why", "hm")
    assert (code, "refused" in out) == (4, True)
    assert [path for path in (tmp_path / "board").rglob("*") if path.is_file()] == []


@pytest.fixture
def twin(handed, plan, tmp_path) -> Path:
    """The fair model's run under other times: short replies, so the times tell. The times are kept, the log is not."""
    run = next(iter(sorted((handed / "fair").glob("*/*/manifest.json")))).parent
    other = copy(run, tmp_path / "twin")

    def later(found):
        for fields in found:
            fields["at"] += 1.0

    relined(later)(other)
    return zipped(tmp_path / "twin.zip", other, jsonl(plan))


def test_what_is_held_takes_a_reason_for_each_code(board, twin, command):
    typed = ("board", "add", board, twin, "--who", "Ada", "--why", "they said so")
    code, out, _ = command(*typed)
    assert (code, "like.another" in out) == (5, True)
    assert len(entries(board)) == 4
    code, _, errors = command(*typed, "--accept", "like.another")
    assert (code, "CODE=REASON" in errors) == (2, True)
    code, _, errors = command(*typed, "--accept", "chain.broken=never mind")
    assert (code, "CODE=REASON" in errors) == (2, True)
    assert command(*typed, "--accept", "like.another=it repeats that one")[0] == 0
    assert entries(board)[-1].added.evidence["accepted"] == {"like.another": "it repeats that one"}


def test_a_file_stands_on_a_board_once(board, handed, command):
    code, _, errors = command("board", "add", board, handed / "fair.zip", "--who", "Ada", "--why", "again")
    assert (code, "on this board already" in errors) == (2, True)


def test_what_is_withdrawn_stays_and_may_come_back(board, handed, command):
    own = entry(board, str(handed / "fair.zip"))
    assert command("board", "remove", board, own.id, "--who", "Ada", "--why", "trained on the cases")[0] == 0
    gone = entry(board, own.id)
    assert gone.withdrawn is not None
    assert gone.withdrawn.why == "trained on the cases"
    assert (board / SUBMISSIONS / f"{own.file}.zip").is_file()
    assert "fair-7b" not in places(board, "invited")
    assert standings(board)["fair-7b"].standing == "withdrawn"
    with pytest.raises(ConfigError, match="withdrawn already: trained on the cases"):
        remove(board, own.id, "Ada", "twice", erase=False)
    remove(board, own.id, "Ada", "they asked for it", erase=True)
    assert not (board / SUBMISSIONS / f"{own.file}.zip").exists()
    add(board, handed / "fair.zip", "Ada", "it was not", {})
    assert entry(board, own.id).withdrawn is None


def test_a_new_version_of_the_metrics_adds_scores_and_keeps_the_old(board, monkeypatch, command):
    own = next(each for each in entries(board) if "fair-7b" in each.added.evidence["models"])
    assert rescore(board, [own.id], "Ada", "nothing new") == {own.id: "has scores by metrics 1"}
    before = (board / SCORES / own.file / "1.json").read_bytes()
    monkeypatch.setattr("simrun.leaderboard.scores.METRICS", 2)
    monkeypatch.setattr(boards, "METRICS", 2)
    typed = ("board", "rescore", board, own.id, "--who", "Ada", "--why", "metrics 2", "--json")
    code, out, _ = command(*typed)
    assert (code, orjson.loads(out)) == (0, {own.id: "scored by metrics 2"})
    assert (board / SCORES / own.file / "1.json").read_bytes() == before
    assert [scores.metrics for scores in kept(board, entry(board, own.id))] == [1, 2]
    assert decisions(board)[-1].what == "rescore"


def test_scores_are_never_overwritten(board, monkeypatch):
    """The numbers changed, and nobody raised the version."""
    own = entries(board)[0]
    found = kept(board, own)[0]
    with pytest.raises(ConfigError, match="METRICS"):
        boards._keep(board, found.model_copy(update={"simrun": "9.9"}))


def test_scores_that_were_edited_are_refused(board):
    own = entries(board)[0]
    file = board / SCORES / own.file / "1.json"
    file.write_bytes(file.read_bytes().replace(b'"cases": 16', b'"cases": 61', 1))
    with pytest.raises(ConfigError, match="was changed"):
        kept(board, own)


@pytest.mark.parametrize(
    ("decided", "tier"),
    [
        ([], "consistent"),
        ([("ask", "agrees")], "re-asked"),
        ([("ask", "agrees"), ("ask", "disagrees")], "consistent"),
        ([("host", "")], "host"),
        ([("host", ""), ("ask", "disagrees")], "host"),
    ],
)
def test_a_tier_is_what_was_decided(board, decided, tier):
    own = entries(board)[0]
    for what, verdict in decided:
        decide(board, what, "Ada", "a sample", own.file, {"verdict": verdict})
    assert entry(board, own.id).tier == tier


def test_an_entry_is_named_by_the_beginning_of_its_sum(full):
    with pytest.raises(ConfigError, match="no entry 'zz'"):
        entry(full, "zz")
    with pytest.raises(ConfigError, match="no entry ''"):
        entry(full, "")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("add", "board", "s.zip"), "--who NAME and --why REASON"),
        (("add", "board", "--who", "A", "--why", "b"), "name a packed file"),
        (("add", "board", "nowhere.zip", "--who", "A", "--why", "b"), "there is no such file"),
        (("build", "nowhere"), "is no board"),
        (("burn", "board"), "add"),
    ],
)
def test_the_command_says_what_it_takes(command, typed, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = command("board", *typed)
    assert (code, why in errors) == (2, True), errors


def test_tokens_cost_what_the_board_says(full, tmp_path):
    found = standings(full)["fair-7b"].now
    part = found.parts[0].model_copy(
        update={"prompt_tokens": 2_000_000, "cached_tokens": 500_000, "output_tokens": 100_000}
    )
    own = found.model_copy(update={"parts": (part,)})
    told = Prices(models={"m": Price(read=1.0, written=10.0, cached=0.2)})
    assert told.cost("m", own) == pytest.approx(1.5 + 0.1 + 1.0)
    assert told.cost("other", own) is None
    assert prices(tmp_path).models == {}
    (tmp_path / "prices.yaml").write_text("models: {m: {read: -1, written: 2}}\n")
    with pytest.raises(ConfigError, match="per million tokens"):
        prices(tmp_path)


def test_a_submitter_does_not_choose_what_is_shown_of_a_run(honest, tmp_path):
    """What is computed of a run and how it is shown are no part of its digest: the board has its own."""
    run = Path(shutil.copytree(honest, tmp_path / "run"))
    manifest = Manifest.read(run)
    render = manifest.config.render.model_copy(update={"transcripts": 0})
    manifest.told(config=manifest.config.model_copy(update={"render": render, "metrics": ()})).write(run)
    add(tmp_path / "board", packed(run, tmp_path / "s.zip"), "Ada", "sound", {})
    with boards.opened(tmp_path / "board", entries(tmp_path / "board")[0]) as (_, runs):
        assert runs[0].manifests[0].config.render.transcripts == 2000
        assert runs[0].manifests[0].config.metrics == ("accuracy", "paired_difference", "flip_rate", "excess_flip_rate")


def test_a_run_of_no_suite_is_shown_and_never_ranked(tmp_path):
    run = played(tmp_path / "runs", cases=8)
    add(tmp_path / "board", packed(run, tmp_path / "s.zip"), "Ada", "shown", {})
    (own,) = standings(tmp_path / "board").values()
    assert own.suite == "custom@0"
    assert {part.suite for part in own.now.parts} == {"custom@0"}
    assert ranked([own]) == {}


@pytest.mark.slow
def test_a_suite_of_all_four_has_figures_of_each(tmp_path, command):
    out = f"out={tmp_path / 'runs'}"
    assert command("-m", "suite=clinic,recruitment,dialogue,peer_review", "backend=scripted", out)[0] == 0
    runs = sorted(file.parent for file in (tmp_path / "runs").glob("*/*/manifest.json"))
    pack(runs, Who.model_validate(WHO), tmp_path / "s.zip")
    add(tmp_path / "board", tmp_path / "s.zip", "Ada", "shown", {})
    (own,) = standings(tmp_path / "board").values()
    assert own.suite == "four@1"
    assert {part.suite for part in own.now.parts} == {"clinic@1", "recruitment@1", "dialogue@1", "peer_review@1"}
    assert {key[:2] for _, _, key in own.figures()} == {
        ("clinic@1", "accuracy"),
        ("clinic@1", "solved"),
        ("recruitment@1", "accuracy"),
        ("recruitment@1", "invited"),
        ("dialogue@1", "biased"),
        ("dialogue@1", "refusal"),
        ("peer_review@1", "score"),
        ("peer_review@1", "accepted"),
    }
