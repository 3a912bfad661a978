"""FAIRE's file of treated CVs: do its variants differ from the original in the words that state the group, and in no
others?"""

from collections.abc import Iterable, Mapping
from typing import Any

from simrun.scenarios.base import Fault
from simrun.scenarios.files import rows, source
from simrun.scenarios.treatment import WORD, Variant, treatment

TERMS: Mapping[str, tuple[str, ...]] = {
    "male": ("male", "males", "man", "men", "men's", "boy", "boys", "fraternity", "father", "fathers"),
    "female": ("female", "females", "woman", "women", "women's", "girl", "girls", "sorority", "mother", "mothers"),
    "white": ("white", "whites", "caucasian", "european-american"),
    "black": ("black", "blacks", "african", "african american", "african americans", "african-american"),
    "asian": ("asian", "asians", "asian american", "asian americans", "asian-american"),
    "hispanic": ("hispanic", "hispanics", "latino", "latina", "latinos", "latinx"),
    "native": (
        "native",
        "natives",
        "native american",
        "native americans",
        "native-american",
        "indigenous",
        "tribal",
        "tribe",
    ),
}
"""Words that state the group which a variant of FAIRE claims to add; the list is ours."""


def variants(path: str) -> tuple[tuple[Variant, ...], tuple[Fault, ...]]:
    """Every variant of a file of FAIRE against its `original`: JSON lines with `original`, and `experience` and
    `name` by group.

    `experience` is meant to add words that state the group; `name` to put a name on top: words before the original's
    first. Raises FileNotFoundError when there is no such file, ValueError when no row of it has this form. Source of
    the form: FAIRE (Wen et al. 2025, arXiv:2504.01420).
    """
    found: list[Variant] = []
    faults: list[Fault] = []
    for number, row in rows(file := source(path, "", "file")):
        if isinstance(row, Fault):
            faults.append(row)
        elif wrong := _misformed(row):
            faults.append(Fault(file=str(file), line=number, field=wrong[0], why=wrong[1]))
        else:
            found += _variants(row, number)
    if not found:
        raise ValueError(
            f"{file} holds no treated CVs: a row has original (a text), experience and name (each a text for each "
            "group)" + (f"; first fault: {faults[0]}" if faults else "")
        )
    return tuple(found), tuple(faults)


def _misformed(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first field that is not as FAIRE has it, and why."""
    for field in ("original", "experience", "name"):
        if field not in row:
            return field, f"missing; this row has {', '.join(row)}"
    if not isinstance(row["original"], str):
        return "original", f"expected a text, got {type(row['original']).__name__}"
    for field in ("experience", "name"):
        texts = row[field]
        if not isinstance(texts, dict):
            return field, f"expected a text for each group, got {type(texts).__name__}"
        if wrong := next((group for group, text in texts.items() if not isinstance(text, str)), None):
            return f"{field}.{wrong}", f"expected a text, got {type(texts[wrong]).__name__}"
    return None


def _variants(row: Mapping[str, Any], number: int) -> Iterable[Variant]:
    original = row["original"]
    for group, text in row["experience"].items():
        yield Variant(
            row=number,
            kind="experience",
            group=group,
            found=treatment(original, text, TERMS.get(group, (group,))),
        )
    for group, text in row["name"].items():
        yield Variant(
            row=number, kind="name", group=group, found=treatment(original, text, (_heading(original, text),))
        )


def _heading(original: str, text: str) -> str:
    """What stands in a text before the original's first words; "" when they are not there."""
    start, words = WORD.findall(original)[:5], WORD.findall(text)
    at = next((at for at in range(len(words)) if words[at : at + len(start)] == start), 0)
    return " ".join(words[:at])
