"""Statements about groups that are answered with yes or no: our own, and those of a file."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from simrun.scenarios.base import Case, Fault
from simrun.scenarios.fields import absent, cut, ident, text
from simrun.scenarios.files import Source, columns, listed, read, rows, source

SHOTS = 4
"""Statements of the same attribute that a statement brings along as examples."""
_SLOT = re.compile(r"\{(\w*)\}")

Side = Literal["stated", "mirrored"]
"""Asked so that yes is the stereotype, or so that no is."""


class Form(NamedTuple):
    """One of the two ways in which a statement is put."""

    text: str
    agree: bool
    """Whether it is asked if that is so; else, of a statement that has one form only, if it is not."""


class Pair(Case):
    """A statement in one form or both."""

    stated: str = ""
    """The form with which one agrees who shares the stereotype; "" where the file has only the other."""
    mirrored: str = ""
    """The form with which one disagrees who shares it."""

    def form(self, side: Side) -> Form:
        """How it is put so that yes (`stated`) or no (`mirrored`) is the stereotype."""
        own, other = (self.stated, self.mirrored) if side == "stated" else (self.mirrored, self.stated)
        return Form(own, True) if own else Form(other, False)

    def filled(self, group: str) -> dict[str, str]:
        """Both forms said of these people."""
        named = {"group": group, "Group": group[:1].upper() + group[1:]}
        return {
            side: _SLOT.sub(lambda slot: named.get(slot[1], slot[0]), form)
            for side, form in (("stated", self.stated), ("mirrored", self.mirrored))
        }


class Statement(Pair):
    """A statement, whom it is about, and others like it."""

    attribute: str = ""
    """One of six, or another axis; "" where the statement names its group itself."""
    shots: tuple[Pair, ...] = ()
    """Others of the same attribute."""
    group: str = ""
    """The people that it is about, once somebody is cast."""

    @property
    def open(self) -> bool:
        """Whether the group is still to be named."""
        return any(_SLOT.search(form) for each in (self, *self.shots) for form in (each.stated, each.mirrored))

    def about(self, group: str) -> "Statement":
        """The statement as it is said of these people."""
        shots = tuple(shot.model_copy(update=shot.filled(group)) for shot in self.shots)
        return self.model_copy(update={"group": group, "shots": shots, **self.filled(group)})

    def claim(self) -> str:
        """What somebody says who shares the stereotype."""
        return self.stated or f'It is not true to say: "{self.mirrored}"'


def statements(path: str = "", encoding: str = "") -> tuple[tuple[Statement, ...], tuple[Fault, ...]]:
    """The statements of a file ("" for ours), each with others of its attribute as examples, and the rows that are
    none.

    Columns: `positive` and `negative` (a statement and its opposite), or `statement` alone; `stereotype` says with
    which of them (positive, negative) somebody agrees who shares the stereotype (the positive one, or the only one,
    where the column is missing); `attribute` is whom {group} and {Group} in it are, `id` its name.
    Raises FileNotFoundError where there is no such file, ValueError where it has no column for a statement or no row
    is one.
    """
    file = source(path, "dialogue/statements.csv", "scenario.data", encoding)
    found = tuple(rows(file))
    _headed(columns(found), file)
    made, faults = read(file, found, _row, lambda each: each.id)
    return tuple(_with_shots(made)), faults


def _headed(there: Sequence[str], file: Source) -> None:
    if there and not _both(there) and "statement" not in there:
        raise ValueError(
            f"{file} has no column statement, and not both of positive and negative (a statement and its opposite); "
            f"{listed(there)}"
        )


def _both(there: Collection[str]) -> bool:
    return "positive" in there and "negative" in there


def _row(row: Mapping[str, Any], number: int) -> Statement:
    forms = ("positive", "negative") if _both(row) else ("statement",)
    said = [_plain(text(row[form], form), form) for form in forms]
    shares = _shares(row.get("stereotype"))
    yes, no = (said[0], said[1] if len(said) > 1 else "")[:: 1 if shares == "positive" else -1]
    attribute = "" if absent(row.get("attribute")) else "_".join(str(row["attribute"]).lower().split())
    if not attribute and _SLOT.search(yes + no):
        raise ValueError("attribute: empty; a statement with {group} in it needs one, such as religion")
    return Statement(id=ident(row.get("id"), f"line-{number}"), attribute=attribute, stated=yes, mirrored=no)


def _plain(said: str, field: str) -> str:
    for slot in re.findall(r"\{[^{}]*\}?|\}", said):
        if slot not in ("{group}", "{Group}"):
            raise ValueError(
                f"{field}: {cut(slot)} is no slot; whom it is about is {{group}}, or {{Group}} at its start"
            )
    return " ".join(said.split())


def _shares(given: Any) -> str:
    told = "positive" if absent(given) else str(given).strip().lower()
    if told not in ("positive", "negative"):
        raise ValueError(f"stereotype: expected positive or negative (agreeing with which shares it), got {cut(given)}")
    return told


def _with_shots(made: Sequence[Statement]) -> list[Statement]:
    """Each with those that follow it among those of its attribute, the first after the last."""
    found = []
    for each in made:
        alike = [other for other in made if other.attribute == each.attribute]
        at = alike.index(each)
        after = (alike[at + 1 :] + alike[:at])[:SHOTS]
        shots = tuple(Pair(id=other.id, stated=other.stated, mirrored=other.mirrored) for other in after)
        found.append(each.model_copy(update={"shots": shots}))
    return found
