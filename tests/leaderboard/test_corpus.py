"""Hostile and forged submissions. Of the first list, what the file alone gives away: none is executed, none writes
outside, none is sound, and each names the check that found it. The second list is of what only asking again can
show."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forging import (
    DEEP,
    WHO,
    Forge,
    asked,
    bound,
    calls,
    check,
    codes,
    copied,
    copy,
    failed,
    jsonl,
    last,
    raw,
    relined,
    remade,
    scored,
    written,
    zipped,
)

from simrun.log.manifest import Manifest
from simrun.plan.design import Plan


def without(kind: str) -> Forge:
    return relined(lambda found: [fields for fields in found if fields["kind"] != kind])


def at_end(kind: str, change: Callable[[dict[str, Any]], Any]) -> Forge:
    """The last line of a kind changed."""
    return relined(lambda found: change(found[last(found, kind)]))


def twice(kind: str) -> Forge:
    return relined(lambda found: [*found, dict(found[last(found, kind)])])


def clockwork(found: list[dict[str, Any]]) -> None:
    for fields in found:
        fields["at"] = found[0]["at"]


def backwards(found: list[dict[str, Any]]) -> None:
    times = sorted((fields["at"] for fields in found), reverse=True)
    for fields, at in zip(found, times, strict=True):
        fields["at"] = at


def engines(**own: Any) -> Forge:
    return lambda run: remade(engines=dict.fromkeys(Manifest.read(run).engines, own))(run)


def edited(run: Path) -> None:
    """An axis of the catalogue says something else."""
    manifest = Manifest.read(run)
    axes = {
        name: axis.model_copy(update={"about": f"{axis.about} Or not."})
        for name, axis in manifest.catalogue.axes.items()
    }
    remade(catalogue=manifest.catalogue.model_copy(update={"axes": axes}))(run)


def other_model(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As after a resume for which a server held another model."""
    again = found[0] | {"engines": {role: told | {"model": "great"} for role, told in found[0]["engines"].items()}}
    again["at"] = found[64]["at"]
    return [*found[:65], again, *found[65:]]


def design(**own: Any) -> Forge:
    return lambda run: asked(design=Manifest.read(run).config.design.model_copy(update=own))(run)


def scenario(**own: Any) -> Forge:
    return lambda run: asked(scenario={**Manifest.read(run).config.scenario, **own})(run)


def levels(number: int, cases: int = 16) -> Forge:
    def change(fields: dict[str, Any]) -> None:
        fields["config"]["vary"] = {"candidate": {"ethnicity": [str(level) for level in range(number)]}}
        fields["cases"] = fields["cases"][:cases]

    return written(change)


SERVER = {"name": "server", "temperature": 0.0, "model": "m"}
EXTRA = {"digest": "0" * 24, "nth": 1}

