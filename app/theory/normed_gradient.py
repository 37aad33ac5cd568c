"""Finite width with a norm before φ: how far the mean gradient strays from the mean field.

With u on a sphere of radius √n, v = W·h the preactivations before the norm and δ = φ'(u)·g, one layer back gives

    |g_before|² = χ²_{n-1} · (|δ|² - (u·δ)²/n) / |h|² · n/χ²_n,    h the layer's input:

the norm takes the part of δ along u away, so that the gradient has none along h, and the length of v, a chi-square, is
independent of its direction. What one layer's u puts into |δ|² and into the |h|² of the step before has a covariance.
Each factor's mean, to first order in 1/n, gives (κ + 1)/n - 1/n_before for the logarithm of the mean.
"""

from .hermite import of_one, unit
from .layer import LayerShape
from .meanfield import Nonlinearity


def excess(phi: Nonlinearity, centres: bool) -> float:
    """κ: layer after layer of width n, the mean square of the gradient grows by exp(κ/n) more than in the mean field.

    In order: the two chi-squares; E[1/x] and covariance of |h|² with |δ|², on the sphere, where what is linear in u²
    does not vary; the part along u that is taken away, of a gradient that is orthogonal to h; the marginal on a sphere,
    of excess kurtosis -6/n. A norm that centres makes u and δ orthogonal to (1, …, 1) too.
    """
    here = unit(phi, 0.0)
    growth, slope_growth = here.growth, here.slope_growth
    chi_squares = 2.0 - 1.0
    square = of_one(here.squares) - 1 - 2 * growth**2
    mixed = of_one(here.mixed) - 1 - 2 * slope_growth * growth
    along = 1 + 2 * slope_growth - growth**2 / here.chi
    orthogonal = 1 - of_one(here.mixed)
    marginal = (here.bend + growth**2 - growth) - (here.slope_bend + slope_growth**2 - slope_growth)
    centred = float(here.squares[1] / (4 * here.chi) - here.squares[1] + here.mixed[1]) if centres else 0.0
    return float(chi_squares + square - mixed - along + orthogonal + marginal + centred)


def log_mean_excess(phi: Nonlinearity, layers: list[LayerShape], centres: bool) -> list[float]:
    """log of the mean gradient's mean square over its mean field, layer by layer, to first order in depth / width."""
    kappa, total, found = excess(phi, centres), 0.0, [0.0]
    for layer in reversed(layers[1:]):
        total += (kappa + 1) / layer.fan_out - 1 / layer.fan_in
        found.append(total)
    return found[::-1]
