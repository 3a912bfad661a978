"""Bias after mitigation."""

from simrun.estimate.correlation import spearman
from simrun.estimate.paired import Estimate
from simrun.score.levels import Mitigated
from simrun.score.metric import Metric


class BiasAfterMitigation(Metric):
    """Whether the cases that a bias showed in without a mitigation are those in which it shows with it.

    Spearman's rho over cases of (level - reference) without and with the mitigation, -1 to 1. Near 1 the same bias is
    there still, in the same cases, however large it is; near 0 what is left, if anything, is elsewhere: whether it is
    less is said by the effects under each mitigation. Arms that share their seeds share chance too, which alone lifts
    rho. Undefined where all cases are alike.
    """

    title = "rank correlation of the bias without and with the mitigation, over cases"
    needs = Mitigated
    low, high, fair, worse = -1, 1, 0, "higher"
    undefined = "all cases are alike, without the mitigation or with it"
    source = (
        "Sivakumar et al. 2025, arXiv:2509.08146 (bias after prompting); interval: Bonett and Wright 2000, "
        "doi:10.1007/BF02294183, and cases drawn anew"
    )
    interval = "own"

    def measure(self, sample: Mitigated) -> Estimate:
        """Rho and its interval."""
        return spearman(sample.without, sample.under)
