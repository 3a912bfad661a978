"""What is so, from what a judge with known errors says."""


def rogan_gladen(rate: float, sensitivity: float, specificity: float) -> float | None:
    """The true share of yes, from the share that a judge finds: (rate + specificity - 1) / (sensitivity + specificity
    - 1), cut to 0..1.

    `sensitivity` is the share that it finds of those that are so, `specificity` the share that it lets pass of those
    that are not. None for a judge that is no better than a coin. Source: Rogan and Gladen 1978,
    doi:10.1093/oxfordjournals.aje.a112510.
    """
    beyond = sensitivity + specificity - 1
    if beyond <= 1e-9:
        return None
    return min(1.0, max(0.0, (rate + specificity - 1) / beyond))
