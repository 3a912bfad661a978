"""Vital signs in words, as they are written or by rule with fresh numbers about them."""

import numpy as np

SIGNS = "Temperature {} C, pulse {}/min, blood pressure {}/{} mmHg, breaths {}/min, oxygen saturation {}%."
SPREAD = (0.1, 3, 3, 2, 1, 1)
"""How far a fresh number lies from the written one at most: no further than two readings of one patient lie apart."""
LEAST, MOST = (30.0, 20, 40, 20, 4, 50), (43.0, 250, 260, 160, 60, 100)
Signs = tuple[float, float, float, float, float, float]
"""Temperature (degrees Celsius), pulse, systolic and diastolic pressure (mmHg), breaths and oxygen saturation (%)."""


def told(signs: Signs) -> str:
    """The six in a sentence, whole numbers but for the temperature."""
    return SIGNS.format(f"{signs[0]:.1f}", *(round(each) for each in signs[1:]))


def fresh(signs: Signs, rng: np.random.Generator) -> Signs:
    """Each within its spread of what is written."""
    drawn = (
        min(max(each + spread * int(rng.integers(-1, 2)), low), high)
        for each, spread, low, high in zip(signs, SPREAD, LEAST, MOST, strict=True)
    )
    one, two, three, four, five, six = drawn
    return one, two, three, four, five, six
