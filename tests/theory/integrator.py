"""Expectations by another road than `app.theory.quadrature`: midpoints with Richardson's extrapolation, piece by piece,
and for a pair the part two normals have in common.
"""

from collections.abc import Callable, Sequence
from math import pi, sqrt

import numpy as np

from app.theory.quadrature import Array, Function

Integrand = Callable[[Array], Array]


def integral(integrand: Integrand, breaks: Array, points: int) -> Array:
    """∫ between the breaks, which ascend along the last axis; the integrand is smooth between them."""

    def midpoints(number: int) -> Array:
        inside = (np.arange(number) + 0.5) / number
        widths = np.diff(breaks)
        x = breaks[..., :-1, None] + widths[..., None] * inside
        return np.asarray((integrand(x) * (widths[..., None] / number)).sum(axis=(-2, -1)))

    return np.asarray((4 * midpoints(2 * points) - midpoints(points)) / 3)


def density(x: Array, std: float) -> Array:
    return np.asarray(np.exp(-((x / std) ** 2) / 2) / (std * sqrt(2 * pi)))


def expectation(function: Function, std: float, kinks: Sequence[float] = (), points: int = 4000) -> float:
    """E[f(u)], u normal with this standard deviation."""
    reach = 12 * std
    breaks = np.unique(np.clip([-reach, -40, -8, -1, 0, 1, 8, 40, reach, *kinks], -reach, reach))
    return float(integral(lambda u: function(u) * density(u, std), breaks, points))


def pair(function: Function, std: float, correlation: float, kinks: Sequence[float] = ()) -> float:
    """E[f(u)·f(v)]: u = √|c|·s + √(1-|c|)·a and v = ±√|c|·s + √(1-|c|)·b, with s, a and b independent.

    So it is E[g(s)·g(±s)], g the mean over a.
    """
    common, own = std * sqrt(abs(correlation)), std * sqrt(1 - abs(correlation))

    def smoothed(s: Array) -> Array:
        features = np.array([-40.0, -8.0, -1.0, 0.0, 1.0, 8.0, 40.0, *kinks])
        moved = features - s[..., None]
        window = np.broadcast_to(own * np.array([-8.0, -3.0, 0.0, 3.0, 8.0]), (*s.shape, 5))
        breaks = np.sort(np.clip(np.concatenate([moved, window], axis=-1), -8 * own, 8 * own))
        return integral(lambda a: function(s[..., None, None] + a) * density(a, own), breaks, 24)

    reach, sides = 8 * common, [centre + own * side for centre in (0.0, *kinks) for side in (-6, -2, 0, 2, 6)]
    parts = [common * part for part in (-4, -2, -1, 1, 2, 4)]
    breaks = np.unique(np.clip([-reach, -40, -8, -1, 0, 1, 8, 40, reach, *parts, *sides], -reach, reach))
    sign = 1 if correlation > 0 else -1
    return float(integral(lambda s: smoothed(s) * smoothed(sign * s) * density(s, common), breaks, 24))
