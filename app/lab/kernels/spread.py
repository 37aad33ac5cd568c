"""Where numbers lie that were counted between edges."""

import numpy as np

from .compiling import kernel
from .statistics import Counts, Doubles


@kernel("void(int64[::1], float64[::1], float64[::1], float64[::1], float64[::1], float64[::1])")
def see_spread(counts: Counts, edges: Doubles, limits: Doubles, shares: Doubles, below: Doubles, points: Doubles) -> None:
    """How many lie below each limit, and below which points these shares of all lie, if there are any.

    As if numbers were spread evenly between two edges.
    """
    before = np.zeros(edges.size, np.int64)
    for i in range(counts.size):
        before[i + 1] = before[i] + counts[i]
    total = before[-1]
    for k in range(limits.size):
        i = np.searchsorted(edges, limits[k], side="right") - 1
        below[k] = 0 if i < 0 else total
        if 0 <= i < counts.size:
            below[k] = before[i] + counts[i] * ((limits[k] - edges[i]) / (edges[i + 1] - edges[i]))
    for k in range(shares.size if total else 0):
        rank = shares[k] * total
        i = np.searchsorted(before[1:], rank)
        points[k] = edges[i] + (rank - before[i]) / counts[i] * (edges[i + 1] - edges[i])
