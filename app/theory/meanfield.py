"""One layer at infinite width: what an activation makes of a normal preactivation's variance, mean and correlation.

At infinite width the preactivations of a layer are normal, given the layer before, with variance
q = fan_in·Var(w)·E[h²] + Var(b) (Poole et al. 2016, "Exponential expressivity in deep neural networks through
transient chaos", eq. 3; Schoenholz et al. 2017, "Deep Information Propagation", eq. 2). Everything here follows.

Variances between `LOW` and `HIGH` are integrated. Nearer to zero φ is φ(0) or, if that is zero, straight on either
side; farther out it is straight on either side, or a step between its bounds. There each integral is a power of q,
to one part in 10⁷, and its logarithm is right however small or large q is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import acos, asin, exp, inf, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from . import sine
from .chebyshev import interpolated
from .layer import safe_log
from .quadrature import Array, Function, line_rule, pair_expectation

LOW, HIGH = 1e-16, 1e16  # variances


@dataclass(frozen=True)
class Nonlinearity:
    """φ and φ' on float64 arrays, and what speeds the integrals up."""

    name: str
    value: Function
    slope: Function
    kinks: tuple[float, ...]
    bounds: tuple[float, float] | None
    homogeneous: bool


class Moments(NamedTuple):
    """Of φ(u), u ~ N(0, q): E[φ], E[φ²], E[φ⁴], E[φ'²], and dE[φ²]/dq."""

    mean: float
    square: float
    fourth: float
    slope_square: float
    growth: float


class Ratios(NamedTuple):
    """The same free of scale: log E[φ²], E[φ]/√E[φ²], E[φ⁴]/E[φ²]², log E[φ'²], and d log E[φ²]/d log q.

    Where φ is zero at a variance of zero, the first is -∞.
    """

    log_square: float
    mean: float
    fourth: float
    log_slope_square: float
    exponent: float


class Limit(NamedTuple):
    """What φ is like at the smallest or the largest variances, and the powers of q that its integrals follow there.

    `left` and `right`: its values on either side of zero if `level`, else its slopes.
    """

    level: bool
    left: float
    right: float
    mean: float
    square: float
    slope_square: float
    growth: float


def moments(phi: Nonlinearity, q: float) -> Moments:
    """The integrals a layer needs, as far as float64 holds them."""
    edge, limit = _nearest_integrated(phi, q)
    at = _integrals(phi, edge)
    if limit is None:
        return at
    ratio = q / edge
    size = ratio**limit.square
    return Moments(
        mean=at.mean * ratio**limit.mean,
        square=at.square * size,
        fourth=at.fourth * size * size,
        slope_square=at.slope_square * ratio**limit.slope_square,
        growth=at.growth * ratio**limit.growth,
    )


def ratios(phi: Nonlinearity, log_q: float) -> Ratios:
    """The integrals a layer needs, at any size of q; log_q is -∞ where q is zero."""
    edge, limit = _nearest_integrated(phi, _held(log_q))
    found = _ratios(phi, log(edge))
    if limit is None:
        return found
    beyond = log_q - log(edge)

    def grown(power: float) -> float:
        return power * beyond if power else 0.0

    return found._replace(
        log_square=found.log_square + grown(limit.square),
        mean=found.mean * exp(grown(limit.mean - limit.square / 2)),
        log_slope_square=found.log_slope_square + grown(limit.slope_square),
        exponent=found.exponent * exp(grown(1 + limit.growth - limit.square)),
    )


def _held(log_q: float) -> float:
    """q as a float64, or one as far out."""
    return exp(min(max(log_q, -700.0), 700.0))


def _nearest_integrated(phi: Nonlinearity, q: float) -> tuple[float, Limit | None]:
    """The nearest variance that is integrated, and what holds between there and q, if they differ."""
    edge = 1.0 if phi.homogeneous else min(max(q, LOW), HIGH)
    return edge, None if edge == q else _limit(phi, far=q > edge)


def limit_near_zero(phi: Nonlinearity) -> Limit:
    """What φ is like there."""
    return _limit(phi, far=False)


@lru_cache(maxsize=64)
def _limit(phi: Nonlinearity, far: bool) -> Limit:
    either_side = np.array([-1e4, 1e4]) if far else np.array([-1e-12, 1e-12])
    left, right = map(float, phi.value(either_side))
    if phi.bounds and far:
        # The density of u around zero, where φ has a slope, falls as 1/√q; a sine has it everywhere.
        powers = (0.0, -1.0) if phi.name in CLOSED_MOMENTS else (-0.5, -1.5)
        return Limit(True, left, right, 0.0, 0.0, *powers)
    if not far and (at_zero := float(phi.value(np.zeros(1))[0])):
        return Limit(True, at_zero, at_zero, 0.0, 0.0, 0.0, 0.0)
    left, right = map(float, phi.slope(either_side))
    # Straight through zero, φ has the mean that its curvature gives it.
    return Limit(False, left, right, 1.0 if left == right and not far else 0.5, 1.0, 0.0, 0.0)


