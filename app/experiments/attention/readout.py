"""From what was seen of the layers to the numbers of a Result."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from ...theory.attention import Attended
from ...theory.quadrature import Array
from ...theory.softmax import CONCENTRATED
from .measure import LOG_10, Seen
from .result import AttentionGradient, Entropy, Largest, Output, Ranked, Spread
from .spec import AttentionSpec

QUIET = 0.01  # of the mean gradient: less than this is hardly any


def spread(known: bool, rows: Array, expected: Array, of_keys: Sequence[Array] = (), least_std: float = 0.0) -> Spread:
    """Of a number of each query; `of_keys`, layer by layer, is how much each key adds to its mean.

    Queries are drawn independently and so are keys, so that the mean's variance is the sum of both parts, the second
    that of a sum over n independent keys. How far queries differ by what is `expected` of each is not of chance;
    `least_std` is known of that, lest the few queries that make it are missing. An error only where it is `known`.
    """
    by_chance = rows - np.tile(expected, -(-len(rows) // len(expected)))[: len(rows)]
    shared = sum(len(keys) * float(keys.var()) for keys in of_keys) / max(len(of_keys), 1) ** 2
    error = sqrt(max(float(by_chance.var()), least_std**2) / len(rows) + shared) if known else None
    return Spread(mean=float(rows.mean()), std=float(rows.std()), error=error)


def entropy_of(spec: AttentionSpec, known: bool, seen: Sequence[Seen], expected: Sequence[Attended]) -> Entropy:
    of_keys = _of_keys(spec, seen, 0)
    found = spread(known, _rows(seen, "entropy"), np.array([query.entropy for query in expected]), of_keys)
    even = spec.even_entropy(len(seen[0].entropy))
    return Entropy(**found.model_dump(), share=found.mean / even if even else None)


def participation_of(spec: AttentionSpec, known: bool, seen: Sequence[Seen], expected: Sequence[Attended]) -> Spread:
    of_keys = _of_keys(spec, seen, 1)
    means = np.array([query.participation for query in expected])
    std = float(np.mean([query.participation_std for query in expected]))
    return spread(known, _rows(seen, "participation"), means, of_keys, std)


def largest_of(known: bool, seen: Sequence[Seen], expected: Sequence[Attended]) -> Largest:
    rows = _rows(seen, "largest")
    found = spread(known, rows, np.array([query.largest for query in expected]))
    return Largest(**found.model_dump(), concentrated=float((rows > CONCENTRATED).mean()))


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


def gradient_of(
    spec: AttentionSpec, known: bool, seen: Sequence[Seen], expected: Sequence[Attended], value_variance: float
) -> AttentionGradient | None:
    """`value_variance`: that of the values' law."""
    if not spec.backward:
        return None
    rows = _rows(seen, "gradient")
    visible = [spec.visible(query) for query in range(len(seen[0].entropy))]
    unit = spec.head_dim * value_variance
    of_keys = [keys / unit for keys in _of_keys(spec, seen, 2)]
    return AttentionGradient(
        scores=float(rows.mean()) / float(np.mean(visible)),
        queries=sum(layer.query_square for layer in seen) / len(rows) / spec.head_dim,
        row=spread(known, rows / unit, np.array([each.score_gradient for each in expected]), of_keys),
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


def _of_keys(spec: AttentionSpec, seen: Sequence[Seen], which: int) -> list[Array]:
    """What each key adds to a mean over queries; nothing for causal ones, where that is a matter of its place."""
    return [] if spec.causal else [layer.keys[which] / len(layer.entropy) for layer in seen]
