"""The map from one input to every layer, linearized: the singular values of its Jacobian, in float64.

The derivative of a layer is applied to all directions at the input at once, so that the Jacobian is carried forward,
as float64 times a power of two. Where the signal leaves float64 it is scaled back: far from zero and near it every
activation is straight on either side, and its slope stays.
"""

from dataclasses import dataclass
from math import frexp

import numpy as np
import torch
from torch import Tensor

from ...lab.kernels.summaries import LOG10_2
from ...lab.norms import EPS
from ...results import Histogram
from ...theory.quadrature import Array
from .forward import Architecture

RESOLVED = 2.0**-43  # of the largest singular value: below, float64's rounding over 512 directions
FAR = 2.0**400  # from where on a signal is scaled back
BINS = 40
NARROWEST = 0.002  # decades, of a bin


@dataclass
class Tangent:
    """The signal h of one input, (1, n), and its derivative with respect to it, (n₀, n), times 2^exponent."""

    h: Tensor
    derivative: Tensor
    exponent: int = 0

    @classmethod
    def at(cls, x: Tensor) -> "Tangent":
        """At an input x of shape (1, n₀)."""
        return cls(x.double(), torch.eye(x.shape[1], dtype=torch.float64))

    def advance(self, layer: Architecture, w: Tensor, scale: float, bias: Tensor | None) -> None:
        """Through one layer of weights scale·w."""
        h, derivative, weights = self.h, self.derivative, w.double() * scale
        if layer.norm and layer.branch_scale is not None:
            h, derivative = _through_norm(layer, h, derivative)
        u, derivative = h @ weights, derivative @ weights
        if bias is not None:
            u = u + bias
        if layer.norm and layer.branch_scale is None:
            u, derivative = _through_norm(layer, u, derivative)
        phi, slope = layer.activation.with_slope(u)
        derivative = derivative * slope
        if layer.branch_scale is not None:
            phi = self.h + layer.branch_scale * phi
            derivative = self.derivative + layer.branch_scale * derivative
        self.h, self.derivative = phi, derivative
        self._balance()

    def singular_values(self) -> "Spectrum":
        """As they stand."""
        return Spectrum(torch.linalg.svdvals(self.derivative).numpy(), self.exponent)

    def _balance(self) -> None:
        """Keep both within float64."""
        largest, signal = float(self.derivative.abs().max()), float(self.h.abs().max())
        if largest:
            size = frexp(largest)[1]
            self.derivative, self.exponent = self.derivative * 2.0**-size, self.exponent + size
        if signal > FAR or 0 < signal < 1 / FAR:
            self.h = self.h * (1 / FAR if signal > 1 else FAR) ** 0.5


def _through_norm(layer: Architecture, u: Tensor, derivative: Tensor) -> tuple[Tensor, Tensor]:
    """The derivative of a norm over units is a symmetric matrix: forward it is what it is backward."""
    assert layer.norm is not None
    normalized, factor = layer.norm.forward(u, EPS)
    return normalized, layer.norm.backward(derivative, normalized, factor)


@dataclass(frozen=True)
class Spectrum:
    """Singular values, the largest first, times 2^exponent."""

    values: Array
    exponent: int

    def logs(self, log2_scale: float) -> Array:
        """log₁₀ of those that can be told from zero, each times 2^log2_scale."""
        kept = self.values[self.values > RESOLVED * self.values[0]]
        return np.asarray(np.log10(kept) + (self.exponent + log2_scale) * LOG10_2)

    @property
    def lost(self) -> int:
        """How many cannot."""
        return int((self.values <= RESOLVED * self.values[0]).sum())

    @property
    def mean_square(self) -> float:
        """Of all of them, over 4^exponent."""
        return float(np.square(self.values).mean())

    def histogram(self, logs: Array) -> Histogram:
        """Of the logarithms, over all their range."""
        if not len(logs):
            return Histogram(edges=[0.0, 1.0], counts=[0], below=self.lost, above=0)
        middle, width = (logs[0] + logs[-1]) / 2, max((logs[0] - logs[-1]) / BINS, NARROWEST) * 1.001
        edges = middle + width * (np.arange(BINS + 1) - BINS / 2)
        counts, _ = np.histogram(logs, edges)
        return Histogram(edges=edges.round(6).tolist(), counts=counts.tolist(), below=self.lost, above=0)
