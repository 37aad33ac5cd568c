"""One layer of attention over random keys: its weights, its outputs and the gradient that comes back through it.

Given a query, the scores of independent keys are independent and normal, of variance k²‖q‖²Var(key): exactly so for
normal keys, by the central limit theorem for others. What the keys share, a cosine ρ among them, adds the same to all
scores of a query, which the softmax ignores: (1 − ρ) of the variance is left. Values that share ρ are passed on.
"""

from functools import lru_cache
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np

from .softmax import Softmax, softmax, weights_of

ROUGH = 3  # lengths of queries and keys that say enough of what they share
FEWEST_DIMENSIONS = 8  # below, directions are too few for one key's weights to be told by its length


class Attended(NamedTuple):
    """Averages over keys, values and queries.

    `entropy` in nats, `participation` E[Σp²], `participation_std` that of Σp² from query to query, `largest` E[max p],
    `concentrated` the share of queries with a weight above 0.97. `output_variance` is of an output's entry over a
    value's; `score_gradient` is E[Σ(∂L/∂s)²] over that of the gradient at the output, a value's variance being one.
    """

    entropy: float
    participation: float
    participation_std: float
    largest: float
    concentrated: float
    output_variance: float
    score_gradient: float


def attended(score_variance: float, keys: int, similarity: float = 0.0, spread: float = 0.0) -> Attended:
    """What becomes of `keys` keys whose scores vary by this much, of which they share the part `similarity`.

    `spread`: Var(‖q‖²)/E[‖q‖²]², 2/D for D normal entries. An output is Σpv, of variance ρ + (1 − ρ)Σp² over a value's;
    a gradient of variance one at the output reaches the scores as p∘(y − Σpy), y normal and independent, so that
    E[Σ(∂L/∂s)²] = (1 − ρ)·E[Σp² − 2Σp³ + (Σp²)²].
    """
    mean = _over_queries(score_variance * (1 - similarity), keys, spread)
    own = 1 - similarity
    return Attended(
        entropy=mean.entropy,
        participation=mean.participation,
        participation_std=sqrt(max(0.0, mean.participation_square - mean.participation**2)),
        largest=mean.largest,
        concentrated=mean.concentrated,
        output_variance=similarity + own * mean.participation,
        score_gradient=own * max(0.0, mean.participation - 2 * mean.cube + mean.participation_square),
    )


def output_cosine(score_variance: float, keys: int, similarity: float = 0.0, spread: float = 0.0) -> float | None:
    """E[o·o′]/E[‖o‖²] of the outputs of two independent queries; None in fewer than eight dimensions.

    Given the keys, two queries are independent, so that E[Σpp′] is the sum of the squares of each key's mean weight. A
    longer key has the larger scores, of either sign, and the exponential favours it: its mean weight is that of a
    score of its own variance among the others', here averaged over the lengths of keys and queries.
    """
    if spread > 2 / FEWEST_DIMENSIONS:
        return None
    variance = score_variance * (1 - similarity)
    shared = similarity + (1 - similarity) * _overlap(variance, keys, spread)
    return shared / (similarity + (1 - similarity) * _over_queries(variance, keys, spread).participation)


@lru_cache(maxsize=256)
def _overlap(variance: float, keys: int, spread: float) -> float:
    """E[Σpp′] of two queries."""
    if keys == 1 or not spread:
        return 1 / keys
    factors, shares = squared_lengths(spread, ROUGH)
    stds = [sqrt(variance * factor) for factor in factors]
    weights = [weights_of([std * sqrt(own) for own in factors], std, keys, 2 / spread) for std in stds]
    return keys * float(np.dot(np.dot(shares, weights) ** 2, shares))


def _over_queries(variance: float, keys: int, spread: float) -> Softmax:
    """The averages for queries of random length."""
    factors, shares = squared_lengths(spread)
    each = np.array([softmax(variance * factor, keys) for factor in factors])
    return Softmax(*(np.array(shares) @ each).tolist())


def lengths_of(spread: float) -> int:
    """How many lengths of queries are averaged over."""
    return 3 + ceil(24 * spread) if spread else 1


@lru_cache(maxsize=64)
def squared_lengths(spread: float, count: int | None = None) -> tuple[list[float], list[float]]:
    """Factors on E[‖q‖²] and their weights, Σ w·f(factor) = E[f]: the gamma law of this relative variance, which is
    the chi-square's for normal entries, by its Gauss quadrature (Golub and Welsch 1969); of so many points, or of as
    many as a wide law needs.
    """
    if not spread:
        return [1.0], [1.0]
    shape, order = 1 / spread, np.arange(count or lengths_of(spread))
    beside = np.sqrt(order[1:] * (order[1:] + shape - 1))
    factors, vectors = np.linalg.eigh(np.diag(2 * order + shape) + np.diag(beside, 1) + np.diag(beside, -1))
    return (factors / shape).tolist(), (vectors[0] ** 2).tolist()
