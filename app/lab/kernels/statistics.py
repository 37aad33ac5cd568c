"""What a pass over float32 numbers says of them: everything a layer is asked, while it is in a core's cache.

Sums are taken in float64 around a point near the numbers. Extremes are found among the numbers' bits, which as
integers have their order and, unlike floats, a maximum that vectors have.
"""

from typing import Any

import numpy as np
from numba import float32, float64, int32, int64, uint8, uint16, uint64

from .compiling import SUMS, inlined, kernel

Floats = np.ndarray[Any, np.dtype[np.float32]]
Doubles = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
Tables = np.ndarray[Any, np.dtype[np.int32]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Keys = np.ndarray[Any, np.dtype[np.int32]]
Shorts = np.ndarray[Any, np.dtype[np.uint16]]
Four = tuple[Any, Any, Any, Any]

PART = 2048  # numbers at once
LOW, HIGH = 4, 5  # where moments have the extremes
SIZES = 1024  # bins of magnitudes: exponents and the first two bits of mantissas
MAGNITUDE = 0x7FFFFFFF
INFINITY, MINUS_INFINITY = 0x7F800000, -0x00800000  # as bits


@inlined
def _in_order(bits: Any) -> Any:
    """Of a float's bits, an integer that is to others as the float to theirs; and the other way round."""
    return int32(bits ^ int32(int32(bits >> int32(31)) & int32(MAGNITUDE)))


@inlined
def _float(bits: Any) -> Any:
    return float64(np.int32(bits).view(np.float32))


@kernel("float64(float32[::1])")
def largest_magnitude(values: Floats) -> Any:
    """max |value|; not finite if one of them is not."""
    largest = int32(0)
    for i in range(values.size):
        largest = max(largest, int32(np.float32(values[i]).view(np.int32) & int32(MAGNITUDE)))
    return _float(largest)


@kernel("UniTuple(float64, 2)(float32[::1])")
def extremes_of(values: Floats) -> Any:
    """The lowest and the highest value, of none ∞ and -∞; if one is not finite, one of them is not."""
    low, high = _in_order(int32(INFINITY)), _in_order(int32(MINUS_INFINITY))
    for i in range(values.size):
        key = _in_order(np.float32(values[i]).view(np.int32))
        low, high = min(low, key), max(high, key)
    return _float(_in_order(low)), _float(_in_order(high))


@kernel("int64(float32[::1], int64, int32[::1])")
def sample_of(values: Floats, stride: int, keys: Keys) -> Any:
    """Of every so manieth value, if it is finite and not zero, the integer that has its order; how many they are."""
    found = 0
    for i in range(0, values.size, stride):
        if np.isfinite(values[i]) and values[i] != float32(0):
            keys[found] = _in_order(np.float32(values[i]).view(np.int32))
            found += 1
    return found


@kernel("float64(int32[::1], int64)")
def ranked(keys: Keys, rank: int) -> Any:
    """The value that comes after so many others, by bisection: vectors count faster than branches sort."""
    low, high = int64(-MAGNITUDE) - 1, int64(MAGNITUDE)  # beyond the first, up to the second
    before, upto = int32(0), int32(keys.size)  # so many keys are not beyond either
    while upto - before > 1 and high - low > 1:
        middle = int32((low + high) >> 1)
        found = int32(0)
        for i in range(keys.size):
            found += int32(keys[i] <= middle)
        if found > rank:
            high, upto = int64(middle), found
        else:
            low, before = int64(middle), found
    last, end = int32(-MAGNITUDE), int32(high)
    for i in range(keys.size):
        last = max(last, keys[i] if keys[i] <= end else int32(-MAGNITUDE))
    return _float(_in_order(last))


@kernel("int64(float32[::1], float32[::1])")
def finite_of(values: Floats, out: Floats) -> Any:
    """Copy the finite values; how many they are."""
    found = 0
    for i in range(values.size):
        if np.isfinite(values[i]):
            out[found] = values[i]
            found += 1
    return found


@kernel("void(float32[::1], float64, float64[::1])", SUMS)
def see_powers(values: Floats, pivot: float, sums: Doubles) -> None:
    """Add up the values' differences to the pivot, and their second, third and fourth powers."""
    first = second = third = fourth = 0.0
    for i in range(values.size):
        apart = float64(values[i]) - pivot
        square = apart * apart
        first += apart
        second += square
        third += square * apart
        fourth += square * square
    sums[0] += first
    sums[1] += second
    sums[2] += third
    sums[3] += fourth


@kernel("void(float32[::1], float64[::1], uint8[::1], int32[:,::1])")
def see_bins(values: Floats, grid: Doubles, index: Bytes, bins: Tables) -> None:
    """Count at most PART values in their bins, in four tables in turn, so that no count waits for the one before.

    `grid`: the pivot, bins to a unit, the pivot's place among the bins, and their number. `index`: room for PART.
    """
    pivot, per_unit, place, last = grid[0], grid[1], grid[2], grid[3] + 1
    for i in range(values.size):
        index[i] = uint8(int32(min(max((float64(values[i]) - pivot) * per_unit + place, 0.0), last)))
    one, two, three, four = bins[0], bins[1], bins[2], bins[3]
    words, low = index[: values.size // 8 * 8].view(np.uint64), uint64(0xFF)
    for i in range(words.size):
        word = words[i]
        one[word & low] += int32(1)
        two[(word >> uint64(8)) & low] += int32(1)
        three[(word >> uint64(16)) & low] += int32(1)
        four[(word >> uint64(24)) & low] += int32(1)
        one[(word >> uint64(32)) & low] += int32(1)
        two[(word >> uint64(40)) & low] += int32(1)
        three[(word >> uint64(48)) & low] += int32(1)
        four[word >> uint64(56)] += int32(1)
    for i in range(8 * words.size, values.size):
        one[index[i]] += int32(1)


@kernel("void(float32[::1], uint16[::1], int32[:,::1])")
def see_sizes(values: Floats, index: Shorts, sizes: Tables) -> None:
    """Count magnitudes, at most PART of them, by their exponents and the first two bits of their mantissas."""
    for i in range(values.size):
        index[i] = uint16(int32(np.float32(values[i]).view(np.int32) & int32(MAGNITUDE)) >> int32(21))
    one, two, three, four = sizes[0], sizes[1], sizes[2], sizes[3]
    words, low = index[: values.size // 4 * 4].view(np.uint64), uint64(0xFFFF)
    for i in range(words.size):
        word = words[i]
        one[word & low] += int32(1)
        two[(word >> uint64(16)) & low] += int32(1)
        three[(word >> uint64(32)) & low] += int32(1)
        four[word >> uint64(48)] += int32(1)
    for i in range(4 * words.size, values.size):
        one[index[i]] += int32(1)


@kernel("int64(float32[::1])")
def count_zeros(values: Floats) -> Any:
    zeros = int32(0)
    for i in range(values.size):
        zeros += int32(values[i] == float32(0))
    return int64(zeros)


@kernel(
    "void(float32[::1], float64[::1], float64[::1], int64[::1], int32[:,::1], int32[:,::1], uint8[::1], uint16[::1])"
)
def see_part(
    values: Floats,
    grid: Doubles,
    moments: Doubles,
    counts: Counts,
    bins: Tables,
    sizes: Tables,
    bin_index: Bytes,
    size_index: Shorts,
) -> None:
    """Count at most PART values, in tables; see `see`. The last two are room for PART indices."""
    if sizes.shape[1]:
        smallest = sizes[0, 0] + sizes[1, 0] + sizes[2, 0] + sizes[3, 0]
        see_sizes(values, size_index, sizes)
        if sizes[0, 0] + sizes[1, 0] + sizes[2, 0] + sizes[3, 0] > smallest:
            counts[1] += count_zeros(values)
    low, high = extremes_of(values)
    if not (-np.inf < low and high < np.inf):
        finite = np.empty(PART, np.float32)
        found = finite_of(values, finite)
        counts[0] += values.size - found
        values = finite[:found]
        low, high = extremes_of(values)
    moments[LOW], moments[HIGH] = min(moments[LOW], low), max(moments[HIGH], high)
    see_powers(values, grid[0], moments)
    see_bins(values, grid, bin_index, bins)


@inlined
def tables(grid: Any, counts: Any) -> Four:
    """Four tables of bins, four of magnitudes, if they are counted, and room for the indices of either."""
    bins = int64(grid[3]) + 2
    sizes = counts.size - 2 - bins
    return (
        np.zeros((4, bins), np.int32),
        np.zeros((4, sizes), np.int32),
        np.empty(PART, np.uint8),
        np.empty(PART, np.uint16),
    )


@kernel("void(int32[:,::1], int32[:,::1], int64[::1])")
def add_tables(bins: Tables, sizes: Tables, counts: Counts) -> None:
    within, beyond = counts[2 : 2 + bins.shape[1]], counts[2 + bins.shape[1] :]
    for table in range(4):
        for i in range(within.size):
            within[i] += bins[table, i]
        for i in range(beyond.size):
            beyond[i] += sizes[table, i]


@kernel("void(float32[::1], float64[::1], float64[::1], int64[::1])")
def see(values: Floats, grid: Doubles, moments: Doubles, counts: Counts) -> None:
    """Count any number of values.

    `grid`: as `see_bins` takes it. `moments`, of the finite values: the sums of `see_powers`, the lowest, the highest.
    `counts`: how many are not finite; how many zero, if magnitudes are counted; then the bins, those below and above
    among them; then SIZES magnitudes, or none.
    """
    bins, sizes, bin_index, size_index = tables(grid, counts)
    for start in range(0, values.size, PART):
        some = values[start : start + PART]
        see_part(some, grid, moments, counts, bins, sizes, bin_index, size_index)
    add_tables(bins, sizes, counts)


@kernel("void(float64[::1], int64[::1], float64[::1], int64[::1])")
def merge(moments: Doubles, counts: Counts, other_moments: Doubles, other_counts: Counts) -> None:
    """Add what `see` found of other values on the same grid."""
    for power in range(LOW):
        moments[power] += other_moments[power]
    moments[LOW], moments[HIGH] = min(moments[LOW], other_moments[LOW]), max(moments[HIGH], other_moments[HIGH])
    for i in range(counts.size):
        counts[i] += other_counts[i]


@kernel("void(float32[:,::1], float64[::1])", SUMS)
def see_stds(values: Floats, stds: Doubles) -> None:
    """The standard deviation of each row."""
    for r in range(values.shape[0]):
        total = square = 0.0
        for i in range(values.shape[1]):
            total += float64(values[r, i])
        mean = total / values.shape[1]
        for i in range(values.shape[1]):
            square += (float64(values[r, i]) - mean) * (float64(values[r, i]) - mean)
        stds[r] = np.sqrt(square / values.shape[1])


@kernel("float64(float32[::1])", SUMS)
def square_sum(values: Floats) -> float:
    total = 0.0
    for i in range(values.size):
        total += float64(values[i]) * float64(values[i])
    return total
