"""The softmax of independent normal scores: what its weights are on average, exactly, for any number of them.

With pᵢ = e^{sᵢ}/Z and 1/Z^k = ∫ t^{k−1} e^{−tZ} dt / Γ(k), averages over independent sᵢ factorize under the integral,
and are left as integrals over one variable of φ(t) = E[e^{−te^s}] and of E[e^{ks} e^{−te^s}] (the way in which Derrida
1981, "Random-energy model: An exactly solvable model of disordered systems", averages its partition function).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import comb, erfc, exp, factorial, lgamma, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from .quadrature import Array, normal_density

WIDE = 2.0  # standard deviation of the scores from which they vary less over a step than e^{−te^s} does
NARROW = 0.1  # one below which no weight is far from the others
FAR = 1000.0  # one from which on all that is left to a second weight is as 1/σ
STEP = 0.3  # of log t, which e^{−te^s} varies over on a scale of one
NEGLIGIBLE = 25.0  # e to the power of minus this is nothing
ALL = 1 - 2.0**-53  # but for rounding
CONCENTRATED = 0.97  # a weight from which on it is as good as all
_Z = np.arange(-9.5, 9.5 + STEP / 4, STEP / 2)
_V = np.arange(-38.0, 8.3, STEP)


class Softmax(NamedTuple):
    """Averages over the scores of one softmax of n weights p.

    `entropy`: E[−Σ p ln p] in nats; `participation`: E[Σp²]; `participation_square`: E[(Σp²)²]; `cube`: E[Σp³];
    `largest`: E[max p]; `concentrated`: the probability that max p > 0.97.
    """

    entropy: float
    participation: float
    participation_square: float
    cube: float
    largest: float
    concentrated: float


class Frozen(NamedTuple):
    """The same in the limit of many keys, and the standard deviation of the scores at which it begins to freeze."""

    critical_std: float
    entropy: float
    participation: float


def random_energies(variance: float, keys: float) -> Frozen:
    """The Random Energy Model (Derrida 1981; for softmax Giorlandino and Goldt 2025, "Two failure modes of deep
    transformers"): below σ_c = √(2 ln n) the entropy is ln n − σ²/2 and no weight counts; above it the softmax freezes,
    its entropy is no share of ln n any more, and Σp² → 1 − σ_c/σ.
    """
    critical = sqrt(2 * log(keys))
    if variance <= critical**2:
        return Frozen(critical, log(keys) - variance / 2, 0.0)
    return Frozen(critical, 0.0, 1 - critical / sqrt(variance))


@lru_cache(maxsize=4096)
def softmax(variance: float, keys: int) -> Softmax:
    """The averages for so many independent scores of this variance; one key has all the weight.

    E[Σ p^k] = n/Γ(k) ∫ t^{k−1} E[e^{ks} e^{−te^s}] φ^{n−1} dt, E[ln Z] = ∫ (e^{−t} − φⁿ)/t dt, and the entropy is
    E[ln Z] − E[Σ p s], the last like the first with another s under the mean. To seven digits or so; `largest`, whose
    inner integral goes up to the largest score, to three.
    """
    if keys < 2:
        return Softmax(0.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    std = sqrt(variance)
    at = _transform(min(std, FAR), keys)
    log_phi = np.log1p(-at.missing)
    others = at.step * keys * np.exp((keys - 1) * log_phi)
    pairs = at.step * keys * (keys - 1) * np.exp((keys - 2) * log_phi)
    phi_n = np.exp(keys * log_phi)
    log_z = -at.x[0] - np.euler_gamma - at.step * (phi_n.sum() - phi_n[0] / 2)
    scores = (at.first * (at.u - at.x[:, None])).sum(1)
    second, third, fourth = at.powers
    below = np.exp((keys - 1) * np.log1p(-np.minimum(at.missing[:, None] + at.above, ALL)))
    apart = min(1.0, FAR / std) if std else 1.0
    shares = (
        float(second @ others),
        float(fourth @ others + second**2 @ pairs) / 6,
        float(third @ others) / 2,
        at.step * keys * float((at.first * below).sum()),
        _concentrated(min(std, FAR), at.x, others),
    )
    return Softmax(float(log_z - scores @ others) * apart, *(1 - (1 - share) * apart for share in shares))


def weights_of(own_stds: Sequence[float], std: float, keys: int, dimension: float) -> list[float]:
    """E[p₁] where the other scores are normal of this std, and the first is the product of a vector of fixed length
    with a direction in so many dimensions, of density ∝ (1 − w²/d)^{(d−3)/2} in units w of each of `own_stds`.
    """
    at = _transform(std, keys)
    others = np.exp((keys - 1) * np.log1p(-at.missing))[:, None] * at.step
    scale = exp(lgamma(dimension / 2) - lgamma((dimension - 1) / 2)) / sqrt(pi * dimension)
    found = []
    for own in own_stds:
        u, apart = (at.x[:, None] + own * _Z, STEP / 2) if own < WIDE else (_V[None, :], STEP / own)
        w = (u - at.x[:, None]) / own if own else np.broadcast_to(_Z, u.shape)
        density = scale * np.maximum(1 - w**2 / dimension, 0.0) ** ((dimension - 3) / 2)
        found.append(float((apart * density * np.exp(u - np.exp(u)) * others).sum()))
    return found


class _Transform(NamedTuple):
    """Of e^s at t = e^x, on a grid of x: 1 − φ, `missing`, and E[e^{ku} e^{−e^u}], u = x + s, for k = 2, 3 and 4.

    `first` has the terms that for k = 1 are summed over u, shape (x, u), and `above` the part of φ from scores above.
    """

    step: float
    x: Array
    u: Array
    missing: Array
    powers: Array
    first: Array
    above: Array


def _transform(std: float, keys: int) -> _Transform:
    """On so wide a grid that φⁿ goes from one to zero on it."""
    reach = sqrt(2 * (log(keys) + NEGLIGIBLE))
    left = (std * std + reach * reach) / 2 if std < reach else std * reach + 5
    right = 4.0 + 7 * std / sqrt(keys - 1)
    step = max(STEP, std / 12)
    x = np.arange(-left, right, step)[:, None]
    if std < WIDE:
        u = x + std * _Z
        weight = np.broadcast_to(STEP / 2 * normal_density(_Z), u.shape)
        missing = (weight * -np.expm1(-np.exp(u))).sum(1)
    else:
        u = _V[None, :]
        weight = STEP * normal_density((_V - x) / std) / std
        missing = _normal_below(x[:, 0] / sqrt(1 + std**2)) + weight @ _LESS_STEP
    power = np.exp(u)
    held = weight * np.exp(-power)
    first = held * power
    powers = np.stack([(first * power**k).sum(1) for k in (1, 2, 3)])
    return _Transform(step, x[:, 0], u, np.minimum(missing, ALL), powers, first, _above(held))


def _above(held: Array) -> Array:
    """Integrals from each place to the last of what stands there times their distance, of fourth order in it."""
    padded = np.pad(held, ((0, 0), (1, 2)))
    between = (13 * (padded[:, 1:-2] + padded[:, 2:-1]) - padded[:, :-3] - padded[:, 3:]) / 24
    return np.asarray(np.cumsum(between[:, ::-1], axis=1)[:, ::-1])


def _normal_below(z: Array) -> Array:
    """The normal distribution function."""
    return np.array([erfc(-each / sqrt(2)) / 2 for each in z.tolist()])


_LESS_STEP = -np.expm1(-np.exp(_V)) - _normal_below(_V)  # its mean over normal u is known without the second part


def _concentrated(std: float, x: Array, others: Array) -> float:
    """n·P(the others sum to less than 3/97 of e^{s₁}): their distribution out of its transform, φ^{n−1}."""
    if std < NARROW:
        return 0.0
    ratio = log(CONCENTRATED / (1 - CONCENTRATED))
    share = sum(
        weight / k * float(normal_density((log(k * log(2)) + ratio - x) / std) @ others) / std
        for k, weight in enumerate(_STEHFEST, 1)
    )
    return min(max(share, 0.0), 1.0)


def _stehfest(terms: int) -> list[float]:
    """Weights of Σ Vₖ f̂(k ln 2 / c)·ln 2 / c ≈ f(c) (Stehfest 1970, "Algorithm 368: Numerical inversion of Laplace
    transforms"), which needs the transform at real arguments alone."""
    half = terms // 2
    return [
        (-1) ** (k + half)
        * sum(
            j ** (half + 1) * comb(half, j) * comb(2 * j, j) * comb(j, k - j)
            for j in range((k + 1) // 2, min(k, half) + 1)
        )
        / factorial(half)
        for k in range(1, terms + 1)
    ]


_STEHFEST = _stehfest(12)
