"""Rules of arithmetic, physics and biology: each draws numbers, works out the answer and adds typical slips."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from operator import eq, ge, le

import numpy as np

from simrun.scenarios.dialogue.item_draft import Draft, Number, Rule, between, draft, numeric, one, shown, some


def shares(rng: np.random.Generator) -> Draft:
    """A quantity divided in a ratio."""
    (first, second), part = some(rng, range(2, 10), 2), between(rng, 3, 40)
    total, right = part * (first + second), part * second
    return numeric(
        f"Two tanks share {total} litres of water in the ratio {first} : {second}. How much is in the second tank?",
        right,
        (part * first, Fraction(total, second), Fraction(total, 2)),
        f"There are {first + second} parts of {part} litres, and {second} of them are {right}.",
        "{} litres",
    )


def price(rng: np.random.Generator) -> Draft:
    """A price that rises and then falls by a percentage."""
    start, up, down = 20 * between(rng, 2, 45), 5 * between(rng, 1, 10), 5 * between(rng, 1, 10)
    risen = Fraction(start * (100 + up), 100)
    right = risen * (100 - down) / 100
    return numeric(
        f"A machine costs {start}. Its price rises by {up} %, and then the new price falls by {down} %. "
        "What does it cost in the end?",
        right,
        (Fraction(start * (100 + up - down), 100), risen, Fraction(start * (100 - down), 100)),
        f"It rises to {shown(risen, 2)}, and {down} % less than that is {shown(right, 2)}.",
        places=2,
        step=5,
    )


def remainder(rng: np.random.Generator) -> Draft:
    """A part is taken away, and then a part of what is left."""
    below, under, times = between(rng, 2, 6), between(rng, 2, 6), between(rng, 2, 12)
    above, over, total = between(rng, 1, below - 1), between(rng, 1, under - 1), below * under * times
    left = total * (below - above) // below
    right = left * (under - over) // under
    return numeric(
        f"Of {total} seedlings, {above}/{below} are planted on Monday, and {over}/{under} of the rest on Tuesday. "
        "How many are then left?",
        right,
        (total - total * above // below - total * over // under, left - right, left, total * over // under),
        f"After Monday {left} are left, and {left - right} of them are planted on Tuesday.",
    )


def machines(rng: np.random.Generator) -> Draft:
    """The same work with more or fewer machines."""
    (before, after), times = some(rng, range(2, 13), 2), between(rng, 2, 9)
    hours, right = after * times, before * times
    return numeric(
        f"{before} equal machines need {hours} hours for a job. How long do {after} of them need for the same job?",
        right,
        (Fraction(hours * after, before), hours - (after - before), hours),
        f"The job takes {before} x {hours} = {before * hours} machine hours, and {before * hours} / {after} = {right}.",
        "{} hours",
    )


def dice(rng: np.random.Generator) -> Draft:
    """The chance of a sum of two dice, counted out."""
    faces, sign = one(rng, (4, 6, 8, 10, 12)), one(rng, ("exactly", "at least", "at most"))
    total, target = 6 * faces, between(rng, 4, 4 + faces)
    holds = {"exactly": eq, "at least": ge, "at most": le}[sign]
    hits = [(red, blue) for red, blue in product(range(1, 7), range(1, faces + 1)) if holds(red + blue, target)]
    unordered = len({tuple(sorted(hit)) for hit in hits})
    return numeric(
        f"A red die has 6 faces, numbered from 1, and a blue one has {faces}. Both are fair and are rolled once. "
        f"What is the chance that their sum is {sign} {target}?",
        len(hits),
        (unordered, total - len(hits), len(hits) + 1, len(hits) - 1),
        f"{len(hits)} of the {total} equally likely pairs have such a sum.",
        f"{{}}/{total}",
    )


def legs(rng: np.random.Generator) -> Draft:
    """Mean speed of two legs that last differently long."""
    (first, second), slow, times = some(rng, range(1, 7), 2), 5 * between(rng, 2, 14), between(rng, 2, 9)
    fast = slow + times * (first + second)
    way, right = slow * first + fast * second, slow + times * second
    return numeric(
        f"A train travels {first} h at {slow} km/h and then {second} h at {fast} km/h. "
        "What is its mean speed over the whole time?",
        right,
        (Fraction(slow + fast, 2), slow + times * first, Fraction(way, 2), fast),
        f"It travels {way} km in {first + second} h, and {way} / {first + second} = {right}.",
        "{} km/h",
    )


def density(rng: np.random.Generator) -> Draft:
    """Density of a block from its sides and its mass."""
    long, wide, high = between(rng, 4, 12), between(rng, 3, 9), between(rng, 2, 8)
    right, volume = Fraction(between(rng, 5, 99), 10), long * wide * high
    mass, skin = right * volume, 2 * (long * wide + wide * high + high * long)
    return numeric(
        f"A solid block is {long} cm long, {wide} cm wide and {high} cm high and has a mass of {shown(mass, 1)} g. "
        "What is its density?",
        right,
        (mass / (long + wide + high), volume / mass, mass / skin, mass / (long * wide)),
        f"Its volume is {volume} cm³, and {shown(mass, 1)} / {volume} = {shown(right, 1)}.",
        "{} g/cm³",
        places=1,
        step=Fraction(1, 2),
    )


def lever(rng: np.random.Generator) -> Draft:
    """The force that balances a beam."""
    (near, far), times = some(rng, range(2, 13), 2), between(rng, 2, 15)
    force, right = times * far, times * near
    return numeric(
        f"A force of {force} N pulls down on a beam {10 * near} cm from its pivot. Which force balances it "
        f"{10 * far} cm from the pivot on the other side?",
        right,
        (Fraction(force * far, near), force, force + near - far),
        f"Both sides must have the same moment, and {force} x {10 * near} = {right} x {10 * far}.",
        "{} N",
    )


def energy(rng: np.random.Generator) -> Draft:
    """Energy from power and time, with a change of unit."""
    watts, hours, days = 100 * between(rng, 2, 30), between(rng, 2, 9), between(rng, 2, 12)
    right = Fraction(watts * hours * days, 1000)
    return numeric(
        f"A heater of {shown(watts)} W runs {hours} hours a day. How much energy does it use in {days} days?",
        right,
        (right * 10, right / days, right / hours, right / 10),
        f"{shown(watts)} W are {shown(Fraction(watts, 1000), 1)} kW, and it runs for {hours * days} hours.",
        "{} kWh",
        places=1,
    )


def circuit(rng: np.random.Generator) -> Draft:
    """The current through two resistors in series."""
    (first, second), right = some(rng, range(2, 25), 2), Fraction(between(rng, 3, 49), 10)
    ohms = first + second
    volts = right * ohms
    return numeric(
        f"Resistors of {first} ohms and {second} ohms are connected in series to {shown(volts, 1)} V. "
        "Which current flows?",
        right,
        (volts / first, volts / second, volts * ohms / (first * second)),
        f"Together they have {ohms} ohms, and {shown(volts, 1)} / {ohms} = {shown(right, 1)}.",
        "{} A",
        places=1,
        step=Fraction(1, 2),
    )


TRAITS = (
    ("R", "red flowers", "white flowers"),
    ("T", "tall stems", "short stems"),
    ("S", "smooth seeds", "wrinkled seeds"),
    ("H", "hairy leaves", "bare leaves"),
    ("G", "green pods", "yellow pods"),
)
CROSSES = (
    *((0, 0, sought) for sought in ("dominant", "recessive", "mixed")),
    *((0, 1, sought) for sought in ("dominant", "recessive", "mixed")),
    (2, 0, "mixed"),
)
"""Parents, as places in `kinds` below, and whom to count: crosses in which neither all nor none are counted."""


def cross(rng: np.random.Generator) -> Draft:
    """Offspring of two plants that differ in one gene, counted in a square of the four pairings."""
    (big, dominant, recessive), (mother, father, sought) = one(rng, TRAITS), one(rng, CROSSES)
    small, count = big.lower(), 4 * between(rng, 5, 60)
    kinds = (big + small, 2 * small, 2 * big)
    born = ["".join(sorted(pair)) for pair in product(kinds[mother], kinds[father])]
    shows = {"dominant": dominant, "recessive": recessive, "mixed": f"both alleles, {big} and {small}"}[sought]
    counts: Mapping[str, bool] = {kind: _counts(kind, sought) for kind in kinds}
    hits = sum(counts[kind] for kind in born)
    return numeric(
        f"In a plant the allele {big} for {dominant} is dominant over {small} for {recessive}. A plant {kinds[mother]} "
        f"is crossed with a plant {kinds[father]}. How many of {count} offspring are expected to have {shows}?",
        count * hits // 4,
        (count * (4 - hits) // 4, count // 4, count // 2, count * 3 // 4, count),
        f"The four equally likely pairings give {', '.join(born)}: {hits} of 4.",
    )


def _counts(kind: str, sought: str) -> bool:
    """Whether a plant with these two alleles is one of those sought."""
    return {"dominant": kind[0].isupper(), "recessive": kind.islower(), "mixed": kind[0] != kind[1]}[sought]


def doubling(rng: np.random.Generator) -> Draft:
    """Bacteria that double at a steady pace."""
    start, pace, times = 10 * between(rng, 1, 30), 5 * between(rng, 3, 12), between(rng, 3, 7)
    return numeric(
        f"A dish holds {start} bacteria, and their number doubles every {pace} minutes. "
        f"How many are there after {pace * times} minutes?",
        start * 2**times,
        (start * 2 * times, start * 2 ** (times - 1), start * (times + 1), start * 2 ** (times + 1)),
        f"The number doubles {times} times, and {start} x {2**times} = {shown(start * 2**times)}.",
        step=start,
    )


CHAIN = ("plants", "snails", "thrushes", "hawks")


def chain_of_food(rng: np.random.Generator) -> Draft:
    """Energy that is handed on along a food chain."""
    percent, at, times = one(rng, (5, 10, 20)), between(rng, 2, 3), between(rng, 2, 40)
    start = times * (100 // percent) ** 3
    handed: list[Number] = [start * Fraction(percent, 100) ** step for step in range(5)]
    return numeric(
        f"Snails eat plants, thrushes eat snails, and hawks eat thrushes. At each step {percent} % of the energy is "
        f"handed on. The plants hold {shown(start)} kJ. How much of it reaches the {CHAIN[at]}?",
        handed[at],
        (handed[at - 1], handed[at + 1], Fraction(start * percent, 100 * at), start * Fraction(percent * at, 100)),
        f"There are {at} steps from the plants to the {CHAIN[at]}, and each leaves {percent} % of the amount before.",
        "{} kJ",
    )


PAIRS = {"A": "T", "T": "A", "C": "G", "G": "C"}
MISPAIRS = ("AGCT", "ACGT")
"""Other ways to pair the four bases, each with its neighbour: A with G and C with T; A with C and G with T."""


def strand(rng: np.random.Generator) -> Draft:
    """The strand that pairs with a strand of DNA."""
    bases = "".join(one(rng, "ACGT") for _ in range(between(rng, 6, 9)))
    slips = (str.maketrans(pairs, pairs[1] + pairs[0] + pairs[3] + pairs[2]) for pairs in MISPAIRS)
    return draft(
        f"One strand of a piece of DNA reads {bases}. Which bases stand opposite to these, in the same order?",
        "".join(PAIRS[base] for base in bases),
        (*(bases.translate(slip) for slip in slips), bases),
        "A pairs with T, and C with G.",
    )


BASES = {"A": "adenine", "T": "thymine", "C": "cytosine", "G": "guanine"}


def base_share(rng: np.random.Generator) -> Draft:
    """The share of one base in DNA from that of another with which it does not pair."""
    given = one(rng, "ATCG")
    sought = one(rng, sorted(set(BASES) - {given, PAIRS[given]}))
    percent = one(rng, [share for share in range(6, 45) if share != 25])
    return numeric(
        f"In a double strand of DNA, {percent} % of the bases are {BASES[given]}. What share is {BASES[sought]}?",
        50 - percent,
        (percent, 100 - 2 * percent, 100 - percent),
        f"As much is {BASES[PAIRS[given]]}, and the other {100 - 2 * percent} % are half {BASES[sought]}.",
        "{} %",
    )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "arithmetic": (shares, price, remainder, machines, dice),
    "physics": (legs, density, lever, energy, circuit),
    "biology": (cross, doubling, chain_of_food, strand, base_share),
}
