"""The distributions of entries: how random words become them, and their moments. One entry adds one, everywhere.

Whatever a chunk of words is made into is a function of its key and place alone.
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import Any

import numpy as np
from numba import float32, int32, uint32, uint64

from ...theory.moments import Moments
from .compiling import inlined, kernel
from .threefry import CHUNK, Numbers, Words, draw_words, fold_in

Floats = np.ndarray[Any, np.dtype[np.float32]]

HALF = CHUNK // 2
QUARTER = CHUNK // 4
SIGN = 0x80000000
TWO_THIRDS = 0x3F2AAAAB  # as float32's bits: mantissas are taken from there to 4/3
EDGE = 0.9544997361036416  # erf(√2): the share of N(0, 1) within ±2
TRUNCATED_STD = 0.8796256610342398  # of N(0, 1) cut at ±2: √(1 - 4φ(2) / (2Φ(2) - 1))


@inlined
def minus_two_log(x: Any, doublings: int) -> Any:
    """-2 ln(x / 2^doublings), x > 0, to 6e-8: exactly 0 where x is 2^doublings."""
    bits = int32(np.float32(x).view(np.int32) - int32(TWO_THIRDS + (doublings << 23)))
    exponent = float32(bits >> int32(23))
    m = np.int32(int32(bits & int32(0x7FFFFF)) + int32(TWO_THIRDS)).view(np.float32) - float32(1)
    p = float32(0.32159268856048584) * m + float32(-0.34938374161720276)
    p = p * m + float32(0.32533562183380127)
    p = p * m + float32(-0.3945225179195404)
    p = p * m + float32(0.5003519654273987)
    p = p * m + float32(-0.6668349504470825)
    p = p * m + float32(0.9999950528144836)
    p = p * m + float32(-1.999998688697815)
    return p * m + exponent * float32(-2 * log(2))


@inlined
def _on_half_circle(word: Any) -> tuple[Any, Any]:
    """cos θ and sin θ, θ uniform within ±π/2 from a word's lower 31 bits, to 5e-8."""
    turn = float32(int32(uint32(word << uint32(1)))) * float32(2.0**-32)
    s = turn * turn
    sine = float32(0.07722015678882599) * s + float32(-0.5980451703071594)
    sine = sine * s + float32(2.5500314235687256)
    sine = sine * s + float32(-5.1677069664001465)
    sine = sine * s + float32(3.141592502593994)
    cosine = float32(0.21969819068908691) * s + float32(-1.3318809270858765)
    cosine = cosine * s + float32(4.058412075042725)
    cosine = cosine * s + float32(-4.934792995452881)
    cosine = cosine * s + float32(0.9999999403953552)
    return cosine, sine * turn


@inlined
def _with_sign(size: Any, word: Any) -> Any:
    """`size`, which is not negative, with a word's highest bit for its sign."""
    return np.uint32(np.float32(size).view(np.uint32) | uint32(word & uint32(SIGN))).view(np.float32)


@inlined
def _normals(for_radius: Any, for_angle: Any) -> tuple[Any, Any]:
    """Box and Muller 1958: √(-2 ln u)·(cos θ, sin θ), with 32 random bits for u and 32 for θ."""
    radius = np.sqrt(minus_two_log(float32(for_radius) + float32(0.5), 32))
    cosine, sine = _on_half_circle(for_angle)
    radius = _with_sign(radius, for_angle)
    return radius * cosine, radius * sine


@inlined
def _within_one(word: Any) -> Any:
    """Uniform on [-1, 1), 25 bits of it."""
    return float32(int32(word)) * float32(2.0**-31)


@inlined
def _laplace(word: Any) -> Any:
    """A sign and an exponential of rate √2, by the inverse of the distribution function."""
    size = minus_two_log(float32(uint32(word & uint32(SIGN - 1))) + float32(0.5), 31) * float32(sqrt(1 / 8))
    return _with_sign(size, word)


