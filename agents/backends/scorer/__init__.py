"""A small trained network in place of a language model: it reads CVs by patterns and answers the same forms."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.forms import Filling, Unanswerable, asks, rising
from simrun.agents.backends.scorer.network import Network, Unread
from simrun.agents.records import Answer, Chat


class Scorer(Backend):
    """Scores with a network of simrun.agents.backends.scorer.training; it takes no torch, and the same
    text gets the same score whatever the seed.

    A form is answered field by field: a number is the score, yes or no is whether the score reaches
    the threshold, a choice among labelled people is the one of the highest score, an order is
    theirs from the highest down (equal ones by label), and so many of several are the first of it.
    """

    name: ClassVar[str] = "scorer"

    weights: str = ""
    """The file of a network, as its `save` wrote it."""
    scale: tuple[float, float] = (0.0, 1.0)
    """The scores that become the least and the greatest number of a form; what is beyond them becomes these too."""
    threshold: float | None = None
    """The score from which on the answer is yes; the 75th percentile where the network was trained when not given."""
    concurrency: int = Field(8, ge=1)

    _network: Network | None = PrivateAttr(None)
    _sha256: str = PrivateAttr("")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        rising(self.scale, "score")
        return self

    async def open(self) -> None:
        """Read the weights."""
        self._network, self._sha256 = self._read()

    def _read(self) -> tuple[Network, str]:
        file = Path(self.weights).expanduser()
        if not self.weights:
            raise BackendError(
                "request",
                "backend=scorer needs backend.weights=FILE, a network saved by simrun.agents.backends.scorer.training",
            )
        try:
            network = Network.load(file)
        except FileNotFoundError:
            raise BackendError(
                "request", f"backend.weights: no file {self.weights!r}; train a network and save it there"
            ) from None
        except ValueError as error:
            raise BackendError("request", f"backend.weights: {error}") from None
        if network.reading is None:
            raise BackendError(
                "request",
                f"backend.weights: {self.weights} was trained on numbers and reads no CVs; train it with reading=...",
            )
        return network, hashlib.sha256(file.read_bytes()).hexdigest()

    async def reply(self, chat: Chat) -> Answer:
        """The score in the fields of the form; BackendError for a form, or a text, that a score cannot answer."""
        if self._network is None:
            raise BackendError("engine", "backend=scorer was asked before it was opened")
        text = chat.text()
        try:
            fields = self._fields(chat.form, text, self._network)
        except (Unread, Unanswerable) as error:
            raise BackendError("request", f"backend=scorer cannot answer for the {chat.role}: {error}") from None
        if not fields:
            raise BackendError(
                "request",
                f"backend=scorer has only scores and no words, and the {chat.role} must speak freely here; "
                f"give another backend to that role (roles.{chat.role}.backend=...), or use "
                "scenario.mode=screen, rank, shortlist or compare",
            )
        said = json.dumps(fields)
        return Answer(text=said, prompt_tokens=text.count(" ") + 1, cached_tokens=0, output_tokens=len(said.split()))

    def _fields(self, form: Mapping[str, Any] | None, text: str, network: Network) -> dict[str, Any]:
        """What the scores come to, of the person that the text is about, or of those that it labels."""
        assert network.reading is not None
        one, several = asks(form)
        people = network.reading.people(text) if several else {}
        filling = Filling(scale=self.scale, bar=network.bar if self.threshold is None else self.threshold)
        return filling.fill(
            form,
            network.score(network.reading.person(text)) if one else None,
            {label: network.score(each) for label, each in people.items()},
        )

    def divisible(self) -> bool:
        """Each process reads the weights for itself."""
        return True

    def identity(self) -> dict[str, Any]:
        """The file and its digest, what it was trained on, and from which score on it says yes."""
        network = self._network
        told = (
            {
                "reads": [each.name for each in network.reading.features] if network.reading else [],
                "about": network.about,
            }
            if network
            else {}
        )
        bar = network.bar if network and self.threshold is None else self.threshold
        return super().identity() | {"model": Path(self.weights).name, "sha256": self._sha256, "threshold": bar} | told

    def note(self) -> str:
        """Says that no language model was asked."""
        return f"Scored by a small trained network ({Path(self.weights).name}), not by a language model."
