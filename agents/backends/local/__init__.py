"""llama.cpp in this process, on the CPU or whatever the installed build of xllamacpp drives: the embedded default."""

import asyncio
import os
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends import choice
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions import ChatCompletions
from simrun.agents.backends.completions.bodies import decoded
from simrun.agents.backends.local.pictures import going_on, shown
from simrun.agents.backends.local.probabilities import asking
from simrun.agents.backends.local.weights import SMALL, SMOLLM2, WeightsError, resolve
from simrun.agents.backends.weighing import Weights, noted, tokenised, weigh
from simrun.agents.records import Answer, Chat


class Local(ChatCompletions):
    """A GGUF model in process; no key, no network, no GPU needed."""

    name: ClassVar[str] = "local"

    concurrency: int = Field(4, ge=1)
    """Episodes in flight."""
    model: str = SMOLLM2
    """`smollm2-135m`, the path of a GGUF file, or hf:owner/repo/file.gguf."""
    mmproj: str = ""
    """The file that turns images into what the model reads (llama.cpp's multimodal projector, a GGUF file made for
    this model): a path, or hf:owner/repo/file.gguf; "" for a model that reads text only."""
    slots: int = Field(8, ge=1)
    """Chats whose state is kept at once: best is episodes in flight times roles that speak."""
    context: int = Field(4096, ge=256)
    """Tokens of one chat, prompt and reply."""
    threads: int | None = Field(None, ge=1)
    """Threads that compute; when not given as many as there are processors that nothing else keeps busy, or as there
    are processors where the run is to be `repeatable`."""
    gpu_layers: int = Field(-1, ge=-1)
    """Layers on the GPU where the build has one; -1 lets the engine choose."""
    repeatable: bool = False
    """The same seed gives the same text, at the price of reading every prompt anew;
    without it batching shifts the last digits."""
    choice_logprobs: bool | None = None
    """With each decision that is a forced choice, the log-probability of every option (they sum to 1 at temperature 1,
    whatever the temperature of the reply), at the price of one further token, or two, wherever the options part. None
    is: where `outcomes` asks for it."""
    timeout: float = Field(600, gt=0)
    deadline: float = Field(1200, gt=0)

    _engine: Any = PrivateAttr(None)
    _path: Path | None = PrivateAttr(None)
    _projector: Path | None = PrivateAttr(None)
    _slot_of: OrderedDict[str, int] = PrivateAttr(default_factory=OrderedDict)
    _free: list[int] = PrivateAttr(default_factory=list)

    def note(self) -> str:
        """What must be said about the small model that ships as the default."""
        return SMALL if self.model == SMOLLM2 else ""

    def takes_images(self) -> bool:
        """Where it has a projector."""
        return bool(self.mmproj)

    def holds(self) -> tuple[int, int]:
        """As its options say."""
        return self.context, self.max_tokens

    async def open(self) -> None:
        """Find the weights and load them."""
        try:
            self._path = await asyncio.to_thread(resolve, self.model)
            if self.mmproj:
                self._projector = await asyncio.to_thread(resolve, self.mmproj, "backend.mmproj")
            key = secrets.token_hex(16)
            self._engine = await asyncio.to_thread(self._load, key)
        except ImportError as error:
            raise BackendError("request", f"backend=local needs xllamacpp: {_way_out()} ({error})") from None
        except AttributeError as error:
            raise BackendError(
                "request",
                f"backend=local: xllamacpp {version('xllamacpp')} lacks what simrun asks of it ({error}); {_way_out()}",
            ) from None
        except WeightsError as error:
            raise BackendError("request", str(error)) from None
        except RuntimeError as error:
            raise BackendError(
                "request",
                f"llama.cpp could not load {self._path}{self._beside()}: {error}; is it a GGUF file, and is there "
                "memory for it?",
            ) from None
        self._free = list(range(self.slots))[::-1]
        self._connect([self._engine.listening_address + "/v1"], key, "local")

    def _beside(self) -> str:
        return f" with {self._projector}, which must be the mmproj file of this model" if self._projector else ""

    def _load(self, key: str) -> Any:
        import xllamacpp

        self._grammar({"type": "object"})  # a build that cannot make one is refused now, not in the first episode
        return xllamacpp.Server(self._params(key))

    def _params(self, key: str) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path, params.mmproj.path = str(self._path), str(self._projector or "")
        params.n_parallel, params.n_ctx = self.slots, self.slots * self.context
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads or self._processors()
        params.n_gpu_layers = self.gpu_layers
        params.api_keys = [key]  # it listens on 127.0.0.1, where other users of the machine could ask it too
        params.verbosity, params.warmup, params.ui = -1, False, False
        if self.repeatable:
            params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        return params

    def _processors(self) -> int:
        there = os.cpu_count() or 1
        return there if self.repeatable else idle(there, os.getloadavg()[0])

    async def close(self) -> None:
        """Disconnect and free the model's memory."""
        await super().close()
        self._engine = None
        self._slot_of.clear()

    def _body(self, chat: Chat) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id_slot": self._slot(f"{chat.session}/{chat.speaker}"),
            "cache_prompt": not self.repeatable,
        }
        if chat.form and not self.free_form:
            body |= {"grammar": self._grammar(chat.form), "response_format": None}
        if self._choice(chat):
            body |= {"reasoning_format": "none"}  # options are weighed after what was thought, so it must be told
        return super()._body(chat) | body | dict(self.extra)

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat, and weigh the options of a forced choice where that was asked for."""
        _bytes_only(chat)
        answer = await super().reply(chat)
        asked = self._choice(chat)
        if asked is None or answer.finish != "stop":
            return answer
        return answer.model_copy(update=await noted(self._weighed(chat, answer.text, asked)))

    def _choice(self, chat: Chat) -> choice.Choice | None:
        return choice.of(chat.form) if self.choice_logprobs else None

    async def _weighed(self, chat: Chat, said: str, asked: choice.Choice) -> Weights:
        """In the slot of the chat, where what comes before the options has just been read and written."""
        written = choice.alternatives(said, asked)
        wired = self._wired(chat)
        template = {"messages": wired, "chat_template_kwargs": self.extra.get("chat_template_kwargs")}
        known = {key: value for key, value in template.items() if value is not None}
        prompt = (await self._post("/apply-template", **known))["prompt"]
        slot = {"id_slot": self._slot(f"{chat.session}/{chat.speaker}"), "cache_prompt": not self.repeatable}
        after = going_on(prompt, shown(wired), self._post, self._tokens)
        return await weigh(await tokenised(written, self._tokens), asking(after, self._post, **slot))

    async def _tokens(self, text: str) -> list[int]:
        told = await self._post("/tokenize", content=text, add_special=False, parse_special=True)
        return list(told["tokens"])

    async def _post(self, path: str, **body: Any) -> Any:
        """What the engine says beside chats."""
        base = self._at.base.removesuffix("/v1")
        status, headers, raw = await self._told_beside(path, body, base)
        if not 200 <= status < 300:
            self._failure(status, headers, raw, base, list(body))
            raise BackendError("request", f"llama.cpp answered {path} with HTTP {status}")
        return decoded(raw)

    @staticmethod
    def _grammar(form: Mapping[str, Any]) -> str:
        """The form as a grammar without free white space, which is where a small
        model loses its way and half its tokens."""
        import xllamacpp

        return str(xllamacpp.json_schema_to_grammar({**form, "x-guidance": {"whitespace_flexible": False}}))

    def _slot(self, chat: str) -> int:
        """The slot of a chat; a new chat takes a free one, else the one that has been silent longest.

        Slots share no prefix in llama.cpp: a chat that changes slots is read again from its first token.
        """
        if chat not in self._slot_of:
            self._slot_of[chat] = self._free.pop() if self._free else self._slot_of.popitem(last=False)[1]
        self._slot_of.move_to_end(chat)
        return self._slot_of[chat]

    def release(self, session: str) -> None:
        """Free the slots of a trial that is over."""
        super().release(session)
        for chat in [chat for chat in self._slot_of if chat.rpartition("/")[0] == session]:
            self._free.append(self._slot_of.pop(chat))

    def identity(self) -> dict[str, Any]:
        """Engine, version, model file and its size, and whether the same seed gives the same text."""
        size = self._path.stat().st_size if self._path else None
        beside = {"mmproj": self.mmproj, "mmproj_bytes": self._projector.stat().st_size} if self._projector else {}
        return super().identity() | {
            "engine": f"xllamacpp {version('xllamacpp')}",
            "model": self.model,
            "bytes": size,
            **beside,
            "repeatable": self.repeatable,
        }

    @classmethod
    def usable(cls) -> str | None:
        """None when xllamacpp is installed."""
        try:
            version("xllamacpp")
        except ImportError:
            return f"xllamacpp is not installed: {_way_out()}"
        return None


def _bytes_only(chat: Chat) -> None:
    """BackendError for an image on the web: nothing is fetched here."""
    references = (image.reference for message in chat.messages for image in message.images)
    if address := next((each for each in references if each.lower().startswith("http")), ""):
        raise BackendError(
            "request",
            f"backend=local fetches no images, and {address[:80]!r} is an address; put the picture beside the file of "
            "cases and name it there, or use backend=server",
        )


def idle(processors: int, load: float) -> int:
    """How many processors are not kept busy by a load of so many runnable tasks, 1 at least.

    The engine's threads wait for each other by spinning: one that shares its processor holds up all of them.
    """
    return max(1, processors - int(load))


def _way_out() -> str:
    """The command that installs the versions that our own package asks for."""
    wanted = next(each for each in requires("simrun") or () if each.startswith("xllamacpp"))
    return f"pip install '{wanted}'"
