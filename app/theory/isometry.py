"""How far a stack's map from its input to layer l is from keeping lengths: the singular values of its Jacobian.

J is a product over layers of a diagonal matrix of slopes φ'(u) and weights. At infinite width its factors are free of
one another, and S-transforms multiply (Pennington, Schoenholz and Ganguli 2017, "Resurrecting the sigmoid in deep
learning through dynamical isometry", section 2.4): with Mₗ(w) = E[d/(w − d)] of the squared slopes d of a layer,

    x(z) = (1 + z)/z · Πₗ gₗ(z)·wₗ(z)·z/(1 + z),    Mₗ(wₗ) = z,

is where the moment generating function of J·Jᵀ is z; gₗ is n·Var(w), times 1 + z for independent entries. The square
of the largest singular value is the least x over z > 0.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log, pi, sqrt
from typing import NamedTuple

import numpy as np

from .chi_square import polygamma
from .quadrature import Array

PLACES = 400  # of z, and of an angle
BEYOND = np.linspace(-26.0, 14.0, 5 * PLACES)  # log of how far w is beyond the largest square, over it


class Factor(NamedTuple):
    """One layer of n units to n: log n·Var(w), whether its weights are orthogonal, and the law of φ'(u)²: its values
    and their shares."""

    log_strength: float
    orthogonal: bool
    squares: Array
    shares: Array


def log_largest(factors: Sequence[Factor]) -> list[float]:
    """ln of the largest singular value from the input to each layer, at infinite width.

    Orthogonal linear layers of strength one keep it at one; independent ones reach √((l + 1)^(l+1) / l^l).
    """
    log_z = np.linspace(log(1e-5), log(1e5), PLACES)
    log_x, found, steps = np.log1p(np.exp(log_z)) - log_z, [], {}
    for factor in factors:
        if id(factor) not in steps:
            steps[id(factor)] = _log_step(factor, np.exp(log_z))
        log_x = log_x + steps[id(factor)]
        found.append(_least(log_x) / 2)
    return found


def _log_step(factor: Factor, z: Array) -> Array:
    """ln of what a layer multiplies x(z) by."""
    most = float(factor.squares.max())
    if most <= 0:
        return np.full_like(z, -np.inf)
    w = most * (1 + np.exp(BEYOND))  # from just beyond the largest on, M falls all the way
    moments = (factor.shares * factor.squares / (w[:, None] - factor.squares)).sum(1)
    log_w = np.interp(np.log(z), np.log(moments[::-1]), np.log(w[::-1]))
    entries = 0.0 if factor.orthogonal else np.log1p(z)
    return np.asarray(factor.log_strength + entries + log_w + np.log(z) - np.log1p(z))


def _least(log_x: Array) -> float:
    """The least value between the places, by the parabola through the three around it."""
    place = int(log_x.argmin())
    if not 0 < place < len(log_x) - 1 or not np.isfinite(log_x[place]):
        return float(log_x[place])
    before, least, after = log_x[place - 1 : place + 2].tolist()
    bend = before - 2 * least + after
    return float(least - (after - before) ** 2 / (8 * bend)) if bend > 0 else float(least)


def log_fuss_catalan(depth: int, shares: Sequence[float]) -> list[float]:
    """ln of the singular values below which these shares lie, of so many square Gaussian matrices of strength one.

    Their squares have the Fuss-Catalan law at infinite width, with x = sin^(l+1)((l + 1)θ) / (sin θ · sin^l(lθ)) of
    density sin²θ·sin^(l−1)(lθ) / (π·sin^l((l + 1)θ)) for 0 < θ < π/(l + 1) (Haagerup and Möller 2013, "The law of
    large numbers for the free multiplicative convolution", theorem 4.1; Penson and Życzkowski 2011).
    """
    theta = (np.arange(PLACES * 8) + 0.5) / (PLACES * 8) * pi / (depth + 1)
    a, b, c = np.sin(theta), np.sin(depth * theta), np.sin((depth + 1) * theta)
    log_x = (depth + 1) * np.log(c) - np.log(a) - depth * np.log(b)
    log_density = 2 * np.log(a) + (depth - 1) * np.log(b) - depth * np.log(c) - log(pi)
    mass = np.exp(log_density + log_x) * np.abs(np.gradient(log_x))
    below = np.cumsum(mass[::-1])[::-1] - mass / 2  # x falls with θ
    found: list[float] = np.interp(shares, below[::-1] / mass.sum(), log_x[::-1] / 2).tolist()
    return found


class Exponent(NamedTuple):
    """A Lyapunov exponent: what ln of a singular value grows by a layer, and its spread over one layer."""

    mean: float
    std: float


@lru_cache(maxsize=16)
def lyapunov_exponents(n: int) -> list[Exponent]:
    """Of products of n × n Gaussian matrices of strength one, the largest first: exact as depth outgrows n.

    ½(ψ(k/2) + ln(2/n)) for k = n … 1, and ½√ψ′(k/2) (Newman 1986, "The distribution of Lyapunov exponents: exact
    results for random matrices"; Akemann, Burda and Kieburg 2014).
    """
    logs = (polygamma(k / 2) for k in range(n, 0, -1))
    return [Exponent((of_row.mean + log(2 / n)) / 2, sqrt(of_row.variance) / 2) for of_row in logs]