FORGED: dict[str, tuple[Forge, str]] = {
    "an outcome": (at_end("episode", lambda fields: fields["outcome"].update(score=1)), "replay.differs"),
    "an outcome that is missing": (at_end("episode", lambda fields: fields.update(outcome=None)), "replay.differs"),
    "an unwanted episode as an error, its answers left": (
        at_end("episode", lambda fields: fields.update(kind="error", error="server", message="500", outcome=None)),
        "trials.failed",
    ),
    "unwanted episodes as errors, their answers gone": (relined(failed(3)), "trials.failed"),
    "the end cut off": (relined(lambda found: found[:-6]), "trials.missing"),
    "the end cut off, and told": (
        lambda run: (relined(lambda found: found[:-6])(run), remade(complete=False)(run)),
        "trials.missing",
    ),
    "the end cut off, with the old head": (
        lambda run: (
            heads := Manifest.read(run).heads,
            relined(lambda found: found[:-6])(run),
            remade(heads=heads)(run),
        ),
        "chain.broken",
    ),
    "no head": (remade(heads={}), "chain.broken"),
    "a line changed, the chain not": (
        lambda run: _swap(run, b'"finish":"stop"', b'"finish":"length"'),
        "chain.broken",
    ),
    "seeds": (calls(lambda call: call.update(seed=call["seed"] ^ 1)), "replay.differs"),
    "prompts": (calls(lambda call: call.update(digest="0" * 24)), "replay.differs"),
    "tokens": (calls(lambda call: call["answer"].update(prompt_tokens=1)), "tokens.impossible"),
    "more cached than asked": (
        calls(lambda call: call["answer"].update(cached_tokens=10**6)),
        "tokens.impossible",
    ),
    "all at once": (relined(clockwork), "times.repeated"),
    "the last first": (relined(backwards), "times.backwards"),
    "answers before they were asked": (at_end("call", lambda call: call.update(seconds=-1.0)), "form.line"),
    "answers that took an hour, in a minute": (calls(lambda call: call.update(seconds=3600.0)), "times.impossible"),
    "an answer of next century": (at_end("call", lambda call: call.update(at=call["at"] + 1e10)), "form.line"),
    "an episode from before the run": (at_end("episode", lambda call: call.update(at=1.0)), "form.line"),
    "2**63 requests": (at_end("call", lambda call: call["answer"].update(attempts=2**63)), "form.line"),
    "a beginning at no time": (relined(lambda found: found[0].update(at=None)), "chain.manifest"),
    "engines that are no options": (
        written(lambda fields: fields["config"]["roles"]["candidate"].update(engine="x")),
        "form.manifest",
    ),
    "the engine in the manifest": (engines(backend="vllm"), "suite.derived"),
    "the engine, bound to the log": (bound(engines(backend="vllm")), "suite.derived"),
    "the model in the manifest": (engines(backend="scripted", rules=1, model="great"), "chain.manifest"),
    "a second process with another model": (relined(other_model), "chain.models"),
    "versions": (remade(versions={"simrun": "9"}), "chain.manifest"),
    "the date": (remade(created=1.0), "chain.manifest"),
    "the treatment's sentence": (remade(treatment="All is well."), "chain.manifest"),
    "notes": (remade(notes=()), "chain.manifest"),
    "the primary outcome": (design(primary=("score",)), "suite.other"),
    "the primary outcome, bound to the log": (bound(design(primary=("score",))), "suite.other"),
    "a margin": (bound(design(margin={"invited": 0.9})), "suite.other"),
    "owed": (remade(owed=1), "suite.derived"),
    "faults": (remade(faults=("a line",)), "suite.derived"),
    "flags": (remade(flags={"x": ("y",)}), "suite.derived"),
    "the digest of the cases": (remade(suite="0" * 24), "suite.derived"),
    "the digest of the config": (remade(digest="0" * 12), "suite.derived"),
    "a case fewer": (bound(asked(cases=15)), "suite.other"),
    "a case fewer in the manifest": (lambda run: remade(cases=Manifest.read(run).cases[:-1])(run), "suite.derived"),
    "another seed": (bound(asked(seed=23)), "suite.other"),
    "a persona": (bound(asked(roles={})), "suite.other"),
    "an option of the scenario": (bound(scenario(pool=5)), "suite.other"),
    "an option that there is not": (scenario(swapped=True), "form.manifest"),
    "an axis": (bound(edited), "suite.derived"),
    "another temperature": (bound(asked(backend=SERVER), engines(backend="server")), "suite.engine"),
    "an episode twice": (twice("episode"), "trials.twice"),
    "a call twice": (
        relined(lambda found: [*found[:2], dict(found[1]), *found[2:]]),
        "replay.differs",
    ),
    "a call that nobody asks for": (
        relined(lambda found: [*found[:2], found[1] | EXTRA, *found[2:]]),
        "replay.differs",
    ),
    "a call gone": (relined(lambda found: [found[0], *found[2:]]), "replay.differs"),
    "a trial of no plan": (at_end("episode", lambda fields: fields.update(trial="0" * 16)), "trials.unknown"),
    "a role that was never called": (
        calls(lambda call: call.update(role="candidate")),
        "replay.differs",
    ),
    "NaN in an outcome": (raw(b'"merit":0.', b'"merit":NaN,"m":0.'), "chain.broken"),
    "infinity in an outcome": (raw(b'"merit":0.', b'"merit":1e999,"m":0.'), "chain.broken"),
    "10,000 lists in a reply's line": (raw(b'"options":null', b'"options":' + DEEP), "file.depth"),
    "200 objects in an outcome": (
        raw(b'"outcome":{', b'"outcome":{"x":' + b'{"x":' * 200 + b"1" + b"}" * 200 + b","),
        "file.depth",
    ),
    "2**63 tokens": (calls(lambda call: call["answer"].update(output_tokens=2**63)), "form.line"),
    "2**63 turns": (calls(lambda call: call.update(nth=2**63)), "replay.differs"),
    "ten thousand levels": (levels(10_000), "form.manifest"),
    "a thousand levels, of one case": (levels(1_100, cases=1), "file.size"),
    "2**63 repeats": (written(lambda told: told.update(repeats=2**62)), "form.manifest"),
    "a log from before it began with who plays": (without("opened"), "chain.manifest"),
    "a line of a later version": (calls(lambda call: call.update(later=1)), "form.line"),
    "a manifest of a later version": (written(lambda told: told.update(later=1)), "form.manifest"),
    "a line of no kind": (at_end("episode", lambda fields: fields.update(kind="score")), "form.line"),
    "a class of its own as backend": (
        asked(backend={"name": "planted:Evil"}),
        "suite.reach",
    ),
    "a class of its own as scenario": (scenario(name="planted:Evil"), "suite.reach"),
    "a class of its own as metric": (asked(metrics=("planted:Evil",)), "suite.reach"),
    "a class of its own as judge": (asked(judge={"names": ["planted:Evil"]}), "suite.reach"),
    "a file of the board's": (bound(scenario(data="/etc/passwd")), "suite.reach"),
    "labels of the board's": (bound(asked(judge={"labels": "/etc/passwd"})), "suite.reach"),
    "an early stop": (design(stop="decided", margin={"invited": 0.1}), "suite.reach"),
    "a name with a script": (bound(remade(name="<script>alert(1)</script>")), "form.manifest"),
    "a name with an escape": (bound(remade(name="\x1b[2J")), "form.manifest"),
    "notes with an escape": (bound(remade(notes=("\x1b]0;owned\x07",))), "form.manifest"),
    "an engine with an escape": (bound(engines(backend="scripted", rules="\x1b[2J")), "form.manifest"),
    "lines that are no JSON": (lambda run: (run / "log" / "00000.jsonl").write_bytes(b"PK\x03\x04\n"), "chain.broken"),
    "no log": (lambda run: (run / "log" / "00000.jsonl").write_bytes(b""), "chain.broken"),
}