@inlined
def _truncated(word: Any) -> Any:
    """By the inverse of the distribution function: Giles 2010, "Approximating the erfinv function", table 5."""
    x = _within_one(word) * float32(EDGE)
    w = minus_two_log((float32(1) - x) * (float32(1) + x), 0) * float32(0.5) - float32(2.5)
    p = float32(2.81022636e-08) * w + float32(3.43273939e-07)
    p = p * w + float32(-3.5233877e-06)
    p = p * w + float32(-4.39150654e-06)
    p = p * w + float32(0.00021858087)
    p = p * w + float32(-0.00125372503)
    p = p * w + float32(-0.00417768164)
    p = p * w + float32(0.246640727)
    p = p * w + float32(1.50140941)
    return p * x * float32(sqrt(2) / TRUNCATED_STD)


@dataclass(frozen=True)
class Distribution:
    """Independent entries: its number in `fill_chunk`, and its moments."""

    name: str
    label: str
    number: int
    moments: Moments


NORMAL, UNIFORM, RADEMACHER, LAPLACE, TRUNCATED, RAND = range(6)


@kernel("void(int64, uint32[::1], float32[::1])")
def fill_chunk(number: int, words: Words, out: Floats) -> None:
    """A chunk of entries out of a chunk of words."""
    if number == NORMAL:
        for i in range(QUARTER):
            out[i], out[i + QUARTER] = _normals(words[i], words[i + QUARTER])
            out[i + HALF], out[i + HALF + QUARTER] = _normals(words[i + HALF], words[i + HALF + QUARTER])
    elif number == UNIFORM:
        for i in range(CHUNK):
            out[i] = _within_one(words[i]) * float32(sqrt(3))
    elif number == RADEMACHER:
        for i in range(CHUNK):
            out[i] = _with_sign(float32(1), words[i])
    elif number == LAPLACE:
        for i in range(CHUNK):
            out[i] = _laplace(words[i])
    elif number == TRUNCATED:
        for i in range(CHUNK):
            out[i] = _truncated(words[i])
    else:
        for i in range(CHUNK):
            out[i] = float32(words[i] >> uint32(8)) * float32(2.0**-24)


@kernel("void(int64, uint32[::1], uint64, float32[::1])")
def fill(number: int, key: Words, first: int, out: Floats) -> None:
    """Entries in their order, from a chunk on; the last chunk need not be whole."""
    words, entries = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.float32)
    for start in range(0, out.size, CHUNK):
        draw_words(key, uint64(uint64(first) + uint64(start // CHUNK)), words)
        if start + CHUNK <= out.size:
            fill_chunk(number, words, out[start : start + CHUNK])
        else:
            fill_chunk(number, words, entries)
            out[start:] = entries[: out.size - start]


@kernel("void(int64, uint32[::1], uint64[:,::1], float32[:,::1])")
def fill_each(number: int, key: Words, paths: Numbers, out: Floats) -> None:
    """Each row from the beginning of its own stream, whose path leads on from the key's."""
    for i in range(out.shape[0]):
        own = key.copy()
        for j in range(paths.shape[1]):
            fold_in(own, paths[i, j])
        fill(number, own, uint64(0), out[i])


_ENTRIES = (
    Distribution("normal", "torch.randn: normal", NORMAL, Moments(0.0, 1.0, 0.0)),
    Distribution("uniform", "uniform within ±√3", UNIFORM, Moments(0.0, 1.0, -1.2)),
    Distribution("rademacher", "±1 by a coin, no spread in x²", RADEMACHER, Moments(0.0, 1.0, -2.0)),
    Distribution("laplace", "Laplace, heavier tails", LAPLACE, Moments(0.0, 1.0, 3.0)),
    Distribution(
        "truncated_normal",
        "normal, cut at ±2 std",
        TRUNCATED,
        Moments(0.0, 1.0, -0.6344632828703505),
    ),
    Distribution("rand", "torch.rand: uniform on [0, 1)", RAND, Moments(0.5, 1 / 12, -1.2)),
)
DISTRIBUTIONS: dict[str, Distribution] = {entry.name: entry for entry in _ENTRIES}
