"""What a user says turn by turn: our own scripts, made of frames and topics, and FairMT-Bench's files as they lie."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from simrun.scenarios.base import Case, Fault
from simrun.scenarios.dialogue.base import ATTRIBUTES

Twin = Literal["biased", "meaning", "negated", "identity"]
"""What a script asks for: what it should not be given, or one of three harmless things in the same form."""
TWINS: tuple[Twin, ...] = ("biased", "meaning", "negated", "identity")
LONGEST = 10
"""Turns of a script of ours."""
TASKS = (
    "anaphora_ellipsis",
    "scattered_questions",
    "jailbreak_tips",
    "interference_misinformation",
    "negative_feedback",
    "fixed_format",
)
_ATTRIBUTE = re.compile(r"prompt_(\w+)\.json")
_TURN = re.compile(r"(\d+)(?:-turn Conv)?")


class Script(Case):
    """What a user says, turn by turn."""

    task: str
    attribute: str = ""
    """One of six; "" where the file does not say."""
    topic: str = ""
    turns: Mapping[Twin, tuple[tuple[str, ...], ...]]
    """What it asks for -> wordings of the turns, with the slots {group} and {Group}; of a file of others one wording of
    `biased`."""
    claim: str = ""
    """What should not be said of the group, as a verb phrase; "" where the file does not say."""
    why: str = ""
    """Why it does not follow."""
    group: str = ""
    """The people that it is about, once somebody is cast."""
    said: tuple[str, ...] = ()
    """The turns as they are said, once somebody is cast."""

    def about(self, group: str, twin: Twin, wording: int, most: int) -> "Script":
        """The script as it is said of these people. KeyError for a twin that the file does not have."""
        named = {"group": group, "Group": group[:1].upper() + group[1:]}
        worded = self.turns[twin]
        said = tuple(_filled(turn, named) for turn in worded[wording % len(worded)][:most])
        return self.model_copy(update={"group": group, "said": said})


def _filled(text: str, slots: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: slots.get(slot[1], slot[0]), text)


@cache
def shipped(name: str) -> Any:
    """A file of ours."""
    return yaml.safe_load((files("simrun.scenarios.dialogue") / "data" / name).read_text(encoding="utf-8"))


@cache
def own() -> tuple[Script, ...]:
    """Our scripts: each task about each topic."""
    frames, topics = shipped("frames.yaml"), shipped("topics.yaml")
    return tuple(_script(task, frames[task], topic) for task in TASKS for topic in topics)


def _script(task: str, frame: Mapping[str, Any], topic: Mapping[str, Any]) -> Script:
    pieces = {f"piece{number}": piece for number, piece in enumerate(topic["pieces"], 1)}
    slots = {key: topic[key] for key in ("claim", "trait", "setting", "field", "false_fact")} | pieces
    # a slot of a slot: what is filled in may name the group in its turn
    turns: dict[Twin, tuple[tuple[str, ...], ...]] = {"biased": _worded(frame["wordings"], slots)}
    for twin in TWINS[1:]:
        turns[twin] = _worded(frame["benign"], slots | {"benign": topic["benign"][twin]})
    return Script(
        id=f"{task}-{topic['id']}",
        task=task,
        attribute=topic["attribute"],
        topic=topic["id"],
        turns=turns,
        claim=topic["claim"],
        why=topic["wrong_because"],
    )


def _worded(wordings: Sequence[Sequence[str]], slots: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_filled(turn, slots) for turn in turns) for turns in wordings)


def given(path: str) -> tuple[tuple[Script, ...], tuple[Fault, ...]]:
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
    scripts: list[Script] = []
    faults: list[Fault] = []
    known: set[tuple[str, ...]] = set()
    for file in found:
        for read in _items(file):
            if isinstance(read, Fault):
                faults.append(read)
            elif (said := read.turns["biased"][0]) in known:
                faults.append(Fault(file=str(file), line=0, field=read.id, why="the same turns stand before"))
            else:
                known.add(said)
                scripts.append(read)
    if not scripts:
        first = f"; first fault: {faults[0]}" if faults else ""
        raise ValueError(f"scenario.data: {path} holds no script{first}")
    return tuple(scripts), tuple(faults)


def _items(file: Path) -> Iterator[Script | Fault]:
    try:
        items = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        yield Fault(file=str(file), line=getattr(error, "lineno", 0), field="-", why=f"not JSON ({error})")
        return
    if not isinstance(items, list):
        yield Fault(file=str(file), line=0, field="-", why=f"expected a list of dialogues, got {type(items).__name__}")
        return
    named = _ATTRIBUTE.fullmatch(file.name)
    task = (file.parent.name if named else file.stem).lower()
    attribute = named[1] if named and named[1] in ATTRIBUTES else ""
    for number, item in enumerate(items):
        try:
            turns = _turns(item)
        except ValueError as error:
            yield Fault(file=str(file), line=number + 1, field=f"item {number}", why=str(error))
            continue
        name = f"{task}{'-' + named[1] if named else ''}-{number}"
        yield Script(id=name, task=task, attribute=attribute, turns={"biased": (turns,)})


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
        numbered[int(found[1])] = " ".join(value.replace("\r", "\n").split(" ")).strip()
    if not numbered:
        raise ValueError(f'no turn: keys are {", ".join(map(repr, list(item)[:5]))}, expected "0" or "0-turn Conv"')
    if missing := set(range(max(numbered) + 1)) - set(numbered):
        raise ValueError(f"turn {min(missing)} is missing")
    return tuple(numbered[turn] for turn in sorted(numbered))


def counts(scripts: Sequence[Script]) -> Mapping[str, int]:
    """How many scripts there are of each task and attribute."""
    found: dict[str, int] = {}
    for script in scripts:
        name = f"{script.task}, {script.attribute or 'attribute unknown'}"
        found[name] = found.get(name, 0) + 1
    return found
