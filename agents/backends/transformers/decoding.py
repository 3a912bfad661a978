"""What a model writes after a prompt, and how probable each token is to come next: several chats at once, each with a
push of its own."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from simrun.agents.backends.transformers.drawing import Floats, chances, drawn
from simrun.agents.backends.transformers.hooks import Push, recorded, steered


class Asked(NamedTuple):
    """A prompt that is to be gone on with."""

    tokens: Sequence[int]
    push: Push | None
    seed: int
    temperature: float
    top_p: float
    most: int
    """Tokens at most."""


class Written(NamedTuple):
    """What was written, without the token that ends it."""

    tokens: tuple[int, ...]
    ended: bool
    """It ended by itself, and did not meet the limit."""


class Decoder:
    """A loaded model. Nothing that is computed for one chat serves another: what a push has changed stays with it."""

    def __init__(self, model: Any, ends: frozenset[int], pad: int):
        self.model, self.ends, self.pad = model, ends, pad
        able = inspect.signature(model.forward).parameters
        self._last = {"logits_to_keep": 1} if "logits_to_keep" in able else {}
        self._kept = "cache" if "cache" in able else "past_key_values"  # as it is called from transformers 5 on

    def heard(self, tokens: Any, cache: Any, more: Mapping[str, Any] = {}) -> tuple[Any, Any]:
        """Logits at the last position, (rows, vocabulary), and the cache to go on from."""
        told = self.model(input_ids=tokens, use_cache=True, **{self._kept: cache}, **more, **self._last)
        return told.logits[:, -1].double(), getattr(told, self._kept)

    def write(self, rows: Sequence[Asked], stopped: Callable[[], bool] = lambda: False) -> list[Written]:
        """Each row's reply; a row that has ended waits for the others. Cut short where `stopped` says so."""
        import torch

        tokens, more = self._padded([row.tokens for row in rows])
        luck = [np.random.default_rng(row.seed) for row in rows]
        said: list[list[int]] = [[] for _ in rows]
        over: list[bool | None] = [None] * len(rows)
        cache = None
        with torch.inference_mode(), steered(self.model, [row.push for row in rows]):
            while None in over and not stopped():
                heard, cache = self.heard(tokens, cache, more)
                logits = heard.cpu().numpy()
                for at, row in enumerate(rows):
                    if over[at] is None:
                        token = drawn(chances(logits[at], row.temperature, row.top_p), luck[at])
                        over[at] = _over(said[at], token, self.ends, row.most)
                last = [own[-1] if own else self.pad for own in said]
                tokens = torch.tensor([[token] for token in last], device=self.model.device)
                more = self._further(more)
        return [Written(tuple(own), bool(ended)) for own, ended in zip(said, over, strict=True)]

    def _padded(self, prompts: Sequence[Sequence[int]]) -> tuple[Any, dict[str, Any]]:
        """Prompts of several lengths, each ending at the same place; one alone has nothing put before it, and is
        computed as without us."""
        import torch

        width, device = max(map(len, prompts)), self.model.device
        tokens = torch.tensor([[*[self.pad] * (width - len(own)), *own] for own in prompts], device=device)
        if len(prompts) == 1:
            return tokens, {}
        mask = torch.tensor([[0] * (width - len(own)) + [1] * len(own) for own in prompts], device=device)
        return tokens, {"attention_mask": mask, "position_ids": (mask.cumsum(-1) - 1).clamp(min=0)}

    @staticmethod
    def _further(more: dict[str, Any]) -> dict[str, Any]:
        """One position on."""
        if not more:
            return more
        from torch.nn.functional import pad

        return {
            "attention_mask": pad(more["attention_mask"], (0, 1), value=1),
            "position_ids": more["position_ids"][:, -1:] + 1,
        }

    def activations(self, tokens: Sequence[int]) -> Floats:
        """What each block hands on at the last position of a prompt that nothing is added to, (layers, width)."""
        import torch

        with torch.inference_mode(), recorded(self.model) as found:
            self.heard(torch.tensor([list(tokens)], device=self.model.device), None)
        return np.stack([found[layer].double().numpy() for layer in sorted(found)])

    def foreseen(self, tokens: Sequence[int], push: Push | None) -> list[float]:
        """Log-probability of each token but the first after those before it, natural."""
        import torch

        with torch.inference_mode(), steered(self.model, [push]):
            whole = torch.tensor([list(tokens)], device=self.model.device)
            logs = torch.log_softmax(self.model(input_ids=whole).logits[0, :-1].double(), dim=-1)
        found: list[float] = logs.gather(1, whole[0, 1:, None])[:, 0].tolist()
        return found

    def reading(self, tokens: Sequence[int], push: Push | None) -> "Reading":
        """How one chat goes on."""
        return Reading(self, tokens, push)


def _over(said: list[int], token: int, ends: frozenset[int], most: int) -> bool | None:
    """Take a token; whether the reply ended by itself, None where it goes on."""
    if token in ends:
        return True
    said.append(token)
    return False if len(said) >= most else None


class Reading:
    """How probable every token is after one chat's prompt and some words: the prompt is read once.

    It lives for one call, so that no other chat, and no other dose of the same, ever reads on from what it holds.
    """

    def __init__(self, decoder: Decoder, tokens: Sequence[int], push: Push | None):
        self._decoder, self._tokens, self._push = decoder, list(tokens), push
        self._cache: Any = None
        self._held: list[int] = []

    def after(self, said: Sequence[int]) -> Floats:
        """Log-probability of each token of the vocabulary, natural, (vocabulary,)."""
        import torch

        whole, model = [*self._tokens, *said], self._decoder.model
        same = self._shared(whole)
        with torch.inference_mode(), steered(model, [self._push]):
            rest = torch.tensor([whole[same:]], device=model.device)
            heard, self._cache = self._decoder.heard(rest, self._cache)
        self._held = whole
        logs: Floats = torch.log_softmax(heard[0], dim=-1).cpu().numpy()
        return logs

    def _shared(self, whole: Sequence[int]) -> int:
        """How many of the tokens are read already; what was read beyond them is dropped."""
        same = next(
            (at for at, (one, two) in enumerate(zip(self._held, whole, strict=False)) if one != two),
            min(len(self._held), len(whole)),
        )
        same = min(same, len(whole) - 1)
        if self._cache is None or not hasattr(self._cache, "crop"):
            self._cache = None
            return 0
        if same < len(self._held):
            self._cache.crop(same - len(self._held))  # how many go; how many stay was only understood before 5
        return same
