"""A transformer block at infinite width: what becomes of the size and the cosines of its tokens.

Weights are independent and of mean zero, so what a branch adds is independent of the stream, and mean squares and
products of tokens add. Attention hands on of tokens of cosine c the share c + (1 − c)·Σp² of their values' mean square,
and c + (1 − c)·Σp·p′ of their product: what tokens share passes, what tells them apart is averaged away (Dong et al.
2021, "Attention is not all you need"; Noci et al. 2022, "Signal Propagation in Transformers", section 3; Giorlandino
and Goldt 2025, "Two failure modes of deep transformers"). Under a causal mask a token averages those up to its place,
so that sizes and cosines depend on places; there c is the mean over the keys that are seen. The MLP is two layers of
mean-field theory (Poole et al. 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...theory.hermite import Unit, along, unit
from ...theory.layer import safe_log
from ...theory.meanfield import Nonlinearity
from ...theory.quadrature import Array
from .mixing import Mixing, mixing
from .places import Places, both_sides

NEAR = 0.01  # between logarithms of variances, for which one activation is as good as the other


class Tokens(NamedTuple):
    """Of the tokens of every place: the mean square of an entry, shape (places,), and the cosines of two different ones
    `within` a sequence and `across` sequences, shape (places, places). `normed`: a norm has given all one length."""

    square: Array
    within: Array
    across: Array
    normed: bool = False

    @classmethod
    def alike(cls, places: Places, within: float) -> "Tokens":
        """Of mean square one, of the same cosine wherever they stand."""
        count = len(places.counts)
        return cls(np.ones(count), np.full((count, count), within), np.zeros((count, count)))

    @property
    def sizes(self) -> Array:
        """What makes products of cosines."""
        return np.multiply.outer(np.sqrt(self.square), np.sqrt(self.square))

    @classmethod
    def of_products(cls, square: Array, within: Array, across: Array) -> "Tokens":
        """From products, whose cosines are zero where there is nothing, and one where Σp·p′ was taken too large."""
        whole = np.multiply.outer(np.sqrt(square), np.sqrt(square))
        over = np.where(whole > 0, whole, 1.0)
        return cls(square, np.clip(within / over, -1.0, 1.0), np.clip(across / over, -1.0, 1.0))


@dataclass(frozen=True)
class BlockShape:
    """What theory needs of a block: variances of its weights, and how its branches are joined to the stream.

    `stream` and `branch` multiply either; `score`: what multiplies query · key; `place`: pre, post or none; `removed`:
    how many of D directions a norm takes from a gradient.
    """

    width: int
    hidden: int
    head_dim: int
    heads: int
    places: Places
    query: float
    key: float
    value: float
    output: float
    mlp_in: float
    mlp_out: float
    score: float
    stream: float
    branch: float
    place: str
    removed: int
    eps: float
    phi: Nonlinearity

    @property
    def score_variance(self) -> float:
        """Of query · key of tokens of mean square one, which are not alike."""
        return self.score**2 * self.head_dim * self.width**2 * self.query * self.key

    def entered(self, x: Tokens) -> Tokens:
        """What a branch receives."""
        return self._normed(x) if self.place == "pre" else x

    def joined(self, x: Tokens, branch: Tokens) -> Tokens:
        """The stream with what a branch adds, before a norm."""
        old, new = self.stream**2 * x.sizes, branch.sizes
        square = self.stream**2 * x.square + branch.square
        return Tokens.of_products(square, old * x.within + new * branch.within, old * x.across + new * branch.across)

    def left(self, total: Tokens) -> Tokens:
        """The stream after a branch."""
        return self._normed(total) if self.place == "post" else total

    def _normed(self, x: Tokens) -> Tokens:
        return x._replace(square=x.square / (x.square + self.eps), normed=True)


class Attended(NamedTuple):
    """Tokens as they pass attention: what enters it, what it adds, the stream before a norm and after.

    `own` is what the keys that a query of each place sees do not share: their mean square less their mean product.
    """

    entered: Tokens
    added: Tokens
    total: Tokens
    out: Tokens
    own: Array
    mixing: Mixing


class Processed(NamedTuple):
    """The same of the MLP; `units` are what φ makes of the preactivations of each place."""

    entered: Tokens
    added: Tokens
    total: Tokens
    out: Tokens
    units: list[Unit]


class Passed(NamedTuple):
    """A block as tokens pass it."""

    attention: Attended
    mlp: Processed


def forward(shape: BlockShape, x: Tokens) -> Passed:
    """Tokens through a block."""
    attended = _attend(shape, x)
    return Passed(attended, _process(shape, attended.out))


def _attend(shape: BlockShape, x: Tokens) -> Attended:
    entered = shape.entered(x)
    seen = _seen(shape.places, entered)
    own = seen.square - np.diag(seen.within)
    variance = _felt(shape, shape.score_variance * entered.square * own)
    mixed = mixing(variance, entered.within, shape.places, shape.head_dim)
    added = _averaged(shape, entered, mixed)
    total = shape.joined(x, added)
    return Attended(entered, added, total, shape.left(total), own, mixed)


def _felt(shape: BlockShape, variance: Array) -> Array:
    """Of normal scores that would fall as these do, of keys normalized to one length.

    Given the query they are entries of a direction in D, of excess kurtosis −6/D: while weights are even this takes
    V²/D times 1.5 from what entropy feels of a variance V, and 2.5 from what Σp² feels. Once they are frozen the
    largest of n of them, √(D·(1 − n^(−2/D))), are closer to each other by 1.5·ln n/D.
    """
    if shape.place == "none":
        return variance
    less = 2 * variance / shape.width
    most = 3 * np.log(np.maximum(shape.places.keys, 2.0)) / shape.width
    return variance * np.maximum(0.0, 1 - less * most / (less + most))


def _process(shape: BlockShape, x: Tokens) -> Processed:
    entered = shape.entered(x)
    variances = shape.width * shape.mlp_in * entered.square
    units = [_nearby(shape.phi, safe_log(variance)) for variance in variances.tolist()]
    size = shape.hidden * shape.mlp_out * shape.branch**2 * exp_all([of_phi.log_square for of_phi in units])
    series = [of_phi.product for of_phi in units]
    added = Tokens(size, of_pairs(series, entered.within), of_pairs(series, entered.across))
    total = shape.joined(x, added)
    return Processed(entered, added, total, shape.left(total), units)


def _seen(places: Places, x: Tokens) -> Tokens:
    """Of the keys that queries see: their mean square, and the mean products of two different ones that two queries of
    a sequence see, or of two sequences. A query that sees one key alone has no two."""
    square = places.sees @ x.square / places.keys
    within = x.sizes * x.within
    alone = np.sqrt(np.multiply.outer(square, square))
    all_pairs = both_sides(places.sees, within) - places.earlier(places.sees @ np.diag(within))
    product = np.where(places.pairs > 0, all_pairs / np.maximum(places.pairs, 1.0), alone)
    across = both_sides(places.sees, x.sizes * x.across) / np.multiply.outer(places.keys, places.keys)
    return Tokens(square, product, across)


def _averaged(shape: BlockShape, x: Tokens, mixed: Mixing) -> Tokens:
    """What attention makes of tokens.

    Keys that a query prefers lie along it, so that their sum is longer than were they independent: in one direction of
    D, which counts beside Σp² where tokens are not few beside the width.
    """
    size = shape.branch**2 * shape.width**2 * shape.value * shape.output
    seen, aside = _seen(shape.places, x), mixed.along / shape.width
    alone, own = np.diag(seen.within), shape.places.earlier(seen.square) - seen.within
    kept = alone + np.diag(own) * (mixed.participation + aside)
    shared = seen.within + own * (mixed.shared + np.maximum(0.0, x.within) * shape.places.earlier(aside))
    return Tokens.of_products(size * kept, size * shared, size * seen.across)


def _nearby(phi: Nonlinearity, log_variance: float) -> Unit:
    """Places and blocks whose variances hardly differ share their series, and their sizes follow its slope."""
    grid = NEAR * round(log_variance / NEAR)
    at, off = unit(phi, grid), log_variance - grid
    return at._replace(
        log_square=at.log_square + off * (at.growth + off / 2 * at.bend),
        log_slope_square=at.log_slope_square + off * (at.slope_growth + off / 2 * at.slope_bend),
    )


def of_pairs(series: Sequence[Array], cosines: Array) -> Array:
    """The expectation for each pair of places: where their variances differ the mean of either's."""
    found = along(np.stack(series, axis=1)[:, :, None], cosines)
    return (found + found.T) / 2


def exp_all(logarithms: Sequence[float]) -> Array:
    """Infinite where float64 ends."""
    with np.errstate(over="ignore"):
        return np.exp(logarithms)
