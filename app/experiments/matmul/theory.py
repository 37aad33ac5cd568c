"""What z = x @ (k·w) should look like: the mean and variance of a sum of products.

x has fan_in independent entries, w has fan_in × fan_out independent entries, independent of x.
All columns of one run share the same x, so there are two questions, with two answers: how the columns scatter
around *this* x, and how that scatter itself varies over fresh x.
"""

from math import hypot, lgamma, sqrt
from typing import NamedTuple

import numpy as np

from ...theory.moments import Moments
from ...theory.quadrature import Array


class InputSums(NamedTuple):
    """Sums over the entries of one drawn x."""

    total: float  # Σ xᵢ
    square: float  # Σ xᵢ² = ‖x‖²
    fourth: float  # Σ xᵢ⁴


class MatmulPrediction(NamedTuple):
    """Predicted mean and variance of z, and the spread of each."""

    mean: float
    mean_std: float
    mean_given_input: float
    mean_given_input_std: float
    variance: float
    variance_std: float
    variance_given_input: float
    variance_given_input_std: float


def variance_ratio_density(ratios: Array, fan_in: int, fan_out: int) -> Array:
    """Density of measured variance ÷ k²·fan_in over repeats, for normal x and w of mean zero and unit variance.

    Given x the columns are independent normals, so the ratio is χ²(fan_in)/fan_in times an independent
    χ²(fan_out - 1)/(fan_out - 1) (Cochran 1934): exact. Of any shape; needs fan_out of 2 or more.
    """
    narrow, wide = sorted((fan_in, fan_out - 1))
    reach = 9 * sqrt(2 / wide)
    logs = np.linspace(-reach, reach, 401)
    weight = np.exp(_log_density(np.exp(logs), wide) + logs)
    weight /= weight.sum()
    shifted = np.asarray(ratios, float)[..., None] / np.exp(logs)
    with np.errstate(divide="ignore", invalid="ignore"):
        densities = np.where(shifted > 0, np.exp(_log_density(shifted, narrow)), 0.0)
    return np.asarray((densities / np.exp(logs)) @ weight)


def _log_density(ratio: Array, degrees: int) -> Array:
    """log density of χ²ₙ/n."""
    half = degrees / 2
    return np.asarray(half * np.log(half) - lgamma(half) + (half - 1) * np.log(ratio) - half * ratio)


def predict(
    fan_in: int, fan_out: int, scale: float, entry: Moments, weight: Moments, drawn: InputSums
) -> MatmulPrediction:
    """Predict the mean and variance of z over the columns of one run.

    Given x, the columns are independent with mean k·E[w]·Σxᵢ and variance k²·Var(w)·‖x‖². Over x, the second
    has mean k²·Var(w)·fan_in·E[x²] and spread k²·Var(w)·√(fan_in·Var(x²)); E[x²], not Var(x), because a mean
    in x adds to the signal (He et al. 2015, "Delving Deep into Rectifiers", eq. 8). The sampling error of a
    variance over N columns is σ²·√(2/(N−1) + κ/N), κ the excess kurtosis of a column (Kenney & Keeping 1951,
    "Mathematics of Statistics", §7.12): κ = κ_w·Σxᵢ⁴/‖x‖⁴ for a sum of independent terms.

    The mean over N columns has the spread √(variance/N) given x (`mean_given_input_std`); over fresh x and columns
    that of k·E[w]·Σxᵢ too, by the law of total variance (`mean_std`). `variance_std` is over fresh x,
    `variance_given_input_std` over fresh columns. It is 0 for a single column, where no variance is measured.
    """
    column_variance = scale**2 * weight.variance
    given_input = column_variance * drawn.square
    kurtosis = weight.excess_kurtosis * drawn.fourth / drawn.square**2 if drawn.square else 0.0
    sampling = sqrt(max(0.0, 2 / (fan_out - 1) + kurtosis / fan_out)) if fan_out > 1 else 0.0
    variance = column_variance * fan_in * entry.mean_square
    return MatmulPrediction(
        mean=scale * weight.mean * fan_in * entry.mean,
        mean_std=hypot(scale * weight.mean * sqrt(fan_in * entry.variance), sqrt(variance / fan_out)),
        mean_given_input=scale * weight.mean * drawn.total,
        mean_given_input_std=sqrt(given_input / fan_out),
        variance=variance,
        variance_std=column_variance * sqrt(fan_in * max(0.0, entry.square_variance)),
        variance_given_input=given_input,
        variance_given_input_std=given_input * sampling,
    )
