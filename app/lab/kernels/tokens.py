"""Tokens, one a row: normalized, what they say of each other, and the weights by which they attend."""

import numpy as np
from numba import float32, float64, int32

from .compiling import SUMS, kernel
from .distributions import minus_two_log
from .statistics import Doubles, Floats, square_sum


@kernel("void(float32[:,::1], boolean, float64, float32[:,::1], float32[:,::1])", SUMS)
def normalize(rows: Floats, centres: bool, eps: float, out: Floats, factors: Floats) -> None:
    """Every row, less its mean if it `centres`, times its factor 1/√(mean square + eps); `factors` has one column."""
    width = rows.shape[1]
    for r in range(rows.shape[0]):
        total, square = 0.0, 0.0
        if centres:
            for j in range(width):
                total += float64(rows[r, j])
        mean = float32(total / width)
        for j in range(width):
            apart = rows[r, j] - mean
            square += float64(apart) * float64(apart)
        factor = float32(1 / np.sqrt(square / width + eps))
        for j in range(width):
            out[r, j] = (rows[r, j] - mean) * factor
        factors[r, 0] = factor


@kernel("void(float32[:,::1], float64[:,::1])", SUMS)
def see_weights(weights: Floats, seen: Doubles) -> None:
    """Of every row of weights p, which sum to one: −Σp ln p, Σp² and the largest p; a column of `seen` for each row."""
    for r in range(weights.shape[0]):
        entropy, square, largest = float32(0), float32(0), int32(0)
        for j in range(weights.shape[1]):
            p = weights[r, j]
            entropy += p * minus_two_log(p, 0)
            square += p * p
            largest = max(largest, np.float32(p).view(np.int32))
        seen[0, r], seen[1, r] = float64(entropy) / 2, float64(square)
        seen[2, r] = float64(np.int32(largest).view(np.float32))


@kernel("void(float32[:,::1], int64, float64[:,::1])")
def see_sequences(rows: Floats, tokens: int, sums: Doubles) -> None:
    """Add the direction of every row to the sum of its sequence, which has so many rows; `sums` has a row for each."""
    for r in range(rows.shape[0]):
        square = square_sum(rows[r])
        if square != 0:
            over_length, of_sequence = 1 / np.sqrt(square), sums[r // tokens]
            for j in range(rows.shape[1]):
                of_sequence[j] += float64(rows[r, j]) * over_length
