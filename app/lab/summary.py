"""One pass over blocks of numbers: moments, extremes, a histogram and what is not finite. Two tallies merge.

Sums are taken around a pivot near the data, in the data's precision within a part of 2^18 values and in float64
beyond it; counts are int64. So neither a large mean nor 10⁹ values drift. A tally may be read at a scale,
2^log2_scale times what it saw, however large: moments scale exactly.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, floor, frexp, inf, isfinite, log2, log10, sqrt
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

Floats = np.ndarray[Any, np.dtype[Any]]  # float32 or float64

SAMPLE = 2048
PART = 2**18  # values summed up in their own precision
FAR = 2.0**24  # units from the pivot: float32 has no room left for the fourth power
RESOLVED = 2.0**-42  # of the mean square: a std below four of float32's eps beside the mean is that of its rounding
LOG10_2 = log10(2)
EXACT = 22  # powers of ten up to this one are float64 numbers
TINIEST = 2.0**-1021  # that has all of float64's digits
HAIR = 2.0**-16  # of a bin: more than float32 rounds a place among bins, so that a value on an edge is above it


@dataclass(frozen=True)
class Histogram:
    """Counts between `edges` (one more than counts); `below` and `above` lie outside its robust range."""

    edges: list[float | None]
    counts: list[int]
    below: int
    above: int


@dataclass(frozen=True)
class Summary:
    """What one pass over `count` numbers says of them; moments are over the finite ones.

    `variance` is unbiased, as `torch.var`. `log10_mean_square` and `log10_variance` still tell the size of what
    float64 cannot hold; they are null where the quantity is zero. `skewness` and `excess_kurtosis` are null where the
    spread is no more than float32's rounding.
    """

    count: int
    mean: float | None
    variance: float | None
    std: float | None
    mean_square: float | None
    log10_mean_square: float | None
    log10_variance: float | None
    min: float | None
    max: float | None
    skewness: float | None
    excess_kurtosis: float | None
    nonfinite: int
    histogram: Histogram


@dataclass(frozen=True)
class Grid:
    """Equal bins from `low` to `high`; `pivot` is where sums are taken around."""

    low: float
    high: float
    bins: int
    pivot: float

    @cached_property
    def unit(self) -> float:
        """A power of two that brings the spread near one, exactly one if it is not far from it."""
        size = frexp(self.high - self.low)[1]
        return 1.0 if abs(size) <= 16 else 2.0**-size

    @property
    def edges(self) -> Floats:
        return self.low + np.arange(self.bins + 1) * ((self.high - self.low) / self.bins)


def robust_grid(values: Tensor, bins: int, exponent: int = 0) -> Grid:
    """A grid that the bulk of `values` fills, from quantiles of a sample, so that no outlier flattens the rest.

    The numbers meant are the values times 2^exponent.

    It reaches 1.75 times as far from the median as the 0.5 % and 99.5 % quantiles do (4.5 σ for a normal), no
    further than the values themselves, and leaves exact zeros aside, so that half a ReLU's output does not hide
    the other half.
    """
    flat = values.flatten().numpy()
    sample = flat[:: max(1, flat.size // SAMPLE) | 1]
    sample = sample[np.isfinite(sample)]
    ordered = np.sort(sample[sample != 0])
    if ordered.size == 0:
        return Grid(-0.5, 0.5, bins, 0.0)
    last = ordered.size - 1
    bottom, middle, top = ordered[[round(0.005 * last), last // 2, round(0.995 * last)]].tolist()
    extremes = _extremes(flat)
    smallest, largest = extremes if all(map(isfinite, extremes)) else (float(sample.min()), float(sample.max()))
    low = max(middle - 1.75 * (middle - bottom), smallest)
    high = min(middle + 1.75 * (top - middle), largest)
    span = max(high - low, abs(middle) * 2**-10, 2.0**-1000)
    # A bin's width has two digits and edges are its multiples: short to write, and zero is one if it is within.
    shift = exponent * LOG10_2
    quantum = 10.0 ** (floor(log10(span / bins) + shift) - 1 - shift)
    width = ceil(span / (bins - 1) / quantum) * quantum
    low = floor(low / width) * width
    high = low + bins * width
    pivot = sample.dtype.type(sample.astype(np.float64).clip(low, high).mean())  # as differences to it will round it
    return Grid(low, high, bins, float(pivot))


@dataclass
class Tally:
    """What blocks added so far amount to, on one grid."""

    grid: Grid
    count: int = 0
    nonfinite: int = 0
    sums: np.ndarray[tuple[int], np.dtype[np.float64]] = field(default_factory=lambda: np.zeros(4))
    minimum: float = float("inf")
    maximum: float = float("-inf")
    counts: np.ndarray[tuple[int], np.dtype[np.int64]] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, block: Tensor) -> Self:
        """Count a block of any shape, float32 or float64."""
        flat = block.flatten().numpy()
        for start in range(0, flat.size, PART):
            self._add(flat[start : start + PART])
        return self

    def _add(self, block: Floats) -> None:
        self.count += block.size
        low, high = _extremes(block)
        if not (isfinite(low) and isfinite(high)):
            finite = block[np.isfinite(block)]
            self.nonfinite += block.size - finite.size
            if finite.size == 0:
                return
            block, (low, high) = finite, _extremes(finite)
        self.minimum, self.maximum = min(self.minimum, low), max(self.maximum, high)
        unit, pivot = self.grid.unit, self.grid.pivot
        ordinary = 1 / FAR**4 < unit < FAR**4 and max(high - pivot, pivot - low) * unit < FAR
        centred = (block if ordinary else block.astype(np.float64)) - pivot
        if unit != 1:
            centred *= unit
        self._add_powers(centred)
        self._add_counts(centred)

    def _add_powers(self, centred: Floats) -> None:
        first, second = torch.from_numpy(centred), torch.from_numpy(centred * centred)
        sums = first.sum(), second.sum(), torch.dot(second, first), torch.dot(second, second)
        self.sums += [float(total.numpy()) for total in sums]

    def _add_counts(self, centred: Floats) -> None:
        """`centred` is used up."""
        grid = self.grid
        per_unit = grid.bins / (grid.high - grid.low)
        centred *= per_unit / grid.unit
        centred += 1 + (grid.pivot - grid.low) * per_unit + HAIR
        index = torch.from_numpy(centred).clamp_(0, grid.bins + 1).numpy().astype(np.uint8)
        found = torch.bincount(torch.from_numpy(index), minlength=grid.bins + 2).numpy()
        self.counts = found + self.counts if self.counts.size else found

    def merge(self, other: Self) -> Self:
        """Add what another tally on the same grid has seen."""
        self.count += other.count
        self.nonfinite += other.nonfinite
        self.sums = self.sums + other.sums
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        if other.counts.size:
            self.counts = other.counts + self.counts if self.counts.size else other.counts
        return self

    @property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest number seen."""
        return self.minimum, self.maximum

    @property
    def largest(self) -> float:
        """The largest magnitude seen."""
        return max(abs(self.minimum), abs(self.maximum)) if self.count > self.nonfinite else 0.0

    @property
    def variance(self) -> float | None:
        """Of the numbers seen, unbiased; None of fewer than two."""
        n = self.count - self.nonfinite
        return self._spread * n / (n - 1) if n > 1 else None

    @property
    def _spread(self) -> float:
        """The mean square about the mean."""
        first, second = (self.sums[:2] / max(self.count - self.nonfinite, 1)).tolist()
        unit = self.grid.unit
        return float(max(0.0, second - first**2) / unit / unit)

    def summary(self, log2_scale: float = 0.0, offset: float = 0.0) -> Summary:
        """The numbers seen, each plus `offset`, times 2^log2_scale."""
        n = self.count - self.nonfinite
        unit = self.grid.unit
        first, second, third, fourth = (self.sums / max(n, 1)).tolist()  # in units, as are the shape's
        around = max(0.0, second - first**2)
        mean, spread, variance = self.grid.pivot + first / unit, self._spread, self.variance
        resolved = spread > RESOLVED * (spread + mean**2)
        mean += offset
        mean_square = spread + mean**2
        skewness = kurtosis = None
        if resolved and around**2 > 0:
            skewness = (third - 3 * first * second + 2 * first**3) / around**1.5
            kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / around**2 - 3
        empty = n == 0
        return Summary(
            count=self.count,
            mean=None if empty else scaled(mean, log2_scale),
            variance=None if variance is None else scaled(variance, 2 * log2_scale),
            std=None if variance is None else scaled(sqrt(variance), log2_scale),
            mean_square=None if empty else scaled(mean_square, 2 * log2_scale),
            log10_mean_square=log10_square(mean_square, log2_scale),
            log10_variance=log10_square(variance or 0.0, log2_scale),
            min=None if empty else scaled(self.minimum + offset, log2_scale),
            max=None if empty else scaled(self.maximum + offset, log2_scale),
            skewness=skewness,
            excess_kurtosis=kurtosis,
            nonfinite=self.nonfinite,
            histogram=self._histogram(log2_scale, offset),
        )

    def _histogram(self, log2_scale: float, offset: float) -> Histogram:
        below, *counts, above = self.counts.tolist() if self.counts.size else [0] * (self.grid.bins + 2)
        grid = replace(self.grid, low=self.grid.low + offset, high=self.grid.high + offset)
        return Histogram(edges=_written(grid, log2_scale), counts=counts, below=below, above=above)


