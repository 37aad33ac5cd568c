"""What is measured of a block while its numbers are at hand: branches, weights of attention, cosines of tokens."""

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...lab.kernels.statistics import square_sum
from ...lab.summary import largest_magnitude, log10_square
from .block import Passed
from .draws import UnitWeights
from .inits import GROUPS, Group
from .result import Branch, Entropy, Spread, WeightGradient

SMALLEST = torch.finfo(torch.float32).tiny  # in place of zero, whose logarithm is multiplied by zero
FROZEN = 0.97  # of a query's weight on one key


class Directions(NamedTuple):
    """Of tokens divided by their lengths: each sequence's sum, squared, the sum over all of them, and their number."""

    squares: Tensor
    total: Tensor
    tokens: int

    @classmethod
    def of(cls, rows: Tensor, tokens: int) -> "Directions":
        sums = F.normalize(rows.double(), dim=1).view(-1, tokens, rows.shape[1]).sum(1)
        return cls(sums.square().sum(1), sums.sum(0), tokens)


def token_cosine(parts: Sequence[Directions]) -> Spread:
    """Between the tokens of a sequence, over all pairs; its std over sequences."""
    tokens = parts[0].tokens
    if tokens == 1:
        return Spread(mean=None, std=None)
    return spread((torch.cat([part.squares for part in parts]) - tokens) / (tokens * (tokens - 1)))


def sequence_cosine(parts: Sequence[Directions]) -> float | None:
    """Between tokens of different sequences, over all pairs."""
    squares, tokens = torch.cat([part.squares for part in parts]), parts[0].tokens
    total = torch.stack([part.total for part in parts]).sum(0)
    pairs = tokens**2 * len(squares) * (len(squares) - 1)
    return _number((total.square().sum() - squares.sum()) / pairs) if pairs else None


class Seen(NamedTuple):
    """Of some sequences: squares of what the branches add, the largest magnitude, and each query's weights."""

    attention: float
    mlp: float
    largest: float
    entropy: Tensor
    participation: Tensor
    heaviest: Tensor
    directions: Directions

    @classmethod
    def of(cls, passed: Passed, tokens: int) -> "Seen":
        weights = passed.weights
        return cls(
            square_sum(passed.attention.numpy().reshape(-1)),
            square_sum(passed.mlp.numpy().reshape(-1)),
            max(largest_magnitude(part) for part in (passed.attention, passed.mlp)),
            entropies(weights).reshape(-1),
            weights.square().sum(-1).reshape(-1),
            weights.amax(-1).reshape(-1),
            Directions.of(passed.stream, tokens),
        )


def entropies(weights: Tensor) -> Tensor:
    """−Σp ln p over the last dimension; torch.special.entr takes seven times as long."""
    return (weights * weights.clamp_min(SMALLEST).log()).sum(-1).neg_()


def entropy_of(parts: Sequence[Seen], log_keys: float) -> Entropy:
    """Over all queries; `log_keys` is the mean of the log of how many keys they have."""
    entropy = spread(torch.cat([part.entropy for part in parts]))
    heaviest = torch.cat([part.heaviest for part in parts])
    return Entropy(
        mean=entropy.mean,
        std=entropy.std,
        share=entropy.mean / log_keys if entropy.mean is not None and log_keys else None,
        participation=spread(torch.cat([part.participation for part in parts])),
        largest=_number(heaviest.double().mean()),
        frozen=float((heaviest > FROZEN).double().mean()),
    )


def branch_of(squares: Sequence[float], count: int, stream: float | None) -> Branch:
    """From the sums of squares of its parts, `count` numbers in all, beside the stream's mean square."""
    size = sum(squares) / count
    if not isfinite(size):
        return Branch(mean_square=None, log10_mean_square=None, share=None)
    return Branch(mean_square=size, log10_mean_square=log10_square(size, 0), share=size / stream if stream else None)


def weight_gradients(gradients: UnitWeights, stds: dict[Group, float]) -> dict[str, WeightGradient]:
    """Of every matrix."""
    return {group: _weight_gradient(gradients[group], stds[group]) for group in GROUPS}


def _weight_gradient(gradient: Tensor, std: float) -> WeightGradient:
    size = square_sum(gradient.numpy().reshape(-1)) / gradient.numel()
    if not isfinite(size):
        return WeightGradient(mean_square=None, log10_mean_square=None, grad_to_data=None)
    ratio = sqrt(size) / std if std else None
    return WeightGradient(mean_square=size, log10_mean_square=log10_square(size, 0), grad_to_data=ratio)


def spread(values: Tensor) -> Spread:
    """Of independent numbers."""
    values = values.double()
    std = _number(values.std()) if values.numel() > 1 else None
    return Spread(mean=_number(values.mean()), std=std)


def _number(value: Tensor) -> float | None:
    number = float(value)
    return number if isfinite(number) else None
