"""What each block of a transformer says, in words."""

from collections.abc import Callable
from typing import NamedTuple

from ...figures.numbers import between, number, percent, power
from ...figures.readings import Reading, Readings
from .findings.stream import share_added
from .result import TransformerBlock, TransformerResult

Read = Callable[[TransformerBlock], Reading | None]


class Quantity(NamedTuple):
    """What it is called, and how it is read off a block; None where it does not exist."""

    name: str
    read: Read


def transformer_readings(result: TransformerResult) -> Readings:
    """Every block's numbers, as far as this transformer has them."""
    blocks = [block for entry in result.inits for block in entry.blocks]
    shown = [quantity for quantity in QUANTITIES if any(quantity.read(block) for block in blocks)]
    return Readings(
        place="block",
        numbers=[block.block for block in result.inits[0].blocks],
        quantities=[quantity.name for quantity in shown],
        inits={
            entry.init: [[quantity.read(block) or Reading("") for quantity in shown] for block in entry.blocks]
            for entry in result.inits
        },
    )


def stream_courses(result: TransformerResult) -> dict[str, list[float | None]]:
    """log₁₀ of the stream's mean square, block by block."""
    return {entry.init: [block.stream.log10_mean_square for block in entry.blocks] for entry in result.inits}


def _stream(block: TransformerBlock) -> Reading:
    predicted = block.predicted.log10_stream
    measured = "not finite" if block.stream.nonfinite else power(block.stream.log10_mean_square)
    return Reading(measured, "" if predicted is None else power(predicted))


def _branch(which: str) -> Read:
    def read(block: TransformerBlock) -> Reading | None:
        measured, predicted = getattr(block, which).mean_square, getattr(block.predicted, which)
        return None if measured is None else Reading(number(measured, 3), _or_nothing(predicted))

    return read


def _share(block: TransformerBlock) -> Reading | None:
    share = share_added(block)
    return None if share is None else Reading(percent(share))


def _cosine(block: TransformerBlock) -> Reading | None:
    cosine, predicted = block.token_cosine.mean, block.predicted.token_cosine
    return None if cosine is None else Reading(between(cosine), "" if predicted is None else between(predicted))


def _entropy(block: TransformerBlock) -> Reading | None:
    entropy = block.entropy.mean if block.entropy.share is not None else None
    return None if entropy is None else Reading(number(entropy, 3), _or_nothing(block.predicted.entropy))


def _gradient(block: TransformerBlock) -> Reading | None:
    if block.gradient is None:
        return None
    predicted = block.predicted.log10_gradient
    return Reading(power(block.gradient.log10_mean_square), "" if predicted is None else power(predicted))


def _or_nothing(value: float | None) -> str:
    return "" if value is None else number(value, 3)


QUANTITIES = (
    Quantity("mean square of the stream", _stream),
    Quantity("cosine between tokens", _cosine),
    Quantity("entropy of attention", _entropy),
    Quantity("mean square of the gradient", _gradient),
    Quantity("share the block adds", _share),
    Quantity("attention adds", _branch("attention")),
    Quantity("the MLP adds", _branch("mlp")),
)
