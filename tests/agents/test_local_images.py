"""Images on the embedded engine: the real small model behind a tiny projector of random weights that is made here."""

import base64
import json
import math
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image as Pillow
from projector import SMOLLM2_WIDTH, write

from simrun import run
from simrun.agents.backends import choice
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.local import Local
from simrun.agents.backends.weighing import weigh
from simrun.agents.images import located, seen
from simrun.agents.records import Chat, Image, Message
from simrun.agents.reply import Decision, form

pytestmark = pytest.mark.engine


class Yes(Decision):
    answer: Literal["yes", "no"]


class Letter(Decision):
    letter: Literal["A", "B", "AB"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The projector, and pictures of one colour each."""
    made = tmp_path_factory.mktemp("eyes")
    write(made / "mmproj.gguf")
    for colour in ("red", "blue"):
        Pillow.new("RGB", (40, 30), colour).save(made / f"{colour}.png")
    return made


@pytest.fixture
async def engine(folder: Path) -> Any:
    options = {"slots": 4, "context": 1024, "threads": 1, "max_tokens": 24, "temperature": 0}
    local = Local(mmproj=str(folder / "mmproj.gguf"), choice_logprobs=True, **options)
    await local.open()
    yield local
    await local.close()


def chat(folder: Path, picture: str, kind: type[Decision] = Yes, session: str = "t") -> Chat:
    images: tuple[Image, ...] = (located(seen(picture, str(folder)), str(folder)),) if picture else ()
    told = (Message(role="system", content="You look."), _user(*images))
    return Chat(session=session, role="doctor", nth=0, messages=told, form=form((kind,)), seed=1, digest="")


async def test_another_picture_is_another_answer_and_the_same_one_the_same(engine, folder):
    red, blue, again, none = [
        await engine.reply(chat(folder, picture, session=str(nth)))
        for nth, picture in enumerate(("red.png", "blue.png", "red.png", ""))
    ]
    assert red.prompt_tokens == blue.prompt_tokens == none.prompt_tokens + 4  # one a patch
    assert again.options == pytest.approx(red.options, abs=1e-4)
    for other in (blue, none):
        assert max(abs(red.options[option] - other.options[option]) for option in red.options) > 1e-3
    assert engine.identity()["mmproj_bytes"] == (folder / "mmproj.gguf").stat().st_size


@pytest.mark.parametrize("kind", [Yes, Letter])
async def test_options_are_weighed_with_the_picture_in_view(engine, folder, kind):
    """Against the probabilities of all tokens after the same picture; A may go on to AB."""
    asked = chat(folder, "blue.png", kind)
    answer = await engine.reply(asked)
    prompt = (await engine._post("/apply-template", messages=engine._wired(asked)))["prompt"]
    picture = base64.b64encode((folder / "blue.png").read_bytes()).decode()
    written = choice.alternatives(answer.text, choice.of(asked.form))
    tokens = {option: await engine._tokens(text) for option, text in written.items()}
    (blank,) = await engine._tokens("\n")

    async def ask(said, candidates):
        text = (await engine._post("/detokenize", tokens=list(said)))["content"]
        shown = {"prompt_string": prompt + text, "multimodal_data": [picture]}
        every = {"n_predict": 1, "n_probs": 10**6, "temperature": 1.0, "samplers": ["temperature"]}
        told = await engine._post("/completion", prompt=shown, logit_bias=[[blank, 100.0]], id_slot=1, **every)
        found = {each["id"]: each["logprob"] for each in told["completion_probabilities"][0]["top_logprobs"]}
        return {token: found[token] for token in candidates}

    assert answer.options == pytest.approx((await weigh(tokens, ask)).options, abs=1e-3)
    assert sum(map(math.exp, answer.options.values())) == pytest.approx(1)


async def test_an_address_is_refused_with_the_way_out():
    image = Image(reference="https://example.org/ecg.png")
    asked = Chat(session="t", role="doctor", nth=0, seed=1, digest="", messages=(_user(image),))
    with pytest.raises(BackendError, match="beside the file of cases") as told:
        await Local(mmproj="mmproj.gguf").reply(asked)  # before anything is loaded or sent
    assert told.value.kind == "request"


def _user(*images: Image) -> Message:
    return Message(role="user", content="Is it red?", images=images)


@pytest.mark.parametrize("given", ["wide", "torn", "none"])
async def test_a_projector_that_does_not_fit_is_named(tmp_path, given):
    file = tmp_path / f"{given}.gguf"
    if given == "wide":
        write(file, width=SMOLLM2_WIDTH + 1)
    if given == "torn":
        file.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(
        BackendError, match=r"backend\.mmproj" if given == "none" else "mmproj file of this model"
    ) as told:
        await Local(mmproj=str(file), slots=1, context=256, threads=1).open()
    assert told.value.kind == "request"
    assert file.name in str(told.value)


def test_a_run_of_both_versions_of_a_picture(folder, tmp_path):
    """A vignette of two cases with images and options of a file, in both versions, with probabilities."""
    picture = Pillow.new("RGB", (40, 30), "red")
    picture.paste("blue", (10, 10, 20, 20))
    picture.save(folder / "edited.png")
    answers = [{"text": name, "correct": name == "Eczema"} for name in ("Eczema", "Psoriasis", "Scabies")]
    pair = {"answers": answers, "image_url": {"plain": "red.png", "edited": "edited.png"}, "physical_exams": "A rash."}
    edit = {"edited": {"what": "a blue square", "boxes": [[10, 10, 20, 20]]}}
    rows = [
        {
            "question": f"A rash for {days} days. What is the diagnosis?",
            "patient_info": "It itches.",
            "answers": answers,
            **pair,
        }
        for days in (3, 9)
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps({**row, "image_edits": edit}) + "\n" for row in rows))
    done = run(
        "scenario=clinic",
        "scenario.mode=vignette",
        "scenario.plan=false",
        "scenario.images=start",
        "vary.scenario.image_version=[plain,edited]",
        "backend=local",
        f"backend.mmproj={folder / 'mmproj.gguf'}",
        "backend.context=1024",
        "backend.threads=1",
        "outcomes=expected",
        "design.margin=0.05",
        "design.controls=[]",
        "cases=null",
        scenario={"data": str(folder / "cases.jsonl")},
        out=str(tmp_path),
    )
    assert done.complete
    assert done.calls.digest.nunique() == len(done.calls) == 4
    correct = done.outcomes[done.outcomes.outcome == "correct"].value
    assert correct.nunique() == 4  # probabilities, and another one for each picture
    assert correct.between(0, 1).all()
