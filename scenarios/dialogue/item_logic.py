"""Rules of logic: what follows, and what does not, is found by going through every case."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, combinations, permutations, product

import numpy as np

from simrun.scenarios.dialogue.item_draft import Draft, Rule, between, draft, numeric, one, some

NONSENSE = (
    *("blims", "trops", "sneds", "fargles", "wooks", "plints", "dabbers", "gruffles", "mivens", "zorps"),
    *("quemps", "lantits", "brecks", "tindles", "yollers", "jospins", "kelbs", "nurfs", "vaskets", "harns"),
)
COLOURS = ("red", "blue", "green", "white", "black", "yellow", "brown", "grey")

Sentence = tuple[str, int, int]
"""A form and two of three kinds of thing, by number: ("all", 0, 1) says that all of kind 0 are of kind 1."""
FORMS = {
    "all": "All {} are {}.",
    "no": "No {} are {}.",
    "some": "Some {} are {}.",
    "not all": "Some {} are not {}.",
}
WORLDS = tuple(chain.from_iterable(combinations(tuple(product((True, False), repeat=3)), count) for count in range(9)))
"""Every world of three kinds: which of the eight sorts of thing there are, each of a kind or not of it."""


def holds(sentence: Sentence, world: Sequence[tuple[bool, ...]]) -> bool:
    """Whether the sentence is true there; of a kind of which there is nothing, "all" and "no" are true."""
    form, of, kind = sentence
    found = [thing[kind] for thing in world if thing[of]]
    return {"all": all(found), "no": not any(found), "some": any(found), "not all": not all(found)}[form]


@cache
def follows(first: Sentence, second: Sentence) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Sentences about kinds 0 and 2 that follow from both, and those that do not.

    Readers differ in whether "all" says that there are any. So what follows does so even where there may be none, and
    what does not follow does not even where there are some of each kind; the rest is neither.
    """
    worlds = [world for world in WORLDS if holds(first, world) and holds(second, world)]
    full = [world for world in worlds if all(any(thing[kind] for thing in world) for kind in range(3))]
    said = [(form, *ends) for form in FORMS for ends in ((0, 2), (2, 0))]
    valid = tuple(sentence for sentence in said if all(holds(sentence, world) for world in worlds))
    return valid, tuple(sentence for sentence in said if not all(holds(sentence, world) for world in full))


def _syllogisms() -> tuple[tuple[Sentence, Sentence], ...]:
    """Pairs of sentences about kinds 0 and 1, and 1 and 2, from which something follows and three sentences do not."""
    firsts, seconds = (list(product(FORMS, pair)) for pair in (((0, 1), (1, 0)), ((1, 2), (2, 1))))
    pairs = [((a, *ends), (b, *others)) for (a, ends), (b, others) in product(firsts, seconds)]
    return tuple(pair for pair in pairs if follows(*pair)[0] and len(follows(*pair)[1]) >= 3)


SYLLOGISMS = _syllogisms()


def syllogism(rng: np.random.Generator) -> Draft:
    """A conclusion from two sentences about kinds of thing that do not exist."""
    kinds, premises = some(rng, NONSENSE, 3), one(rng, SYLLOGISMS)
    valid, invalid = follows(*premises)
    first, second, right = (_said(sentence, kinds) for sentence in (*premises, one(rng, valid)))
    return draft(
        f"{first} {second} Which of these sentences follows for certain?",
        right,
        (_said(sentence, kinds) for sentence in some(rng, invalid, len(invalid))),
        f"'{right}' is true in every case in which both sentences are, and none of the others is.",
    )


def _said(sentence: Sentence, kinds: Sequence[str]) -> str:
    form, of, kind = sentence
    return FORMS[form].format(kinds[of], kinds[kind])


Clue = tuple[str, Callable[[Sequence[str]], bool]]
"""What is said, and whether it is true of a pile, from top to bottom."""


def pile(rng: np.random.Generator) -> Draft:
    """An order of five from clues that fit exactly one order."""
    order, place = some(rng, COLOURS, 5), between(rng, 0, 4)
    told = ""
    while not all(colour in told for colour in order):
        told = _told(rng, order)
    named = ("on top", "second from the top", "in the middle", "second from the bottom", "at the bottom")[place]
    return draft(
        f"Five books lie in a pile. {told} Which book lies {named}?",
        f"the {order[place]} one",
        (f"the {order[at]} one" for at in (place - 1, (place + 1) % 5, place - 2)),
        f"From top to bottom only the order {', '.join(order)} fits.",
    )


def _told(rng: np.random.Generator, order: Sequence[str]) -> str:
    """Clues in an order that is drawn, until they fit no other order of these colours."""
    texts: list[str] = []
    left = list(permutations(order))
    for text, test in some(rng, (true := _clues(order)), len(true)):
        fit = [other for other in left if test(other)]
        # a clue that rules nothing out is not told
        if len(fit) < len(left):
            texts, left = [*texts, text], fit
    return " ".join(texts)


