"""The loss before anything is learned: cross-entropy of logits that are normal, whatever the input.

At infinite width the logits of an untrained network are normal and independent of each other and of the target. Its
mean loss is E[log Σ exp zᵢ]: the log of the number of classes, and more the larger the logits are (half their variance
more, to first order). There is no closed form, so the averages are taken over networks drawn here, always the same.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .quadrature import Array

NETWORKS = 1000
LARGEST = 600.0  # log of a variance: logits beyond are all the same to a float64


class Untrained(NamedTuple):
    """The mean loss in nats; between `low` and `high` lie 95 % of networks; and E[(p − y)²], the mean square of the
    loss's gradient at a logit."""

    loss: float
    low: float
    high: float
    gradient_square: float


def untrained(frequencies: tuple[float, ...], log_variance: float, log_spread: float = 0.0) -> Untrained:
    """Of examples whose classes are so frequent, and logits of so large a variance, as a natural logarithm.

    `log_spread`: the standard deviation of that logarithm from network to network. The spread is the widest there is
    for inputs with cosines that are not negative, to first order in the variance: examples of one class have the same
    logits, and those of two classes share nothing.
    """
    logits, strayed = _draws(len(frequencies))
    sizes = np.exp((min(log_variance, LARGEST) + log_spread * strayed) / 2)
    z = sizes[:, None, None] * logits
    top = z.max(axis=2, keepdims=True)
    shares = np.exp(z - top)
    total = shares.sum(axis=2, keepdims=True)
    shares /= total
    lifted = np.log(total[..., 0]) + top[..., 0]  # log Σ exp z of every network and class
    own = np.diagonal(z, axis1=1, axis2=2)
    losses = (lifted - own) @ np.array(frequencies)
    low, high = np.quantile(losses, (0.025, 0.975))
    # z has mean zero: without its mean over classes the average is the same, and scatters less.
    loss = float((lifted - z.mean(axis=2)).mean())
    concentrated = float((shares**2).sum(axis=2).mean())
    return Untrained(loss, float(low), float(high), (1 - 2 / len(frequencies) + concentrated) / len(frequencies))


@lru_cache(maxsize=8)
def _draws(classes: int) -> tuple[Array, Array]:
    """Logits of unit variance, (networks, classes of examples, classes), and a standard normal number a network."""
    chance = np.random.default_rng(0)
    return chance.standard_normal((NETWORKS, classes, classes)), chance.standard_normal(NETWORKS)
