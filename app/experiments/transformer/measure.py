"""What is measured of a block while its numbers are at hand: branches, weights of attention, cosines of tokens."""

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import NamedTuple

import numpy as np

from ...lab.kernels.statistics import Doubles, largest_magnitude, square_sum
from ...lab.kernels.tokens import see_sequences, see_weights
from ...lab.summary import log10_square
from ...lab.weights_gradient import WeightsGradient
from .block import Passed
from .inits import GROUPS, Group
from .result import Branch, Entropy, Spread, WeightGradient

FROZEN = 0.97  # of a query's weight on one key


class Seen(NamedTuple):
    """Of some sequences: squares of what the branches add, the largest magnitude of it, every query's −Σp ln p, Σp² and
    largest p, shape (3, queries), and each sequence's sum of its tokens' directions, shape (sequences, width)."""

    attention: float
    mlp: float
    largest: float
    weights: Doubles
    directions: Doubles

    @classmethod
    def of(cls, passed: Passed, tokens: int) -> "Seen":
        attention, mlp = (added.numpy().reshape(-1) for added in (passed.attention, passed.mlp))
        p, stream = passed.weights.numpy().reshape(-1, tokens), passed.stream.numpy()
        weights, directions = np.empty((3, len(p))), np.zeros((len(stream) // tokens, stream.shape[1]))
        see_weights(p, weights)
        see_sequences(stream, tokens, directions)
        largest = max(largest_magnitude(attention), largest_magnitude(mlp))
        return cls(square_sum(attention), square_sum(mlp), largest, weights, directions)


def token_cosine(directions: Sequence[Doubles], tokens: int) -> Spread:
    """Between the tokens of a sequence, over all pairs; its std over sequences."""
    if tokens == 1:
        return Spread(mean=None, std=None)
    return spread(np.minimum(1.0, (_squares(directions) - tokens) / (tokens * (tokens - 1))))


def sequence_cosine(directions: Sequence[Doubles], tokens: int) -> float | None:
    """Between tokens of different sequences, over all pairs."""
    squares, total = _squares(directions), sum(part.sum(0) for part in directions)
    pairs = tokens**2 * len(squares) * (len(squares) - 1)
    return _number(min(1.0, (np.square(total).sum() - squares.sum()) / pairs)) if pairs else None


def _squares(directions: Sequence[Doubles]) -> Doubles:
    return np.concatenate([np.square(part).sum(1) for part in directions])


def entropy_of(parts: Sequence[Doubles], log_keys: float) -> Entropy:
    """Over all queries; `log_keys` is the mean of the log of how many keys they have."""
    entropies, participations, heaviest = np.concatenate(parts, axis=1)
    entropy = spread(entropies)
    return Entropy(
        mean=entropy.mean,
        std=entropy.std,
        share=entropy.mean / log_keys if entropy.mean is not None and log_keys else None,
        participation=spread(participations),
        largest=_number(heaviest.mean()),
        frozen=float((heaviest > FROZEN).mean()),
    )


def branch_of(squares: Sequence[float], count: int, stream: float | None) -> Branch:
    """From the sums of squares of its parts, `count` numbers in all, beside the stream's mean square."""
    size = sum(squares) / count
    if not isfinite(size):
        return Branch(mean_square=None, log10_mean_square=None, share=None)
    return Branch(mean_square=size, log10_mean_square=log10_square(size, 0), share=size / stream if stream else None)


def weight_gradients(gradients: dict[Group, WeightsGradient], stds: dict[Group, float]) -> dict[str, WeightGradient]:
    """Of every matrix, one after the other."""
    return {group: _weight_gradient(gradients[group], stds[group]) for group in GROUPS}


def _weight_gradient(gradient: WeightsGradient, std: float) -> WeightGradient:
    size = gradient.mean_square(part() for part in gradient.parts())
    if not isfinite(size):
        return WeightGradient(mean_square=None, log10_mean_square=None, grad_to_data=None)
    ratio = sqrt(size) / std if std else None
    return WeightGradient(mean_square=size, log10_mean_square=log10_square(size, 0), grad_to_data=ratio)


def spread(values: Doubles) -> Spread:
    """Of independent numbers."""
    return Spread(mean=_number(values.mean()), std=_number(values.std(ddof=1)) if values.size > 1 else None)


def _number(value: float) -> float | None:
    number = float(value)
    return number if isfinite(number) else None
