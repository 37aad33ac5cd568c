"""Deep stacks at infinite width: what one layer does to variance, mean, correlation and gradient, and many layers.

At infinite width the preactivations of a layer are normal, given the layer before, with variance
q = fan_in·Var(w)·E[h²] + Var(b) (Poole et al. 2016, "Exponential expressivity in deep neural networks through
transient chaos", eq. 3; Schoenholz et al. 2017, "Deep Information Propagation", eq. 2). Everything here follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, asin, isfinite, pi, sqrt
from typing import NamedTuple

import numpy as np

from .quadrature import Function, normal_rule, pair_expectation

LARGEST = 1e140  # of a variance: its square must fit float64 too
STEEP = 1e4  # beyond this variance a bounded φ is a step, to the digits shown


@dataclass(frozen=True)
class Nonlinearity:
    """φ and φ' on float64 arrays, and what speeds the integrals up."""

    name: str
    value: Function
    slope: Function
    kinks: tuple[float, ...]
    bounds: tuple[float, float] | None
    homogeneous: bool


class Moments(NamedTuple):
    """Of φ(u), u ~ N(0, q): E[φ], E[φ²], E[φ⁴], E[φ'²], and dE[φ²]/dq."""

    mean: float
    square: float
    fourth: float
    slope_square: float
    growth: float


def moments(phi: Nonlinearity, q: float) -> Moments:
    """The integrals a layer needs. The derivative is Stein's: dE[f(√q·z)]/dq = E[(z² - 1)·f] / 2q."""
    if phi.homogeneous and q != 1:
        unit = moments(phi, 1.0)
        return Moments(unit.mean * sqrt(q), unit.square * q, unit.fourth * q * q, unit.slope_square, unit.growth)
    std = sqrt(q)
    z, weight = normal_rule(tuple(kink / std for kink in phi.kinks) if std > 0 else ())
    h, slope = phi.value(std * z), phi.slope(std * z)
    square = h**2
    return Moments(
        mean=float(weight @ h),
        square=float(weight @ square),
        fourth=float(weight @ square**2),
        slope_square=float(weight @ slope**2),
        growth=float(weight @ ((z**2 - 1) * square)) / (2 * q) if q > 0 else float(slope[0] ** 2),
    )


def saturation(phi: Nonlinearity, q: float) -> float | None:
    """The share of activations in the outer 3 % of the half-range between φ's bounds; None without bounds."""
    if phi.bounds is None:
        return None
    low, high = phi.bounds
    z = (np.arange(8000) + 0.5) / 8000 * 12 - 6
    weight = np.exp(-(z**2) / 2)
    outer = np.abs(phi.value(sqrt(q) * z) - (low + high) / 2) > 0.97 * (high - low) / 2
    return float(weight[outer].sum() / weight.sum())


def _relu_pair(q: float, c: float) -> float:
    """Cho and Saul 2009, "Kernel Methods for Deep Learning", eq. 6 (arc-cosine kernel of degree 1)."""
    return q / (2 * pi) * (sqrt(max(0.0, 1 - c * c)) + c * (pi - acos(c)))


def _erf_pair(q: float, c: float) -> float:
    """Williams 1997, "Computing with Infinite Networks", eq. 11."""
    return 2 / pi * asin(2 * q * c / (1 + 2 * q))


def _linear_pair(q: float, c: float) -> float:
    return q * c


CLOSED_PAIRS: dict[str, Callable[[float, float], float]] = {
    "relu": _relu_pair,
    "erf": _erf_pair,
    "linear": _linear_pair,
}


def pair_square(phi: Nonlinearity, q: float, correlation: float) -> float:
    """E[φ(u)·φ(v)], u and v normal of variance q with this correlation: in closed form where one is known."""
    c = max(-1.0, min(1.0, correlation))
    if c == 1:
        return moments(phi, q).square
    if phi.name in CLOSED_PAIRS:
        return CLOSED_PAIRS[phi.name](q, c)
    if phi.homogeneous:
        return q * pair_expectation(phi.value, 1.0, c)
    return pair_expectation(phi.value, sqrt(min(q, STEEP) if phi.bounds else q), c)


class LayerShape(NamedTuple):
    """What theory needs of one layer; variances, not standard deviations."""

    fan_in: int
    fan_out: int
    weight_variance: float
    bias_variance: float


