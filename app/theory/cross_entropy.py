"""The loss before anything is learned: cross-entropy of logits that are normal, whatever the input.

At infinite width the logits of an untrained network are normal, and independent of each other and of the target, whose
own is zero on average. The mean loss is E[log Σ exp zᵢ]: the entropy of the shares p plus E[Σ pᵢ zᵢ], which by Stein's
lemma is the variance times 1 - E[Σ pᵢ²]. Of small logits that is the log of their number and half their variance.
"""

from functools import lru_cache
from math import exp
from typing import NamedTuple

import numpy as np

from .quadrature import Array
from .softmax import softmax

NETWORKS = 1000  # drawn for the spread, always the same ones
LARGEST = 600.0  # log of a variance: logits beyond are all the same to a float64
FAR = 1000.0  # standard deviation from which on the loss is as large as the largest logit


class Untrained(NamedTuple):
    """The mean loss in nats; between `low` and `high` lie 95 % of networks; and E[(p - y)²], the mean square of the
    loss's gradient at a logit."""

    loss: float
    low: float
    high: float
    gradient_square: float


def initial_loss(classes: int, std: float) -> float:
    """The mean loss in nats, of logits of this standard deviation."""
    variance = min(std, FAR) ** 2
    at = softmax(variance, classes)
    return (at.entropy + variance * (1 - at.participation)) * max(1.0, std / FAR)


def untrained(frequencies: tuple[float, ...], log_variance: float, log_spread: float = 0.0) -> Untrained:
    """Of examples whose classes are so frequent, and logits of so large a variance, as a natural logarithm.

    `log_spread`: the standard deviation of that logarithm from network to network. The spread is the widest there is
    for inputs with cosines that are not negative, to first order in the variance: examples of one class have the same
    logits, and those of two classes share nothing.
    """
    classes, std = len(frequencies), exp(min(log_variance, LARGEST) / 2)
    low, high = np.quantile(_losses(frequencies, std, log_spread), (0.025, 0.975))
    participation = softmax(min(std, FAR) ** 2, classes).participation
    gradient_square = (1 - 2 / classes + participation) / classes
    return Untrained(initial_loss(classes, std), float(low), float(high), gradient_square)


def _losses(frequencies: tuple[float, ...], std: float, log_spread: float) -> Array:
    """Of networks by chance, each with logits of its own for every class of examples."""
    logits, strayed = _draws(len(frequencies))
    z = std * np.exp(log_spread * strayed / 2)[:, None, None] * logits
    top = z.max(axis=2, keepdims=True)
    log_sums = np.log(np.exp(z - top).sum(axis=2)) + top[..., 0]
    own = np.diagonal(z, axis1=1, axis2=2)
    return np.asarray((log_sums - own) @ np.array(frequencies))


@lru_cache(maxsize=8)
def _draws(classes: int) -> tuple[Array, Array]:
    """Logits of unit variance, (networks, classes of examples, classes), and a standard normal number a network."""
    chance = np.random.default_rng(0)
    return chance.standard_normal((NETWORKS, classes, classes)), chance.standard_normal(NETWORKS)
