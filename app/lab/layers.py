"""What is measured of one layer: preactivations, activations, each unit across the batch, and the cosines."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple, Self

import numpy as np
from torch import Tensor

from .kernels.rows import first_direction, mean_cosine, pair_distances, see_layer, unit_variances
from .kernels.statistics import Doubles, Floats, see, square_sum
from .scaled import Scaled
from .summary import Grid, Summary, Tally, grid_of

SATURATED = 0.97  # of the half-range between an activation's bounds
COMPARED = 64  # inputs whose pairwise cosines are all looked at


@dataclass(frozen=True)
class ActivationSummary(Summary):
    """`saturated`: share of h in the outer 3 % of the half-range, at either bound; null without bounds.

    `zero`: share of zeros as float32 has them: far below zero GELU and others round to it, where in exact arithmetic
    ReLU alone is zero. `dead_units`: share of units that are zero, so understood, for the whole batch.
    """

    saturated: float | None
    zero: float
    dead_units: float

    @classmethod
    def of(cls, seen: Tally, saturated: float | None, dead_units: float, log2_scale: float = 0.0) -> Self:
        """Of activations counted by size, each times 2^log2_scale."""
        fields = *seen.said(log2_scale), saturated, seen.zeros / seen.count, dead_units
        return cls(*fields)


@dataclass(frozen=True)
class Cosine:
    """Between the activations of different inputs: the mean over all pairs, the std over those of the first 64 inputs.

    Null where fewer than two of them are not zero, the std where fewer than three.
    """

    mean: float | None
    std: float | None


def cosines_std(apart: Floats) -> float | None:
    """The standard deviation of the cosines of all pairs of different vectors of length one.

    They are the rows of `apart`, less one point.
    """
    number = apart.shape[0]
    pairs = number * (number - 1) // 2
    if pairs < 2:
        return None
    distance, square = pair_distances(apart)
    return sqrt(max(0.0, square - distance**2 / pairs) / (pairs - 1)) / 2


class Frame(NamedTuple):
    """What a layer is measured in.

    Grids; a preactivation and the direction of an activation, one row of each, that others are near if signals
    collapse; powers of two that preactivations u and activations h are multiples of; the middle between the
    activation's bounds and the distance from it beyond which h is saturated, infinite without bounds; and, if h is a
    stream, the power of two that φ(u), which was added to it, is a multiple of.
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
        low, high = bounds or (-inf, inf)
        unit = 2.0 ** min(-h.exponent, 1000)  # beyond which a bound is out of reach either way
        middle, distance = ((low + high) / 2 * unit, SATURATED * (high - low) / 2 * unit) if bounds else (0.0, inf)
        u_rows, h_rows = u.value.numpy(), h.value.numpy()
        return cls(
            grid_of(u_rows.reshape(-1), bins, u.exponent),
            grid_of(h_rows.reshape(-1), bins, h.exponent),
            u_rows[0].astype(np.float64),
            first_direction(h_rows),
            u.exponent,
            h.exponent,
            np.array([middle, distance]),
            branch_exponent,
        )


class LayerTally:
    """A layer's preactivations u and activations h, both of shape (batch, units), row block by row block."""

    def __init__(self, frame: Frame) -> None:
        units = frame.u_row.size
        self.frame = frame
        self.preactivation = Tally(frame.u_grid)
        self.activation = Tally(frame.h_grid, by_size=True)
        self.cosines_std: float | None = None
        self.branch_square = 0.0
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
            self.cosines_std = cosines_std(apart[: int(self._numbers[0])])
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

    def measured(self) -> "Measured":
        """What to keep, now that every row has been added."""
        frame, count, units = self.frame, self.activation.count, self._alive.size
        not_zero, saturated = self._numbers.tolist()
        cosine = float(mean_cosine(self._directions, not_zero)) if not_zero > 1 else None
        exponent = frame.branch_exponent
        return Measured(
            self.preactivation,
            self.activation,
            self._unit_variance() if self._rows > 1 else None,
            Cosine(cosine, self.cosines_std),
            saturated / count if frame.saturation[1] < inf else None,
            (units - int(np.count_nonzero(self._alive))) / units,
            frame.u_exponent,
            frame.h_exponent,
            None if exponent is None else Branch(self.branch_square / count, exponent),
        )

    def _unit_variance(self) -> "UnitVariance":
        values = np.empty(self._alive.size, np.float32)
        exponent = unit_variances(self._units, self._rows, values)
        tally = Tally(grid_of(values, self.frame.u_grid.bins, 2 * self.frame.u_exponent + exponent))
        see(*tally.seen(values))
        return UnitVariance(tally, exponent)


class UnitVariance(NamedTuple):
    """Over units, each unit's variance across the batch, in multiples of two to the power of `exponent`."""

    values: Tally
    exponent: int


class Branch(NamedTuple):
    """The mean square of φ(u) where a residual connection adds it, in multiples of four to the power of `exponent`."""

    mean_square: float
    exponent: int


class Measured(NamedTuple):
    """A layer's measurements, in multiples of two to the power of `u_exponent` and `h_exponent`.

    `unit_variance`: over units, each unit's unbiased variance of u across the batch, None for a batch of one.
    `cosine`: between activations of different inputs, the mean over all pairs, the std over those of the first 64.
    `saturated` and `dead_units` are shares.
    """

    preactivation: Tally
    activation: Tally
    unit_variance: UnitVariance | None
    cosine: Cosine
    saturated: float | None
    dead_units: float
    u_exponent: int
    h_exponent: int
    branch: Branch | None

    def activation_summary(self, log2_scale: float) -> ActivationSummary:
        return ActivationSummary.of(self.activation, self.saturated, self.dead_units, log2_scale)

    def unit_variance_summary(self, log2_scale: float) -> Summary | None:
        found = self.unit_variance
        return None if found is None else found.values.summary(2 * log2_scale + found.exponent)
