"""What backends have in common whose endpoint is somebody else's: its address, its key, its list of models, and forced
choices out of the log-probabilities of a reply."""

from typing import Any

from simrun.agents.backends import choice
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions import ChatCompletions, Loading, bodies, toplist
from simrun.agents.backends.completions.bodies import decoded
from simrun.agents.backends.completions.faults import Fault
from simrun.agents.backends.completions.models import Models
from simrun.agents.backends.completions.pauses import pause
from simrun.agents.backends.weighing import Weights, noted
from simrun.agents.records import Answer, Chat


class Hosted(ChatCompletions):
    """An OpenAI-compatible endpoint at `url`; its key, if any, comes from the environment and is never written down."""

    url: str
    """Its address, which usually ends in /v1."""
    model: str = ""
    """The model's name there; may be left out when the server has only one."""
    listed: bool = True
    """Whether the server's list of models has to name it; false for names that a list leaves out, such as aliases and
    deployments."""
    key_env: str = "OPENAI_API_KEY"
    """Environment variable that holds the API key."""
    images: bool = False
    """Whether this model takes images."""
    choice_logprobs: bool | None = None
    """With each decision that is a forced choice, the log-probability of every option: of vLLM servers exactly, at the
    price of some further requests; of others out of the `top_logprobs` of the reply, where those decide it. None is:
    where `outcomes` asks for it."""

    def takes_images(self) -> bool:
        """As the option `images` says: servers do not tell."""
        return self.images

    def _check_address(self) -> None:
        if "@" in self.url:
            raise BackendError(
                "request",
                f"backend.url must hold no password; put the key in the environment variable {self.key_env}",
            )

    async def _models(self, base: str) -> Models | None:
        """Which models a server has, of which one is chosen; None of a server without a list, where a model is
        given."""
        status, raw = await self._listed_by(base)
        if status in (401, 403):
            raise self._unauthorised(status, self._at.clean(raw.decode("utf-8", "replace"))[:200])
        if not 200 <= status < 300:
            if self.model:  # some servers have no list; the first call will tell
                return None
            raise BackendError(
                "request",
                f"{base}/models answered HTTP {status}; is backend.url right (it usually "
                "ends in /v1)? Set backend.model",
            )
        models = Models.of(raw)
        self._at.model = models.chosen(self.model, self.listed, base)
        return models

    async def _listed_by(self, base: str) -> tuple[int, bytes]:
        """The answer to a question for the models; a server that loads one is waited for."""
        while True:
            status, headers, raw = await self._at.request("GET", "/models", base=base)
            fault = Fault.of(status, raw) if status >= 500 else None
            if fault is None or fault.meaning() != "loading":
                self._at.loading.pop(base, None)
                return status, raw
            said = f"{base} is loading its model (HTTP {status}): {self._said(fault, raw)}"
            await self._loaded(base, Loading("server", said, retry_after=pause(headers, fault.text)))

    def _unauthorised(self, status: int, said: str) -> BackendError:
        return BackendError(
            "auth", f"{super()._unauthorised(status, said)}; set the environment variable {self.key_env}"
        )

    def _body(self, chat: Chat) -> dict[str, Any]:
        own = {"logprobs": True, "top_logprobs": toplist.MOST} if self._told_within(chat) else {}
        return super()._body(chat) | own | dict(self.extra)

    def _choice(self, chat: Chat) -> choice.Choice | None:
        return choice.of(chat.form) if self.choice_logprobs else None

    def _told_within(self, chat: Chat) -> bool:
        """Whether the options of a forced choice are to be read out of the reply to it."""
        return self._choice(chat) is not None

    async def _heard(self, chat: Chat, answer: Answer, raw: bytes) -> Answer:
        """With the options of a forced choice weighed, where that was asked for and the body itself tells it."""
        asked = self._choice(chat)
        if asked is None or answer.finish != "stop":
            return answer
        told = bodies.first(decoded(raw)) or {}
        return answer.model_copy(update=await noted(self._read(answer.text, asked, told.get("logprobs"))))

    @staticmethod
    async def _read(said: str, asked: choice.Choice, told: Any) -> Weights:
        return toplist.weighed(choice.alternatives(said, asked), said, told)
