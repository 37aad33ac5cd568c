"""Random words without a state: each is a function of a key and of its place, so that any thread draws any of them.

Threefry-4x32 with 13 rounds: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", whose
library publishes answers for 13, 20 and 72. After eight rounds the words still show single bits of a counter (tested).
"""

from typing import Any

import numpy as np
from numba import uint32, uint64

from .compiling import inlined, kernel

Words = np.ndarray[Any, np.dtype[np.uint32]]
Numbers = np.ndarray[Any, np.dtype[np.uint64]]
Four = tuple[Any, Any, Any, Any]

COUNTERS = 256  # to a chunk
CHUNK = 4 * COUNTERS  # words drawn at once: the first words of all counters, then the second, third and fourth
PARITY = 0x1BD11BDA
STEPS = np.arange(COUNTERS, dtype=np.uint32)
TURNS = (10, 26, 11, 21, 13, 27, 23, 5), (6, 20, 17, 11, 25, 10, 18, 20)


@inlined
def _mix(a: Any, b: Any, bits: int) -> tuple[Any, Any]:
    a = uint32(a + b)
    turned = uint32(uint32(b << uint32(bits)) | uint32(b >> uint32(32 - bits)))
    return a, uint32(turned ^ a)


@inlined
def _four_rounds(a: Any, b: Any, c: Any, d: Any, turns: Any) -> Four:
    a, b = _mix(a, b, turns[0])
    c, d = _mix(c, d, turns[1])
    a, d = _mix(a, d, turns[2])
    c, b = _mix(c, b, turns[3])
    a, b = _mix(a, b, turns[4])
    c, d = _mix(c, d, turns[5])
    a, d = _mix(a, d, turns[6])
    c, b = _mix(c, b, turns[7])
    return a, b, c, d


@inlined
def _inject(a: Any, b: Any, c: Any, d: Any, k: Any, number: int) -> Four:
    """The key once more, turned by one word each time; `k` is so turned already."""
    return uint32(a + k[0]), uint32(b + k[1]), uint32(c + k[2]), uint32(uint32(d + k[3]) + uint32(number))


@inlined
def encrypted(key: Any, a: Any, b: Any, c: Any, d: Any) -> Four:
    """The four words that a key makes of a counter."""
    k0, k1, k2, k3 = key
    k4 = uint32(uint32(uint32(uint32(uint32(PARITY) ^ k0) ^ k1) ^ k2) ^ k3)
    a, b, c, d = _inject(a, b, c, d, (k0, k1, k2, k3), 0)
    a, b, c, d = _four_rounds(a, b, c, d, TURNS[0])
    a, b, c, d = _inject(a, b, c, d, (k1, k2, k3, k4), 1)
    a, b, c, d = _four_rounds(a, b, c, d, TURNS[1])
    a, b, c, d = _inject(a, b, c, d, (k2, k3, k4, k0), 2)
    a, b, c, d = _four_rounds(a, b, c, d, TURNS[0])
    a, b, c, d = _inject(a, b, c, d, (k3, k4, k0, k1), 3)
    a, b = _mix(a, b, TURNS[1][0])
    c, d = _mix(c, d, TURNS[1][1])
    return a, b, c, d


@kernel("void(uint32[::1], uint64, uint32[::1])")
def draw_words(key: Words, chunk: int, out: Words) -> None:
    """The words of one chunk, shape (CHUNK,)."""
    k = (key[0], key[1], key[2], key[3])
    first = uint64(uint64(chunk) * uint64(COUNTERS))
    low, high = uint32(first), uint32(first >> uint64(32))
    for i in range(COUNTERS):
        a, b, c, d = encrypted(k, uint32(low + STEPS[i]), high, uint32(0), uint32(0))
        out[i] = a
        out[i + COUNTERS] = b
        out[i + 2 * COUNTERS] = c
        out[i + 3 * COUNTERS] = d


@kernel("void(uint32[::1], uint64)")
def fold_in(key: Words, number: int) -> None:
    """Make of a key the key of the stream of this number, one of 2^64 that have nothing to do with each other.

    Its counters are none that `draw_words` uses.
    """
    k = (key[0], key[1], key[2], key[3])
    low, high = uint32(number), uint32(uint64(number) >> uint64(32))
    key[0], key[1], key[2], key[3] = encrypted(k, low, high, uint32(0), uint32(1))


def key_of(seed: int, *path: int) -> Words:
    """The key of a stream: a seed, and whatever tells the streams of one experiment apart."""
    key = np.array([seed & 0xFFFFFFFF, seed >> 32, 0, 0], np.uint32)
    for number in path:
        fold_in(key, number)
    return key
