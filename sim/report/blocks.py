"""What a report is made of: sections compute blocks, renderers write them. All of them are plain JSON.

Sentences may mark words as in Markdown, `**strong**` and backticks, and nothing else.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from simrun.agents.records import Record

Verdict = Literal[
    "difference", "within the margin", "equivalent", "inconclusive", "passed", "failed", "doubt", "limit", "missing"
]
"""What a finding comes to: a difference; a difference, but within the declared margin; equivalent within it;
inconclusive; a check of the instrument that held or did not; a reason to doubt a figure; what this design could not
see; what is not there."""

Form = Literal[
    "text", "outcome", "figure", "signed", "interval", "signed interval", "count", "share", "list", "groups", "mean"
]
"""How the values of a cell are written. Those of several keys at once: `outcome` (name, which way is better, family),
`interval` (value, low, high, and what to say in its place), `groups` (values by name, numbers by name), `mean`
(mean, how many it is of, how many there are)."""

_KEYS = {"outcome": (3,), "interval": (3, 4), "signed interval": (3, 4), "groups": (2,), "mean": (3,)}

Row = Mapping[str, JsonValue]


class Documented(Record):
    """Base of what docs/summary.schema.json describes: the docstrings of its fields stand there too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Finding(Documented):
    """A sentence that says what figures mean."""

    block: Literal["finding"] = "finding"
    text: str
    verdict: Verdict
    outcome: str = ""
    """The outcome it is about, with `arm` and `reference` the comparison; "" where it is about none, or several."""
    arm: str = ""
    reference: str = ""


class Prose(Documented):
    """Words that are no finding."""

    block: Literal["prose"] = "prose"
    text: str
    level: Literal["title", "note", "plain", "item"] = "plain"
    """A heading of a section's own rank, a warning set apart, a paragraph, or an entry of a list."""


class Scalar(Documented):
    """One value under a name."""

    block: Literal["scalar"] = "scalar"
    key: str
    label: str
    value: JsonValue
    form: Form = "text"
    unit: str = ""
    shown: bool = True
    """Whether a person is shown it; else it is told in a sentence, and stands here for programs."""


class Column(Documented):
    """What a table shows of its rows."""

    head: str
    keys: tuple[str, ...]
    """Keys of the rows; `one.two` is the key `two` of what stands under `one`, where no row has `one.two` itself."""
    form: Form = "text"
    pattern: str = "{}"
    """Where the keys are written one by one: a place for each, such as `{} ({})`."""
    about: str = ""
    """What it means: unit, direction, what None says."""
    shown: bool = True

    @classmethod
    def of(cls, head: str, *keys: str, **options: Any) -> "Column":
        """A column of some keys."""
        return cls(head=head, keys=keys, **options)

    @model_validator(mode="after")
    def _fits(self) -> "Column":
        takes = _KEYS.get(self.form, (self.pattern.count("{}"),))
        if len(self.keys) not in takes:
            raise ValueError(
                f"column {self.head!r} has {len(self.keys)} keys, and {self.form!r} written as {self.pattern!r} takes "
                f"{' or '.join(map(str, takes))}: {', '.join(self.keys)}"
            )
        return self


class Table(Documented):
    """Rows that hold all that is known, and which of it a person is shown."""

    block: Literal["table"] = "table"
    key: str
    """Its name in its section."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    """A heading under that of the section, "" for none."""
    about: str = ""
    """Stands above the table."""
    empty: str = ""
    """Stands in the place of a table without rows."""
    shown: bool = True
    csv: bool = False
    """Whether it is also written as KEY.csv beside the report."""


class Plot(Documented):
    """A picture, kept as KEY.svg beside the report."""

    block: Literal["plot"] = "plot"
    key: str
    title: str
    caption: str
    svg: str = Field("", exclude=True)
    """The file's text. It is left out of JSON, which names the picture by its key."""


Block = Annotated[Finding | Prose | Scalar | Table | Plot, Field(discriminator="block")]


def row(record: Record, **more: Any) -> dict[str, JsonValue]:
    """The fields of a record and some more, as a row."""
    return {**record.model_dump(mode="json"), **more}


def at(row: Row, key: str) -> JsonValue:
    """What stands under a key, as in Column.keys. KeyError where nothing does."""
    if key in row:
        return row[key]
    above, _, below = key.partition(".")
    inner = row.get(above) if below else None
    if not isinstance(inner, Mapping):
        raise KeyError(key)
    return at(inner, below)
