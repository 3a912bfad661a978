"""vLLM in this process: chats go to the engine as token ids, and come back with what the cache held."""

import asyncio
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends import choice
from simrun.agents.backends.base import Backend, BackendError, Gauges
from simrun.agents.backends.completions import wire
from simrun.agents.backends.manners import Manners
from simrun.agents.backends.vllm.engine import INSTALL, Engine, installed
from simrun.agents.backends.weighing import Weights, noted, tokenised, weigh
from simrun.agents.records import Answer, Chat, Message

_REQUESTS = itertools.count()


class Vllm(Backend):
    """A Hugging Face model on vLLM in this process, on GPUs or on the CPU; one engine for all roles that load the same.

    One process feeds one engine well. For several GPUs with a copy of the model each:
    backend=server launch=true gpus=[0,1,...].
    """

    name: ClassVar[str] = "vllm"
    prefixes: ClassVar[bool] = True

    model: str = ""
    """A folder in Hugging Face's layout, or a name on the hub."""
    revision: str = ""
    """Branch, tag or commit on the hub."""
    gpus: tuple[int, ...] = ()
    """GPUs that the model is spread over (tensor parallel); the first one when not given."""
    memory: float = Field(0.9, gt=0, le=1)
    """Share of each of these GPUs that the engine takes; roles with models of their own must leave each other room."""
    dtype: str = "auto"
    """`auto`: as the weights are; float32 on a CPU, where it is what repeats a seed."""
    context: int | None = Field(None, ge=256)
    """Tokens of one chat, prompt and reply; the model's own when not given (4096 on a CPU)."""
    lora: str = ""
    """Folder of a LoRA adapter to play with."""
    engine: Mapping[str, Any] = {}
    """Further options of vLLM's engine, by their names there, such as {max_num_seqs: 512,
    quantization: fp8, scheduling_policy: priority}."""
    temperature: float = Field(0.7, ge=0)
    """How freely words are drawn: 0 takes the likeliest, 1 draws as probable as the model has them."""
    max_tokens: int = Field(256, ge=1)
    """Longest reply, in tokens; a reply that meets it is `truncated`."""
    sampling: Mapping[str, Any] = {}
    """Further sampling parameters of vLLM, such as {top_p: 0.9, stop: ["###"]}."""
    template: Mapping[str, Any] = {}
    """What the chat template is told, such as {enable_thinking: false};
    {chat_template: JINJA} for a model without one."""
    free_form: bool = False
    """Do not hold decisions to their JSON schema; replies are then read tolerantly."""
    choice_logprobs: bool | None = None
    """With each decision that is a forced choice, the log-probability of every option (they sum to 1 at temperature 1,
    whatever the temperature of the reply), at the price of one further token wherever the options part. None is: where
    `outcomes` asks for it."""
    images: bool = False
    """Whether this model takes images."""
    deadline: float = Field(600, gt=0)
    """Seconds for a call, its wait in the engine's queue included."""

    _engine: Engine | None = PrivateAttr(None)
    _manners: Manners = PrivateAttr(Manners())
    _lora: Any = PrivateAttr(None)

    def takes_images(self) -> bool:
        """As the option `images` says."""
        return self.images

    def claims(self) -> Mapping[str, float]:
        """The share `memory` of its GPUs; nothing on a machine without any."""
        gpus = self.gpus or ((0,) if list(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists() else ())
        return {f"gpu {gpu}": self.memory for gpu in gpus}

    def holds(self) -> tuple[int, int] | None:
        """As its options say; None where the context is the model's own."""
        return (self.context, self.max_tokens) if self.context else None

    def _options(self) -> dict[str, Any]:
        """All that makes two engines different, as AsyncEngineArgs has it."""
        own: dict[str, Any] = {
            "model": self.model,
            "enable_prefix_caching": True,
            "gpu_memory_utilization": self.memory,
        }
        own |= {"revision": self.revision, "tokenizer_revision": self.revision} if self.revision else {}
        own |= {"device_ids": list(self.gpus), "tensor_parallel_size": len(self.gpus)} if self.gpus else {}
        own |= {"dtype": self.dtype} if self.dtype != "auto" else {}
        own |= {"max_model_len": self.context} if self.context else {}
        own |= {"enable_lora": True} if self.lora else {}
        own |= {} if self.images else {"limit_mm_per_prompt": {"image": 0, "video": 0, "audio": 0}}
        return own | dict(self.engine)

    async def open(self) -> None:
        """Load the model, or share it where it is loaded; then ask its chat template what it takes."""
        if not self.model:
            raise BackendError(
                "request",
                "backend=vllm needs backend.model=FOLDER, a model in Hugging Face's layout, or its name on the hub",
            )
        if find_spec("vllm") is None:
            raise BackendError("request", f"backend=vllm: vLLM is not installed; {INSTALL}")
        self._engine = await Engine.of(self._options())
        try:
            self._manners = await self._on_clerk(
                lambda: Manners.of(lambda messages: str(self._rendered(messages, tokenize=False)))
            )
        except Exception as error:
            raise BackendError(
                "request",
                f"the tokenizer of {self.model} renders no chat ({type(error).__name__}: {error}); "
                "take an instruction-tuned model, "
                "or give a template: backend.template.chat_template=JINJA",
            ) from None
        self._lora = self._adapter() if self.lora else None

    def _adapter(self) -> Any:
        from vllm.lora.request import LoRARequest

        folder = Path(self.lora).expanduser()
        if not (folder / "adapter_config.json").is_file():
            raise BackendError(
                "request", f"backend.lora={self.lora}: no LoRA adapter there (a folder with adapter_config.json)"
            )
        return LoRARequest(folder.name, 1, str(folder))

    async def close(self) -> None:
        """Give the engine back; the last of those who share it unloads the model."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.give_back()

    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("backend vllm was asked before it was opened")
        return self._engine

    async def _on_clerk(self, task: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._opened().clerk, task)

    def _rendered(self, messages: Sequence[Mapping[str, Any]], tokenize: bool) -> Any:
        tokenizer = self._opened().llm.renderer.get_tokenizer()
        more = {"return_dict": False} if tokenize else {}
        return tokenizer.apply_chat_template(
            list(messages), tokenize=tokenize, add_generation_prompt=True, **more, **self.template
        )

    async def _prompt(self, messages: Sequence[Message]) -> Any:
        """A chat as the engine takes it; BackendError where the template refuses it."""
        fitted = [wire(message) for message in self._manners.fit(messages)]
        try:
            if any(message.images for message in messages):
                return await self._pictured(fitted)
            return {"prompt_token_ids": list(await self._on_clerk(lambda: self._rendered(fitted, tokenize=True)))}
        except Exception as error:
            roles = ", ".join(message["role"] for message in fitted)
            raise BackendError(
                "request",
                f"the chat template of {self.model} refuses this chat ({roles}): {type(error).__name__}: {error}",
            ) from None

    async def _pictured(self, messages: Sequence[Mapping[str, Any]]) -> Any:
        """Where images go in a prompt differs by model; vLLM's server knows, and this is its way."""
        from vllm.renderers import ChatParams

        parameters = ChatParams(chat_template_kwargs={"add_generation_prompt": True, **self.template})
        _, (prompt,) = await self._opened().llm.renderer.render_chat_async([list(messages)], parameters)
        return prompt

    def _sampling(self, chat: Chat) -> Any:
        from vllm.sampling_params import RequestOutputKind, SamplingParams, StructuredOutputsParams

        shape = (
            {"structured_outputs": StructuredOutputsParams(json=dict(chat.form))}
            if chat.form and not self.free_form
            else {}
        )
        own = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": chat.seed,
            **shape,
            **self.sampling,
        }
        return SamplingParams(output_kind=RequestOutputKind.FINAL_ONLY, **own)

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat; a reply that is no longer awaited is aborted in the engine."""
        try:
            async with asyncio.timeout(self.deadline):
                prompt = await self._prompt(chat.messages)
                said = await self._generated(prompt, self._sampling(chat), chat)
                told = await self._chances(prompt, said, chat)
        except TimeoutError:
            raise BackendError("timeout", f"vLLM gave no answer within deadline={self.deadline:g} s") from None
        return Answer(
            text=said.outputs[0].text,
            finish="length" if said.outputs[0].finish_reason == "length" else "stop",
            prompt_tokens=len(said.prompt_token_ids or ()),
            cached_tokens=said.num_cached_tokens,
            output_tokens=len(said.outputs[0].token_ids),
            **told,
        )

    async def _generated(self, prompt: Any, params: Any, chat: Chat) -> Any:
        engine = self._opened()
        rank = chat.priority if engine.llm.vllm_config.scheduler_config.policy == "priority" else 0
        return await engine.generate(
            prompt,
            params,
            f"{chat.session}/{chat.speaker}/{chat.nth}/{next(_REQUESTS)}",
            lora_request=self._lora,
            priority=rank,
        )

    async def _chances(self, prompt: Any, said: Any, chat: Chat) -> dict[str, Any]:
        """How probable each option of a forced choice was, where that was asked for."""
        asked = choice.of(chat.form) if self.choice_logprobs else None
        if asked is None or said.outputs[0].finish_reason == "length":
            return {}
        return await noted(self._weighed(prompt, said.outputs[0].text, asked, chat))

    async def _weighed(self, prompt: Any, said: str, asked: choice.Choice, chat: Chat) -> Weights:
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        before, tokenizer = prompt["prompt_token_ids"], self._opened().llm.renderer.get_tokenizer()

        async def encode(text: str) -> list[int]:
            return list(await self._on_clerk(lambda: tokenizer.encode(text, add_special_tokens=False)))

        async def ask(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
            params = SamplingParams(
                temperature=0,
                max_tokens=1,
                logprob_token_ids=list(candidates),
                output_kind=RequestOutputKind.FINAL_ONLY,
            )
            after = {**prompt, "prompt_token_ids": [*before, *said]}
            heard = (await self._generated(after, params, chat)).outputs[0].logprobs[0]
            return {token: heard[token].logprob for token in candidates}

        return await weigh(await tokenised(choice.alternatives(said, asked), encode), ask)

    async def gauges(self) -> Gauges | None:
        """As of the engine's last step."""
        return self._engine.gauges() if self._engine else None

    def identity(self) -> dict[str, Any]:
        """Engine, model, precision, chat template, device, and whether the same seed gives the same text."""
        told = super().identity() | {"engine": f"vllm {installed()}", "model": self.model, "options": self._options()}
        if self._engine is None:
            return told
        config, tokenizer = self._engine.llm.vllm_config, self._engine.llm.renderer.get_tokenizer()
        device, dtype = config.device_config.device_type, str(config.model_config.dtype).removeprefix("torch.")
        template = str(self.template.get("chat_template") or getattr(tokenizer, "chat_template", None) or "")
        steady = device == "cpu" and dtype == "float32"
        return told | {
            "revision": self.revision or getattr(config.model_config.hf_config, "_commit_hash", None),
            "dtype": dtype,
            "quantisation": config.model_config.quantization,
            "context": config.model_config.max_model_len,
            "device": device,
            "template": hashlib.blake2b(template.encode(), digest_size=8).hexdigest(),
            "same_seed_same_text": "measured for float32 on a CPU"
            if steady
            else "not promised: what is decoded beside a chat shifts its last digits",
        }

    @classmethod
    def usable(cls) -> str | None:
        """None when vLLM is installed; whether a GPU is there shows when it loads."""
        return None if find_spec("vllm") else f"vLLM is not installed: {INSTALL}"
