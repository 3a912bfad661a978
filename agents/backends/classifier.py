"""A trained classifier of texts in the place of a language model: how probable one of its labels is."""

import asyncio
import json
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.local.weights import digest
from simrun.agents.records import Answer, Chat

EXTRA = "pip install 'simrun[judge]'"


class Classifier(Backend):
    """Reads the last thing that it is told with a `transformers` text classifier, and answers with a probability.

    A number of the form is the probability of `label`, yes or no is whether that is .5 or more. The same text gets the
    same answer whatever the seed; no code out of the folder is run, and nothing is downloaded.
    """

    name: ClassVar[str] = "classifier"

    model: str = ""
    """A folder with the classifier and its tokenizer, as `save_pretrained` wrote them."""
    label: str = ""
    """The label whose probability counts; the model's last one when not given, as of two that is usually the yes."""
    device: str = "cpu"
    """As torch calls it: cpu, cuda:0."""
    concurrency: int = Field(16, ge=1)

    _scorer: Any = PrivateAttr(None)
    _label: str = PrivateAttr("")
    _sha256: str = PrivateAttr("")
    _one: asyncio.Lock = PrivateAttr(default_factory=asyncio.Lock)

    async def open(self) -> None:
        """Load it; BackendError with the way out where it cannot be."""
        if lacking := self.usable():
            raise BackendError("engine", f"backend=classifier: {lacking}")
        try:
            self._scorer = await asyncio.to_thread(_loaded, self.model, self.device)
        except FileNotFoundError:
            told = f"backend.model: no folder {self.model!r}; give one that holds a transformers classifier"
            raise BackendError("request", told) from None
        except Exception as error:  # whatever transformers or torch raise at a folder that holds something else
            raise BackendError("request", f"backend.model={self.model}: {_brief(error)}") from None
        labels = [name for _, name in sorted(self._scorer.model.config.id2label.items())]
        self._label = self.label or labels[-1]
        if self._label not in labels:
            raise BackendError("request", f"backend.label={self.label}: the classifier has {', '.join(labels)}")
        self._sha256 = await asyncio.to_thread(lambda: digest(Path(self.model).expanduser()))

    async def reply(self, chat: Chat) -> Answer:
        """The probability in the fields of the form; BackendError for a form that it cannot fill."""
        if self._scorer is None:
            raise BackendError("engine", "backend=classifier was asked before it was opened")
        fields = (chat.form or {}).get("properties", {})
        if not fields or any(each.get("type") not in ("number", "boolean") for each in fields.values()):
            raise BackendError(
                "request",
                f"backend=classifier answers with a probability, or yes or no, and the {chat.role} is asked for more; "
                f"give another backend to that role (roles.{chat.role}.backend=...), or use judge=classifier",
            )
        async with self._one:
            share = await asyncio.to_thread(self._probability, chat.messages[-1].content)
        said = json.dumps({name: share if each["type"] == "number" else share >= 0.5 for name, each in fields.items()})
        return Answer(text=said)

    def _probability(self, text: str) -> float:
        found = self._scorer(text, top_k=None, truncation=True)
        return float(next(each["score"] for each in found if each["label"] == self._label))

    async def close(self) -> None:
        """Let go of it."""
        self._scorer = None

    def identity(self) -> dict[str, Any]:
        """The folder's name and the digest of its weights, which label counts, and the versions."""
        versions = {name: version(name) for name in ("transformers", "torch")}
        about = {"model": Path(self.model).name, "sha256": self._sha256, "label": self._label}
        return super().identity() | about | versions

    def note(self) -> str:
        """Says that no language model was asked."""
        return f"Answered by a text classifier ({Path(self.model).name}), not by a language model."

    @classmethod
    def usable(cls) -> str | None:
        """Whether transformers and torch are there."""
        missing = [name for name in ("transformers", "torch") if find_spec(name) is None]
        return f"needs {' and '.join(missing)}: {EXTRA}" if missing else None


def _loaded(model: str, device: str) -> Any:
    folder = Path(model).expanduser()
    if not model or not folder.is_dir():
        raise FileNotFoundError(model)
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    own = {"local_files_only": True, "trust_remote_code": False}
    model = AutoModelForSequenceClassification.from_pretrained(folder, **own)
    tokenizer = AutoTokenizer.from_pretrained(folder, **own)
    return pipeline("text-classification", model=model, tokenizer=tokenizer, device=device)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
