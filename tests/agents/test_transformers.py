"""backend=transformers on a tiny model with random weights: what it says, and what a vector at a dose does to it."""

import asyncio

import numpy as np
import pytest
from steering import about, written
from tiny import LAYERS, WIDTH, made

from simrun import run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.transformers import Transformers
from simrun.agents.backends.transformers.drawing import chances, drawn
from simrun.agents.records import Chat, Message
from simrun.agents.steering import Steer, pinned
from simrun.report.run import rebuild

FORM = {"type": "object", "properties": {"choice": {"enum": ["A", "B", "C"]}}, "required": ["choice"]}
CLINIC = ("scenario=clinic", "scenario.mode=vignette", "scenario.plan=false", "cases=2", "backend=transformers")


def chat(text="Which?", seed=1, form=None):
    messages = (Message(role="system", content="You are a doctor."), Message(role="user", content=text))
    return Chat(session="s", role="doctor", nth=0, messages=messages, form=form, seed=seed, digest="d")


def test_the_likeliest_is_taken_at_temperature_0_and_drawn_above():
    logits = np.log([0.5, 0.3, 0.2])
    assert chances(logits, 0).tolist() == [1, 0, 0]
    assert chances(logits, 1) == pytest.approx([0.5, 0.3, 0.2])
    assert chances(logits, 0.5) == pytest.approx(np.array([25, 9, 4]) / 38)
    assert chances(logits, 1, 0.6) == pytest.approx([5 / 8, 3 / 8, 0])
    rng = np.random.default_rng(0)
    counts = np.bincount([drawn(chances(logits, 1), rng) for _ in range(4000)], minlength=3)
    assert counts / 4000 == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


async def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("simrun.agents.backends.transformers.NEEDED", ("no_such_torch",))
    with pytest.raises(BackendError, match=r"needs no_such_torch: pip install 'simrun\[steer\]'"):
        await Transformers().open()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def vector(folder, tmp_path_factory):
    from simrun.agents.backends.local.weights import digest

    return written(tmp_path_factory.mktemp("vector") / "v.safetensors", about(digest(folder), WIDTH, LAYERS))


@pytest.fixture
async def opened(folder):
    """A backend with these options, open; closed at the end."""
    held = []

    async def opening(**options):
        backend = Transformers(model=str(folder), max_tokens=12, temperature=1, **options)
        await backend.open()
        held.append(backend)
        return backend

    yield opening
    for each in held:
        await each.close()


async def test_the_same_seed_says_the_same_and_another_does_not(opened):
    backend = await opened()
    first, again, other = [(await backend.reply(chat(seed=seed))).text for seed in (1, 1, 2)]
    assert first == again != other
    beside = await asyncio.gather(*(backend.reply(chat(text, 1)) for text in ("Which?", "Who is it?", "And then?")))
    assert beside[0].text == first


async def test_several_at_once_say_what_each_says_alone(opened):
    alone, together = await opened(), await opened(batch=4)
    asked = [chat("Which? " * count, count) for count in range(1, 6)]
    one = [(await alone.reply(each)).text for each in asked]
    assert [each.text for each in await asyncio.gather(*map(together.reply, asked))] == one


async def test_a_reply_that_meets_the_limit_is_cut_off(opened):
    backend = await opened()
    answer = await backend.reply(chat())
    assert (answer.finish, answer.output_tokens) == ("length", 12)
    assert answer.prompt_tokens == len(backend.prompt(chat()))


async def test_a_forced_choice_is_held_to_its_options_and_weighed(opened):
    backend = await opened(choice_logprobs=True)
    answers = [await backend.reply(chat(seed=seed, form=FORM)) for seed in range(40)]
    assert {answer.text for answer in answers} == {f'{{"choice": "{each}"}}' for each in "ABC"}
    assert sum(map(np.exp, answers[0].options.values())) == pytest.approx(1)
    assert 0 < answers[0].mass < 1
    assert all(answer.options == answers[0].options for answer in answers)


