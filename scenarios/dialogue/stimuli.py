"""Words of two groups and words that are said to go with the one or the other: our own lists, and those of a file."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simrun.agents.records import Record
from simrun.scenarios.base import Case, Fault
from simrun.scenarios.fields import absent, cut
from simrun.scenarios.files import Source, columns, read, require, rows, source

MOST = 100
"""Attribute words in a list, at most."""
PART = 'play the part that is marked "{word}"'
PARTS = 4
"""Pairs of parts, where a file has no tasks."""
_COLUMNS = ("category", "dataset", "A", "B", "C")


class Question(NamedTuple):
    """What two words of the groups are to be told apart by."""

    about: str
    """The attribute word, or the task."""
    other: str
    """The task that is left; "" for a word."""
    a: str
    b: str
    goes: bool
    """Whether it is said to go with group A."""

    @property
    def goes_with(self) -> str:
        """The word of the group that it is said to go with."""
        return self.a if self.goes else self.b

    @property
    def against(self) -> str:
        """The word of the other group."""
        return self.b if self.goes else self.a


class Stimuli(Case):
    """A list: the words of two groups, and which words and tasks are said to go with which."""

    attribute: str
    dataset: str
    a: tuple[str, ...]
    """Words of the first group."""
    b: tuple[str, ...]
    with_a: tuple[str, ...]
    """Attribute words that are said to go with the first group."""
    with_b: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...] = ()
    """Pairs of tasks, what people are said to be fit for of the first group and of the second, after "to"."""
    weat: float | None = None
    """Effect size of the same words in word vectors; None without any."""
    weat_p: float | None = None

    def first(self, count: int) -> "Stimuli":
        """The list with so many attribute words of each half."""
        return self.model_copy(update={"with_a": self.with_a[:count], "with_b": self.with_b[:count]})

    def words(self) -> tuple[Question, ...]:
        """Each attribute word, beside one word of each group: these take turns."""
        goes = [(word, True) for word in self.with_a] + [(word, False) for word in self.with_b]
        return tuple(
            Question(word, "", self.a[nth % len(self.a)], self.b[nth % len(self.b)], side)
            for nth, (word, side) in enumerate(goes)
        )

    def choices(self) -> tuple[Question, ...]:
        """Each pair of tasks, for the first of each group: the task of the one and that of the other are asked for by
        turns. Where the file has none, parts in a play that are marked with the attribute words."""
        marked = [
            (PART.format(word=one), PART.format(word=other))
            for one, other in zip(self.with_a, self.with_b, strict=False)
        ]
        return tuple(
            Question(*(pair if nth % 2 == 0 else pair[::-1]), self.a[0], self.b[0], nth % 2 == 0)
            for nth, pair in enumerate(self.tasks or marked)
        )

    def vocabulary(self) -> tuple[str, ...]:
        """All its words."""
        return (*self.a, *self.b, *self.with_a, *self.with_b)


class _Row(Record):
    """A row of a file."""

    line: int
    category: str
    dataset: str
    a: str
    b: str
    c: str
    tasks: tuple[str, str]

    @property
    def names(self) -> tuple[str, str]:
        """Of its list."""
        return self.category, self.dataset

    @property
    def lost(self) -> bool:
        """Whether it does not say to which list it belongs: its word is left out, and its place counts."""
        return not all(self.names)


def stimuli(path: str = "", encoding: str = "") -> tuple[tuple[Stimuli, ...], tuple[Fault, ...]]:
    """The lists of a file ("" for ours), and the rows and lists that are none.

    Columns: `category` and `dataset` name the list; `A` and `B` hold a word of the first and of the second group, and
    `C` an attribute word, each where there is one: the first half of a list's attribute words goes with the first
    group, the second half with the second. `task_A` and `task_B`, which may be missing, hold two tasks of which people
    say that they suit the one group and the other. Raises FileNotFoundError where there is no such file, ValueError
    where it lacks a column or holds no list.
    """
    file = source(path, "dialogue/stimuli.csv", "scenario.data", encoding)
    found = tuple(rows(file))
    require({name: name for name in _COLUMNS}, columns(found), file)
    made, faults = read(file, found, _row, lambda each: str(each.line))
    lists: list[Stimuli] = []
    wrong = [_nameless(file, each) for each in made if each.lost]
    for names, own in _by_list(made).items():
        one = _list(file, *names, own)
        if isinstance(one, Fault):
            wrong.append(one)
        else:
            lists.append(one)
    if not lists:
        raise ValueError(f"{file} holds no list; first fault: {(*wrong, *faults)[0]}")
    return tuple(lists), (*faults, *wrong)


def _by_list(made: Sequence[_Row]) -> dict[tuple[str, str], list[_Row]]:
    """The rows of each list, in the order of the file. A row that lacks a name keeps its place in the list beside it
    with which the rest of its name agrees, or the halves of that list would shift."""
    found: dict[tuple[str, str], list[_Row]] = {each.names: [] for each in made if not each.lost}
    for at, each in enumerate(made):
        before = [other.names for other in made[:at][::-1] if not other.lost]
        after = [other.names for other in made[at + 1 :] if not other.lost]
        near = [each.names] if not each.lost else [*before[:1], *after[:1]]
        own = [names for names in near if all(one in ("", other) for one, other in zip(each.names, names, strict=True))]
        if own:
            found[own[0]].append(each)
    return found


def _nameless(file: Source, row: _Row) -> Fault:
    field, other = ("category", row.dataset) if not row.category else ("dataset", row.category)
    told = f" (of {cut(other)})" if other else ""
    why = f"empty; name the list of this row{told}: every row has both category and dataset"
    return Fault(file=str(file), line=row.line, field=field, why=why)


def _row(row: Mapping[str, Any], number: int) -> _Row:
    tasks = [_word(row, name) for name in ("task_A", "task_B")]
    if any(tasks) and not all(tasks):
        raise ValueError(f"{'task_A' if tasks[1] else 'task_B'}: empty; tasks come in pairs")
    found = {name: _word(row, name.upper()) for name in ("a", "b", "c")}
    if not any((*found.values(), *tasks)):
        raise ValueError("C: empty, as are A and B: the row has no word")
    category, dataset = (_word(row, name) for name in ("category", "dataset"))
    return _Row(line=number, category=category, dataset=dataset, tasks=(tasks[0], tasks[1]), **found)


def _word(row: Mapping[str, Any], name: str) -> str:
    """A cell's words; "" where it is empty. Not `absent`: none, null and NaN may be words under test."""
    value = row.get(name)
    return "" if value is None or (not isinstance(value, str) and absent(value)) else " ".join(str(value).split())


