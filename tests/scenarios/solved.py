"""Answers to questions made by rule, worked out from their text alone and in another way than the rules do."""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product

from simrun.scenarios.dialogue.items import Item

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
COMPASS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"]
PARTNER = dict(zip("ATCG", "TAGC", strict=True))
BASES = {"adenine": "A", "thymine": "T", "cytosine": "C", "guanine": "G"}


def solved(item: Item) -> str:
    """The right option of an item."""
    rule = item.id.split("-")[1]
    return SOLVERS[rule](item.question, item)


def numbers(text: str) -> list[Fraction]:
    """All numbers in a text, in order."""
    return [Fraction(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def nearest(item: Item, value: Fraction) -> str:
    """The option whose number is the value, to half a unit of the last decimal; of exactly one."""
    fits = []
    for option in item.options:
        first = re.search(r"\d[\d,]*(?:\.(\d+))?", option)
        assert first
        if abs(Fraction(first[0].replace(",", "")) - value) <= Fraction(1, 2 * 10 ** len(first[1] or "")):
            fits.append(option)
    assert len(fits) == 1, (item.question, item.options, float(value))
    return fits[0]


def minutes(text: str) -> list[int]:
    """All times of day in a text, as minutes after midnight."""
    return [int(hour) * 60 + int(minute) for hour, minute in re.findall(r"\b(\d{1,2}):(\d\d)\b", text)]


def at(time: int) -> str:
    return f"{time // 60 % 24}:{time % 60:02d}"


def formula(of: Callable[..., Fraction]) -> Callable[[str, Item], str]:
    """From the numbers in the question."""
    return lambda question, item: nearest(item, of(*numbers(question)))


def remainder(question: str, item: Item) -> str:
    total, above, below, over, under = numbers(question)
    return nearest(item, total * (1 - above / below) * (1 - over / under))


def dice(question: str, item: Item) -> str:
    faces, sought = numbers(question)[2], numbers(question)[-1]
    sums = [red + blue for red in range(1, 7) for blue in range(1, int(faces) + 1)]
    tests = {"exactly": lambda total: total == sought, "at least": lambda total: total >= sought}
    test = next((tests[word] for word in tests if word in question), lambda total: total <= sought)
    return nearest(item, Fraction(len([total for total in sums if test(total)])))


def cross(question: str, item: Item) -> str:
    big, dominant, small, recessive = re.search(
        r"allele (\w) for (.*) is dominant over (\w) for (.*?)\. A plant", question
    ).groups()
    mother, father = re.search(r"A plant (\w\w) is crossed with a plant (\w\w)", question).groups()
    count, shown = re.search(r"How many of (\d+) offspring are expected to have (.*)\?", question).groups()
    born = [{one, other} for one in mother for other in father]
    seen = {dominant: lambda pair: big in pair, recessive: lambda pair: pair == {small}}
    test = seen.get(shown, lambda pair: pair == {big, small})
    return nearest(item, Fraction(int(count) * sum(map(test, born)), 4))


def chain(question: str, item: Item) -> str:
    percent, start = numbers(question)
    steps = ["snails", "thrushes", "hawks"].index(re.search(r"reaches the (\w+)", question)[1]) + 1
    return nearest(item, start * (percent / 100) ** steps)


def strand(question: str, item: Item) -> str:
    return "".join(PARTNER[base] for base in re.search(r"reads ([ACGT]+)", question)[1])


def base_share(question: str, item: Item) -> str:
    given, sought = (BASES[name] for name in re.findall(r"adenine|thymine|cytosine|guanine", question))
    share = numbers(question)[0]
    return nearest(item, share if sought in (given, PARTNER[given]) else (100 - 2 * share) / 2)


def turns(question: str, item: Item) -> str:
    faces = 45 * COMPASS.index(re.search(r"faces ([\w-]+)\.", question)[1])
    for angle, side in re.findall(r"(\d+)° to the (left|right)", question):
        faces += int(angle) if side == "right" else -int(angle)
    return COMPASS[faces % 360 // 45]


def walk(question: str, item: Item) -> str:
    north, east, south, west = map(int, numbers(question))
    along, across = north - south, east - west
    return (
        f"{abs(along)} km {'north' if along > 0 else 'south'} and {abs(across)} km {'east' if across > 0 else 'west'}"
    )


def zones(question: str, item: Item) -> str:
    hours, rest = map(int, re.search(r"(\d+) h (\d+) min", question).groups())
    shift, way = re.search(r"(\d+) hours? (ahead|behind)", question).groups()
    return at(minutes(question)[0] + 60 * hours + rest + (60 if way == "ahead" else -60) * int(shift))


def weekday(question: str, item: Item) -> str:
    days = int(numbers(question)[0])
    today = DAYS.index(re.search(r"Today is (\w+)", question)[1])
    for _ in range(days):  # day by day
        today = (today + (-1 if "ago" in question else 1)) % 7
    return DAYS[today]


def overlap(question: str, item: Item) -> str:
    times = minutes(question)
    spans = [set(range(*times[each : each + 2])) for each in (0, 2, 4)]
    return nearest(item, Fraction(len(spans[0] & spans[1] & spans[2])))


def begin(question: str, item: Item) -> str:
    first, soup, salad, last = map(int, re.findall(r"(\d+) minutes", question))
    return at(minutes(question)[0] - first - max(soup, salad) - last)


def packs(question: str, item: Item) -> str:
    few, dear, many, cheap, need = map(int, numbers(question))
    ways = product(range(need // many + 2), range(need // few + 2))
    costs = (large * cheap + small * dear for large, small in ways if large * many + small * few >= need)
    return nearest(item, Fraction(min(costs)))


def timetable(question: str, item: Item) -> str:
    (first, comes), (every, ride) = minutes(question), map(int, re.findall(r"(\d+) minutes", question))
    leaves = first
    while leaves < comes:
        leaves += every
    return at(leaves + ride)


def neither(question: str, item: Item) -> str:
    total, stars, circles, both = map(int, numbers(question))
    cards = [(True, True)] * both + [(True, False)] * (stars - both) + [(False, True)] * (circles - both)
    cards += [(False, False)] * (total - len(cards))
    sought = (
        (lambda star, circle: star != circle) if "not both" in question else (lambda star, circle: not (star or circle))
    )
    return nearest(item, Fraction(sum(sought(*card) for card in cards)))


def said_of(sentence: str) -> tuple[str, str, str]:
    form, of, kind = re.fullmatch(r"(All|No|Some) (\w+) are (not \w+|\w+)\.", sentence).groups()
    return (form, of, kind) if not kind.startswith("not ") else ("Not all", of, kind.removeprefix("not "))


def true_of(sentence: str, world: list[set[str]]) -> bool:
    """Whether it is true where there are just these things, each with the kinds that it is of."""
    form, of, kind = said_of(sentence)
    found = [kind in thing for thing in world if of in thing]
    return {"All": all(found), "No": not any(found), "Some": any(found), "Not all": not all(found)}[form]


def syllogism(question: str, item: Item) -> str:
    premises = re.findall(r"(?:All|No|Some) \w+ are (?:not )?\w+\.", question)
    kinds = sorted({word for sentence in premises for word in said_of(sentence)[1:]})
    sorts = [{kind for kind, has in zip(kinds, of, strict=True) if has} for of in product((True, False), repeat=3)]
    worlds = [[sort for sort, there in zip(sorts, of, strict=True) if there] for of in product((True, False), repeat=8)]
    fit = [world for world in worlds if all(true_of(premise, world) for premise in premises)]
    return only(option for option in item.options if all(true_of(option, world) for world in fit))


def only(found) -> str:
    one = list(found)
    assert len(one) == 1, one
    return one[0]


def pile(question: str, item: Item) -> str:
    colours = sorted(set(re.findall(r"[Tt]he (\w+) (?:book|one)", question)))
    assert len(colours) == 5
    place = ("on top", "second from the top", "in the middle", "second from the bottom", "at the bottom").index(
        re.search(r"Which book lies (.*)\?", question)[1]
    )
    above = re.findall(r"The (\w+) book lies somewhere above the (\w+) one", question)
    on = re.findall(r"The (\w+) book lies directly on the (\w+) one", question)
    inside = re.findall(r"The (\w+) book lies neither", question)
    fit = [
        order
        for order in permutations(colours)
        if all(order.index(high) < order.index(low) for high, low in above)
        and all(order.index(high) == order.index(low) - 1 for high, low in on)
        and not {order[0], order[-1]} & set(inside)
    ]
    return f"the {only(fit)[place]} one"


def lamps(question: str, item: Item) -> str:
    colours = sorted(set(re.findall(r"the (\w+) lamp", question)))
    rules = re.findall(r"If the (\w+) lamp is (on|off), the (\w+) lamp is (on|off)\.", question)
    fact = re.search(r"In fact the (\w+) lamp is (on|off)", question).groups()
    cases = [dict(zip(colours, states, strict=True)) for states in product(("on", "off"), repeat=len(colours))]
    fit = [
        case for case in cases if case[fact[0]] == fact[1] and all(case[a] != b or case[c] == d for a, b, c, d in rules)
    ]
    told = {option: re.fullmatch(r"The (\w+) lamp is (on|off)\.", option).groups() for option in item.options}
    return only(option for option, (lamp, state) in told.items() if fit and all(case[lamp] == state for case in fit))


def labels(question: str, item: Item) -> str:
    boxes = re.findall(r"The (\w+) box says: 'The key is (not )?in the (\w+) box\.'", question)
    truths = int(re.search(r"Exactly (\d) of", question)[1])
    keys = (box for box, _, _ in boxes if sum((where == box) != bool(no) for _, no, where in boxes) == truths)
    return f"the {only(keys)} box"


SOLVERS: dict[str, Callable[[str, Item], str]] = {
    "shares": formula(lambda total, first, second: total * second / (first + second)),
    "price": formula(lambda start, up, down: start * (100 + up) * (100 - down) / 10000),
    "remainder": remainder,
    "machines": formula(lambda before, hours, after: before * hours / after),
    "dice": dice,
    "legs": formula(lambda first, slow, second, fast: (first * slow + second * fast) / (first + second)),
    "density": formula(lambda long, wide, high, mass: mass / (long * wide * high)),
    "lever": formula(lambda force, near, far: force * near / far),
    "energy": formula(lambda watts, hours, days: watts * hours * days / 1000),
    "circuit": formula(lambda first, second, volts: volts / (first + second)),
    "cross": cross,
    "doubling": formula(lambda start, pace, time: start * 2 ** int(time / pace)),
    "chain_of_food": chain,
    "strand": strand,
    "base_share": base_share,
    "turns": turns,
    "scale": formula(lambda one, size, apart: size * apart / 100000),
    "walk": walk,
    "zones": zones,
    "lapse": formula(lambda start, low, rate, step, high: start - rate * (high - low) / step),
    "weekday": weekday,
    "overlap": overlap,
    "begin": begin,
    "packs": packs,
    "timetable": timetable,
    "syllogism": syllogism,
    "pile": pile,
    "lamps": lamps,
    "labels": labels,
    "neither": neither,
}
