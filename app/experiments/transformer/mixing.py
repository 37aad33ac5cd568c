"""How a block's attention falls on its keys at infinite width, given how large scores are and how alike tokens are."""

from math import log, pi, sqrt
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


class Slopes(NamedTuple):
    """Derivatives by the logarithm of the variance that the weights see, shape (places,)."""

    entropy: Array
    participation: Array
    steepness: Array


class Mixing(NamedTuple):
    """Averages over queries of their weights p on n keys, J being the derivative of p by the scores, diag(p) − p·pᵀ.

    Of a query of each place, shape (places,): `seen`, the variance of the scores s that the weights see;
    `participation`, Σp²; `uneven`, Var(Σp²); `along`, E[(Σp·s)² − Σp²·s²] over the variance; `steepness`, tr J², and
    `longer`, its mean over queries weighed by their squared lengths; `slopes` of some of them. Of two queries, shape
    (places, places): `shared`, Σp·p′, and `shared_steepness`, tr J·J′.
    """

    seen: Array
    entropy: Array
    participation: Array
    uneven: Array
    slopes: Slopes
    shared: Array
    along: Array
    steepness: Array
    longer: Array
    shared_steepness: Array


def mixing(variance: Array, cosine: Array, places: Places, head_dim: int) -> Mixing:
    """Of scores whose differences have so much variance in each place, queries of two places having these cosines.

    Two queries, alike as tokens are, have scores that correlate by their cosine c. Then Σp·p′ is 1/n at c = 0 and Σp²
    at c = 1, and (n·Σp²)^c / n is exact at either end and, for all c, where softmax is nearly linear or its average
    annealed; between them, where few keys hold the weight, up to a fifth too small. Where one sees n keys and the other
    those and more, m in all, the keys that they share hold n/m of the other's weight: (n·Σp²)^c / m. tr J·J′ is taken
    to fall with it.
    """
    seen = np.clip(variance, 0.0, MOST)
    p = _over_queries(seen, places.keys, 2 / head_dim)
    most = np.maximum.outer(places.keys, places.keys)
    shared = places.earlier(places.keys * p.participation) ** np.clip(cosine, 0.0, 1.0) / most
    return Mixing(
        seen,
        p.entropy,
        p.participation,
        p.uneven,
        p.slopes,
        shared,
        _along(seen, places.keys, p.participation),
        p.steepness,
        p.longer,
        places.earlier(p.steepness / p.participation) * shared,
    )


def critical_variance(tokens: int) -> float:
    """Of the scores, beyond which few keys hold all weight."""
    return random_energies(0.0, tokens).critical_std ** 2


class _Queries(NamedTuple):
    """Averages over queries of a place, as `Mixing` names them."""

    entropy: Array
    participation: Array
    uneven: Array
    steepness: Array
    longer: Array
    slopes: Slopes


def _over_queries(variance: Array, keys: Array, spread: float) -> _Queries:
    factors, shares = map(np.array, squared_lengths(spread, LENGTHS))
    apart = np.array([0.0, STEP])
    all_variances = np.multiply.outer(np.exp(apart), np.multiply.outer(variance, factors))
    each = softmaxes(all_variances.ravel(), np.broadcast_to(keys[:, None], all_variances.shape).ravel())
    p = Averages(*(of.reshape(all_variances.shape) for of in each))
    squares = p.participation**2 * (1 + p.uneven)
    steepness = np.maximum(0.0, p.participation - 2 * p.cube + squares)
    means = [of @ shares for of in (p.entropy, p.participation, steepness)]
    (entropy, _), (participation, _), (steep, _) = means
    by_length = (p.participation[0] - participation[:, None]) ** 2
    uneven = (p.participation[0] ** 2 * p.uneven[0] + by_length) @ shares
    slopes = Slopes(*((more - of) / STEP for of, more in means))
    return _Queries(entropy, participation, uneven, steep, steepness[0] @ (shares * factors), slopes)


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
