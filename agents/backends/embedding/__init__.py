"""A text-embedding model in place of a language model: applications are ordered by how near they are to the advert."""

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.embedding.clients import AtServer, InProcess, Pooling, Vectors
from simrun.agents.backends.embedding.passages import Passages
from simrun.agents.backends.forms import Filling, Unanswerable, asks, rising
from simrun.agents.backends.local.weights import SMOLLM2
from simrun.agents.records import Answer, Chat

KEPT = 20_000
"""Texts whose vectors are kept: both orders of a pool, and all cases of one advert, read the same ones."""


class Embedding(Backend):
    """Ranks applications by the cosine of their vector with the advert's: a GGUF model in this process, or any server
    with `/v1/embeddings`. Each application is read alone, so that no order and no letter plays a part.

    A form is answered field by field: an order is from the nearest down (equal ones by label), so many of several are
    its first, a number is the cosine on `scale`, and yes is a cosine of `threshold` or more.
    """

    name: ClassVar[str] = "embedding"

    url: str = ""
    """Address of a server with /v1/embeddings, such as http://127.0.0.1:8000/v1; "" for a model in this process."""
    model: str = SMOLLM2
    """In this process as for backend=local: the path of a GGUF file, hf:owner/repo/file.gguf, or the small model; at a
    server its name there."""
    key_env: str = "OPENAI_API_KEY"
    """Environment variable that holds a server's API key."""
    pooling: Pooling = "mean"
    """In this process: what of a text's tokens stands for the text, as its card says: their mean, the last, the
    first (cls)."""
    context: int = Field(2048, ge=64)
    """In this process: tokens of a text; a longer one is refused, and never cut."""
    before_advert: str = ""
    """Words that the model wants before what is looked for, such as "query: "."""
    before_application: str = ""
    """Words that it wants before what is found, such as "passage: "."""
    passages: Passages = Passages()
    """Where advert and applications stand in a chat, by regular expressions."""
    scale: tuple[float, float] = (0.0, 1.0)
    """The cosines that become the least and the greatest number of a form; what is beyond them becomes these too."""
    threshold: float | None = Field(None, ge=-1, le=1)
    """The cosine from which on the answer is yes; without it, whoever asks for yes or no is refused."""
    timeout: float = Field(600, gt=0)
    """Seconds for one attempt."""
    retries: int = Field(4, ge=0)
    """Further attempts after a failure of infrastructure."""
    concurrency: int = Field(8, ge=1)

    _client: Vectors | None = PrivateAttr(None)
    _kept: OrderedDict[str, np.ndarray] = PrivateAttr(default_factory=OrderedDict)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        rising(self.scale, "cosine")
        return self

    async def open(self) -> None:
        """Load the model, or connect."""
        alike: dict[str, Any] = {"timeout": self.timeout, "retries": self.retries}
        if self.url:
            named = "" if self.model == SMOLLM2 else self.model
            self._client = AtServer(url=self.url, model=named, key_env=self.key_env, **alike)
        else:
            self._client = InProcess(model=self.model, pooling=self.pooling, context=self.context, **alike)
        await self._client.open()

    async def close(self) -> None:
        """Let go of it."""
        if self._client is not None:
            await self._client.close()
        self._client = None
        self._kept.clear()

    async def reply(self, chat: Chat) -> Answer:
        """The cosines in the fields of the form; BackendError for a form, or a text, that they cannot answer."""
        one, several = asks(chat.form)
        try:
            if not (one or several):
                raise Unanswerable("it has only cosines and no words; use scenario.mode=rank, shortlist or compare")
            if self.threshold is None and any(each["type"] == "boolean" for each in _fields(chat) if "type" in each):
                raise Unanswerable("it has no bar of its own: set backend.threshold=COSINE for yes and no")
            query = self.passages.query(chat)
            person = {"": self.passages.person(chat)} if one else {}
            people = self.passages.people(chat) if several else {}
            near, tokens = await self._near(query, person | people)
            filling = Filling(scale=self.scale, bar=self.threshold)
            said = json.dumps(filling.fill(chat.form, near.pop("", None), near))
        except Unanswerable as error:
            raise BackendError("request", f"backend=embedding cannot answer for the {chat.role}: {error}") from None
        return Answer(text=said, prompt_tokens=tokens, output_tokens=0)

    async def _near(self, query: str, texts: Mapping[str, str]) -> tuple[dict[str, float], int | None]:
        """The cosine of each text with the query, and the tokens that it took."""
        asked = [self.before_advert + query, *(self.before_application + text for text in texts.values())]
        vectors, tokens = await self._vectors(asked)
        return dict(zip(texts, map(float, vectors[1:] @ vectors[0]), strict=True)), tokens

    async def _vectors(self, texts: Sequence[str]) -> tuple[np.ndarray, int | None]:
        if self._client is None:
            raise BackendError("engine", "backend=embedding was asked before it was opened")
        found = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        tokens: int | None = 0
        if new:
            made, tokens = await self._client.embedded(new)
            found |= dict(zip(new, made, strict=True))
            self._kept.update(zip(new, made, strict=True))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return np.array([found[text] for text in texts]), tokens

    def divisible(self) -> bool:
        """Each process connects, or loads the model, for itself."""
        return bool(self.url)

    def identity(self) -> dict[str, Any]:
        """Engine and model, and how its vectors are used."""
        told = self._client.identity() if self._client else {}
        return {**told, **super().identity(), "pooling": "the server's own" if self.url else self.pooling}

    def note(self) -> str:
        """Says that no language model was asked, and what the small model is."""
        small = self.model == SMOLLM2 and not self.url
        more = ": one that was made for other things, which shows that the machinery works" if small else ""
        return f"Ranked by the nearness of text embeddings ({self.model if not small else SMOLLM2}){more}."

    @classmethod
    def usable(cls) -> str | None:
        """None when xllamacpp is installed; a server needs nothing."""
        return InProcess.usable()


def _fields(chat: Chat) -> Collection[Mapping[str, Any]]:
    fields: Mapping[str, Mapping[str, Any]] = (chat.form or {}).get("properties", {})
    return fields.values()