async def test_option_probabilities_are_those_of_the_model_itself(opened):
    import torch

    backend = await opened(choice_logprobs=True)
    told = (await backend.reply(chat(form=FORM))).options
    model, before = backend._engine.model, backend.prompt(chat(form=FORM)) + backend._encoded('{"choice": "')
    with torch.inference_mode():
        logits = model(torch.tensor([before])).logits[0, -1]
    tokens = [backend._encoded(option)[0] for option in "ABC"]
    wanted = torch.log_softmax(logits[tokens].double(), 0).tolist()
    assert [told[option] for option in "ABC"] == pytest.approx(wanted, abs=1e-5)


async def test_options_that_part_more_than_once_are_weighed_as_if_each_place_were_read_anew(opened):
    backend = await opened(choice_logprobs=True)
    form = {
        "type": "object",
        "properties": {"choice": {"enum": ["no", "north", "now", "west"]}},
        "required": ["choice"],
    }
    told = (await backend.reply(chat(form=form))).options
    decoder, before = backend._engine.decoder, backend.prompt(chat(form=form))

    def log(said, options, taken):
        logs = decoder.reading([*before, *backend._encoded('{"choice": "' + said)], None).after([])
        own = np.array([logs[backend._encoded(each)[0]] for each in options])
        return float(own[options.index(taken)] - np.logaddexp.reduce(own))

    start = log("", "nw", "n")
    assert told["west"] == pytest.approx(log("", "nw", "w"), abs=1e-5)
    assert told["now"] == pytest.approx(start + log("no", '"rw', "w"), abs=1e-5)
    assert told["no"] == pytest.approx(start + log("no", '"rw', '"'), abs=1e-5)


async def test_dose_0_is_the_model_as_it_is_bit_by_bit(opened, vector):
    import torch

    plain, zero = await opened(choice_logprobs=True), await opened(choice_logprobs=True, steer=_steer(vector, 0))
    texts = ["Which?", "Who is it?", "What now? " * 30]
    for text in texts:
        assert await plain.reply(chat(text)) == await zero.reply(chat(text))
        assert await plain.reply(chat(text, form=FORM)) == await zero.reply(chat(text, form=FORM))
    tokens = plain.prompt(chat())
    with torch.inference_mode():  # transformers itself, called as ours is
        heard = plain._engine.model(torch.tensor([tokens]), use_cache=True, logits_to_keep=1)
    bare = torch.log_softmax(heard.logits[0, -1].double(), -1).numpy()
    assert np.array_equal(zero._engine.decoder.reading(tokens, zero._push).after([]), bare)


async def test_a_dose_adds_so_many_times_the_vector_at_every_position(opened, vector):
    import torch
    from safetensors.numpy import load_file

    backend, own = await opened(steer=_steer(vector, -3)), load_file(vector)["layer.1"]
    found = {}
    model = backend._engine.model
    hook = model.model.layers[2].register_forward_pre_hook(lambda _, given: found.setdefault("in", []).append(given[0]))
    tokens = backend.prompt(chat())
    backend._engine.decoder.reading(tokens, None).after([])
    backend._engine.decoder.reading(tokens, backend._push).after([])
    hook.remove()
    bare, moved = found["in"]
    assert torch.allclose(moved - bare, torch.tensor(-3 * own).expand_as(bare), atol=1e-5)
    assert backend._engine.decoder.reading(tokens, None).after([]).tolist() != pytest.approx(
        backend._engine.decoder.reading(tokens, backend._push).after([]).tolist()
    )


async def test_roles_and_doses_share_a_model_and_nothing_that_was_computed(opened, vector):
    doses = [await opened(choice_logprobs=True, steer=_steer(vector, dose)) for dose in (0, 4, -4)]
    assert len({id(each._engine) for each in doses}) == 1
    mixed = [await each.reply(chat(form=FORM)) for each in (*doses, *doses)]
    assert mixed[:3] == mixed[3:]
    assert len({tuple(each.options.values()) for each in mixed[:3]}) == 3
    for each, before in zip(doses[::-1], mixed[2::-1], strict=True):  # in another order, out of an empty engine
        await each.close()
        await each.open()
        assert await each.reply(chat(form=FORM)) == before


