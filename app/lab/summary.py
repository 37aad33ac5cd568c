"""One pass over blocks of numbers: moments, extremes, a histogram and what is not finite. Two tallies merge.

Sums are taken in float64 around a pivot near the data, so that neither a large mean nor 10⁹ values drift. A tally may
be read at a scale, 2^log2_scale times what it saw, however large: moments scale exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isnan
from typing import Any, NamedTuple, Self

import numpy as np
from torch import Tensor

from .kernels import statistics, summaries
from .kernels.statistics import LOW, SIZES, Counts, Doubles, Floats, merge, see
from .kernels.summaries import bulk_of, summarize_all, variance_of

TINIEST = 2.0**-1021  # that has all of float64's digits
NOTHING_SEEN = np.array([0.0, 0.0, 0.0, 0.0, inf, -inf])  # as `see` finds moments


@dataclass
class Histogram:
    """Counts between `edges` (one more than counts); `below` and `above` lie outside its robust range."""

    edges: list[float | None]
    counts: list[int]
    below: int
    above: int


@dataclass
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


class Grid(NamedTuple):
    """Equal bins from `low` to `high`; `pivot` is where sums are taken around."""

    low: float
    high: float
    bins: int
    pivot: float

    @property
    def edges(self) -> Doubles:
        return np.arange(self.bins + 1.0) * ((self.high - self.low) / self.bins) + self.low

    @property
    def places(self) -> Doubles:
        """As `see` takes a grid."""
        found = np.empty(4)
        summaries.places(self.low, self.high, self.pivot, self.bins, found)
        return found


def robust_grid(values: Tensor, bins: int, exponent: int = 0) -> Grid:
    """A grid that the bulk of `values` fills, from quantiles of a sample, so that no outlier flattens the rest.

    The numbers meant are the values times 2^exponent.

    It reaches 1.75 times as far from the median as the 0.5 % and 99.5 % quantiles do (4.5 σ for a normal), no
    further than the values themselves, and leaves exact zeros aside, so that half a ReLU's output does not hide
    the other half.
    """
    return grid_of(values.numpy().reshape(-1), bins, exponent)


def grid_of(values: Floats, bins: int, exponent: int) -> Grid:
    """The same of an array."""
    low, high, pivot = bulk_of(values, bins, exponent)
    return Grid(low, high, bins, pivot)


@dataclass(eq=False)
class Tally:
    """What blocks added so far amount to, on one grid; `by_size`: and how many there are of each magnitude."""

    grid: Grid
    by_size: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        self.moments = NOTHING_SEEN.copy()
        self._places = self.grid.places
        self._counts = np.zeros(4 + self.grid.bins + (SIZES if self.by_size else 0), np.int64)

    def add(self, block: Tensor) -> Self:
        """Count a block of any shape, float32."""
        see(*self.seen(block.numpy().reshape(-1)))
        return self

    def seen(self, block: Floats) -> tuple[Floats, Doubles, Doubles, Counts]:
        """What a kernel takes that counts this block here."""
        self.count += block.size
        return block, self._places, self.moments, self._counts

    def merge(self, other: Self) -> Self:
        """Add what another tally on the same grid has seen."""
        self.count += other.count
        merge(self.moments, self._counts, other.moments, other._counts)
        return self

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
        return Summary(*self.said(log2_scale, offset))

    def said(self, log2_scale: float = 0.0, offset: float = 0.0) -> tuple[Any, ...]:
        """The fields of that summary."""
        (said,) = self.alone.said(np.array([log2_scale], np.float64), offset)
        return said

    @property
    def alone(self) -> "Tallies":
        """This one, as several are kept."""
        grid = np.array([[self.grid.low, self.grid.high, self.grid.pivot]], np.float64)
        return Tallies(self.count, self.grid.bins, grid, self.moments[None], self._counts[None])


class Tallies(NamedTuple):
    """Several, each of so many `numbers` in so many `bins`, a row each.

    `grids`: where they begin and end, and their pivots. `moments` and `counts` are as `see` finds them.
    """

    numbers: int
    bins: int
    grids: Doubles
    moments: Doubles
    counts: Counts

    @classmethod
    def room(cls, number: int, numbers: int, bins: int, by_size: bool = False) -> "Tallies":
        """For so many that have seen nothing yet."""
        counts = np.zeros((number, 4 + bins + (SIZES if by_size else 0)), np.int64)
        return cls(numbers, bins, np.empty((number, 3)), np.tile(NOTHING_SEEN, (number, 1)), counts)

    def said(self, log2_scales: Doubles, offset: float = 0.0) -> Iterator[tuple[Any, ...]]:
        """Of each the fields of the summary of its numbers, each plus `offset`, times 2^log2_scale."""
        number = len(self.moments)
        said, edges, powers = np.empty((number, 10)), np.empty((number, self.bins + 1)), np.empty(number, np.int64)
        summarize_all(self.numbers, self.moments, self.counts, self.grids, log2_scales, offset, said, edges, powers)
        written, seen = map(_written, edges.tolist(), powers.tolist()), self.counts[:, : 4 + self.bins].tolist()
        for fields, (nonfinite, _, below, *counts, above), where in zip(known(said), seen, written, strict=True):
            yield self.numbers, *fields, nonfinite, Histogram(where, counts, below, above)

    @property
    def largest(self) -> list[float]:
        """Of each the largest magnitude."""
        return [max(-low, high) if low <= high else 0.0 for low, high in self.moments[:, LOW:].tolist()]

    @property
    def variances(self) -> list[float]:
        """Of each, unbiased; zero of fewer than two numbers."""
        seen = zip(self.moments, (self.numbers - self.counts[:, 0]).tolist(), strict=True)
        return [float(variance_of(moments, n)) if n > 1 else 0.0 for moments, n in seen]


def _written(edges: list[float], power: int) -> list[float | None]:
    """Edges times a power of ten; None where float64 cannot hold one with all its digits."""
    if power == 0:
        return list(edges)
    far = [float(f"{mantissa:.0f}e{power}") for mantissa in edges]
    return [edge if edge == 0 or TINIEST < abs(edge) < inf else None for edge in far]


def largest_magnitude(values: Tensor) -> float:
    """max |value| of float32 values; not finite if one of them is not."""
    return float(statistics.largest_magnitude(values.numpy().reshape(-1)))


def known(numbers: Doubles) -> list[list[float | None]]:
    """Row by row, each; None for NaN."""
    return [[None if number != number else number for number in row] for row in numbers.tolist()]


def scaled(value: float, log2_scale: float) -> float | None:
    """value · 2^log2_scale, or None where float64 cannot hold it with all its digits."""
    found = float(summaries.scaled(value, log2_scale))
    return None if isnan(found) else found


def log10_square(square: float, log2_scale: float) -> float | None:
    """log₁₀ of square · 4^log2_scale; None for zero."""
    return float(summaries.log10_square(square, log2_scale)) if square > 0 else None
