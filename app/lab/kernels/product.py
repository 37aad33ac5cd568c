"""x @ w while w is drawn: no weight is ever stored."""

from typing import Any

import numpy as np
from numba import uint64

from .compiling import kernel
from .distributions import Floats, fill_chunk
from .threefry import CHUNK, Words, draw_words

Sums = np.ndarray[Any, np.dtype[np.float64]]

ROWS = 512  # of w summed up in float32, before float64 takes the sum


def chunk_width(fan_out: int) -> int:
    """Columns of w that a chunk of its entries covers: a power of two, all of them if they are few."""
    return min(CHUNK, 1 << (fan_out - 1).bit_length())


@kernel("void(int64, uint32[::1], float32[::1], int64, int64, int64, int64, float64[::1])")
def add_product(number: int, key: Words, x: Floats, row: int, width: int, across: int, first: int, z: Sums) -> None:
    """Add x[row:row + ROWS] @ w[row:row + ROWS] for the columns of z, which begin with the chunk `first`.

    A chunk covers `width` columns of CHUNK / width rows, and `across` of them cover all columns. `z`: whole chunks.
    """
    rows = CHUNK // width
    words, entries = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.float32)
    for group in range(z.size // width):
        sums = np.zeros(width, np.float32)
        for i in range(row, min(row + ROWS, x.size), rows):
            draw_words(key, uint64(i // rows * across + first + group), words)
            fill_chunk(number, words, entries)
            for r in range(min(rows, x.size - i)):
                for j in range(width):
                    sums[j] += x[i + r] * entries[r * width + j]
        for j in range(width):
            z[group * width + j] += sums[j]