@lru_cache(maxsize=8192)  # whoever looks for gains looks at five hundred of each activation
def _integrals(phi: Nonlinearity, q: float) -> Moments:
    """By Stein's lemma dE[f(√q·z)]/dq = E[z·f'(√q·z)] / 2√q."""
    if phi.name in CLOSED_MOMENTS:
        return Moments(*CLOSED_MOMENTS[phi.name](q))
    std = sqrt(q)
    z, weight = line_rule(std, phi.kinks)
    h, slope = phi.value(std * z), phi.slope(std * z)
    square = h**2
    return Moments(
        mean=float(weight @ h),
        square=float(weight @ square),
        fourth=float(weight @ square**2),
        slope_square=float(weight @ slope**2),
        growth=float(weight @ (z * h * slope)) / std,
    )


def _ratios(phi: Nonlinearity, log_q: float) -> Ratios:
    """Among the variances that are integrated: between some of them, unless they are known as fast."""
    known = phi.homogeneous or phi.name in CLOSED_MOMENTS
    return Ratios(*(_integrated if known else _between)(phi, log_q).tolist())


def _integrated(phi: Nonlinearity, log_q: float) -> Array:
    q = exp(log_q)
    at = _integrals(phi, q)
    mean, fourth = at.mean / sqrt(at.square), at.fourth / at.square**2
    return np.array([log(at.square), mean, fourth, log(at.slope_square), q * at.growth / at.square])


_between = interpolated(_integrated, panels=1024)


def shifted(phi: Nonlinearity, log_q: float, mean: float) -> tuple[float, float]:
    """log E[φ²] and E[φ]/√E[φ²] of φ(u), u of variance q and of this mean, in standard deviations."""
    edge, limit = _nearest_integrated(phi, _held(log_q))
    std = sqrt(edge)
    if phi.name in CLOSED_MOMENTS:
        average, square = sine.shifted(edge, std * mean)
    else:
        z, weight = line_rule(std, phi.kinks, mean)
        h = phi.value(std * (z + mean))
        average, square = float(weight @ h), float(weight @ h**2)
    beyond = limit.square * (log_q - log(edge)) if limit and limit.square else 0.0
    return safe_log(square) + beyond, average / sqrt(square) if square else 0.0


CLOSED_MOMENTS: dict[str, Callable[[float], tuple[float, float, float, float, float]]] = {"sin": sine.moments}


def _erf_pair(q: float, c: float) -> float:
    """Williams 1997, "Computing with Infinite Networks", eq. 11."""
    return 2 / pi * asin(2 * q * c / (1 + 2 * q))


CLOSED_PAIRS: dict[str, Callable[[float, float], float]] = {"erf": _erf_pair, "sin": sine.pair}


def pair_square(phi: Nonlinearity, q: float, correlation: float) -> float:
    """E[φ(u)·φ(v)], u and v normal of variance q with this correlation."""
    return moments(phi, q).square * pair_ratio(phi, log(q) if q > 0 else -inf, correlation)


def pair_ratio(phi: Nonlinearity, log_q: float, correlation: float) -> float:
    """The same over E[φ²]: in closed form where one is known. It lies within ±1, but for the rounding of both."""
    c = max(-1.0, min(1.0, correlation))
    q = _held(log_q)
    edge, limit = _nearest_integrated(phi, q)
    if c == 1:
        return 1.0
    if phi.name in CLOSED_PAIRS:
        closed = CLOSED_PAIRS[phi.name]
        ratio = closed(q, c) / closed(q, 1.0)
    elif phi.homogeneous or limit:
        ratio = _limit_pair(limit or _limit(phi, far=True), c)
    elif abs(c) < 1e-12:
        ratio = ratios(phi, log_q).mean ** 2
    else:
        ratio = pair_expectation(phi.value, sqrt(edge), c, phi.kinks) / exp(_ratios(phi, log(edge)).log_square)
    return max(-1.0, min(1.0, ratio))


def slope_pair(phi: Nonlinearity, log_q: float, correlation: float) -> float:
    """E[φ'(u)·φ'(v)], u and v normal of this variance and correlation."""
    edge, _ = _nearest_integrated(phi, _held(log_q))
    c = max(-1.0, min(1.0, correlation))
    if phi.name in CLOSED_MOMENTS:
        return sine.slope_pair(edge, c)
    return pair_expectation(phi.slope, sqrt(edge), c, phi.kinks)


def _limit_pair(limit: Limit, c: float) -> float:
    """For a step the share of equal signs (Sheppard 1899); for φ straight on either side of zero Cho and Saul 2009,
    "Kernel Methods for Deep Learning", eq. 6 (arc-cosine kernel of degree 1), of every pair of sides.
    """
    left, right = limit.left, limit.right
    if limit.level:
        same, opposite = (left + right) ** 2, (left - right) ** 2
        return (same + opposite * 2 / pi * asin(c)) / (same + opposite)

    def kernel(c: float) -> float:
        return (sqrt((1 - c) * (1 + c)) + c * (pi - acos(c))) / pi

    return kernel(c) - 2 * left * right / (left**2 + right**2) * kernel(-c)


def correlation_depth(phi: Nonlinearity, gain: float, q: float) -> float | None:
    """The depth over which correlations near one relax, 1/|ln χ₁| (Schoenholz et al. 2017, eq. 9); None at the edge."""
    chi = gain**2 * moments(phi, q).slope_square
    return None if chi <= 0 or abs(np.log(chi)) < 1e-12 else float(1 / abs(np.log(chi)))
