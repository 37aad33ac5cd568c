"""What rows of a layer's preactivations and activations say: as values, unit by unit, and of each other."""

import math
from typing import Any

import numpy as np
from numba import float32, float64, int32, int64, uint8

from .compiling import SUMS, kernel
from .statistics import PART, Bytes, Counts, Doubles, Floats, add_tables, see_part, square_sum, tables


@kernel("void(float32[:,::1], float64[::1], float64[:,::1])")
def see_units(u: Floats, row: Doubles, units: Doubles) -> None:
    """Of every unit's difference to its value in a row near the others: the sum, and the sum of squares."""
    whole = u.shape[0] // 4 * 4
    for r in range(0, whole, 4):  # four rows for each time the sums are fetched
        for j in range(u.shape[1]):
            a, b = float64(u[r, j]) - row[j], float64(u[r + 1, j]) - row[j]
            c, d = float64(u[r + 2, j]) - row[j], float64(u[r + 3, j]) - row[j]
            units[0, j] += (a + b) + (c + d)
            units[1, j] += (a * a + b * b) + (c * c + d * d)
    for r in range(whole, u.shape[0]):
        for j in range(u.shape[1]):
            a = float64(u[r, j]) - row[j]
            units[0, j] += a
            units[1, j] += a * a


@kernel("float64(float64[::1], int64)", SUMS)
def mean_cosine(directions: Doubles, number: int) -> Any:
    """Over all pairs of so many directions a and b, as `see_direction` sums them up: cos(a, b) = 1 - ½‖a - b‖²."""
    square = 0.0
    for j in range(directions.size - 1):
        square += directions[j] * directions[j]
    return 1 - max(0.0, directions[directions.size - 1] - square / number) / (number - 1)


@kernel("int64(float64[:,::1], int64, float32[::1])")
def unit_variances(units: Doubles, rows: int, variances: Floats) -> Any:
    """What `see_units` summed over so many rows as unbiased variances, times a power of two; returns its exponent."""
    largest = 0.0
    for j in range(variances.size):
        units[1, j] = max(0.0, units[1, j] - units[0, j] * units[0, j] / rows) / (rows - 1)
        largest = max(largest, units[1, j])
    exponent = math.frexp(largest)[1]
    for j in range(variances.size):
        variances[j] = float32(math.ldexp(units[1, j], -exponent))
    return exponent


@kernel("float64(float32[::1], float64, float64[::1], float64[::1])", SUMS)
def see_direction(h: Floats, over_length: float, origin: Doubles, sums: Doubles) -> float:
    """Add a vector's direction, less a point near it, to the sums; its distance to that point, squared."""
    total = 0.0
    for j in range(h.size):
        apart = float64(h[j]) * over_length - origin[j]
        sums[j] += apart
        total += apart * apart
    return total


@kernel("float64[::1](float32[:,::1])")
def first_direction(h: Floats) -> Any:
    """The first row that is not zero, divided by its length; zeros if there is none."""
    direction = np.zeros(h.shape[1])
    for r in range(h.shape[0]):
        square = square_sum(h[r])
        if square > 0:
            for j in range(h.shape[1]):
                direction[j] = float64(h[r, j]) / np.sqrt(square)
            break
    return direction


@kernel("float32(float32[::1], float32[::1])", SUMS)
def square_distance(a: Floats, b: Floats) -> Any:
    """‖a - b‖²"""
    total = float32(0)
    for j in range(a.size):
        total += (a[j] - b[j]) * (a[j] - b[j])
    return total


@kernel("int64(float32[::1], float32, float32)")
def count_beyond(values: Floats, middle: float, distance: float) -> Any:
    """How many are further from the middle than this."""
    found = int32(0)
    for i in range(values.size):
        found += int32(abs(values[i] - middle) > distance)
    return int64(found)


