"""How far chance lets a transformer stray from theory, over fresh weights, tokens and gradients: leading order in 1/width.

A Gaussian matrix D wide turns tokens of a Gram matrix G into tokens whose own one strays from it as a Wishart matrix
does. G has three eigenvalues where tokens are alike by one cosine within a sequence and one across: of what all tokens
have in common, of what sets a sequence apart, of what sets a token apart. Each strays on its own, by 2/(D·m) of its
square, m being how often it occurs, and by 2/D² more, as tokens that are not alike are so in D entries by 1/√D. What
strays in one block is carried through all that follow by the derivatives of the recursion, of which mean squares and
mean products over places are asked here; and back, as gradients depend on the tokens that they pass.
"""

from typing import NamedTuple

import numpy as np

from ...theory.hermite import Unit, at, steepness
from ...theory.quadrature import Array
from .places import Places
from .recursion import Attended, BlockShape, Gradient, Passed, Processed, Returned, Tokens


TIE = 6 / 35  # ∫sech⁸/16 over ∫sech⁴/4


class Rows(NamedTuple):
    """How many sequences of how many tokens."""

    batch: int
    tokens: int

    @property
    def count(self) -> int:
        return self.batch * self.tokens

    @property
    def occurs(self) -> Array:
        """How often each eigenvalue does."""
        return np.array([1, self.batch - 1, self.batch * (self.tokens - 1)])

    @property
    def parts(self) -> Array:
        """Eigenvalues, of mean square and products within and across sequences; shape (eigenvalues, means)."""
        n, others = self.tokens, self.count - self.tokens
        return np.array([[1, n - 1, others], [1, n - 1, -n], [1, -1, 0]])

    def stray(self, eigenvalue_variances: Array) -> Array:
        """The covariance of mean square and products, shape (means, means), from the variances of eigenvalues."""
        n, others = self.tokens, self.count - self.tokens
        own, pairs = np.array([1, 1, 1]), np.array([n - 1, n - 1, -1]) / max(1, n - 1)
        apart = np.array([others, -n, 0]) / max(1, others)
        to_means = np.stack([own, pairs * (n > 1), apart * (others > 0)]) * self.occurs / self.count
        return (to_means * eigenvalue_variances) @ to_means.T

    def over_pairs(self, same: float, within: float, across: float) -> float:
        """The mean over all pairs of rows, a row with itself among them."""
        return (same + (self.tokens - 1) * within + (self.count - self.tokens) * across) / self.count


class Means(NamedTuple):
    """Over places: the mean square, and the mean products of different tokens within a sequence and across."""

    square: float
    within: float
    across: float

    @classmethod
    def of(cls, places: Places, x: Tokens) -> "Means":
        within = places.mean_within(x.sizes * x.within) if places.tokens > 1 else 0.0
        return cls(places.mean(x.square), within, places.mean_across(x.sizes * x.across))

    @property
    def cosines(self) -> tuple[float, float]:
        return (self.within / self.square, self.across / self.square) if self.square else (0.0, 0.0)

    def normed(self, eps: float) -> Array:
        """The derivative of the means of normalized tokens by these, shape (means, means)."""
        over = 1 / (self.square + eps)
        found = over * np.eye(3)
        found[:, 0] -= over**2 * np.array(self)
        return found


class Half(NamedTuple):
    """Attention or the MLP: the derivative of the stream after it and before a norm by that before it, that of the
    norm, and the covariance of what chance adds; all of mean square and products, shape (means, means).
    """

    total: Array
    norm: Array
    noise: Array


class Strays(NamedTuple):
    """Relative variances of the stream and its gradient, variances of both cosines and of the entropy, of one block."""

    stream: float
    token_cosine: float
    sequence_cosine: float
    entropy: float
    gradient: float


def tokens_noise(rows: Rows, x: Means, width: int) -> Array:
    """Of normal tokens."""
    return rows.stray(2 / width * (rows.parts @ np.array(x)) ** 2 / np.maximum(rows.occurs, 1))


