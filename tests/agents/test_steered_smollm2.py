"""The default small model steered for real: dose 0 bit by bit, a dose that moves it, the same twice."""

import numpy as np
import pytest
from steering import about, written
from test_transformers import FORM, chat

from simrun.agents.backends.local.weights import SMOLLM2
from simrun.agents.backends.transformers import Transformers
from simrun.agents.steering import Steer, pinned

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def vector(tmp_path_factory):
    """A random direction, about twice as long as what a sentence of a prompt moves."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from simrun.agents.backends.local.weights import digest, resolve

    told = about(digest(resolve(SMOLLM2)), 576, 30, 15)
    return written(tmp_path_factory.mktemp("vector") / "v.safetensors", told)


async def opened(vector, dose, **options):
    steer = Steer.model_validate(pinned({"vector": str(vector), "dose": dose})) if vector else Steer()
    backend = Transformers(steer=steer, max_tokens=16, choice_logprobs=True, **options)
    await backend.open()
    return backend


async def test_dose_0_is_the_model_as_it_is_and_a_dose_moves_it_alike_each_time(vector):
    import torch

    plain, zero, moved = [await opened(file, dose) for file, dose in ((None, 1), (vector, 0), (vector, 2))]
    try:
        assert zero._engine is plain._engine
        tokens = plain.prompt(chat())
        with torch.inference_mode():
            heard = plain._engine.model(torch.tensor([tokens]), use_cache=True, logits_to_keep=1)
        bare = torch.log_softmax(heard.logits[0, -1].double(), -1).numpy()
        assert np.array_equal(zero._engine.decoder.reading(tokens, zero._push).after([]), bare)
        told = [[await each.reply(asked) for asked in (chat(), chat(form=FORM))] for each in (plain, zero, moved)]
        assert told[0] == told[1]
        assert told[2][1].options != told[0][1].options
        assert [await moved.reply(asked) for asked in (chat(), chat(form=FORM))] == told[2]
        assert "SmolLM2" in plain.note()
    finally:
        for each in (plain, zero, moved):
            await each.close()
