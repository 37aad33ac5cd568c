"""How many activations lie in the outer 3 % of the half-range between φ's bounds."""

from functools import lru_cache
from math import erfc, sqrt

import numpy as np

from . import sine
from .meanfield import CLOSED_MOMENTS, Nonlinearity
from .quadrature import Array

EDGE = 0.97  # of the half-range


def saturation(phi: Nonlinearity, q: float, mean: float = 0.0) -> float | None:
    """Their share for normal preactivations of variance q and this mean; None without bounds."""
    if phi.bounds is None:
        return None
    if phi.name in CLOSED_MOMENTS:
        return sine.share_above(EDGE, q, mean)
    low, high = (edge - mean for edge in saturation_edges(phi))
    if q == 0:
        return float(low > 0 or high < 0)
    return (erfc(-low / sqrt(2 * q)) + erfc(high / sqrt(2 * q))) / 2


@lru_cache(maxsize=64)
def saturation_edges(phi: Nonlinearity) -> tuple[float, ...]:
    """Where φ(u) enters or leaves it: below the first and above the last of two, by bisection, if φ rises."""
    assert phi.bounds is not None
    if phi.name in CLOSED_MOMENTS:
        return sine.edges(EDGE)
    low, high = phi.bounds
    level = (low + high) / 2 + np.array([-1, 1]) * EDGE * (high - low) / 2
    below, above = np.full(2, -40.0), np.full(2, 40.0)
    for _ in range(60):
        middle = (below + above) / 2
        short = phi.value(middle) < level
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    return float(above[0]), float(above[1])


def saturated(phi: Nonlinearity, h: Array) -> Array:
    """One for those of these activations that are, zero for the others."""
    assert phi.bounds is not None
    low, high = phi.bounds
    return np.asarray(np.abs(h - (low + high) / 2) > EDGE * (high - low) / 2, float)
