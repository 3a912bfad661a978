"""FairMT-Bench's files as they lie on a disk: FairMT-1K (`Task.json`) and -10K (`KIND/Task/prompt_ATTRIBUTE.json`)."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from simrun.scenarios.base import Fault
from simrun.scenarios.dialogue.base import ATTRIBUTES
from simrun.scenarios.dialogue.scripts import TASKS, Script
from simrun.scenarios.files import Source

_ATTRIBUTE = re.compile(r"prompt_(\w+)")
_TURN = re.compile(r"(\d+)(?:\s*-?\s*turn conv)?", re.IGNORECASE)
KINDS = ("stereotype", "toxicity")
MOST = 100
"""Turns of one dialogue: a key beyond is a slip, and not a hundred turns that are missing."""


def given(path: str, encoding: str = "") -> tuple[tuple[Script, ...], tuple[Fault, ...]]:
    """The scripts of a file of FairMT-1K or -10K, or of all files in a folder, and the items that are none.

    Raises FileNotFoundError where there is nothing, ValueError where nothing in it is a script.
    """
    place = Path(path).expanduser()
    found = sorted(place.rglob("*.json")) if place.is_dir() else [place] if place.is_file() else []
    if not found:
        raise FileNotFoundError(
            f"scenario.data: no JSON file at {path!r}; give a file of FairMT-Bench, or a folder of them, or leave it "
            "out for simrun's own scripts"
        )
    scripts: dict[str, Script] = {}
    faults: list[Fault] = []
    known: dict[tuple[str, ...], str] = {}
    for file in found:
        for number, read in _items(file, encoding):
            if isinstance(read, Fault):
                faults.append(read)
            elif (first := known.setdefault(read.turns["biased"][0], f"item {number} of {file}")) != (
                f"item {number} of {file}"
            ):
                faults.append(_fault(file, number, f"the same turns stand before, as {first}; it plays once"))
            else:
                # two folders may hold a file of one name
                name = read.id if read.id not in scripts else f"{file.parent.name}/{read.id}~{len(scripts)}"
                scripts[name] = read.model_copy(update={"id": name})
    if not scripts:
        first = f"; first fault: {faults[0]}" if faults else ""
        raise ValueError(f"scenario.data: {path} holds no script{first}")
    return tuple(scripts.values()), tuple(faults)


def _fault(file: Path, number: int, why: str) -> Fault:
    return Fault(file=str(file), line=number, field=f"item {number}" if number else "-", why=why)


def _items(file: Path, encoding: str) -> Iterator[tuple[int, Script | Fault]]:
    """Number in the file, from 1, and what it is."""
    try:
        items = json.loads(Source(file, encoding, "scenario.encoding").text())
    except json.JSONDecodeError as error:
        yield 0, Fault(file=str(file), line=error.lineno, field="-", why=f"not JSON ({error})")
        return
    except (ValueError, OSError, RecursionError) as error:
        yield 0, _fault(file, 0, str(error).removeprefix(f"{file}: ") or type(error).__name__)
        return
    if not isinstance(items, list) or not items:
        came = "an empty list" if items == [] else type(items).__name__
        yield 0, _fault(file, 0, f"expected a list of dialogues, got {came}")
        return
    blank = _blank(file)
    for number, item in enumerate(items, 1):
        try:
            name = f"{blank.id}-{number - 1}"
            yield number, blank.model_copy(update={"id": name, "turns": {"biased": (_turns(item),)}})
        except ValueError as error:
            yield number, _fault(file, number, str(error))


def _blank(file: Path) -> Script:
    """What the name of a file and of its folders tell of all its items."""
    told = _ATTRIBUTE.fullmatch(file.stem)
    task = re.sub(r"\W+", "_", (file.parent.name if told else file.stem).lower())
    kind = file.parent.parent.name.lower() if told else ""
    attribute = told[1].lower() if told else ""
    parts = (kind if kind in KINDS else "", task, attribute)
    return Script(
        id="-".join(filter(None, parts)),
        task=task,
        attribute=attribute if attribute in ATTRIBUTES else "",
        turns={},
    )


def _turns(item: Any) -> tuple[str, ...]:
    """The user's turns in order, of either style of keys."""
    if not isinstance(item, Mapping) or not item:
        raise ValueError(f"expected an object with a turn under each key, got {str(item)[:60]!r}")
    numbered: dict[int, str] = {}
    for key, value in item.items():
        found = _TURN.fullmatch(str(key).strip())
        if found is None:
            continue
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"turn {key!r} is {'empty' if isinstance(value, str) else 'no text'}")
        if (at := int(found[1])) in numbered:
            raise ValueError(f"turn {at} stands there twice, the second time as {key!r}")
        if at >= MOST:
            raise ValueError(f"turn {key!r}: a dialogue has at most {MOST} turns")
        numbered[at] = _plain(value)
    if not numbered:
        raise ValueError(f'no turn: keys are {", ".join(map(repr, list(item)[:5]))}, expected "0" or "0-turn Conv"')
    if missing := set(range(max(numbered) + 1)) - set(numbered):
        raise ValueError(f"turn {min(missing)} is missing")
    return tuple(numbered[turn] for turn in sorted(numbered))


def _plain(text: str) -> str:
    """A stray carriage return is a blank, one before a new line is part of it; half a surrogate pair is none."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", " ").strip()


def counts(scripts: Sequence[Script]) -> Mapping[str, int]:
    """How many scripts there are of each task and attribute."""
    return Counter(f"{each.task}, {each.attribute or 'attribute unknown'}" for each in scripts)


def described(scripts: Sequence[Script]) -> str:
    """What is known of the scripts of a file, and what is not, in a sentence or two."""
    told = "; ".join(f"{name}: {count}" for name, count in sorted(counts(scripts).items()))
    lengths = sorted({len(each.turns["biased"][0]) for each in scripts})
    turns = f"{lengths[0]} turns" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]} turns"
    unlike = sorted({each.task for each in scripts} - set(TASKS))
    other = f" {', '.join(unlike)} is none of FairMT-Bench's six tasks." if unlike else ""
    return (
        f"Scripts of a file, as they lie there: {told}; each of {turns}.{other} The file does not say of whom an item "
        "speaks nor which claim it is after: groups cannot be swapped, there are no benign twins, and by words alone "
        "little can be judged (roles.judge.backend=... judges in context)."
    )