def attention_half(rows: Rows, shape: BlockShape, x: Tokens, passed: Attended) -> Half:
    """The weights of attention follow the variance of the scores, of which all keys' share is nothing to them."""
    places, mixed = shape.places, passed.mixing
    before, entered, added, total = (Means.of(places, of) for of in (x, passed.entered, passed.added, passed.total))
    size = shape.branch**2 * shape.width**2 * shape.value * shape.output
    own = entered.square - entered.within
    kept, kept_slope = places.mean(mixed.participation), places.mean(mixed.slopes.participation)
    shared = places.mean_within(mixed.shared) if places.tokens > 1 else 0.0
    cosine, _ = entered.cosines
    scores = scores_slope(entered)
    share_slope = shared * max(0.0, cosine) * kept_slope / kept * scores
    branch = size * np.array([[kept, 1 - kept, 0], [shared, 1 - shared, 0], [0, 0, 1]])
    branch[0] += size * own * kept_slope * scores
    branch[1] += size * own * share_slope
    return _half(shape, before, total, branch, _noise(rows, shape, before, added, matrices=2))


def scores_slope(entered: Means) -> Array:
    """The derivative of the logarithm of the scores' variance by the means."""
    own = entered.square - entered.within
    if own <= 1e-9 * entered.square:
        return np.zeros(3)
    return np.array([1 / entered.square + 1 / own, -1 / own, 0.0])


def mlp_half(rows: Rows, shape: BlockShape, x: Tokens, passed: Processed) -> Half:
    """Units of the hidden layer are as many as it is wide: what they have in common strays by their average."""
    places, of_phi = shape.places, passed.units[-1]
    before, entered, added, total = (Means.of(places, of) for of in (x, passed.entered, passed.added, passed.total))
    branch = np.zeros((3, 3))
    if entered.square:
        branch[:, 0] = of_phi.growth * np.array(added) / entered.square
        for row, cosine in enumerate(entered.cosines, start=1):
            slope = added.square * steepness(of_phi.product, cosine) / entered.square
            branch[row, row] = slope
            branch[row, 0] -= slope * cosine
    noise = _noise(rows, shape, before, added, matrices=1)
    return _half(shape, before, total, branch, noise + _hidden(rows, shape, of_phi, entered) * np.outer(added, added))


def _half(shape: BlockShape, before: Means, total: Means, branch: Array, noise: Array) -> Half:
    entry = before.normed(shape.eps) if shape.place == "pre" else np.eye(3)
    leave = total.normed(shape.eps) if shape.place == "post" else np.eye(3)
    return Half(shape.stream**2 * np.eye(3) + branch @ entry, leave, noise)


def _noise(rows: Rows, shape: BlockShape, x: Means, added: Means, matrices: int) -> Array:
    """What the matrices of a branch add, and the products of what it adds with the stream, of mean zero."""
    of_stream, of_branch = rows.parts @ np.array(x), rows.parts @ np.array(added)
    squares = 2 * matrices * of_branch**2 + 4 * shape.stream**2 * np.abs(of_stream * of_branch)
    return rows.stray(squares * (1 / np.maximum(rows.occurs, 1) + 1 / shape.width) / shape.width)


def _hidden(rows: Rows, shape: BlockShape, of_phi: Unit, entered: Means) -> float:
    """Of the mean of φ² over hidden units, whose preactivations two rows share as far as they are alike."""
    return _over_units(rows, shape, of_phi.squares, entered)


def _over_units(rows: Rows, shape: BlockShape, series: Array, entered: Means) -> float:
    pairs = rows.over_pairs(float(series.sum()), *(float(at(series, cosine)) for cosine in entered.cosines))
    return max(0.0, pairs - 1) / shape.hidden


def entropy_variance(rows: Rows, shape: BlockShape, passed: Attended, covariance: Array) -> float:
    """Of the mean entropy: by what chance has made of the tokens, by the scores of each head, and by each query's."""
    places, mixed = shape.places, passed.mixing
    if places.tokens == 1:
        return 0.0
    entered = Means.of(places, passed.entered)
    slope = places.mean(mixed.slopes.entropy)
    of_tokens = slope * scores_slope(entered)
    of_heads = slope**2 * _score_stray(rows, shape, entered) / shape.heads
    ratio = np.divide(mixed.slopes.entropy, mixed.slopes.participation, out=np.zeros(len(places.counts)), where=mixed.slopes.participation > 0)
    of_queries = places.mean(ratio**2 * mixed.uneven) / (rows.count * shape.heads)
    return float(of_tokens @ covariance @ of_tokens) + of_heads + of_queries


