"""Honest submissions are sound, whatever befell their runs, and the command says what was found."""

import math
import shutil
from pathlib import Path

import orjson
import pytest
from forging import WHO, copy, jsonl, played, relined, remade, scored, zipped
from logs import lines, part
from stub import Seen, Stub, completion, http, raw, right

from simrun.agents.records import Answer, Call
from simrun.config.errors import ConfigError
from simrun.config.options import Role
from simrun.leaderboard import suites
from simrun.leaderboard.check import checked
from simrun.leaderboard.clock import STEPS, Clock, overlaps, too_fast
from simrun.leaderboard.likeness import FEWEST, Fingerprint
from simrun.leaderboard.logged import Reader
from simrun.leaderboard.packing import found, pack
from simrun.leaderboard.rescored import Rescored
from simrun.leaderboard.submission import Who
from simrun.leaderboard.traces import SAMPLE, Repeats, beyond
from simrun.log.archive import DEPTH, deep
from simrun.log.manifest import Manifest
from simrun.log.trust import note
from simrun.play.session import resume
from simrun.score.looks import decide

SUBMITTER = Who.model_validate(WHO)


def packed(run: Path, target: Path) -> Path:
    pack([run], SUBMITTER, target)
    return target


def test_a_run_is_sound_and_its_failed_replies_are_counted(honest, tmp_path):
    found = checked(packed(honest, tmp_path / "s.zip"))
    assert (found.state, found.standing, found.faults) == ("sound", "demonstration", ())
    assert [(arm.episodes, arm.failed, arm.calls) for arm in found.parts[0].arms] == [(16, 0, 16)] * 4


def test_a_run_that_was_copied_and_renamed_is_the_same_file(honest, tmp_path):
    other = Path(shutil.copytree(honest, tmp_path / "elsewhere"))
    files = [packed(run, tmp_path / f"{run.name}.zip").read_bytes() for run in (honest, other)]
    assert files[0] == files[1]


def test_a_file_holds_no_scores_tables_reports_or_code(honest, tmp_path):
    import zipfile

    with zipfile.ZipFile(packed(honest, tmp_path / "s.zip")) as file:
        assert file.namelist() == ["submission.json", "00/manifest.json", "00/plan.jsonl", "00/log/00000.jsonl"]


@pytest.mark.parametrize(("keep", "torn"), [(2, b""), (40, b'{"kind":"call","tri'), (129, b"")])
def test_a_run_that_was_killed_and_resumed_is_sound(honest, tmp_path, keep, torn):
    run = copy(honest, tmp_path / honest.name)
    part(run).write_bytes(b"".join(lines(run)[:keep]) + torn)
    remade(heads={}, complete=False)(run)
    note(Manifest.read(run), run)
    resume(run, decide)
    assert checked(packed(run, tmp_path / "s.zip")).state == "sound"


def test_refusals_are_shown_and_not_dropped(tmp_path):
    rules = [{"say": "I cannot help with that.", "when": "(?i)black|tyrone|keisha", "chance": 1.0}, {"say": "{invite}"}]
    run = played(tmp_path, backend={"name": "scripted", "rules": [rules[0] | {"when": ""}]})
    found = checked(packed(run, tmp_path / "s.zip"))
    assert (found.state, found.standing) == ("sound", "demonstration")
    assert all(arm.episodes == 16 and arm.refused == 16 for arm in found.parts[0].arms)


