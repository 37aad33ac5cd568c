"""Normalization across a batch of B inputs, at infinite width.

Over the batch the preactivations of a unit are B exchangeable normals; less their mean and over their root mean square
they are √B times a direction uniform on the sphere in B - 1 dimensions. One of them, over √(B - 1), has a density
proportional to (1 - x²)^((B-4)/2) (two points for B = 2, a normal in the limit), and any two are correlated by
-1/(B - 1). Their variance v, to which eps is added, is chi-square with B - 1 degrees of freedom, and independent of the
direction. For large batches this is Yang et al. 2019, "A Mean Field Theory of Batch Normalization": the cosine between
inputs is E[φ]²/E[φ²], and a gradient grows by E[φ'²]/(E[φ²] - E[φ]²) a layer.
"""

from collections.abc import Callable
from functools import lru_cache
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from .gradients import Gradient
from .layer import safe_log
from .meanfield import LOW, Nonlinearity, limit_near_zero, ratios, slope_pair
from .quadrature import COARSE_DENSITY, COARSE_FEATURES, PLANE, Array, panels
from .saturation import saturated, saturation_edges

CERTAIN = log(1e5)  # of a variance over eps: beyond it eps changes a normalized unit by less than is shown


class Spread(NamedTuple):
    """Of a unit's variance v over the batch, as logarithms: E[v/(v+eps)], E[1/(v+eps)], E[(eps/(v+eps))²/(v+eps)].

    The mean square after the norm, what it multiplies a gradient's by, and what it leaves of a gradient along itself.
    """

    log_variance: float
    log_inverse: float
    log_along: float


class Field(NamedTuple):
    """Of a normalized layer: log of û's mean square, then as `meanfield.Ratios` and `LayerField`; and the way back."""

    log_variance: float
    log_square: float
    mean: float
    cosine: float
    saturated: float | None
    back: Callable[[Gradient], Gradient]


class Sphere(NamedTuple):
    """Averages over directions, û of one input and û' of another: E[φ], E[φ²], E[φ·φ'], E[slope²], E[slope·slope'],
    the last two weighted by û²/r² and û·û'/r², r² being û's mean square, and the saturated share.
    """

    mean: float
    square: float
    pair: float
    slope_square: float
    slope_pair: float
    along_square: float
    along_pair: float
    saturated: float


def spread(log_variance: float, eps: float, batch: int) -> Spread:
    """For units whose values vary over inputs by this much: trapezoids over log χ² converge exponentially."""
    degrees = batch - 1
    log_eps = max(safe_log(eps), log_variance - 100)  # what is smaller changes nothing but a division by zero
    over_eps = log_variance - log_eps
    left = max(0.0, over_eps) + 80 if degrees < 4 else 14 * sqrt(2 / degrees) + 80 / degrees
    low, high = log(degrees) - left, log(degrees + 14 * sqrt(2 * degrees) + 80)
    y = np.arange(low, high, min(0.25, 0.3 * sqrt(2 / degrees)))
    log_density = degrees / 2 * (y - log(degrees)) - np.exp(y) / 2 + degrees / 2
    density = np.exp(log_density)
    density /= density.sum()
    chi = np.exp(y) / batch
    left_of_one = 1 / (1 + exp(over_eps) * chi)  # eps / (v + eps)
    return Spread(
        over_eps + log(density @ (chi * left_of_one)),
        log(density @ left_of_one) - log_eps,
        log(density @ left_of_one**3) - log_eps,
    )


def field(phi: Nonlinearity, log_variance: float, eps: float, batch: int) -> Field:
    """A layer whose preactivations vary over inputs by this much before the norm."""
    at = spread(log_variance, eps, batch)
    scales, weights, weights_back = _scales(log_variance - safe_log(eps), at, batch)
    rows = np.array([_sphere(phi, scale, batch) for scale in scales])
    forward = Sphere(*(float(value) for value in weights @ rows))
    backward = Sphere(*(float(value) for value in weights_back @ rows))
    below, power = min(0.0, at.log_variance - log(LOW)), limit_near_zero(phi).square
    log_square = log(forward.square) + (power * below if power else 0.0)

    def back(gradient: Gradient) -> Gradient:
        """Without what is along (1, 1, …) over the batch, and along û up to eps: of gradients' covariance between
        inputs, -1/(B - 1) remains.
        """
        others = (batch - 1) * gradient.shared
        common = backward.slope_square + others * backward.slope_pair
        along = backward.along_square + others * backward.along_pair
        rest = max(0.0, batch * backward.slope_square - common - along)
        factor = rest + along * exp(at.log_along - at.log_inverse)
        log_factor = at.log_inverse + safe_log(factor / batch)
        return Gradient(gradient.log_square + log_factor, shared=-1 / (batch - 1))

    return Field(
        at.log_variance,
        log_square,
        forward.mean / sqrt(forward.square),
        max(-1.0, min(1.0, forward.pair / forward.square)),
        forward.saturated if phi.bounds else None,
        back,
    )