def _clues(order: Sequence[str]) -> list[Clue]:
    """All that may be told of this order."""
    pairs = [(order[high], order[low], low - high) for high, low in combinations(range(5), 2)]
    return [
        *(_above(high, low) for high, low, gap in pairs if gap > 1),
        *(_on(high, low) for high, low, gap in pairs if gap == 1),
        *(_inside(colour) for colour in order[1:-1]),
    ]


def _above(high: str, low: str) -> Clue:
    return (
        f"The {high} book lies somewhere above the {low} one.",
        lambda order: order.index(high) < order.index(low),
    )


def _on(high: str, low: str) -> Clue:
    return (
        f"The {high} book lies directly on the {low} one.",
        lambda order: order.index(high) + 1 == order.index(low),
    )


def _inside(colour: str) -> Clue:
    return (
        f"The {colour} book lies neither on top nor at the bottom.",
        lambda order: 0 < order.index(colour) < len(order) - 1,
    )


Literal = tuple[int, bool]
"""A lamp by number, and whether it is on."""
LITERALS: tuple[Literal, ...] = tuple(product(range(4), (True, False)))


def lamps(rng: np.random.Generator) -> Draft:
    """What must hold of four lamps, from three conditions and one fact."""
    colours = some(rng, COLOURS, 4)
    while True:
        rules = [(one(rng, LITERALS), one(rng, LITERALS)) for _ in range(3)]
        fact = one(rng, LITERALS)
        forced, free = _forced(rules, fact)
        if forced and len(free) >= 3 and len({lamp for rule in rules for lamp, _ in rule}) == 4:
            break
    right = _lit(one(rng, forced), colours)
    told = [f"If {_lit(when, colours)}, {_lit(then, colours)}." for when, then in rules]
    return draft(
        f"Each of four lamps is on or off. {' '.join(told)} In fact {_lit(fact, colours)}. "
        "Which of these must be true?",
        _sentence(right),
        (_sentence(_lit(literal, colours)) for literal in some(rng, free, len(free))),
        f"Of the 16 ways in which four lamps can be on or off, {right} in every one that fits.",
    )


def _forced(rules: Sequence[tuple[Literal, Literal]], fact: Literal) -> tuple[list[Literal], list[Literal]]:
    """What holds of the other lamps in every case that fits, and what does not; empty where none fits or where
    two conditions are about the same lamps."""
    fit = [
        case
        for case in product((True, False), repeat=4)
        if case[fact[0]] == fact[1]
        and all(case[when[0]] != when[1] or case[then[0]] == then[1] for when, then in rules)
    ]
    tied = {frozenset((when[0], then[0])) for when, then in rules}
    if not fit or len(tied) < 3 or any(len(two) < 2 for two in tied):
        return [], []
    others = [literal for literal in LITERALS if literal[0] != fact[0]]
    forced = [(lamp, state) for lamp, state in others if all(case[lamp] == state for case in fit)]
    return forced, [literal for literal in others if literal not in forced]


def _lit(literal: Literal, colours: Sequence[str]) -> str:
    return f"the {colours[literal[0]]} lamp is {'on' if literal[1] else 'off'}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def labels(rng: np.random.Generator) -> Draft:
    """Which of four boxes holds a key, where the number of true labels is known and only one box fits."""
    # four different labels of which exactly two are true never fit one box only
    colours, truths = some(rng, COLOURS, 4), one(rng, (1, 3))
    while True:
        said = [(between(rng, 0, 3), one(rng, (True, False))) for _ in colours]
        fit = [key for key in range(4) if sum((key == box) == claim for box, claim in said) == truths]
        if len(fit) == 1 and len(set(said)) == 4:
            break
    told = [
        f"The {colour} box says: 'The key is {'' if claim else 'not '}in the {colours[box]} box.'"
        for colour, (box, claim) in zip(colours, said, strict=True)
    ]
    verb = "is" if truths == 1 else "are"
    return draft(
        f"A key is in one of four boxes. {' '.join(told)} Exactly {truths} of these four labels {verb} true. "
        "Which box holds the key?",
        f"the {colours[fit[0]]} box",
        (f"the {colour} box" for colour in colours),
        f"Only with the key in the {colours[fit[0]]} box {verb} exactly {truths} of the labels true.",
    )


def neither(rng: np.random.Generator) -> Draft:
    """How many are in neither of two sets that overlap, or in exactly one."""
    both, only, other, none = (between(rng, 3, 19) for _ in range(4))
    first, second, total = both + only, both + other, both + only + other + none
    asked, right = one(rng, (("neither a star nor a circle", none), ("a star or a circle but not both", only + other)))
    return numeric(
        f"Of {total} cards {first} show a star and {second} show a circle; {both} of these show both. "
        f"How many of all the cards show {asked}?",
        right,
        (total - first - second, none if right != none else only + other, only + other + both, total - both),
        f"{only} show only a star, {other} only a circle, {both} both and {none} neither.",
    )


RULES: Mapping[str, tuple[Rule, ...]] = {"logic": (syllogism, pile, lamps, labels, neither)}
