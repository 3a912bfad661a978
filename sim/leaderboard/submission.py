"""What a submission says of itself, beside its runs: who hands it in, and what it is a run of."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from simrun.agents.printable import escaped
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained
from simrun.config.menus import LOADER

R = TypeVar("R", bound=Record)
FORMAT = 1
HEADER, MANIFEST, PLAN, LOG = "submission.json", "manifest.json", "plan.jsonl", "log"
"""What the files of a submission are called; all but the first lie in a folder for each run, 00, 01, ..."""


def plain(text: str) -> str:
    """The text; ValueError where it is not one line of plain words."""
    if escaped(text) != text or set(text) & set("<>\n\t") or not text.strip():
        raise ValueError("one line of plain words, without control characters and without < and >")
    return text


Words = Annotated[str, Field(max_length=300), AfterValidator(plain)]


class Who(Record):
    """Who hands a submission in: `--who FILE`, in YAML."""

    name: Words
    """A person or a group."""
    contact: Words
    """Where they can be asked: an address, a page."""
    relation: Literal["none", "maker", "paid", "other"]
    """To whoever made the model: none, they made it, they are paid by who did, another."""
    licence: Words
    """Under which the logs may be shown, such as CC-BY-4.0."""
    about: Words | None = None
    """What a reader should know, such as that it repeats another submission."""


def digest(told: Any) -> str:
    """SHA-256 of values, whatever the order of their keys."""
    # a stranger's numbers may have more digits than orjson takes
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Commitment(Record):
    """commitment.json: which suite will be played, by which model, and who will hand it in; not under which seed."""

    format: Literal[1] = 1
    suite: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    version: Annotated[int, Field(ge=0, le=10**6)]
    answers: Annotated[tuple[Annotated[str, Field(max_length=1000), AfterValidator(plain)], ...], Field(max_length=20)]
    """Which model answers, as its engine says."""
    options: Mapping[str, Any]
    """Options of the backend that say which model that is."""
    who: Who
    plan: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the plan without its seed: all that a suite locks, and which model answers."""
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Drawn, so that two commitments to the same are two."""

    @property
    def digest(self) -> str:
        """By which it is known: of all that it says."""
        return digest(self.model_dump(mode="json"))


Half = Literal["public", "private"]
"""Played on the suite's own cases, or on those that the board drew in secret."""


class Header(Record):
    """submission.json."""

    format: Literal[1]
    suite: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    """The suite, or `custom`."""
    version: Annotated[int, Field(ge=0, le=10**6)]
    runs: Annotated[int, Field(ge=1, le=100)]
    who: Who
    half: Half = "public"
    commitment: Commitment | None = None
    """To what was committed before the seed was drawn; None for a run under the suite's own seed."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.commitment
        if given and (self.half == "private" or (given.suite, given.version) != (self.suite, self.version)):
            raise ValueError(f"the commitment is to {given.suite}@{given.version}, and to its public half")
        return self


def written(file: Path, kind: type[R], way: str) -> R:
    """What somebody wrote in YAML, as the record. ConfigError names the file, what is wrong, and the `way` out."""
    try:
        return kind.model_validate(yaml.load(file.read_text(encoding="utf-8"), LOADER))
    except ValidationError as error:
        raise ConfigError(f"{file}: {explained(error, kind)}; {way}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {error}; {way}") from None
