"""Divergence of reasons."""

import math

from simrun.score.metric import Metric
from simrun.score.repeated import Reasoned


class ReasonDivergence(Metric):
    """How differently the two arms spread their reasons over a fixed list.

    Jensen-Shannon divergence in bits of the shares of the reasons in the arm and in the reference: (KL(p || m) + KL(q
    || m)) / 2, m = (p + q) / 2. Above 0 by chance alone.
    """

    needs = Reasoned
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "one of the arms gives no reason"
    source = "Lin 1991, doi:10.1109/18.61115; reasons as in Jin et al. 2024, arXiv:2406.12708 (AgentReview)"

    def measure(self, sample: Reasoned) -> float | None:
        """The divergence."""
        from scipy.special import rel_entr

        counts = sample.reasons.sum(axis=0), sample.reference_reasons.sum(axis=0)
        if not counts[0].any() or not counts[1].any():
            return None
        p, q = (count / count.sum() for count in counts)
        middle = (p + q) / 2
        return float((rel_entr(p, middle) + rel_entr(q, middle)).sum()) / 2 / math.log(2)
