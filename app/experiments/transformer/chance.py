"""How far chance lets tokens stray from theory, over fresh weights and tokens: leading order in 1/width.

What strays in one block is carried through all that follow, by the derivatives of the recursion; of sizes and cosines,
which differ from place to place under a causal mask, their means are followed. To what the eigenvalues of the Gram
matrix stray by themselves comes that tokens that are not alike are so by a mean cos² of 1/D, and by more the more
matrices they have passed together: each turns them towards the directions it makes longer.
"""

from math import hypot, sqrt
from typing import NamedTuple

import numpy as np

from ...theory.hermite import at, steepness
from ...theory.quadrature import Array
from .gram import Means, Rows
from .recursion import Attended, BlockShape, Passed, Processed, Tokens


class Half(NamedTuple):
    """Attention or the MLP, by the means of the stream before it: the derivatives of those of what enters it, of what
    it adds, of the stream after it, before a norm and across it; and the covariances of what chance adds, to what it
    adds and to the stream. All of shape (means, means). `alike`: a mean cos² for each eigenvalue, after it.
    """

    entry: Array
    added: Array
    total: Array
    norm: Array
    branch_noise: Array
    noise: Array
    alike: Array

    def after(self, covariance: Array) -> Array:
        """Of the stream's means."""
        return self.norm @ (self.total @ covariance @ self.total.T + self.noise) @ self.norm.T

    def branch(self, covariance: Array, added: Means) -> float:
        """Standard deviation of the mean square that is added, relative."""
        return _relative(self.added @ covariance @ self.added.T + self.branch_noise, added)


class Strays(NamedTuple):
    """Standard deviations of what is measured of a block; of mean squares relative."""

    stream: float
    attention: float
    mlp: float
    token_cosine: float
    sequence_cosine: float
    entropy: float
    participation: float


class Walk(NamedTuple):
    """Block by block: what strays, the halves it strays by, and the covariance of the means of the stream before it."""

    strays: list[Strays]
    halves: list[tuple[Half, Half]]
    covariances: list[Array]


def walk(rows: Rows, shape: BlockShape, streams: list[Tokens], passed: list[Passed]) -> Walk:
    """Through all blocks; `streams` are those before the first and after each."""
    places, found = shape.places, Walk([], [], [])
    covariance = rows.stray(2 * rows.eigenvalues(Means.of(places, streams[0])) ** 2, shape.width)
    alike = np.full(3, 1 / shape.width)
    for x, out, block in zip(streams, streams[1:], passed, strict=False):
        attention = _attention(rows, shape, x, block.attention, alike)
        mlp = _mlp(rows, shape, block.attention.out, block.mlp, attention.alike)
        middle = attention.after(covariance)
        after, means = mlp.after(middle), Means.of(places, out)
        over = means.normed(0.0)
        cosines = np.sqrt(np.maximum(0.0, np.diag(over @ after @ over.T)))
        strays = Strays(
            _relative(after, means),
            attention.branch(covariance, Means.of(places, block.attention.added)),
            mlp.branch(middle, Means.of(places, block.mlp.added)),
            float(cosines[1]),
            float(cosines[2]),
            *_weights(rows, shape, block.attention, attention.entry @ covariance @ attention.entry.T, alike),
        )
        found.strays.append(strays)
        found.halves.append((attention, mlp))
        found.covariances.append(covariance)
        covariance, alike = after, mlp.alike
    found.covariances.append(covariance)
    return found


def _relative(covariance: Array, means: Means) -> float:
    return sqrt(max(0.0, covariance[0, 0])) / means.square if means.square else 0.0


def _attention(rows: Rows, shape: BlockShape, x: Tokens, passed: Attended, alike: Array) -> Half:
    """What it hands on of the means is what it does place by place; its weights follow the variance of the scores."""
    places, mixed, kept, shared, weights = shape.places, passed.mixing, 1.0, 1.0, np.zeros(3)
    entered, added = Means.of(places, passed.entered), Means.of(places, passed.added)
    size = shape.branch**2 * shape.width**2 * shape.value * shape.output
    if size and entered.own > ALIKE * entered.square:
        kept, shared = ((of / size - entered.within) / entered.own for of in (added.square, added.within))
        slope, cosine = places.mean(mixed.slopes.participation), max(0.0, entered.cosines[0])
        together = places.mean_within(mixed.shared) if places.tokens > 1 else 0.0
        weights[:2] = slope, together * cosine * slope / places.mean(mixed.participation)
    branch = np.array([[kept, 1 - kept, 0], [shared, 1 - shared, 0], [0, 0, 1]])
    branch += entered.own * np.outer(weights, of_scores(entered))
    by_weights = np.zeros((3, 3))
    by_weights[0, 0] = (size * entered.own * _of_weights(rows, shape, passed, alike).participation) ** 2
    return _half(rows, shape, x, passed, size * branch, 2, by_weights, alike)


def of_scores(entered: Means) -> Array:
    """The derivative of the logarithm of the variance that weights see of their scores, by the means."""
    if entered.own <= ALIKE * entered.square:
        return np.zeros(3)
    return np.array([1 / entered.square + 1 / entered.own, -1 / entered.own, 0.0])


