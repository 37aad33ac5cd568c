"""Number formats and what of a signal each would lose, from a histogram of magnitudes in quarter octaves."""

from dataclasses import dataclass
from math import ceil, frexp, log2
from typing import Any

import numpy as np
import torch
from torch import Tensor

Counts = np.ndarray[Any, np.dtype[np.int64]]
QUARTERS = 4  # bins an octave: a mantissa's first two bits, fine enough to hold every format's limit on an edge


@dataclass(frozen=True)
class FormatShare:
    """Shares of all numbers that a format would round to zero, or could not hold."""

    underflow: float
    overflow: float


@dataclass(frozen=True)
class Magnitudes:
    """log₂ of the 1 %, 50 % and 99 % quantiles of the nonzero magnitudes, and each number format's losses."""

    log2_low: float | None
    log2_median: float | None
    log2_high: float | None
    formats: dict[str, FormatShare]


@dataclass(frozen=True)
class Format:
    """A floating-point format: its largest finite number and its smallest positive (subnormal) one."""

    name: str
    largest: float
    smallest: float


def _format(name: str) -> Format:
    info = torch.finfo(getattr(torch, name))
    return Format(name, info.max, info.tiny * info.eps)


FORMATS: dict[str, Format] = {
    name.removesuffix("fn"): _format(name)
    for name in ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
}


def _top(largest: float) -> float:
    """log₂ of the quarter-octave edge at or just above a format's largest number: beyond it nothing is finite."""
    mantissa, exponent = frexp(largest)
    quarters = ceil((2 * mantissa - 1) * QUARTERS)
    return exponent - 1 + log2(1 + quarters / QUARTERS)


LOG2_EDGES = np.array(
    [octave - 127 + log2(1 + quarter / QUARTERS) for octave in range(256) for quarter in range(QUARTERS)]
)
UNDERFLOW = [log2(entry.smallest) - 1 for entry in FORMATS.values()]  # log₂ of what is rounded to zero
OVERFLOW = [_top(entry.largest) for entry in FORMATS.values()]


def magnitude_counts(sizes: Tensor) -> Counts:
    """Counts in bins [m, m + ¼)·2^e, m from 1 to 1¾, e from -127 (zeros, subnormals) to 128.

    `sizes`, float32 and none negative, are used up.
    """
    index = sizes.flatten().view(torch.int32).bitwise_right_shift_(21)
    return torch.bincount(index.to(torch.int16), minlength=256 * QUARTERS).numpy()


def magnitudes(counts: Counts, exponent: float, zeros: int) -> Magnitudes:
    """Where the magnitudes lie, and the share of all numbers each format would lose.

    `overflow`: beyond the largest finite number. `underflow`: not zero, but nearer to zero than to the smallest
    positive number, which rounding makes zero. Both to a quarter octave.
    """
    total, lowest = float(counts.sum()), LOG2_EDGES + exponent
    nonzero = counts.astype(np.float64)
    nonzero[0] = max(0.0, nonzero[0] - zeros)
    below = np.concatenate(([0.0], np.cumsum(nonzero)))  # each edge
    lost, finite = below[np.searchsorted(lowest, [UNDERFLOW, OVERFLOW])]
    underflows, overflows = (lost / total).tolist(), ((below[-1] - finite) / total).tolist()
    formats = {
        name: FormatShare(underflow=underflow, overflow=overflow)
        for name, underflow, overflow in zip(FORMATS, underflows, overflows, strict=True)
    }
    low = median = high = None
    if below[-1] > 0:
        low, median, high = lowest[np.searchsorted(below[1:] / below[-1], (0.01, 0.5, 0.99))].tolist()
    return Magnitudes(log2_low=low, log2_median=median, log2_high=high, formats=formats)
