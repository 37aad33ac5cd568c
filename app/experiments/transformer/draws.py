"""What a transformer is made of by chance: tokens, weights and the gradient, each of a stream of random numbers."""

from collections.abc import Iterable, Iterator
from math import sqrt
from typing import NamedTuple

from torch import Tensor

from ...lab.draws import DISTRIBUTIONS, FEW, Fill, draw, drawing
from ...lab.threads import in_order
from .inits import GROUPS, Group
from .spec import TransformerSpec

TOKENS, SEQUENCES, WEIGHTS, GRADIENT = range(4)  # streams of random numbers
NORMAL = DISTRIBUTIONS["normal"]
CHUNK = 256  # tokens that are worked on at once
KEPT = 2**25  # weights of all blocks that are kept from pass to pass; more are drawn again

UnitWeights = dict[Group, Tensor]


def draw_input(spec: TransformerSpec) -> Tensor:
    """The tokens, shape (batch, tokens, width), entries of unit variance.

    Those of a sequence share a part, so that their cosine is the spec's similarity.
    """
    shape = (spec.batch, spec.tokens, spec.width)
    own = draw(NORMAL, shape, spec.seed, TOKENS)
    if not spec.similarity:
        return own
    shared = draw(NORMAL, (spec.batch, 1, spec.width), spec.seed, SEQUENCES)
    return own.mul_(sqrt(1 - spec.similarity)).add_(shared, alpha=sqrt(spec.similarity))


def draw_gradient(spec: TransformerSpec) -> Tensor:
    """Of the loss at the stream after the last block, shape (returning sequences, tokens, width): standard normal."""
    return draw(NORMAL, (spec.returning, spec.tokens, spec.width), spec.seed, GRADIENT)


def weight_count(spec: TransformerSpec) -> int:
    """Of one block."""
    return sum(weight.fan_in * weight.fan_out for weight in spec.weights)


class Weights:
    """Every block's weights before scaling: all inits share them. While one block computes, the next is drawn."""

    def __init__(self, spec: TransformerSpec) -> None:
        self._spec = spec
        self._keeps = spec.depth * weight_count(spec) <= KEPT
        self._kept: dict[int, UnitWeights] = {}

    def of(self, blocks: Iterable[int]) -> Iterator[UnitWeights]:
        """Those of each block, in this order."""
        if len(self._kept) == self._spec.depth:
            yield from (self._kept[block] for block in blocks)
            return
        for block, drawn in self._drawn(blocks):
            if self._keeps:
                self._kept[block] = drawn
            yield drawn

    def _drawn(self, blocks: Iterable[int]) -> Iterator[tuple[int, UnitWeights]]:
        def begin() -> Iterator[_Filling]:
            for block in blocks:
                pending = _pending(self._spec, block)
                fills = [fill for _, some in pending.values() for fill in some]
                whole = {group: w for group, (w, _) in pending.items()}
                yield from (_Filling(fill, None) for fill in fills[:-1])
                yield _Filling(fills[-1], (block, whole))

        for done in in_order(_fill, begin(), alone=weight_count(self._spec) < FEW):
            if done is not None:
                yield done


class _Filling(NamedTuple):
    """What draws some entries, and the block that is whole once the last of its entries are drawn."""

    fill: Fill
    done: tuple[int, UnitWeights] | None


def _fill(filling: _Filling) -> tuple[int, UnitWeights] | None:
    filling.fill()
    return filling.done


def _pending(spec: TransformerSpec, block: int) -> dict[Group, tuple[Tensor, list[Fill]]]:
    return {
        weight.group: drawing(
            NORMAL, (weight.fan_in, weight.fan_out), spec.seed, WEIGHTS, block, GROUPS.index(weight.group)
        )
        for weight in spec.weights
    }


def chunks(spec: TransformerSpec) -> list[slice]:
    """Sequences that are worked on at once: so many that products are large and fit into a core's cache, whatever the
    threads, and all that the gradient goes back through in the first of them."""
    size = max(1, CHUNK // spec.tokens, spec.returning)
    return [slice(start, min(start + size, spec.batch)) for start in range(0, spec.batch, size)]