def back_through_branch(
    phi: Nonlinearity, log_q: float, correlation: float, at: Spread, log_strength: float, batch: int
) -> Callable[[Gradient], Gradient]:
    """A stream's gradient, and what comes back to it through a branch that starts with the norm.

    The branch mixes units, so what the norm gets back is independent of the directions it divided.
    """
    slope_square = exp(ratios(phi, log_q).log_slope_square)
    pair = slope_pair(phi, log_q, correlation)
    kept = (batch - 2 + exp(at.log_along - at.log_inverse)) / batch * exp(log_strength + at.log_inverse)

    def back(gradient: Gradient) -> Gradient:
        branch = kept * (slope_square - gradient.shared * pair)
        own = 1 + branch
        return Gradient(gradient.log_square + log(own), shared=(gradient.shared - branch / (batch - 1)) / own)

    return back


def _scales(over_eps: float, at: Spread, batch: int) -> tuple[list[float], Array, Array]:
    """Root mean squares r of normalized units, with their weights, and with those of 1/(v+eps).

    Beside eps those of Gauss's rule for the chi-square (Golub and Welsch 1969).
    """
    one = np.ones(1)
    broad = batch < 4  # a chi-square that has much of its weight near zero, on a sphere that costs nothing
    if (over_eps > CERTAIN and not broad) or at.log_variance < log(LOW):
        return [sqrt(max(LOW, exp(max(at.log_variance, -700.0))))], one, one
    shape = (batch - 1) / 2
    k = np.arange(16 if broad else 3)
    off = np.sqrt(k[1:] * (k[1:] + shape - 1))
    nodes, vectors = np.linalg.eigh(np.diag(2 * k + shape) + np.diag(off, 1) + np.diag(off, -1))
    weights = vectors[0] ** 2
    kept = exp(min(over_eps, 100.0)) * 2 * nodes / batch
    inverse = weights / (1 + kept)
    return [sqrt(r) for r in kept / (1 + kept)], weights, inverse / inverse.sum()


@lru_cache(maxsize=256)
def _sphere(phi: Nonlinearity, scale: float, batch: int) -> Sphere:
    radius = scale * sqrt(batch - 1)
    edges = np.concatenate([COARSE_DENSITY, np.append(COARSE_FEATURES, _kinks(phi)) / scale]) / sqrt(batch - 1)
    if batch == 3:  # on a circle: where the others, a third of the way round, reach an edge
        away = sqrt(3) / 2 * np.sqrt(np.maximum(1 - edges**2, 0.0))
        edges = np.concatenate([edges, -edges / 2 - away, -edges / 2 + away])
    x, weight = _latitudes(edges, batch - 3)
    x, weight = x[:, None], weight[:, None]
    if batch == 2:
        other, inner = -x, np.ones((1, 1))
    else:
        lean = 1 / (batch - 1)
        width = sqrt(1 - lean**2) * np.sqrt(np.maximum(1 - x**2, np.finfo(float).tiny))
        y, inner = _latitudes((edges + lean * x) / width, batch - 4)
        other = -lean * x + width * y
    u, v = radius * x, radius * other
    h, slope, other_slope = phi.value(u), phi.slope(u), phi.slope(v)

    def expect(own: Array, across: Array | float = 1.0) -> float:
        return float((weight * own * (inner * across).sum(axis=-1, keepdims=True)).sum())

    return Sphere(
        expect(h),
        expect(h**2),
        expect(h, phi.value(v)),
        expect(slope**2),
        expect(slope, other_slope),
        expect((slope * u) ** 2) / scale**2,
        expect(slope * u, other_slope * v) / scale**2,
        min(1.0, expect(saturated(phi, h))) if phi.bounds else 0.0,
    )


def _kinks(phi: Nonlinearity) -> tuple[float, ...]:
    """Also where saturation begins."""
    return (*phi.kinks, *saturation_edges(phi)) if phi.bounds else phi.kinks


def _latitudes(edges: Array, power: int) -> tuple[Array, Array]:
    """Nodes x and weights, of sum one, for a density of (1 - x²)^((power-1)/2), which is cos^power in arcsin x.

    Two points for a power of -1. Panels end at `edges`, along the last axis.
    """
    if power < 0:
        return np.broadcast_to([-1.0, 1.0], (*edges.shape[:-1], 2)), np.broadcast_to(0.5, (*edges.shape[:-1], 2))
    ends = np.broadcast_to([-1.0, 1.0], (*edges.shape[:-1], 2))
    inside = np.sort(np.clip(np.concatenate([edges, ends], axis=-1), -1.0, 1.0), axis=-1)
    angle, width = panels(np.arcsin(inside), PLANE)
    weight = width * np.cos(angle) ** power
    return np.sin(angle), weight / weight.sum(axis=-1, keepdims=True)
