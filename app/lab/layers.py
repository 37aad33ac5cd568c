"""What is measured of one layer: preactivations, activations, each unit across the batch, and the cosines."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from app.lab.formats import Counts, magnitude_counts
from app.lab.summary import Tally, robust_grid
from app.results import ActivationSummary, Cosine

SATURATED = 0.97  # of the half-range between an activation's bounds
COMPARED = 128  # inputs whose pairwise cosines are all looked at


@dataclass
class LayerTally:
    """A layer's preactivations u and activations h, both of shape (batch, units), row block by row block."""

    preactivation: Tally
    activation: Tally
    unit_sum: Tensor
    unit_square: Tensor
    dead: Tensor
    magnitudes: Counts
    zero: int = 0
    saturated: int | None = None
    rows: int = 0

    @classmethod
    def on_grids_of(cls, u: Tensor, h: Tensor, bins: int) -> Self:
        """An empty tally whose histograms fit these tensors."""
        return cls._empty(Tally(robust_grid(u, bins)), Tally(robust_grid(h, bins)), u.shape[1])

    @classmethod
    def _empty(cls, preactivation: Tally, activation: Tally, units: int) -> Self:
        nothing = torch.zeros(units, dtype=torch.float64)
        dead = torch.ones(units, dtype=torch.bool)
        return cls(preactivation, activation, nothing, nothing, dead, np.zeros(1, np.int64))

    def fresh(self) -> Self:
        """Another empty tally on the same grids."""
        return self._empty(Tally(self.preactivation.grid), Tally(self.activation.grid), self.unit_sum.numel())

    def add(self, u: Tensor, h: Tensor, bounds: tuple[float, float] | None) -> Self:
        """Count a block of rows; `bounds` are the activation's."""
        self.preactivation.add(u)
        self.activation.add(h)
        self.magnitudes = self.magnitudes + magnitude_counts(h)
        exact = u.double()
        self.unit_sum = self.unit_sum + exact.sum(0)
        self.unit_square = self.unit_square + exact.square_().sum(0)
        is_zero = h == 0
        self.dead = self.dead & is_zero.all(0)
        self.zero += int(is_zero.count_nonzero())
        self.rows += u.shape[0]
        if bounds:
            centre, half = (bounds[1] + bounds[0]) / 2, (bounds[1] - bounds[0]) / 2
            outer = h.sub(centre).abs_() > SATURATED * half
            self.saturated = (self.saturated or 0) + int(outer.sum())
        return self

    def merge(self, other: Self) -> Self:
        """Add what another tally on the same grids has seen."""
        self.preactivation.merge(other.preactivation)
        self.activation.merge(other.activation)
        self.unit_sum = self.unit_sum + other.unit_sum
        self.unit_square = self.unit_square + other.unit_square
        self.dead = self.dead & other.dead
        self.magnitudes = self.magnitudes + other.magnitudes
        self.zero += other.zero
        self.rows += other.rows
        if other.saturated is not None:
            self.saturated = (self.saturated or 0) + other.saturated
        return self

    def activation_summary(self, log2_scale: float) -> ActivationSummary:
        count = self.activation.count
        return ActivationSummary(
            **dict(self.activation.summary(log2_scale)),
            saturated=None if self.saturated is None else self.saturated / count,
            zero=self.zero / count,
            dead_units=float(self.dead.double().mean()),
        )

    def unit_variance(self, bins: int) -> Tally:
        """Over units, of each unit's unbiased variance of u across the batch."""
        mean = self.unit_sum / self.rows
        variance = (self.unit_square - self.rows * mean**2).clamp_(min=0) / (self.rows - 1)
        return Tally(robust_grid(variance, bins)).add(variance)


def cosine(h: Tensor) -> Cosine:
    """Cosines between the activations of different inputs: their mean over all pairs of the batch, their standard
    deviation over the pairs of its first 128 inputs.

    Taken from differences: 1 - cos(a, b) = ½‖a - b‖² for unit vectors, which keeps its digits as cosines near 1.
    """
    norms = h.norm(dim=1, keepdim=True)
    alive = norms[:, 0] > 0
    unit = h / norms if bool(alive.all()) else h[alive] / norms[alive]
    count = unit.shape[0]
    if count < 2:
        return Cosine(mean=None, std=None)
    centred = unit - unit.mean(0)
    square = centred.square().sum(1).double()
    mean = 1 - float(square.sum()) / (count - 1)
    some, square = centred[:COMPARED], square[:COMPARED]
    distance = square[:, None] + square - 2 * (some @ some.T)
    pairs = distance[torch.triu_indices(len(some), len(some), 1).unbind()] / 2
    return Cosine(mean=mean, std=float(pairs.std()) if pairs.numel() > 1 else None)
