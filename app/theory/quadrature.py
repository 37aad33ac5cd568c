"""Expectations over normal variables, by Gauss-Legendre quadrature on panels whose edges know the integrand.

The functions integrated vary on a scale of one around zero, have kinks at known places, and are affine to float64's
precision beyond ±40, as every non-periodic activation is. The normal density varies on the scale of its standard
deviation. Panels end at the features of both, so that neither a kink, nor a tanh steep beside its argument's spread,
nor a narrow conditional density costs digits.
"""

from collections.abc import Callable
from functools import lru_cache
from math import pi, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Function = Callable[[Array], Array]

REACH = 6.5  # standard deviations that the plane is integrated over; what lies beyond is 1e-8 of a mean square
_LINE = np.polynomial.legendre.leggauss(12)
PLANE = np.polynomial.legendre.leggauss(5)


def both_signs(*positive: float) -> Array:
    """These edges, their negatives, and zero."""
    return np.array([*(-edge for edge in reversed(positive)), 0.0, *positive])


DENSITY = both_signs(1.0, 2.0, 3.0, 4.0, 5.0, 6.5, 8.0, 10.0, 12.0)
FEATURES = both_signs(0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 40.0)
_OUTER = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.5, 10.0, 12.0)
_EVERY_SCALE = both_signs(*(10.0**k for k in range(-12, 0)), *_OUTER)
COARSE_DENSITY = both_signs(0.75, 1.5, 2.5, 4.0, REACH)
COARSE_FEATURES = both_signs(0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_ROUNDED = both_signs(1.0, 2.5, 5.0)  # of a kink seen through a normal density, in its standard deviations


def panels(edges: Array, rule: tuple[Array, Array] = _LINE) -> tuple[Array, Array]:
    """Nodes and weights of ∫ dz between edges that ascend along the last axis; others may come before it.

    The first node of every panel comes first, then the second of each: loops along panels are longer.
    """
    nodes, weights = (each[:, None] for each in rule)
    low, high = edges[..., None, :-1], edges[..., None, 1:]
    centre, half = (high + low) / 2, (high - low) / 2
    shape = *edges.shape[:-1], -1
    return (centre + half * nodes).reshape(shape), (half * weights).reshape(shape)


def within(edges: Array, reach: float) -> Array:
    """Those between ±reach, in ascending order, each once."""
    ordered = np.sort(edges[np.abs(edges) <= reach])
    return np.asarray(ordered[np.append(np.diff(ordered) > 0, True)])


def normal_density(z: Array) -> Array:
    return np.asarray(np.exp(z * z * -0.5) * (1 / sqrt(2 * pi)))


def line_rule(std: float = 1.0, kinks: tuple[float, ...] = (), shift: float = 0.0) -> tuple[Array, Array]:
    """Nodes z and weights w with Σ w·f(std·(z + shift)) = E[f(std·(z + shift))], z standard normal.

    f may have kinks at the points given.
    """
    features = np.append(FEATURES, kinks) / std - shift
    z, width = panels(within(np.append(DENSITY, features), 12.0))
    return z, width * normal_density(z)


@lru_cache(maxsize=64)  # kinks move with every variance there is
def normal_rule(kinks: tuple[float, ...] = ()) -> tuple[Array, Array]:
    """Nodes z and weights w with Σ w·f(z) = E[f(z)] for f that vary on any scale around zero, with kinks in z.

    One rule for functions of all spreads, where that is worth its panels that close in on zero.
    """
    near = [kink * factor for kink in kinks if kink for factor in (0.99, 1.0, 1.01)]
    z, width = panels(within(np.append(_EVERY_SCALE, near), 12.0))
    return z, width * normal_density(z)


def pair_rule(std: float, correlation: float, kinks: tuple[float, ...] = ()) -> tuple[Array, Array, Array]:
    """Nodes u, shape (n, 1), and v, shape (n, m), and weights (n, m), for two normal variables of this correlation.

    Of them those with u > 0: (-u, -v) is as likely. v is integrated given u, with mean correlation·u, on panels of its
    own for every u: a function of v keeps its features where they are, and the mean of one given u has them rounded by
    the density, at feature ÷ correlation. There may be kinks at these points and at their negatives.
    """
    c = max(-1.0, min(1.0, correlation))
    rest = sqrt((1 - c) * (1 + c))
    features = np.concatenate([COARSE_FEATURES, kinks, np.negative(kinks)]) / std
    rounded = [(kink / std + rest * _ROUNDED) / c for kink in {0.0, *kinks}] if c else []
    edges = np.abs(np.concatenate([COARSE_DENSITY, features, *rounded]))
    z, width = panels(within(edges, REACH), PLANE)
    z, weight = z[:, None], (width * normal_density(z))[:, None]
    if rest == 0:
        return std * z, c * std * z, weight
    moved = np.clip((within(features, REACH * (abs(c) + rest)) - c * z) / rest, -REACH, REACH)
    edges = np.concatenate([moved, np.broadcast_to(COARSE_DENSITY, (len(z), len(COARSE_DENSITY)))], axis=1)
    w, inner = panels(np.sort(edges, axis=1), PLANE)
    return std * z, std * (c * z + rest * w), weight * inner * normal_density(w)


def pair_expectation(function: Function, std: float, correlation: float, kinks: tuple[float, ...] = ()) -> float:
    """E[f(u)·f(v)], u and v normal with this standard deviation and correlation; f may have kinks where said."""
    u, v, weight = pair_rule(std, correlation, kinks)
    return float((weight * function(u) * function(v)).sum() + (weight * function(-u) * function(-v)).sum())
