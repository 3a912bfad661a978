"""Models of this process: each loaded once however many roles, arms and doses share it, and asked on a thread of its
own."""

import asyncio
import contextlib
import io
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.local import idle
from simrun.agents.backends.local.weights import WeightsError, digest, resolve
from simrun.agents.backends.shared import Shared
from simrun.agents.backends.transformers.decoding import Asked, Decoder, Written

T = TypeVar("T")
HUB = "hf:"


class Engine(Shared):
    """One loaded model."""

    def __init__(self, key: str, model: Any, tokenizer: Any, sha256: str, batch: int):
        super().__init__(key)
        self.model, self.tokenizer, self.sha256 = model, tokenizer, sha256
        self.width = int(model.config.get_text_config().hidden_size)
        self.context = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0)) or None
        self.decoder = Decoder(model, _ends(model, tokenizer), tokenizer.pad_token_id or 0)
        self._batch = batch
        self._clerk = ThreadPoolExecutor(1, "transformers")
        self._waiting: deque[tuple[Asked, asyncio.Future[Written]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    async def _load(cls, key: str, options: Mapping[str, Any]) -> Self:
        return await asyncio.to_thread(cls._made, key, options)

    @classmethod
    def _made(cls, key: str, options: Mapping[str, Any]) -> Self:
        """Load a model; BackendError with the way out."""
        name = str(options["model"])
        try:
            path = located(name)
            model, tokenizer = _opened(path, options)
        except WeightsError as error:
            raise BackendError("request", str(error)) from None
        except ImportError as error:
            raise BackendError("request", f"backend=transformers: {error}") from None
        except Exception as error:  # whatever transformers or torch raise at a folder that holds something else
            told = " ".join(str(error).split())[:300]
            raise BackendError("request", f"backend.model={name}: {type(error).__name__}: {told}") from None
        return cls(key, model, tokenizer, digest(path), int(options["batch"]))

    def give_back(self) -> None:
        """One user less; with the last one the model leaves memory."""
        if self._given_back():
            self._clerk.shutdown(wait=False, cancel_futures=True)

    async def on(self, task: Callable[[], T]) -> T:
        """Do something on the thread of the model, after what waits there."""
        return await asyncio.get_running_loop().run_in_executor(self._clerk, task)

    async def write(self, asked: Asked) -> Written:
        """One reply, written beside those of as many other chats that wait as are computed at once."""
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            due = [(asked, future) for asked, future in taken if not future.done()]
            if due:
                await self._written(due)

    async def _written(self, due: Sequence[tuple[Asked, "asyncio.Future[Written]"]]) -> None:
        rows, futures = [asked for asked, _ in due], [future for _, future in due]

        def stopped() -> bool:
            return all(future.done() for future in futures)  # nobody waits any more

        try:
            found = await self.on(lambda: self.decoder.write(rows, stopped))
        except Exception as error:  # what torch raises, above all where memory is short
            for future in futures:
                if not future.done():
                    future.set_exception(_failed(error))
            return
        for future, written in zip(futures, found, strict=True):
            if not future.done():
                future.set_result(written)


def _failed(error: Exception) -> BackendError:
    told = " ".join(str(error).split())[:300]
    return BackendError("server", f"transformers failed at a chat: {type(error).__name__}: {told}")


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a reply."""
    told = (getattr(model.generation_config, "eos_token_id", None), tokenizer.eos_token_id)
    every = [token for each in told for token in (each if isinstance(each, list) else [each])]
    return frozenset(int(token) for token in every if token is not None)


def located(model: str) -> Path:
    """The folder or GGUF file of a model. WeightsError names what would do."""
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        return folder.resolve()
    if model.startswith(HUB) and model.count("/") == 1:
        return _folder_of_hub(model)
    return resolve(model)


def _folder_of_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        wanted = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
        return Path(snapshot_download(model.removeprefix(HUB), allow_patterns=wanted))
    except Exception as error:  # the hub's client raises many kinds; each of them means: not to be had
        raise WeightsError(f"backend.model={model}: {type(error).__name__}: {error}") from error


def _opened(path: Path, options: Mapping[str, Any]) -> tuple[Any, Any]:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(int(options["threads"] or idle(os.cpu_count() or 1, os.getloadavg()[0])))
    place, file = (path, {}) if path.is_dir() else (path.parent, {"gguf_file": path.name})
    own: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False, **file}
    kept: dict[str, Any] = {} if path.suffix == ".gguf" else {"use_safetensors": True}
    # as it is called from 4.56 on
    kind = "dtype" if tuple(map(int, transformers.__version__.split(".")[:2])) >= (4, 56) else "torch_dtype"
    kept |= {kind: getattr(torch, str(options["dtype"]))}
    with contextlib.redirect_stderr(io.StringIO()):  # its bars would stand in the middle of ours
        tokenizer = AutoTokenizer.from_pretrained(place, **own)
        model = AutoModelForCausalLM.from_pretrained(place, **own, **kept)
    return model.to(options["device"]).eval(), tokenizer