def usual(seen: Seen):
    """What a server says, with tokens that are likely."""
    text, told = right(seen.body), completion(right(seen.body))
    told["usage"] = {"prompt_tokens": len(str(seen.body)) // 4, "completion_tokens": len(text) // 4 + 1}
    return raw(orjson.dumps(told))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model behind a server that was out of order for a while; what failed was played again."""
    with Stub() as stub:
        stub.misbehave(lambda seen: http(500) if len(stub.seen) % 7 == 3 else usual(seen))
        engine = {"name": "server", "url": stub.url, "model": "stub", "retries": 0, "backoff": 0.01}
        run = played(tmp_path_factory.mktemp("asked"), backend=engine)
        assert not Manifest.read(run).complete
        stub.misbehave(usual)
        resume(run, decide)
    assert b'"kind":"error"' in part(run).read_bytes()
    return run


def test_errors_that_were_played_again_are_no_fault_and_a_model_is_ranked(asked, tmp_path):
    found = checked(packed(asked, tmp_path / "s.zip"))
    assert (found.state, found.standing, found.faults) == ("sound", "ranked", ())


def test_an_error_whose_answers_are_all_there_hides_an_episode(honest, plan, tmp_path):
    """Where a suite allows failures, its calls give it away."""
    run = copy(honest, tmp_path / "run")

    def hidden(found):
        found[-1] = {
            "kind": "error",
            "trial": found[-1]["trial"],
            "at": found[-1]["at"],
            "error": "server",
            "message": "",
        }

    relined(hidden)(run)
    remade(complete=False)(run)
    manifest, patient = Manifest.read(run), suites.suite("small").model_copy(update={"failures": 0.5})
    reader = Reader(run, "00", plan, manifest)
    reader.read()
    assert not list(reader.complete(patient))
    assert [fault.code for fault in Rescored(run, "00", plan, manifest, patient).faults()] == ["replay.error"]
    silent = patient.model_copy(update={"audited": ("recruiter", "candidate")})
    codes = [fault.code for fault in Rescored(run, "00", plan, manifest, silent).faults()]
    assert codes == ["replay.role"] * 63 + ["replay.error"]


def test_a_run_with_other_options_is_custom(tmp_path, honest):
    config = suites.config("small")
    assert found([config]) == "small"
    assert found([config.model_copy(update={"seed": 3})]) == suites.CUSTOM
    pack([honest], SUBMITTER, tmp_path / "s.zip", suites.CUSTOM)
    assert checked(tmp_path / "s.zip").state == "sound"


def test_a_run_of_which_a_fifth_was_played_is_missing_the_rest(honest, tmp_path):
    run = copy(honest, tmp_path / "run")
    part(run).write_bytes(b"".join(lines(run)[:27]))
    remade(heads={}, complete=False)(run)
    found = checked(packed(run, tmp_path / "s.zip"))
    assert [fault.code for fault in found.faults] == ["trials.missing"]
    assert "51 of 64 trials" in found.faults[0].what
    assert "simrun resume" in found.faults[0].line


def shifted(found):
    """Every line an hour later: as if it had been played again."""
    for fields in found:
        fields["at"] += 3600


def test_two_submissions_of_one_run_of_a_model_are_held(asked, plan, command, tmp_path):
    (tmp_path / "again").mkdir()
    first = packed(asked, tmp_path / "first.zip")
    run = copy(asked, tmp_path / "run")
    relined(shifted)(run)
    zipped(tmp_path / "again" / "s.zip", run, jsonl(plan))
    code, out, _ = command("submit", "check", tmp_path / "again" / "s.zip", f"beside={first.parent}", "--json")
    assert (code, [fault["code"] for fault in orjson.loads(out)[0]["faults"]]) == (5, ["like.another"])


def long_reply(found, key):
    """Every reply in many words, which say what `key` makes of its trial."""
    for fields in found:
        if fields["kind"] == "call":
            fields["answer"] |= {"text": f"{key(fields) * 60} {fields['answer']['text']}", "output_tokens": 400}
            fields["seconds"] = 0.05
            fields["answer"]["prompt_tokens"] = 2000


def test_one_reply_to_all_is_held(asked, plan, tmp_path):
    run = copy(asked, tmp_path / "run")

    def same(found):
        long_reply(found, lambda _: "So be it. ")
        text = next(fields["answer"]["text"] for fields in found if fields["kind"] == "call")
        for fields in found:
            if fields["kind"] == "call":
                fields["answer"]["text"] = text
        scored(plan)(found)

    relined(same)(run)
    found = checked(zipped(tmp_path / "s.zip", run, jsonl(plan)))
    assert (found.state, {fault.code for fault in found.faults}) == ("held", {"replies.repeated", "pairs.alike"})


def test_an_arm_with_its_pairs_replies_is_held(asked, plan, tmp_path):
    trials = {trial.id: trial for trial in plan.trials()}
    run = copy(asked, tmp_path / "run")

    def same(found):
        def key(fields):
            trial = trials[fields["trial"]]
            return f"{trial.case} {'' if trial.arm in [arm.name for arm in plan.arms[:2]] else trial.arm}."

        long_reply(found, key)
        own = {}
        for fields in found:
            if fields["kind"] == "call" and trials[fields["trial"]].arm in [arm.name for arm in plan.arms[:2]]:
                fields["answer"] = own.setdefault(trials[fields["trial"]].case, fields["answer"])
        scored(plan)(found)

    relined(same)(run)
    found = checked(zipped(tmp_path / "s.zip", run, jsonl(plan)))
    assert (found.state, [fault.code for fault in found.faults]) == ("held", ["pairs.alike"])
    assert "100% more cases than the placebo" in found.faults[0].what


@pytest.mark.parametrize(
    ("own", "floor", "held"),
    [
        ({f"{n}": 1.0 for n in range(9)}, {}, False),  # too few
        ({f"{n}": 1.0 for n in range(10)}, {}, True),
        ({f"{n}": 1.0 for n in range(10)}, {f"{n}": 1.0 for n in range(10)}, True),
        ({f"{n}": 0.9 for n in range(10)}, {f"{n}": 0.9 for n in range(10)}, False),  # at its floor
        ({f"{n}": 0.5 for n in range(10)}, {f"{n}": 0.1 * (n % 2) for n in range(10)}, True),
        # mean gap .5, but standard deviation .53 and so standard error .17: 3 of them, not 4
        ({f"{n}": float(n % 2) for n in range(10)}, {f"{n}": 0.0 for n in range(10)}, False),
    ],
)
def test_agreement_beyond_the_floor(own, floor, held):
    assert bool(beyond(own, floor)) is held


def test_repeats_hold_a_sample_of_any_number_of_replies():
    repeats = Repeats()
    for number in range(2 * SAMPLE):
        repeats.add(str(number), f"reply {number}")
    assert repeats.share()[0] == 0
    assert SAMPLE / 4 < repeats.share()[1] <= SAMPLE
    repeats = Repeats()
    for case in ("a", "b", "c"):
        repeats.add(case, "the same")
        repeats.add(case, f"its own {case}")
    assert repeats.share() == (0.5, 6)


def call(nth: int = 0, at: float = 10.0, seconds: float = 1.0, text: str = "", **answer: int) -> Call:
    told = Answer(text=text, **answer)
    return Call(trial="t", role="r", nth=nth, digest="", seed=0, answer=told, at=at, seconds=seconds)


def test_times_that_no_process_writes():
    clock = Clock("log", created=0)
    clock.opened(1.0)
    for nth in range(STEPS):
        clock.answered(call(nth, at=10.0 - nth))
    assert [fault.code for fault in clock.faults()] == []  # two steps back
    for _ in range(STEPS):
        clock.answered(call(at=1.0, seconds=50.0))
    assert [fault.code for fault in clock.faults()] == ["times.backwards", "times.impossible"]


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ({}, True),
        ({"seconds": -0.1}, False),
        ({"seconds": math.inf}, False),
        ({"at": -6.0}, False),
        ({"at": 1e9}, False),
    ],
)
def test_a_single_call_that_simrun_never_writes(told, right):
    assert Clock("log", created=0).written(call(**told)) is right


def test_a_chat_is_answered_before_it_goes_on():
    assert overlaps([call(0, at=10), call(1, at=30, seconds=19)]) == 0
    assert overlaps([call(0, at=10), call(1, at=30, seconds=26)]) == 1
    assert not too_fast(call(seconds=0.01, output_tokens=500))
    assert too_fast(call(seconds=0.0, output_tokens=1))


def test_the_likeness_of_two_logs_is_the_share_of_replies_that_both_have():
    one, other = Fingerprint(), Fingerprint()
    for nth in range(FEWEST):
        one.add(call(nth, text="a" * 80))
        other.add(call(nth, text="a" * 80 if nth < FEWEST // 2 else "b" * 80))
    assert one.like(one) == 1
    assert one.like(other) == pytest.approx(1 / 3)  # 10 of 10 + 10 + 10
    short = Fingerprint()
    short.add(call())
    assert short.like(one) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"[" * DEPTH + b"]" * DEPTH, False),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), True),
        (b"[]" * 1000, False),
        (b'{"text": "' + b"[" * 1000 + b'\\""}', False),
        (b"[" * 65 + b'\\"' * 10**6, True),  # a string that never ends is read once
    ],
)
def test_how_deep_a_line_is(line, found):
    assert deep(line) is found


def test_the_command_packs_and_checks(honest, plan, command, tmp_path):
    who, file = tmp_path / "who.yaml", tmp_path / "s.zip"
    who.write_text("name: A group\ncontact: https://example.org\nrelation: none\nlicence: CC-BY-4.0\n")
    code, out, _ = command("submit", "pack", honest, "--who", who, "-o", file)
    assert (code, "1 runs of small@1" in out) == (0, True)
    code, out, _ = command("submit", "check", file)
    assert (code, "sound, demonstration" in out) == (0, True)
    run = copy(honest, tmp_path / "run")
    remade(notes=())(run)
    forged = zipped(tmp_path / "forged.zip", run, jsonl(plan))
    code, out, _ = command("submit", "check", file, forged, "--json")
    assert (code, [each["state"] for each in orjson.loads(out)]) == (4, ["sound", "refused"])


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("pack", "run"), "--who FILE and -o FILE"),
        (("check",), "name a packed file"),
        (("check", "nowhere.zip"), "there is no such file"),
        (("weigh", "s.zip"), "pack"),
    ],
)
def test_the_command_says_what_it_takes(command, typed, why):
    code, _, errors = command("submit", *typed)
    assert (code, why in errors) == (2, True), errors


@pytest.mark.parametrize("told", ["name: A", "name: [", "- a", "name: <b>\ncontact: a\nrelation: none\nlicence: b"])
def test_who_is_told_in_full(honest, command, tmp_path, told):
    (tmp_path / "who.yaml").write_text(told)
    code, _, errors = command("submit", "pack", honest, "--who", tmp_path / "who.yaml", "-o", tmp_path / "s.zip")
    assert (code, "relation (none, maker, paid or other)" in errors) == (2, True), errors
    assert not (tmp_path / "s.zip").exists()


def test_a_role_of_its_own_makes_a_run_custom():
    config = suites.config("small")
    own = config.model_copy(update={"roles": {**config.roles, "recruiter": Role(backend="scripted")}})
    assert found([own]) == suites.CUSTOM
    assert suites.differing(own, config) == ("roles.recruiter",)


@pytest.mark.slow
def test_a_run_of_two_workers_is_sound(tmp_path):
    run = played(tmp_path, workers=2)
    assert len({file.name.split(".")[1] for file in (run / "log").glob("*.jsonl")}) == 2
    assert checked(packed(run, tmp_path / "s.zip")).state == "sound"


@pytest.mark.slow
def test_a_suite_of_all_four_is_sound(tmp_path, command):
    out = f"out={tmp_path / 'runs'}"
    assert command("-m", "suite=clinic,recruitment,dialogue,peer_review", "backend=scripted", out)[0] == 0
    runs = sorted(file.parent for file in (tmp_path / "runs").glob("*/*/manifest.json"))
    assert pack(runs, SUBMITTER, tmp_path / "s.zip").suite == "four"
    found = checked(tmp_path / "s.zip")
    assert (found.state, found.faults) == ("sound", ())
    assert pack(runs[:3], SUBMITTER, tmp_path / "three.zip", "four").runs == 3
    assert [fault.code for fault in checked(tmp_path / "three.zip").faults] == ["suite.parts"]


def test_a_suite_that_there_is_not_cannot_be_packed(honest, command, tmp_path):
    (tmp_path / "who.yaml").write_text("name: A\ncontact: a\nrelation: none\nlicence: b\n")
    given = ("submit", "pack", honest, "--who", tmp_path / "who.yaml", "-o", tmp_path / "s.zip", "suite=large")
    code, _, errors = command(*given)
    assert (code, "small" in errors) == (2, True), errors
    with pytest.raises(ConfigError, match="did you mean 'small'"):
        suites.suite("smal")