def _score_stray(rows: Rows, shape: BlockShape, entered: Means) -> float:
    """Relative variance of a head's scores, but for what strays from query to query.

    They are a form of second degree in either matrix, whose D entries a head has d of: the variance of Σ(q·k)² is
    that by queries alone, 2/d of their mean cos², and that by keys given the queries, of both.
    """
    within, across = entered.cosines
    wide, head, n = 1 / shape.width, 1 / shape.head_dim, rows.tokens
    same, other = (1 - 1 / n) * within**2 + wide, across**2 + wide
    alone = 1 / rows.batch
    queries = alone * same + (1 - alone) * other
    keys = alone * (1 / (n - 1) + wide) * (same + head) + (1 - alone) * wide * (other + head)
    return 2 * head * queries + 2 * keys


class OfBranch(NamedTuple):
    """Of the gradient that a branch returns: the derivative of its logarithm by the means of what enters the branch,
    and a relative variance of its own."""

    slope: Array
    variance: float


def _of_attention(rows: Rows, shape: BlockShape, passed: Attended, alike: float) -> OfBranch:
    """By the variance of its scores, for gradients whose cosine within a sequence is `alike`.

    Few queries return what frozen scores do, those whose two largest nearly tie, their weights p and 1 − p: of those
    4p²(1 − p)² is tr J², whose square is, over even gaps between them, on average TIE of it.
    """
    places, mixed = shape.places, passed.mixing
    if places.tokens == 1:
        return OfBranch(np.zeros(3), 0.0)
    entered = Means.of(places, passed.entered)
    cosine, _ = entered.cosines
    kept, steep, seen = (places.mean(of) for of in (mixed.participation, mixed.steepness, mixed.seen))
    kept_slope, steep_slope = (places.mean(of) for of in (mixed.slopes.participation, mixed.slopes.steepness))
    others = (places.tokens - 1) * alike
    shared = others * places.mean_within(mixed.shared)
    by_scores = seen * (steep * (2 - cosine) + others * cosine * places.mean_within(mixed.shared_steepness))
    slope = kept_slope + shared * cosine * kept_slope / kept + by_scores * (1 + (steep_slope / steep if steep else 0.0))
    whole = kept + shared + by_scores
    found = slope * scores_slope(entered)
    found += seen * steep * np.array([cosine, -1.0, 0.0]) / entered.square if entered.square else 0.0
    ties = (1 + TIE * kept / steep) * (1 + 2 * kept) - 1 if steep else 0.0
    return OfBranch(found / whole, (by_scores / whole) ** 2 * ties / (rows.count * shape.heads))


def _of_mlp(rows: Rows, shape: BlockShape, passed: Processed) -> OfBranch:
    entered, of_phi = Means.of(shape.places, passed.entered), passed.units[-1]
    slope = np.array([of_phi.slope_growth / entered.square if entered.square else 0.0, 0.0, 0.0])
    return OfBranch(slope, _over_units(rows, shape, of_phi.slope_squares, entered))


class GradientWalk:
    """The relative variance of a gradient's mean square, block by block from the last: `own`, by the matrices on its
    way back, and what it owes to the tokens, `by_tokens`, as a derivative of its logarithm by their means."""

    def __init__(self, rows: Rows, shape: BlockShape) -> None:
        self._rows, self._shape = rows, shape
        self.variance = 2 / (rows.count * shape.width)
        self.by_tokens = np.zeros(3)

    def through(self, half: Half, before: Means, total: Means, share: float, gradient: Gradient, of_branch: "OfBranch") -> None:
        """Back through a half, of whose gradient the branch makes this share."""
        shape = self._shape
        at_total = half.norm.T @ self.by_tokens
        if shape.place == "post":
            at_total[0] -= 1 / (total.square + shape.eps)
        self.variance += float(at_total @ half.noise @ at_total) + self._matrices(share, gradient)
        self.variance += share**2 * of_branch.variance
        entry = of_branch.slope
        if shape.place == "pre":
            entry = before.normed(shape.eps).T @ entry - np.array([1 / (before.square + shape.eps), 0, 0])
        self.by_tokens = half.total.T @ at_total + share * entry

    def _matrices(self, share: float, gradient: Gradient) -> float:
        rows, places = self._rows, self._shape.places
        alike = rows.over_pairs(1.0, _cosine(places, gradient) ** 2, 0.0) + 1 / self._shape.width
        return 4 * share * alike / self._shape.width

    def relative(self, covariance: Array) -> float:
        """Of the gradient at a stream whose means have this covariance."""
        return self.variance + float(self.by_tokens @ covariance @ self.by_tokens)


