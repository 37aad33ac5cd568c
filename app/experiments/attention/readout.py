"""From what was seen of the layers to the numbers of a Result."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from ...theory.quadrature import Array
from ...theory.softmax import CONCENTRATED
from .measure import LOG_10, Seen
from .result import AttentionGradient, Entropy, Largest, Output, Ranked, Spread
from .spec import AttentionSpec

QUIET = 0.01  # of the mean gradient: less than this is hardly any


def spread(rows: Array, of_keys: Sequence[Array] = ()) -> Spread:
    """Of a number of each query; `of_keys`, layer by layer, is how much each key adds to its mean.

    Queries are drawn independently and so are keys, so that the mean's variance is the sum of both parts, the second
    that of a sum over n independent keys.
    """
    variance = float(rows.var(ddof=1)) if len(rows) > 1 else 0.0
    shared = sum(len(keys) * float(keys.var()) for keys in of_keys) / max(len(of_keys), 1) ** 2
    return Spread(mean=float(rows.mean()), std=sqrt(variance), error=sqrt(variance / len(rows) + shared))


def entropy_of(spec: AttentionSpec, seen: Sequence[Seen]) -> Entropy:
    found = spread(_rows(seen, "entropy"), [layer.keys[0] / len(layer.entropy) for layer in seen])
    even = float(np.mean([np.log(spec.visible(query)) for query in range(len(seen[0].entropy))]))
    return Entropy(**found.model_dump(), share=found.mean / even if even else None)


def participation_of(seen: Sequence[Seen]) -> Spread:
    return spread(_rows(seen, "participation"), [layer.keys[1] / len(layer.participation) for layer in seen])


def largest_of(seen: Sequence[Seen]) -> Largest:
    rows = _rows(seen, "largest")
    return Largest(**spread(rows).model_dump(), concentrated=float((rows > CONCENTRATED).mean()))


def output_of(spec: AttentionSpec, seen: Sequence[Seen], value_variance: float) -> Output:
    """`value_variance`: that of the values as drawn."""
    queries, square = sum(len(layer.entropy) for layer in seen), sum(layer.output_square for layer in seen)
    pairs = sum(len(layer.entropy) * (len(layer.entropy) - 1) for layer in seen)
    products = sum(float(layer.outputs @ layer.outputs) - layer.output_square for layer in seen)
    variance = square / queries / spec.head_dim
    return Output(
        variance=variance,
        ratio=variance / value_variance if value_variance else 0.0,
        cosine=products / pairs / (square / queries) if pairs and square else None,
    )


def gradient_of(spec: AttentionSpec, seen: Sequence[Seen], value_variance: float) -> AttentionGradient | None:
    """`value_variance`: that of the values' law."""
    if not spec.backward:
        return None
    rows = _rows(seen, "gradient")
    visible = [spec.visible(query) for query in range(len(seen[0].entropy))]
    return AttentionGradient(
        scores=float(rows.mean()) / float(np.mean(visible)),
        queries=sum(layer.query_square for layer in seen) / len(rows) / spec.head_dim,
        row=spread(rows / (spec.head_dim * value_variance)),
        quiet=float((rows < QUIET * rows.mean()).mean()),
    )


def ranks_of(ranks: Sequence[int], seen: Sequence[Seen], predicted: Sequence[float]) -> list[Ranked]:
    """log₁₀ of the typical weight at these ranks; `predicted` is ln of it."""
    queries = sum(len(layer.entropy) for layer in seen)
    typical = (np.sum([layer.ranked for layer in seen], axis=0) / queries / LOG_10).tolist()
    return [
        Ranked(rank=rank, log10_weight=measured, predicted=expected / LOG_10)
        for rank, measured, expected in zip(ranks, typical, predicted, strict=True)
    ]


def _rows(seen: Sequence[Seen], name: str) -> Array:
    return np.concatenate([getattr(layer, name) for layer in seen])
