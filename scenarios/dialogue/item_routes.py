"""Rules of geography and everyday planning: directions, distances, clocks, days and purchases."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from simrun.scenarios.dialogue.item_draft import Draft, Rule, between, clock, draft, numeric, one, shown, some

COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
TURNS = {
    "45° to the right": 1,
    "90° to the right": 2,
    "135° to the right": 3,
    "45° to the left": -1,
    "90° to the left": -2,
    "135° to the left": -3,
}
"""Each in eighths of a full turn to the right."""


def turns(rng: np.random.Generator) -> Draft:
    """Where somebody faces after three turns."""
    start, taken = between(rng, 0, 7), [one(rng, tuple(TURNS)) for _ in range(3)]
    steps = [TURNS[turn] for turn in taken]
    faced = [start, start + steps[0], start + steps[0] + steps[1], start + sum(steps)]
    slips = (start - sum(steps), faced[3] + 4, faced[2], faced[3] + 1, faced[3] - 1)
    return draft(
        f"A robot faces {COMPASS[start]}. It turns {taken[0]}, then {taken[1]}, then {taken[2]}. "
        "Where does it face now?",
        COMPASS[faced[3] % 8],
        (COMPASS[slip % 8] for slip in slips),
        f"It faces {', then '.join(COMPASS[at % 8] for at in faced)}.",
    )


def scale(rng: np.random.Generator) -> Draft:
    """A distance on the ground from one on a map."""
    size, apart = one(rng, (10, 20, 25, 40, 50, 100, 200, 500)), between(rng, 2, 29)
    right = Fraction(size * apart, 100)
    return numeric(
        f"On a map of scale 1 : {size},000 two bridges are {apart} cm apart. How far apart are they on the ground?",
        right,
        (right * 10, right / 10, Fraction(size, apart), right * 100),
        f"{apart} x {size},000 cm = {shown(size * apart * 1000)} cm, which is {shown(right, 2)} km.",
        "{} km",
        places=2,
    )


def walk(rng: np.random.Generator) -> Draft:
    """Where a walk with four legs ends, seen from its start."""
    (north, south), (east, west) = some(rng, range(1, 13), 2), some(rng, range(1, 13), 2)
    up, right = north - south, east - west
    slips = ((right, up), (-up, -right), (north + south, east + west), (up, -right), (-up, right), (up * 2, right))
    return draft(
        f"Somebody walks {north} km north, {east} km east, {south} km south and {west} km west over a plain. "
        "Where are they now, seen from where they began?",
        _place(up, right),
        (_place(*slip) for slip in slips),
        f"The ways north and south differ by {abs(up)} km, those east and west by {abs(right)} km.",
    )


def _place(up: int, right: int) -> str:
    return f"{abs(up)} km {'north' if up > 0 else 'south'} and {abs(right)} km {'east' if right > 0 else 'west'}"


def zones(rng: np.random.Generator) -> Draft:
    """Local time of arrival in another time zone."""
    leaves, flight, shift = 5 * between(rng, 72, 180), 5 * between(rng, 15, 130), between(rng, 1, 9)
    way, hours = one(rng, (("ahead of", shift), ("behind", -shift)))
    there = leaves + flight
    plural = "hour" if shift == 1 else "hours"
    return draft(
        f"A plane leaves Port Amber at {clock(leaves)} by the clocks there and flies "
        f"{flight // 60} h {flight % 60} min to Port Beryl, where clocks are {shift} {plural} {way} those in "
        "Port Amber. What do the clocks in Port Beryl show when it lands?",
        clock(there + 60 * hours),
        (clock(at) for at in (there - 60 * hours, there, leaves + 60 * hours, there + 60 * hours + 60, there + 30)),
        f"In Port Amber it is then {clock(there)}, and clocks in Port Beryl are {shift} {plural} {way} that.",
    )


def lapse(rng: np.random.Generator) -> Draft:
    """The temperature higher up a mountain."""
    rate, low, climb = one(rng, (4, 6, 8)), 100 * between(rng, 2, 12), 500 * between(rng, 1, 5)
    drop = rate * climb // 1000
    start = drop + between(rng, 2, 12)
    return numeric(
        f"It is {start} °C at a height of {shown(low)} m, and {rate} °C colder for every 1,000 m higher up. "
        f"How warm is it at {shown(low + climb)} m?",
        start - drop,
        (start + drop, start - Fraction(rate * (low + climb), 1000), start - rate, start - 2 * drop),
        f"{shown(climb)} m higher up it is {drop} °C colder, and {start} - {drop} = {start - drop}.",
        "{} °C",
    )


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday(rng: np.random.Generator) -> Draft:
    """The day of the week so many days from now."""
    today, days, sign = between(rng, 0, 6), between(rng, 9, 200), one(rng, (1, -1))
    asked = f"will it be in {days} days" if sign > 0 else f"was it {days} days ago"
    right = today + sign * days
    weeks, rest = divmod(days, 7)
    return draft(
        f"Today is {DAYS[today]}. Which day of the week {asked}?",
        DAYS[right % 7],
        (DAYS[at % 7] for at in (right + sign, right - sign, today - sign * days, right + 2, right + 3)),
        f"{days} = {weeks} x 7 + {rest}, and whole weeks change nothing.",
    )


def overlap(rng: np.random.Generator) -> Draft:
    """How long three people have time together."""
    middle, spread = 5 * between(rng, 126, 156), [5 * between(rng, 2, 24) for _ in range(6)]
    spans = [(middle - spread[at], middle + spread[at + 3]) for at in range(3)]
    told = [f"from {clock(start)} to {clock(end)}" for start, end in spans]
    right = _common(spans)
    return numeric(
        f"One person has time {told[0]}, another {told[1]}, and a third {told[2]}. For how long can all three meet?",
        right,
        (_common(spans[:2]), _common(spans[1:]), _common(spans[::2]), min(end - start for start, end in spans)),
        f"All have time from {clock(max(start for start, _ in spans))} to {clock(min(end for _, end in spans))}.",
        "{} minutes",
        step=5,
    )


def _common(spans: list[tuple[int, int]]) -> int:
    """Minutes that all spans share."""
    return min(end for _, end in spans) - max(start for start, _ in spans)


def begin(rng: np.random.Generator) -> Draft:
    """When to begin work of which two parts are done at the same time."""
    first, last, (one_side, other) = 5 * between(rng, 2, 10), 5 * between(rng, 2, 12), some(rng, range(10, 75, 5), 2)
    end, longer = 5 * between(rng, 132, 240), max(one_side, other)
    right = end - first - longer - last
    shorter = min(one_side, other)
    slips = (right - shorter, right + longer - shorter, right + last, right + first, right - 10, right + 10, right + 5)
    return draft(
        f"Two cooks prepare a meal for {clock(end)}. First they shop for {first} minutes. Then one needs {one_side} "
        f"minutes for the soup while the other needs {other} minutes for the salad. When both are done, they lay the "
        f"table for {last} minutes. When must they begin at the latest?",
        clock(right),
        (clock(slip) for slip in slips),
        f"They need {first} + {longer} + {last} = {first + longer + last} minutes, as the shorter part runs meanwhile.",
    )


def packs(rng: np.random.Generator) -> Draft:
    """The cheapest way to buy at least so many, found by trying every way."""
    few, many, dear = between(rng, 2, 5), between(rng, 6, 12), between(rng, 2, 6)
    # more than a small pack, and as a rule less for each piece, so that either kind may be the better buy
    cheap = max(dear + 1, many * dear // few - between(rng, 1, 3))
    need = between(rng, many + 1, 4 * many)
    ways = {(large, -(-max(0, need - large * many) // few)) for large in range(-(-need // many) + 1)}
    large, small = min(ways, key=lambda way: (way[0] * cheap + way[1] * dear, way))
    right, whole = large * cheap + small * dear, need // many
    return numeric(
        f"Screws are sold in packs of {few} for {dear} and packs of {many} for {cheap}. "
        f"What is the least that one must pay to have {need} or more?",
        right,
        (
            -(-need // many) * cheap,
            whole * cheap + -(-(need % many) // few) * dear,
            -(-need // few) * dear,
            whole * cheap,
        ),
        f"Nothing is cheaper than {large} x {cheap} + {small} x {dear} = {right}.",
    )


def timetable(rng: np.random.Generator) -> Draft:
    """When somebody arrives who waits for the next bus."""
    first, every, ride = 5 * between(rng, 60, 108), between(rng, 12, 50), between(rng, 8, 55)
    gone = between(rng, 2, 8)
    before = first + gone * every
    comes = before + between(rng, 1, every - 1)
    right = before + every + ride
    return draft(
        f"A bus leaves every {every} minutes, the first one at {clock(first)}, and takes {ride} minutes into town. "
        f"Somebody comes to the stop at {clock(comes)} and takes the next bus. When are they in town?",
        clock(right),
        (clock(slip) for slip in (comes + ride, before + ride, right + every, comes + every + ride, right - 1)),
        f"Buses leave at {clock(before)} and {clock(before + every)}, and {ride} minutes later it is {clock(right)}.",
    )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "geography": (turns, scale, walk, zones, lapse),
    "planning": (weekday, overlap, begin, packs, timetable),
}
