"""What a submission says of itself, beside its runs: who hands it in, and what it is a run of."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from simrun.agents.printable import escaped
from simrun.agents.records import Record

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


class Header(Record):
    """submission.json."""

    format: Literal[1]
    suite: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    """The suite, or `custom`."""
    version: Annotated[int, Field(ge=0, le=10**6)]
    runs: Annotated[int, Field(ge=1, le=100)]
    who: Who
