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

PART = 2048  # numbers at once
SIZES = 1024  # bins of magnitudes: exponents and the first two bits of mantissas
MAGNITUDE = 0x7FFFFFFF
INFINITY = 0x7F800000  # as bits
LOWEST, HIGHEST = -(2**31), 2**31 - 1


@inlined
def _in_order(value: Any) -> Any:
    """An integer that is to others as the float to theirs."""
    bits = np.float32(value).view(np.int32)
    return int32(bits ^ int32(int32(bits >> int32(31)) & int32(MAGNITUDE)))


@kernel("int32(float32[::1])")
def largest_bits(values: Floats) -> Any:
    """The bits of the largest magnitude; at least INFINITY if a value is not finite."""
    largest = int32(0)
    for i in range(values.size):
        largest = max(largest, int32(np.float32(values[i]).view(np.int32) & int32(MAGNITUDE)))
    return largest


@kernel("int64(float32[::1], float32[::1])")
def finite_of(values: Floats, out: Floats) -> int:
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


@kernel("void(float32[::1], int32[::1])")
def see_extremes(values: Floats, extremes: Tables) -> None:
    """Move the extremes, a lowest and a highest `_in_order`, apart as far as the values go."""
    low, high = extremes[0], extremes[1]
    for i in range(values.size):
        key = _in_order(values[i])
        low, high = min(low, key), max(high, key)
    extremes[0], extremes[1] = low, high


@kernel("void(float32[::1], float64[::1], int32[:,::1])")
def see_bins(values: Floats, grid: Doubles, bins: Tables) -> None:
    """Count at most PART values in their bins, in four tables in turn, so that no count waits for the one before.

    `grid`: the pivot, bins to a unit, the pivot's place among the bins, and their number.
    """
    pivot, per_unit, place, last = grid[0], grid[1], grid[2], grid[3] + 1
    index = np.empty(PART, np.uint8)
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


@kernel("void(float32[::1], int32[:,::1])")
def see_sizes(values: Floats, sizes: Tables) -> None:
    """Count magnitudes, at most PART of them, by their exponents and the first two bits of their mantissas."""
    index = np.empty(PART, np.uint16)
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


@inlined
def _see_finite(values: Any, grid: Any, sums: Any, extremes: Any, bins: Any) -> None:
    see_powers(values, grid[0], sums)
    see_extremes(values, extremes)
    see_bins(values, grid, bins)


@kernel("int64(float32[::1])")
def count_zeros(values: Floats) -> Any:
    zeros = int32(0)
    for i in range(values.size):
        zeros += int32(values[i] == float32(0))
    return int64(zeros)


@kernel("void(float32[::1], float64[::1], float64[::1], int32[::1], int32[:,::1], int32[:,::1], int64[::1])")
def see_part(
    values: Floats, grid: Doubles, sums: Doubles, extremes: Tables, bins: Tables, sizes: Tables, numbers: Counts
) -> None:
    """Count at most PART values, if `sizes` are asked for by magnitude too.

    `sums`, `extremes`, `bins`: of the finite ones. `numbers`: how many are not finite; zero, if sizes are asked for.
    """
    if sizes.shape[1]:
        see_sizes(values, sizes)
        numbers[1] += count_zeros(values)
    if largest_bits(values) < int32(INFINITY):
        _see_finite(values, grid, sums, extremes, bins)
    else:
        finite = np.empty(PART, np.float32)
        found = finite_of(values, finite)
        numbers[0] += values.size - found
        _see_finite(finite[:found], grid, sums, extremes, bins)


@kernel("void(int32[:,::1], int64[::1])")
def add_tables(tables: Tables, counts: Counts) -> None:
    for table in range(4):
        for i in range(counts.size):
            counts[i] += tables[table, i]


