"""Expectations over normal variables, by Gauss-Legendre quadrature on panels that close in on zero.

Panels rather than Gauss-Hermite nodes: a kink, or a tanh steep beside its argument's spread, costs no digits.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from math import pi, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Function = Callable[[Array], Array]

_LEGENDRE = np.polynomial.legendre.leggauss(12)
_OUTER = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.5, 10.0, 12.0)
_EDGES = (*(10.0**k for k in range(-12, 0)), *_OUTER)


def _panels(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights against the standard normal density, between these edges."""
    nodes, weights = _LEGENDRE
    centre, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    z = (centre[:, None] + half[:, None] * nodes).ravel()
    density = np.exp(-(z**2) / 2) / sqrt(2 * pi)
    return z, (half[:, None] * weights).ravel() * density


@lru_cache(maxsize=64)  # kinks move with every variance there is
def normal_rule(kinks: tuple[float, ...] = ()) -> tuple[Array, Array]:
    """Nodes z and weights w with Σ w·f(z) = E[f(z)], z standard normal; f may have kinks at the points given."""
    near = [kink * factor for kink in kinks if kink for factor in (0.99, 1.0, 1.01)]
    edges = sorted({0.0, *_EDGES, *(-edge for edge in _EDGES), *(k for k in near if abs(k) < 12)})
    return _panels(np.array(edges))


@cache
def pair_rule() -> tuple[Array, Array, Array]:
    """Nodes z₁, z₂ and weights for two independent standard normals, as three matrices that broadcast."""
    coarse = (1e-3, 1e-2, 0.1, *_OUTER[:-3])
    z1, w1 = _panels(np.array(sorted({0.0, *coarse, *(-edge for edge in coarse)})))
    z2, w2 = _panels(np.linspace(-8.5, 8.5, 18))
    return z1[:, None], z2[None, :], w1[:, None] * w2[None, :]


def pair_expectation(function: Function, std: float, correlation: float) -> float:
    """E[f(u)·f(v)], u and v normal with this standard deviation and correlation."""
    z1, z2, weight = pair_rule()
    mixed = correlation * z1 + sqrt(max(0.0, 1 - correlation**2)) * z2
    return float((weight * function(std * z1) * function(std * mixed)).sum())
