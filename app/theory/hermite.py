"""What two units share whose preactivations are correlated: power series in the correlation.

For f and g with coefficients f_k, g_k in orthonormal Hermite polynomials, and u, v standard normal with correlation c,
E[f(u)·g(v)] = Σ f_k·g_k·c^k (Mehler 1866; Daniely, Frostig and Singer 2016, "Toward Deeper Understanding of Neural
Networks", sec. 4). Derivatives with respect to log variance are coefficients too, by Stein's lemma.
"""

from functools import cache, lru_cache
from math import exp, log, sqrt
from typing import Any, NamedTuple

import numpy as np

from .chebyshev import interpolated
from .meanfield import Nonlinearity
from .quadrature import Array, normal_rule

ORDER = 64  # terms kept; what is left out, known from E[f·g], goes into one more
VARIANCES = (1e-12, 1e12)  # beyond them every φ is a power of its argument to the digits that count
ORDERS = np.arange(ORDER + 2.0)
WEIGHTS = np.array([1 / 6, 2 / 3, 1 / 6])
# Of φ, φ², φ³, u·φ'/2, φ', φ'² the two factors of each series, in Unit's order.
_LEFT, _RIGHT = [0, 1, 2, 3, 4, 5, 1], [0, 1, 0, 0, 4, 5, 5]
SIZES = 7  # numbers of a Unit before its series
SETTLED = {"sin": 100.0}  # where moments are those of a uniform phase, to e^-100


class Unit(NamedTuple):
    """Of φ(u), u ~ N(0, q). Series are coefficients of powers of the correlation, relative to E[φ²] and E[φ'²].

    `growth` and `bend` are the first and second derivative of log E[φ²] with respect to log q, those of `slope_`
    the same of E[φ'²]. `chi`: q·E[φ'²]/E[φ²].
    """

    log_square: float
    growth: float
    bend: float
    log_slope_square: float
    slope_growth: float
    slope_bend: float
    chi: float
    product: Array  # φ_a·φ_b
    squares: Array  # φ_a²·φ_b²
    cube: Array  # φ_a³·φ_b
    stretch: Array  # d/d(log q_a) of φ_a·φ_b: u_a·φ'_a·φ_b / 2
    slopes: Array  # φ'_a·φ'_b
    slope_squares: Array  # φ'_a²·φ'_b²
    mixed: Array  # φ_a²·φ'_b²


def unit(phi: Nonlinearity, log_variance: float) -> Unit:
    """At any variance: beyond VARIANCES by the power law that holds there."""
    inside = _inside(phi, log_variance)
    known = phi.homogeneous or phi.name in SETTLED
    found, beyond = (_worked_out if known else _between)(phi, inside), log_variance - inside
    at = Unit(*found[:SIZES].tolist(), *found[SIZES:].reshape(-1, ORDER + 2))
    return at._replace(
        log_square=at.log_square + at.growth * beyond, log_slope_square=at.log_slope_square + at.slope_growth * beyond
    )


def _inside(phi: Nonlinearity, log_variance: float) -> float:
    low, high = (1.0, 1.0) if phi.homogeneous else (VARIANCES[0], SETTLED.get(phi.name, VARIANCES[1]))
    return min(max(log_variance, log(low)), log(high))


@lru_cache(maxsize=128)  # where nothing is interpolated a signal that has settled asks for one variance again and again
def _worked_out(phi: Nonlinearity, log_variance: float) -> Array:
    """A Unit's numbers, one after the other."""
    std = exp(log_variance / 2)
    z, weighted = _basis(tuple(kink / std for kink in phi.kinks))
    h, slope = phi.value(std * z), phi.slope(std * z)
    h_square, slope_square, pull = h * h, slope * slope, std * z * slope / 2
    functions = np.stack([h, h_square, h_square * h, pull, slope, slope_square])
    coefficients = functions @ weighted.T
    _, square, *_, slope_squares = coefficients
    wholes = np.stack([h_square * h_square, pull * h, slope_square * slope_square, h_square * slope_square])
    p, d = square[0], slope_squares[0]
    fourth, stretch, slope_fourth, mixed = wholes @ weighted[0]
    series = coefficients[_LEFT] * coefficients[_RIGHT]
    last = np.array([p, fourth, fourth, stretch, d, slope_fourth, mixed]) - series.sum(axis=1)
    scale = np.array([p, p**2, p**2, p, d, d**2, p * d])
    sizes = [log(p), *_derivatives(square), log(d), *_derivatives(slope_squares), std**2 * d / p]
    return np.append(sizes, np.column_stack([series, last]) / scale[:, None])


_between = interpolated(_worked_out, panels=128)  # of 60 kB


def _derivatives(coefficients: Array) -> tuple[float, float]:
    """Of log E[f(√q·z)] with respect to log q: with He₂ and He₄, d = E[He₂·f]/2 and d² = E[(He₄ + 2·He₂)·f]/4."""
    mean, second, fourth = coefficients[0], sqrt(2) * coefficients[2], sqrt(24) * coefficients[4]
    first = second / 2 / mean
    return float(first), float((fourth + 2 * second) / 4 / mean - first**2)


@cache
def _fixed_basis() -> tuple[Array, Array]:
    return _weighted(())


def _basis(kinks: tuple[float, ...]) -> tuple[Array, Array]:
    return _weighted(kinks) if any(kinks) else _fixed_basis()


def _weighted(kinks: tuple[float, ...]) -> tuple[Array, Array]:
    """Nodes z, and h_k(z)·weight with one row an order, h_k orthonormal."""
    z, weight = normal_rule(kinks)
    rows = [weight, z * weight]
    for k in range(1, ORDER):
        rows.append((z * rows[-1] - sqrt(k) * rows[-2]) / sqrt(k + 1))
    return z, np.stack(rows)


def at(series: Array, correlation: float | Array) -> Any:
    """The expectation at a correlation, or at each of several."""
    return powers(correlation) @ series


def powers(correlation: float | Array) -> Array:
    """1, c, c², … along the last axis, of a correlation or of each of several: what a series is summed with."""
    return np.asarray(np.power.outer(correlation, ORDERS))


def averaged_powers(correlation: float, scatter: float) -> Array:
    """Their means over correlations of this mean and variance."""
    return WEIGHTS @ powers(scattered(correlation, scatter))


def of_one(series: Array) -> float:
    """The expectation at a correlation of one: both units are the same."""
    return float(series.sum())


def along(series: Array, correlations: Array) -> Array:
    """The expectation at many correlations, each of the series along the first axis, by Horner's rule."""
    found = np.zeros(np.broadcast_shapes(series.shape[1:], correlations.shape))
    for coefficient in series[::-1]:
        found = found * correlations + coefficient
    return found


def steepness(series: Array, correlation: float) -> float:
    """The derivative with respect to the correlation."""
    return float(powers(correlation)[:-1] @ (ORDERS[1:] * series[1:]))


def scattered(correlation: float, scatter: float) -> Array:
    """Three correlations which, weighed by WEIGHTS, have this mean and variance, and a normal's next moments.

    Gauss's rule; kept within ±1.
    """
    reach = sqrt(3 * scatter)
    return np.array([max(correlation - reach, -1.0), min(max(correlation, -1.0), 1.0), min(correlation + reach, 1.0)])