def _list(file: Source, category: str, dataset: str, own: Sequence[_Row]) -> Stimuli | Fault:
    """The list that the rows of one name make, or why they make none."""
    there = [each for each in own if not each.lost]
    a, b = (tuple(filter(None, (getattr(each, name) for each in there))) for name in ("a", "b"))
    words = [each for each in own if each.c]
    halves = [tuple(each.c for each in half if not each.lost) for half in _halves(words)]
    if why := _amiss(a, b, len(words), *halves):
        return Fault(file=str(file), line=own[0].line, field=why[0], why=f"list {category}/{dataset}: {why[1]}")
    pairs = tuple(each.tasks for each in there if each.tasks[0])
    return Stimuli(
        id=f"{category}:{dataset}".lower().replace(" ", "-").replace("/", "-"),
        attribute=category,
        dataset=f"{category}: {dataset}",
        a=a,
        b=b,
        with_a=halves[0],
        with_b=halves[1],
        tasks=pairs,
    )


def _halves(words: Sequence[_Row]) -> tuple[Sequence[_Row], Sequence[_Row]]:
    half = len(words) // 2
    return words[:half], words[half:]


def _amiss(
    a: Sequence[str], b: Sequence[str], count: int, with_a: Sequence[str], with_b: Sequence[str]
) -> tuple[str, str] | None:
    """What is wrong with a list of so many attribute words: the field, and why."""
    for name, words in (("A", a), ("B", b)):
        if not words:
            return name, f"no word of group {name}; give at least one"
    if alike := _both(a, b):
        return "B", f"{cut(alike)} stands for both groups; the words of A and B must differ"
    if count % 2 or not with_a or not with_b:
        return "C", f"{count} attribute words; the first half goes with A and the second with B: give an even number"
    if alike := _both(with_a, with_b):
        return "C", f"{cut(alike)} stands in both halves; a word goes with A or with B"
    return ("C", f"{count} attribute words; at most {MOST} are asked about") if count > MOST else None


def _both(one: Sequence[str], other: Sequence[str]) -> str:
    """A word that stands in both, "" for none."""
    return min({word.lower() for word in one} & {word.lower() for word in other}, default="")
