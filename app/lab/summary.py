"""One pass over blocks of numbers: moments, extremes, a histogram and what is not finite. Two tallies merge.

Sums are taken in float64 around a pivot near the data, so that neither a large mean nor 10⁹ values drift. A tally may
be read at a scale, 2^log2_scale times what it saw, however large: moments scale exactly.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, floor, inf, log2, log10, sqrt
from typing import Self

import numpy as np
from torch import Tensor

from .kernels.statistics import (
    HIGHEST,
    INFINITY,
    LOWEST,
    MAGNITUDE,
    SIZES,
    Doubles,
    Tables,
    largest_bits,
    see,
    see_extremes,
)

SAMPLE = 2048
RESOLVED = 2.0**-42  # of the mean square: a std below four of float32's eps beside the mean is that of its rounding
LOG10_2 = log10(2)
EXACT = 22  # powers of ten up to this one are float64 numbers
TINIEST = 2.0**-1021  # that has all of float64's digits
HAIR = 2.0**-16  # of a bin: more than float32 rounds a value that is meant to be an edge, so that it is above it
NO_EXTREMES = np.array([HIGHEST, LOWEST], np.int32)


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

    @property
    def edges(self) -> Doubles:
        return np.linspace(self.low, self.high, self.bins + 1)

    @cached_property
    def places(self) -> Doubles:
        """As `see` takes a grid."""
        per_unit = self.bins / (self.high - self.low)
        return np.array([self.pivot, per_unit, 1 + (self.pivot - self.low) * per_unit + HAIR, self.bins])


def robust_grid(values: Tensor, bins: int, exponent: int = 0) -> Grid:
    """A grid that the bulk of `values` fills, from quantiles of a sample, so that no outlier flattens the rest.

    The numbers meant are the values times 2^exponent.

    It reaches 1.75 times as far from the median as the 0.5 % and 99.5 % quantiles do (4.5 σ for a normal), no
    further than the values themselves, and leaves exact zeros aside, so that half a ReLU's output does not hide
    the other half.
    """
    flat = values.numpy().reshape(-1)
    sample = flat[:: max(1, flat.size // SAMPLE) | 1]
    sample = sample[np.isfinite(sample)]
    ordered = np.sort(sample[sample != 0])
    if ordered.size == 0:
        return Grid(-0.5, 0.5, bins, 0.0)
    last = ordered.size - 1
    bottom, middle, top = ordered[[round(0.005 * last), last // 2, round(0.995 * last)]].tolist()
    smallest, largest = float(sample.min()), float(sample.max())
    if largest_bits(flat) < INFINITY:
        extremes = NO_EXTREMES.copy()
        see_extremes(flat, extremes)
        smallest, largest = _floats(extremes)
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


@dataclass(eq=False)
class Tally:
    """What blocks added so far amount to, on one grid; `by_size`: and how many there are of each magnitude."""

    grid: Grid
    by_size: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        self.sums = np.zeros(4)
        self.counts = np.zeros(self.grid.bins + 2, np.int64)
        self.sizes = np.zeros(SIZES if self.by_size else 0, np.int64)
        self._extremes = NO_EXTREMES.copy()
        self._numbers = np.zeros(2, np.int64)

    def add(self, block: Tensor) -> Self:
        """Count a block of any shape, float32."""
        values = block.numpy().reshape(-1)
        self.count += values.size
        see(values, self.grid.places, self.sums, self._extremes, self.counts, self.sizes, self._numbers)
        return self

    def merge(self, other: Self) -> Self:
        """Add what another tally on the same grid has seen."""
        self.count += other.count
        self.sums += other.sums
        self.counts += other.counts
        self.sizes += other.sizes
        self._numbers += other._numbers
        low, high = other._extremes
        self._extremes[:] = min(self._extremes[0], low), max(self._extremes[1], high)
        return self

    @property
    def nonfinite(self) -> int:
        return int(self._numbers[0])

    @property
    def zeros(self) -> int:
        """Exact ones, if values are counted by size."""
        return int(self._numbers[1])

    @property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest number seen."""
        return _floats(self._extremes) if self.count > self.nonfinite else (inf, -inf)

    @property
    def largest(self) -> float:
        """The largest magnitude seen."""
        return max(map(abs, self.extremes)) if self.count > self.nonfinite else 0.0

    @property
    def variance(self) -> float | None:
        """Of the numbers seen, unbiased; None of fewer than two."""
        n = self.count - self.nonfinite
        return self._spread * n / (n - 1) if n > 1 else None

    @property
    def _spread(self) -> float:
        """The mean square about the mean."""
        first, second = (self.sums[:2] / max(self.count - self.nonfinite, 1)).tolist()
        return float(max(0.0, second - first**2))

    def summary(self, log2_scale: float = 0.0, offset: float = 0.0) -> Summary:
        """The numbers seen, each plus `offset`, times 2^log2_scale."""
        n = self.count - self.nonfinite
        first, second, third, fourth = (self.sums / max(n, 1)).tolist()
        spread, variance = self._spread, self.variance
        resolved = spread > RESOLVED * (spread + (self.grid.pivot + first) ** 2)
        mean = self.grid.pivot + first + offset
        mean_square = spread + mean**2
        skewness = kurtosis = None
        if resolved and spread**2 > 0:
            skewness = (third - 3 * first * second + 2 * first**3) / spread**1.5
            kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**2 - 3
        lowest, highest = self.extremes
        empty = n == 0
        return Summary(
            count=self.count,
            mean=None if empty else scaled(mean, log2_scale),
            variance=None if variance is None else scaled(variance, 2 * log2_scale),
            std=None if variance is None else scaled(sqrt(variance), log2_scale),
            mean_square=None if empty else scaled(mean_square, 2 * log2_scale),
            log10_mean_square=log10_square(mean_square, log2_scale),
            log10_variance=log10_square(variance or 0.0, log2_scale),
            min=None if empty else scaled(lowest + offset, log2_scale),
            max=None if empty else scaled(highest + offset, log2_scale),
            skewness=skewness,
            excess_kurtosis=kurtosis,
            nonfinite=self.nonfinite,
            histogram=self._histogram(log2_scale, offset),
        )

    def _histogram(self, log2_scale: float, offset: float) -> Histogram:
        below, *counts, above = self.counts.tolist()
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
    """max |value| of float32 values; not finite if one of them is not."""
    return float(np.int32(largest_bits(values.numpy().reshape(-1))).view(np.float32))


def _floats(extremes: Tables) -> tuple[float, float]:
    """The floats that these stand for in `see`."""
    low, high = (extremes ^ ((extremes >> 31) & MAGNITUDE)).view(np.float32).tolist()
    return low, high


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
