"""Number formats and what of a signal each would lose, from a histogram of magnitudes in quarter octaves."""

from dataclasses import dataclass
from math import floor, log2

import numpy as np
import torch

from .kernels.statistics import SIZES, Doubles
from .kernels.summaries import see_spreads
from .summary import Tallies, Tally, known

QUARTERS = 4  # bins an octave: a mantissa's first two bits
SHARES = np.array([0.01, 0.5, 0.99])


@dataclass
class FormatShare:
    """Shares of all numbers that a format would lose, right to a quarter octave at its limits.

    `underflow`: not zero, but nearer to zero than to the smallest positive number, which rounding makes zero.
    `overflow`: nearer to the number beyond the largest than to the largest (float8_e4m3 holds 448 to 464 as 448).
    That makes them infinite; float8_e4m3 has no infinity, and torch's conversion clips them to 448.
    """

    underflow: float
    overflow: float


@dataclass
class Magnitudes:
    """log₂ of the 1 %, 50 % and 99 % quantiles of the nonzero magnitudes, and each number format's losses.

    Quantiles lie in the right quarter octave, and where in it as if magnitudes were spread evenly over its logarithm.
    """

    log2_low: float | None
    log2_median: float | None
    log2_high: float | None
    formats: dict[str, FormatShare]


@dataclass(frozen=True)
class Format:
    """A floating-point format: its largest finite number, its smallest positive (subnormal) one, and what is lost.

    Up to `vanishes` a magnitude is rounded to zero, from `overflows` on it is rounded beyond the largest number.
    """

    name: str
    largest: float
    smallest: float
    vanishes: float
    overflows: float


def _format(name: str) -> Format:
    info = torch.finfo(getattr(torch, name))
    smallest, spacing = info.tiny * info.eps, info.eps * 2.0 ** floor(log2(info.max))
    return Format(name, info.max, smallest, smallest / 2, info.max + spacing / 2)


FORMATS: dict[str, Format] = {
    name.removesuffix("fn"): _format(name)
    for name in ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
}


def _log2_edge(index: int) -> float:
    """log₂ of the least float32 whose exponent and first two bits of mantissa are these."""
    octave, quarter = divmod(index, QUARTERS)
    if octave:
        return octave - 127 + log2(1 + quarter / QUARTERS)
    return log2(quarter / QUARTERS or 1 / 16) - 126  # the first goes down to zero: most of it lies in two octaves


LOG2_EDGES = np.array([_log2_edge(index) for index in range(SIZES + 1)])
LIMITS = np.log2([limit for entry in FORMATS.values() for limit in (entry.vanishes, entry.overflows)])


def magnitudes(seen: Tally, exponent: float) -> Magnitudes:
    """Where the magnitudes of values counted by size lie, each times 2^exponent, and what each format would lose."""
    (found,) = all_magnitudes(seen.alone, np.array([float(exponent)]))
    return found


def all_magnitudes(seen: Tallies, exponents: Doubles) -> list[Magnitudes]:
    """The same of several."""
    number = len(exponents)
    said, totals = np.empty((number, LIMITS.size + SHARES.size)), np.empty(number, np.int64)
    see_spreads(seen.bins, seen.counts, seen.moments, LOG2_EDGES, exponents, LIMITS, SHARES, said, totals)
    rows = zip(said[:, : LIMITS.size].tolist(), totals.tolist(), known(said[:, LIMITS.size :]), strict=True)
    return [
        Magnitudes(low, median, high, _lost(below, some, seen.numbers)) for below, some, (low, median, high) in rows
    ]


def _lost(below: list[float], some: int, count: int) -> dict[str, FormatShare]:
    """Of so many values that are not zero, out of `count`, what each format would lose: by how many lie below each of
    the LIMITS."""
    numbers = iter(below)
    return {name: FormatShare(next(numbers) / count, (some - next(numbers)) / count) for name in FORMATS}
