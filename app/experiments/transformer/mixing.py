"""How a block's attention falls on its keys at infinite width, given how large scores are and how alike tokens are."""

from math import exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from ...theory.attention import squared_lengths
from ...theory.quadrature import Array
from ...theory.softmax import random_energies
from ...theory.softmax_grid import Averages, softmaxes
from .places import Places

MOST = 1e6  # score variance beyond which all weight is on one key
STEP = 0.02  # of a logarithm, that derivatives are taken over
LENGTHS = 2  # of queries, that have their mean and variance: averages are asked for in every block


class Mixing(NamedTuple):
    """Averages over queries of their weights p on n keys, J being the derivative of p by the scores, diag(p) − p·pᵀ.

    Of a query of each place, shape (places,): `seen`, the variance of the scores s that the weights see;
    `participation`, Σp²; `uneven`, Var(Σp²); `slopes`, the derivatives of entropy and Σp² by ln `seen`; `along`, E[(Σp·s)² − Σp²·s²] over the variance; `steepness`, tr J². Of two
    queries, shape (places, places): `shared`, Σp·p′, and `shared_steepness`, tr J·J′.
    """

    seen: Array
    entropy: Array
    participation: Array
    uneven: Array
    slopes: tuple[Array, Array]
    shared: Array
    along: Array
    steepness: Array
    shared_steepness: Array


def mixing(variance: Array, cosine: Array, places: Places, head_dim: int) -> Mixing:
    """Of scores whose differences have so much variance in each place, queries of two places having these cosines.

    Two queries, alike as tokens are, have scores that correlate by their cosine c. Then Σp·p′ is 1/n at c = 0 and Σp²
    at c = 1, and (n·Σp²)^c / n is exact at either end and, for all c, where softmax is nearly linear or its average
    annealed; between them, where few keys hold the weight, up to a fifth too small. Where one sees n keys and the other
    those and more, m in all, the keys that they share hold n/m of the other's weight: (n·Σp²)^c / m. tr J·J′ is taken to
    fall with it.
    """
    seen = np.clip(variance, 0.0, MOST)
    p, more = (_over_queries(seen * factor, places.keys, 2 / head_dim) for factor in (1.0, exp(STEP)))
    most = np.maximum.outer(places.keys, places.keys)
    shared = places.earlier(places.keys * p.participation) ** np.clip(cosine, 0.0, 1.0) / most
    steepness = np.maximum(0.0, p.participation - 2 * p.cube + p.participation_square)
    return Mixing(
        seen,
        p.entropy,
        p.participation,
        np.maximum(0.0, p.participation_square - p.participation**2),
        ((more.entropy - p.entropy) / STEP, (more.participation - p.participation) / STEP),
        shared,
        _along(seen, places.keys, p.participation),
        steepness,
        places.earlier(steepness / p.participation) * shared,
    )


def critical_variance(tokens: int) -> float:
    """Of the scores, beyond which few keys hold all weight."""
    return random_energies(0.0, tokens).critical_std ** 2


def _over_queries(variance: Array, keys: Array, spread: float) -> Averages:
    factors, shares = map(np.array, squared_lengths(spread, LENGTHS))
    of_all = softmaxes(np.multiply.outer(variance, factors).ravel(), np.repeat(keys, len(factors)))
    return Averages(*(each.reshape(len(keys), -1) @ shares for each in of_all))


def _along(variance: Array, keys: Array, participation: Array) -> Array:
    """Between its limits: σ²·(1 − Σp²) for even weights, and for frozen ones (1 − Σp²)·m, as the two largest scores
    that now and then share the weight are near √m·σ; √m is the typical largest of n normals (Cramér 1946, sec. 28.6).
    """
    largest = np.array([_largest(n) if n >= 3 else 0.0 for n in keys.tolist()])
    some = (largest > 0) & (variance > 0)
    v, m = np.where(some, variance, 1.0), np.where(some, largest, 1.0)
    return np.where(some, (1 - participation) / (1 / v + 1 / m**2), 0.0)


def _largest(keys: float) -> float:
    edge = sqrt(2 * log(keys))
    return edge - (log(log(keys)) + log(4 * pi)) / (2 * edge)
