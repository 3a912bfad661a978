"""The embedded engine, with its real small model."""

import json
from pathlib import Path

import aiohttp
import pytest

from simrun import run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.local import Local, weights
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Reply, form
from simrun.report.sections.notes import notes
from simrun.scenarios.clinic.moves import Ask, Diagnose, OrderTest, Rating

pytestmark = pytest.mark.engine


@pytest.fixture
async def engine():
    local = Local(slots=4, context=2048, max_tokens=160)
    await local.open()
    yield local
    await local.close()


def chat(*texts: str, kinds=(), seed=1, session="t", role="doctor") -> Chat:
    roles = ("system", *("user", "assistant") * len(texts))
    messages = tuple(Message(role=role, content=text) for role, text in zip(roles, texts, strict=False))
    return Chat(session=session, role=role, nth=0, messages=messages, form=form(kinds), seed=seed, digest="")


@pytest.mark.parametrize("kinds", [(Diagnose,), (Ask, OrderTest, Diagnose), (Rating,)], ids=str)
async def test_a_constrained_decision_always_parses(engine, kinds):
    for seed in range(4):
        answer = await engine.reply(
            chat("You are a doctor.", "I have a headache. Answer.", kinds=kinds, seed=seed, session=str(seed))
        )
        assert Reply.of(answer, kinds).decision is not None, answer
        assert answer.output_tokens < 160
        assert "\n" not in answer.text


async def test_a_growing_chat_is_read_once(engine):
    story = "You are a patient with a long story. " * 20
    first = await engine.reply(chat(story, "How are you?"))
    second = await engine.reply(chat(story, "How are you?", first.text, "And since when?"))
    assert first.cached_tokens == 0
    assert second.cached_tokens >= first.prompt_tokens - 5


async def test_chats_keep_their_slots_while_there_are_enough(engine):
    story = "You are one of several patients. " * 20
    for name in "ab":
        await engine.reply(chat(story + name, "How are you?", session=name))
    again = await engine.reply(chat(story + "a", "How are you?", session="a"))
    assert again.cached_tokens >= again.prompt_tokens - 5
    engine.release("a")
    assert set(engine._slot_of) == {"b/doctor"}


async def tokens(engine: Local, messages: list[dict]) -> list[int]:
    headers = {"Authorization": f"Bearer {engine._at.key}"}
    root = engine._at.base.removesuffix("/v1")
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{root}/apply-template", json={"messages": messages}) as response:
            text = (await response.json())["prompt"]
        async with session.post(f"{root}/tokenize", json={"content": text}) as response:
            return (await response.json())["tokens"]


