"""Products of chi-squares: the exact law of one input's signal in a linear or a ReLU stack.

The rows of a Gaussian matrix applied to a fixed vector are independent normals, so each layer multiplies the mean
square by an independent chi-square over its degrees, and the logarithm adds their cumulants (Hanin and Nica 2019,
"Products of Many Large Random Matrices and Gradients in Deep Neural Networks", thm 1).
"""

from math import lgamma, log, sqrt
from typing import NamedTuple

import numpy as np

from .layer import LayerShape


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


def log_gamma(relative_variance: float) -> Cumulants:
    """Of the logarithm of a gamma variable of mean one."""
    if relative_variance == 0:
        return NOTHING
    shape = 1 / relative_variance
    return Cumulants(polygamma(0, shape) - log(shape), *(polygamma(order, shape) for order in (1, 2, 3)))


def log_chi_square(n: int) -> Cumulants:
    """Of log(χ²ₙ / n), the factor of a linear layer's width."""
    return log_gamma(2 / n)


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


def log_products(name: str, layers: list[LayerShape], start: Cumulants) -> list[Cumulants]:
    """Of one input's preactivation mean square over its mean, layer by layer, without biases.

    `start`: of the input's own mean square. With `relu`, of the networks in which the input has not died.
    """
    factor = {n: (log_chi_square if name == "linear" else log_relu_factor)(n) for n in {at.fan_out for at in layers}}
    walk, products = start, []
    for layer in layers:
        products.append(walk.plus(log_chi_square(layer.fan_out)))
        walk = walk.plus(factor[layer.fan_out])
    return products


def quantile(log_of: Cumulants, z: float) -> float:
    """Of the exponent, from its cumulants: Cornish and Fisher 1938, to the fourth."""
    std = sqrt(log_of.variance)
    if std == 0:
        return log_of.mean
    skew, kurtosis = log_of.third / std**3, log_of.fourth / std**4
    bent = z + skew * (z**2 - 1) / 6 + kurtosis * (z**3 - 3 * z) / 24 - skew**2 * (2 * z**3 - 5 * z) / 36
    return log_of.mean + std * bent
