"""The gradient on its way back, and the part of it that lies along the activation in a residual stream.

A stream h' = h + s·φ(u), u = W·h + b, sends the gradient g' at h' back as g = g' + s·Wᵀ·(φ'(u)∘g'). Given h and u, the
weights are W = (W·h)·hᵀ/‖h‖² plus fresh ones orthogonal to h. So Wᵀ·(φ'∘g') has a part along h, of length
(W·h)·(φ'(u)∘g') / ‖h‖, and fresh noise of mean square fan_out·Var(w)·E[φ'²·g'²] orthogonal to it. The first does not
vanish, because g' has a part along h', and so along φ(u), which depends on u. For a homogeneous φ without biases,
u·φ'(u) = φ(u) (Euler), and h·g = h'·g': the sum of activations times gradients is the same in every layer. It is √width
times smaller than ‖h‖·‖g‖ at the last layer, but where the activation shrinks faster backward than the gradient does,
as for any φ of non-zero mean, it is most of the gradient in the end.

φ(u) is its mean plus fluctuations independent of h, so two directions are enough: E[g·gᵀ] = X·(I + [ĥ,1]·K·[ĥ,1]ᵀ),
ĥ being h over its root mean square. Writing h' = a·ĥ + f·φ̂ in the same units, ŷ = s·(W·h)∘φ'(u) / √(‖h‖²/n),
r = (⟨ĥ'·ŷ⟩, ⟨ŷ⟩), and ⟨⟩ for means over the n units, one step back is

    X·→ X·(1 + K₁₁·f²·Var φ̂) + s²·fan_out·Var(w)·Δ,    Δ = X·⟨φ'²·(1 + K₁₁·ĥ'² + 2·K₁₂·ĥ' + K₂₂)⟩
    X·K → X·(B·K·Bᵀ + (⟨ŷ⟩·(e₁e₂ᵀ + e₂e₁ᵀ) + ⟨ŷ²⟩·e₁e₁ᵀ) / n) - s²·fan_in·Var(w)·Δ/n·e₁e₁ᵀ
    B = ((a, 0), (f·E[φ̂], 1)) + e₁·rᵀ

It keeps E[(h·g)²] where Euler does, to the leading order in 1/n that all of it has, and adds nothing as n grows at a
fixed depth.
"""

from math import exp, inf, log, sqrt
from typing import NamedTuple

import numpy as np

from .meanfield import CLOSED_MOMENTS, HIGH, LOW, Nonlinearity, moments, ratios
from .quadrature import Array, line_rule


class Gradient(NamedTuple):
    """log X, the matrix K above as (K₁₁, K₁₂, K₂₂), and the correlation of two inputs' gradients."""

    log_square: float = 0.0
    along: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shared: float = 0.0

    def times(self, log_factor: float) -> "Gradient":
        return self._replace(log_square=self.log_square + log_factor)

    def log_mean_square(self, mean: float) -> float:
        """Of one entry; `mean` is that of the activation over its root mean square."""
        activation, both, ones = self.along
        total = 1 + activation + 2 * both * mean + ones
        return self.log_square + log(total) if total > 0 else -inf


class Stream(NamedTuple):
    """A layer of a stream: a, f, E[ĥ], E[φ̂], the share of q through the weights, s²·width·Var(w), and the width."""

    old: float
    new: float
    mean: float
    branch_mean: float
    share: float
    strength: float
    width: int


class Tilted(NamedTuple):
    """Of φ(u), u = √q·z: E[z·φ'], E[z·φ'·φ̂], E[z²·φ'²], E[φ'²·φ̂], E[φ'²·φ̂²], φ̂ = φ/√E[φ²]."""

    slope: float
    slope_value: float
    slope_square: float
    value: float
    value_square: float


def tilted(phi: Nonlinearity, log_q: float) -> Tilted:
    """At the nearest variance that is integrated, beyond which none of them matters or changes."""
    q = 1.0 if phi.homogeneous else exp(min(max(log_q, log(LOW)), log(HIGH)))
    square = moments(phi, q).square
    if phi.name in CLOSED_MOMENTS:  # sines and cosines of u and 2u, as in `sine`
        x = exp(-2 * q)
        return Tilted(0.0, sqrt(q / square) * x, (1 + (1 - 4 * q) * x) / 2, 0.0, (1 - x**4) / (8 * square))
    z, weight = line_rule(sqrt(q), phi.kinks)
    h, slope = phi.value(sqrt(q) * z) / sqrt(square), phi.slope(sqrt(q) * z)
    steep = slope**2
    integrands = (z * slope, z * slope * h, z**2 * steep, steep * h, steep * h**2)
    return Tilted(*(float(weight @ integrand) for integrand in integrands))


def through_stream(phi: Nonlinearity, log_q: float, at: Stream, gradient: Gradient) -> Gradient:
    """One step back, as above."""
    tilt, slope_square = tilted(phi, log_q), exp(ratios(phi, log_q).log_slope_square)
    along: Array = np.array([gradient.along[:2], gradient.along[1:]])
    size = sqrt(at.strength * at.share)
    y_mean, y_value = size * tilt.slope, size * tilt.slope_value
    y_square = at.strength * (at.share * tilt.slope_square + (1 - at.share) * slope_square)
    r = np.array([at.old * at.mean * y_mean + at.new * y_value, y_mean])
    step = np.array([[at.old, 0.0], [at.new * at.branch_mean, 1.0]])
    step[0] += r
    steep_mean = at.old * at.mean * slope_square + at.new * tilt.value
    steep_square = at.old**2 * slope_square + 2 * at.old * at.new * at.mean * tilt.value + at.new**2 * tilt.value_square
    activation, both, ones = gradient.along
    fresh = at.strength * (slope_square * (1 + ones) + activation * steep_square + 2 * both * steep_mean)
    own = 1 + activation * at.new**2 * (1 - at.branch_mean**2) + fresh
    coming = step @ along @ step.T + np.array([[y_square - fresh, y_mean], [y_mean, 0.0]]) / at.width
    coming /= own
    return Gradient(gradient.log_square + log(own), (coming[0, 0], coming[0, 1], coming[1, 1]))