def shared(one: list[int], two: list[int]) -> int:
    return next((index for index, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


async def test_rendered_tokens_are_append_only_but_for_the_cue_and_pairs_share_all_up_to_the_difference(engine, known):
    from conftest import config

    from simrun.plan.design import planned

    plan = planned(config(cases=["scabies"], vary={"patient": {"ethnicity": ["White", "Black"]}}), known)
    trials = list(plan.trials())
    stages = [plan.castings[trial.arm].stage(plan.cases["scabies"], trial) for trial in trials[:2]]
    wires = []
    for stage in stages:
        turn = stage.pending()[0]
        wires.append([{"role": message.role, "content": message.content} for message in stage.chat(turn).messages])
    one, two = [await tokens(engine, wire) for wire in wires]
    assert shared(one, two) > 0.8 * len(one)  # the rules and the case come before what differs
    stage, first = stages[0], wires[0]
    turn = stage.pending()[0]
    stage.say(turn, Reply(text='{"move": "test", "test": "Vital signs"}', decision=OrderTest(test="Vital signs")))
    later = [{"role": message.role, "content": message.content} for message in stage.chat(stage.pending()[0]).messages]
    without_cue = [first[0], {"role": "user", "content": later[1]["content"]}]
    assert shared(await tokens(engine, later), one) >= shared(await tokens(engine, without_cue), one)
    assert first[1]["content"].startswith(later[1]["content"])


async def test_repeatable_gives_the_same_text_for_the_same_seed():
    local = Local(slots=2, context=1024, max_tokens=24, repeatable=True)
    await local.open()
    try:
        texts = {
            (await local.reply(chat("You are a patient.", "Tell me.", seed=5, session=str(index)))).text
            for index in range(3)
        }
        other = (await local.reply(chat("You are a patient.", "Tell me.", seed=6))).text
    finally:
        await local.close()
    assert len(texts) == 1
    assert other not in texts


async def test_a_chat_beyond_the_context_is_named(engine):
    with pytest.raises(BackendError, match="longer than the model's context") as caught:
        await engine.reply(chat("You are a doctor.", "word " * 4000))
    assert caught.value.kind == "context"


def test_a_whole_run_with_the_real_model(tmp_path: Path):
    done = run(
        "scenario=clinic",
        "backend=local",
        "scenario.questions=3",
        cases=2,
        out=str(tmp_path),
        vary={"patient": {"ethnicity": ["White", "Black"]}},
    )
    report = done.scored
    assert done.complete
    assert all(arm.problems["unreadable"] == 0 for arm in report.arms)
    assert "says nothing about medicine" in notes(report)[0]
    assert report.manifest.engines["doctor"]["engine"].startswith("xllamacpp ")
    assert report.played.output_tokens == done.calls.output_tokens.sum() > 0
    assert report.played.cached_tokens > 0


# the others have one call; with vLLM all are played
FEW = {"rank": {"applicants": 3, "places": 1}, "interview": {"questions": 1}, "panel": {"rounds": 0}}


@pytest.mark.parametrize("mode", FEW)
def test_recruitment_plays_with_the_real_model(tmp_path, mode):
    options = {"mode": mode, **FEW[mode]}
    asked = {"max_tokens": 32, "context": 2048}
    found = run(
        "scenario=recruitment",
        "backend=local",
        scenario=options,
        backend=asked,
        cases=1,
        vary={},
        design={"controls": []},
        out=str(tmp_path),
    )
    assert found.complete
    assert found.scored.arms[0].problems["unreadable"] == 0
    assert found.calls.output_tokens.gt(0).all()


def test_weights_are_checked_and_kept(tmp_path, monkeypatch):
    real = weights.resolve(weights.SMOLLM2)
    monkeypatch.setenv("SIMRUN_CACHE", str(tmp_path))
    (tmp_path / real.name).write_bytes(b"not it")
    monkeypatch.setattr(weights, "_fetch", lambda kept: kept.with_suffix(".fetched"))
    assert weights.resolve(weights.SMOLLM2).suffix == ".fetched"  # a file with another digest is not taken
    (tmp_path / real.name).unlink()
    (tmp_path / real.name).symlink_to(real)
    assert weights.resolve(weights.SMOLLM2) == tmp_path / real.name


def test_weights_that_cannot_be_fetched_say_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMRUN_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(weights.WeightsError, match=r"set backend\.model to a GGUF file of yours"):
        weights.resolve(weights.SMOLLM2)


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "bad.gguf").write_text(json.dumps({}))
    from simrun.config.errors import ConfigError

    with pytest.raises((BackendError, ConfigError), match=r"bad\.gguf"):
        run("scenario=clinic", f"model={tmp_path / 'bad.gguf'}", cases=2, out=str(tmp_path))


async def test_an_engine_that_lacks_what_is_asked_of_it_is_refused_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "model.gguf").touch()
    monkeypatch.delattr("xllamacpp.json_schema_to_grammar")
    with pytest.raises(
        BackendError, match=r"lacks what simrun asks of it \(.*json_schema_to_grammar.*pip install 'xllamacpp"
    ):
        await Local(model=str(tmp_path / "model.gguf")).open()
