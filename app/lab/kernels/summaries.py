"""What is said of numbers once they are counted: where their bulk lies, their moments, and their magnitudes.

A loop or two over very little; the interpreter would take ten times as long.
"""

import math
from typing import Any

import numpy as np

from .compiling import AS_WRITTEN, kernel
from .statistics import HIGH, LOW, Counts, Doubles, Floats, extremes_of, ranked, sample_of

SAMPLE = 2048
HAIR = 2.0**-16  # of a bin: more than float32 rounds a value that is meant to be an edge, so that it is above it
EXACT = 22  # powers of ten up to this one are float64 numbers
RESOLVED = 2.0**-42  # of the mean square: a std below four of float32's eps beside the mean is that of its rounding
LOG10_2 = math.log10(2)


@kernel("UniTuple(float64, 3)(float32[::1], int64, int64)", AS_WRITTEN)
def bulk_of(values: Floats, bins: int, exponent: int) -> Any:
    """Where so many bins begin and end that the bulk of the values, times 2^exponent, fills; and its middle.

    A bin's width has two digits and edges are its multiples: short to write, and zero is one if it is within.
    """
    stride = max(1, values.size // SAMPLE) | 1
    keys = np.empty(values.size // stride + 1, np.int32)
    keys = keys[: sample_of(values, stride, keys)]
    if keys.size == 0:
        return -0.5, 0.5, 0.0
    last = keys.size - 1
    bottom, middle = ranked(keys, int(np.rint(0.005 * last))), ranked(keys, last // 2)
    top = ranked(keys, int(np.rint(0.995 * last)))
    smallest, largest = extremes_of(values)
    if not (-np.inf < smallest and largest < np.inf):
        smallest, largest = ranked(keys, 0), ranked(keys, last)
    low = max(middle - 1.75 * (middle - bottom), smallest)
    high = min(middle + 1.75 * (top - middle), largest)
    span = max(high - low, abs(middle) * 2.0**-10, 2.0**-1000)
    shift = exponent * LOG10_2
    quantum = 10.0 ** (np.floor(math.log10(span / bins) + shift) - 1 - shift)
    width = np.ceil(span / (bins - 1) / quantum) * quantum
    low = np.floor(low / width) * width
    return low, low + bins * width, middle


@kernel("void(float64, float64, float64, int64, float64[::1])", AS_WRITTEN)
def places(low: float, high: float, pivot: float, bins: int, grid: Doubles) -> None:
    """A grid as `see_bins` takes it."""
    per_unit = bins / (high - low)
    grid[0], grid[1], grid[2], grid[3] = pivot, per_unit, 1 + (pivot - low) * per_unit + HAIR, bins


@kernel("int64(float64, float64, float64, float64[::1])", AS_WRITTEN)
def write_edges(low: float, high: float, log2_scale: float, edges: Doubles) -> Any:
    """Even edges, each times 2^log2_scale, to a thousandth of a bin: decimal numbers as short as may be.

    The power of ten that they still are to be multiplied by, if it is not a float64 number; else zero.
    """
    width = (high - low) / (edges.size - 1)
    size = math.log10(width) + log2_scale * LOG10_2
    exponent = math.floor(size) - 3
    unit, near = 10.0 ** (size - exponent) / width, abs(exponent) <= EXACT
    power = 10.0 ** abs(exponent) if near else 1.0
    for i in range(edges.size):
        mantissa = np.rint((i * width + low) * unit) + 0.0
        edges[i] = mantissa * power if exponent > 0 else mantissa / power
    return 0 if near else exponent


@kernel("float64(float64, float64)", AS_WRITTEN)
def scaled(value: float, log2_scale: float) -> Any:
    """value · 2^log2_scale, or NaN where float64 cannot hold it with all its digits."""
    if value == 0 or log2_scale == 0:
        return value
    exponent = math.log2(abs(value)) + log2_scale
    if not -1021 < exponent < 1023.9:
        return np.nan
    whole = math.floor(log2_scale)
    return math.ldexp(value * 2.0 ** (log2_scale - whole), int(whole))


@kernel("float64(float64, float64)", AS_WRITTEN)
def log10_square(square: float, log2_scale: float) -> Any:
    """log₁₀ of square · 4^log2_scale; NaN for zero."""
    return math.log10(square) + 2 * log2_scale * LOG10_2 if square > 0 else np.nan


@kernel("float64(float64[::1], int64)", AS_WRITTEN)
def variance_of(moments: Doubles, n: int) -> Any:
    """Of n numbers, by what `see` found of them, unbiased; NaN of fewer than two."""
    return max(0.0, moments[1] - moments[0] ** 2 / n) / (n - 1) if n > 1 else np.nan


@kernel("void(float64[::1], int64, float64, float64, float64, float64[::1])", AS_WRITTEN)
def summarize(moments: Doubles, n: int, pivot: float, log2_scale: float, offset: float, said: Doubles) -> None:
    """Of n numbers, each plus `offset`, times 2^log2_scale, by what `see` found of them around the pivot.

    The mean, the variance, the std, the mean square, log₁₀ of it and of the variance, the smallest and the largest,
    the skewness and the excess kurtosis; NaN where there is none.
    """
    said[:] = np.nan
    if n == 0:
        return
    first, second, third, fourth = moments[0] / n, moments[1] / n, moments[2] / n, moments[3] / n
    spread = max(0.0, second - first**2)
    variance = variance_of(moments, n)
    mean = pivot + first + offset
    mean_square = spread + mean**2
    said[0] = scaled(mean, log2_scale)
    said[1] = scaled(variance, 2 * log2_scale)
    said[2] = scaled(math.sqrt(variance), log2_scale)
    said[3] = scaled(mean_square, 2 * log2_scale)
    said[4] = log10_square(mean_square, log2_scale)
    said[5] = log10_square(variance, log2_scale)
    said[6] = scaled(moments[LOW] + offset, log2_scale)
    said[7] = scaled(moments[HIGH] + offset, log2_scale)
    if spread > RESOLVED * (spread + (pivot + first) ** 2) and spread**2 > 0:
        said[8] = (third - 3 * first * second + 2 * first**3) / spread**1.5
        said[9] = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**2 - 3


@kernel(
    "void(int64, float64[:,::1], int64[:,::1], float64[:,::1], float64[::1], float64, float64[:,::1], float64[:,::1],"
    " int64[::1])",
    AS_WRITTEN,
)
def summarize_all(
    count: int,
    moments: Doubles,
    counts: Counts,
    grids: Doubles,
    log2_scales: Doubles,
    offset: float,
    said: Doubles,
    edges: Doubles,
    powers: Counts,
) -> None:
    """`summarize` and `write_edges` of each row, all of so many numbers; `powers` is what the latter returns."""
    for i in range(moments.shape[0]):
        low, high, pivot = grids[i, 0], grids[i, 1], grids[i, 2]
        summarize(moments[i], count - counts[i, 0], pivot, log2_scales[i], offset, said[i])
        powers[i] = write_edges(low + offset, high + offset, log2_scales[i], edges[i])


@kernel(
    "int64(int64[::1], int64, float64[::1], float64[::1], float64, float64[::1], float64[::1], float64[::1])",
    AS_WRITTEN,
)
def see_spread(
    counts: Counts,
    zeros: int,
    edges: Doubles,
    moments: Doubles,
    shift: float,
    limits: Doubles,
    shares: Doubles,
    said: Doubles,
) -> Any:
    """Of values counted between magnitudes, each times a power of two: what share of them lies below which magnitude.

    All as log₂: `edges`, the outermost of them as near as the values' extremes let them be, and `shift`. Values are
    taken to be spread evenly between two edges; the zeros among the first are left out. `said`: how many are below each
    of the `limits`, and then the magnitudes below which these `shares` are, NaN if there are no values. It returns how
    many there are.
    """
    counts = counts.copy()
    counts[0] = max(0, counts[0] - zeros)
    before, ends = np.zeros(edges.size, np.int64), edges.copy()
    first, last = -1, -1
    for i in range(counts.size):
        before[i + 1] = before[i] + counts[i]
        if counts[i]:
            first, last = (i if first < 0 else first), i
    low, high = moments[LOW], moments[HIGH]
    if first >= 0 and low <= high:  # some value is finite
        smallest = max(low, -high)  # of values that all have one sign, and then none is nearer to zero
        if smallest > 0:
            ends[first] = max(ends[first], math.log2(smallest))
        largest = max(-low, high)
        if largest > 0:
            ends[last + 1] = min(ends[last + 1], max(ends[last], math.log2(largest)))
    ends += shift
    total = before[-1]
    for k in range(limits.size):
        i = -1
        for j in range(ends.size):
            i += int(ends[j] <= limits[k])
        said[k] = 0 if i < 0 else total
        if 0 <= i < counts.size:
            said[k] = before[i] + counts[i] * ((limits[k] - ends[i]) / (ends[i + 1] - ends[i]))
    for k in range(shares.size):
        said[limits.size + k] = np.nan
        if total:
            rank = shares[k] * total
            i = -1
            for j in range(before.size):
                i += int(before[j] < rank)
            within = (rank - before[i]) / counts[i]
            said[limits.size + k] = ends[i] + within * (ends[i + 1] - ends[i])
    return total


@kernel(
    "void(int64, int64[:,::1], float64[:,::1], float64[::1], float64[::1], float64[::1], float64[::1], float64[:,::1],"
    " int64[::1])",
    AS_WRITTEN,
)
def see_spreads(
    bins: int,
    counts: Counts,
    moments: Doubles,
    edges: Doubles,
    shifts: Doubles,
    limits: Doubles,
    shares: Doubles,
    said: Doubles,
    totals: Counts,
) -> None:
    """`see_spread` of each row of what `see` counted in so many bins, and by magnitude."""
    for i in range(moments.shape[0]):
        sizes, zeros = counts[i, 4 + bins :], counts[i, 1]
        totals[i] = see_spread(sizes, zeros, edges, moments[i], shifts[i], limits, shares, said[i])