@kernel("void(float32[:,::1], uint8[::1])")
def see_alive(h: Floats, alive: Bytes) -> None:
    """Mark the units that are not zero in every row."""
    for r in range(h.shape[0]):
        for j in range(h.shape[1]):
            alive[j] |= uint8(h[r, j] != float32(0))


@kernel("void(float32[:,::1], float64[::1], float64[::1], float64[::1], int64[::1], float32[:,::1])")
def see_rows(
    h: Floats, origin: Doubles, saturation: Doubles, directions: Doubles, numbers: Counts, apart: Floats
) -> None:
    """What a few rows of activations say of units and of each other; see `see_layer`."""
    for r in range(h.shape[0]):
        square = square_sum(h[r])
        if square > 0:
            over_length = 1 / np.sqrt(square)
            if numbers[0] < apart.shape[0]:
                for j in range(h.shape[1]):
                    apart[numbers[0], j] = float32(float64(h[r, j]) * over_length - origin[j])
            numbers[0] += 1
            directions[h.shape[1]] += see_direction(h[r], over_length, origin, directions)
        if saturation[1] < np.inf:
            numbers[1] += count_beyond(h[r], float32(saturation[0]), float32(saturation[1]))


@kernel(
    "void(float32[:,::1], float64[::1], float64[::1], int64[::1],"
    " float32[:,::1], float64[::1], float64[::1], int64[::1],"
    " float64[::1], float64[::1], float64[::1], float64[:,::1], float64[::1], int64[::1], uint8[::1], float32[:,::1])"
)
def see_layer(
    u: Floats,
    u_grid: Doubles,
    u_moments: Doubles,
    u_counts: Counts,
    h: Floats,
    h_grid: Doubles,
    h_moments: Doubles,
    h_counts: Counts,
    row: Doubles,
    origin: Doubles,
    saturation: Doubles,
    units: Doubles,
    directions: Doubles,
    numbers: Counts,
    alive: Bytes,
    apart: Floats,
) -> None:
    """Count rows of preactivations u and of activations h, shape (rows, units), each as `see` does, and as rows.

    `row`, `origin`: a row of u, and a direction, that others may be near. `saturation`: the middle, and the distance
    from it beyond which h is saturated. `units`: the sums of `see_units`. `directions`: those of `see_direction`, and
    last its squared distances. `numbers`: rows that are not zero; saturated values. `alive`: units that are not zero
    in every row. `apart`: what `see_direction` adds for the first rows that are not zero.
    """
    u_bins, u_sizes, bin_index, size_index = tables(u_grid, u_counts)
    h_bins, h_sizes, _, _ = tables(h_grid, h_counts)
    width = u.shape[1]
    at_once = max(1, PART // width)
    for start in range(0, u.shape[0], at_once):
        some_u, some_h = u[start : start + at_once], h[start : start + at_once]
        flat_u, flat_h = some_u.reshape(some_u.size), some_h.reshape(some_h.size)
        zeros = h_counts[1]
        for part in range(0, flat_u.size, PART):
            part_u, part_h = flat_u[part : part + PART], flat_h[part : part + PART]
            see_part(part_u, u_grid, u_moments, u_counts, u_bins, u_sizes, bin_index, size_index)
            see_part(part_h, h_grid, h_moments, h_counts, h_bins, h_sizes, bin_index, size_index)
        see_units(some_u, row, units)
        if h_counts[1] > zeros:
            see_alive(some_h, alive)
        else:
            alive[:] = 1
        see_rows(some_h, origin, saturation, directions, numbers, apart)
    add_tables(u_bins, u_sizes, u_counts)
    add_tables(h_bins, h_sizes, h_counts)


@kernel("UniTuple(float64, 2)(float32[:,::1])")
def pair_distances(vectors: Floats) -> Any:
    """Of ‖a - b‖² of all pairs of vectors: the sum, and that of the squares."""
    first = second = 0.0
    for a in range(vectors.shape[0]):
        for b in range(a):
            distance = float64(square_distance(vectors[a], vectors[b]))
            first += distance
            second += distance * distance
    return first, second
