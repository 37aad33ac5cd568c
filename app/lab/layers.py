"""What is measured of one layer: preactivations, activations, each unit across the batch, and the cosines."""

from dataclasses import dataclass
from math import frexp, inf, sqrt
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from .formats import Counts, magnitude_counts
from .scaled import FEWEST_ROWS, SAFE, Scaled
from .summary import Grid, Summary, Tally, largest_magnitude, robust_grid

Floats = np.ndarray[Any, np.dtype[np.float64]]

SATURATED = 0.97  # of the half-range between an activation's bounds
LARGEST = torch.finfo(torch.float32).max
COMPARED = FEWEST_ROWS  # inputs whose pairwise cosines are all looked at


@dataclass(frozen=True)
class ActivationSummary(Summary):
    """`saturated`: share of h in the outer 3 % of the half-range, at either bound; null without bounds.

    `zero`: share of zeros as float32 has them: far below zero GELU and others round to it, where in exact arithmetic
    ReLU alone is zero. `dead_units`: share of units that are zero, so understood, for the whole batch.
    """

    saturated: float | None
    zero: float
    dead_units: float


@dataclass(frozen=True)
class Cosine:
    """Between the activations of different inputs: the mean over all pairs, the std over those of the first 64 inputs.

    Null where fewer than two of them are not zero, the std where fewer than three.
    """

    mean: float | None
    std: float | None


class Spread(NamedTuple):
    """Of some vectors' differences to a point near them: how many, each coordinate's sum, and sums of squares.

    Those are each coordinate's or, if nobody asks for it, one of them all. Differences keep their digits however
    close the vectors are; the sums are in float64 from block to block.
    """

    number: int
    sums: Floats
    squares: Floats

    def plus(self, apart: Tensor) -> Self:
        """With these differences, of shape (vectors, coordinates), which are used up."""
        sums = self.sums + apart.sum(0).numpy()
        squares = np.square(apart.numpy(), out=apart.numpy())
        return type(self)(self.number + len(apart), sums, self.squares + torch.from_numpy(squares).sum(0).numpy())

    def plus_all(self, apart: Tensor) -> Self:
        """As `plus`, with one sum of squares."""
        flat = apart.flatten()
        square = float(torch.dot(flat, flat).numpy())
        return type(self)(self.number + len(apart), self.sums + apart.sum(0).numpy(), self.squares + square)

    def merged(self, other: Self) -> Self:
        return type(self)(self.number + other.number, self.sums + other.sums, self.squares + other.squares)

    @property
    def variances(self) -> Floats:
        """The unbiased variance of every coordinate; needs two vectors."""
        return np.maximum(self.squares - self.sums**2 / self.number, 0) / (self.number - 1)

    @property
    def mean_cosine(self) -> float | None:
        """Between two of these vectors, if they have length one: cos(a, b) = 1 - ½‖a - b‖²."""
        if self.number < 2:
            return None
        spread = float(self.squares.sum()) - float((self.sums**2).sum()) / self.number
        return 1 - max(0.0, spread) / (self.number - 1)


NOTHING = Spread(0, np.zeros(1), np.zeros(1))


def directions(h: Tensor, largest: float, origin: Tensor | float) -> Tensor:
    """The rows of h that are not zero, each divided by its length, less `origin`.

    `largest` is the largest magnitude in h.
    """
    size = frexp(largest)[1]
    near_one = h * 2.0**-size if abs(size) > SAFE // 2 else h
    lengths = torch.linalg.vector_norm(near_one, dim=1, keepdim=True)
    if lengths.numpy().min(initial=inf) == 0:
        alive = lengths[:, 0] > 0
        near_one, lengths = near_one[alive], lengths[alive]
    return near_one.div(lengths).sub_(origin)


def cosines_std(apart: Tensor) -> float | None:
    """The standard deviation of the cosines of all pairs of different vectors of length one.

    They are the rows of `apart`, less one point.
    """
    pairs = len(apart) * (len(apart) - 1) // 2
    if pairs < 2:
        return None
    square = apart.square().sum(1)
    distance = (square[:, None] + square - 2 * (apart @ apart.T)).fill_diagonal_(0).double()
    mean = float(distance.sum()) / (2 * pairs)
    spread = float(distance.square().sum()) / 2 - pairs * mean**2
    return sqrt(max(0.0, spread) / (pairs - 1)) / 2


