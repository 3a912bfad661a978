"""Numbers in a text: drawn fresh for each submission, and sums of them, such as `{hedge - before}` or
`{100 * a / b:.1f}`."""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

SLOT = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
_DOES: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def drawn(ranges: Mapping[str, Sequence[float]], rng: np.random.Generator) -> dict[str, float]:
    """A number of each range: [least, most] for whole numbers, [least, most, decimals] for others."""
    return {name: _drawn(bounds, rng) for name, bounds in ranges.items()}


def _drawn(bounds: Sequence[float], rng: np.random.Generator) -> float:
    if len(bounds) == 2:
        return int(rng.integers(int(bounds[0]), int(bounds[1]), endpoint=True))
    return round(float(rng.uniform(bounds[0], bounds[1])), int(bounds[2]))


def filled(text: str, numbers: Mapping[str, float]) -> str:
    """A text with its slots filled. ValueError names a slot that is no sum of known numbers."""
    return SLOT.sub(lambda slot: _shown(worth(slot[1], numbers), slot[2]), text)


def worth(formula: str, numbers: Mapping[str, float]) -> float:
    """What a sum comes to: numbers, their names, + - * / and brackets, and nothing else."""
    try:
        return _worth(ast.parse(formula.strip(), mode="eval").body, numbers)
    except (SyntaxError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"{{{formula}}} is no sum of {', '.join(numbers)}: {error}") from None


def _worth(node: ast.expr, numbers: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return numbers[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _DOES:
            return _DOES[type(op)](_worth(left, numbers), _worth(right, numbers))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worth(operand, numbers)
    raise TypeError("it has something else in it")


def _shown(value: float, form: str | None) -> str:
    if form:
        return format(value, form)
    return f"{value:,.10g}" if value == round(value) else f"{round(value, 2):g}"
