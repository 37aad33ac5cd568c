"""How a block's attention falls on its keys at infinite width, given how large scores are and how alike tokens are."""

from math import log, pi, sqrt
from typing import NamedTuple

from ...theory.attention import squared_lengths
from ...theory.softmax import Softmax, random_energies, softmax

MOST = 1e6  # score variance beyond which all weight is on one key
LENGTHS = 2  # of queries, that have their mean and variance: averages are asked for in every block


class Mixing(NamedTuple):
    """Averages over queries of their weights p on n keys, J being the derivative of p by the scores, diag(p) − p·pᵀ.

    `seen`: the variance of the scores s that the weights see. `participation`: Σp². `shared`: Σp·p′ of two queries.
    `along`: E[(Σp·s)² − Σp²·s²] over that variance. `steepness`: tr J², and `shared_steepness`: tr J·J′ of two queries.
    """

    seen: float
    entropy: float
    participation: float
    shared: float
    along: float
    steepness: float
    shared_steepness: float


def mixing(variance: float, cosine: float, tokens: int, head_dim: int) -> Mixing:
    """Of so many tokens of this cosine, their scores of this variance over fresh weights.

    Two queries, alike as tokens are, have scores that correlate by their cosine c. Then Σp·p′ is 1/n at c = 0 and Σp²
    at c = 1, and (n·Σp²)^c / n is exact at either end and, for all c, where softmax is nearly linear or its average
    annealed; between them, where few keys hold the weight, up to a fifth too small. tr J·J′ is taken to fall with it.
    """
    seen = min(variance * max(0.0, 1 - cosine), MOST)
    p = _over_queries(seen, tokens, 2 / head_dim)
    shared = (tokens * p.participation) ** max(0.0, min(cosine, 1.0)) / tokens
    steepness = max(0.0, p.participation - 2 * p.cube + p.participation_square)
    along = _along(seen, tokens, p.participation)
    shared_steepness = steepness * shared / p.participation
    return Mixing(seen, p.entropy, p.participation, shared, along, steepness, shared_steepness)


def critical_variance(tokens: int) -> float:
    """Of the scores, beyond which few keys hold all weight."""
    return random_energies(0.0, tokens).critical_std ** 2


def _over_queries(variance: float, tokens: int, spread: float) -> Softmax:
    factors, shares = squared_lengths(spread, LENGTHS)
    each = [softmax(variance * factor, tokens) for factor in factors]
    means = (sum(share * value for share, value in zip(shares, of, strict=True)) for of in zip(*each, strict=True))
    return Softmax(*means)


def _along(variance: float, tokens: int, participation: float) -> float:
    """Between its limits: σ²·(1 − Σp²) for even weights, and for frozen ones (1 − Σp²)·m, as the two largest scores
    that now and then share the weight are near √m·σ; √m is the typical largest of n normals (Cramér 1946, sec. 28.6).
    """
    if tokens < 3 or not variance:
        return 0.0
    edge = sqrt(2 * log(tokens))
    largest = edge - (log(log(tokens)) + log(4 * pi)) / (2 * edge)
    return (1 - participation) / (1 / variance + 1 / largest**2)
