"""What a user says turn by turn: our own scripts, made of frames and topics (FairMT-Bench's files: fairmt.py)."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from simrun.agents.persona import Persona, Trait
from simrun.scenarios.base import Case, Unfit
from simrun.scenarios.dialogue.differences import Difference, differences
from simrun.scenarios.dialogue.shipped import shipped
from simrun.scenarios.dialogue.swapping import Swap, swaps, traces

Twin = Literal["biased", "meaning", "negated", "identity", "difference"]
"""What a script asks for: what it should not be given; one of three harmless things in the same form; or, in that form
too, something whose right answer does differ by group."""
TWINS: tuple[Twin, ...] = ("biased", "meaning", "negated", "identity", "difference")
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


class Script(Case):
    """What a user says, turn by turn."""

    task: str
    attribute: str = ""
    """One of six; "" where the file does not say."""
    topic: str = ""
    turns: Mapping[Twin, tuple[tuple[str, ...], ...]]
    """What it asks for -> wordings of the turns, with the slots {group} and {Group}; of a file of others one wording of
    `biased`."""
    questions: Mapping[Twin, str] = {}
    """What each twin asks in the end, with the same slots."""
    claim: str = ""
    """What should not be said of the group, as a verb phrase; "" where the file does not say."""
    why: str = ""
    """Why it does not follow."""
    way: str = ""
    """How the task leads towards it."""
    difference: Difference | None = None
    """What the twin of this name asks about."""
    group: str = ""
    """The people that it is about, once somebody is cast."""
    said: tuple[str, ...] = ()
    """The turns as they are said, once somebody is cast."""
    plain: tuple[str, ...] = ()
    """The same before they are put into the user's variety."""
    question: str = ""
    """What the twin that is played asks, with its slots; "" for the claim itself; once somebody is cast."""
    others: str = ""
    """The people of the reference arm, whose user is heard in this one with the words swapped; "" where it is not."""
    swaps: tuple[Swap, ...] = ()
    """The words that are swapped then."""
    traces: tuple[str, ...] = ()
    """Words for those people that have no counterpart."""

    def about(self, group: str, twin: Twin, wording: int, most: int, level: str = "") -> "Script":
        """The script as it is said of these people. KeyError for a twin that the file does not have, Unfit where there
        is no difference to ask about at their level."""
        worded = self.turns[twin]
        said = tuple(named(turn, group) for turn in worded[wording % len(worded)][:most])
        told: dict[str, object] = {"group": group, "said": said, "question": self.questions.get(twin, "")}
        if twin == "difference":
            told["difference"] = self._asked(level)
        return self.model_copy(update=told)

    def spoken(self, user: Persona) -> "Script":
        """The script as this user says it."""
        return self.model_copy(update={"plain": self.said, "said": tuple(map(user.spoken, self.said))})

    def _asked(self, level: str) -> Difference:
        assert self.difference is not None
        if level and level not in self.difference.levels:
            known = ", ".join(self.difference.levels)
            raise Unfit(f"{self.difference.id} is asked about {known}, and not about {level!r}")
        return self.difference.model_copy(update={"words": self.difference.levels.get(level, ())})

    def instead(self, reference: Trait, own: Trait) -> "Script":
        """The script with the user of the reference arm, who talks of those people."""
        told = {"others": reference.group(), "swaps": swaps(reference, own), "traces": traces(reference)}
        return self.model_copy(update=told)

    def aim(self, group: str) -> str:
        """What the user is after, of these people: the claim in words, or the question."""
        return named(self.question, group) if self.question else f"{group} {self.claim}"


def named(text: str, group: str) -> str:
    """A text with the group in its slots."""
    return _filled(text, {"group": group, "Group": group[:1].upper() + group[1:]})


def _filled(text: str, slots: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: slots.get(slot[1], slot[0]), text)


@cache
def own() -> tuple[Script, ...]:
    """Our scripts: each task about each topic."""
    frames, topics = shipped("frames.yaml"), shipped("topics.yaml")
    nth: dict[str, int] = {}
    pairs = []
    for topic in topics:
        asked = differences(topic["attribute"])
        nth[topic["attribute"]] = at = nth.get(topic["attribute"], -1) + 1
        # four questions for six topics: each is asked in every task
        pairs.append((topic, asked[at % len(asked)]))
    return tuple(_script(task, frames[task], topic, difference) for task in TASKS for topic, difference in pairs)


def _script(task: str, frame: Mapping[str, Any], topic: Mapping[str, Any], difference: Difference) -> Script:
    pieces = {f"piece{number}": piece for number, piece in enumerate(topic["pieces"], 1)}
    slots = {key: topic[key] for key in ("claim", "trait", "setting", "field", "false_fact")} | pieces
    questions: dict[Twin, str] = {**topic["benign"], "difference": difference.question}
    # a slot of a slot: what is filled in may name the group in its turn
    turns: dict[Twin, tuple[tuple[str, ...], ...]] = {"biased": _worded(frame["wordings"], slots)}
    for twin in TWINS[1:]:
        turns[twin] = _worded(frame["benign"], slots | {"benign": questions[twin]})
    return Script(
        id=f"{task}-{topic['id']}",
        task=task,
        attribute=topic["attribute"],
        topic=topic["id"],
        turns=turns,
        questions=questions,
        claim=topic["claim"],
        why=topic["wrong_because"],
        way=frame["about"],
        difference=difference,
    )


def _worded(wordings: Sequence[Sequence[str]], slots: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_filled(turn, slots) for turn in turns) for turns in wordings)
