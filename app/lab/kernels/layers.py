"""Small layers of one shape, measured together: a call from the interpreter takes as long as one of them."""

import numpy as np

from .compiling import kernel
from .rows import first_direction, mean_cosine, pair_distances, see_layer, unit_variances
from .statistics import Counts, Doubles, Floats, see
from .summaries import bulk_of, places

U, H, V = range(3)  # preactivations, activations, and every unit's variance of the first
NOT_ZERO, BEYOND, ALIVE, EXPONENT = range(4)  # where `numbers` has them


@kernel("void(float32[::1], int64, int64, float64[::1], float64[::1])")
def fit(values: Floats, bins: int, exponent: int, grid: Doubles, as_seen: Doubles) -> None:
    """A grid for the values times 2^exponent: where it begins and ends, and its pivot; and as `see` takes it."""
    grid[0], grid[1], grid[2] = bulk_of(values, bins, exponent)
    places(grid[0], grid[1], grid[2], bins, as_seen)


@kernel(
    "void(float32[:,:,::1], float32[:,:,::1], int64[:,::1], float64[:,::1], int64, float64[:,:,::1], float64[:,:,::1],"
    " int64[:,::1], int64[:,::1], int64[:,::1], float64[:,::1], int64[:,::1])"
)
def see_layers(
    u: Floats,
    h: Floats,
    exponents: Counts,
    saturation: Doubles,
    compared: int,
    grids: Doubles,
    moments: Doubles,
    u_counts: Counts,
    h_counts: Counts,
    v_counts: Counts,
    cosines: Doubles,
    numbers: Counts,
) -> None:
    """What `see` and `see_layer` find of preactivations u and activations h, both of shape (layers, batch, units).

    A row of everything else for each layer: `exponents`, powers of two that u and h are multiples of; `saturation`, as
    `see_layer` takes it. Grids and moments, of shape (3, layers, ·), and counts are those of u, of h and, of more than
    one row, of each unit's variance of u, in multiples of four to the power of u's exponent and two to that of the last
    of the `numbers`; others are rows that are not zero, saturated values, and units that are not always zero.
    `cosines`: the mean over all pairs of rows; the sums of squared distances, and of their squares, over pairs of the
    first so many that are `compared`.
    """
    rows, width = u.shape[1], u.shape[2]
    grid, h_grid = np.empty(4), np.empty(4)
    variances = np.empty(width, np.float32)
    for layer in range(u.shape[0]):
        flat_u, flat_h = u[layer].reshape(rows * width), h[layer].reshape(rows * width)
        fit(flat_u, v_counts.shape[1] - 4, exponents[layer, U], grids[U, layer], grid)
        fit(flat_h, v_counts.shape[1] - 4, exponents[layer, H], grids[H, layer], h_grid)
        units, directions, alive = np.zeros((2, width)), np.zeros(width + 1), np.zeros(width, np.uint8)
        apart = np.empty((min(compared, rows), width), np.float32)
        first = u[layer, 0].astype(np.float64)
        see_layer(
            u[layer],
            grid,
            moments[U, layer],
            u_counts[layer],
            h[layer],
            h_grid,
            moments[H, layer],
            h_counts[layer],
            first,
            first_direction(h[layer]),
            saturation[layer],
            units,
            directions,
            numbers[layer],
            alive,
            apart,
        )
        for j in range(width):
            numbers[layer, ALIVE] += alive[j]
        some = numbers[layer, NOT_ZERO]
        cosines[layer, 0] = mean_cosine(directions, some) if some > 1 else np.nan
        cosines[layer, 1], cosines[layer, 2] = pair_distances(apart[: min(some, apart.shape[0])])
        if rows > 1:
            exponent = unit_variances(units, rows, variances)
            numbers[layer, EXPONENT] = exponent
            fit(variances, v_counts.shape[1] - 4, 2 * exponents[layer, U] + exponent, grids[V, layer], grid)
            see(variances, grid, moments[V, layer], v_counts[layer])
