"""Finite width: how far the mean square of one input's preactivations strays from the mean field, over seeds.

Given the layer before, the units of a layer are independent normals, so their mean square is a scaled chi-square:
every layer multiplies the signal by a random factor and the logarithm walks. For linear and ReLU stacks the factors
are independent and their cumulants exact (Hanin and Nica 2019, "Products of Many Large Random Matrices and Gradients
in Deep Neural Networks", thm 1: log-normal with variance 5·depth/width for ReLU); otherwise leading order in 1/width
(Roberts, Yaida and Hanin 2022, "The Principles of Deep Learning Theory", ch. 4).
"""

from math import exp, inf, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np

from .meanfield import LayerShape, Nonlinearity, ratios

LN10 = log(10)
NORMAL_975 = 1.959963984540054


class Band(NamedTuple):
    """log₁₀ of the 2.5 %, 50 % and 97.5 % quantiles."""

    low: float
    median: float
    high: float


class Cumulants(NamedTuple):
    """The first four cumulants of a logarithm; independent ones add."""

    mean: float
    variance: float
    third: float
    fourth: float

    def plus(self, other: "Cumulants") -> "Cumulants":
        return Cumulants(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING = Cumulants(0.0, 0.0, 0.0, 0.0)


def polygamma(order: int, x: float) -> float:
    """ψ, ψ', ψ'', ψ''' for x > 0: recurrence up to 10, then the asymptotic series (Abramowitz & Stegun 6.4.11)."""
    total = 0.0
    factorial = (1.0, 1.0, 2.0, 6.0)[order]
    while x < 10:
        total += (-1.0) ** (order + 1) * factorial / x ** (order + 1)
        x += 1
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66)
    if order == 0:
        series = log(x) - 1 / (2 * x) - sum(b / (2 * k * x ** (2 * k)) for k, b in enumerate(bernoulli, 1))
        return total + series
    sign = (-1.0) ** (order + 1)
    series = (1.0, 1.0, 2.0)[order - 1] / x**order + factorial / (2 * x ** (order + 1))
    for k, b in enumerate(bernoulli, 1):
        rising = 1.0
        for i in range(1, order):
            rising *= 2 * k + i
        series += b * rising / x ** (2 * k + order)
    return total + sign * series


def log_chi_square(n: int) -> Cumulants:
    """Of log(χ²ₙ / n), the factor of a linear layer's width."""
    half = n / 2
    return Cumulants(polygamma(0, half) - log(half), polygamma(1, half), polygamma(2, half), polygamma(3, half))


def log_relu_factor(n: int) -> Cumulants:
    """Of log(2·Σ max(z, 0)² / n) over n units, given that one of them lives: a chi-square with Bin(n, ½) degrees."""
    living = np.arange(1, n + 1)
    log_choose = np.array([lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in living])
    weight = np.exp(log_choose - n * log(2))
    keep = weight > 1e-12 * weight.max()
    living, weight = living[keep], weight[keep] / weight[keep].sum()
    parts = [log_chi_square(int(k)) for k in living]
    means = np.array([part.mean + log(2 * k / n) for part, k in zip(parts, living, strict=True)])
    mean = float(weight @ means)
    shift = means - mean
    v = np.array([part.variance for part in parts])
    t = np.array([part.third for part in parts])
    f = np.array([part.fourth for part in parts])
    variance = float(weight @ (v + shift**2))
    third = float(weight @ (t + 3 * shift * v + shift**3))
    fourth = float(weight @ (f + 3 * v**2 + 4 * shift * t + 6 * shift**2 * v + shift**4))
    return Cumulants(mean, variance, third, fourth - 3 * variance**2)


def quantile(log_of: Cumulants, z: float) -> float:
    """Of the exponent, from its cumulants: Cornish and Fisher 1938, to the fourth."""
    std = sqrt(log_of.variance)
    if std == 0:
        return log_of.mean
    skew, kurtosis = log_of.third / std**3, log_of.fourth / std**4
    bent = z + skew * (z**2 - 1) / 6 + kurtosis * (z**3 - 3 * z) / 24 - skew**2 * (2 * z**3 - 5 * z) / 36
    return log_of.mean + std * bent


def band(log_of: Cumulants, log_size: float) -> Band:
    """The quantiles of size·exp(X), X with these cumulants, as powers of ten."""
    low, median, high = ((log_size + quantile(log_of, z)) / LN10 for z in (-NORMAL_975, 0.0, NORMAL_975))
    return Band(low, median, high)


def exact_bands(name: str, layers: list[LayerShape], log_input: Cumulants, square: float) -> list[Band]:
    """Of the preactivation mean square of one input in a linear or ReLU stack without biases, layer by layer."""
    walk, log_size = log_input, log(square)
    bands: list[Band] = []
    factors = {n: (log_chi_square if name == "linear" else log_relu_factor)(n) for n in {at.fan_out for at in layers}}
    for layer in layers:
        log_size += layer.log_gain
        bands.append(band(walk.plus(log_chi_square(layer.fan_out)), log_size))
        walk = walk.plus(factors[layer.fan_out])
        log_size += 0.0 if name == "linear" else log(0.5)
    return bands


def leading_bands(phi: Nonlinearity, layers: list[LayerShape], relative_variance: float, square: float) -> list[Band]:
    """The same for any activation, biases allowed, to leading order in 1/width.

    The logarithm of a layer's variance moves by the map's slope, gains the noise of averaging φ² over fan_out
    units, and its mean shifts by the map's curvature.
    """
    spread, shift = relative_variance, -relative_variance / 2
    log_q = float(np.logaddexp(layers[0].log_gain + log(square), layers[0].log_bias))
    own = 1 - exp(layers[0].log_bias - log_q)
    spread, shift = spread * own**2, shift * own
    bands: list[Band] = []
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        n = layer.fan_out
        log_of = Cumulants(shift - 1 / n, spread + 2 / n, 0.0, 0.0)
        bands.append(band(log_of, log_q))
        if following is None:
            break
        at = ratios(phi, log_q)
        next_log_q = float(np.logaddexp(following.log_gain + at.log_square, following.log_bias))
        share = exp(following.log_gain + at.log_square - next_log_q)
        slope = share * at.exponent
        noise = share**2 * max(0.0, at.fourth - 1) / n
        shift = slope * shift + _curvature(phi, log_q, following) * spread / 2 - noise / 2
        spread = slope**2 * spread + noise
        log_q = next_log_q
    return bands


def _curvature(phi: Nonlinearity, log_q: float, layer: LayerShape) -> float:
    """Second derivative of log q' with respect to log q."""
    if phi.homogeneous and layer.log_bias == -inf:
        return 0.0
    step = 0.05
    up, here, down = (
        float(np.logaddexp(layer.log_gain + ratios(phi, log_q + s).log_square, layer.log_bias))
        for s in (step, 0.0, -step)
    )
    return (up - 2 * here + down) / step**2