def _mlp(rows: Rows, shape: BlockShape, x: Tokens, passed: Processed, alike: Array) -> Half:
    """The mean over its hidden units of φ² strays too, and with it all products."""
    places, of_phi = shape.places, passed.units[-1]
    entered, added = Means.of(places, passed.entered), Means.of(places, passed.added)
    branch = np.zeros((3, 3))
    if entered.square:
        branch[:, 0] = of_phi.growth * np.array(added) / entered.square
        for row, cosine in enumerate(entered.cosines, start=1):
            branch[row, row] = added.square * steepness(of_phi.product, cosine) / entered.square
            branch[row, 0] -= branch[row, row] * cosine
    by_units = over_units(rows, shape, of_phi.squares, entered) * np.outer(added, added)
    return _half(rows, shape, x, passed, branch, 1, by_units, alike)


def over_units(rows: Rows, shape: BlockShape, series: Array, entered: Means) -> float:
    """Relative variance of a mean over hidden units and rows; two rows have preactivations in common as far as they are
    alike, and with it what the series says of their product."""
    pairs = rows.over_pairs(float(series.sum()), *(float(at(series, cosine)) for cosine in entered.cosines))
    return max(0.0, pairs - 1) / shape.hidden


def _half(
    rows: Rows,
    shape: BlockShape,
    x: Tokens,
    passed: Attended | Processed,
    branch: Array,
    matrices: int,
    more: Array,
    alike: Array,
) -> Half:
    """Of a branch of so many matrices, and its products with the stream, of mean zero; `branch` is the derivative of
    what it adds by what enters it, `more` a covariance of what it adds by itself."""
    before, added, total = (Means.of(shape.places, of) for of in (x, passed.added, passed.total))
    of_stream, of_branch = shape.stream**2 * rows.eigenvalues(before), rows.eigenvalues(added)
    both, by_branch = rows.uneven(shape.places, x, passed.added), rows.uneven(shape.places, passed.added, passed.added)
    crossing = np.maximum(0.0, of_stream * of_branch)
    branch_noise = rows.stray(2 * matrices * of_branch**2, shape.width, alike, by_branch) + more
    crossed = rows.stray(4 * crossing, shape.width, alike, both)
    squares = (of_stream + of_branch) ** 2
    turned = np.divide(matrices * of_branch**2 + 2 * crossing, squares, out=np.zeros(3), where=squares > 0)
    entry = before.normed(shape.eps) if shape.place == "pre" else np.eye(3)
    return Half(
        entry,
        branch @ entry,
        shape.stream**2 * np.eye(3) + branch @ entry,
        total.normed(shape.eps) if shape.place == "post" else np.eye(3),
        branch_noise,
        branch_noise + crossed,
        alike + turned / shape.width,
    )


class OfWeights(NamedTuple):
    """Standard deviations of the mean entropy of attention and of the mean Σp²."""

    entropy: float
    participation: float


def _weights(rows: Rows, shape: BlockShape, passed: Attended, covariance: Array, alike: Array) -> OfWeights:
    """By themselves, and by what chance has made of the tokens."""
    places, slopes, own = shape.places, passed.mixing.slopes, _of_weights(rows, shape, passed, alike)
    scores = of_scores(Means.of(places, passed.entered))
    std = sqrt(max(0.0, float(scores @ covariance @ scores)))
    return OfWeights(*(hypot(by, std * places.mean(of)) for by, of in zip(own, slopes, strict=False)))


def _of_weights(rows: Rows, shape: BlockShape, passed: Attended, alike: Array) -> OfWeights:
    """By the scores of each head, and by those of each query, of which Σp² tells the variance, and entropy follows."""
    places, mixed = shape.places, passed.mixing
    if places.tokens == 1:
        return OfWeights(0.0, 0.0)
    heads = sqrt(_of_heads(rows, shape, passed.entered, alike) / shape.heads)
    entropy, participation, queries = mixed.slopes.entropy, mixed.slopes.participation, rows.all * shape.heads
    ratio = np.divide(entropy, participation, out=np.zeros_like(entropy), where=participation > 0)
    return OfWeights(
        hypot(heads * places.mean(entropy), sqrt(places.mean(ratio**2 * mixed.uneven) / queries)),
        hypot(heads * places.mean(participation), sqrt(places.mean(mixed.uneven) / queries)),
    )


def _of_heads(rows: Rows, shape: BlockShape, entered: Tokens, alike: Array) -> float:
    """Relative variance of a head's scores, but for what strays from query to query.

    They are a form of second degree in either matrix, whose D columns a head has d of: the variance of Σ(q·k)² is that
    by queries alone, 2/d of their mean cos², and that by keys given the queries, of both. Of keys what tells them apart
    counts.
    """
    within, across = Means.of(shape.places, entered).cosines
    wide, head, n, same = 1 / shape.width, 1 / shape.head_dim, rows.tokens, 1 / rows.batch
    together, apart = (1 - 1 / n) * within**2 + wide, across**2 + wide
    own = float(rows.uneven(shape.places, entered, entered)[2]) / (n - 1)
    queries = same * together + (1 - same) * apart
    turned = float(alike[2])
    keys = same * (own + turned) * (together + head) + (1 - same) * turned * (apart + head)
    return 2 * head * queries + 2 * keys


ALIKE = 1e-9  # of a mean square: what tells tokens apart, no more than rounding