def _written(grid: Grid, log2_scale: float) -> list[float | None]:
    """A grid's edges, each times 2^log2_scale, to a thousandth of a bin: decimal numbers as short as may be."""
    width = (grid.high - grid.low) / grid.bins
    size = log10(width) + log2_scale * LOG10_2
    exponent = floor(size) - 3
    mantissas = np.rint(grid.edges * (10.0 ** (size - exponent) / width)) + 0.0
    if abs(exponent) <= EXACT:
        power = 10.0 ** abs(exponent)
        near: list[float | None] = (mantissas * power if exponent > 0 else mantissas / power).tolist()
        return near
    far = [float(f"{mantissa:.0f}e{exponent}") for mantissa in mantissas.tolist()]
    return [edge if edge == 0 or TINIEST < abs(edge) < inf else None for edge in far]


def largest_magnitude(values: Tensor) -> float:
    """max |value|, in one pass."""
    low, high = _extremes(values.numpy())
    return max(-low, high)


def _extremes(values: Floats) -> tuple[float, float]:
    return float(np.minimum.reduce(values, None)), float(np.maximum.reduce(values, None))


def scaled(value: float, log2_scale: float) -> float | None:
    """value · 2^log2_scale, or None where float64 cannot hold it with all its digits."""
    if value == 0 or log2_scale == 0:
        return value
    exponent = log2(abs(value)) + log2_scale
    if not -1021 < exponent < 1023.9:
        return None
    whole = floor(log2_scale)
    mantissa = value * 2.0 ** (log2_scale - whole)
    return float(np.ldexp(mantissa, whole))


def log10_square(square: float, log2_scale: float) -> float | None:
    """log₁₀ of square · 4^log2_scale; None for zero."""
    return log10(square) + 2 * log2_scale * LOG10_2 if square > 0 else None
