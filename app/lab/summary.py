"""One pass over blocks of numbers: moments, extremes, a histogram and what is not finite. Two tallies merge.

Sums are taken in float64 around a pivot near the data, so that neither a large mean nor 10⁹ values drift. A tally may
be read at a scale, 2^log2_scale times what it saw, however large: moments scale exactly.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import floor, inf, isnan, log10
from typing import Self

import numpy as np
from torch import Tensor

from .kernels import statistics, summaries
from .kernels.statistics import LOW, SIZES, Counts, Doubles, Floats, merge, sample_of, see
from .kernels.summaries import LOG10_2, bulk_of, summarize, variance_of

SAMPLE = 2048
EXACT = 22  # powers of ten up to this one are float64 numbers
TINIEST = 2.0**-1021  # that has all of float64's digits
HAIR = 2.0**-16  # of a bin: more than float32 rounds a value that is meant to be an edge, so that it is above it
NOTHING_SEEN = np.array([0.0, 0.0, 0.0, 0.0, inf, -inf])  # as `see` finds moments


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
        return _even(self.low, (self.high - self.low) / self.bins, self.bins)

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
    stride = max(1, flat.size // SAMPLE) | 1
    sample = np.empty(flat.size // stride + 1, np.float32)
    ordered = sample[: sample_of(flat, stride, sample)]
    if ordered.size == 0:
        return Grid(-0.5, 0.5, bins, 0.0)
    ordered.sort()
    low, high, pivot = bulk_of(ordered, flat, bins, exponent)
    return Grid(low, high, bins, pivot)


@dataclass(eq=False)
class Tally:
    """What blocks added so far amount to, on one grid; `by_size`: and how many there are of each magnitude."""

    grid: Grid
    by_size: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        self.moments = NOTHING_SEEN.copy()
        self._counts = np.zeros(4 + self.grid.bins + (SIZES if self.by_size else 0), np.int64)

    def add(self, block: Tensor) -> Self:
        """Count a block of any shape, float32."""
        see(*self.seen(block.numpy().reshape(-1)))
        return self

    def seen(self, block: Floats) -> tuple[Floats, Doubles, Doubles, Counts]:
        """What a kernel takes that counts this block here."""
        self.count += block.size
        return block, self.grid.places, self.moments, self._counts

    def merge(self, other: Self) -> Self:
        """Add what another tally on the same grid has seen."""
        self.count += other.count
        merge(self.moments, self._counts, other.moments, other._counts)
        return self

    @property
    def counts(self) -> Counts:
        """Of the bins, those below and above among them."""
        return self._counts[2 : 4 + self.grid.bins]

    @property
    def sizes(self) -> Counts:
        """Of the magnitudes, if values are counted by size."""
        return self._counts[4 + self.grid.bins :]

    @property
    def nonfinite(self) -> int:
        return int(self._counts[0])

    @property
    def zeros(self) -> int:
        """Exact ones, if values are counted by size."""
        return int(self._counts[1])

    @property
    def largest(self) -> float:
        """The largest magnitude seen."""
        low, high = self.moments[LOW:].tolist()
        return max(-low, high) if low <= high else 0.0

    @property
    def variance(self) -> float | None:
        """Of the numbers seen, unbiased; None of fewer than two."""
        n = self.count - self.nonfinite
        return float(variance_of(self.moments, n)) if n > 1 else None

    def summary(self, log2_scale: float = 0.0, offset: float = 0.0) -> Summary:
        """The numbers seen, each plus `offset`, times 2^log2_scale."""
        nonfinite, said = self.nonfinite, np.empty(10)
        summarize(self.moments, self.count - nonfinite, self.grid.pivot, log2_scale, offset, said)
        mean, variance, std, mean_square, log10_mean_square, log10_variance, low, high, skewness, kurtosis = known(said)
        return Summary(
            count=self.count,
            mean=mean,
            variance=variance,
            std=std,
            mean_square=mean_square,
            log10_mean_square=log10_mean_square,
            log10_variance=log10_variance,
            min=low,
            max=high,
            skewness=skewness,
            excess_kurtosis=kurtosis,
            nonfinite=nonfinite,
            histogram=self._histogram(log2_scale, offset),
        )

    def _histogram(self, log2_scale: float, offset: float) -> Histogram:
        grid = self.grid
        below, *counts, above = self.counts.tolist()
        edges = _written(grid.low + offset, grid.high + offset, grid.bins, log2_scale)
        return Histogram(edges, counts, below, above)


@lru_cache
def _numbered(bins: int) -> Doubles:
    return np.arange(bins + 1.0)


def _even(low: float, width: float, bins: int) -> Doubles:
    """Edges of so many bins."""
    edges = _numbered(bins) * width
    edges += low
    return edges


def _written(low: float, high: float, bins: int, log2_scale: float) -> list[float | None]:
    """Even edges, each times 2^log2_scale, to a thousandth of a bin: decimal numbers as short as may be."""
    width = (high - low) / bins
    size = log10(width) + log2_scale * LOG10_2
    exponent = floor(size) - 3
    mantissas = _even(low, width, bins)
    mantissas *= 10.0 ** (size - exponent) / width
    np.rint(mantissas, out=mantissas)
    mantissas += 0.0
    if abs(exponent) <= EXACT:
        power = 10.0 ** abs(exponent)
        near: list[float | None] = (mantissas * power if exponent > 0 else mantissas / power).tolist()
        return near
    far = [float(f"{mantissa:.0f}e{exponent}") for mantissa in mantissas.tolist()]
    return [edge if edge == 0 or TINIEST < abs(edge) < inf else None for edge in far]


def largest_magnitude(values: Tensor) -> float:
    """max |value| of float32 values; not finite if one of them is not."""
    return float(statistics.largest_magnitude(values.numpy().reshape(-1)))


def known(numbers: Doubles) -> list[float | None]:
    """Each; None for NaN."""
    return [None if number != number else number for number in numbers.tolist()]


def scaled(value: float, log2_scale: float) -> float | None:
    """value · 2^log2_scale, or None where float64 cannot hold it with all its digits."""
    found = float(summaries.scaled(value, log2_scale))
    return None if isnan(found) else found


def log10_square(square: float, log2_scale: float) -> float | None:
    """log₁₀ of square · 4^log2_scale; None for zero."""
    return float(summaries.log10_square(square, log2_scale)) if square > 0 else None
