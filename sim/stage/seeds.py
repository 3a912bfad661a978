"""Where all randomness of a trial comes from."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Seeds:
    """Numbers drawn from run seed, case and repeat, and not from the arm: common random numbers.

    `salt` is empty but for the control that plays the reference arm again under other seeds.
    """

    seed: int
    case: str
    repeat: int
    salt: str = ""

    def number(self, *what: str | int) -> int:
        """A number in [0, 2**31) for one purpose, such as the nth call of a role."""
        text = "\x1f".join(map(str, (self.seed, self.case, self.repeat, self.salt, *what)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1

    def rng(self, purpose: str = "play") -> np.random.Generator:
        """A generator for one purpose; "play" is that of the protocol."""
        # keyed, not seeded: stirring a seed costs as much as several calls to a model that answers at once
        return np.random.Generator(np.random.Philox(key=[self.number(purpose, part) for part in range(2)]))
