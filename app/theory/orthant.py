"""How often equally correlated normal variables are all negative: units of a ReLU that no sample wakes."""

from math import erfc, sqrt

import numpy as np

STEEPEST = 1e4  # beyond, the variables are one
Z = np.linspace(-9.0, 9.0, 4001)
DENSITY = np.exp(-(Z**2) / 2) / np.exp(-(Z**2) / 2).sum()


def all_negative(count: int, correlation: float) -> float:
    """The probability that `count` standard normal variables, each two of this correlation, are all below zero.

    Each is √c·z + √(1 - c)·z_i with a common z (Steck and Owen 1962, "A note on the equicorrelated multivariate normal
    distribution"), so that it is E[Φ(-z·√(c/(1 - c)))ⁿ]. A correlation below zero is taken as zero.
    """
    c = min(max(correlation, 0.0), 1.0)
    if c >= 1 or (steep := sqrt(c / (1 - c))) > STEEPEST:
        return 0.5
    below = np.array([erfc(steep * z / sqrt(2)) / 2 for z in Z.tolist()])
    return float(DENSITY @ below**count)
