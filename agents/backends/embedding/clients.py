"""Who turns texts into vectors: a model in this process, or a server."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import orjson

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions import PASSING, ChatCompletions
from simrun.agents.backends.completions.bodies import decoded
from simrun.agents.backends.local import Local
from simrun.agents.backends.server import Server

Pooling = Literal["mean", "last", "cls"]
"""What of a text's tokens stands for the text: their mean, the last (models that read on), the first (BERT)."""


class Vectors(ChatCompletions):
    """The client side of `/v1/embeddings`."""

    async def embedded(self, texts: Sequence[str]) -> tuple[np.ndarray, int | None]:
        """A vector of length 1 for each text (n, d), and the tokens that were read, None where that is not told.

        Asked again while infrastructure fails, as a chat is. BackendError for what is no embedding.
        """
        began, attempt = asyncio.get_running_loop().time(), 0
        while True:
            try:
                return await self._vectors(texts)
            except BackendError as error:
                if attempt == self.retries or error.kind not in PASSING:
                    raise
                await self._pause(error, attempt, began)
                attempt += 1

    async def _vectors(self, texts: Sequence[str]) -> tuple[np.ndarray, int | None]:
        body = {"model": self._at.model, "input": list(texts), "encoding_format": "float", **self.extra}
        status, headers, raw = await self._at.request("POST", "/embeddings", orjson.dumps(body))
        if not 200 <= status < 300:
            self._failure(status, headers, raw, self._at.base, list(body))
            raise BackendError("request", f"{self._at.base} answered /embeddings with HTTP {status}")
        try:
            told: Any = decoded(raw)
            listed = sorted(told["data"], key=lambda each: each["index"])
            found = np.array([each["embedding"] for each in listed], dtype=float)
            if found.shape[:1] != (len(texts),) or found.ndim != 2 or not np.isfinite(found).all():
                raise ValueError(f"vectors of shape {found.shape} for {len(texts)} texts")
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
            if not lengths.all():
                raise ValueError("a vector of nothing but zeros")
        except (ValueError, LookupError, TypeError) as error:
            why = f"{self._at.base} sent no embeddings ({type(error).__name__}: {error})"
            raise BackendError("malformed", self._at.clean(why)[:300]) from None
        used = told.get("usage") if isinstance(told, dict) else None
        return found / lengths, used.get("prompt_tokens") if isinstance(used, dict) else None


class AtServer(Vectors, Server):
    """A server at an address."""


class InProcess(Vectors, Local):
    """A GGUF file by llama.cpp in this process."""

    pooling: Pooling = "mean"

    def _params(self, key: str) -> Any:
        import xllamacpp

        params, kinds = super()._params(key), xllamacpp.llama_pooling_type
        params.embedding = True
        params.pooling_type = getattr(kinds, f"LLAMA_POOLING_TYPE_{self.pooling.upper()}")
        params.n_batch = params.n_ubatch = self.context  # a text is read at once, or refused
        return params
