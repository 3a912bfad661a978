"""Hooks of our own on the blocks of a transformer: a vector added to what a block hands on, and what it handed on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple


class Push(NamedTuple):
    """What is added to one chat's residual stream."""

    layer: int
    """After which block, the first being 0."""
    by: Any
    """dose x vector, (width,), of the model's type and on its device."""


def blocks(model: Any) -> Any:
    """The blocks of a model, in their order: its one list of as many modules as it has layers. ValueError for none."""
    from torch.nn import ModuleList

    count = model.config.get_text_config().num_hidden_layers
    for module in model.modules():
        if isinstance(module, ModuleList) and len(module) == count:
            return module
    raise ValueError(f"{type(model).__name__} has no list of its {count} blocks that could be hooked")


@contextmanager
def steered(model: Any, pushes: Sequence[Push | None]) -> Iterator[None]:
    """What the model computes in here has each row's push in it; a row with None is left as it is, bit by bit."""
    layers = {push.layer for push in pushes if push is not None}
    rows = {
        layer: [(row, push.by) for row, push in enumerate(pushes) if push is not None and push.layer == layer]
        for layer in layers
    }
    hooks = [blocks(model)[layer].register_forward_hook(_adding(own)) for layer, own in rows.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _adding(rows: Sequence[tuple[int, Any]]) -> Callable[[Any, Any, Any], Any]:
    def add(_: Any, __: Any, output: Any) -> Any:
        hidden = _hidden(output).clone()
        for row, by in rows:  # the other rows are not touched: x + 0 turns a -0 into a 0
            hidden[row] += by
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

    return add


@contextmanager
def recorded(model: Any) -> Iterator[dict[int, Any]]:
    """Layer -> what its block hands on at the last position of the first row, (width,), of what is computed in here."""
    found: dict[int, Any] = {}

    def keeping(layer: int) -> Callable[[Any, Any, Any], None]:
        def keep(_: Any, __: Any, output: Any) -> None:
            found[layer] = _hidden(output)[0, -1].detach().float().cpu()

        return keep

    hooks = [block.register_forward_hook(keeping(layer)) for layer, block in enumerate(blocks(model))]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _hidden(output: Any) -> Any:
    """The residual stream, (rows, positions, width): some blocks hand on more beside it."""
    return output[0] if isinstance(output, tuple) else output
