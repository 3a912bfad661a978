"""Multiple-choice items made by rule: fresh numbers with every seed, and the right answer known."""

from itertools import chain
from typing import Annotated

import numpy as np
from pydantic import Field

from simrun.agents.records import Record
from simrun.scenarios.dialogue import item_logic, item_numbers, item_routes
from simrun.scenarios.dialogue.item_draft import Draft, Rule, some

RULES = {**item_numbers.RULES, **item_routes.RULES, **item_logic.RULES}
"""The rules of each subject, equally many for all."""
TURNS: tuple[tuple[str, Rule], ...] = tuple(
    chain.from_iterable(zip(RULES, rules, strict=True) for rules in zip(*RULES.values(), strict=True))
)
"""Subject and rule of each item of a round, by turns, so that any six items in a row are of six subjects."""
TRIES = 200
"""How often a rule draws again before it is said to have run out of questions."""


class Item(Record):
    """A multiple-choice question with one right option."""

    id: str
    subject: str
    question: str
    options: tuple[str, str, str, str]
    answer: Annotated[int, Field(ge=0, le=3)]
    """Place of the right option, from 0."""
    why: str
    """One sentence that makes it right."""


def made(seed: int, count: int) -> tuple[Item, ...]:
    """So many different items: the rules take turns, and of every four items in a row from the first, each has its
    right answer in another place. More of the same seed begin with the same items.

    Raises ValueError where a rule runs out of questions, which takes some thousand items.
    """
    items: list[Item] = []
    asked: set[str] = set()
    for nth in range(count):
        subject, rule = TURNS[nth % len(TURNS)]
        rng = np.random.default_rng([seed, nth])
        item = _placed(f"{subject}-{rule.__name__}-{seed}-{nth}", subject, _fresh(rule, rng, asked), seed, nth)
        asked.add(item.question)
        items.append(item)
    return tuple(items)


def _fresh(rule: Rule, rng: np.random.Generator, asked: set[str]) -> Draft:
    """The rule's first draft whose question was not asked yet."""
    for _ in range(TRIES):
        draft = rule(rng)
        if draft.question not in asked:
            return draft
    raise ValueError(f"{rule.__name__} found no new question in {TRIES} tries; ask for fewer items or use two seeds")


def _placed(ident: str, subject: str, draft: Draft, seed: int, nth: int) -> Item:
    """The draft with its options in order: the right one's place is drawn for each block of four items."""
    block, at = divmod(nth, 4)
    # a third number keeps this apart from the generators of the items
    answer = int(np.random.default_rng([seed, block, 4]).permutation(4)[at])
    wrong = some(np.random.default_rng([seed, nth, 3]), draft.wrong, 3)
    options = (*wrong[:answer], draft.right, *wrong[answer:])
    return Item(
        id=ident,
        subject=subject,
        question=draft.question,
        options=(options[0], options[1], options[2], options[3]),
        answer=answer,
        why=draft.why,
    )
