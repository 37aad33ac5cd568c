"""What is measured of layers: preactivations, activations, each unit across the batch, and the cosines."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, NamedTuple, Self

import numpy as np

from .formats import Magnitudes, all_magnitudes
from .kernels.layers import H, U
from .kernels.statistics import Doubles
from .summary import Summary, Tallies, Tally

SATURATED = 0.97  # of the half-range between an activation's bounds
COMPARED = 64  # inputs whose pairwise cosines are all looked at


@dataclass
class ActivationSummary(Summary):
    """`saturated`: share of h in the outer 3 % of the half-range, at either bound; null without bounds.

    `zero`: share of zeros as float32 has them: far below zero GELU and others round to it, where in exact arithmetic
    ReLU alone is zero. `dead_units`: share of units that are zero, so understood, for the whole batch.
    """

    saturated: float | None
    zero: float
    dead_units: float

    @classmethod
    def of(cls, seen: Tally, saturated: float | None, dead_units: float) -> Self:
        """Of activations counted by size."""
        return cls.beside(seen.said(), saturated, seen.zeros / seen.count, dead_units)

    @classmethod
    def beside(cls, said: tuple[Any, ...], saturated: float | None, zero: float, dead_units: float) -> Self:
        """What any numbers' summary says, and the rest."""
        fields = *said, saturated, zero, dead_units
        return cls(*fields)


@dataclass
class Cosine:
    """Between the activations of different inputs: the mean over all pairs, the std over those of the first 64 inputs.

    Null where fewer than two of them are not zero, the std where fewer than three.
    """

    mean: float | None
    std: float | None

    @classmethod
    def of(cls, mean: float, not_zero: int, compared: int, distance: float, square: float) -> Self:
        """Of so many activations that are not zero, of which so many were compared: the sums of their directions'
        squared distances, and of the squares of these."""
        pairs = compared * (compared - 1) // 2
        std = sqrt(max(0.0, square - distance**2 / pairs) / (pairs - 1)) / 2 if pairs > 1 else None
        return cls(mean if not_zero > 1 else None, std)


class Added(NamedTuple):
    """The mean square of φ(u) where a residual connection adds it, in multiples of four to the power of `exponent`."""

    mean_square: float
    exponent: int


class Measured(NamedTuple):
    """What was measured of layers of one shape, one after the other: of each of them a row, or an item.

    Preactivations u and activations h are in multiples of two to the power of their `exponents`. `unit_variance`: over
    units, each unit's unbiased variance of u across the batch, in multiples of two to the power of twice u's exponent
    and its own; None for a batch of one. `saturated` and `dead_units` are shares. `branches` are those of layers whose
    activations are a stream. `log2_products`: log₂ of the largest magnitude that a norm found behind the weights, if
    one did.
    """

    preactivation: Tallies
    activation: Tallies
    unit_variance: Tallies | None
    variance_exponents: list[int]
    cosines: list[Cosine]
    saturated: list[float | None]
    dead_units: list[float]
    exponents: list[tuple[int, int]]
    branches: list[Added | None]
    log2_products: list[float | None]

    def preactivations(self, shifts: list[float]) -> list[Summary]:
        """Each times two to the power of its layer's shift, as are the next ones."""
        return [Summary(*said) for said in self.preactivation.said(self._at(U, shifts))]

    def activations(self, shifts: list[float]) -> list[ActivationSummary]:
        said, zeros = self.activation.said(self._at(H, shifts)), self.activation.counts[:, 1] / self.activation.numbers
        return list(map(ActivationSummary.beside, said, self.saturated, zeros.tolist(), self.dead_units))

    def unit_variances(self, shifts: list[float]) -> list[Summary] | list[None]:
        if self.unit_variance is None:
            return [None] * len(shifts)
        return [Summary(*said) for said in self.unit_variance.said(2 * self._at(U, shifts) + self.variance_exponents)]

    def magnitudes(self, shifts: list[float]) -> list[Magnitudes]:
        """Of the activations."""
        return all_magnitudes(self.activation, self._at(H, shifts))

    def _at(self, which: int, shifts: list[float]) -> Doubles:
        exponents = (each[which] for each in self.exponents)
        return np.array([exponent + shift for exponent, shift in zip(exponents, shifts, strict=True)], np.float64)


def saturation(bounds: tuple[float, float] | None, exponent: int) -> tuple[float, float]:
    """Where activations, multiples of two to the power of `exponent`, are saturated: the middle between their bounds,
    and the distance from it beyond which they are; infinite without bounds."""
    if bounds is None:
        return 0.0, inf
    low, high = bounds
    unit = 2.0 ** min(-exponent, 1000)  # beyond which a bound is out of reach either way
    return (low + high) / 2 * unit, SATURATED * (high - low) / 2 * unit
