"""What a layer of attention is made of by chance, each from a stream of random numbers of its own."""

from math import sqrt
from typing import NamedTuple

from torch import Tensor

from ...lab.draws import DISTRIBUTIONS, draw
from .spec import AttentionSpec

QUERIES, KEYS, VALUES, SHARED_KEY, SHARED_VALUE, GRADIENT = range(6)  # streams of random numbers


class Layer(NamedTuple):
    """One layer: queries (m, D), keys and values (n, D) about their mean, and the gradient at the outputs (m, D).

    What a mean of the keys adds to a score is the same for all keys of a query; what one of the values adds to an
    output, for all outputs.
    """

    repeat: int
    queries: Tensor
    keys: Tensor
    values: Tensor
    gradient: Tensor | None


def draw_layer(spec: AttentionSpec, repeat: int) -> Layer:
    """The layer of one repeat."""
    return Layer(
        repeat,
        _entries(spec, spec.queries, QUERIES, repeat).add_(spec.input_mean),
        _alike(spec, KEYS, SHARED_KEY, repeat),
        _alike(spec, VALUES, SHARED_VALUE, repeat),
        draw(DISTRIBUTIONS["normal"], (spec.queries, spec.head_dim), spec.seed, GRADIENT, repeat)
        if spec.backward
        else None,
    )


def _alike(spec: AttentionSpec, own: int, shared: int, repeat: int) -> Tensor:
    """Vectors with this cosine between any two, their mean taken away."""
    mean = DISTRIBUTIONS[spec.input].moments.mean
    vectors = _entries(spec, spec.keys, own, repeat).sub_(mean)
    if not spec.similarity:
        return vectors
    common = _entries(spec, 1, shared, repeat).sub_(mean)
    return vectors.mul_(sqrt(1 - spec.similarity)).add_(common, alpha=sqrt(spec.similarity))


def _entries(spec: AttentionSpec, count: int, stream: int, repeat: int) -> Tensor:
    return draw(DISTRIBUTIONS[spec.input], (count, spec.head_dim), spec.seed, stream, repeat)
