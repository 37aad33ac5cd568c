"""What is measured of one layer: preactivations, activations, each unit across the batch, and the cosines."""

from functools import cached_property
from math import frexp, sqrt
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from app.lab.formats import Counts, magnitude_counts
from app.lab.scaled import SAFE, Scaled
from app.lab.summary import Grid, Tally, robust_grid
from app.results import ActivationSummary, Cosine

Floats = np.ndarray[Any, np.dtype[np.float64]]

SATURATED = 0.97  # of the half-range between an activation's bounds
LARGEST = torch.finfo(torch.float32).max
COMPARED = 64  # inputs whose pairwise cosines are all looked at


class Spread(NamedTuple):
    """Of some vectors: how many, their mean, and in each coordinate the sum of squared distances to it, in float64.

    They merge as in Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", eq. 2.1.
    """

    number: int
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: Tensor) -> Self:
        """Of rows of float32, whose differences keep their digits however close the rows are."""
        count = rows.shape[0]
        if count == 0:
            return cls(0, np.zeros(1), np.zeros(1))
        apart = rows - rows[0]
        mean = apart.sum(0).double().numpy() / count
        squares = apart.square_().sum(0).double().numpy() - count * mean**2
        return cls(count, rows[0].double().numpy() + mean, np.maximum(squares, 0))

    def merged(self, other: Self) -> Self:
        """Of these vectors and those."""
        if not (self.number and other.number):
            return self if self.number else other
        count, gap = self.number + other.number, other.mean - self.mean
        squares = self.squares + other.squares + gap**2 * (self.number * other.number / count)
        return type(self)(count, self.mean + gap * (other.number / count), squares)

    @property
    def variances(self) -> Floats:
        """The unbiased variance of every coordinate."""
        return self.squares / (self.number - 1)

    @property
    def mean_cosine(self) -> float | None:
        """Between two of these vectors, if they have length one: cos(a, b) = 1 - ½‖a - b‖²."""
        return 1 - float(self.variances.sum()) if self.number > 1 else None


def directions(h: Tensor, largest: float) -> Tensor:
    """The rows of h that are not zero, each divided by its length; `largest` is the largest magnitude in h."""
    size = frexp(largest)[1]
    near_one = h * 2.0**-size if abs(size) > SAFE // 2 else h
    lengths = torch.linalg.vector_norm(near_one, dim=1, keepdim=True)
    if lengths.amin() == 0:
        alive = lengths[:, 0] > 0
        near_one, lengths = near_one[alive], lengths[alive]
    return near_one.div(lengths)


def cosines_std(unit: Tensor) -> float | None:
    """The standard deviation of the cosines of all pairs of different rows, each of length one."""
    pairs = len(unit) * (len(unit) - 1) // 2
    if pairs < 2:
        return None
    apart = unit - unit[0]
    square = apart.square().sum(1)
    distance = (square[:, None] + square - 2 * (apart @ apart.T)).fill_diagonal_(0).double()
    mean = float(distance.sum()) / (2 * pairs)
    spread = float(distance.square().sum()) / 2 - pairs * mean**2
    return sqrt(max(0.0, spread) / (pairs - 1)) / 2


class Frame(NamedTuple):
    """What a layer is measured in: grids, powers of two that preactivations u and activations h are multiples of,
    and the activation's bounds, if it has them."""

    u_grid: Grid
    h_grid: Grid
    u_exponent: int
    h_exponent: int
    bounds: tuple[float, float] | None

    @classmethod
    def around(cls, u: Scaled, h: Scaled, bounds: tuple[float, float] | None, bins: int) -> Self:
        """A frame that such tensors fill."""
        unit = 2.0 ** min(-h.exponent, 1000)  # beyond which a bound is out of reach either way
        scaled = (bounds[0] * unit, bounds[1] * unit) if bounds else None
        return cls(robust_grid(u.value, bins), robust_grid(h.value, bins), u.exponent, h.exponent, scaled)


class LayerTally:
    """A layer's preactivations u and activations h, both of shape (batch, units), row block by row block."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.preactivation = Tally(frame.u_grid)
        self.activation = Tally(frame.h_grid)
        self.units = self.directions = Spread.of(torch.empty(0, 1))
        self.cosines_std: float | None = None
        self.magnitudes: Counts = np.zeros(1, np.int64)
        self.alive = np.zeros(1, np.bool_)
        self.zero = self.saturated = 0

    def add(self, u: Tensor, h: Tensor, first: bool) -> Self:
        """Count a block of rows; the first block's rows are compared pair by pair."""
        self.preactivation.add(u)
        self.activation.add(h)
        unit = self.frame.u_grid.unit
        self.units = self.units.merged(Spread.of(u * unit if unit != 1 else u))
        pointing = directions(h, self.activation.largest)
        self.directions = self.directions.merged(Spread.of(pointing))
        if first:
            self.cosines_std = cosines_std(pointing[:COMPARED])
        self.magnitudes = self.magnitudes + magnitude_counts(h)
        if self.magnitudes[0]:
            nonzero = h.numpy() != 0
            self.zero += nonzero.size - int(np.count_nonzero(nonzero))
            self.alive = self.alive | nonzero.any(0)
        else:
            self.alive = np.ones(1, np.bool_)
        if self.frame.bounds:
            low, high = self.frame.bounds
            centred = h - (low + high) / 2 if low + high else h
            edge = min(SATURATED * (high - low) / 2, LARGEST)
            self.saturated += int(np.count_nonzero(centred.abs().numpy() > edge))
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
        self.saturated += other.saturated
        return self

    def activation_summary(self, log2_scale: float) -> ActivationSummary:
        count = self.activation.count
        return ActivationSummary(
            **dict(self.activation.summary(log2_scale)),
            saturated=self.saturated / count if self.frame.bounds else None,
            zero=self.zero / count,
            dead_units=float((~self.alive).mean()),
        )

    @property
    def cosine(self) -> Cosine:
        """Between the activations of different inputs: the mean over all pairs, the std over those of the first 64."""
        return Cosine(mean=self.directions.mean_cosine, std=self.cosines_std)

    @cached_property
    def unit_variance(self) -> Tally:
        """Over units, of each unit's unbiased variance of u across the batch."""
        variances = torch.from_numpy(self.units.variances / self.frame.u_grid.unit**2)
        return Tally(robust_grid(variances, self.frame.u_grid.bins)).add(variances)
