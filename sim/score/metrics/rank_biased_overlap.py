"""Rank-biased overlap."""

from collections.abc import Hashable, Sequence


def rank_biased_overlap(first: Sequence[Hashable], second: Sequence[Hashable], p: float = 0.9) -> float | None:
    """How alike two rankings are, the first places weighing most.

    (1 - p) sum_d p^(d-1) A_d, A_d the share of items that the first d places have in common; beyond the last place k the
    agreement A_k is taken to hold, which adds p^k A_k and lets equal rankings reach 1 (the extrapolated form). `first` and
    `second` list the same number of items, best first; p in 0..1, larger looks deeper. 0 to 1; 1 is fair where only the
    attribute was swapped, lower is worse; None for empty rankings. ValueError for unequal lengths, repeated items, or p.
    Source: Webber, Moffat and Zobel 2010, doi:10.1145/1852102.1852106.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, got {p}")
    if len(first) != len(second) or len(set(first)) < len(first) or len(set(second)) < len(second):
        raise ValueError(
            f"rankings must be of one length and repeat no item, got {len(first)} and {len(second)} items; cut both to one depth"
        )
    if not first:
        return None
    agreed = [len(set(first[:depth]) & set(second[:depth])) / depth for depth in range(1, len(first) + 1)]
    return float((1 - p) * sum(p**place * share for place, share in enumerate(agreed)) + p ** len(agreed) * agreed[-1])
