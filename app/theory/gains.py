"""Which gain an activation wants: for the variance, for the gradient, and whether what it gives is stable.

The map of one layer without biases is q ← gain²·V(q), V(q) = E[φ(√q·z)²]; its fixed points, their stability
(the map's slope) and the gradient's factor there, gain²·E[φ'²], say what depth does (Schoenholz et al. 2017).
"""

from math import exp, log, sqrt
from typing import NamedTuple

from app.theory.meanfield import Nonlinearity, moments

MARGIN = 1e-6  # of a slope, before it counts as above one
LOW, HIGH = 1e-8, 1e8  # variances among which fixed points are looked for


class Gains(NamedTuple):
    """`slope`: of the map at the fixed point of `variance_preserving`; `stable`: at most one.

    `critical`: the smallest gain whose fixed point has a gradient factor of one. None where there is none.
    """

    variance_preserving: float | None
    slope: float | None
    stable: bool | None
    gradient_factor: float | None
    critical: float | None


class Growth(NamedTuple):
    """What depth does under one gain: the attracting variance, growth per layer there, forward and backward."""

    gain: float
    fixed_point: float | None
    forward: float
    gradient: float
    slope: float


def gains(phi: Nonlinearity) -> Gains:
    """The gains of an activation. `variance_preserving` keeps a preactivation variance of one: 1/√E[φ(z)²]."""
    unit = moments(phi, 1.0)
    gain = 1 / sqrt(unit.square)
    slope = gain**2 * unit.growth
    return Gains(gain, slope, slope <= 1 + MARGIN, gain**2 * unit.slope_square, critical_gain(phi))


def critical_gain(phi: Nonlinearity) -> float | None:
    """The smallest gain with gradient factor one at the fixed point it settles at, without biases.

    At a fixed point gain² = q/V(q), so the factor is q·E[φ'²]/V(q). It is one for every q if φ is homogeneous;
    at q → 0 it is one if φ(0) = 0, and that point attracts if V(q)/q falls from there; elsewhere it is sought.
    """
    if phi.homogeneous:
        return 1 / sqrt(moments(phi, 1.0).slope_square)
    found = []
    small = moments(phi, LOW)
    if abs(small.slope_square * LOW / small.square - 1) < 1e-3 and _ratio(phi, 1e-2) < _ratio(phi, 1e-3):
        found.append(1 / sqrt(small.slope_square))
    grid = [exp(log(1e-4) + (log(1e4) - log(1e-4)) * i / 160) for i in range(161)]
    excess = [_excess(phi, q) for q in grid]
    for q, right, before, after in zip(grid, grid[1:], excess, excess[1:], strict=False):
        if before * after < 0 and abs(before) > 1e-9 and abs(after) > 1e-9:
            root = _bisect(phi, q, right)
            at = moments(phi, root)
            if root * at.growth / at.square <= 1 + MARGIN:
                found.append(sqrt(root / at.square))
    return min(found) if found else None


def growth(phi: Nonlinearity, gain: float) -> Growth:
    """Where the map under this gain leads from a variance of one, and what a layer does there.

    A map that leads to nothing or to infinity has no fixed point; its growth is the limit's.
    """
    q = 1.0
    for _ in range(400):
        following = gain**2 * moments(phi, q).square
        if not LOW < following < HIGH:
            q = min(max(following, LOW), HIGH)
            break
        if abs(following - q) < 1e-10 * q:
            q = following
            break
        q = following
    at = moments(phi, q)
    forward = gain**2 * at.square / q
    settled = abs(forward - 1) < 1e-3 and LOW < q < HIGH
    return Growth(gain, q if settled else None, forward, gain**2 * at.slope_square, gain**2 * at.growth)


def _ratio(phi: Nonlinearity, q: float) -> float:
    return moments(phi, q).square / q


def _excess(phi: Nonlinearity, q: float) -> float:
    at = moments(phi, q)
    return q * at.slope_square / at.square - 1


def _bisect(phi: Nonlinearity, low: float, high: float) -> float:
    rising = _excess(phi, low) < 0
    for _ in range(60):
        middle = sqrt(low * high)
        low, high = (middle, high) if (_excess(phi, middle) < 0) == rising else (low, middle)
    return sqrt(low * high)
