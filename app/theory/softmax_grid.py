"""The averages of many softmaxes at once: between the places of a grid of variances and numbers of keys.

What is interpolated is smooth from no variance to the largest: ln n less the entropy, the logarithms of n·Σp² and
n²·Σp³, and the relative variance of Σp² over the variance's square, by Lagrange's cubics in log(1 + variance) and in
ln n. Right to one part in 10⁴.
"""

from math import expm1, log
from typing import NamedTuple

import numpy as np

from .quadrature import Array
from .softmax import softmax

STEP = 0.1  # of log(1 + variance)
SIDE = 4  # places of a grid that a cubic goes through
FEW = (1, 2, 3, 4, 6, 8, 12)  # numbers of keys on the grid; from 8 on every second doubles


class Averages(NamedTuple):
    """Of each softmax, as in `softmax.Softmax`; `uneven` is Var(Σp²) over E[Σp²]²."""

    entropy: Array
    participation: Array
    uneven: Array
    cube: Array


def softmaxes(variances: Array, keys: Array) -> Averages:
    """The averages of each pair of a variance and a number of keys, which need not be whole; shape (pairs,)."""
    numbers = _numbers(keys)
    across, place = _cubic(np.log1p(variances) / STEP, None)
    along, number = _cubic(np.log(keys), np.log(numbers))
    pairs, index = np.unique(place[:, :, None] * len(numbers) + number[:, None, :], return_inverse=True)
    known = np.array([_deficits(pair // len(numbers), numbers[pair % len(numbers)]) for pair in pairs.tolist()])
    found = np.einsum("ip,in,ipnk->ik", across, along, known[index.reshape(len(keys), SIDE, -1)])
    less, second, uneven, cube = found.T
    return Averages(np.log(keys) - less, np.exp(second) / keys, uneven * variances**2, np.exp(cube) / keys**2)


def _deficits(place: int, keys: int) -> tuple[float, float, float, float]:
    """What is interpolated, at a place of the grid."""
    variance, n = expm1(STEP * place), log(keys)
    p = softmax(variance, keys)
    uneven = (p.participation_square / p.participation**2 - 1) / variance**2 if place else 2 * (keys - 1) / keys**2
    return n - p.entropy, n + log(p.participation), uneven, 2 * n + log(p.cube)


def _numbers(keys: Array) -> list[int]:
    """The grid's numbers of keys: one alone if all have so many."""
    if np.ptp(keys) == 0 and keys[0] == round(keys[0]):
        return [int(keys[0])]
    found = list(FEW)
    while found[-1] < keys.max():
        found.append(2 * found[-2])
    return found


def _cubic(x: Array, grid: Array | None) -> tuple[Array, Array]:
    """Lagrange's weights of the places around each x, and which they are; the grid is 0, 1, 2, … if none is given."""
    if grid is None:
        first = np.maximum(np.floor(x).astype(int) - 1, 0)
        places = first[:, None] + np.arange(SIDE)
        at = places.astype(float)
    else:
        side = min(SIDE, len(grid))
        first = np.clip(np.searchsorted(grid, x, "right") - 2, 0, len(grid) - side)
        places = first[:, None] + np.arange(side)
        at = grid[places]
    apart = at[:, :, None] - at[:, None, :] + np.eye(at.shape[1])
    over = np.where(np.eye(at.shape[1], dtype=bool), 1.0, (x[:, None] - at)[:, None, :] / apart)
    return over.prod(2), places