def _swap(run: Path, old: bytes, new: bytes) -> None:
    file = run / "log" / "00000.jsonl"
    file.write_bytes(file.read_bytes().replace(old, new, 1))


@pytest.mark.parametrize("name", FORGED)
def test_what_a_log_gives_away(honest, plan, tmp_path, watched, name):
    forge, code = FORGED[name]
    run = copy(honest, tmp_path / "run")
    forge(run)
    found = check(zipped(tmp_path / "s.zip", run, jsonl(plan)), watched)
    assert (found.state, code in codes(found)) == ("refused", True), found.faults
    assert all(fault.rule.mend and "Traceback" not in fault.line for fault in found.faults)


HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "a suite that there is not": ({"suite": "large"}, "suite.unknown"),
    "a suite of another version": ({"version": 2}, "suite.unknown"),
    "a suite of several runs": ({"suite": "four"}, "suite.parts"),
    "another suite": ({"suite": "recruitment"}, "suite.other"),
    "more runs than there are": ({"runs": 2}, "form.submission"),
    "2**63 runs": ({"runs": 2**63}, "form.submission"),
    "a format to come": ({"format": 2}, "form.submission"),
    "a score of its own": ({"score": 1.0}, "form.submission"),
    "nobody": ({"who": None}, "form.who"),
    "a script as name": ({"who": WHO | {"name": "<script>alert(1)</script>"}}, "form.who"),
    "an escape as contact": ({"who": WHO | {"contact": "\x1b[31mred"}}, "form.who"),
    "a name of a page": ({"who": WHO | {"name": "a" * 10_000}}, "form.who"),
    "a relation to nobody": ({"who": WHO | {"relation": "friend"}}, "form.who"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_what_a_submission_says_of_itself(honest, plan, tmp_path, watched, name):
    header, code = HEADERS[name]
    found = check(zipped(tmp_path / "s.zip", honest, jsonl(plan), **header), watched)
    assert (found.state, code in codes(found)) == ("refused", True), found.faults


@pytest.mark.parametrize("lines", ["", "one", "more"])
def test_another_plan_than_the_suites(honest, plan, tmp_path, watched, lines):
    whole = jsonl(plan)
    other = {"": None, "one": whole.split(b"\n", 1)[1], "more": whole + b"[]\n"}[lines]
    found = check(zipped(tmp_path / "s.zip", honest, other), watched)
    assert (found.state, codes(found)) == ("refused", {"suite.plan"})


def test_an_arm_copied_into_its_pair_is_given_away_by_its_times(honest, plan, tmp_path, watched):
    run = copy(honest, tmp_path / "run")
    relined(copied(plan))(run)
    found = check(zipped(tmp_path / "s.zip", run, jsonl(plan)), watched)
    assert (found.state, codes(found)) == ("refused", {"times.repeated"})


def test_a_run_is_submitted_once(honest, plan, tmp_path, watched):
    first = zipped(tmp_path / "first.zip", honest, jsonl(plan))
    again = zipped(tmp_path / "again.zip", honest, jsonl(plan), who=WHO | {"name": "Another"})
    assert check(first, watched, first).state == "sound"
    found = check(again, watched, first)
    assert (found.state, codes(found)) == ("refused", {"like.same"})


def test_one_run_twice_in_a_file(honest, plan, tmp_path, watched):
    names = (("01/manifest.json", honest / "manifest.json"), ("01/log/00000.jsonl", honest / "log" / "00000.jsonl"))
    more = [*((name, file.read_bytes()) for name, file in names), ("01/plan.jsonl", jsonl(plan))]
    header = {"runs": 2, "suite": "custom", "version": 0}
    found = check(zipped(tmp_path / "s.zip", honest, jsonl(plan), more, **header), watched)
    assert (found.state, codes(found)) == ("refused", {"like.same"})


def other_reply(plan: Plan) -> Forge:
    """A reply, and all that comes of it."""

    def change(found: list[dict[str, Any]]) -> None:
        found[last(found, "call")]["answer"].update(text='{"score": 1, "invite": false}')
        scored(plan)(found)

    return relined(change)


def earlier(run: Path) -> None:
    """As if it had begun a day before."""
    remade(created=Manifest.read(run).created - 86_400)(run)


UNSEEN: dict[str, Callable[[Plan], Forge]] = {
    "a reply, and what comes of it": other_reply,
    "how many requests an answer took": lambda plan: calls(lambda call: call["answer"].update(attempts=3)),
    "how probable options were": lambda plan: calls(lambda call: call["answer"].update(options={"yes": -0.1})),
    "tokens that are likely": lambda plan: calls(lambda call: call["answer"].update(prompt_tokens=300)),
    "times that are likely": lambda plan: calls(lambda call: call.update(seconds=call["seconds"] * 2)),
    "the versions, bound to the log": lambda plan: bound(remade(versions={"simrun": "9"})),
    "the date, bound to the log": lambda plan: bound(earlier),
    "what engines note, bound to the log": lambda plan: bound(remade(notes=())),
    "which rules, or which model, bound to the log": lambda plan: bound(engines(backend="scripted", rules=7)),
}
"""What only asking again can show: not refused, and docs/leaderboard.md names each."""


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_log_can_show(honest, plan, tmp_path, watched, name):
    run = copy(honest, tmp_path / "run")
    UNSEEN[name](plan)(run)
    assert check(zipped(tmp_path / "s.zip", run, jsonl(plan)), watched).state == "sound"
    page = (Path(__file__).parents[2] / "docs" / "leaderboard.md").read_text()
    assert name in page
