"""vLLM's page of metrics, read as gauges."""

import re
from collections.abc import Iterator, Sequence

from simrun.agents.backends.base import Gauges

_LINE = re.compile(r"^vllm:(\w+?)(?:_total)?(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def gauges(pages: Sequence[str]) -> Gauges:
    """The pages of all replicas, and of all engines on each, together: sums, and
    the mean of the share of the cache in use."""
    lines = [
        (name, dict(_LABEL.findall(labels)), float(value))
        for page in pages
        for name, labels, value in _LINE.findall(page)
    ]

    def values(name: str) -> list[float]:
        return [value for found, _, value in lines if found == name]

    def total(name: str) -> float | None:
        return sum(found) if (found := values(name)) else None

    used, put_out, capacity = values("kv_cache_usage_perc"), total("num_preemptions"), sum(_capacities(lines))
    return Gauges(
        running=total("num_requests_running"),
        waiting=total("num_requests_waiting"),
        kv_used=sum(used) / len(used) if used else None,
        kv_tokens=capacity or None,
        preemptions=None if put_out is None else int(put_out),
    )


def _capacities(lines: Sequence[tuple[str, dict[str, str], float]]) -> Iterator[int]:
    for name, labels, _ in lines:
        blocks, size = labels.get("num_gpu_blocks", ""), labels.get("block_size", "")
        if name == "cache_config_info" and blocks.isdigit() and size.isdigit():
            yield int(blocks) * int(size)
