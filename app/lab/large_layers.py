"""Layers measured row block by row block, each while it is in a core's cache."""

from math import isinf
from typing import NamedTuple, Self

import numpy as np
from torch import Tensor

from .kernels.rows import first_direction, mean_cosine, pair_distances, see_layer, unit_variances
from .kernels.statistics import Doubles, see, square_sum
from .layers import COMPARED, Added, Cosine, Measured, saturation
from .scaled import Scaled
from .summary import Grid, Tally, grid_of


class Frame(NamedTuple):
    """What a layer is measured in, block by block.

    Grids; a preactivation and the direction of an activation, one row of each, that others are near if signals
    collapse; powers of two that preactivations u and activations h are multiples of; where h is saturated; and, if h
    is a stream, the power of two that φ(u), which was added to it, is a multiple of.
    """

    u_grid: Grid
    h_grid: Grid
    u_row: Doubles
    h_direction: Doubles
    u_exponent: int
    h_exponent: int
    saturation: Doubles
    branch_exponent: int | None

    @classmethod
    def around(
        cls,
        u: Scaled,
        h: Scaled,
        bounds: tuple[float, float] | None,
        bins: int,
        branch_exponent: int | None = None,
    ) -> Self:
        """A frame that such tensors fill."""
        u_rows, h_rows = u.value.numpy(), h.value.numpy()
        return cls(
            grid_of(u_rows.reshape(-1), bins, u.exponent),
            grid_of(h_rows.reshape(-1), bins, h.exponent),
            u_rows[0].astype(np.float64),
            first_direction(h_rows),
            u.exponent,
            h.exponent,
            np.array(saturation(bounds, h.exponent)),
            branch_exponent,
        )


class LayerTally:
    """A layer's preactivations u and activations h, both of shape (batch, units), row block by row block."""

    def __init__(self, frame: Frame) -> None:
        units = frame.u_row.size
        self.frame = frame
        self.preactivation = Tally(frame.u_grid)
        self.activation = Tally(frame.h_grid, by_size=True)
        self.branch_square = 0.0
        self._compared = 0, 0.0, 0.0
        self._rows = 0
        self._units = np.zeros((2, units))
        self._directions = np.zeros(units + 1)
        self._numbers = np.zeros(2, np.int64)
        self._alive = np.zeros(units, np.uint8)

    def add(self, u: Tensor, h: Tensor, first: bool, branch: Tensor | None = None) -> Self:
        """Count a block of rows; the first block's rows are compared pair by pair. `branch`: φ(u), if h is a stream."""
        frame = self.frame
        apart = np.empty((COMPARED if first else 0, u.shape[1]), np.float32)
        see_layer(
            *self.preactivation.seen(u.numpy()),
            *self.activation.seen(h.numpy()),
            frame.u_row,
            frame.h_direction,
            frame.saturation,
            self._units,
            self._directions,
            self._numbers,
            self._alive,
            apart,
        )
        self._rows += u.shape[0]
        if branch is not None:
            self.branch_square += square_sum(branch.numpy().reshape(-1))
        if first:
            compared = min(COMPARED, int(self._numbers[0]))
            self._compared = compared, *pair_distances(apart[:compared])
        return self

    def merge(self, other: Self) -> Self:
        """Add the rows another tally in the same frame has seen."""
        self.preactivation.merge(other.preactivation)
        self.activation.merge(other.activation)
        self.branch_square += other.branch_square
        self._rows += other._rows
        self._units += other._units
        self._directions += other._directions
        self._numbers += other._numbers
        self._alive |= other._alive
        return self

    def measured(self, log2_product: float | None = None) -> Measured:
        """What to keep, now that every row has been added."""
        frame, count, units = self.frame, self.activation.count, self._alive.size
        not_zero, saturated = self._numbers.tolist()
        mean = float(mean_cosine(self._directions, not_zero)) if not_zero > 1 else 0.0
        variance, exponent = self._unit_variance() if self._rows > 1 else (None, 0)
        branch = frame.branch_exponent
        return Measured(
            self.preactivation.alone,
            self.activation.alone,
            None if variance is None else variance.alone,
            [exponent],
            [Cosine.of(mean, not_zero, *self._compared)],
            [None if isinf(frame.saturation[1]) else saturated / count],
            [(units - int(np.count_nonzero(self._alive))) / units],
            [(frame.u_exponent, frame.h_exponent)],
            [None if branch is None else Added(self.branch_square / count, branch)],
            [log2_product],
        )

    def _unit_variance(self) -> tuple[Tally, int]:
        """The units' unbiased variances, and the exponent of the power of two that they are multiples of."""
        values = np.empty(self._alive.size, np.float32)
        exponent = unit_variances(self._units, self._rows, values)
        tally = Tally(grid_of(values, self.frame.u_grid.bins, 2 * self.frame.u_exponent + exponent))
        see(*tally.seen(values))
        return tally, exponent