@kernel("void(float32[::1], float64[::1], float64[::1], int32[::1], int64[::1], int64[::1], int64[::1])")
def see(
    values: Floats, grid: Doubles, sums: Doubles, extremes: Tables, counts: Counts, sizes: Counts, numbers: Counts
) -> None:
    """Count any number of values; see `see_part`. `sizes` may be empty."""
    bins, size_tables = np.zeros((4, counts.size), np.int32), np.zeros((4, sizes.size), np.int32)
    for start in range(0, values.size, PART):
        see_part(values[start : start + PART], grid, sums, extremes, bins, size_tables, numbers)
    add_tables(bins, counts)
    add_tables(size_tables, sizes)


@kernel("void(float32[:,::1], float32[::1], float64[:,::1])")
def see_units(u: Floats, row: Floats, units: Doubles) -> None:
    """Of every unit's difference to its value in a row near the others: the sum, and the sum of squares."""
    for r in range(u.shape[0]):
        for j in range(u.shape[1]):
            apart = float64(u[r, j]) - float64(row[j])
            units[0, j] += apart
            units[1, j] += apart * apart


@kernel("float64(float32[::1])", SUMS)
def square_sum(values: Floats) -> float:
    total = 0.0
    for i in range(values.size):
        total += float64(values[i]) * float64(values[i])
    return total


@kernel("float64(float32[::1], float64, float64[::1], float64[::1])", SUMS)
def see_direction(h: Floats, over_length: float, origin: Doubles, sums: Doubles) -> float:
    """Add a vector's direction, less a point near it, to the sums; its distance to that point, squared."""
    total = 0.0
    for j in range(h.size):
        apart = float64(h[j]) * over_length - origin[j]
        sums[j] += apart
        total += apart * apart
    return total


@kernel("int64(float32[::1], float64, float64)")
def count_beyond(values: Floats, middle: float, distance: float) -> Any:
    """How many are further from the middle than this."""
    found = int32(0)
    for i in range(values.size):
        found += int32(abs(float64(values[i]) - middle) > distance)
    return int64(found)


@kernel("void(float32[:,::1], uint8[::1])")
def see_alive(h: Floats, alive: Bytes) -> None:
    """Mark the units that are not zero in every row."""
    for r in range(h.shape[0]):
        for j in range(h.shape[1]):
            alive[j] |= uint8(h[r, j] != float32(0))


@kernel(
    "void(float32[:,::1], float32[:,::1], float32[::1], float64[::1], float64[::1],"
    " float64[:,::1], float64[::1], int64[::1], uint8[::1])"
)
def see_rows(
    u: Floats,
    h: Floats,
    row: Floats,
    origin: Doubles,
    bounds: Doubles,
    units: Doubles,
    directions: Doubles,
    numbers: Counts,
    alive: Bytes,
) -> None:
    """What rows of preactivations u and activations h say of units, and of each other; shapes (rows, units).

    `bounds`: the middle, and the distance from it beyond which h is saturated. `directions`: the sums of
    `see_direction`, and last that of squared distances. `numbers`: rows that are not zero, saturated values.
    """
    width = h.shape[1]
    at_once = max(1, PART // width)
    for start in range(0, h.shape[0], at_once):
        some_u, some_h = u[start : start + at_once], h[start : start + at_once]
        see_units(some_u, row, units)
        see_alive(some_h, alive)
        for r in range(some_h.shape[0]):
            square = square_sum(some_h[r])
            if square > 0:
                numbers[0] += 1
                directions[width] += see_direction(some_h[r], 1 / np.sqrt(square), origin, directions)
            if bounds[1] < np.inf:
                numbers[1] += count_beyond(some_h[r], bounds[0], bounds[1])


@kernel("void(float32[:,::1], float64[::1])", SUMS)
def see_matrix(values: Floats, sums: Doubles) -> None:
    """Add up the values, and their squares."""
    first = second = 0.0
    for r in range(values.shape[0]):
        for j in range(values.shape[1]):
            first += float64(values[r, j])
            second += float64(values[r, j]) * float64(values[r, j])
    sums[0] += first
    sums[1] += second
