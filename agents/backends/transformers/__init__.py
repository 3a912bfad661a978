"""A model on Hugging Face's transformers in this process, whose activations can be steered at a dose."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import orjson
from pydantic import Field, PrivateAttr

from simrun.agents import steering
from simrun.agents.backends import choice
from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.completions import wire
from simrun.agents.backends.local.weights import SMALL, SMOLLM2
from simrun.agents.backends.manners import Manners
from simrun.agents.backends.transformers.capability import perplexity
from simrun.agents.backends.transformers.decoding import Asked, Reading
from simrun.agents.backends.transformers.drawing import Floats, chances, drawn
from simrun.agents.backends.transformers.engine import Engine
from simrun.agents.backends.transformers.hooks import Push
from simrun.agents.backends.weighing import Weights, noted, tokenised, weigh
from simrun.agents.records import Answer, Chat
from simrun.agents.steering import Steer

INSTALL = "pip install 'simrun[steer]'"
NEEDED = ("torch", "transformers", "safetensors")


class Transformers(Backend):
    """Small models on a CPU or a GPU; roles, arms and doses that name the same model share it.

    A decision that is one forced choice is held to its options: one of them is drawn by how probable the model has
    each, at the run's temperature. Any other is asked for in words and read tolerantly.
    """

    name: ClassVar[str] = "transformers"

    concurrency: int = Field(8, ge=1)
    """Episodes in flight."""
    model: str = SMOLLM2
    """A folder in Hugging Face's layout, hf:owner/repo, the path of a GGUF file, hf:owner/repo/file.gguf, or
    `smollm2-135m`."""
    steer: Steer = Steer()
    """What is added to its activations: {vector: FILE, layer: N, dose: X}."""
    device: str = "cpu"
    """As torch calls it: cpu, cuda:0."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """What it computes in; float32 is what repeats a seed."""
    threads: int | None = Field(None, ge=1)
    """Threads that compute on a CPU; when not given as many as there are processors that nothing else keeps busy."""
    batch: int = Field(1, ge=1)
    """Replies that are written at once. 1: the same chat and seed give the same reply whatever else is played. Above
    it what stands beside a chat shifts the last digits of what is computed, and now and then a word."""
    context: int | None = Field(None, ge=256)
    """Tokens of one chat, prompt and reply; the model's own when not given."""
    temperature: float = Field(0.7, ge=0)
    """How freely words are drawn: 0 takes the likeliest, 1 draws as probable as the model has them."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Words are drawn from the likeliest that have so much of the probability together."""
    max_tokens: int = Field(256, ge=1)
    """Longest reply, in tokens; a reply that meets it is `truncated`."""
    template: Mapping[str, Any] = {}
    """What the chat template is told, such as {enable_thinking: false}; {chat_template: JINJA} for a model without
    one."""
    choice_logprobs: bool | None = None
    """With each decision that is a forced choice, the log-probability of every option (they sum to 1 at temperature 1,
    whatever the temperature of the reply); costs nothing where the form is that choice alone. None is: where `outcomes`
    asks for it."""
    deadline: float = Field(3600, gt=0)
    """Seconds for a call, its wait for others included."""

    _engine: Engine | None = PrivateAttr(None)
    _manners: Manners = PrivateAttr(Manners())
    _push: Push | None = PrivateAttr(None)
    _norm: float | None = PrivateAttr(None)
    _perplexity: float | None = PrivateAttr(None)

    @classmethod
    def settled(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the digest of the vector's file, and the layer that it names."""
        steer = given.get("steer")
        return {**given, "steer": steering.pinned(steer)} if isinstance(steer, Mapping) else given

    def seeded(self, seed: int) -> Self:
        """A random direction is drawn by the run's seed."""
        if not self.steer.random or self.steer.seed is not None:
            return self
        return self.model_copy(update={"steer": self.steer.model_copy(update={"seed": seed})})

    def keyed(self) -> str:
        """Vector, layer and dose: what is computed of a chat at one dose is not what it is at another."""
        return self.steer.told()

    def holds(self) -> tuple[int, int] | None:
        """As its options say; None where the context is the model's own."""
        return (self.context, self.max_tokens) if self.context else None

    def note(self) -> str:
        """What must be said about the small model that is the default."""
        return SMALL if self.model == SMOLLM2 else ""

    async def open(self) -> None:
        """Load the model, or share it where it is loaded; then ask its template what it takes, and read the vector."""
        if lacking := self.usable():
            raise BackendError("request", f"backend=transformers: {lacking}")
        self._engine = await Engine.of(self.model_dump(include={"model", "device", "dtype", "threads", "batch"}))
        try:
            self._manners = Manners.of(lambda messages: str(self._rendered(messages)))
        except Exception as error:
            raise BackendError(
                "request",
                f"the tokenizer of {self.model} renders no chat ({type(error).__name__}: {error}); take an "
                "instruction-tuned model, or give a template: backend.template.chat_template=JINJA",
            ) from None
        try:
            self._push = self._pushing(self._engine) if self.steer.vector else None
            self._perplexity = await self._engine.on(self._capable)
        except ValueError as error:
            raise BackendError("request", f"backend.{error}") from None

    def _pushing(self, engine: Engine) -> Push | None:
        """What is added to every chat; None at dose 0, though its file must be there and fit. ValueError where not."""
        import torch

        from simrun.agents.backends.transformers.vectors import load

        steer = Steer.model_validate(steering.pinned(self.steer.model_dump()))
        vector = load(steer, engine.sha256, engine.width)
        self._norm = float(np.linalg.norm(vector))
        if steer.layer is None or not steer.acts:
            return None
        by = torch.tensor(steer.dose * vector, device=engine.model.device, dtype=engine.model.dtype)
        return Push(steer.layer, by)

    def _capable(self) -> float | None:
        """How well plain sentences are foreseen with the vector, None where none is named."""
        decoder = self._opened().decoder
        return round(perplexity(decoder, self._encoded, self._push), 2) if self.steer.vector else None

    async def close(self) -> None:
        """Give the model back; the last of those who share it unloads it."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            engine.give_back()

    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("backend transformers was asked before it was opened")
        return self._engine

    def _rendered(self, messages: Sequence[Mapping[str, Any]]) -> Any:
        tokenizer = self._opened().tokenizer
        return tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True, **self.template
        )

    def prompt(self, chat: Chat) -> list[int]:
        """The tokens of a chat; BackendError where the template refuses it, or where it does not fit the context."""
        fitted = [wire(message) for message in self._manners.fit(chat.messages)]
        try:
            tokens = self._encoded(self._rendered(fitted))
        except Exception as error:
            roles = ", ".join(message["role"] for message in fitted)
            told = f"the chat template of {self.model} refuses this chat ({roles}): {type(error).__name__}: {error}"
            raise BackendError("request", told) from None
        room = self.context or self._opened().context
        if room and len(tokens) + self.max_tokens > room:
            told = f"{len(tokens)} tokens and {self.max_tokens} of a reply do not fit a context of {room}"
            raise BackendError("context", f"{told}; lower backend.max_tokens, or take a model with more")
        return tokens

    def _encoded(self, text: str) -> list[int]:
        return list(self._opened().tokenizer.encode(text, add_special_tokens=False))

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat."""
        try:
            async with asyncio.timeout(self.deadline):
                tokens = await self._opened().on(lambda: self.prompt(chat))
                asked = choice.of(chat.form)
                if asked is not None and len((chat.form or {}).get("properties", {})) == 1:
                    return await self._chosen(chat, tokens, asked)
                return await self._written(chat, tokens, asked)
        except TimeoutError:
            told = f"transformers gave no answer within deadline={self.deadline:g} s"
            raise BackendError("timeout", told) from None

    async def _chosen(self, chat: Chat, tokens: list[int], asked: choice.Choice) -> Answer:
        """One of the options, drawn by how probable each is; in its own words where they cannot be told apart."""
        texts = {option: _form(asked.field, value) for option, value in asked.values.items()}
        try:
            found = await self._weighed(tokens, texts)
        except choice.Untold:
            return await self._written(chat, tokens, asked)
        options = list(found.options)
        share = chances(np.array([found.options[option] for option in options]), self.temperature, self.top_p)
        text = texts[options[drawn(share, np.random.default_rng(chat.seed))]]
        told = {"options": found.options, "mass": found.mass} if self.choice_logprobs else {}
        return Answer(text=text, prompt_tokens=len(tokens), output_tokens=len(self._encoded(text)), **told)

    async def _written(self, chat: Chat, tokens: list[int], asked: choice.Choice | None) -> Answer:
        """What it writes; where that makes a choice, how probable each option was there."""
        own = Asked(tokens, self._push, chat.seed, self.temperature, self.top_p, self.max_tokens)
        engine = self._opened()
        said = await engine.write(own)
        text = engine.tokenizer.decode(said.tokens, skip_special_tokens=True)
        told: dict[str, Any] = {}
        if self.choice_logprobs and asked is not None and said.ended:
            told = await noted(self._read(tokens, text, asked))
        return Answer(
            text=text,
            finish="stop" if said.ended else "length",
            prompt_tokens=len(tokens),
            output_tokens=len(said.tokens),
            **told,
        )

    async def _read(self, tokens: list[int], said: str, asked: choice.Choice) -> Weights:
        return await self._weighed(tokens, choice.alternatives(said, asked))

    async def _weighed(self, tokens: list[int], texts: Mapping[str, str]) -> Weights:
        engine = self._opened()
        reading: Reading = engine.decoder.reading(tokens, self._push)

        async def encode(text: str) -> list[int]:
            return self._encoded(text)

        async def ask(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
            logs = await engine.on(lambda: reading.after(said))
            return {token: float(logs[token]) for token in candidates}

        return await weigh(await tokenised(texts, encode), ask)

    async def activations(self, chat: Chat) -> Floats:
        """What each block hands on where the reply to a chat begins, nothing being added, (layers, width)."""
        engine = self._opened()
        return await engine.on(lambda: engine.decoder.activations(self.prompt(chat)))

    @property
    def weights(self) -> str:
        """sha256 of the weights that are open."""
        return self._opened().sha256

    def identity(self) -> dict[str, Any]:
        """Engine, model and the digest of its weights, precision, chat template, device, what is added, and whether the
        same seed gives the same text."""
        told = super().identity() | {"model": self.model, "device": self.device, "dtype": self.dtype}
        if self.steer.vector:
            own = {"vector": Path(self.steer.vector).name, "norm": self._norm, "perplexity": self._perplexity}
            told["steer"] = self.steer.model_dump() | own
        if self._engine is None:
            return told
        tokenizer = self._engine.tokenizer
        template = str(self.template.get("chat_template") or getattr(tokenizer, "chat_template", None) or "")
        return told | {
            "engine": f"transformers {version('transformers')}",
            "torch": version("torch"),
            "sha256": self._engine.sha256,
            "template": hashlib.blake2b(template.encode(), digest_size=8).hexdigest(),
            "same_seed_same_text": (self.device, self.dtype, self.batch) == ("cpu", "float32", 1),
        }

    @classmethod
    def usable(cls) -> str | None:
        """None when torch, transformers and safetensors are installed."""
        missing = [name for name in NEEDED if find_spec(name) is None]
        return f"needs {' and '.join(missing)}: {INSTALL}" if missing else None


def _form(field: str, value: Any) -> str:
    """A form of one field, as prompts show it."""
    return f"{{{orjson.dumps(field).decode()}: {orjson.dumps(value).decode()}}}"