def _cosine(places: Places, gradient: Gradient) -> float:
    """Of gradients of a sequence's tokens."""
    return places.mean_within(gradient.product) / places.mean(gradient.square) if places.tokens > 1 else 0.0


def strays(
    rows: Rows, shape: BlockShape, streams: list[Tokens], passed: list[Passed], returned: list[Returned | None]
) -> list[Strays]:
    """Of every block; `streams` are those before the first and after each, `returned` what comes back through each."""
    places = shape.places
    covariances = [tokens_noise(rows, Means.of(places, streams[0]), shape.width)]
    halves, entropies = [], []
    for x, block in zip(streams, passed, strict=False):
        entropies.append(_entering(rows, shape, x, block.attention, covariances[-1]))
        both = (
            attention_half(rows, shape, x, block.attention),
            mlp_half(rows, shape, block.attention.out, block.mlp),
        )
        halves.append(both)
        covariance = covariances[-1]
        for half in both:
            covariance = half.total @ covariance @ half.total.T + half.noise
            covariance = half.norm @ covariance @ half.norm.T
        covariances.append(covariance)
    gradients = _gradients(rows, shape, streams, passed, halves, returned, covariances)
    found = []
    for x, covariance, entropy, gradient in zip(streams[1:], covariances[1:], entropies, gradients[1:], strict=True):
        found.append(_of_block(Means.of(places, x), covariance, entropy, gradient))
    return found


def _of_block(x: Means, covariance: Array, entropy: float, gradient: float) -> Strays:
    if not x.square:
        return Strays(0.0, 0.0, 0.0, entropy, gradient)
    over = x.normed(0.0)
    cosines = np.diag(over @ covariance @ over.T)
    return Strays(float(covariance[0, 0]) / x.square**2, float(cosines[1]), float(cosines[2]), entropy, gradient)


def _entering(rows: Rows, shape: BlockShape, x: Tokens, passed: Attended, covariance: Array) -> float:
    entry = Means.of(shape.places, x).normed(shape.eps) if shape.place == "pre" else np.eye(3)
    return entropy_variance(rows, shape, passed, entry @ covariance @ entry.T)


def _gradients(
    rows: Rows,
    shape: BlockShape,
    streams: list[Tokens],
    passed: list[Passed],
    halves: list[tuple[Half, Half]],
    returned: list[Returned | None],
    covariances: list[Array],
) -> list[float]:
    """Relative variances at the stream before the first block and after each."""
    places, walk = shape.places, GradientWalk(rows, shape)
    found = [walk.relative(covariances[-1])]
    every = zip(streams[:-1], passed, halves, returned, covariances[:-1], strict=True)
    for x, block, (attention, mlp), back, covariance in reversed(list(every)):
        if back is None:
            found.append(0.0)
            continue
        shares = [
            places.mean(inner.square) / places.mean(whole.square)
            for inner, whole in ((back.by_mlp, back.middle), (back.by_attention, back.out))
        ]
        middle = Means.of(places, block.attention.out)
        walk.through(mlp, middle, Means.of(places, block.mlp.total), shares[0], back.middle, _of_mlp(rows, shape, block.mlp))
        of_attention = _of_attention(rows, shape, block.attention, _cosine(places, back.middle))
        before, total = Means.of(places, x), Means.of(places, block.attention.total)
        walk.through(attention, before, total, shares[1], back.out, of_attention)
        found.append(walk.relative(covariance))
    return found[::-1]