class Norm(NamedTuple):
    """A normalization: whether it removes the mean over units, whether it works across the batch, its eps."""

    centres: bool
    over_batch: bool
    eps: float


class LayerField(NamedTuple):
    """Predicted of one layer; None where there is no formula, or float64 holds no such number."""

    preactivation: float | None
    activation: float | None
    cosine: float | None
    gradient: float | None
    saturated: float | None
    passes: Moments | None


def propagate(
    phi: Nonlinearity, layers: list[LayerShape], square: float, mean: float, norm: Norm | None, branch: float | None
) -> list[LayerField]:
    """Carry mean square, mean and correlation of independent inputs forward, and a unit gradient back.

    Residual: h + branch·φ(u), the branch's weights independent of h (Yang and Schoenholz 2017, "Mean Field
    Residual Networks", eq. 2). Gradients assume, as usual, that the weights they go back through are independent
    of those the signal came by (Schoenholz et al. 2017, eq. 6). Normalizations enter by the mean squares they
    divide by; across the batch that leaves correlations and gradients without a formula here.
    """
    p, m = square, mean
    cross: float | None = mean**2  # E of the product of two inputs' entries
    forward: list[LayerField] = []
    factors: list[float | None] = []
    for layer in layers:
        inner_p, inner_cross, divided = p, cross, 1.0
        if branch is not None and norm is not None:
            inner_p, inner_cross, divided = _normalized(norm, p, m, cross)
        gain = layer.fan_in * layer.weight_variance
        q = gain * inner_p + layer.bias_variance
        q_cross = None if inner_cross is None else gain * inner_cross + layer.bias_variance
        if branch is None and norm is not None:
            q, q_cross, divided = _normalized(norm, q, 0.0, q_cross)
        if not isfinite(q) or (not phi.homogeneous and (q > LARGEST or 0 < q < 1 / LARGEST)):
            forward += [LayerField(None, None, None, None, None, None)] * (len(layers) - len(forward))
            factors += [None] * (len(layers) - len(factors))
            break
        at = moments(phi, q)
        pair = None if q_cross is None else pair_square(phi, q, q_cross / q if q > 0 else 1.0)
        back = layer.fan_out * layer.weight_variance * at.slope_square / divided
        if branch is None:
            p, m, cross = at.square, at.mean, pair
        else:
            shared = 2 * branch * m * at.mean
            p, m = p + branch**2 * at.square + shared, m + branch * at.mean
            cross = None if cross is None or pair is None else cross + branch**2 * pair + shared
            back = 1 + branch**2 * back
        factors.append(None if norm is not None and norm.over_batch else back)
        cosine = None if cross is None or p == 0 else cross / p
        saturated = saturation(phi, q) if branch is None else None
        forward.append(LayerField(q, p, cosine, None, saturated, at))
    return _with_gradients(forward, factors)


def _normalized(norm: Norm, p: float, m: float, cross: float | None) -> tuple[float, float | None, float]:
    """Mean square and cross moment after a normalization, and the variance it divided by."""
    if norm.over_batch:
        # Units are centred over the inputs, whose cross moment is what they have in common.
        variance = p - (cross if cross is not None else 0.0)
        divided = max(variance, 0.0) + norm.eps
        return (1.0 if cross is None else variance / divided), None, divided
    removed = m**2 if norm.centres else 0.0
    divided = p - removed + norm.eps
    return (p - removed) / divided, None if cross is None else (cross - removed) / divided, divided


def _with_gradients(forward: list[LayerField], factors: list[float | None]) -> list[LayerField]:
    """Mean square of the gradient at each layer's output, one at the last."""
    gradient: float | None = 1.0
    fields: list[LayerField] = []
    for at, factor in zip(reversed(forward), reversed(factors), strict=True):
        fields.append(at._replace(gradient=gradient if gradient is not None and isfinite(gradient) else None))
        gradient = None if gradient is None or factor is None else gradient * factor
    return fields[::-1]


def correlation_depth(phi: Nonlinearity, gain: float, q: float) -> float | None:
    """The depth over which correlations near one relax, 1/|ln χ₁| (Schoenholz et al. 2017, eq. 9); None at the edge."""
    chi = gain**2 * moments(phi, q).slope_square
    return None if chi <= 0 or abs(np.log(chi)) < 1e-12 else float(1 / abs(np.log(chi)))
