"""Incomplete blocks: each case plays some of the arms, the reference among them, as balanced as can be."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from simrun.config.errors import ConfigError

STREAM = 19
"""Of the run's seed, beside that which draws the cases."""


def check_size(block: int, arms: int) -> None:
    """ConfigError for a block that leaves nothing out."""
    if block >= arms:
        raise ConfigError(
            f"design.block={block}: there are {arms} arms, the reference included, and a block of {block} leaves none "
            f"out; set design.block to at most {arms - 1}, or design.cross=full"
            if arms > 2
            else f"design.cross=blocks: {arms} arms cannot be told in smaller blocks; use design.cross=full"
        )


def dealt(
    cases: Sequence[str], arms: Sequence[str], block: int, seed: int, unfit: Collection[tuple[str, str]] = ()
) -> dict[str, frozenset[str]]:
    """Case -> the arms that it plays: the first of `arms`, which is the reference, and `block` - 1 of the others.

    Each case takes, one after the other, an arm that was played least so far, of these one that has met the case's
    other arms least, of these one that `seed` draws. So at every case the arms' numbers of cases differ by one at most
    (more only where `unfit`, pairs of case and arm, leave no choice), and a run of more cases keeps the blocks of the
    shorter one. With the reference in every block each arm is compared with it within cases, and it is the most
    precise balanced design for that: a control in each block, the other treatments in balanced incomplete blocks
    (Bechhofer and Tamhane 1981, Technometrics 23(1), 45). How near this dealing comes to it: tests/plan/test_blocks.py.
    """
    rng, others = np.random.default_rng([STREAM, seed]), arms[1:]
    played, met = np.zeros(len(others), dtype=np.int64), np.zeros((len(others), len(others)), dtype=np.int64)
    found: dict[str, frozenset[str]] = {}
    for case in cases:
        free = [place for place, arm in enumerate(others) if (case, arm) not in unfit]
        own: list[int] = []
        while free and len(own) < block - 1:
            luck = rng.permutation(len(others))
            own.append(min(free, key=lambda one: (played[one], int(met[one, own].sum()), luck[one])))
            free.remove(own[-1])
        played[own] += 1
        met[np.ix_(own, own)] += 1
        found[case] = frozenset((arms[0], *(others[place] for place in own)))
    return found


def numbers(blocks: Mapping[str, frozenset[str]], arms: Sequence[str]) -> dict[str, int]:
    """How many cases each arm has."""
    return {arm: sum(arm in own for own in blocks.values()) for arm in arms}