async def test_rows_of_one_batch_have_doses_of_their_own(opened, vector):
    from simrun.agents.backends.transformers.decoding import Asked

    plain, moved = await opened(), await opened(steer=_steer(vector, 4))
    tokens, decoder = plain.prompt(chat()), plain._engine.decoder

    def row(push):
        return Asked(tokens, push, 1, 1.0, 1.0, 12)

    assert (await opened(steer=Steer(vector=str(vector), dose=4)))._push.layer == moved._push.layer == 1
    alone = [decoder.write([row(push)])[0] for push in (None, moved._push)]
    assert decoder.write([row(None), row(moved._push), row(None)]) == [*alone, alone[0]]
    assert alone[0] != alone[1]


async def test_the_placebo_is_as_long_as_the_vector_and_drawn_by_the_seed(opened, vector):
    own = [
        await opened(steer=_steer(vector, 1, random=which, seed=seed))
        for which, seed in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    real = await opened(steer=_steer(vector, 1))
    by = [each._push.by.numpy() for each in (*own, real)]
    assert [float(np.linalg.norm(each)) for each in by] == pytest.approx([float(np.linalg.norm(by[4]))] * 5, rel=1e-5)
    assert np.array_equal(by[0], by[1])
    for one, other in ((0, 2), (0, 3), (0, 4), (2, 3)):
        assert abs(np.dot(by[one], by[other]) / np.linalg.norm(by[4]) ** 2) < 0.6


async def test_what_it_says_of_itself_names_weights_and_vector(opened, vector, folder):
    backend = await opened(steer=_steer(vector, 2))
    told = backend.identity()
    assert len(told["sha256"]) == 64
    assert told["steer"]["sha256"] == pinned({"vector": str(vector)})["sha256"]
    assert (told["steer"]["layer"], told["steer"]["dose"], told["steer"]["vector"]) == (1, 2, "v.safetensors")
    plain = await opened(steer=_steer(vector, 0))
    assert told["steer"]["perplexity"] != plain.identity()["steer"]["perplexity"] > 1


async def test_a_vector_of_another_model_or_that_was_changed_is_refused(vector, folder, tmp_path):
    other = made(tmp_path / "other", seed=1)
    with pytest.raises(BackendError, match="was fitted on tiny"):
        await Transformers(model=str(other), steer=_steer(vector, 1)).open()
    wide = made(tmp_path / "wide", width=64)
    with pytest.raises(BackendError, match="vectors have 32 numbers, and this model's activations 64"):
        await Transformers(model=str(wide), steer=_steer(vector, 1)).open()
    steer = _steer(vector, 1).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(BackendError, match="put that file back, or begin a new run"):
        await Transformers(model=str(folder), steer=steer).open()


async def test_a_model_that_is_not_there_is_named(folder):
    with pytest.raises(BackendError, match="no file '/nowhere'"):
        await Transformers(model="/nowhere").open()


def test_a_run_over_doses_replays_without_its_vector(folder, vector, tmp_path):
    file = tmp_path / "v.safetensors"
    file.write_bytes(vector.read_bytes())
    asked = (f"model={folder}", f"backend.steer.vector={file}", "vary.doctor.steer.dose=[0,-4,4]")
    played = run(*CLINIC, *asked, "design.controls=[random]", "outcomes=both", out=str(tmp_path))
    assert played.report().value("design", "done") == 2 * 5
    engines = played.report().value("played", "engines")
    assert {told["steer"]["dose"] for told in engines.values()} == {0, -4, 4}
    assert "random 1 doctor.steer.dose=4" in " ".join(engines)
    assert played.scored.manifest.factors[0].kind == "steer.dose"
    assert [set(row["means"]) for row in played.report().table("doses", "doses")] == [{"-4", "0", "4"}]
    assert "dose.svg" in played.report().plots()
    file.unlink()
    again, _ = rebuild(played.path)
    assert again.outcomes.equals(played.outcomes)


def _steer(file, dose, **more):
    return Steer.model_validate(pinned({"vector": str(file), "dose": dose, **more}))
