"""Products of chi-squares: the exact law of one input's signal in a linear or a ReLU stack.

The rows of a Gaussian matrix applied to a fixed vector are independent normals, so each layer multiplies the mean
square by an independent chi-square over its degrees, and the logarithm adds their cumulants (Hanin and Nica 2019,
"Products of Many Large Random Matrices and Gradients in Deep Neural Networks", thm 1).
"""

from math import lgamma, log, sqrt
from operator import add
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
        return Cumulants(*map(add, self, other))


NOTHING = Cumulants(0.0, 0.0, 0.0, 0.0)
BERNOULLI = ((2, 1 / 6), (4, -1 / 30), (6, 1 / 42), (8, -1 / 30), (10, 5 / 66))


def polygamma(x: float) -> Cumulants:
    """ψ and its first three derivatives at x > 0: those of the logarithm of a gamma variable of shape x and scale one.

    Recurrence up to 10, then the asymptotic series (Abramowitz & Stegun 6.3.18, 6.4.11).
    """
    first = second = third = fourth = 0.0
    while x < 10:
        first, second, third, fourth = first - 1 / x, second + 1 / x**2, third - 2 / x**3, fourth + 6 / x**4
        x += 1
    inverse = 1 / x
    square = inverse * inverse
    first += log(x) - inverse / 2
    second += inverse + square / 2
    third -= square + square * inverse
    fourth += square * inverse * (2 + 3 * inverse)
    power = square
    for order, bernoulli in BERNOULLI:
        term = bernoulli * power
        first -= term / order
        second += term * inverse
        third -= term * (order + 1) * square
        fourth += term * (order + 1) * (order + 2) * square * inverse
        power *= square
    return Cumulants(first, second, third, fourth)


def log_gamma(relative_variance: float) -> Cumulants:
    """Of the logarithm of a gamma variable of mean one."""
    if relative_variance == 0:
        return NOTHING
    shape = 1 / relative_variance
    found = polygamma(shape)
    return found._replace(mean=found.mean - log(shape))


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
