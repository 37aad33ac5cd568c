"""Every number of a block that chance has a part in, beside its prediction and how far chance lets it stray."""

from collections.abc import Callable
from typing import NamedTuple

from ...finding import by_chance
from .result import TransformerBlock, TransformerInit
from .scales import COSINE, SIZE, Scale, share


class Stray(NamedTuple):
    """A number and its prediction, the standard deviation by which it strays, and on which scale."""

    scale: Scale
    measured: float | None
    predicted: float | None
    std: float | None

    @property
    def off(self) -> float | None:
        """How many standard deviations lie between the two; None where there is no such number."""
        return self.scale.off(self.measured, self.predicted, self.std)

    @property
    def band(self) -> tuple[float, float] | None:
        """Between which numbers 95 % of networks lie."""
        return self.scale.band(self.predicted, self.std)

    @property
    def by_chance(self) -> bool | None:
        """Whether chance explains the difference; None where nothing says how far it lets the number stray."""
        return by_chance(self.off)


def _sized(measured: float | None, predicted: float | None, relative: float | None) -> Stray:
    std = None if predicted is None or relative is None else predicted * relative
    return Stray(SIZE, measured, predicted, std)


def stream(block: TransformerBlock) -> Stray:
    return _sized(block.stream.mean_square, block.predicted.stream, block.predicted.stream_std)


def attention(block: TransformerBlock) -> Stray:
    """What it adds."""
    return _sized(block.attention.mean_square, block.predicted.attention, block.predicted.attention_std)


def mlp(block: TransformerBlock) -> Stray:
    """What it adds."""
    return _sized(block.mlp.mean_square, block.predicted.mlp, block.predicted.mlp_std)


def gradient(block: TransformerBlock) -> Stray:
    """Nothing before it has come by."""
    if block.gradient is None:
        return _sized(None, None, None)
    return _sized(block.gradient.mean_square, block.predicted.gradient, block.predicted.gradient_std)


def input_gradient(entry: TransformerInit) -> Stray:
    measured = entry.input_gradient.mean_square if entry.input_gradient else None
    return _sized(measured, entry.predicted_input_gradient, entry.predicted_input_gradient_std)


def token_cosine(block: TransformerBlock) -> Stray:
    at = block.predicted
    return Stray(COSINE, block.token_cosine.mean, at.token_cosine, at.token_cosine_std)


def sequence_cosine(block: TransformerBlock) -> Stray:
    at = block.predicted
    return Stray(COSINE, block.sequence_cosine, at.sequence_cosine, at.sequence_cosine_std)


def entropy(block: TransformerBlock) -> Stray:
    """As a share of the most it can be."""
    at = block.predicted
    predicted, std = at.entropy_share, at.entropy_std
    relative = std / at.entropy if std and at.entropy else None
    return Stray(share(), block.entropy.share, predicted, relative and predicted and relative * predicted)


def participation(block: TransformerBlock) -> Stray:
    """Above that of even weights, which is the least."""
    at = block.predicted
    return Stray(
        share(at.participation_even or 0.0), block.entropy.participation.mean, at.participation, at.participation_std
    )


Straying = Callable[[TransformerBlock], Stray]
