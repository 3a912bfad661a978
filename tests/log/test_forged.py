"""Runs that were edited after they were played, chain and head made to fit: replay refuses each, again and again, and
writes nothing; what was only copied, renamed or resumed comes out the same."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from logs import lines, part, rechain

from simrun.log.manifest import Manifest

Lines = list[dict[str, Any]]


def told(run: Path) -> Lines:
    return [orjson.loads(line) for line in lines(run)]


def relined(change: Callable[[Lines], Lines]) -> Callable[[Path], None]:
    return lambda run: rechain(run, change(told(run)))


def remade(**changed: Any) -> Callable[[Path], None]:
    return lambda run: Manifest.read(run).model_copy(update=changed).write(run)


def last(found: Lines, kind: str) -> int:
    return max(at for at, fields in enumerate(found) if fields["kind"] == kind)


def calls(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def every(found: Lines) -> Lines:
        for fields in found:
            if fields["kind"] == "call":
                change(fields)
        return found

    return relined(every)


def other_reply(found: Lines) -> Lines:
    """A last answer and what it came to, in agreement: only what was told of the run before can show it."""
    ended = found[last(found, "episode")]
    own = [fields for fields in found if fields["kind"] == "call" and fields["trial"] == ended["trial"]]
    own[-1]["answer"]["text"] = '{"score": 1}'
    ended["outcome"]["consult_again"] = 1.0
    return found


def failed(found: Lines) -> Lines:
    at = last(found, "episode")
    trial = found[at]["trial"]
    found[at] = {"kind": "error", "trial": trial, "at": found[at]["at"], "error": "server", "message": "HTTP 500"}
    return found


def without(kind: str) -> Callable[[Lines], Lines]:
    return lambda found: [fields for fields in found if fields["kind"] != kind]


def engine(run: Path) -> None:
    own = {role: {**told, "backend": "vllm"} for role, told in Manifest.read(run).engines.items()}
    remade(engines=own)(run)


def primary(run: Path) -> None:
    manifest = Manifest.read(run)
    design = manifest.config.design.model_copy(update={"primary": ("confidence",)})
    config = manifest.config.model_copy(update={"design": design})
    remade(config=config, digest=config.digest())(run)


def planned(run: Path) -> None:
    file, draft = run / "plan.parquet", run / "draft.parquet"
    duckdb.sql(f"COPY (SELECT * REPLACE (\"case\" || 'x' AS \"case\") FROM '{file}') TO '{draft}' (FORMAT parquet)")
    draft.replace(file)


def cut(found: Lines) -> Lines:
    return found[:-4]


FORGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "an outcome": (
        relined(lambda found: [*found[:-1], found[-1] | {"outcome": found[-1]["outcome"] | {"confidence": 1}}]),
        "came out otherwise",
    ),
    "a reply and its outcome": (relined(other_reply), "report was not"),
    "an episode that failed instead, in a run that calls itself complete": (relined(failed), "play to its end"),
    "the end cut off": (relined(cut), "calls the run complete"),
    "the end cut off, and told": (lambda run: (relined(cut)(run), remade(complete=False)(run))[0], "report was not"),
    "seeds": (calls(lambda call: call.update(seed=call["seed"] ^ 1)), "seed"),
    "tokens": (calls(lambda call: call["answer"].update(prompt_tokens=1)), "report was not"),
    "who begins the log": (relined(without("opened")), "does not begin with who plays"),
    "the engine": (engine, "names as engines"),
    "the primary outcome": (primary, "was written by a run"),
    "versions": (remade(versions={"simrun": "9"}), "was written by a run"),
    "the date": (remade(created=1.0), "was written by a run"),
    "the sentence of the treatment": (remade(treatment="All is well."), "was written by a run"),
    "owed": (remade(owed=1), "its owed are not"),
    "exclusions": (remade(faults=("a line",)), "was written by a run"),
    "flags of cases": (remade(flags={"x": ("y",)}), "its flags are not"),
    "notes": (remade(notes=()), "leaves out what the log notes"),
    "the plan": (planned, "plan.parquet was changed"),
    "the pace": (lambda run: (run / "pace.jsonl").write_bytes(b""), "pace.jsonl is not the one"),
}


def files(run: Path) -> dict[str, bytes]:
    """All of a run but the lock, which is held while it is looked at."""
    return {str(file.relative_to(run)): file.read_bytes() for file in run.rglob("*") if file.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGED)
def test_replay_refuses_what_was_forged_and_writes_nothing(complete, command, name):
    forge, why = FORGED[name]
    forge(complete)
    before = files(complete)
    for _ in range(2):
        code, _, errors = command("replay", complete)
        assert (code, why in errors) == (2, True), errors
        assert files(complete) == before


@pytest.mark.parametrize(
    "name", ["who begins the log", "the engine", "the primary outcome", "versions", "owed", "notes", "the date"]
)
def test_a_forged_run_is_not_gone_on_with(complete, command, name):
    forge, why = FORGED[name]
    forge(complete)
    code, _, errors = command("resume", complete, "trust=true")
    assert (code, why in errors) == (2, True), errors


def test_an_error_whose_answers_are_all_there_ends_as_it_did(complete, undisturbed, command):
    FORGED["an episode that failed instead, in a run that calls itself complete"][0](complete)
    remade(complete=False)(complete)
    asked = len([line for line in told(complete) if line["kind"] == "call"])
    assert command("resume", complete, "trust=true")[0] == 0
    found = told(complete)
    assert len([line for line in found if line["kind"] == "call"]) == asked
    assert found[-1]["outcome"] == told(undisturbed)[-1]["outcome"]


@pytest.mark.slow
def test_a_run_that_was_copied_and_renamed_is_the_same(complete, command, tmp_path):
    other = shutil.copytree(complete, tmp_path / "elsewhere")
    for _ in range(2):
        code, out, errors = command("replay", other, "--json")
        assert code == 0, errors
        assert orjson.loads(out)["report"] == "identical"
    assert part(other).read_bytes() == part(complete).read_bytes()