class Frame(NamedTuple):
    """What a layer is measured in.

    Grids; a preactivation and the direction of an activation, one row of each, that others are near if signals
    collapse; powers of two that preactivations u and activations h are multiples of; the activation's bounds, if it
    has them; and, if h is a stream, the power of two that φ(u), which was added to it, is a multiple of.
    """

    u_grid: Grid
    h_grid: Grid
    u_row: Tensor
    h_direction: Tensor | float
    u_exponent: int
    h_exponent: int
    bounds: tuple[float, float] | None
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
        unit = 2.0 ** min(-h.exponent, 1000)  # beyond which a bound is out of reach either way
        scaled = (bounds[0] * unit, bounds[1] * unit) if bounds else None
        u_grid = robust_grid(u.value, bins, u.exponent)
        h_grid = robust_grid(h.value, bins, h.exponent)
        few = h.value[:COMPARED]
        pointing = directions(few, largest_magnitude(few), 0.0)
        direction = pointing[0] if len(pointing) else 0.0
        return cls(u_grid, h_grid, u.value[0], direction, u.exponent, h.exponent, scaled, branch_exponent)


class LayerTally:
    """A layer's preactivations u and activations h, both of shape (batch, units), row block by row block."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.preactivation = Tally(frame.u_grid)
        self.activation = Tally(frame.h_grid)
        self.units = self.directions = NOTHING
        self.cosines_std: float | None = None
        self.magnitudes: Counts = np.zeros(1, np.int64)
        self.alive = np.zeros(1, np.bool_)
        self.zero = self.saturated = 0
        self.branch_square = 0.0

    def add(self, u: Tensor, h: Tensor, first: bool, branch: Tensor | None = None) -> Self:
        """Count a block of rows; the first block's rows are compared pair by pair. `branch`: φ(u), if h is a stream."""
        self.preactivation.add(u)
        unit = self.frame.u_grid.unit
        apart = u - self.frame.u_row
        self.units = self.units.plus(apart if unit == 1 else apart.mul_(unit))
        self.activation.add(h)
        if branch is not None:
            self.branch_square += float(torch.linalg.vector_norm(branch, dtype=torch.float64)) ** 2
        apart = directions(h, self.activation.largest, self.frame.h_direction)
        if first:
            self.cosines_std = cosines_std(apart[:COMPARED])
        self.directions = self.directions.plus_all(apart)
        size = h.abs()
        if self.frame.bounds:
            low, high = self.frame.bounds
            from_middle = (h - (low + high) / 2).abs_() if low + high else size
            edge = min(SATURATED * (high - low) / 2, LARGEST)
            self.saturated += int(np.count_nonzero(from_middle.numpy() > edge))
        self.magnitudes = self.magnitudes + magnitude_counts(size)
        if self.magnitudes[0]:
            nonzero = h.numpy() != 0
            self.zero += nonzero.size - int(np.count_nonzero(nonzero))
            self.alive = self.alive | nonzero.any(0)
        else:
            self.alive = np.ones(1, np.bool_)
        return self

    def merge(self, other: Self) -> Self:
        """Add the rows another tally in the same frame has seen."""
        self.preactivation.merge(other.preactivation)
        self.activation.merge(other.activation)
        self.units = self.units.merged(other.units)
        self.directions = self.directions.merged(other.directions)
        self.magnitudes = self.magnitudes + other.magnitudes
        self.alive = self.alive | other.alive
        self.zero += other.zero
        self.branch_square += other.branch_square
        self.saturated += other.saturated
        return self

    def measured(self) -> "Measured":
        """What to keep, now that every row has been added."""
        count, exponent = self.activation.count, self.frame.branch_exponent
        return Measured(
            self.preactivation,
            self.activation,
            self._unit_variance() if self.units.number > 1 else None,
            Cosine(mean=self.directions.mean_cosine, std=self.cosines_std),
            self.magnitudes,
            self.zero,
            self.saturated / count if self.frame.bounds else None,
            float((~self.alive).mean()),
            self.frame.u_exponent,
            self.frame.h_exponent,
            None if exponent is None else Branch(self.branch_square / count, exponent),
        )

    def _unit_variance(self) -> Tally:
        grid = self.frame.u_grid
        variances = torch.from_numpy(self.units.variances / grid.unit**2)
        return Tally(robust_grid(variances, grid.bins, 2 * self.frame.u_exponent)).add(variances)


class Branch(NamedTuple):
    """The mean square of φ(u) where a residual connection adds it, in multiples of four to the power of `exponent`."""

    mean_square: float
    exponent: int


class Measured(NamedTuple):
    """A layer's measurements, in multiples of two to the power of `u_exponent` and `h_exponent`.

    `unit_variance`: over units, each unit's unbiased variance of u across the batch, None for a batch of one.
    `cosine`: between activations of different inputs, the mean over all pairs, the std over those of the first 64.
    `zero` is a number of values, `saturated` and `dead_units` are shares.
    """

    preactivation: Tally
    activation: Tally
    unit_variance: Tally | None
    cosine: Cosine
    magnitudes: Counts
    zero: int
    saturated: float | None
    dead_units: float
    u_exponent: int
    h_exponent: int
    branch: Branch | None

    def activation_summary(self, log2_scale: float) -> ActivationSummary:
        return ActivationSummary(
            **vars(self.activation.summary(log2_scale)),
            saturated=self.saturated,
            zero=self.zero / self.activation.count,
            dead_units=self.dead_units,
        )
