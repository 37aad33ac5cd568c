"""Which gain an activation wants: for the variance, for the gradient, and whether what it gives is stable.

The map of one layer without biases is q ← gain²·V(q), V(q) = E[φ(√q·z)²]; its fixed points, their stability
(the map's slope) and the gradient's factor there, gain²·E[φ'²], say what depth does (Schoenholz et al. 2017).
"""

from functools import cache
from itertools import pairwise
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from .meanfield import Nonlinearity, moments
from .quadrature import Array

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


@cache
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
    table = _table(phi)
    bend = table.log_growth - table.log_growth[0]
    first_bend = bend[np.argmax(np.abs(bend) > 1e-6)]
    if abs(table.excess[0]) < 1e-3 and first_bend < 0:
        either_side = phi.slope(np.array([-1e-12, 1e-12]))
        found.append(1 / sqrt(float(np.mean(either_side**2))))
    inner = (table.log_q > log(1e-4)) & (table.log_q < log(1e4))
    for (q, before), (right, after) in pairwise(zip(table.log_q[inner], table.excess[inner], strict=True)):
        if before * after < 0 and min(abs(before), abs(after)) > 1e-9:
            root = _root(phi, float(q), float(right))
            at = moments(phi, root)
            if root * at.growth / at.square <= 1 + MARGIN:
                found.append(sqrt(root / at.square))
    return min(found) if found else None


def growth(phi: Nonlinearity, gain: float) -> Growth:
    """Where the map under this gain leads from a variance of one, and what a layer does there.

    A map that leads to nothing or to infinity has no fixed point; its growth is the limit's.
    """
    table = _table(phi)
    log_q, step = 0.0, 1.0
    for _ in range(1000):
        step = 2 * log(gain) + float(np.interp(log_q, table.log_q, table.log_growth))
        log_q += step
        if abs(step) < 1e-9 or not log(LOW) < log_q < log(HIGH):
            break
    q = min(max(exp(log_q), LOW), HIGH)
    at = moments(phi, q)
    settled = abs(step) < 1e-3 and LOW < q < HIGH
    return Growth(gain, q if settled else None, gain**2 * at.square / q, gain**2 * at.slope_square, gain**2 * at.growth)


class _Table(NamedTuple):
    """Over a grid of variances q: log q, log V(q)/q, and the gradient's factor at a fixed point there, less one."""

    log_q: Array
    log_growth: Array
    excess: Array


@cache
def _table(phi: Nonlinearity) -> _Table:
    log_q = np.linspace(log(LOW), log(HIGH), 481)
    rows = [moments(phi, exp(value)) for value in log_q]
    square, slope_square = (
        np.array(column) for column in zip(*((m.square, m.slope_square) for m in rows), strict=True)
    )
    return _Table(log_q, np.log(square) - log_q, np.exp(log_q) * slope_square / square - 1)


def _root(phi: Nonlinearity, low: float, high: float) -> float:
    """The variance between exp(low) and exp(high) with a gradient factor of exactly one, by bisection."""

    def excess(log_q: float) -> float:
        at = moments(phi, exp(log_q))
        return exp(log_q) * at.slope_square / at.square - 1

    rising = excess(low) < 0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (excess(middle) < 0) == rising else (low, middle)
    return exp((low + high) / 2)
