"""A function worked out at a few places and known everywhere: interpolation between Chebyshev's nodes, panel by panel.

Where a function is smooth, here to float64's rounding (Trefethen 2013, "Approximation Theory and Approximation
Practice", ch. 5 and 8). Whoever asks first works out a panel, and whoever asks for a place near it later need not.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from math import floor, pi
from typing import TypeVar

import numpy as np

from .quadrature import Array

K = TypeVar("K", bound=Hashable)

NODES = 16  # to a panel of length one
_ANGLES = pi * (np.arange(NODES) + 0.5) / NODES
_PLACES = (1 - np.cos(_ANGLES)) / 2
_WEIGHTS = np.sin(_ANGLES) * (-1.0) ** np.arange(NODES)


def interpolated(function: Callable[[K, float], Array], panels: int) -> Callable[[K, float], Array]:
    """The same function of something and a number, with so many panels kept."""

    @lru_cache(maxsize=panels)
    def panel(of: K, number: int) -> Array:
        return np.stack([function(of, number + float(place)) for place in _PLACES])

    def between(of: K, x: float) -> Array:
        number = floor(x)
        apart = x - number - _PLACES
        at_node = np.flatnonzero(apart == 0)
        if at_node.size:
            return np.asarray(panel(of, number)[at_node[0]])
        weights = _WEIGHTS / apart
        return np.asarray(weights @ panel(of, number) / weights.sum())

    return between
