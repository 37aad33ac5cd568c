"""Number formats and what of a signal each would lose, from a histogram of magnitudes in quarter octaves."""

from dataclasses import dataclass
from math import floor, log2

import numpy as np
import torch

from .kernels.statistics import SIZES, Doubles
from .summary import Tally

QUARTERS = 4  # bins an octave: a mantissa's first two bits
QUANTILES = (0.01, 0.5, 0.99)


@dataclass(frozen=True)
class FormatShare:
    """Shares of all numbers that a format would lose, right to a quarter octave at its limits.

    `underflow`: not zero, but nearer to zero than to the smallest positive number, which rounding makes zero.
    `overflow`: nearer to the number beyond the largest than to the largest (float8_e4m3 holds 448 to 464 as 448).
    That makes them infinite; float8_e4m3 has no infinity, and torch's conversion clips them to 448.
    """

    underflow: float
    overflow: float


@dataclass(frozen=True)
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
LIMITS = [[log2(entry.vanishes) for entry in FORMATS.values()], [log2(entry.overflows) for entry in FORMATS.values()]]


def magnitudes(seen: Tally, exponent: float) -> Magnitudes:
    """Where the magnitudes of values counted by size lie, each times 2^exponent, and what each format would lose."""
    nonzero = seen.sizes.astype(np.float64)
    nonzero[0] = max(0.0, nonzero[0] - seen.zeros)
    below = np.concatenate(([0.0], np.cumsum(nonzero)))  # each edge
    edges = _within(nonzero, *seen.extremes) + exponent
    lost, finite = np.interp(LIMITS, edges, below)
    total = float(seen.count)
    underflows, overflows = (lost / total).tolist(), ((below[-1] - finite) / total).tolist()
    formats = {
        name: FormatShare(underflow=underflow, overflow=overflow)
        for name, underflow, overflow in zip(FORMATS, underflows, overflows, strict=True)
    }
    low = median = high = None
    if below[-1] > 0:
        low, median, high = (_quantile(share * below[-1], edges, below) for share in QUANTILES)
    return Magnitudes(log2_low=low, log2_median=median, log2_high=high, formats=formats)


def _within(nonzero: Doubles, lowest: float, highest: float) -> Doubles:
    """The bins' edges, the outermost as near as the values let them be."""
    edges = LOG2_EDGES.copy()
    occupied = np.flatnonzero(nonzero)
    if occupied.size and lowest <= highest:  # some value is finite
        first, last = occupied[0], occupied[-1]
        smallest = max(lowest, -highest)  # of values that all have one sign, and then none is nearer to zero
        if smallest > 0:
            edges[first] = max(edges[first], log2(smallest))
        largest = max(-lowest, highest)
        if largest > 0:
            edges[last + 1] = min(edges[last + 1], max(edges[last], log2(largest)))
    return edges


def _quantile(rank: float, edges: Doubles, below: Doubles) -> float:
    """Where so many lie below, in the bin that holds it."""
    index = int(np.searchsorted(below[1:], rank))
    within = (rank - below[index]) / (below[index + 1] - below[index])
    return float(edges[index] + within * (edges[index + 1] - edges[index]))
